"""Settings to the candles that they ask for."""

from collections.abc import Iterable, Sequence

from atc_cli.data.gather import Wanted
from atc_cli.data.load import Needs
from atc_cli.data.universe import Filters, parse_watchlist
from atc_cli.domain.params import Params
from atc_cli.domain.timeframe import TIMEFRAMES_MS
from atc_cli.domain.window import Window
from atc_cli.settings.parse import span_ms
from atc_cli.settings.sections import Settings


def wanted_of(
    settings: Settings,
    needs: Needs,
    now_ms: int,
    *,
    typed: Sequence[str] = (),
    watchlist: Iterable[str] | None = None,
) -> Wanted:
    """The symbols typed and watched, or all that the filters leave; `watchlist` are the lines of a watchlist."""
    age_ms = settings.min_age * TIMEFRAMES_MS[settings.timeframe]
    return Wanted(
        window=Window(timeframe=settings.timeframe, now_ms=now_ms, bars=settings.bars, forming=settings.include_open),
        needs=needs,
        filters=Filters(
            deny=settings.deny,
            allow=settings.allow,
            stable=settings.stable,
            leveraged=settings.leveraged,
            born_by_ms=now_ms - age_ms if age_ms else None,
            min_volume=settings.min_volume,
        ),
        quote=settings.quote,
        typed=typed,
        watched=None if watchlist is None else parse_watchlist(watchlist),
        stored=settings.offline and settings.data is None,
    )


def needs_of(settings: Settings, params: Params, *, max_lag_bars: int | None) -> Needs:
    """What a signal needs of a symbol's candles."""
    return Needs(
        warmup_bars=params.warmup_bars,
        min_bars=settings.min_bars,
        cutout_bars=settings.cutout,
        max_lag_bars=max_lag_bars,
        max_age_ms=None if settings.max_data_age is None else span_ms(settings.max_data_age),
    )
