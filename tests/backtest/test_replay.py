"""The replay is the scan at every bar: bit for bit, whatever the anchor, the backend and the shape of the history."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atc_cli.backtest.replay import replay
from atc_cli.commands.rows import computed, rows_of
from atc_cli.data.files.folder import FolderMarket
from atc_cli.data.load import Needs, load
from atc_cli.domain.anchor import Anchor
from atc_cli.domain.catalog import Dialect, Want
from atc_cli.domain.panel import Candles, Panel
from atc_cli.domain.params import Params
from atc_cli.domain.replayed import Replayed, spans_of
from atc_cli.domain.results.scan import ScanRow
from atc_cli.domain.window import Window
from atc_cli.engine.rust import RustBackend
from atc_cli.reporting.progress import SilentProgress
from tests.conftest import SHARED, needs_shared
from tests.helpers.backends import HOUR_MS, backend, candles_of, flat, per_family, tick_walk

PARAMS = Params(lengths=per_family(10))
LEAST = PARAMS.warmup_bars
BARS = 60
ANCHORS = ["rolling", "rolling:7", "fixed", "origin"]

both_dialects = pytest.mark.parametrize("dialect", list(Dialect))
each_anchor = pytest.mark.parametrize("text", ANCHORS)


def gappy(candles: Candles, seed: int) -> Candles:
    """Without some bars, three in a row among them."""
    rng = np.random.default_rng(seed)
    keep = rng.random(len(candles)) > 0.1
    keep[len(candles) // 2 : len(candles) // 2 + 3] = False
    return replace(candles, timestamp=candles.timestamp[keep], values=candles.values[:, keep])


def leaving_the_grid() -> Candles:
    """On a grid of two decimals, then of three, then on none; the same again with prices too large for it."""
    close = tick_walk(150, 5).values[3].copy()
    close[60:] += 0.001
    close[100] = 1 / 3
    return candles_of(np.stack([close] * 4))


def too_large_for_the_grid() -> Candles:
    close = tick_walk(150, 6).values[3].copy()
    close[90:] *= 1e12
    return flat(np.rint(close * 100) / 100)


SERIES = [
    tick_walk(170, 1),
    gappy(tick_walk(190, 2), 2),
    tick_walk(40, 3),
    leaving_the_grid(),
    too_large_for_the_grid(),
    flat(1 / (3 + np.sin(np.arange(120)))),
]


def first_ms(bar: int) -> int:
    return int(tick_walk(1, 0).timestamp[0]) + bar * HOUR_MS


def replayed(series: list[Candles], params: Params, text: str, bar: int, name: str = "rust-scalar") -> list[Replayed]:
    anchor = Anchor.parse(text)
    asked = {"bars": BARS, "first_ms": first_ms(bar), "least_bars": LEAST}
    return list(replay(series, backend(name), params, anchor, **asked))


def scanned(window: Candles, params: Params) -> tuple[float, int]:
    """Signal and age as the slow reference's scan of this window shows them."""
    if len(window) < LEAST or len(window) <= params.cutout:
        return np.nan, -1
    (row,) = computed([window], backend("reference"), params)
    if not isinstance(row, ScanRow):
        return np.nan, -1
    return row.signal, -1 if row.age_bars is None else row.age_bars


