"""Candles and signals on one axis: what is where, and what stands beside it."""

import numpy as np
import pytest

from atc_cli.backtest.align import (
    FUNDING_MS,
    Columns,
    Needed,
    Part,
    Rates,
    alive_from,
    day_volume,
    on_one_axis,
    part_of,
)
from atc_cli.domain.features import Lengths, at_each_bar
from atc_cli.domain.measures.day import quote_volume_24h
from atc_cli.domain.panel import Candles
from atc_cli.domain.replayed import Replayed
from atc_cli.domain.rules import Exits, Rules, SizeBy
from atc_cli.domain.timeframe import HOUR_MS

HOURS = 200
START_MS = 1_700_000_000_000 // HOUR_MS * HOUR_MS
CUTS = (0.1, -0.1)
ALL = Needed(atr=True, tie="stretch", volume=True, funding=True)


def candles(seed: int = 1, bars: int = HOURS, missing: tuple[int, ...] = ()) -> Candles:
    random = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(random.normal(0, 0.01, bars)))
    opened = np.concatenate(([100.0], close[:-1]))
    high, low = np.maximum(opened, close) * 1.001, np.minimum(opened, close) * 0.999
    values = np.stack([opened, high, low, close, random.uniform(1, 2, bars)])
    kept = np.setdiff1d(np.arange(bars), missing)
    return Candles(
        exchange="files",
        symbol=f"S{seed}",
        timeframe="1h",
        timestamp=START_MS + kept * HOUR_MS,
        values=np.ascontiguousarray(values[:, kept]),
    )


def replayed(bars: int, first: int = 0) -> Replayed:
    average = np.linspace(-1, 1, bars)
    average[:first] = np.nan
    return Replayed(average, np.arange(bars, dtype=np.int32))


def part(made: Candles, first: int = 0, needed: Needed = ALL, rates: Rates | None = None) -> Part:
    found = part_of(
        made,
        replayed(len(made), first),
        needed,
        first_ms=int(made.timestamp[first]),
        cuts=CUTS,
        rates=rates or Rates(0.0001),
    )
    assert found is not None
    return found


def test_a_part_holds_the_bars_from_the_start_on_and_the_figures_of_all_bars_before() -> None:
    made = candles()
    found = part(made, first=120)
    assert found.timestamp[0] == made.timestamp[120]
    assert found.columns["close"].tobytes() == made.values[3, 120:].tobytes()
    slow = at_each_bar(made.values, Lengths.of("1h"))
    assert found.columns["atr"].tolist() == [each.atr for each in slow[120:]]
    side = np.sign(np.linspace(-1, 1, HOURS)[150])
    wanted = side * (made.close[150] / slow[150].ema - 1) / (slow[150].atr / made.close[150])
    assert found.columns["key"][30] == wanted


def test_a_symbol_without_a_signal_in_the_time_has_no_part() -> None:
    made = candles()
    silent = Replayed(np.full(HOURS, np.nan), np.full(HOURS, -1, np.int32))
    assert part_of(made, silent, ALL, first_ms=0, cuts=CUTS, rates=Rates()) is None


def test_columns_that_no_rule_asks_for_are_not_there() -> None:
    needed = Needed.of(Rules(), "stretch", funding=False)
    assert set(part(candles(), needed=needed).columns) == {"open", "high", "low", "close", "signal", "age"}


@pytest.mark.parametrize(
    ("rules", "columns"),
    [
        (Rules(exits=Exits(stop_atr=3)), {"atr"}),
        (Rules(size=SizeBy.ATR), {"atr"}),
        (Rules(max_positions=3), {"key", "volume"}),
        (Rules(min_volume=1e6), {"volume"}),
    ],
)
def test_each_rule_brings_the_columns_that_it_needs(rules: Rules, columns: set[str]) -> None:
    found = set(part(candles(), needed=Needed.of(rules, "stretch", funding=False)).columns)
    assert found == {"open", "high", "low", "close", "signal", "age", *columns}


def test_equal_signals_are_ordered_by_age_where_that_is_asked_for() -> None:
    needed = Needed.of(Rules(max_positions=2), "age", funding=False)
    made = candles()
    young = Replayed(np.ones(HOURS), np.where(np.arange(HOURS) % 2, 7, -1).astype(np.int32))
    found = part_of(made, young, needed, first_ms=0, cuts=CUTS, rates=Rates())
    assert found is not None
    assert found.columns["key"][:2].tolist() == [np.inf, 7.0]


