"""Sides, flips, directions and ranks on hand-made cases."""

from dataclasses import replace

import numpy as np
import pytest

from atc_cli.domain.catalog import Dialect
from atc_cli.domain.classify import directions, last_flip, rank, side_of, sort_rows, trends
from atc_cli.domain.measures.table import SORTS
from atc_cli.domain.params import Params
from atc_cli.domain.results.scan import ScanRow, Side
from atc_cli.domain.ties import TIES
from atc_cli.domain.timeframe import TIMEFRAMES_MS, iso, newest_closed_open_ms
from atc_cli.errors import UsageError
from tests.helpers.reported import market
from tests.helpers.reported import row as shown

P = Params()


@pytest.mark.parametrize(
    ("signal", "side"),
    [
        (0.1, Side.NEUTRAL),
        (np.nextafter(0.1, 1), Side.LONG),
        (-0.1, Side.NEUTRAL),
        (np.nextafter(-0.1, -1), Side.SHORT),
        (0.0, Side.NEUTRAL),
        (float("nan"), Side.NEUTRAL),
    ],
)
def test_a_side_begins_strictly_beyond_its_threshold(signal: float, side: Side) -> None:
    assert side_of(signal, P) is side
    assert trends(np.array([signal]), P)[0] == {Side.LONG: 1, Side.SHORT: -1, Side.NEUTRAL: 0}[side]


def test_the_last_flip_is_the_last_change_of_side_not_of_value() -> None:
    assert last_flip(np.array([0.0, 0.5, 0.9, -0.5, -0.2]), P) == 3
    assert last_flip(np.array([0.5, 0.6, 0.7]), P) == -1
    assert last_flip(np.array([np.nan, np.nan, 0.5]), P) == 2
    assert last_flip(np.array([0.5]), P) == -1


def test_direction_is_held_and_the_first_one_raises_no_alert() -> None:
    average = np.array([np.nan, 0.0, 0.5, 0.5, -0.5, 0.5])
    direction, long, short = directions(average, Params(dialect=Dialect.TRADINGVIEW))
    np.testing.assert_array_equal(direction, [np.nan, np.nan, 1, 1, -1, 1])
    np.testing.assert_array_equal(long, [0, 0, 0, 0, 0, 1])
    np.testing.assert_array_equal(short, [0, 0, 0, 0, 1, 0])


def test_strategy_delays_the_direction_by_a_bar() -> None:
    average = np.array([0.0, 0.5, -0.5, 0.0, 0.0])
    direction, _, short = directions(average, Params(dialect=Dialect.TRADINGVIEW, strategy=True))
    np.testing.assert_array_equal(direction, [np.nan, np.nan, 1, -1, -1])
    np.testing.assert_array_equal(short, [0, 0, 0, 0, 0])


def row(
    symbol: str,
    signal: float,
    age: int | None = 5,
    volume: float | None = 1.0,
    exchange: str = "x",
    stretch: float | None = 1.0,
) -> ScanRow:
    return ScanRow(
        rank=0, exchange=exchange, symbol=symbol, side=side_of(signal, P), signal=signal, families={}, weights={},
        price=1.0, flipped_at_ms=None, age_bars=age, bars=10, gap_bars=0,
        grid=2, bar_time_ms=0, bar_ms=1, forming=False, closes=(1.0,),
        measured={"quote_volume": volume, "stretch": stretch},
    )  # fmt: skip


TIED = [
    row("weak", 0.4, stretch=-9.0),
    row("neutral", 0.05, age=0, stretch=None),
    row("b", -1.0, 3, 7.0),
    row("a", 1.0, 3, 7.0),
    row("rich", 1.0, 3, 9.0),
    row("behind", -1.0, 8, 0.0, stretch=-0.5),
    row("far", 1.0, 0, 99.0, stretch=6.0),
    row("never", 1.0, None, 99.0, stretch=0.9),
    row("unstretched", 1.0, 3, 99.5, stretch=None),
    row("unknown", 1.0, 3, None),
    row("a", 1.0, 3, 7.0, exchange="w"),
]


