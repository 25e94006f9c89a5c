"""A scan that remembers gives what the same scan gives that does not, to the bit, whatever happened in between."""

import json
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atc_cli.cli import wiring
from atc_cli.commands import scan
from atc_cli.commands.ports import Ports
from atc_cli.data.market import Listing, Stored
from atc_cli.data.store.block import SLOTS
from atc_cli.data.store.ledger import Update
from atc_cli.data.store.market import StoredMarket
from atc_cli.data.store.offline import OfflineMarket
from atc_cli.data.store.shelf import Shelf, Store, group_of
from atc_cli.disk.folders import CANDLES, SIGNALS
from atc_cli.domain.catalog import FAMILY_IDS, Dialect, Robustness, Source
from atc_cli.domain.measures.table import MEASURES
from atc_cli.domain.params import Params
from atc_cli.domain.results.scan import ScanResult, ScanRow, Side, Skipped, SkipReason
from atc_cli.domain.results.stored import Content
from atc_cli.domain.window import Window
from atc_cli.errors import UnavailableError
from atc_cli.reporting.progress import SilentProgress
from atc_cli.signals.rows import Signals
from tests.helpers.history import BARS, LAST_MS, hole_in_an_import, market, unavailable
from tests.helpers.markets import HOUR_MS, NOW_MS, HistoryMarket, hourly, ports
from tests.helpers.shelves import HOSTILE, shelf, update, walk
from tests.helpers.signals_case import (
    FAULTS,
    assert_same,
    assert_unchanged,
    bombed,
    cache,
    counts,
    exact,
    fill,
    offline,
    settings_of,
)


def test_a_repeated_scan_hits_for_every_symbol_and_gives_the_same_bits(tmp_path: Path) -> None:
    names = fill(tmp_path)
    assert_unchanged(tmp_path, hits=0, misses=len(names))
    assert_unchanged(tmp_path, hits=len(names), misses=0)


def test_a_hit_reads_no_candle(tmp_path: Path) -> None:
    names = fill(tmp_path)
    before = offline(tmp_path)
    for file in (tmp_path / CANDLES).rglob("*.candles"):
        content = bytearray(file.read_bytes())
        content[-20] ^= 1  # of a block: the header comes first
        file.write_bytes(content)
    again = offline(tmp_path)
    assert counts(again) == (len(names), 0)
    assert exact(again.rows) == exact(before.rows)
    assert not shelf(tmp_path / CANDLES).set_aside()
    plain = offline(tmp_path, remember=False)
    assert not plain.rows
    assert len(shelf(tmp_path / CANDLES).set_aside()) == len({group_of(name) for name in names})


def changed(bars: int, seed: int, at: int) -> np.ndarray:
    values = walk(bars, seed)
    values[:4, at] += 1
    return values


def moved(name: str, seed: int, *, by_ms: int) -> Update:
    candles = update(name, walk(250, seed), replace=True)
    return replace(candles, timestamp=candles.timestamp + by_ms)


