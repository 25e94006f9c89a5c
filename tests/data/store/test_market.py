"""A market behind the store gives what the market alone would give, and asks it for no more than is missing."""

from pathlib import Path

import numpy as np
import pytest

from atc_cli.data.load import Loaded, Needs, load
from atc_cli.data.market import Listing, Market
from atc_cli.data.store.market import StoredMarket
from atc_cli.data.store.offline import OfflineMarket
from atc_cli.data.store.shelf import Store
from atc_cli.domain.panel import Candles, RawCandles, check
from atc_cli.domain.results.scan import Skipped, SkipReason
from atc_cli.domain.window import Window
from atc_cli.errors import NoDataError, UnavailableError
from atc_cli.reporting.progress import SilentProgress
from tests.helpers.history import BARS, LAST_MS, hole_in_an_import, market, unavailable
from tests.helpers.markets import HOUR_MS, NOW_MS, HistoryMarket


def behind(inner: HistoryMarket, folder: Path, **options: object) -> StoredMarket:
    return StoredMarket(inner, Store(folder, inner.notes.append), **{"limit_bytes": 1e9, **options})


def fetched(source: Market, bars: int = BARS, symbols: list[str] | None = None) -> dict[str, Candles | Skipped]:
    """What a market delivers, closed bars only and cut to the window."""
    arrived: dict[str, Candles | Skipped] = {}
    now_ms = source.now_ms()

    def deliver(each: RawCandles | Candles | Skipped) -> None:
        assert each.symbol not in arrived
        candles = check(each) if isinstance(each, RawCandles) else each
        if isinstance(candles, Candles):
            closed = int((candles.timestamp + HOUR_MS <= now_ms).sum())
            candles = candles.between(max(closed - bars, 0), closed)
        arrived[each.symbol] = candles

    listings = source.listings(quote=None, tickers=False)
    source.fetch(
        [each for each in listings if not symbols or each.symbol in symbols],
        Window(timeframe="1h", now_ms=now_ms, bars=bars),
        deliver,
    )
    return arrived


def assert_equal(one: dict[str, Candles | Skipped], other: dict[str, Candles | Skipped]) -> None:
    assert one.keys() == other.keys()
    for symbol, candles in one.items():
        np.testing.assert_array_equal(candles.timestamp, other[symbol].timestamp, err_msg=symbol)
        np.testing.assert_array_equal(candles.values, other[symbol].values, err_msg=symbol)
        assert candles.gap_bars == other[symbol].gap_bars


def asked_of(inner: HistoryMarket) -> list[tuple[str, str, int]]:
    asked, inner.asked = inner.asked, []
    return sorted(asked)


def test_a_second_run_with_nothing_new_asks_nothing_and_gives_the_same(tmp_path: Path) -> None:
    inner = market()
    cold = fetched(behind(inner, tmp_path))
    assert {how for how, _, _ in asked_of(inner)} == {"whole"}
    warm = fetched(behind(inner, tmp_path))
    assert asked_of(inner) == []
    assert_equal(warm, cold)
    assert_equal(warm, fetched(inner))


def test_after_a_bar_has_closed_each_symbol_is_asked_once_from_the_last_stored_bar_on(tmp_path: Path) -> None:
    inner = market()
    fetched(behind(inner, tmp_path))
    asked_of(inner)
    inner.clock_ms += 3 * HOUR_MS
    warm = fetched(behind(inner, tmp_path))
    assert asked_of(inner) == [("from", f"COIN{i}", LAST_MS) for i in range(5)]
    assert_equal(warm, fetched(inner))


def test_the_forming_bar_is_passed_through_and_never_stored(tmp_path: Path) -> None:
    inner = market(1)
    seen: list[Candles] = []
    for _ in range(2):
        stored = behind(inner, tmp_path)
        stored.fetch(
            stored.listings(quote=None, tickers=False),
            Window(timeframe="1h", now_ms=inner.clock_ms, bars=BARS, forming=True),
            seen.append,
        )
    assert [int(each.timestamp[-1]) for each in seen] == [LAST_MS + HOUR_MS] * 2
    assert [how for how, _, _ in inner.asked] == ["whole", "from"]
    (entry,) = Store(tmp_path, print).shelf("memory", "swap", "1h").entries()
    assert entry.last_ms == LAST_MS


