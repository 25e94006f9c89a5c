"""The figures beside the signal: the compiled ones are those of the slow definition, to the bit, and causal."""

import sys
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atc_cli import _kernels
from atc_cli.domain.features import Features, Lengths, at_each_bar, at_the_end
from atc_cli.domain.panel import Candles, Panel
from atc_cli.engine.features import all_features, last_features
from tests.helpers.backends import tick_walk

BARS = (1, 2, 5, 14, 15, 23, 24, 27, 28, 99, 100, 101, 256, 257, 400)
USUAL = tuple(Lengths(day=24))


def walks(lengths: Sequence[int] = BARS) -> list[Candles]:
    """Random walks of several lengths, with volumes, each in the frame that its number says."""
    rng = np.random.default_rng(5)
    series = []
    for seed, bars in enumerate(lengths):
        candles = tick_walk(bars, seed, decimals=seed % 9)
        candles.values[4] = rng.gamma(0.3, 1e3, bars)
        series.append(candles)
    return series


@pytest.mark.parametrize("count", [0, 1, 7, 8, 9, len(BARS)])
def test_the_last_figures_of_a_panel_are_those_of_the_definition(count: int) -> None:
    series = walks()[:count]
    expected = [at_the_end(each.values, Lengths.of("1h")) for each in series]
    assert len(expected) == count
    np.testing.assert_array_equal(last_features(Panel.of(series)), expected)


@pytest.mark.parametrize("timeframe", ["1h", "4h"])
def test_the_figures_of_every_bar_are_those_of_the_definition(timeframe: str) -> None:
    for candles in walks():
        framed = replace(candles, timeframe=timeframe)
        found = all_features(framed)
        np.testing.assert_array_equal(found.T, at_each_bar(candles.values, Lengths.of(timeframe)))
    assert np.isfinite(np.delete(found[:, -1], 4)).all()
    assert np.isfinite(found[4, -1]) == (timeframe == "1h")


def test_a_figure_at_a_bar_is_what_was_known_then() -> None:
    candles = walks()[-1]
    whole = all_features(candles)
    for end in (1, 15, 28, 99, 100, 101, 257, 350, 399, 400):
        ((*then,),) = last_features(Panel.of([candles.between(0, end)]))
        np.testing.assert_array_equal(then, whole[:, end - 1])


def test_bars_before_the_window_do_not_enter() -> None:
    candles = walks()[-1]
    spoilt = replace(candles, values=candles.values.copy())
    spoilt.values[:4, :100] *= 1e6
    windows = [each.between(100, 400) for each in (candles, spoilt)]
    assert last_features(Panel.of(windows[:1])) == last_features(Panel.of(windows[1:]))


def test_candles_may_be_rows_of_a_larger_array_or_lie_scattered() -> None:
    candles = walks()[-1]
    plain = last_features(Panel.of([candles]))
    store = np.full((5, 3, 900), np.nan)
    store[:, 1, 100:500] = candles.values
    scattered = np.asfortranarray(candles.values)
    for values in (store[:, 1, 100:500], scattered):
        assert not values.flags.c_contiguous
        assert last_features(Panel.of([replace(candles, values=values)])) == plain


def test_without_the_extension_the_figures_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    panel = Panel.of(walks()[-4:])
    with_it = last_features(panel), all_features(panel.series[-1])
    monkeypatch.setitem(sys.modules, "atc_cli._kernels", None)
    np.testing.assert_array_equal(last_features(panel), with_it[0])
    np.testing.assert_array_equal(all_features(panel.series[-1]), with_it[1])


@given(
    seed=st.integers(0, 2**32 - 1),
    bars=st.integers(1, 330),
    decimals=st.integers(0, 8),
    flat=st.floats(0, 1),
    unknown=st.floats(0, 0.1),
    count=st.integers(1, 9),
)
@settings(max_examples=60, deadline=None)
def test_a_figure_of_the_bars_so_far_is_that_of_all_bars(
    seed: int, bars: int, decimals: int, flat: float, unknown: float, count: int
) -> None:
    """Bit for bit, whoever goes abreast; prices that stand still for long, volumes that are 0 or unknown."""
    rng = np.random.default_rng(seed)
    candles = tick_walk(bars, seed, decimals=decimals, volatility=rng.choice([1e-4, 0.01, 0.3]))
    still = rng.random(bars) < flat
    places = np.maximum.accumulate(np.where(still, 0, np.arange(bars)))
    candles.values[:4] = candles.values[:4, places]
    candles.values[4] = np.where(rng.random(bars) < unknown, np.nan, rng.gamma(0.1, 1.0, bars))
    whole = all_features(candles)
    ends = [bars, *(1 + rng.integers(0, bars, count - 1))]
    then = last_features(Panel.of([candles.between(0, int(end)) for end in ends]))
    np.testing.assert_array_equal(np.array(then).T, whole[:, np.array(ends) - 1])
    np.testing.assert_array_equal(then[0], at_the_end(candles.values, Lengths.of("1h")))


