"""`atc scan` from market to rows, on markets in memory."""

import signal
import threading
from dataclasses import replace

import numpy as np
import pytest

from atc_cli.commands import scan
from atc_cli.domain.catalog import FAMILY_IDS
from atc_cli.domain.params import OutOfRangeError
from atc_cli.domain.results.scan import Side, Skipped, SkipReason
from atc_cli.errors import NoDataError, UnavailableError
from tests.helpers.backends import HOUR_MS, compute, flat, tick_walk
from tests.helpers.markets import NOW_MS, MemoryMarket, hourly, ports, raw, walk

LAST_CLOSED_MS = NOW_MS // HOUR_MS * HOUR_MS - HOUR_MS


def skips(result) -> dict[str, SkipReason]:
    return {each.symbol: each.reason for each in result.skipped}


def test_every_symbol_becomes_a_row_or_a_named_skip() -> None:
    broken = walk("BROKEN")
    broken.values[7, 3] = np.nan
    market = MemoryMarket(
        [
            walk("OK", seed=1),
            broken,
            walk("YOUNG", bars=38, seed=2),
            Skipped("LOST", SkipReason.FETCH_FAILED, "HTTP 500"),
        ]
    )
    result = scan.run(hourly(), ports(market))
    assert [row.symbol for row in result.rows] == ["OK"]
    assert skips(result) == {
        "BROKEN": SkipReason.NOT_A_NUMBER, "YOUNG": SkipReason.TOO_FEW_BARS, "LOST": SkipReason.FETCH_FAILED,
    }  # fmt: skip
    assert result.scanned == 4
    assert "needs 39 bars, has 38" in [each.detail for each in result.skipped]


def test_a_row_holds_what_the_reference_computes_for_its_window() -> None:
    candles = tick_walk(400, 3)
    (row,) = scan.run(hourly(bars=150), ports(MemoryMarket([raw(candles, "A")]))).rows
    window = candles.tail(150)
    params = hourly().params()
    expected = compute("reference", [window], params)
    assert row.signal == expected.average[0, -1]
    assert row.families == dict(zip(FAMILY_IDS, expected.families[0, :, -1], strict=True))
    assert row.weights == dict(zip(FAMILY_IDS, expected.weights[0, :, -1], strict=True))
    assert row.price == window.close[-1]
    assert row.bars == 150
    assert row.age_bars == 149 - expected.flipped[0]
    assert row.flipped_at_ms == row.bar_time_ms - row.age_bars * HOUR_MS
    assert row.bar_time_ms == LAST_CLOSED_MS
    assert row.closes == tuple(window.close[-40:])
    assert row.grid == 2


def test_the_forming_bar_is_left_out_unless_asked_for_and_then_said() -> None:
    market = MemoryMarket([walk("A", last_open_ms=LAST_CLOSED_MS + HOUR_MS)])
    (closed,) = scan.run(hourly(), ports(market)).rows
    (forming,) = scan.run(hourly(include_open=True), ports(market)).rows
    assert (closed.bar_time_ms, closed.forming) == (LAST_CLOSED_MS, False)
    assert (forming.bar_time_ms, forming.forming) == (LAST_CLOSED_MS + HOUR_MS, True)
    assert closed.bars == 199


def test_the_market_clock_decides_which_bar_is_closed() -> None:
    early = MemoryMarket([walk("A")], now_ms=LAST_CLOSED_MS + HOUR_MS - 1)
    result = scan.run(hourly(), ports(early))
    assert result.rows[0].bar_time_ms == LAST_CLOSED_MS - HOUR_MS
    assert result.header.bar_time_ms == LAST_CLOSED_MS - HOUR_MS


def test_a_late_symbol_is_stale_unless_its_lag_is_allowed() -> None:
    late = walk("LATE", last_open_ms=LAST_CLOSED_MS - 3 * HOUR_MS)
    market = MemoryMarket([walk("NOW", seed=1), late])
    strict = scan.run(hourly(), ports(market))
    assert skips(strict) == {"LATE": SkipReason.STALE}
    assert "3 bars behind" in strict.skipped[0].detail
    assert not skips(scan.run(hourly(max_lag=3), ports(market)))
    assert skips(scan.run(hourly(max_lag=2), ports(market)))


