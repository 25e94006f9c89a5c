"""A second oracle: spec/ATC.md written down in Python's integers and floats, one series, one bar at a time.

It shares nothing with the package but names of enumerations, and no way of computing with the reference: window sums
are differences of prefix sums, which integers allow, and where the spec binds an order, lists in that order.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from atc_cli.domain.catalog import Dialect, Robustness, Source
from atc_cli.domain.params import Params

NAN = math.nan
Side = int | None
Prices = Sequence[float]

OFFSETS = {Robustness.NARROW: (1, 2, 3, 4), Robustness.MEDIUM: (1, 2, 4, 6), Robustness.WIDE: (1, 3, 5, 7)}
COLUMNS = {
    Source.CLOSE: "c", Source.OPEN: "o", Source.HIGH: "h", Source.LOW: "l",
    Source.HL2: "hl", Source.HLC3: "hlc", Source.OHLC4: "ohlc",
}  # fmt: skip
ORDER = ("ema", "hma", "wma", "dema", "lsma", "kama")
RENEWAL = 256


@dataclass(frozen=True)
class Series:
    """What averages are computed on. On grid `p` and `q` are integers (close, source) and `unit` is m*10^k."""

    c: Prices
    s: Prices
    p: Sequence[float]
    q: Sequence[float]
    unit: int
    k: int

    @property
    def on_grid(self) -> bool:
        return self.k >= 0


@dataclass(frozen=True)
class Told:
    """Everything of one series; families and members in the order of the spec, those not in use None."""

    k: int
    average: list[float]
    flipped: int
    families: list[tuple[list[float], list[float]] | None]
    members: list[list[tuple[list[int], list[float]]] | None]


def told(columns: dict[str, Prices], params: Params, growth: Prices) -> Told:
    """The values of one series whose columns are o, h, l, c."""
    tradingview = params.dialect is Dialect.TRADINGVIEW
    series = on_raw_prices(columns, params.source) if tradingview else on_a_grid(columns, params)
    cutout, bars = params.cutout, len(series.c)
    r = [NAN] * bars
    for t in range(cutout + 1, bars):
        r[t] = (series.p[t] - series.p[t - 1]) / series.p[t - 1] * growth[t - cutout]

    def equity(start: float, signal: Sequence[float]) -> list[float]:
        return equity_of(start, signal, r, params)

    families: list[tuple[list[float], list[float]] | None] = []
    members: list[list[tuple[list[int], list[float]]] | None] = []
    for name, base, weight in zip(ORDER, params.lengths, params.weights, strict=True):
        if name not in params.families:
            families.append(None)
            members.append(None)
            continue
        sides = (TRADINGVIEW if tradingview else LTS)[name]
        signals = [crossings(sides(n, series), skipping=tradingview) for n in lengths(base, params)]
        nine = [(signal, equity(1.0, signal)) for signal in signals]
        x = [NAN] * min(cutout, bars) + [
            rounded(sum_of(s[t] * e[t] for s, e in nine) / sum_of(e[t] for _, e in nine), tradingview)
            for t in range(cutout, bars)
        ]
        members.append(nine)
        families.append((x, equity(weight, x)))
    average = average_of([each for each in families if each], params, bars)
    return Told(series.k, average, last_flip(average, params), families, members)


def lengths(base: int, params: Params) -> list[int]:
    offsets = OFFSETS[params.robustness]
    return [base, *(base + o for o in offsets), *(base - o for o in offsets)]


# Section 3: the grid.


def on_raw_prices(columns: dict[str, Prices], source: Source) -> Series:
    taken = [columns[name] for name in COLUMNS[source]]
    s = [sum_of(each) / len(taken) if len(taken) > 1 else each[0] for each in zip(*taken, strict=True)]
    return Series(columns["c"], s, columns["c"], s, 1, -1)


def on_a_grid(columns: dict[str, Prices], params: Params) -> Series:
    raw, names = on_raw_prices(columns, params.source), COLUMNS[params.source]
    m = len(names)
    for k in range(15):
        scaled = {name: [x0 * 10.0**k for x0 in columns[name]] for name in {*names, "c"}}
        if all(abs(x - round(x)) <= 2 * math.ulp(x) for column in scaled.values() for x in column):
            break
    else:
        return raw
    p = [round(x) * m for x in scaled["c"]]
    q = [sum(each) for each in zip(*([round(x) for x in scaled[name]] for name in names), strict=True)]
    if max(*p, *q) * largest_factor(params) >= 2**53:
        return raw
    return Series(raw.c, raw.s if m == 1 else [each / (m * 10**k) for each in q], p, q, m * 10**k, k)


def largest_factor(params: Params) -> int:
    factors = {
        "ema": lambda n: n, "dema": lambda n: n, "kama": lambda n: n, "wma": triangle,
        "lsma": lambda n: 3 * n * (n + 1),
        "hma": lambda n: 2 * math.lcm(triangle(n // 2), triangle(n)) * triangle(math.isqrt(n)),
    }  # fmt: skip
    used = [(name, base) for name, base in zip(ORDER, params.lengths, strict=True) if name in params.families]
    return max(factors[name](n) for name, base in used for n in lengths(base, params))


def triangle(n: int) -> int:
    return n * (n + 1) // 2


def windows(x: Sequence[float], first: int, w: int, *, exact: bool) -> tuple[list[float], list[float]]:
    """S and W of x, defined from bar `first`, over w bars; NaN before bar first + w - 1."""
    bars, f = len(x), first + w - 1
    plain, weighted = [NAN] * bars, [NAN] * bars
    if exact:
        known = [0] * first + [int(value) for value in x[first:]]
        sums = [0, *accumulate(known)]
        moments = [0, *accumulate(t * value for t, value in enumerate(known))]
        for t in range(f, bars):
            plain[t] = sums[t + 1] - sums[t + 1 - w]
            weighted[t] = moments[t + 1] - moments[t + 1 - w] - (t - w) * plain[t]
        return plain, weighted
    for t in range(f, bars):
        if t == f or t % RENEWAL == 0:
            plain[t] = sum_of(x[t - w + 1 : t + 1])
            weighted[t] = sum_of(i * value for i, value in enumerate(x[t - w + 1 : t + 1], start=1))
        else:
            weighted[t] = weighted[t - 1] + (w * x[t] - plain[t - 1])
            plain[t] = plain[t - 1] + (x[t] - x[t - w])
    return plain, weighted


def sum_of(values: object) -> float:
    """Left to right, each sum rounded: not Python's sum, which compensates from 3.12 on."""
    total, *rest = values
    for value in rest:
        total = total + value
    return total