def test_only_the_figures_that_are_asked_for_come_in_the_order_asked() -> None:
    candles = walks()[-1]
    whole = dict(zip(Features._fields, all_features(candles), strict=True))
    for names in ([], ["atr", "ema"], ["hurst", "burst", "hurst"], *([name] for name in Features._fields)):
        found = all_features(candles, names)
        assert found.shape == (len(names), len(candles))
        np.testing.assert_array_equal(found, np.array([whole[name] for name in names]).reshape(found.shape))


class TestBesideTaLib:
    """What other programs show; from a bar on at which a beginning of another kind has worn off."""

    def setup_method(self) -> None:
        self.talib = pytest.importorskip("talib")
        self.candles = tick_walk(1000, 11)
        _, self.high, self.low, self.close, _ = self.candles.values
        self.ours = dict(zip(Features._fields, all_features(self.candles), strict=True))

    def test_the_atr_is_the_same(self) -> None:
        # TA-Lib has no range for its first bar: one before ours, that ends where ours begins, gives ours its own.
        before = [np.concatenate((self.close[:1], each)) for each in (self.high, self.low, self.close)]
        theirs = self.talib.ATR(*before, 100)[1:]
        assert np.isfinite(self.ours["atr"]).sum() == 901
        np.testing.assert_allclose(self.ours["atr"], theirs, rtol=1e-9)

    def test_the_rsi_is_the_same(self) -> None:
        assert np.isfinite(self.ours["rsi"]).sum() == 986
        np.testing.assert_allclose(self.ours["rsi"], self.talib.RSI(self.close, 14), rtol=1e-9)

    def test_the_adx_comes_with_the_same_bar_and_is_the_same_later(self) -> None:
        # TA-Lib's first averages of movements are of 13 bars and a step, Wilder's of 14 bars.
        theirs = self.talib.ADX(self.high, self.low, self.close, 14)
        np.testing.assert_array_equal(np.isfinite(self.ours["adx"]), np.isfinite(theirs))
        np.testing.assert_allclose(self.ours["adx"][500:], theirs[500:], rtol=1e-9)

    def test_the_place_between_the_bands_is_the_same(self) -> None:
        upper, _, lower = self.talib.BBANDS(self.close, 20, 2, 2)
        theirs = (self.close - lower) / (upper - lower)
        np.testing.assert_allclose(self.ours["bollinger"], theirs, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    ("rows", "lengths", "size", "said"),
    [
        (5, (28, 0, *USUAL[2:]), 10, "atr is 0 bars, it must be at least 1"),
        (5, (*USUAL[:7], 1, 256), 10, "volatility is 1 bars, it must be at least 2"),
        (5, (*USUAL[:8], 15), 10, "hurst is 15 bars, it must be at least 16"),
        (4, USUAL, 10, "there are 3 columns, there must be 4 per series: high, low, close, volume"),
        (5, USUAL, 6, "output features has 6 entries, it must have 10"),
        (9, USUAL, 5, "output features has 5 entries, it must have 20"),
        (0, USUAL, 5, "output features has 5 entries, it must have 0"),
    ],
)
def test_what_is_wrong_with_a_call_is_said(rows: int, lengths: tuple[int, ...], size: int, said: str) -> None:
    with pytest.raises(ValueError, match=f"^{said}"):
        _kernels.features([np.ones((rows, 9))], lengths, None, np.empty(size))


def test_a_figure_that_there_is_none_of_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^figure 10 is asked for, there are 10, from 0 on"):
        _kernels.features([np.ones((5, 9))], USUAL, [0, 10], np.empty(18))


def test_rows_that_lie_scattered_are_refused() -> None:
    with pytest.raises(ValueError, match=r"^candles is not C-contiguous"):
        _kernels.features([np.ones((5, 18))[:, ::2]], USUAL, None, np.empty(10))