def test_without_a_clock_of_its_own_a_market_is_as_new_as_its_newest_symbol() -> None:
    old = LAST_CLOSED_MS - 500 * HOUR_MS
    market = MemoryMarket([walk("A", last_open_ms=old), walk("B", last_open_ms=old - HOUR_MS)], live=False)
    result = scan.run(hourly(), ports(market))
    assert [row.symbol for row in result.rows] == ["A"]
    assert skips(result) == {"B": SkipReason.STALE}
    assert result.header.data_age_ms == NOW_MS - (old + HOUR_MS)


def test_files_labelled_a_few_hours_ahead_are_taken_whole_and_warned_about() -> None:
    ahead = NOW_MS // HOUR_MS * HOUR_MS + 5 * HOUR_MS
    result = scan.run(hourly(), ports(MemoryMarket([walk("A", last_open_ms=ahead)], live=False)))
    (row,) = result.rows
    assert (row.bar_time_ms, row.bars, row.forming) == (ahead, 200, False)
    assert "in the future" in result.header.warnings[0]


def test_files_that_end_in_the_forming_bar_lose_it() -> None:
    forming = NOW_MS // HOUR_MS * HOUR_MS
    result = scan.run(hourly(), ports(MemoryMarket([walk("A", last_open_ms=forming)], live=False)))
    assert result.rows[0].bar_time_ms == LAST_CLOSED_MS
    assert not result.header.warnings


def test_an_exchange_that_sends_bars_of_the_future_has_them_left_out() -> None:
    ahead = NOW_MS // HOUR_MS * HOUR_MS + 5 * HOUR_MS
    result = scan.run(hourly(), ports(MemoryMarket([walk("A", last_open_ms=ahead)])))
    assert result.rows[0].bar_time_ms == LAST_CLOSED_MS


def test_a_cutout_as_long_as_the_series_skips_it() -> None:
    market = MemoryMarket([walk("LONG", 101, 1), walk("SHORT", 100, 2)])
    result = scan.run(hourly(cutout=100), ports(market))
    assert [row.symbol for row in result.rows] == ["LONG"]
    assert skips(result) == {"SHORT": SkipReason.CUTOUT}


@pytest.mark.parametrize(("bars", "row"), [(38, False), (39, True), (40, True)])
def test_the_warm_up_is_the_smallest_number_of_bars(bars: int, row: bool) -> None:
    result = scan.run(hourly(), ports(MemoryMarket([walk("A", bars)])))
    assert bool(result.rows) is row


def test_min_bars_asks_for_more_than_the_warm_up() -> None:
    result = scan.run(hourly(min_bars=150), ports(MemoryMarket([walk("A", 149), walk("B", 150)])))
    assert [row.symbol for row in result.rows] == ["B"]
    assert result.skipped[0].detail == "needs 150 bars, has 149"


def many() -> MemoryMarket:
    return MemoryMarket([walk(f"S{i:02}", 120, i) for i in range(30)])


def test_filters_keep_what_they_promise_and_count_the_rest() -> None:
    everything = scan.run(hourly(), ports(many())).rows
    assert {row.side for row in everything} == {Side.LONG, Side.SHORT, Side.NEUTRAL}
    sided = scan.run(hourly(all=False), ports(many()))
    assert [row.symbol for row in sided.rows] == [row.symbol for row in everything if row.side is not Side.NEUTRAL]
    assert sided.hidden == {"NEUTRAL": len(everything) - len(sided.rows)}
    longs = scan.run(hourly(all=False, side="long"), ports(many()))
    assert {row.side for row in longs.rows} == {Side.LONG}
    strong = scan.run(hourly(min_signal=0.9), ports(many())).rows
    assert strong
    assert all(abs(row.signal) >= 0.9 for row in strong)
    fresh = scan.run(hourly(max_age=5), ports(many())).rows
    assert fresh
    assert all(row.age_bars is not None and row.age_bars <= 5 for row in fresh)