def test_a_stored_bar_that_changed_since_has_the_window_fetched_again_and_is_named(tmp_path: Path) -> None:
    inner = market(2)
    fetched(behind(inner, tmp_path))
    asked_of(inner)
    inner.books["COIN1"][LAST_MS] = tuple(2 * value for value in inner.books["COIN1"][LAST_MS])
    inner.clock_ms += HOUR_MS
    warm = fetched(behind(inner, tmp_path))
    tails = [("from", "COIN0", LAST_MS), *[("from", "COIN1", LAST_MS)] * 2]
    assert asked_of(inner) == [*tails, ("whole", "COIN1", BARS)]
    assert_equal(warm, fetched(inner))
    asked_of(inner)
    assert [note for note in inner.notes if "COIN1" in note]
    assert not [note for note in inner.notes if "COIN0" in note]
    assert_equal(fetched(behind(inner, tmp_path)), warm)
    assert asked_of(inner) == []


def test_a_stored_bar_that_is_gone_has_the_window_fetched_again(tmp_path: Path) -> None:
    inner = market(1)
    fetched(behind(inner, tmp_path))
    for open_ms in [each for each in inner.books["COIN0"] if each >= LAST_MS]:
        del inner.books["COIN0"][open_ms]
    inner.clock_ms += HOUR_MS
    assert_equal(fetched(behind(inner, tmp_path)), fetched(inner))
    assert inner.notes


def test_refresh_compares_the_whole_window(tmp_path: Path) -> None:
    inner = market(2)
    fetched(behind(inner, tmp_path))
    middle = LAST_MS - 20 * HOUR_MS
    inner.books["COIN1"][middle] = tuple(2 * value for value in inner.books["COIN1"][middle])
    assert fetched(behind(inner, tmp_path))["COIN1"].close[-21] != inner.books["COIN1"][middle][3]
    assert_equal(fetched(behind(inner, tmp_path, refresh=True)), fetched(inner))
    assert_equal(fetched(behind(inner, tmp_path)), fetched(inner))
    assert [note for note in inner.notes if "COIN1" in note]


def test_a_larger_window_is_fetched_whole_unless_the_exchange_has_no_more(tmp_path: Path) -> None:
    inner = market(1)
    young = {open_ms: row for open_ms, row in inner.books["COIN0"].items() if open_ms > LAST_MS - 30 * HOUR_MS}
    inner.books["YOUNG"] = young
    fetched(behind(inner, tmp_path))
    asked_of(inner)
    assert_equal(
        fetched(behind(inner, tmp_path), bars=90), fetched(market(1), bars=90) | {"YOUNG": fetched(inner)["YOUNG"]}
    )
    assert ("whole", "COIN0", 90) in asked_of(inner)
    assert_equal(fetched(behind(inner, tmp_path), bars=90), fetched(inner, bars=90))


def test_after_a_long_pause_the_window_is_fetched_and_the_hole_is_known_as_not_asked(tmp_path: Path) -> None:
    inner = market(1, bars=400)
    inner.clock_ms -= 150 * HOUR_MS
    fetched(behind(inner, tmp_path))
    inner.clock_ms += 150 * HOUR_MS
    asked_of(inner)
    assert_equal(fetched(behind(inner, tmp_path)), fetched(inner))
    assert asked_of(inner)[0] == ("whole", "COIN0", BARS)
    (entry,) = Store(tmp_path, print).shelf("memory", "swap", "1h").entries()
    (hole,) = entry.holes
    assert (hole.from_ms, hole.last_ms) == (LAST_MS - 149 * HOUR_MS, LAST_MS - BARS * HOUR_MS)
    assert hole.retry_ms is None
    wide = fetched(behind(inner, tmp_path), bars=170)
    assert_equal(wide, fetched(inner, bars=170))
    assert Store(tmp_path, print).shelf("memory", "swap", "1h").entries()[0].holes == ()


