"""The figures beside the signal: the compiled ones are those of the slow definition, to the bit, and causal."""

import sys
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from atc_cli import _kernels
from atc_cli.domain.features import Features, Lengths, at_each_bar, at_the_end
from atc_cli.domain.panel import Candles, Panel
from atc_cli.engine.features import all_features, last_features
from tests.helpers.backends import tick_walk

BARS = (1, 2, 4, 5, 23, 24, 27, 28, 99, 100, 101, 700)


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
    assert np.isfinite(found[:4, -1]).all()
    assert np.isfinite(found[4, -1]) == (timeframe == "1h")


def test_a_figure_at_a_bar_is_what_was_known_then() -> None:
    candles = walks()[-1]
    whole = all_features(candles)
    for end in (1, 28, 99, 100, 101, 350, 699, 700):
        ((*then,),) = last_features(Panel.of([candles.between(0, end)]))
        np.testing.assert_array_equal(then, whole[:, end - 1])


def test_bars_before_the_window_do_not_enter() -> None:
    candles = walks()[-1]
    spoilt = replace(candles, values=candles.values.copy())
    spoilt.values[:4, :200] *= 1e6
    windows = [each.between(200, 700) for each in (candles, spoilt)]
    assert last_features(Panel.of(windows[:1])) == last_features(Panel.of(windows[1:]))


def test_candles_may_be_rows_of_a_larger_array_or_lie_scattered() -> None:
    candles = walks()[-1]
    plain = last_features(Panel.of([candles]))
    store = np.full((5, 3, 900), np.nan)
    store[:, 1, 100:800] = candles.values
    scattered = np.asfortranarray(candles.values)
    for values in (store[:, 1, 100:800], scattered):
        assert not values.flags.c_contiguous
        assert last_features(Panel.of([replace(candles, values=values)])) == plain


def test_without_the_extension_the_figures_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    panel = Panel.of(walks()[-4:])
    with_it = last_features(panel), all_features(panel.series[-1])
    monkeypatch.setitem(sys.modules, "atc_cli._kernels", None)
    np.testing.assert_array_equal(last_features(panel), with_it[0])
    np.testing.assert_array_equal(all_features(panel.series[-1]), with_it[1])


def test_the_atr_is_that_of_talib() -> None:
    talib = pytest.importorskip("talib")
    candles = tick_walk(1000, 11)
    _, high, low, close, _ = candles.values
    # TA-Lib has no range for its first bar: one before ours, that ends where ours begins, gives ours that of its own.
    first = np.concatenate((close[:1], close))
    theirs = talib.ATR(np.concatenate((close[:1], high)), np.concatenate((close[:1], low)), first, 100)[1:]
    ours = all_features(candles)[Features._fields.index("atr")]
    assert np.isfinite(ours).sum() == 901
    np.testing.assert_allclose(ours, theirs, rtol=1e-9)


@pytest.mark.parametrize(
    ("rows", "lengths", "size", "said"),
    [
        (5, (28, 0, 5, 24), 5, "atr is 0 bars, it must be at least 1"),
        (4, (28, 100, 5, 24), 5, "there are 3 columns, there must be 4 per series: high, low, close, volume"),
        (5, (28, 100, 5, 24), 6, "output features has 6 entries, it must have 5"),
        (9, (28, 100, 5, 24), 5, "output features has 5 entries, it must have 10"),
        (0, (28, 100, 5, 24), 5, "output features has 5 entries, it must have 0"),
    ],
)
def test_what_is_wrong_with_a_call_is_said(rows: int, lengths: tuple[int, ...], size: int, said: str) -> None:
    with pytest.raises(ValueError, match=f"^{said}"):
        _kernels.features([np.ones((rows, 9))], lengths, False, np.empty(size))


def test_rows_that_lie_scattered_are_refused() -> None:
    with pytest.raises(ValueError, match=r"^candles is not C-contiguous"):
        _kernels.features([np.ones((5, 18))[:, ::2]], (28, 100, 5, 24), False, np.empty(5))