def test_top_counts_per_side_and_keeps_the_best() -> None:
    everything = scan.run(hourly(all=False), ports(many())).rows
    top = scan.run(hourly(all=False, top=2), ports(many())).rows
    for side in (Side.LONG, Side.SHORT):
        expected = [row for row in everything if row.side is side][:2]
        assert [row for row in top if row.side is side] == expected


def test_top_takes_the_first_of_each_side_in_the_order_of_sort() -> None:
    everything = scan.run(hourly(all=False, sort="volume"), ports(many())).rows
    top = scan.run(hourly(all=False, sort="volume", top=2), ports(many())).rows
    for side in (Side.LONG, Side.SHORT):
        volumes = sorted((row.quote_volume for row in everything if row.side is side), reverse=True)
        assert [row.quote_volume for row in top if row.side is side] == volumes[:2]


@pytest.mark.parametrize(("age", "lost"), [("90m", ["LATE", "NOW"]), ("1h", ["LATE", "NOW"]), ("3h", ["LATE"])])
def test_a_symbol_whose_last_bar_closed_too_long_ago_is_a_skip_with_its_age(age: str, lost: list[str]) -> None:
    """The newest bar closed 2 h 20 min ago, that of LATE an hour before."""
    last_ms = LAST_CLOSED_MS - 2 * HOUR_MS
    series = [walk("NOW", last_open_ms=last_ms), walk("LATE", seed=1, last_open_ms=last_ms - HOUR_MS)]
    result = scan.run(hourly(max_data_age=age, max_lag=1), ports(MemoryMarket(series, live=False)))
    assert skips(result) == dict.fromkeys(lost, SkipReason.TOO_OLD)
    assert SkipReason.TOO_OLD.fault
    assert "3 h ago" in next(each.detail for each in result.skipped if each.symbol == "LATE")


def test_min_volume_from_tickers_spares_the_fetch_and_from_candles_takes_out_the_row() -> None:
    fetched: list[str] = []
    market = MemoryMarket(
        [walk("BIG"), walk("SMALL", seed=1)], quote_volumes={"BIG": 9.0, "SMALL": 1.0}, before=fetched.append
    )
    result = scan.run(hourly(min_volume=5.0), ports(market))
    assert fetched == ["BIG"]
    assert result.hidden == {"--min-volume": 1}
    assert result.rows[0].quote_volume == 9.0
    from_candles = scan.run(hourly(min_volume=1e12), ports(MemoryMarket([walk("A")])))
    assert from_candles.hidden == {"--min-volume": 1}


def test_the_order_of_symbols_changes_no_row() -> None:
    series = [walk(f"S{i}", 100 + i, i) for i in range(12)]
    forward = scan.run(hourly(), ports(MemoryMarket(series))).rows
    backward = scan.run(hourly(), ports(MemoryMarket(series[::-1]))).rows
    assert forward == backward


def test_an_interrupt_keeps_what_arrived_and_names_the_rest() -> None:
    def interrupt(symbol: str) -> None:
        if symbol == "C":
            raise KeyboardInterrupt

    market = MemoryMarket([walk(name, seed=i) for i, name in enumerate("ABCD")], before=interrupt)
    result = scan.run(hourly(), ports(market))
    assert result.interrupted
    assert sorted(row.symbol for row in result.rows) == ["A", "B"]
    assert skips(result) == {"C": SkipReason.INTERRUPTED, "D": SkipReason.INTERRUPTED}


class SlowMarket(MemoryMarket):
    """Two symbols of which the second never comes; Ctrl-C is typed once every market waits for its own."""

    def __init__(self, name: str, together: threading.Barrier) -> None:
        self.ended = threading.Event()
        self._together = together
        super().__init__([replace(walk(symbol), exchange=name) for symbol in "AB"], name=name, before=self._stall)

    def _stall(self, symbol: str) -> None:
        if symbol == "B":
            if self._together.wait() == 0:
                signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
            self.ended.wait()
            raise KeyboardInterrupt

    def interrupt(self) -> None:
        self.ended.set()


