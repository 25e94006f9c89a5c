"""Flags that say how a command runs: no file and no variable sets them."""

from collections.abc import Mapping
from typing import Any

from atc_cli.domain.timeframe import TIMEFRAMES_MS
from atc_cli.settings.option import BENCH, SCAN, WARM, Option, Several, choice, given_value, path, switch, text, whole
from atc_cli.settings.sections import BENCH_OPTIONS, OPTIONS, PRESETS


def _run(key: str, help_text: str, parse: Any = switch, default: Any = False, **extra: Any) -> Option:
    return Option(key=key, panel="Run", help=help_text, parse=parse, default=default, negatable=False, **extra)


QUIET = _run("quiet", "say nothing on stderr but errors", short="-q")
_GENERAL = (
    _run("config", "settings file in place of the user's and the project's", text, None, metavar="FILE"),
    _run("show_settings", "print every setting and where it comes from, then stop"),
    _run("verbose", "say more on stderr: every skip, timings", short="-v"),
    QUIET,
)
LOCK = _run("lock", "exit 75 while the same command with the same settings runs elsewhere (for cron)")
LOCK_FILE = _run("lock_file", "the same with a lock of your own", path, None, metavar="FILE")
TIMEFRAMES = Option(
    key="timeframe",
    panel=OPTIONS["timeframe"].panel,
    help="candle lengths, one after the other; that of the settings if none",
    parse=Several(choice("timeframe", TIMEFRAMES_MS, fold=False)),
    default=(),
    choices=tuple(TIMEFRAMES_MS),
    metavar="TF[,TF]",
)
SIGNALS = Option(
    key="signals",
    panel="Which signals",
    help="presets to compute too, for `atc scan --preset P --signals-cache`; their timeframes unless --timeframe",
    parse=Several(choice("preset", PRESETS)),
    default=(),
    choices=PRESETS,
    metavar="PRESET[,PRESET]",
)
JOBS = _run("jobs", "requests under way at once per exchange, within its rate limit", whole(1, 64), 8, metavar="N")
COMPILE = Option(
    key="compile",
    panel="Run",
    help="compile backends that are installed and compile at their first use",
    parse=switch,
    default=True,
)
WARM_OWN = {
    each.key: each for each in (TIMEFRAMES, SIGNALS, JOBS, COMPILE, BENCH_OPTIONS["output"], BENCH_OPTIONS["out"])
}
_WARM_PLACE = ("exchange", "market", "quote", "bars", "cache_dir", "cache_max_mb", "rate_share", "refresh_markets")
_WARM_WHICH = ("watchlist", "deny", "allow", "stable", "leveraged", "min_age", "min_volume", "preset")
_LOCKS = (LOCK, LOCK_FILE)
_OF: dict[str, tuple[Option, ...]] = {
    SCAN: (*_LOCKS, *_GENERAL),
    BENCH: (QUIET,),
    WARM: (
        *(OPTIONS[key] for key in _WARM_PLACE[:3]),
        TIMEFRAMES,
        *(OPTIONS[key] for key in (*_WARM_PLACE[3:], *_WARM_WHICH)),
        SIGNALS,
        BENCH_OPTIONS["output"],
        BENCH_OPTIONS["out"],
        JOBS,
        COMPILE,
        *_LOCKS,
        *_GENERAL,
    ),
}


def run_options(command: str) -> tuple[Option, ...]:
    """The flags of a command that are no settings, and of warm-cache those settings that it takes as well."""
    return _OF.get(command, _GENERAL)


def own_values(options: Mapping[str, Option], given: Mapping[str, Any]) -> dict[str, Any]:
    """The value of each option, its default where it was not given; UsageError names the flag."""
    return {
        key: option.default if given.get(key) is None else given_value(option, given[key])
        for key, option in options.items()
    }
