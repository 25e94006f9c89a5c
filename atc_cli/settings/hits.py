"""The flags of `atc hits`."""

from atc_cli.settings.backtest import Paid
from atc_cli.settings.indicator import Indicator, Members
from atc_cli.settings.option import only, section, setting, without
from atc_cli.settings.own import CommonRun, File, Format, General, Own, Quiet
from atc_cli.settings.parse import Several, moment, switch, whole
from atc_cli.settings.sections import Backend, Feed, Output, Place, Remembered, Rows, Settings, Store, Universe
from atc_cli.settings.verb import SYMBOLS, Verb


@section
class Judged(Own):
    """Which entries are judged, when, and what they pay."""

    title = "What is judged"

    after: tuple[int, ...] = setting(
        "entered at the next open, left at the open N bars later",
        Several(whole(1, 10_000)),
        default=(20,),
        metavar="N[,N]",
    )
    replay: bool = setting(
        "flips as a scan would have shown them at every bar: each of the window of that bar, not of one for all",
        switch,
        default=False,
        negatable=False,
    )
    start: int | None = setting(
        "first bar of --replay, as 2025-01-31; candles before it are fetched too [a year before now; all "
        "that files and stored candles allow]",
        moment,
        default=None,
        metavar="TIME",
    )
    log: bool = setting(
        "not flips but the rows that `atc scan --log` printed with these settings",
        switch,
        default=False,
        negatable=False,
    )


@section
class HitsRun(Judged, Paid, Format, File, CommonRun):
    """How `atc hits` goes."""


HITS = Verb(
    name="hits",
    summary="How often flips paid: of a whole universe, net of costs, with the interval that chance leaves.",
    about="Per symbol it would be noise, so no rate of a symbol is shown.",
    examples=(
        "atc hits --exchange demo                      flips of the window that a scan loads",
        "atc hits --timeframe 1h --after 5,20 --bars 8760",
        "atc hits --replay --start 2025-01-31          as scans would have shown them since",
        "atc hits --log                                rows that `atc scan --log` printed",
    ),
    exits="as scan.",
    settings=Settings,
    own=HitsRun,
    flags=(
        Judged,
        without(Paid, "funding"),
        without(Place, "include_open"),
        Store,
        only(Remembered, "signals_max_mb"),
        Feed,
        without(Universe, "max_lag", "max_data_age"),
        only(Rows, "min_signal", "max_jump", "skip_jumps"),
        *(Indicator, Members, Format, File),
        only(Output, "tz"),
        *(Backend, General, Quiet),
    ),
    usual=(
        *("after", "replay", "start", "log", "fee_bps", "slippage_bps"),
        *("exchange", "data", "market", "timeframe", "bars", "offline", "watchlist", "deny"),
        *("preset", "output", "out", "verbose", "quiet"),
    ),
    arguments=(SYMBOLS,),
)