def test_ctrl_c_ends_all_markets_that_are_fetched_at_once_and_keeps_what_arrived() -> None:
    together = threading.Barrier(3)
    result = scan.run(hourly(), ports(*(SlowMarket(name, together) for name in ("one", "two", "three"))))
    assert result.interrupted
    assert {(row.exchange, row.symbol) for row in result.rows} == {("one", "A"), ("two", "A"), ("three", "A")}
    assert {(skip.exchange, skip.symbol, skip.reason) for skip in result.skipped} == {
        (name, "B", SkipReason.INTERRUPTED) for name in ("one", "two", "three")
    }


def test_rows_of_several_markets_carry_their_exchange() -> None:
    one, two = (
        MemoryMarket([replace(walk("A", seed=i), exchange=name)], name=name) for i, name in enumerate(("one", "two"))
    )
    result = scan.run(hourly(), ports(one, two))
    assert {(row.exchange, row.symbol) for row in result.rows} == {("one", "A"), ("two", "A")}
    assert result.header.exchange == "one,two"


def test_gaps_are_kept_counted_and_shown() -> None:
    whole = walk("A", 210)
    keep = np.ones(210, bool)
    keep[[100, 101, 150]] = False
    holed = replace(whole, timestamp=whole.timestamp[keep], values=whole.values[keep])
    (row,) = scan.run(hourly(), ports(MemoryMarket([holed]))).rows
    assert row.gap_bars == 3


def test_a_constant_price_is_neutral_and_has_never_flipped() -> None:
    (row,) = scan.run(hourly(), ports(MemoryMarket([raw(flat(np.full(120, 5.0)), "USDC")]))).rows
    assert (row.side, row.signal, row.flipped_at_ms, row.age_bars) == (Side.NEUTRAL, 0.0, None, None)


def test_nothing_usable_is_a_result_without_rows() -> None:
    result = scan.run(hourly(), ports(MemoryMarket([walk("A", 10)])))
    assert not result.rows
    assert len(result.skipped) == result.scanned == 1
    assert result.header.bar_time_ms == LAST_CLOSED_MS


def test_an_empty_market_is_no_data() -> None:
    with pytest.raises(NoDataError):
        scan.run(hourly(), ports(MemoryMarket([])))


def test_reference_and_rust_give_the_same_scan() -> None:
    by_reference = scan.run(hourly(backend="reference"), ports(many()))
    by_rust = scan.run(hourly(backend="rust"), ports(many()))
    assert by_reference.rows == by_rust.rows
    assert (by_reference.header.backend.name, by_rust.header.backend.name) == ("reference", "rust")


def test_auto_chooses_the_cheapest_backend_and_says_why() -> None:
    decision = scan.run(hourly(), ports(many())).header.backend
    assert decision.name == "rust"
    assert "reference" in decision.why
    cheapest, *_, dearest = decision.estimates_ms
    assert cheapest.startswith(f"rust {decision.path}")
    assert dearest == "reference"
    assert decision.estimates_ms[cheapest] < decision.estimates_ms[dearest]


def test_a_backend_that_cannot_run_is_an_error_and_never_falls_back() -> None:
    from atc_cli.engine.backend import Unavailable

    crippled = replace(ports(many()), offers=[Unavailable("cuda", "no CUDA driver", "install one"), *ports().offers])
    with pytest.raises(UnavailableError, match="no CUDA driver") as error:
        scan.run(hourly(backend="cuda"), crippled)
    assert "install one" in str(error.value.hint)


def test_a_lambda_too_large_for_the_window_names_the_largest() -> None:
    with pytest.raises(OutOfRangeError, match="allowed for 200 bars"):
        scan.run(hourly(lambda_=4000.0), ports(MemoryMarket([walk("A")])))


def test_params_in_the_header_hash_to_the_params_hash() -> None:
    from atc_cli.domain.params import document_hash

    header = scan.run(hourly(), ports(MemoryMarket([walk("A")]))).header
    assert document_hash(header.params) == header.params_hash
    assert header.params["bars"] == 200