def test_bars_without_trades_are_gaps_that_are_not_asked_for_again(tmp_path: Path) -> None:
    inner = market(1)
    for back in (3, 4, 30):
        del inner.books["COIN0"][LAST_MS - back * HOUR_MS]
    del inner.books["COIN0"][LAST_MS]
    cold = fetched(behind(inner, tmp_path))
    assert cold["COIN0"].gap_bars == 3
    asked_of(inner)
    assert_equal(fetched(behind(inner, tmp_path)), cold)
    assert asked_of(inner) == []


def test_a_bar_that_is_missing_just_after_its_close_is_asked_for_again(tmp_path: Path) -> None:
    inner = market(1)
    inner.clock_ms = LAST_MS + HOUR_MS + 2000
    late = inner.books["COIN0"].pop(LAST_MS)
    fetched(behind(inner, tmp_path))
    inner.books["COIN0"][LAST_MS] = late
    assert_equal(fetched(behind(inner, tmp_path)), fetched(inner))


def test_a_hole_that_was_not_asked_for_is_filled_from_the_bar_before_it(tmp_path: Path) -> None:
    inner = market(1)
    hole_in_an_import(inner, tmp_path)
    assert_equal(fetched(behind(inner, tmp_path), bars=46), fetched(inner, bars=46))
    assert asked_of(inner)[0] == ("from", "COIN0", LAST_MS - 14 * HOUR_MS)
    assert_equal(fetched(behind(inner, tmp_path), bars=46), fetched(inner, bars=46))


def test_a_hole_that_could_not_be_asked_for_waits_for_its_cool_down(tmp_path: Path) -> None:
    inner = market(1)
    hole_in_an_import(inner, tmp_path)
    original = inner._raw
    inner._raw = lambda symbol, *rest: Skipped(symbol, SkipReason.FETCH_FAILED, "500", "memory")
    assert fetched(behind(inner, tmp_path), bars=46)["COIN0"].detail == "500"
    inner._raw = original
    asked_of(inner)
    inner.clock_ms += 10 * 60_000
    assert fetched(behind(inner, tmp_path), bars=46)["COIN0"].gap_bars == 4
    assert asked_of(inner) == []
    inner.clock_ms += 60 * 60_000
    assert fetched(behind(inner, tmp_path), bars=40)["COIN0"].gap_bars == 0


@pytest.mark.parametrize("spoil", [lambda row: (row[0], row[1], row[2], 0.0, row[4]), lambda row: (np.nan,) * 5])
def test_candles_that_are_no_candles_are_never_stored(tmp_path: Path, spoil) -> None:
    inner = market(2)
    inner.books["COIN0"][LAST_MS] = spoil(inner.books["COIN0"][LAST_MS])
    assert isinstance(fetched(behind(inner, tmp_path))["COIN0"], Skipped)
    shelf = Store(tmp_path, print).shelf("memory", "swap", "1h")
    assert [each.symbol for each in shelf.entries()] == ["COIN1"]
    assert shelf.faults() == []


def test_what_arrived_before_an_interrupt_is_stored(tmp_path: Path) -> None:
    inner = market(8)

    def interrupt(symbol: str) -> None:
        if len(inner.asked) == 6:
            raise KeyboardInterrupt

    inner.before = interrupt
    with pytest.raises(KeyboardInterrupt):
        fetched(behind(inner, tmp_path))
    assert len(Store(tmp_path, print).shelf("memory", "swap", "1h").entries()) == 5


def loaded(source: Market) -> Loaded:
    """What a scan makes of a market."""
    window = Window(timeframe="1h", now_ms=0, bars=BARS)
    needs = Needs(warmup_bars=0, min_bars=0, cutout_bars=0, max_lag_bars=0)
    return load(source, source.listings(quote=None, tickers=False), window, needs, SilentProgress())


def test_without_a_network_what_needs_no_request_is_kept_and_the_rest_named(tmp_path: Path) -> None:
    inner = market(3)
    fetched(behind(inner, tmp_path), symbols=["COIN0", "COIN1"])
    inner.before = unavailable
    found = loaded(behind(inner, tmp_path))
    assert [each.symbol for each in found.candles] == ["COIN0", "COIN1"]
    assert [(each.symbol, each.reason) for each in found.skipped] == [("COIN2", SkipReason.FETCH_FAILED)]
    with pytest.raises(UnavailableError):
        loaded(behind(inner, tmp_path / "empty"))


