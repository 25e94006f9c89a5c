"""What the charts of the page draw: the curves, and candles and trades of some symbols, as small as can be."""

from operator import itemgetter

import numpy as np

from atc_cli.domain.results.backtest import BacktestResult, Priced
from atc_cli.domain.rules import Reason
from atc_cli.reporting.backtest_rows import drawdown
from atc_cli.reporting.documents import Document
from atc_cli.reporting.text import printable
from atc_cli.reporting.thinned import Thinning, merged, packed, short_numbers, steps

POINTS, CANDLES, SYMBOLS, TRADES = 2_000, 1_500, 12, 400


def charts(result: BacktestResult) -> Document:
    """The curves at the closes of bars in at most 2,000 points, and the symbols that won or lost most."""
    shown = _most_moved(result)
    return {
        "bar_s": result.bar_ms // 1000,
        "curve": _curve(result),
        "symbols": [_symbol(result, place, priced) for place, priced in shown],
        "reasons": [each.value for each in Reason],
    }


def _curve(result: BacktestResult) -> Document:
    thinning = Thinning.to(len(result.axis_ms), POINTS)
    times = result.axis_ms[thinning.places()] + result.bar_ms
    later = np.append(True, np.diff(times) > 0) if len(times) else np.empty(0, np.bool_)
    return {
        "each": thinning.each,
        "times": steps(times[later], 1000),
        "equity": short_numbers(thinning.values(result.account.equity)[later]),
        "benchmark": short_numbers(thinning.values(result.benchmark)[later]),
        "drawdown": short_numbers(thinning.values(drawdown(result))[later] * 100),
    }


def _most_moved(result: BacktestResult) -> list[tuple[int, Priced]]:
    """Symbols with candles, by their number, those first that won or lost most."""
    numbers = {each.symbol: (place, abs(each.pnl)) for place, each in enumerate(result.symbols)}
    found = [(numbers[each.symbol], each) for each in result.candles if each.symbol in numbers and len(each.timestamp)]
    found.sort(key=lambda each: -each[0][1])
    return [(place, priced) for (place, _), priced in found[:SYMBOLS]]


def _symbol(result: BacktestResult, number: int, priced: Priced) -> Document:
    """Candles, larger ones where they are many, and the trades on them, the last ones where they are many."""
    each = -(-len(priced.timestamp) // CANDLES)
    decimals, candles = packed(merged(priced.values, each))
    trades = result.account.trades
    own = np.flatnonzero(trades.symbol == number)
    own = own[np.argsort(trades.entry[own], kind="stable")][-TRADES:]
    candle_of = [
        (np.searchsorted(priced.timestamp, result.axis_ms[at[own]], side="right") - 1).clip(0) // each
        for at in (trades.entry, trades.exit)
    ]
    columns = (
        *(at.tolist() for at in candle_of),
        trades.side[own].tolist(),
        _short(trades.entry_price[own].tolist()),
        _short(trades.exit_price[own].tolist()),
        short_numbers(trades.pnl[own]),
        trades.reason[own].tolist(),
    )
    return {
        "name": printable(priced.symbol),
        "each": each,
        "times": steps(priced.timestamp[::each], 1000),
        "decimals": decimals,
        "candles": candles,
        "trades": sorted(zip(*columns, strict=True), key=itemgetter(0, 1)),
        "of": int((trades.symbol == number).sum()),
    }


def _short(prices: list[float]) -> list[float]:
    """With seven significant digits."""
    return [float(f"{each:.7g}") for each in prices]
