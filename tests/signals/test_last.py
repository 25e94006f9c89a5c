"""Which result a scan is compared with, whatever the order in which results are kept."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from atc_cli.commands import scan
from atc_cli.disk import sealed
from atc_cli.domain.results.earlier import Earlier
from atc_cli.domain.results.scan import Side, Skipped, SkipReason
from atc_cli.signals.last import Last
from tests.helpers.markets import MemoryMarket, hourly, ports, walk
from tests.helpers.reported import HOSTILE, row

NAMES = st.sampled_from(["", "BTC/USDT", *HOSTILE])
OF_EXCHANGES = st.dictionaries(st.text(max_size=3), st.dictionaries(NAMES, st.integers(1, 10**6), max_size=3))
RANKS = st.dictionaries(st.sampled_from([side.value for side in Side]), OF_EXCHANGES)
RESULTS = st.builds(
    Earlier,
    bar_time_ms=st.integers(0, 5),
    generated_at_ms=st.integers(0, 2**53),
    ranks=RANKS,
    lost=st.dictionaries(st.text(max_size=3), st.lists(NAMES, max_size=3)),
)


@given(results=st.lists(RESULTS, max_size=8), now_ms=st.integers(0, 6))
def test_of_the_newest_bar_and_the_newest_before_it_one_result_each_is_known(tmp_path_factory, results, now_ms) -> None:
    folder = tmp_path_factory.mktemp("last")
    model: dict[int, Earlier] = {}
    for each in results:
        Last(folder, "same").keep(each)
        model[each.bar_time_ms] = each
        model = dict(sorted(model.items())[-2:])
    reader = Last(folder, "same")
    earlier = [bar for bar in model if bar < now_ms]
    assert reader.before(now_ms) == (model[max(earlier)] if earlier else None)
    assert reader.fault is None
    assert Last(folder, "other").before(now_ms) is None


def result(**changes: object) -> Earlier:
    return Earlier(**{"bar_time_ms": 1, "generated_at_ms": 2, "ranks": {}, **changes})


def test_a_row_is_new_where_it_had_none_on_its_side_and_unknown_where_a_fault_had_cost_it() -> None:
    ranks = {"LONG": {"binanceusdm": {"A": 7}}, "SHORT": {"bybit": {"A": 8}}}
    earlier = result(ranks=ranks, lost={"binanceusdm": ["LOST"]})
    assert earlier.of(row(1, "A")) == (7, False)
    assert earlier.of(row(1, "A", -1.0)) == (None, True), "it stood on the other side"
    assert earlier.of(row(1, "A", exchange="bybit")) == (None, True), "it was another exchange's"
    assert earlier.of(row(1, "B")) == (None, True)
    assert earlier.of(row(1, "LOST")) == (None, None)


def test_sound_files_of_another_shape_are_no_result(tmp_path: Path) -> None:
    whole = {"bar_time_ms": 1, "generated_at_ms": 2, "ranks": {}, "lost": {}}
    for content in (
        [1],
        7,
        [{}],
        [{**whole, "ranks": []}],
        [{**whole, "ranks": {"LONG": {"x": 3}}}],
        [{**whole, "more": 1}],
        [{**whole, "bar_time_ms": None}],
        [{**whole, "lost": 3}],
    ):
        sealed.write(tmp_path / "same.json", "atc.last/1", content)
        last = Last(tmp_path, "same")
        assert last.before(9) is None
        assert last.fault is not None
        last.keep(result())
        assert Last(tmp_path, "same").before(9) == result()


def test_an_interrupted_scan_keeps_nothing(tmp_path: Path) -> None:
    def interrupt(symbol: str) -> None:
        if symbol == "C":
            raise KeyboardInterrupt

    names = "ABCD"
    for before, kept in ((interrupt, False), (lambda _: None, True)):
        market = MemoryMarket([walk(name, seed=i) for i, name in enumerate(names)], before=before)
        done = scan.run(hourly(), ports(market), last=Last(tmp_path, "same"))
        assert done.rows
        assert done.interrupted is not kept
        assert (tmp_path / "same.json").exists() is kept


def test_what_is_kept_is_every_row_before_top_and_every_symbol_that_a_fault_cost(tmp_path: Path) -> None:
    market = MemoryMarket(
        [
            *(walk(name, seed=i) for i, name in enumerate("ABCD")),
            walk("YOUNG", bars=20),
            Skipped("LOST", SkipReason.FETCH_FAILED, "HTTP 500", "memory"),
        ]
    )
    every = scan.run(hourly(), ports(market))
    scan.run(hourly(top=1), ports(market), last=Last(tmp_path, "same"))
    kept = Last(tmp_path, "same").before(2**60)
    assert kept is not None
    found = {
        (side, name): rank for side, by_exchange in kept.ranks.items() for name, rank in by_exchange["memory"].items()
    }
    assert found == {(each.side.value, each.symbol): each.rank for each in every.rows}
    assert kept.lost == {"memory": ["LOST"]}
    assert kept.bar_time_ms == every.header.bar_time_ms
