"""Checks against self-deception: what each is called, and those that need no file of their own."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import cache

import numpy as np

from atc_cli.domain.catalog import Want
from atc_cli.domain.panel import Candles, Panel
from atc_cli.domain.params import Params
from atc_cli.domain.results.backtest import Account, Check, Figures
from atc_cli.domain.rules import CHECKS, Costs
from atc_cli.domain.tape import Floats
from atc_cli.engine.backend import Backend

LOOKAHEAD, WARMUP, COSTS, RANDOM = CHECKS
SPLIT = "split"
TITLES = {**CHECKS, SPLIT: "split in time"}

WINDOWS_BARS = (500, 1000, 1500, 3000, 6000)
COSTS_BPS = (0.0, 1.0, 2.0, 5.0, 10.0)
COST_MAX_BPS = 1000.0
_COST_STEP_BPS = 1e-3


def result(name: str, words: str, *, passed: bool | None = None, **figures: object) -> Check:
    """A check that was run."""
    return Check(name=name, title=TITLES[name], ran=True, passed=passed, words=words, figures=figures)


def complete(found: Iterable[Check]) -> tuple[Check, ...]:
    """Every check there is, in the order of TITLES, those that were not run too."""
    ran = {check.name: check for check in found}
    return tuple(ran.get(name) or Check(name=name, title=title, ran=False) for name, title in TITLES.items())


def split(parts: Sequence[Figures]) -> Check:
    """What the parts of a time that was split returned."""
    totals = [part.metrics["return_total_frac"].value for part in parts]
    words = ", ".join(
        f"{part.title}: {'nothing left' if total is None else f'{total:+.1%}'}"
        for part, total in zip(parts, totals, strict=True)
    )
    return result(SPLIT, words, returns_total_frac=totals)


def newest_signals(series: Sequence[Candles], backend: Backend, params: Params, bars: int) -> Floats:
    """The newest Average_Signal of each series over its last `bars` bars, NaN where it has fewer."""
    signals = np.full(len(series), np.nan)
    long_enough = [place for place, candles in enumerate(series) if len(candles) >= bars]
    if long_enough:
        panel = Panel.of([series[place].tail(bars) for place in long_enough])
        signals[long_enough] = backend.compute(panel, params, Want.LAST).average
    return signals


def warmup(
    signals: Floats, of_window: Callable[[int], Floats], *, window_bars: int, cuts: tuple[float, float]
) -> Check:
    """How the newest signals move with the window.

    `signals` of the window in use, a value a symbol; `of_window(bars)` those of other windows, NaN where a symbol has
    fewer bars. `cuts`: a signal above the first is long, below the second short.
    """

    def sides(values: Floats) -> Floats:
        return np.subtract(values > cuts[0], values < cuts[1], dtype=np.float64)

    found = []
    for bars in WINDOWS_BARS:
        others = of_window(bars) if bars != window_bars else signals
        both = np.isfinite(others) & np.isfinite(signals)
        count = int(np.count_nonzero(both))
        if bars == window_bars or not count:
            continue
        changed = int(np.count_nonzero(sides(others[both]) != sides(signals[both])))
        found.append(
            {
                "window_bars": bars,
                "symbols": count,
                "side_changed": changed,
                "difference_median": float(np.median(np.abs(others[both] - signals[both]))),
            }
        )
    if not found:
        return result(WARMUP, "no symbol has bars for another window", window_bars=window_bars, windows=found)
    told = ", ".join(f"{each['side_changed']} of {each['symbols']} with {each['window_bars']} bars" for each in found)
    words = f"symbols whose newest side is another than with {window_bars} bars: {told}"
    return result(WARMUP, words, window_bars=window_bars, windows=found)


def costs(run: Callable[[Costs], Account], paid: Costs) -> Check:
    """At which cost of a fill nothing is earned, and what is at some; fee and slippage together, funding as it is.

    The rules are followed anew at each cost, taken as a fee, and the break-even is found by halving.
    """

    def at(cost_bps: float) -> Account:
        return run(replace(paid, fee_frac=cost_bps / 1e4, slippage_frac=0.0))

    @cache
    def total(cost_bps: float) -> float:
        account = at(cost_bps)
        return float(account.equity[-1]) / account.capital - 1

    paid_bps = round((paid.fee_frac + paid.slippage_frac) * 1e4, 9)
    curve = [{"cost_bps": cost, "return_total_frac": total(cost)} for cost in COSTS_BPS]
    if not at(0.0).turnover.any():
        return result(COSTS, "nothing was traded", break_even_bps=None, paid_bps=paid_bps, returns=curve)
    break_even = _break_even_bps(total)
    figures = {"break_even_bps": break_even, "paid_bps": paid_bps, "returns": curve}
    if break_even is not None:
        words = f"earns nothing at {break_even:.1f} bps a side, fee and slippage together; {paid_bps:g} are paid"
        return result(COSTS, words, passed=break_even > paid_bps, **figures)
    if total(0.0) <= 0:
        return result(COSTS, f"{total(0.0):+.1%} without any costs already", passed=False, **figures)
    return result(COSTS, f"earns even at {COST_MAX_BPS:g} bps a side", passed=True, **figures)


def _break_even_bps(total: Callable[[float], float]) -> float | None:
    """None where it earns nothing without costs, or still does at COST_MAX_BPS."""
    low, high = 0.0, COSTS_BPS[-1]
    if total(low) <= 0:
        return None
    while total(high) > 0:
        low, high = high, high * 2
        if low >= COST_MAX_BPS:
            return None
    while high - low > _COST_STEP_BPS:
        middle = (low + high) / 2
        low, high = (middle, high) if total(middle) > 0 else (low, middle)
    return (low + high) / 2