# Section 4: on which side of its average the close is, None where that is undefined.


def compared(close: Sequence[float], average: Sequence[float], factor: int = 1) -> list[Side]:
    return [None if a != a else (c * factor > a) - (c * factor < a) for c, a in zip(close, average, strict=True)]


def wma(n: int, x: Series) -> list[Side]:
    return compared(x.p, windows(x.q, 0, n, exact=x.on_grid)[1], triangle(n))


def lsma(n: int, x: Series) -> list[Side]:
    plain, weighted = windows(x.q, 0, n, exact=x.on_grid)
    return compared(x.p, [6 * w - 2 * (n + 1) * s for s, w in zip(plain, weighted, strict=True)], n * (n + 1))


def hma(n: int, x: Series) -> list[Side]:
    h, root = n // 2, math.isqrt(n)
    common = math.lcm(triangle(h), triangle(n))
    half, whole = (windows(x.q, 0, w, exact=x.on_grid)[1] for w in (h, n))
    a, b = 2 * common // triangle(h), common // triangle(n)
    raw = [a * one - b * other for one, other in zip(half, whole, strict=True)]
    return compared(x.p, windows(raw, n - 1, root, exact=x.on_grid)[1], triangle(root) * common)


def ema_of(s: Prices, n: int, first: int, seed: float) -> list[float]:
    alpha, e = 2 / (n + 1), seed
    average = [NAN] * min(first, len(s))
    for t in range(first, len(s)):
        e = seed if t == first else e + alpha * (s[t] - e)
        average.append(e)
    return average