@pytest.mark.parametrize(
    ("tie", "order"),
    [
        ("stretch", "behind never rich a/w a/x b unknown far unstretched weak neutral"),
        ("age", "far unstretched rich a/w a/x b unknown behind never weak neutral"),
        ("volume", "unstretched far never rich a/w a/x b behind unknown weak neutral"),
    ],
)
def test_rank_is_by_strength_then_as_the_tie_says_then_by_volume_symbol_and_exchange(tie: str, order: str) -> None:
    assert set(TIES) == {"stretch", "age", "volume"}
    ranked = rank(TIED, tie)
    names = [f"a/{each.exchange}" if each.symbol == "a" else each.symbol for each in ranked]
    assert names == order.split()
    assert [each.rank for each in ranked] == list(range(1, 12))


def test_the_least_stretched_comes_first_unless_another_order_is_asked_for() -> None:
    assert rank(TIED) == rank(TIED, "stretch")


def test_rank_does_not_depend_on_the_order_of_its_input() -> None:
    rows = [row(f"S{i}", 1.0 if i % 2 else -1.0, i % 3, float(i % 2), stretch=float(i % 4)) for i in range(12)]
    rng = np.random.default_rng(0)
    for tie in TIES:
        expected = rank(rows, tie)
        for _ in range(5):
            assert rank([rows[i] for i in rng.permutation(12)], tie) == expected


def test_a_neutral_row_never_ranks_above_a_side_even_when_stronger() -> None:
    lopsided = [replace(row("neutral", 0.3), side=Side.NEUTRAL), row("short", -0.2)]
    assert [each.symbol for each in rank(lopsided)] == ["short", "neutral"]


def test_the_default_order_is_the_ranking() -> None:
    assert sort_rows(market(), "signal") == market()
    assert sort_rows(market(), "-signal") == market()[::-1]


@pytest.mark.parametrize(
    ("key", "ranks"),
    [
        ("symbol", [2, 1, 6, 3, 5, 7, 4]),
        ("side", [1, 3, 5, 2, 4, 6, 7]),
        ("-side", [7, 2, 4, 6, 1, 3, 5]),
        ("change", [6, 3, 1, 5, 4, 2, 7]),
        ("-change", [2, 4, 5, 1, 3, 6, 7]),
        ("volume", [1, 3, 4, 2, 6, 7, 5]),
        ("-volume", [7, 6, 2, 4, 3, 1, 5]),
        ("age", [2, 1, 4, 3, 5, 6, 7]),
        ("price", [1, 6, 7, 4, 2, 3, 5]),
    ],
)
def test_sorting_keeps_ranks_and_puts_rows_without_a_value_last(key: str, ranks: list[int]) -> None:
    assert [each.rank for each in sort_rows(market(), key)] == ranks


def test_sorting_is_stable_both_ways() -> None:
    tied = tuple(shown(place, f"S{place}", price=1.0) for place in range(1, 6))
    for key in ("price", "-price", "side", "age", "-age"):
        assert sort_rows(tied, key) == tied
    assert {each.side for each in tied} == {Side.LONG}


def test_every_sort_key_works_and_another_is_refused() -> None:
    for key in SORTS:
        assert len(sort_rows(market(), key)) == len(market())
    with pytest.raises(UsageError, match="unknown sort key"):
        sort_rows(market(), "--age")


@pytest.mark.parametrize("timeframe", [name for name in TIMEFRAMES_MS if name != "3d"])
def test_the_newest_closed_bar_ends_at_or_before_now_and_the_next_does_not(timeframe: str) -> None:
    step = TIMEFRAMES_MS[timeframe]
    for now in (1_700_000_000_123, 1_699_833_600_000):
        opened = newest_closed_open_ms(now, timeframe)
        assert opened + step <= now < opened + 2 * step


def test_weeks_open_on_monday_and_times_carry_their_offset() -> None:
    assert iso(newest_closed_open_ms(1_700_000_000_000, "1w")) == "2023-11-06T00:00:00+00:00"
