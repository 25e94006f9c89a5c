"""The flags of each `atc cache` command."""

from atc_cli.settings.option import Option, switch, whole
from atc_cli.settings.sections import BENCH_OPTIONS, OPTIONS

OLDER_THAN = Option(
    key="older_than",
    panel="Run",
    help="throw away symbols that no scan used for N days",
    parse=whole(0),
    default=None,
    metavar="DAYS",
)
SIGNALS = Option(
    key="signals",
    panel="Run",
    help="throw away all rows that --signals-cache remembers",
    parse=switch,
    default=False,
    negatable=False,
)
_PLACE = OPTIONS["cache_dir"]
_CANDLES = (OPTIONS["exchange"], OPTIONS["market"], OPTIONS["timeframe"], _PLACE)
CACHE: dict[str, tuple[Option, ...]] = {
    "ls": (_PLACE, BENCH_OPTIONS["output"]),
    "verify": (_PLACE,),
    "prune": (OLDER_THAN, SIGNALS, OPTIONS["cache_max_mb"], _PLACE),
    "path": (_PLACE,),
    "import": _CANDLES,
    "export": _CANDLES,
}