def test_a_store_that_cannot_be_written_is_named_and_costs_no_symbol(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    inner = market()
    assert_equal(fetched(behind(inner, blocked / "candles")), fetched(inner))
    assert len(inner.notes) == 1
    assert str(blocked) in inner.notes[0]


def test_a_damaged_file_is_named_set_aside_and_fetched_again(tmp_path: Path) -> None:
    inner = market(20)
    cold = fetched(behind(inner, tmp_path))
    asked_of(inner)
    victim = next((tmp_path / "memory" / "swap" / "1h").glob("*.candles"))
    content = bytearray(victim.read_bytes())
    content[-5] ^= 1
    victim.write_bytes(content)
    assert_equal(fetched(behind(inner, tmp_path)), cold)
    assert 0 < len(asked_of(inner)) < 20
    assert [note for note in inner.notes if str(victim) in note]
    shelf = Store(tmp_path, print).shelf("memory", "swap", "1h")
    assert shelf.faults() == []
    assert [path.read_bytes() for path in shelf.set_aside()] == [bytes(content)]


def test_the_size_limit_takes_symbols_that_were_not_used_for_long_never_those_of_this_scan(tmp_path: Path) -> None:
    inner = market(12)
    names = sorted(inner.books)
    for name in names[:6]:
        fetched(behind(inner, tmp_path), symbols=[name])
        inner.clock_ms += 1000
    size = Store(tmp_path, print).shelf("memory", "swap", "1h").size_bytes()
    fetched(behind(inner, tmp_path, limit_bytes=size), symbols=names[6:9])
    left = [each.symbol for each in Store(tmp_path, print).shelf("memory", "swap", "1h").entries()]
    assert set(names[6:9]) <= set(left)
    old = [name for name in left if name in names[:6]]
    assert 0 < len(old) < 6
    assert old == names[6 - len(old) : 6]
    fetched(behind(inner, tmp_path, limit_bytes=1), symbols=names[9:])
    assert [each.symbol for each in Store(tmp_path, print).shelf("memory", "swap", "1h").entries()] == sorted(names[9:])


def test_a_scan_that_needs_no_request_counts_as_a_use_offline_too(tmp_path: Path) -> None:
    inner = market(3)
    for name in ("COIN0", "COIN1", "COIN2"):
        fetched(behind(inner, tmp_path), symbols=[name])
    later_ms = NOW_MS + 3 * 24 * HOUR_MS
    fetched(OfflineMarket(tmp_path, "memory", "swap", "1h", clock=lambda: later_ms), symbols=["COIN1"])
    used = {each.symbol: each.used_ms for each in Store(tmp_path, print).shelf("memory", "swap", "1h").entries()}
    assert used == {"COIN0": NOW_MS, "COIN1": later_ms, "COIN2": NOW_MS}


def test_offline_gives_what_was_stored_and_never_asks(tmp_path: Path) -> None:
    inner = market()
    cold = fetched(behind(inner, tmp_path))
    offline = OfflineMarket(tmp_path, "memory", "swap", "1h", clock=lambda: NOW_MS)
    assert_equal(fetched(offline), cold)
    assert [each.quote for each in offline.listings(quote="usdt", tickers=False)] == ["USDT"] * 5
    assert offline.listings(quote="EUR", tickers=False) == []
    assert offline.live is False


def test_offline_without_candles_is_no_data(tmp_path: Path) -> None:
    with pytest.raises(NoDataError, match="memory"):
        OfflineMarket(tmp_path, "memory", "swap", "1h", clock=lambda: NOW_MS).listings(quote=None, tickers=False)


def test_offline_says_which_symbol_is_not_stored(tmp_path: Path) -> None:
    fetched(behind(market(1), tmp_path))
    offline = OfflineMarket(tmp_path, "memory", "swap", "1h", clock=lambda: NOW_MS)
    arrived: list[object] = []
    offline.fetch(
        [Listing(exchange="memory", symbol="X", native="X")],
        Window(timeframe="1h", now_ms=NOW_MS, bars=BARS),
        arrived.append,
    )
    assert [each.reason for each in arrived] == [SkipReason.NO_CANDLES]