def first_of(candles: Candles, text: str, bar: int, start: int) -> int:
    """The first bar of the window at a bar, by hand."""
    first = next(i for i, at in enumerate(candles.timestamp) if at >= first_ms(start))
    if text == "origin":
        return 0
    if text == "fixed":
        return max(0, first + 1 - BARS)
    if text == "rolling":
        return max(0, bar + 1 - BARS)
    turn = int(candles.timestamp[bar] - first_ms(start)) // (7 * HOUR_MS)
    leads = [i for i in range(first, bar + 1) if int(candles.timestamp[i] - first_ms(start)) // (7 * HOUR_MS) == turn]
    return max(0, leads[0] + 1 - BARS)


def points(series: list[Candles], start: int) -> Iterator[tuple[int, int]]:
    for number, candles in enumerate(series):
        for bar in range(len(candles)):
            if candles.timestamp[bar] >= first_ms(start):
                yield number, bar


@each_anchor
@both_dialects
@given(data=st.data())
@settings(max_examples=2)
def test_every_value_is_that_of_a_scan_of_its_window_alone(text: str, dialect: Dialect, data: st.DataObject) -> None:
    params = replace(
        PARAMS,
        dialect=dialect,
        cutout=data.draw(st.sampled_from([0, 30])),
        strategy=data.draw(st.booleans()),
    )
    start = data.draw(st.sampled_from([0, 25, 61, 95]))
    found = replayed(SERIES, params, text, start)
    assert [len(each.average) for each in found] == [len(each.age) for each in found] == [len(each) for each in SERIES]
    some = data.draw(st.lists(st.sampled_from(list(points(SERIES, start))), min_size=8, max_size=8))
    for number, bar in some:
        candles = SERIES[number]
        window = candles.between(first_of(candles, text, bar, start), bar + 1)
        got = found[number].average[bar], found[number].age[bar]
        np.testing.assert_array_equal(got, scanned(window, params), err_msg=f"{number}, {bar}")


@each_anchor
@both_dialects
@pytest.mark.parametrize("cutout", [0, LEAST + 3])
def test_values_begin_with_the_bars_that_a_scan_needs(text: str, dialect: Dialect, cutout: int) -> None:
    params = replace(PARAMS, dialect=dialect, cutout=cutout)
    (found,) = replayed([tick_walk(BARS, 1)], params, text, 0)
    first = max(LEAST, cutout + 1) - 1
    assert np.isnan(found.average).tolist() == [True] * first + [False] * (BARS - first)


@each_anchor
def test_a_series_that_never_changes_its_side_has_no_age_whatever_is_computed_beside_it(text: str) -> None:
    series = [each for seed in range(6) for each in (tick_walk(100, seed), flat(np.full(100, 5.0)))]
    found = replayed(series, PARAMS, text, 61)
    assert any(abs(each.average[-1]) > PARAMS.long_threshold for each in found[::2])
    for still in found[1::2]:
        assert (still.average[61:] == 0).all()
        assert (still.age == -1).all()


@each_anchor
@both_dialects
def test_nothing_before_the_start_and_nothing_depends_on_what_comes_later(text: str, dialect: Dialect) -> None:
    params = replace(PARAMS, dialect=dialect)
    whole = replayed(SERIES, params, text, 70)
    for cut in (71, 95, 101, 140):
        series = [each.between(0, min(cut, len(each))) for each in SERIES]
        for candles, part, full in zip(series, replayed(series, params, text, 70), whole, strict=True):
            np.testing.assert_array_equal(part.average, full.average[: len(candles)])
            np.testing.assert_array_equal(part.age, full.age[: len(candles)])
            early = candles.timestamp < first_ms(70)
            assert np.isnan(part.average[early]).all()
            assert (part.age[early] == -1).all()


@each_anchor
@pytest.mark.parametrize("name", ["numba", "reference"])
def test_backends_that_know_no_windows_replay_the_same(text: str, name: str) -> None:
    series = [each.tail(75) for each in SERIES[:4]]
    for found, right in zip(replayed(series, PARAMS, text, 80, name), replayed(series, PARAMS, text, 80), strict=True):
        np.testing.assert_array_equal(found.average, right.average)
        np.testing.assert_array_equal(found.age, right.age)


@both_dialects
@each_anchor
@pytest.mark.parametrize("strategy", [False, True])
def test_where_equities_overflow_there_is_no_value_as_the_scan_shows_none(
    text: str, dialect: Dialect, strategy: bool
) -> None:
    params = replace(PARAMS, dialect=dialect, strategy=strategy, weights=per_family(3.2e307))
    history = tick_walk(90, 1, volatility=0.03)
    (found,) = replayed([history], params, text, 0)
    unseen = np.isnan(found.average)
    for bar in range(LEAST, 90):
        window = history.between(first_of(history, text, bar, 0), bar + 1)
        right = rows_of(
            Panel.of([window]), backend("rust-scalar").compute(Panel.of([window]), params, Want.LAST), params
        )
        shown = (right[0].signal, right[0].age_bars) if isinstance(right[0], ScanRow) else (np.nan, None)
        np.testing.assert_array_equal(found.average[bar], shown[0])
        assert found.age[bar] == (-1 if shown[1] is None else shown[1])
    assert unseen[LEAST:].any()
    assert not unseen[LEAST:].all()


def test_progress_counts_every_wanted_value_once() -> None:
    for text in ANCHORS:
        anchor, told = Anchor.parse(text), []
        spans = [spans_of(each, anchor, BARS, first_ms(30), LEAST) for each in SERIES]
        asked = {"bars": BARS, "first_ms": first_ms(30), "least_bars": LEAST}
        list(replay(SERIES, backend("rust-scalar"), PARAMS, anchor, **asked, advance=told.append))
        assert sum(told) == sum(np.count_nonzero(each) for each in spans)


def test_no_series_and_series_without_a_wanted_bar() -> None:
    assert replayed([], PARAMS, "rolling", 0) == []
    (none,) = replayed([tick_walk(80, 1)], PARAMS, "fixed", 500)
    assert np.isnan(none.average).all()
    assert len(none.age) == 80


@needs_shared
@both_dialects
def test_recorded_perpetuals_replay_as_they_are_scanned(dialect: Dialect) -> None:
    market = FolderMarket(SHARED / "data" / "binance-usdm-1h", "1h")
    listings = market.listings(quote=None, tickers=False)[::40]
    window = Window(timeframe="1h", now_ms=market.now_ms(), bars=700)
    needs = Needs(warmup_bars=1, min_bars=0, cutout_bars=0, max_lag_bars=None)
    series = load(market, listings, window, needs, SilentProgress()).candles
    assert len(series) > 5
    params, bars, rng = Params(dialect=dialect), 500, np.random.default_rng(7)
    asked = {"bars": bars, "first_ms": 0, "least_bars": params.warmup_bars}
    found = list(replay(series, RustBackend(), params, Anchor(), **asked))
    for number in rng.integers(0, len(series), 8).tolist():
        bar = int(rng.integers(params.warmup_bars, len(series[number])))
        window = series[number].between(max(0, bar + 1 - bars), bar + 1)
        got = found[number].average[bar], found[number].age[bar]
        np.testing.assert_array_equal(got, scanned(window, params))