def ema_lts(n: int, x: Series) -> list[float]:
    if len(x.s) < n:
        return [NAN] * len(x.s)
    seed = sum(x.q[:n]) / (n * x.unit) if x.on_grid else sum_of(x.s[:n]) / n
    return ema_of(x.s, n, n - 1, seed)


def ema(n: int, x: Series) -> list[Side]:
    return compared(x.c, ema_lts(n, x))


def dema(n: int, x: Series) -> list[Side]:
    once = ema_lts(n, x)
    twice = ema_of(once, n, n - 1, once[n - 1]) if len(once) >= n else once
    return compared(x.c, [2 * e1 - e2 for e1, e2 in zip(once, twice, strict=True)])


def kama(n: int, x: Series) -> list[Side]:
    steps = [0, *(abs(b - a) for a, b in zip(x.q, x.q[1:], strict=False))]
    noise, _ = windows(steps, 1, n, exact=x.on_grid)
    average = [x.s[0]] * min(n, len(x.s))
    for t in range(n, len(x.s)):
        ratio = abs(x.q[t] - x.q[t - n]) / noise[t] if noise[t] > 0 else 0.0
        average.append(nearer(average[-1], x.s[t], ratio))
    return compared(x.c, average)


def nearer(k: float, s: float, ratio: float) -> float:
    z = ratio * (0.666 - 0.064) + 0.064
    return k + (z * z) * (s - k)


LTS: dict[str, Callable[[int, Series], list[Side]]] = {
    "ema": ema, "hma": hma, "wma": wma, "dema": dema, "lsma": lsma, "kama": kama,
}  # fmt: skip


# Section 5.


def rolling(x: Prices, first: int, n: int) -> list[float]:
    """The compensated rolling sum of x, whose first value is at bar `first`; NaN until n have come."""
    total = carry = 0.0
    stored: list[float] = []
    sums = [NAN] * len(x)
    for t in range(first, len(x)):
        value, b = x[t], abs(carry)
        r = value + b
        if carry != 0 and value != 0 and math.isfinite(r) and r != 0 and b - (r - value) > 0:
            total = sum_of(reversed(x[max(first, t - n + 1) : t + 1]))
            carry = 0.0
            stored.append(value)
        elif len(stored) < n:
            y = value - carry
            u = total + y
            carry, total = (u - total) - y, u
            stored.append(y)
        else:
            y1 = -stored[-n] - carry
            u = total + y1
            y2 = value - ((u - total) - y1)
            v = u + y2
            carry, total = (v - u) - y2, v
            stored.append(y2)
        if t - first + 1 >= n:
            sums[t] = total
    return sums


def at(values: Prices, t: int) -> float:
    return values[t] if t < len(values) else NAN


def simple(n: int, x: Series) -> list[Side]:
    return compared(x.c, [total / n for total in rolling(x.s, 0, n)])


def ema_of_the_script(n: int, x: Series) -> list[float]:
    return ema_of(x.s, n, n - 1, at(rolling(x.s, 0, n), n - 1) / n)


def dema_of_the_script(n: int, x: Series) -> list[Side]:
    once = ema_of_the_script(n, x)
    twice = ema_of(once, n, 2 * n - 2, at(rolling(once, n - 1, n), 2 * n - 2) / n)
    return compared(x.c, [2 * e1 - e2 for e1, e2 in zip(once, twice, strict=True)])


def resummed(n: int, x: Series, value: Callable[[Prices], float]) -> list[Side]:
    return compared(x.c, [NAN if t < n - 1 else value(x.s[t - n + 1 : t + 1]) for t in range(len(x.s))])