def test_the_volume_of_a_day_is_what_a_scan_of_that_bar_estimates() -> None:
    made = candles(missing=(40, 41, 90))
    found = day_volume(made)
    for bar in (5, 22, 23, 24, 60, 100, 150, len(made) - 1):
        upto = made.between(0, bar + 1)
        row = type("Data", (), {"candles": upto, "close": float(upto.close[-1])})()
        wanted = quote_volume_24h(row)  # type: ignore[arg-type]
        assert np.isnan(found[bar]) if wanted is None else found[bar] == pytest.approx(wanted, rel=1e-12)


def test_a_bar_without_a_volume_costs_the_day_after_it_and_no_more() -> None:
    made = candles()
    made.values[4, 30] = np.nan
    found = day_volume(made)
    assert np.flatnonzero(np.isnan(found[23:])).tolist() == list(range(30 - 23, 54 - 23))
    assert found[60] == pytest.approx(float((made.values[4] * made.values[1:4].mean(axis=0))[37:61].sum()), rel=1e-12)


def test_a_constant_rate_is_paid_at_0_8_and_16_hours_and_after_a_gap_for_all_that_passed() -> None:
    opens_ms = np.array([1, 8, 9, 40]) * HOUR_MS
    assert Rates(0.001).between(opens_ms, 0).tolist() == pytest.approx([0.0, 0.001, 0.0, 0.004])


def test_rates_of_a_file_are_summed_up_to_the_open_of_each_bar() -> None:
    rates = Rates(0.0, np.array([0, 4, 8]) * HOUR_MS, np.array([0.5, 0.25, 0.125]))
    opens_ms = np.array([0, 3, 4, 9]) * HOUR_MS
    assert rates.between(opens_ms, -HOUR_MS).tolist() == [0.5, 0.0, 0.25, 0.125]
    assert HOUR_MS * 8 == FUNDING_MS


def test_the_axis_has_every_open_once_and_bars_know_their_place() -> None:
    one, two = candles(1, missing=(3, 4)), candles(2, bars=5, missing=(1,))
    axis_ms, at = on_one_axis([one.timestamp, two.timestamp], HOUR_MS)
    assert axis_ms.tolist() == sorted({*one.timestamp.tolist(), *two.timestamp.tolist()})
    assert axis_ms[at].tolist() == [*one.timestamp.tolist(), *two.timestamp.tolist()]


def test_opens_off_a_common_grid_are_joined_as_well() -> None:
    odd = np.array([5, 90, 1000])
    axis_ms, at = on_one_axis([odd, np.array([90, 2000])], HOUR_MS)
    assert (axis_ms.tolist(), at.tolist()) == ([5, 90, 1000, 2000], [0, 1, 2, 1, 3])


@pytest.mark.parametrize(
    ("step_hours", "places", "alive"),
    [
        pytest.param(1, 100, 75, id="hours: a day"),
        pytest.param(24, 100, 94, id="days: five bars"),
        pytest.param(168, 100, 94, id="weeks: five bars"),
        pytest.param(1, 10, 0, id="less than a day: nothing has ended"),
        pytest.param(24, 3, 0, id="a few days"),
        pytest.param(1, 0, 0, id="no bar at all"),
    ],
)
def test_a_symbol_without_the_newest_bars_may_go_on_for_a_day_or_five_bars(
    step_hours: int, places: int, alive: int
) -> None:
    assert alive_from(np.arange(places) * step_hours * HOUR_MS) == alive


def test_a_tape_knows_who_ended_long_before_it_does() -> None:
    columns = Columns(HOUR_MS)
    columns.add(part(candles(1)))
    columns.add(part(candles(2, HOURS - 25)))
    columns.add(part(candles(3, HOURS - 24)))
    tape = columns.tape()
    assert [int(tape.at[tape.rows(symbol)][-1]) < tape.alive_from for symbol in range(3)] == [False, True, False]


def test_a_tape_from_files_is_that_from_memory() -> None:
    made = [part(candles(seed, bars=100 + 10 * seed)) for seed in range(1, 5)]
    in_memory, in_files = Columns(HOUR_MS), Columns(HOUR_MS, memory_bars=150)
    for each in made:
        in_memory.add(each)
        in_files.add(each)
    one, other = in_memory.tape(), in_files.tape()
    assert isinstance(other.close, np.memmap)
    assert one.symbols == other.symbols
    for name in ("axis_ms", "offsets", "at", "open", "close", "signal", "age", "atr", "key", "volume", "funding"):
        assert getattr(one, name).tobytes() == getattr(other, name).tobytes()
        assert getattr(one, name).dtype == getattr(other, name).dtype
