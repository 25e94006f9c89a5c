"""Only the window decides: what is broken before it, and rows that repeat, are said and cost no symbol."""

from dataclasses import replace

import numpy as np
import pytest

from atc_cli.commands import explain, scan
from atc_cli.domain.catalog import Source
from atc_cli.domain.panel import RawCandles
from atc_cli.domain.results.scan import ScanResult, SkipReason
from atc_cli.engine.offers import offers
from tests.helpers.markets import MemoryMarket, hourly, ports, walk

BARS = 300
WINDOW = 200


def scanned(*raw: RawCandles, live: bool = False) -> ScanResult:
    return scan.run(hourly(bars=WINDOW), ports(MemoryMarket(raw, live=live)))


def broken(row: int, column: int, value: float) -> RawCandles:
    raw = walk("A", BARS)
    raw.values[row, column] = value
    return raw


def at(rows: list[int]) -> RawCandles:
    raw = walk("A", BARS)
    return replace(raw, timestamp=raw.timestamp[rows], values=raw.values[rows])


def notes(result: ScanResult) -> str:
    return "\n".join(result.header.warnings)


ODD = {"zero": (3, 0.0), "none": (0, np.nan), "low above close": (2, 1e9), "volume": (4, -1.0)}


@pytest.mark.parametrize(("column", "value"), ODD.values(), ids=ODD)
@pytest.mark.parametrize("row", [0, 50, BARS - WINDOW - 1])
def test_a_broken_bar_before_the_window_is_a_note(row: int, column: int, value: float) -> None:
    (expected,) = scanned(walk("A", BARS)).rows
    result = scanned(broken(row, column, value))
    assert list(result.rows) == [expected]
    assert not result.skipped
    assert "before the window" in notes(result)
    assert f"row {row + 1}" in notes(result)


@pytest.mark.parametrize(("column", "value"), ODD.values(), ids=ODD)
@pytest.mark.parametrize("row", [BARS - WINDOW, BARS - 1])
def test_a_broken_bar_in_the_window_costs_the_symbol(row: int, column: int, value: float) -> None:
    result = scanned(broken(row, column, value))
    assert not result.rows
    assert f"row {row + 1}" in result.skipped[0].detail


def test_of_several_broken_bars_one_is_told_and_the_last_decides() -> None:
    raw = broken(10, 0, np.nan)
    raw.values[40, 3] = 0.0
    result = scanned(raw)
    assert (len(result.rows), "row 11" in notes(result)) == (1, True)
    raw.values[BARS - 5, 3] = -1.0
    result = scanned(raw)
    assert not result.rows
    assert result.skipped[0].reason is SkipReason.NOT_A_NUMBER
    assert "row 11" in result.skipped[0].detail


@pytest.mark.parametrize("backend", ["rust", "numba", "reference"])
def test_prices_too_large_to_compute_with_cost_their_symbol_alone_on_every_backend(backend: str) -> None:
    huge = replace(walk("HUGE", BARS, 2), values=walk("HUGE", BARS, 2).values * 1e305)
    market = MemoryMarket([huge, walk("A", BARS)])
    every = replace(ports(market), offers=offers())
    result = scan.run(hourly(bars=WINDOW, backend=backend, source=Source.HLC3), every)
    assert [row.symbol for row in result.rows] == ["A"]
    assert [(each.symbol, each.reason) for each in result.skipped] == [("HUGE", SkipReason.BAD_PRICE)]
    assert "a price is above 1e+100" in result.skipped[0].detail


def test_a_file_that_is_shorter_than_the_window_is_all_window() -> None:
    raw = walk("A", WINDOW - 1)
    raw.values[0, 3] = 0.0
    assert scanned(raw).skipped[0].reason is SkipReason.BAD_PRICE


def test_rows_out_of_order_cost_the_symbol_wherever_they_are() -> None:
    result = scanned(at([1, 0, *range(2, BARS)]))
    assert result.skipped[0].reason is SkipReason.OUT_OF_ORDER


def test_bars_twice_with_other_values_before_the_window_are_a_note() -> None:
    raw = at([0, 5, 5, *range(6, BARS)])
    raw.values[2, 3] = (raw.values[2, 1] + raw.values[2, 2]) / 2
    result = scanned(raw)
    assert (len(result.rows), "before the window" in notes(result)) == (1, True)


def test_rows_that_repeat_are_counted_and_said() -> None:
    twice = at([*range(5), 4, 4, *range(5, BARS), BARS - 1])
    result = scanned(twice, walk("B", BARS, seed=2))
    assert len(result.rows) == 2
    assert "3 rows repeat" in notes(result)
    assert "A (3)" in notes(result)
    assert "B" not in notes(result)
    assert not scanned(walk("A", BARS)).header.warnings


def test_explain_says_both() -> None:
    raw = at([*range(5), 4, *range(5, BARS)])
    raw.values[0, 3] = 0.0
    header = explain.run(hourly(bars=WINDOW), ports(MemoryMarket([raw], live=False)), "A").header
    assert any("before the window" in each for each in header.warnings)
    raw = at([*range(5), 4, *range(5, BARS)])
    header = explain.run(hourly(bars=WINDOW), ports(MemoryMarket([raw], live=False)), "A").header
    assert any("repeat" in each for each in header.warnings)
