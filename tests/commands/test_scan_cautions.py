"""`atc scan`: the rank among equals, stops, cautions and jumps, on markets in memory and rows that are remembered."""

from pathlib import Path

import numpy as np
import pytest

from atc_cli.commands import scan
from atc_cli.disk.folders import CANDLES
from atc_cli.domain.panel import RawCandles
from atc_cli.domain.results.scan import ScanResult, ScanRow, Side, SkipReason
from atc_cli.domain.timeframe import iso
from tests.helpers.backends import HOUR_MS
from tests.helpers.markets import NOW_MS, MemoryMarket, hourly, ports, walk
from tests.helpers.shelves import shelf, update
from tests.helpers.shelves import walk as stored_walk
from tests.helpers.signals_case import assert_same, counts, offline

LAST_MS = NOW_MS // HOUR_MS * HOUR_MS - HOUR_MS


def jumping(symbol: str, *, bar: int, factor: float, seed: int = 3, bars: int = 200) -> RawCandles:
    """A walk whose prices are `factor` times as large from `bar` on."""
    raw = walk(symbol, bars, seed)
    raw.values[bar:, :4] *= factor
    return raw


def climbing(symbol: str, by: float, bars: int = 150) -> RawCandles:
    """Closes that fall and then, for two thirds, rise by the same fraction; the other way where it is below zero."""
    raw = walk(symbol, bars, 1)
    close = (100 * np.cumprod(np.where(np.arange(bars) < bars // 3, 1 - by, 1 + by))).round(6)
    opened = np.concatenate((close[:1], close[:-1]))
    values = [opened, np.maximum(opened, close) * 1.005, np.minimum(opened, close) * 0.995, close]
    raw.values[:, :4] = np.stack(values, axis=1)
    return raw


def of(result: ScanResult, symbol: str) -> ScanRow:
    return next(row for row in result.rows if row.symbol == symbol)


def test_of_equal_signals_the_least_stretched_is_ranked_first_on_either_side() -> None:
    steps = {"FAST": 0.004, "SLOW": 0.001, "DOWN": -0.002, "DIVE": -0.003}
    market = MemoryMarket([climbing(name, by) for name, by in steps.items()])
    one = {"families": ("ema",)}  # of one family a signal is 1, 0 or -1
    rows = scan.run(hourly(**one), ports(market)).rows
    assert {abs(row.signal) for row in rows} == {1.0}
    assert [row.symbol for row in rows] == ["SLOW", "DOWN", "DIVE", "FAST"]
    stretches = [row.measured["stretch"] for row in rows]
    assert stretches == sorted(stretches)
    assert min(stretches) > 0
    by_volume = scan.run(hourly(**one, tie="volume"), ports(market)).rows
    volumes = [row.quote_volume for row in by_volume]
    assert volumes == sorted(volumes, reverse=True)
    assert {row.symbol for row in by_volume} == set(steps)


def test_the_stop_stands_so_many_ranges_against_the_side() -> None:
    market = MemoryMarket([climbing("UP", 0.002), climbing("DOWN", -0.002), climbing("NEW", 0.002, bars=60)])
    for given, ranges in ({}, 3.0), ({"stop_atr": 1.5}, 1.5):
        result = scan.run(hourly(**given), ports(market))
        for symbol, way in ("UP", -1), ("DOWN", 1):
            row = of(result, symbol)
            assert row.stop_frac == way * ranges * row.measured["atr_frac"]
            assert row.stop_price == row.price * (1 + row.stop_frac)
        assert (of(result, "NEW").stop_frac, of(result, "NEW").stop_price) == (None, None)


def test_a_stop_at_or_below_zero_is_none() -> None:
    wide = climbing("UP", 0.002)
    wide.values[:, 1] *= 1.5
    wide.values[:, 2] *= 0.5
    assert of(scan.run(hourly(), ports(MemoryMarket([wide]))), "UP").stop_frac is None
    assert of(scan.run(hourly(stop_atr=0.5), ports(MemoryMarket([wide]))), "UP").stop_frac is not None


def test_who_stands_against_the_crowd_does_so_whatever_is_filtered() -> None:
    market = MemoryMarket([climbing("A", 0.002), climbing("B", 0.002), climbing("C", -0.002)])
    for given in ({}, {"side": "short"}, {"top": 1}):
        result = scan.run(hourly(**given), ports(market))
        assert of(result, "C").cautions == ("against_the_crowd",)
        assert all(not row.cautions for row in result.rows if row.symbol != "C")


@pytest.mark.parametrize(("factor", "warned"), [(1000.0, True), (0.001, True), (5.0, False)])
def test_a_jump_of_the_close_is_a_caution_and_only_if_asked_for_a_skip(factor: float, warned: bool) -> None:
    market = MemoryMarket([walk("CALM", seed=1), jumping("TWO", bar=120, factor=factor)])
    result = scan.run(hourly(all=True), ports(market))
    assert not result.skipped
    assert ("jump" in of(result, "TWO").cautions) == warned
    assert of(result, "TWO").measured["jumped_at"] == LAST_MS - 79 * HOUR_MS
    assert "jump" not in of(result, "CALM").cautions
    assert [text.split(":")[0] for text in result.header.warnings] == ["TWO"] * warned
    without = scan.run(hourly(all=True, skip_jumps=True), ports(market))
    assert not without.header.warnings
    assert [each.symbol for each in without.skipped] == ["TWO"] * warned
    assert sum(without.breadth.values()) == len(without.rows) == 2 - warned
    assert without.scanned == 2


def test_the_skip_names_bar_and_factor_and_is_no_fault() -> None:
    at = iso(LAST_MS - 79 * HOUR_MS)
    for factor, said in (172_000.0, "x17"), (1 / 172_000, "1/17"), (20.0, "x"):
        market = MemoryMarket([walk("CALM", seed=1), jumping("TWO", bar=120, factor=factor)])
        (skip,) = scan.run(hourly(skip_jumps=True), ports(market)).skipped
        assert (skip.reason, skip.reason.fault) == (SkipReason.JUMP, False)
        assert f"the close goes to {said}" in skip.detail
        assert f" at {at}" in skip.detail


def test_how_large_a_jump_may_be_is_a_setting() -> None:
    market = MemoryMarket([jumping("TWO", bar=120, factor=5.0)])
    assert of(scan.run(hourly(all=True, max_jump=3.0), ports(market)), "TWO").cautions == ("jump",)
    assert scan.run(hourly(max_jump=3.0, skip_jumps=True), ports(market)).skipped
    assert not scan.run(hourly(max_jump=30.0, skip_jumps=True), ports(market)).skipped


def test_a_jump_before_the_window_is_none() -> None:
    market = MemoryMarket([jumping("TWO", bar=40, factor=1000.0)])
    assert of(scan.run(hourly(all=True), ports(market)), "TWO").cautions == ("jump",)
    assert of(scan.run(hourly(all=True, bars=161), ports(market)), "TWO").cautions == ("jump",)
    assert of(scan.run(hourly(all=True, bars=160), ports(market)), "TWO").cautions == ()


def test_what_is_remembered_is_judged_by_the_flags_of_the_scan_that_asks(tmp_path: Path) -> None:
    names = [f"COIN{i}" for i in range(8)]
    updates = [update(name, stored_walk(250, i)) for i, name in enumerate(names)]
    shelf(tmp_path / CANDLES).write(updates)
    first = offline(tmp_path, all=True)
    assert counts(first) == (0, 8)
    strict = {"all": True, "tie": "age", "stop_atr": 1.0, "max_jump": 1.1}
    other = offline(tmp_path, **strict)
    assert counts(other) == (8, 0)
    assert_same(other, offline(tmp_path, remember=False, **strict))
    assert {row.stop_frac for row in first.rows} != {row.stop_frac for row in other.rows}
    assert Side.LONG in first.breadth
    skipping = offline(tmp_path, all=True, skip_jumps=True, max_jump=1.1)
    assert counts(skipping)[1] == 0
    assert_same(skipping, offline(tmp_path, remember=False, all=True, skip_jumps=True, max_jump=1.1))