# COIN0, COIN8, COIN10 and NEW share a file, in this order.
EDITS: dict[str, Callable[[Shelf], object]] = {
    "a candle in the middle": lambda shelf: shelf.write([update("COIN8", changed(250, 8, 125)[:, 125:126], first=125)]),
    "a candle in the middle of what replaces": lambda shelf: shelf.write(
        [update("COIN8", changed(250, 8, 125), replace=True)]
    ),
    "only the volume of the last candle": lambda shelf: shelf.write(
        [update("COIN8", walk(250, 8)[:, 249:] * [[1], [1], [1], [1], [2]], first=249)]
    ),
    "a candle gone": lambda shelf: shelf.write(
        [update("COIN8", np.delete(walk(250, 8), 200, axis=1), slots=[*range(200), *range(201, 250)], replace=True)]
    ),
    "half an hour later": lambda shelf: shelf.write([moved("COIN8", 8, by_ms=HOUR_MS // 2)]),
    "an hour later": lambda shelf: shelf.write([moved("COIN8", 8, by_ms=HOUR_MS)]),
    "a block later": lambda shelf: shelf.write(
        [moved(name, seed, by_ms=SLOTS * HOUR_MS) for name, seed in (("COIN0", 0), ("COIN8", 8), ("COIN10", 10))]
    ),
    "a candle appended": lambda shelf: shelf.write([update("COIN8", walk(1, 9), first=250)]),
    "older candles": lambda shelf: shelf.write([update("COIN8", walk(300, 9), first=-300)]),
    "a gap after the last": lambda shelf: shelf.write([update("COIN8", walk(5, 9), first=260)]),
    "a symbol added": lambda shelf: shelf.write([update("NEW", walk(250, 99))]),
    "a symbol forgotten": lambda shelf: shelf.forget(["COIN8"]),
    "another symbol with the candles of one that is forgotten": lambda shelf: (
        shelf.forget(["COIN10"]),
        shelf.write([update("NEW", walk(250, 10))]),
    ),
    "two symbols exchanged": lambda shelf: shelf.write(
        [update("COIN8", walk(250, 10), replace=True), update("COIN10", walk(250, 8), replace=True)]
    ),
}


@pytest.mark.parametrize("edit", EDITS)
def test_what_changed_in_a_file_is_computed_anew_and_what_did_not_is_remembered(tmp_path: Path, edit: str) -> None:
    names = fill(tmp_path)
    offline(tmp_path)
    stored = shelf(tmp_path / CANDLES)
    before = {file: file.read_bytes() for file in stored.folder.glob("*.candles")}
    EDITS[edit](stored)
    touched = {int(file.stem) for file in stored.folder.glob("*.candles") if before.get(file) != file.read_bytes()}
    left = [each.native for each in stored.entries()]
    plain = offline(tmp_path, remember=False, max_lag=300)
    misses = sum(group_of(name) in touched for name in left)
    assert 0 < misses < len(names)
    assert_same(assert_unchanged(tmp_path, hits=len(left) - misses, misses=misses, max_lag=300), plain)
    assert_unchanged(tmp_path, hits=len(left), misses=0, max_lag=300)


def test_candles_that_come_back_are_known_again(tmp_path: Path) -> None:
    names = fill(tmp_path)
    offline(tmp_path)
    shelf(tmp_path / CANDLES).write([update("COIN3", changed(250, 3, 240), replace=True)])
    offline(tmp_path)
    shelf(tmp_path / CANDLES).write([update("COIN3", walk(250, 3), replace=True)])
    assert_unchanged(tmp_path, hits=len(names), misses=0)


def test_the_same_candles_of_another_exchange_are_not_taken_for_these(tmp_path: Path) -> None:
    names = fill(tmp_path)
    offline(tmp_path)
    other = Store(tmp_path / CANDLES, print).shelf("other", "swap", "1h")
    other.write([update(name, walk(250, i)) for i, name in enumerate(names)])
    assert_unchanged(tmp_path, hits=0, misses=len(names), exchange=("other",))
    both = assert_unchanged(tmp_path, hits=2 * len(names), misses=0, exchange=("other", "memory"))
    assert {row.exchange for row in both.rows} == {"other", "memory"}


def test_symbols_of_one_file_are_remembered_beside_each_other(tmp_path: Path) -> None:
    names = fill(tmp_path)
    assert_unchanged(tmp_path, hits=0, misses=6, deny="COIN[0-5]$")
    assert_unchanged(tmp_path, hits=6, misses=len(names) - 6)
    assert_unchanged(tmp_path, hits=len(names), misses=0)


CHANGES: list[dict[str, object]] = [
    {"dialect": Dialect.TRADINGVIEW},
    {"robustness": Robustness.NARROW},
    {"robustness": Robustness.WIDE},
    {"lambda_": 0.5},
    {"lambda_": 0.020000000000000004},
    {"decay": 0.04},
    {"cutout": 100},
    {"long_threshold": 0.4},
    {"short_threshold": -0.4},
    {"families": ("ema",)},
    {"families": FAMILY_IDS[1:]},
    {"strategy": True},
    {"bars": 150},
    {"bars": 199},
    {"timeframe": "4h"},
    *({"source": each} for each in Source if each is not Source.CLOSE),
    *({f"{each}_len": 30} for each in FAMILY_IDS),
    *({f"{each}_weight": 2.0} for each in FAMILY_IDS),
]


def test_the_changes_below_reach_every_input() -> None:
    plain = hourly().params()
    reached = {
        each.name
        for change in CHANGES
        for each in fields(Params)
        if getattr(hourly(**change).params(), each.name) != getattr(plain, each.name)
    }
    assert reached == {each.name for each in fields(Params)}


@pytest.fixture(scope="module")
def scanned_before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store whose rows are remembered, of hourly candles and of the same four hours apart."""
    folder = tmp_path_factory.mktemp("scanned")
    names = fill(folder)
    first_ms = update("", walk(1)).timestamp[0] // (4 * HOUR_MS) * 4 * HOUR_MS
    longer = [
        replace(update(name, walk(250, i)), timestamp=first_ms + 4 * HOUR_MS * np.arange(250))
        for i, name in enumerate(names)
    ]
    shelf(folder / CANDLES, "4h").write(longer)
    offline(folder)
    return folder


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_other_inputs_find_nothing_that_was_computed_with_these(
    scanned_before: Path, change: dict[str, object]
) -> None:
    symbols = len(shelf(scanned_before / CANDLES).entries())
    first = assert_unchanged(scanned_before, hits=0, misses=symbols, **change)
    again = assert_unchanged(scanned_before, hits=symbols, misses=0, **change)
    assert_same(replace(again, header=first.header), first)
    before = assert_unchanged(scanned_before, hits=symbols, misses=0)
    if change != {"lambda_": 0.020000000000000004}:
        assert exact(before.rows) != exact(again.rows)


def fill_mixed(folder: Path) -> None:
    """Twelve that are whole, two too short, one rather short, two that end early."""
    fill(folder)
    shelf(folder / CANDLES).write(
        [
            update("YOUNG", walk(38, 20), first=212),
            update("YOUNGER", walk(5, 21), first=245),
            update("SHORT", walk(120, 22), first=130),
            update("LATE", walk(249, 23)),
            update("LATER", walk(247, 24)),
        ]
    )


FILTERS: list[dict[str, object]] = [
    {"side": "long", "all": False},
    {"side": "short", "all": False},
    {"all": False},
    {"top": 2},
    {"min_signal": 0.5},
    {"max_age": 5},
    {"min_volume": 2400.0},
    {"min_volume": 2400.0, "max_age": 50, "min_signal": 0.9, "side": "long", "all": False},
    {"min_bars": 150},
    {"deny": "COIN1"},
    {"sort": "-volume"},
    {"columns": ("symbol",)},
    {"min_age": 10},
]


@pytest.mark.parametrize("filters", FILTERS, ids=str)
def test_filters_hide_of_what_is_remembered_what_they_hide_of_what_is_computed(
    tmp_path: Path, filters: dict[str, object]
) -> None:
    fill_mixed(tmp_path)
    everything = offline(tmp_path)
    assert counts(everything) == (0, 13)
    result = offline(tmp_path, **filters)
    assert_same(result, offline(tmp_path, remember=False, **filters))
    assert counts(result)[1] == 0
    shown = {"sort", "columns", "min_age"} & filters.keys()
    assert shown or (len(result.rows), result.skipped) != (len(everything.rows), everything.skipped)


@pytest.mark.parametrize("partly", ["COIN[0-5]$", "COIN[135]|SHORT", None])
def test_what_is_hidden_is_counted_in_the_same_order_where_some_rows_are_remembered(
    tmp_path: Path, partly: str | None
) -> None:
    fill_mixed(tmp_path)
    offline(tmp_path, deny=partly)
    filters = {"min_volume": 2400.0, "max_age": 20, "min_signal": 0.9, "all": False}
    result = offline(tmp_path, **filters)
    assert len(result.hidden) == 3
    assert_same(result, offline(tmp_path, remember=False, **filters))


def test_late_symbols_are_stale_and_short_ones_too_short_in_the_same_words(tmp_path: Path) -> None:
    fill_mixed(tmp_path)
    assert_unchanged(tmp_path, hits=0, misses=13)
    strict = assert_unchanged(tmp_path, hits=13, misses=0)
    assert {each.symbol: each.reason for each in strict.skipped} == {
        "LATE": SkipReason.STALE, "LATER": SkipReason.STALE,
        "YOUNG": SkipReason.TOO_FEW_BARS, "YOUNGER": SkipReason.TOO_FEW_BARS,
    }  # fmt: skip
    assert_unchanged(tmp_path, hits=13, misses=1, max_lag=1)
    assert_unchanged(tmp_path, hits=14, misses=1, max_lag=3)
    assert_unchanged(tmp_path, hits=15, misses=0, max_lag=3)
    assert_unchanged(tmp_path, hits=13, misses=0)
    only_late = {"deny": "COIN|SHORT|YOUNG"}  # the newest of these are the newest there are
    assert_unchanged(tmp_path, hits=1, misses=0, **only_late)


def test_a_cutout_skips_in_the_same_words(tmp_path: Path) -> None:
    fill_mixed(tmp_path)
    for hits, misses in ((0, 12), (12, 0)):
        result = assert_unchanged(tmp_path, hits=hits, misses=misses, cutout=130)
        assert [each.symbol for each in result.skipped if each.reason is SkipReason.CUTOUT] == ["SHORT"]


def test_series_whose_equities_overflow_are_skipped_each_time(tmp_path: Path) -> None:
    names = fill(tmp_path)
    weights = {f"{family}_weight": 2.9e307 for family in FAMILY_IDS}
    first = offline(tmp_path, **weights)
    overflown = len(first.skipped)
    assert {each.reason for each in first.skipped} == {SkipReason.OVERFLOW}
    assert 0 < overflown < len(names)
    assert_unchanged(tmp_path, hits=len(names) - overflown, misses=overflown, **weights)


def test_a_symbol_that_was_renamed_has_its_new_name(tmp_path: Path) -> None:
    names = fill(tmp_path)
    offline(tmp_path)
    last = update("COIN3", walk(250, 3)[:, 249:], first=249, symbol="RENAMED/USDT")
    shelf(tmp_path / CANDLES).write([last])
    result = assert_unchanged(tmp_path, hits=len(names), misses=0)
    assert "RENAMED/USDT" in [row.symbol for row in result.rows]


@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_is_wrong_with_what_is_remembered_the_rows_are_right(tmp_path: Path, fault: str) -> None:
    large = FAULTS[fault].lost == ("large",)
    names = fill(tmp_path, *((480, 60) if large else (3, 250)))
    offline(tmp_path)
    FAULTS[fault].spoil(tmp_path / SIGNALS, bombed(tmp_path / "hit"))
    plain = offline(tmp_path, remember=False)
    for _ in range(2):
        result = offline(tmp_path)
        told = len(result.header.warnings)
        assert told <= 1
        assert_same(replace(result, header=plain.header), plain)
        assert sum(counts(result)) == len(names)
    assert not (tmp_path / "hit").exists()


# A market with a network.


def remembering(folder: Path, made_of: str = "these inputs") -> Signals:
    def fail(why: str) -> None:
        raise AssertionError(why)

    from atc_cli.signals.disk import BytesCache

    kept = BytesCache(folder / SIGNALS, memory_bytes=10**6, disk_bytes=10**7, say=fail)
    return Signals(kept, {"made of": made_of})


def live(inner: HistoryMarket, folder: Path, *, remember: bool = True, **changes: object) -> ScanResult:
    """A scan with the store before the market."""
    options = {"refresh": changes.pop("refresh")} if "refresh" in changes else {}
    signals = remembering(folder) if remember else None
    store = Store(folder / CANDLES, inner.notes.append)
    stored = StoredMarket(inner, store, limit_bytes=1e9, **options)
    return scan.run(hourly(**{"bars": BARS, **changes}), replace(ports(stored), signals=signals))


def from_store(folder: Path, **changes: object) -> ScanResult:
    """The same scan of what is stored, which remembers."""
    signals = remembering(folder)
    stored = OfflineMarket(folder / CANDLES, "memory", "swap", "1h", clock=lambda: NOW_MS)
    return scan.run(hourly(**{"bars": BARS, **changes}), replace(ports(stored), signals=signals))


def alone(inner: HistoryMarket, **changes: object) -> ScanResult:
    """The scan of the market itself, that nobody notices."""
    asked, before = list(inner.asked), inner.before
    inner.before = lambda symbol: None
    result = scan.run(hourly(**{"bars": BARS, **changes}), ports(inner))
    inner.asked, inner.before = asked, before
    return result


def test_a_run_with_nothing_new_hits_and_asks_nothing(tmp_path: Path) -> None:
    inner = market()
    live(inner, tmp_path)
    live(inner, tmp_path)
    inner.asked.clear()
    result = live(inner, tmp_path)
    assert counts(result) == (5, 0)
    assert not inner.asked
    assert_same(result, alone(inner))


def test_after_a_bar_has_closed_it_is_asked_for_and_every_row_is_computed(tmp_path: Path) -> None:
    inner = market()
    for _ in range(3):
        live(inner, tmp_path)
    inner.asked.clear()
    inner.clock_ms += HOUR_MS
    result = live(inner, tmp_path)
    assert counts(result) == (0, 5)
    assert sorted(inner.asked) == [("from", f"COIN{i}", LAST_MS) for i in range(5)]
    assert_same(result, alone(inner))
    assert counts(live(inner, tmp_path)) == (0, 5)
    assert counts(live(inner, tmp_path)) == (5, 0)


def test_every_run_of_a_market_that_goes_on_gives_what_the_market_alone_gives(tmp_path: Path) -> None:
    inner = market()
    rng = np.random.default_rng(5)
    for _ in range(30):
        inner.clock_ms += int(rng.choice([0, 0, 1, 20, 40, 60, 180])) * 60_000
        result = live(inner, tmp_path)
        plain = alone(inner)
        assert_same(replace(result, header=plain.header), plain)


def test_symbols_without_a_trade_in_the_last_bar_hit_once_they_were_asked(tmp_path: Path) -> None:
    inner = market(2)
    del inner.books["COIN0"][LAST_MS]
    for _ in range(2):
        live(inner, tmp_path, max_lag=1)
    result = live(inner, tmp_path, max_lag=1)
    assert counts(result) == (2, 0)
    assert_same(result, alone(inner, max_lag=1))


def test_a_hole_that_is_due_is_asked_for_though_its_row_is_remembered(tmp_path: Path) -> None:
    inner = market(1)
    hole_in_an_import(inner, tmp_path / CANDLES)
    for misses in (1, 0):
        assert counts(from_store(tmp_path, bars=46)) == (1 - misses, misses)
    result = live(inner, tmp_path, bars=46)
    assert counts(result) == (0, 1)
    assert inner.asked == [("from", "COIN0", LAST_MS - 14 * HOUR_MS)]
    assert_same(result, alone(inner, bars=46))


def test_a_hole_that_waits_for_its_cool_down_may_be_remembered_until_then(tmp_path: Path) -> None:
    inner = market(1)
    hole_in_an_import(inner, tmp_path / CANDLES)
    original = inner._raw
    inner._raw = lambda symbol, *rest: Skipped(symbol, SkipReason.FETCH_FAILED, "500", "memory")
    assert live(inner, tmp_path, bars=46).skipped
    inner._raw = original
    inner.asked.clear()
    for hits in (0, 1):
        assert counts(live(inner, tmp_path, bars=46)) == (hits, 1 - hits)
    assert not inner.asked
    inner.clock_ms += 60 * 60_000
    result = live(inner, tmp_path, bars=40)
    assert counts(result) == (0, 1)
    assert inner.asked
    assert_same(result, alone(inner, bars=40))


@pytest.mark.parametrize("how", ["refresh", "forming"])
def test_what_must_be_asked_for_is_asked_for_though_it_is_remembered(tmp_path: Path, how: str) -> None:
    inner = market(3)
    for _ in range(3):
        live(inner, tmp_path)
    inner.asked.clear()
    middle = LAST_MS - 20 * HOUR_MS
    if how == "refresh":
        inner.books["COIN1"][middle] = tuple(2 * value for value in inner.books["COIN1"][middle])
    result = live(inner, tmp_path, include_open=how == "forming", **({"refresh": True} if how == "refresh" else {}))
    assert counts(result) == (0, 3)
    assert {symbol for _, symbol, _ in inner.asked} == {"COIN0", "COIN1", "COIN2"}
    assert_same(result, alone(inner, include_open=how == "forming"))


def test_a_window_that_is_not_held_whole_is_asked_for_though_its_row_is_remembered(tmp_path: Path) -> None:
    inner = market(1)
    stamps = np.arange(LAST_MS - 44 * HOUR_MS, LAST_MS + 1, HOUR_MS)
    values = np.array([inner.books["COIN0"][stamp] for stamp in stamps.tolist()]).T
    candles = Update(native="COIN0", symbol="COIN0", quote="USDT", timestamp=stamps, values=values)
    shelf(tmp_path / CANDLES).write([candles])
    assert from_store(tmp_path).rows[0].bars == 45
    assert counts(from_store(tmp_path)) == (1, 0)
    result = live(inner, tmp_path)
    assert inner.asked == [("whole", "COIN0", BARS)]
    assert result.rows[0].bars == BARS
    assert_same(result, alone(inner))


def test_a_run_whose_candles_could_not_be_stored_leaves_no_row_for_those_that_are(tmp_path: Path) -> None:
    inner = market(3)
    for name, book in inner.books.items():  # young, and without a forming bar: nothing is cut off what arrives
        inner.books[name] = {stamp: row for stamp, row in book.items() if -45 < (stamp - LAST_MS) // HOUR_MS < 2}
    live(inner, tmp_path)
    lock = shelf(tmp_path / CANDLES).folder / ".lock"
    lock.unlink()
    lock.mkdir()
    inner.clock_ms += HOUR_MS
    result = live(inner, tmp_path)
    assert_same(replace(result, header=alone(inner).header), alone(inner))
    assert [note for note in inner.notes if "not stored" in note]
    result = from_store(tmp_path)
    assert counts(result) == (0, 3)
    assert {row.bar_time_ms for row in result.rows} == {LAST_MS}


def test_a_run_by_a_clock_that_goes_wrong_leaves_no_row_for_later_ones(tmp_path: Path) -> None:
    inner = market(2)
    live(inner, tmp_path)
    for hours in (-1, 1):
        inner.clock_ms += hours * HOUR_MS
        result = live(inner, tmp_path)
        assert counts(result) == (0, 2)
    assert_same(result, alone(inner))


def test_a_clock_that_goes_back_finds_no_row_of_bars_that_are_not_closed(tmp_path: Path) -> None:
    inner = market(2)
    for _ in range(3):
        live(inner, tmp_path)
    inner.clock_ms -= HOUR_MS
    result = live(inner, tmp_path)
    assert counts(result) == (0, 2)
    assert_same(result, live(inner, tmp_path, remember=False))


def test_when_the_market_fails_what_is_known_is_kept_and_the_rest_named(tmp_path: Path) -> None:
    inner = market(4)
    some = {"deny": "COIN[01]"}
    for _ in range(3):
        live(inner, tmp_path, **some)
    inner.before = unavailable
    result = live(inner, tmp_path)
    assert counts(result) == (2, 0)
    assert {row.symbol for row in result.rows} == {"COIN2", "COIN3"}
    assert {(each.symbol, each.reason) for each in result.skipped} == {
        (name, SkipReason.FETCH_FAILED) for name in ("COIN0", "COIN1")
    }
    assert_same(result, live(inner, tmp_path, remember=False))


def test_when_the_market_fails_and_nothing_is_known_the_scan_fails(tmp_path: Path) -> None:
    inner = market(2)
    inner.before = unavailable
    with pytest.raises(UnavailableError, match="no network"):
        live(inner, tmp_path)


def test_a_file_of_the_store_that_cannot_be_read_costs_no_row_and_is_named(tmp_path: Path) -> None:
    inner = market(12)
    for _ in range(3):
        live(inner, tmp_path)
    files = sorted((tmp_path / CANDLES).rglob("*.candles"))
    victim = files[len(files) // 2]
    victim.unlink()
    victim.mkdir()
    result = live(inner, tmp_path)
    assert len(result.rows) == 12
    assert not result.skipped
    assert [str(victim) in note for note in inner.notes] == [True]
    inner.notes.clear()
    assert_same(result, live(inner, tmp_path, remember=False))


class Quoted(HistoryMarket):
    """A market with tickers and names of its own, both of which change."""

    factor = 1.0
    suffix = ""

    def listings(self, *, quote: str | None, tickers: bool) -> list[Listing]:
        day = {"quote_volume": 1e6 * self.factor, "change_24h_frac": -0.5 * self.factor} if tickers else {}
        found = super().listings(quote=quote, tickers=tickers)
        return [replace(each, symbol=each.symbol + self.suffix, **day) for each in found]

    def _raw(self, symbol: str, since_ms: int, window: Window):
        return replace(super()._raw(symbol.removesuffix(self.suffix), since_ms, window), symbol=symbol)

    def fetch(self, listings, window, deliver) -> None:
        self.books = {name.removesuffix(self.suffix) + self.suffix: book for name, book in self.books.items()}
        super().fetch(listings, window, deliver)


@pytest.mark.parametrize("before", [{}, {"min_volume": 1.0}], ids=["without tickers", "with tickers"])
def test_day_figures_and_names_are_those_that_the_exchange_says_now(tmp_path: Path, before: dict[str, float]) -> None:
    inner = Quoted(market(3).books, now_ms=NOW_MS)
    for _ in range(3):
        live(inner, tmp_path, **before)
    inner.factor = 2.0
    inner.suffix = "/USDT"
    result = live(inner, tmp_path, min_volume=1.0)
    assert counts(result) == (3, 0)
    assert {(row.symbol, row.quote_volume, row.change_24h_frac) for row in result.rows} == {
        (f"COIN{i}/USDT", 2e6, -1.0) for i in range(3)
    }
    without = live(inner, tmp_path)
    assert counts(without) == (3, 0)
    assert not {row.quote_volume for row in without.rows} & {1e6, 2e6}


def test_other_inputs_of_the_same_candles_share_the_folder(tmp_path: Path) -> None:
    fill(tmp_path, symbols=1)
    listing = Listing(exchange="memory", symbol="COIN0", native="COIN0")
    (entry, content), *_ = shelf(tmp_path / CANDLES).contents(["COIN0"])
    row = offline(tmp_path, remember=False).rows[0]
    remembering(tmp_path, "these").remember([(content, row)])
    for made_of, found in (("these", 1), ("those", 0)):
        known = remembering(tmp_path, made_of).known([Stored(listing, entry, content)])
        assert len(list(known)) == found


# What is wired.

WITHOUT: list[dict[str, object]] = [
    {"include_open": True},
    {"refresh": True},
    {"backend": "rust"},
    {"backend": "reference"},
    {"data": Path()},
    {"exchange": ("demo",)},
    {"signals_cache": False},
]


def wired(folder: Path, *, remember: bool = True, **changes: object) -> Ports:
    settings = replace(settings_of(folder), **changes)
    with wiring.ports(settings, SilentProgress(), remember=remember) as made:
        return made


@pytest.mark.parametrize("change", WITHOUT, ids=str)
def test_nothing_is_remembered_where_candles_are_not_those_of_the_store_or_a_backend_is_named(
    tmp_path: Path, change: dict[str, object]
) -> None:
    assert wired(tmp_path, **change).signals is None
    assert not list(tmp_path.iterdir())


def test_only_commands_that_want_it_remember(tmp_path: Path) -> None:
    assert wired(tmp_path).signals is not None
    assert wired(tmp_path, remember=False).signals is None


# What a row may hold.

FLOAT = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=True),
    st.sampled_from([-0.0, 5e-324, -5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, 0.1 + 0.2, 1e16, 1.0]),
)
TIME = st.integers(0, 2**53)
ROW = st.builds(
    ScanRow,
    rank=st.just(0),
    exchange=st.just("memory"),
    symbol=st.just("A/B"),
    side=st.sampled_from(Side),
    signal=FLOAT,
    families=st.dictionaries(st.sampled_from(FAMILY_IDS), FLOAT),
    weights=st.dictionaries(st.sampled_from(FAMILY_IDS), FLOAT),
    price=FLOAT,
    flipped_at_ms=st.none() | TIME,
    age_bars=st.none() | TIME,
    bars=TIME,
    gap_bars=TIME,
    grid=st.none() | st.integers(0, 15),
    bar_time_ms=TIME,
    bar_ms=TIME,
    forming=st.booleans(),
    closes=st.lists(FLOAT, max_size=40).map(tuple),
    measured=st.fixed_dictionaries({each.name: st.none() | FLOAT for each in MEASURES if each.window is not None}),
)


@settings(max_examples=80, deadline=None)
@given(row=ROW)
def test_a_row_comes_back_with_every_type_and_bit(scanned_before: Path, row: ScanRow) -> None:
    stored = shelf(scanned_before / CANDLES)
    listing = Listing(exchange="memory", symbol="A/B", native="COIN3")
    ((entry, content),) = stored.contents(["COIN3"])
    remembering(scanned_before, "rows").remember([(content, row)])
    ((known, found),) = remembering(scanned_before, "rows").known([Stored(listing, entry, content)])
    assert known.entry == entry
    assert exact(found) == exact(row)


NAMES = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=20), st.text('"\\\n\0\udcff\udfff{}', max_size=9))


@settings(max_examples=20, deadline=None)
@given(names=st.sets(NAMES, min_size=1, max_size=6))
def test_every_name_keeps_its_own_row(tmp_path_factory: pytest.TempPathFactory, names: set[str]) -> None:
    folder = tmp_path_factory.mktemp("names")
    shelf(folder).write([update(name, walk(60, i)) for i, name in enumerate(sorted(names))])
    rows, stored = {}, []
    for i, (entry, content) in enumerate(shelf(folder).contents(names)):
        plain = offline_row(entry.native, i)
        rows[entry.native] = plain
        stored.append(Stored(Listing(exchange="memory", symbol=entry.native, native=entry.native), entry, content))
        remembering(folder).remember([(content, plain)])
    found = {each.entry.native: row for each, row in remembering(folder).known(stored)}
    assert rows.keys() == names
    assert {name: exact(row) for name, row in found.items()} == {name: exact(row) for name, row in rows.items()}


def offline_row(symbol: str, number: int) -> ScanRow:
    return ScanRow(
        rank=0, exchange="memory", symbol=symbol, side=Side.LONG, signal=number / 7, families={"ema": 1.0},
        weights={"ema": 2.0}, price=3.0, flipped_at_ms=None, age_bars=None,
        bars=60, gap_bars=0, grid=None, bar_time_ms=1, bar_ms=1, forming=False, closes=(1.0,), measured={},
    )  # fmt: skip


def test_hostile_names_scan_the_same_from_memory(tmp_path: Path) -> None:
    shelf(tmp_path / CANDLES).write([update(name, walk(250, i)) for i, name in enumerate(HOSTILE)])
    assert_unchanged(tmp_path, hits=0, misses=len(HOSTILE))
    assert_unchanged(tmp_path, hits=len(HOSTILE), misses=0)


def test_what_is_kept_is_text_that_anyone_can_read(tmp_path: Path) -> None:
    fill(tmp_path, symbols=1)
    offline(tmp_path)
    ((_, content),) = shelf(tmp_path / CANDLES).contents(["COIN0"])
    assert isinstance(content, Content)
    kept = (tmp_path / SIGNALS / "cache.db").read_bytes()
    start = kept.index(b'{"COIN0"')
    document, _ = json.JSONDecoder().raw_decode(kept[start:].decode("latin-1"))
    assert list(document) == ["COIN0"]
    assert cache(tmp_path, []).get("COIN0") is None
