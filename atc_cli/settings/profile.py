"""The flags of `atc profile`."""

from pathlib import Path

from atc_cli.domain.timeframe import TIMEFRAMES_MS
from atc_cli.settings.option import section, setting
from atc_cli.settings.own import Own
from atc_cli.settings.parse import choice, path, switch, whole
from atc_cli.settings.sections import OUTPUT


@section
class Recorded(Own):
    """What is recorded besides the stages."""

    title = "What is recorded"

    pyspy: bool = setting(
        "sample with py-spy: flame graph (SVG) and speedscope file", switch, default=False, negatable=False
    )
    cprofile: bool = setting("count every call of Python: pstats file, top 20", switch, default=False, negatable=False)
    memory: bool = setting(
        "peak of each stage, the largest arrays, lines that hold most", switch, default=False, negatable=False
    )
    all: bool = setting("all three", switch, default=False, negatable=False)
    runs: int | None = setting(
        "runs; the median counts, and their spread is known [5, of a command behind -- 1]",
        whole(1, 1000),
        default=None,
        metavar="K",
    )


@section
class Simulated(Own):
    """The scan that is profiled where no command is."""

    title = "The simulated scan"

    symbols: int | None = setting("symbols", whole(1, 10_000), default=None, metavar="N")
    bars: int | None = setting("bars of each", whole(1), default=None, metavar="N")
    timeframe: str | None = setting(
        "candle length", choice("timeframe", TIMEFRAMES_MS, fold=False), default=None, metavar="TF"
    )


@section
class Sampling(Own):
    """How py-spy samples."""

    title = "py-spy"

    seconds: int = setting(
        "how long the command is repeated, or --pid is looked at", whole(1, 3600), default=5, metavar="S"
    )
    native: bool = setting("frames of the extension too", switch, default=False, negatable=False)
    idle: bool = setting("threads that wait too", switch, default=False, negatable=False)
    subprocesses: bool = setting("processes that it starts too", switch, default=False, negatable=False)
    pid: int | None = setting("look at a running atc", whole(1), default=None, metavar="PID")


@section
class Report(Own):
    """What is left of a profile."""

    title = OUTPUT

    out: Path | None = setting("folder for the files", path, default=None, metavar="DIR")
    exit_code: bool = setting("end with the exit code of the command", switch, default=False, negatable=False)
    compare: bool = setting("what became slower between two profiles: OLD NEW", switch, default=False, negatable=False)


@section
class ProfileSettings(Recorded, Simulated, Sampling, Report):
    """All that `atc profile` takes."""
