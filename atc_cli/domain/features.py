"""Figures of a series beside its signal, as of each bar and nothing after it: lengths, names, the slow definition."""

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from atc_cli.domain.dispersion import Numbers, bollinger, hurst, total, volatility
from atc_cli.domain.timeframe import DAY_MS, TIMEFRAMES_MS
from atc_cli.domain.wilder import adx, rsi

EMA_BARS = 28
ATR_BARS = 100
BURST_BARS = 5
RSI_BARS = 14
ADX_BARS = 14
BOLLINGER_BARS = 20
VOLATILITY_BARS = 100
HURST_BARS = 256
_FEWEST_BARS_A_DAY = 24

Floats = NDArray[np.float64]


class Lengths(NamedTuple):
    """How far back the figures look, in bars; `day` is 0 where no volumes are compared."""

    ema: int = EMA_BARS
    atr: int = ATR_BARS
    burst: int = BURST_BARS
    day: int = 0
    rsi: int = RSI_BARS
    adx: int = ADX_BARS
    bollinger: int = BOLLINGER_BARS
    volatility: int = VOLATILITY_BARS
    hurst: int = HURST_BARS

    @classmethod
    def of(cls, timeframe: str) -> "Lengths":
        """The usual ones; volumes are compared where a day has at least 24 bars."""
        bars = DAY_MS // TIMEFRAMES_MS[timeframe]
        return cls(day=bars if bars >= _FEWEST_BARS_A_DAY else 0)


class Features(NamedTuple):
    """The figures at one bar, NaN where there are too few bars; windows begin with the series, missing bars count not.

    ema: e = e + 2 / (lengths.ema + 1) * (close - e), e = close at the first bar; from bar lengths.ema on.
    atr: Wilder's average of the true range max(high, close before) - min(low, close before), high - low at the first
    bar; the mean of the first lengths.atr, then ((lengths.atr - 1) * atr + true range) / lengths.atr.
    jump: close / close before, where the larger of the two / the smaller is largest so far, the first of equals;
    jumped: the number of that bar. burst: mean volume of the last lengths.burst bars / of the last lengths.day bars,
    which are 24 h unless bars are missing; NaN where a volume is unknown or all are 0.

    A Wilder average over n is the mean of the first n values, then a = a + (value - a) / n (Wilder 1978, New Concepts
    in Technical Trading Systems, whose RSI and ADX these are).
    rsi: 0 to 100, 100 * gain / (gain + loss): averages over n = lengths.rsi of max(close - close before, 0) and
    max(close before - close, 0). From bar n + 1 on; NaN as long as the price has not moved at all.
    adx: 0 to 100, 100 * the average of |up - down| / (up + down), which is 0 where nothing has moved either way. up is
    the average of high - high before where that is > 0 and > low before - low, else 0; down the other way round; all
    three over n = lengths.adx. The true range, by which Wilder divides both, cancels. From bar 2 * n on.

    bollinger: %B = (close - lower) / (upper - lower), 0 and 1 on the bands: the mean of the last lengths.bollinger
    closes -+ 2 standard deviations of the population (Bollinger 2001, Bollinger on Bollinger Bands); NaN where these
    closes are equal.
    volatility: standard deviation (n - 1) of the last lengths.volatility returns, a fraction per bar; 0 where the price
    is flat (Hull, Options, Futures, and Other Derivatives: from historical data). A return is 2 * (close - before) /
    (close + before): ln(close / before) but for a twelfth of its cube, as far up as down, the same bits everywhere.
    hurst: near 0.5 for a random walk, above where steps go on, a steady drift included, below where they turn back.
    Generalised Hurst exponent for q = 2 (Di Matteo, Aste, Dacorogna 2005, J. Banking & Finance 29, 827): half the
    slope, by least squares, of log m(k) over log k, m(k) the mean square of the sums of k neighbouring returns that lie
    within the last lengths.hurst, k = 1, 2, 4, 8, 16. Of 256 returns of a random walk it is 0.49 with a standard
    deviation of 0.05, heavy tails or none. NaN where m(1), m(2), m(8) or m(16) is 0, as of a flat price.
    """

    ema: float
    atr: float
    jump: float
    jumped: float
    burst: float
    rsi: float
    adx: float
    bollinger: float
    volatility: float
    hurst: float


def at_each_bar(values: Floats, lengths: Lengths) -> list[Features]:
    """Of every bar; `values` [5, bars] are open, high, low, close, volume. Slow: what is fast gives these bits."""
    return [_at(values, known, lengths) for known in _walk(values, lengths)]


def at_the_end(values: Floats, lengths: Lengths) -> Features:
    """Of the last bar; see at_each_bar."""
    *_, known = (_NOTHING, *_walk(values, lengths))
    return _at(values, known, lengths)


class _Known(NamedTuple):
    """At the last of so many bars; `range` is the sum of the true ranges until there are enough for their average."""

    bars: int
    ema: float
    range: float
    jump: float
    jumped: float
    rsi: float
    adx: float


_NOTHING = _Known(0, *[math.nan] * 6)


def _walk(values: Floats, lengths: Lengths) -> Iterator[_Known]:
    _, highs, lows, closes, _ = values.tolist()
    wilders = zip(rsi(closes, lengths.rsi), adx(highs, lows, lengths.adx), strict=True)
    before = ema = ranged = jump = jumped = math.nan
    factor = 0.0
    for bar, (high, low, close, wilder) in enumerate(zip(highs, lows, closes, wilders, strict=True)):
        if bar == 0:
            ema, ranged = close, high - low
        else:
            ema += 2 / (lengths.ema + 1) * (close - ema)
            true_range = max(high, before) - min(low, before)
            ranged = (lengths.atr - 1) * ranged + true_range if bar >= lengths.atr else ranged + true_range
            # The product is what the comparison is defined by: it rounds otherwise than the quotient.
            if max(close, before) > factor * min(close, before):
                factor, jump, jumped = max(close, before) / min(close, before), close / before, float(bar)
        if bar + 1 >= lengths.atr:
            ranged /= lengths.atr
        before = close
        yield _Known(bar + 1, ema, ranged, jump, jumped, *wilder)


def _at(values: Floats, known: _Known, lengths: Lengths) -> Features:
    bars, far = known.bars, max(lengths.bollinger, lengths.volatility + 1, lengths.hurst + 1)
    closes = values[3, max(bars - far, 0) : bars].tolist()
    return Features(
        ema=known.ema if bars >= lengths.ema else math.nan,
        atr=known.range if bars >= lengths.atr else math.nan,
        jump=known.jump,
        jumped=known.jumped,
        burst=_burst(values[4, :bars], lengths),
        rsi=known.rsi,
        adx=known.adx,
        bollinger=bollinger(closes, lengths.bollinger),
        volatility=volatility(closes, lengths.volatility),
        hurst=hurst(closes, lengths.hurst),
    )


def _burst(volume: Floats, lengths: Lengths) -> float:
    if not lengths.day or len(volume) < max(lengths.day, lengths.burst):
        return math.nan
    newest, day = (_mean(volume[-bars:].tolist()) for bars in (lengths.burst, lengths.day))
    return newest / day if day else math.nan


def _mean(values: Numbers) -> float:
    return total(values) / len(values)