def test_files_with_the_forming_bar_included_are_as_new_as_their_newest_closed_bar() -> None:
    forming = walk("A", last_open_ms=LAST_CLOSED_MS + HOUR_MS)
    closed = walk("B", seed=1)
    result = scan.run(hourly(include_open=True), ports(MemoryMarket([forming, closed], live=False)))
    assert not result.skipped
    assert result.header.bar_time_ms == LAST_CLOSED_MS
    assert {row.symbol: row.forming for row in result.rows} == {"A": True, "B": False}


def test_each_market_judges_the_forming_bar_by_its_own_clock() -> None:
    late = MemoryMarket([walk("A", last_open_ms=LAST_CLOSED_MS + HOUR_MS)], name="late", now_ms=NOW_MS + 2 * HOUR_MS)
    forming = replace(walk("A", last_open_ms=LAST_CLOSED_MS + HOUR_MS), exchange="early")
    early = MemoryMarket([forming], name="early")
    result = scan.run(hourly(include_open=True), ports(early, late))
    assert [(row.exchange, row.forming) for row in result.rows] == [("early", True)]


def test_a_forming_bar_leaves_the_last_24_hours_unknown() -> None:
    market = MemoryMarket([walk("A", last_open_ms=LAST_CLOSED_MS + HOUR_MS)])
    (closed,) = scan.run(hourly(), ports(market)).rows
    (forming,) = scan.run(hourly(include_open=True), ports(market)).rows
    assert closed.change_24h_frac is not None
    assert closed.quote_volume is not None
    assert forming.change_24h_frac is forming.quote_volume is None


class Unreachable(MemoryMarket):
    """A market that fails at the given step."""

    def __init__(self, step: str, name: str = "dead") -> None:
        super().__init__([walk("A"), walk("B")], name=name)
        self._step = step

    def listings(self, **asked):
        if self._step == "listings":
            raise UnavailableError("dead refuses this location (451)")
        return super().listings(**asked)

    def fetch(self, *asked) -> None:
        raise UnavailableError("dead cannot be reached")


@pytest.mark.parametrize(("step", "lost"), [("listings", 1), ("fetch", 2)])
def test_a_dead_exchange_costs_its_own_symbols_and_not_those_of_the_others(step: str, lost: int) -> None:
    result = scan.run(hourly(), ports(Unreachable(step), MemoryMarket([walk("X")])))
    assert [row.symbol for row in result.rows] == ["X"]
    assert [(skip.exchange, skip.reason) for skip in result.skipped] == [("dead", SkipReason.FETCH_FAILED)] * lost
    assert result.scanned == 1 + lost


@pytest.mark.parametrize("step", ["listings", "fetch"])
def test_when_every_exchange_is_dead_the_scan_says_so(step: str) -> None:
    with pytest.raises(UnavailableError, match="dead"):
        scan.run(hourly(), ports(Unreachable(step), Unreachable(step, "other")))


def test_a_backend_that_cannot_run_is_refused_before_anything_is_fetched() -> None:
    from atc_cli.engine.backend import Unavailable

    asked: list[str] = []
    crippled = replace(
        ports(MemoryMarket([walk("A")], before=asked.append)), offers=[Unavailable("cuda", "no driver", "install one")]
    )
    with pytest.raises(UnavailableError):
        scan.run(hourly(backend="cuda"), crippled)
    assert not asked


def test_a_volume_that_candles_cannot_tell_is_hidden_for_that_reason() -> None:
    short = MemoryMarket([walk("A", 45)])
    hidden = scan.run(hourly(bars=45, min_volume=1.0, timeframe="1m"), ports(MemoryMarket([_minutes(short)]))).hidden
    assert hidden == {"--min-volume (24 h volume unknown)": 1}


def _minutes(market: MemoryMarket):
    from atc_cli.domain.timeframe import MINUTE_MS

    (candles,) = market._raw.values()
    last = NOW_MS // MINUTE_MS * MINUTE_MS - MINUTE_MS
    return replace(candles, timeframe="1m", timestamp=last - MINUTE_MS * np.arange(44, -1, -1, dtype=np.float64))
