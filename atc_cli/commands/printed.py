"""What scans printed: kept by `atc scan --log`, and judged by `atc hits --log`."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from atc_cli.backtest.hits import Walk, walk
from atc_cli.commands.header import document_of, header_of
from atc_cli.commands.hits import hits_of
from atc_cli.commands.ports import Ports
from atc_cli.commands.question import wanted_of
from atc_cli.data.gather import gather
from atc_cli.data.load import Needs
from atc_cli.domain.panel import Panel
from atc_cli.domain.params import document_hash
from atc_cli.domain.results.hits import HitsResult
from atc_cli.domain.results.printed import Printed, PrintedRow
from atc_cli.domain.results.scan import Decision, Header, ScanRow
from atc_cli.domain.timeframe import TIMEFRAMES_MS
from atc_cli.domain.window import Window
from atc_cli.errors import NoDataError
from atc_cli.settings.hits import HitsRun
from atc_cli.settings.sections import Settings

PRINTED = "rows that `atc scan --log` printed, one entry for each bar at which a symbol was among them"

PlaceOf = Callable[[str], str]
"""Of an exchange what tells its candles from others of the same names."""


def printed_of(header: Header, rows: Iterable[ScanRow], place_of: PlaceOf) -> list[Printed]:
    """Rows as they are kept, by exchange and bar."""
    by_bar: dict[tuple[str, int], list[PrintedRow]] = {}
    for row in rows:
        kept = PrintedRow(row.symbol, row.side, row.signal, row.rank, row.price)
        by_bar.setdefault((row.exchange, row.bar_close_ms), []).append(kept)
    return [
        Printed(
            generated_at_ms=header.generated_at_ms,
            bar_close_ms=bar_close_ms,
            exchange=exchange,
            market=header.market,
            place=place_of(exchange),
            timeframe=header.timeframe,
            dialect=header.dialect,
            params_hash=header.params_hash,
            rows=tuple(kept),
        )
        for (exchange, bar_close_ms), kept in by_bar.items()
    ]


def run(
    settings: Settings,
    own: HitsRun,
    ports: Ports,
    kept: Sequence[Printed],
    place_of: PlaceOf,
    *,
    typed: Sequence[str] = (),
    watchlist: Iterable[str] | None = None,
) -> HitsResult:
    """Judge what scans with these settings printed; the market is that of the typed and watched symbols, or of all.

    Raises NoDataError where nothing is kept of such a scan, and as gather does.
    """
    settings = replace(settings, include_open=False, max_data_age=None)
    ours = _ours(settings, ports, kept, place_of)
    first_ms = min(each.bar_close_ms for each in ours)
    needs = Needs(warmup_bars=1, min_bars=0, cutout_bars=0, max_lag_bars=None)
    wanted = wanted_of(settings, needs, ports.clock_ms(), typed=typed, watchlist=watchlist)
    since_ms = first_ms - TIMEFRAMES_MS[settings.timeframe]
    window = Window(timeframe=settings.timeframe, now_ms=wanted.window.now_ms, since_ms=since_ms)
    gathered = gather(ports.markets, replace(wanted, window=window), ports.progress)
    seen, later, lost = _entered(Panel.of(gathered.series), ours, first_ms)
    hits = hits_of(seen, own, settings, PRINTED)
    horizons = tuple(replace(each, open_count=each.open_count + later) for each in hits.horizons)
    decision = Decision("none", "the signals are those that were printed")
    return HitsResult(
        header=header_of(settings, settings.params(), ports, gathered, decision=decision, compute_ms=0.0),
        hits=replace(hits, horizons=horizons, notes=(*hits.notes, *lost)),
        skipped=gathered.skipped,
        interrupted=gathered.interrupted,
    )


def _ours(settings: Settings, ports: Ports, kept: Sequence[Printed], place_of: PlaceOf) -> list[Printed]:
    """What scans of these markets with these settings printed."""
    digest = document_hash(document_of(settings, settings.params()))
    scans = {(each.name, each.kind, place_of(each.name), settings.timeframe, digest) for each in ports.markets}
    ours = [each for each in kept if each.made_of in scans]
    if ours:
        return ours
    others = Counter(f"{each.exchange} {each.market} {each.timeframe}" for each in kept)
    known = ", ".join(f"{name} ({count} result{'' if count == 1 else 's'})" for name, count in others.most_common(5))
    said = f"logged are, also with other settings: {known}" if known else "atc scan --log keeps them"
    raise NoDataError("nothing is logged of a scan with these settings", said)


def _entered(panel: Panel, ours: Sequence[Printed], first_ms: int) -> tuple[Walk, int, list[str]]:
    """What was printed at the bars of a panel, how many rows no bar has followed yet, and what cannot be judged."""
    places = {(each.exchange, each.symbol): number for number, each in enumerate(panel.series)}
    trend = np.zeros(int(panel.offsets[-1]), np.int8)
    able = np.concatenate([each.timestamp >= first_ms for each in panel.series] or [np.empty(0, np.bool_)])
    later, lost = 0, Counter[str]()
    for printed in ours:
        for row in printed.rows:
            series = places.get((printed.exchange, row.symbol))
            if series is None:
                lost[row.symbol] += row.side.trend != 0
                continue
            candles = panel.series[series]
            bar = int(candles.timestamp.searchsorted(printed.bar_close_ms))
            if bar < len(candles):
                trend[panel.offsets[series] + bar] = row.side.trend
            else:
                later += row.side.trend != 0
    return walk(panel, trend, able), later, list(_lost(lost))


def _lost(rows_of: Mapping[str, int]) -> Iterator[str]:
    """What was printed of symbols that have no candles."""
    rows, symbols = sum(rows_of.values()), len(rows_of)
    if rows:
        verb = "is" if rows == 1 else "are"
        whose = f"{rows} printed row{'' if rows == 1 else 's'} of {symbols} symbol{'' if symbols == 1 else 's'}"
        yield f"{whose} {verb} not judged: there are no candles of {'it' if symbols == 1 else 'them'}"
