"""`python -m tests.measure.prefilter_recall --data DIR`: what `atc scan --prefilter N` finds, and what it costs.

DIR holds recorded hourly candles of Binance's USD-M perpetuals. At each of several bars, and with nothing later than
that bar, every symbol is computed on 1500 bars and on short windows; some of these moments are joined to larger
universes. `weight` is what short windows of all and full ones of the chosen cost, in percent of full ones of all.
`recall` is the percentage of the exact first K of a side (K = 10, 20, 50) that are among the chosen, `filled` that of
the K places for which the chosen have a row with a signal as large.
"""

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from atc_cli.commands.rows import rows_of
from atc_cli.data.exchange.pages import Paging
from atc_cli.data.exchange.tariff import tariff_of
from atc_cli.data.files.folder import FolderMarket
from atc_cli.data.market import Price
from atc_cli.data.prefilter import short_bars
from atc_cli.domain.candidates import MARGIN, candidates
from atc_cli.domain.catalog import Dialect, Want
from atc_cli.domain.features import ATR_BARS
from atc_cli.domain.panel import Candles, Panel, check
from atc_cli.domain.params import Params
from atc_cli.domain.results.scan import ScanRow
from atc_cli.domain.ties import TIES
from atc_cli.domain.timeframe import DAY_MS
from atc_cli.domain.window import Window
from atc_cli.engine import rust
from atc_cli.settings.sections import Settings

BARS = 1500
SHORT_BARS = (98, 200, 300, 498)  # with the forming one 98 weigh 1, the others 2
PER_SIDE = (20, 25, 30, 60)
FIRST = (10, 20, 50)
JOINED = (1, 3, 6)  # moments joined to one universe

Order = Callable[[Iterable[ScanRow]], list[ScanRow]]


class Moment(NamedTuple):
    """A universe as a scan saw it: rows of whole windows, and of each short one."""

    exact: list[ScanRow]
    short: dict[int, list[ScanRow]]


class Score(NamedTuple):
    """Sums over moments and sides."""

    wanted: int = 0
    found: int = 0
    filled: int = 0

    def __add__(self, other: "Score") -> "Score":
        return Score(*(a + b for a, b in zip(self, other, strict=True)))


def main() -> None:
    """Print a table for each dialect and order of equals."""
    given = _parser().parse_args()
    universe = list(recorded(given.data))
    newest = min(int(each.timestamp[-1]) for each in universe)
    opens = [newest - number * given.days * DAY_MS for number in range(given.moments)]
    _print(f"{len(universe)} symbols, {given.moments} bars {given.days} days apart, window {BARS}\n")
    for dialect in Dialect:
        params = Settings(dialect=dialect).params()
        moments = [moment_of(universe, each, params) for each in opens]
        _print(f"{dialect}: " + ", ".join(str(len(each.exact)) for each in moments) + " symbols\n")
        for name, order in ORDERS.items():
            for margin in (0.0, MARGIN) if given.all else ():
                _table(f"{dialect}, equals by {name}, margin {margin}", moments, params.cuts, order, margin)
            _usual(f"{dialect}, equals by {name}, as atc does it", moments, params, order)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.measure.prefilter_recall", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("--moments", type=int, default=13, metavar="N")
    parser.add_argument("--days", type=int, default=23, metavar="N", help="between two of them")
    parser.add_argument(
        "--all", action="store_true", help="other short windows and margins too, as they were chosen from"
    )
    return parser


def recorded(folder: Path) -> Iterator[Candles]:
    market, arrived = FolderMarket(folder, "1h"), []
    window = Window(timeframe="1h", now_ms=market.now_ms(), bars=BARS)
    market.fetch(market.listings(quote=None, tickers=False), window, arrived.append)
    return (checked for raw in arrived if isinstance(checked := check(raw), Candles))


def moment_of(universe: Iterable[Candles], open_ms: int, params: Params) -> Moment:
    known = [each.between(0, int(each.timestamp.searchsorted(open_ms, side="right"))) for each in universe]
    traded = [each for each in known if len(each) >= params.warmup_bars and each.timestamp[-1] == open_ms]
    return Moment(_rows(traded, BARS, params), {bars: _rows(traded, bars, params) for bars in SHORT_BARS})


def _rows(series: Iterable[Candles], bars: int, params: Params) -> list[ScanRow]:
    panel = Panel.of([each.tail(bars) for each in series])
    values = rust.offer().backend.compute(panel, params, Want.LAST)
    rows = rows_of(panel, values, params, atr_bars=min(bars, ATR_BARS))
    return [replace(row, approximate=bars < BARS) for row in rows if isinstance(row, ScanRow)]