def wma_of_the_script(n: int, x: Series) -> list[Side]:
    return resummed(n, x, lambda s: sum_of(value * i for i, value in enumerate(s, start=1)) / triangle(n))


def lsma_of_the_script(n: int, x: Series) -> list[Side]:
    sx, sx2 = triangle(n), n * (n + 1) * (2 * n + 1) // 6

    def end_of_line(s: Prices) -> float:
        sy, sxy = sum_of(s), sum_of(i * value for i, value in enumerate(s, start=1))
        b = (n * sxy - sx * sy) / (n * sx2 - sx * sx)
        return (sy / n - b * sx / n + b) + b * (n - 1)

    return resummed(n, x, end_of_line)


def kama_of_the_script(n: int, x: Series) -> list[Side]:
    steps = [NAN, *(abs(b - a) for a, b in zip(x.s, x.s[1:], strict=False))]
    noise = rolling(steps, 1, n)
    k, average = 0.0, []
    for t, s in enumerate(x.s):
        ratio = abs(s - x.s[t - n]) / noise[t] if t >= n and noise[t] > 1e-10 else 0.0
        k = nearer(k, s, ratio)
        average.append(k)
    return compared(x.c, average)


TRADINGVIEW: dict[str, Callable[[int, Series], list[Side]]] = {
    "ema": lambda n, x: compared(x.c, ema_of_the_script(n, x)), "hma": simple, "wma": wma_of_the_script,
    "dema": dema_of_the_script, "lsma": lsma_of_the_script, "kama": kama_of_the_script,
}  # fmt: skip


# Sections 2, 4 and 5: signals, equities, layers.


def crossings(sides: Sequence[Side], *, skipping: bool) -> list[int]:
    """`skipping`: the bar before is the last one on which there was a side."""
    signal, before, signals = 0, None, []
    for side in sides:
        if side is not None and before is not None:
            signal = 1 if side > 0 >= before else -1 if side < 0 <= before else signal
        if side is not None or not skipping:
            before = side
        signals.append(signal)
    return signals


def equity_of(start: float, signal: Sequence[float], r: Prices, params: Params) -> list[float]:
    tradingview, keep = params.dialect is Dialect.TRADINGVIEW, 1 - params.decay / 100
    least = 1e-10 if tradingview else 0.0
    equity = [NAN] * min(params.cutout, len(r))
    a, e = 0.0, start
    for t in range(params.cutout, len(r)):
        if t > params.cutout:
            before = signal[t - 1]
            a = r[t] if before > 0 else -r[t] if before < 0 else a if tradingview else 0.0
            e = (e * keep) * (1 + a)
        e = 0.25 if e - 0.25 < -least else e
        equity.append(e)
    return equity


def rounded(x: float, tradingview: bool) -> float:
    if not math.isfinite(x):
        return NAN
    if not tradingview:
        return round(100 * x) / 100
    f = abs(x) % 1.0
    u = math.floor(100 * f)
    u += 100 * f - u >= 0.5 - 1e-10
    value = (abs(x) - f) + u / 100
    return -value if x < 0 else value


def average_of(families: Sequence[tuple[list[float], list[float]]], params: Params, bars: int) -> list[float]:
    tradingview = params.dialect is Dialect.TRADINGVIEW
    above, below = (0.49, -0.49) if tradingview else (params.long_threshold, params.short_threshold)
    average = [NAN if tradingview else 0.0] * min(params.cutout, bars)
    for t in range(params.cutout, bars):
        cut = [(x[t] > above) - (x[t] < below) for x, _ in families]
        weights = [weight[t] for _, weight in families]
        average.append(sum_of(i * w for i, w in zip(cut, weights, strict=True)) / sum_of(weights))
    return [0.0, *average[:-1]] if params.strategy and not tradingview else average


def last_flip(average: Prices, params: Params) -> int:
    sides = [(value > params.long_threshold) - (value < params.short_threshold) for value in average]
    return max((t for t in range(1, len(sides)) if sides[t] != sides[t - 1]), default=-1)
