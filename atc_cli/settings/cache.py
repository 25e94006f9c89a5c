"""The commands that keep stored candles."""

from dataclasses import replace
from pathlib import Path

from atc_cli.settings.option import only
from atc_cli.settings.own import Format, Prune
from atc_cli.settings.sections import Place, Settings, Store
from atc_cli.settings.verb import SYMBOLS, Argument, Verb

_FOLDER = Argument(name="folder", metavar="DIR", help="files named SYMBOL-TIMEFRAME.parquet", parse=Path, required=True)
_STORED_CANDLES = (only(Place, "exchange", "market", "timeframe"), only(Store, "cache_dir"))

CACHE = (
    Verb(
        name="cache ls",
        summary="What is stored, and what is known of missing bars.",
        examples=(
            "atc cache ls",
            "atc cache ls --output json                    every symbol, every hole",
        ),
        settings=Settings,
        own=Format,
        flags=(only(Store, "cache_dir"), Format),
    ),
    Verb(
        name="cache verify",
        summary="Read every bit that is stored; the exit code is the verdict.",
        examples=("atc cache verify && echo sound",),
        exits="0 every file is what was written, 4 the folder that was named is not there, 69 a file is not.",
        settings=Settings,
        flags=(only(Store, "cache_dir"),),
    ),
    Verb(
        name="cache prune",
        summary="Throw away damaged files, what no scan uses, and what is above the size limit.",
        examples=(
            "atc cache prune --older-than 90               symbols that no scan used for 90 days",
            "atc cache prune --signals                     and all that --signals-cache remembers",
            "atc cache prune --cache-max-mb 500            those not used for the longest time, until 500 MB are left",
        ),
        exits="0 ok, 69 a file can neither be read nor thrown away.",
        settings=Settings,
        own=Prune,
        flags=(Prune, only(Store, "cache_max_mb", "cache_dir")),
    ),
    Verb(
        name="cache path",
        summary="Where the candles are stored.",
        examples=(
            "atc cache path",
            "ATC_CACHE_DIR=/mnt/fast/atc atc cache path",
        ),
        settings=Settings,
        flags=(only(Store, "cache_dir"),),
    ),
    Verb(
        name="cache import",
        summary="Store the candles of a folder, as an exchange's; files are named as the exchange names symbols.",
        examples=(
            "atc cache import candles/ --exchange binance --market swap",
            "atc cache import candles/ --exchange binance --market swap --timeframe 1h",
        ),
        exits="0 ok, 3 some files were left out, 4 no data, 69 the disk is full.",
        settings=Settings,
        flags=_STORED_CANDLES,
        arguments=(_FOLDER,),
    ),
    Verb(
        name="cache export",
        summary="Write stored candles to a folder, one Parquet file a symbol, as --data reads them.",
        examples=(
            "atc cache export candles/ --exchange binance --market swap --timeframe 1h",
            "atc cache export candles/ BTCUSDT ETHUSDT",
        ),
        exits="0 ok, 3 some of the symbols are not stored, 4 none is, 69 the disk is full.",
        settings=Settings,
        flags=_STORED_CANDLES,
        arguments=(_FOLDER, replace(SYMBOLS, help="all if none")),
    ),
)