def _in_order(tie: str) -> Order:
    """As a scan ranks, approximate rows among the others."""

    def order(rows: Iterable[ScanRow]) -> list[ScanRow]:
        place = TIES[tie]
        return sorted(rows, key=lambda row: (not row.trend, -abs(row.signal), *place(row), row.symbol))

    return order


ORDERS: dict[str, Order] = {"age of the flip": _in_order("age"), "stretch": _in_order("stretch")}


def _table(title: str, moments: list[Moment], cuts: tuple[float, float], order: Order, margin: float) -> None:
    _print(f"\n{title}\n  bars    N")
    joined = [each for several in JOINED if (each := _joined(moments, several))]
    for universes in joined:
        symbols = sum(len(each.exact) for each in universes) / len(universes)
        _print(f"   {symbols:4.0f}: weight recall filled   ")
    for bars in SHORT_BARS:
        for per_side in PER_SIDE:
            _print(f"\n  {bars:4} {per_side:4}")
            for universes in joined:
                chosen = [
                    candidates(each.short[bars], per_side, cuts, order=order, margin=margin) for each in universes
                ]
                _print(f"   {_share(bars, universes, chosen):4.0%}  {_scored(universes, chosen, order)}")
    _print("\n")


def _usual(title: str, moments: list[Moment], params: Params, order: Order) -> None:
    _print(f"\n{title}\n  symbols    N  bars  weight  recall       filled\n")
    for universes in filter(None, (_joined(moments, several) for several in JOINED)):
        symbols = round(sum(len(each.exact) for each in universes) / len(universes))
        for per_side in PER_SIDE:
            bars = short_bars(_prices, BARS, params.warmup_bars, symbols, 2 * per_side)
            if bars is None:
                _print(f"  {symbols:7} {per_side:4}  whole windows of all\n")
                continue
            chosen = [candidates(each.short[bars], per_side, params.cuts, order=order) for each in universes]
            share = _share(bars, universes, chosen)
            _print(f"  {symbols:7} {per_side:4}  {bars:4}  {share:6.0%}  {_scored(universes, chosen, order)}\n")


def _scored(universes: list[Moment], chosen: list[set[tuple[str, str]]], order: Order) -> str:
    scores = [score_of(universes, chosen, order, first) for first in FIRST]
    recall = "/".join(f"{100 * each.found / each.wanted:3.0f}" for each in scores)
    filled = "/".join(f"{100 * each.filled / each.wanted:3.0f}" for each in scores)
    return f"{recall}  {filled}"


def _joined(moments: list[Moment], several: int) -> list[Moment]:
    """Each so many moments as if they were one, of so many times the symbols; what is left over counts nowhere."""
    return [_one(moments[at : at + several]) for at in range(0, len(moments) - several + 1, several)]


def _one(moments: list[Moment]) -> Moment:
    def together(parts: Iterable[list[ScanRow]]) -> list[ScanRow]:
        return [replace(row, exchange=str(number)) for number, rows in enumerate(parts) for row in rows]

    short = {bars: together(each.short[bars] for each in moments) for bars in SHORT_BARS}
    return Moment(together(each.exact for each in moments), short)


def score_of(moments: list[Moment], chosen: list[set[tuple[str, str]]], order: Order, first: int) -> Score:
    score = Score()
    for moment, names in zip(moments, chosen, strict=True):
        ranked = order(moment.exact)
        for trend in (1, -1):
            side = [row for row in ranked if row.trend == trend]
            wanted, has = side[:first], [row for row in side if (row.exchange, row.symbol) in names]
            as_large = sum(abs(row.signal) >= abs(wanted[-1].signal) for row in has) if wanted else 0
            score += Score(
                len(wanted),
                sum((row.exchange, row.symbol) in names for row in wanted),
                min(as_large, len(wanted)),
            )
    return score


def _share(bars: int, moments: list[Moment], chosen: list[set[tuple[str, str]]]) -> float:
    """Short windows of all and full ones of the chosen, by full ones of all."""
    symbols = sum(len(each.exact) for each in moments)
    return (symbols * _weight(bars) + sum(map(len, chosen)) * _weight(BARS)) / (symbols * _weight(BARS))


def _weight(bars: int) -> int:
    return _prices(bars).weight


def _prices(bars: int) -> Price:
    tariff = tariff_of("binance", "swap")
    assert tariff is not None
    paging = Paging(tariff.page_bars, tariff.page_weight)
    return Price(0, sum(map(paging.weight, paging.sizes(bars + 1))))  # the forming candle comes along


def _print(text: str) -> None:
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
