"""Settings that no file and no variable sets: how one run goes, and what a single command takes."""

from pathlib import Path

from atc_cli.domain.catalog import Dialect
from atc_cli.domain.timeframe import TIMEFRAMES_MS
from atc_cli.settings.names import (
    BENCH_BACKENDS,
    BENCH_BACKENDS_HERE,
    PRESETS,
    REPORT_OUTPUTS,
    THREADS_MAX,
    WANTS,
)
from atc_cli.settings.option import Section, section, setting
from atc_cli.settings.parse import Several, choice, outfile, path, switch, times, whole
from atc_cli.settings.sections import OUTPUT, RUN, WHERE


def _file(raw: str) -> Path | None:
    return path(raw) if raw else None


@section
class Own(Section):
    """What only a flag can set."""

    layered = False


@section
class Lock(Own):
    """One run at a time."""

    title = RUN

    lock: bool = setting(
        "exit 75 while the same command with the same settings runs elsewhere (for cron)",
        switch,
        default=False,
        negatable=False,
    )
    lock_file: Path | None = setting("the same with a lock of your own", path, default=None, metavar="FILE")


@section
class General(Own):
    """What every command with layered settings takes."""

    title = RUN

    config: Path | None = setting(
        "settings file in place of the user's and the project's", _file, default=None, metavar="FILE"
    )
    show_settings: bool = setting(
        "print every setting and where it comes from, then stop", switch, default=False, negatable=False
    )
    verbose: int = setting(
        "say more on stderr: every skip, timings; -vv: where the time went", times, default=0, short="-v"
    )


@section
class Quiet(Own):
    """Whether words go to stderr."""

    title = RUN

    quiet: bool = setting("say nothing on stderr but errors", switch, default=False, negatable=False, short="-q")


@section
class MemoryReport(Own):
    """What a scan holds."""

    title = RUN

    memory_report: bool = setting(
        "say on stderr the peak of memory in each stage, and the largest arrays",
        switch,
        default=False,
        negatable=False,
    )


@section
class Kept(Own):
    """What a scan says of scans before."""

    title = OUTPUT

    hits: bool = setting(
        "one line: how often flips of these candles paid within 20 bars (more: atc hits)",
        switch,
        default=False,
        negatable=False,
    )
    log: bool = setting(
        "append the rows that are printed to a table in the user's data folder, for atc hits --log",
        switch,
        default=False,
        negatable=False,
    )


@section
class Format(Own):
    """A report on stdout."""

    title = OUTPUT

    output: str | None = setting("format; table unless said otherwise", choice("output", REPORT_OUTPUTS), default=None)


@section
class File(Own):
    """A report in a file."""

    title = OUTPUT

    out: Path | None = setting("write to a file, atomically; - is stdout", outfile, default=None, metavar="FILE|-")


@section
class Timeframes(Own):
    """Several timeframes in place of the one of the settings."""

    title = WHERE

    timeframe: tuple[str, ...] = setting(
        "candle lengths, one after the other; that of the settings if none",
        Several(choice("timeframe", TIMEFRAMES_MS, fold=False)),
        default=(),
        metavar="TF[,TF]",
    )


@section
class Presets(Own):
    """Which scans are done ahead."""

    title = "Which signals"

    signals: tuple[str, ...] = setting(
        "presets to compute too, for `atc scan --preset P --signals-cache`; their timeframes unless --timeframe",
        Several(choice("preset", PRESETS)),
        default=(),
        metavar="PRESET[,PRESET]",
    )


@section
class Work(Own):
    """How the store is warmed."""

    title = RUN

    jobs: int = setting(
        "requests under way at once per exchange, within its rate limit", whole(1, 64), default=8, metavar="N"
    )
    compile: bool = setting("compile backends that are installed and compile at their first use", switch, default=True)


@section
class Prune(Own):
    """What is thrown away."""

    title = RUN

    older_than: int | None = setting(
        "throw away symbols that no scan used for N days", whole(0), default=None, metavar="DAYS"
    )
    signals: bool = setting(
        "throw away all rows that --signals-cache remembers", switch, default=False, negatable=False
    )


@section
class Health(Format):
    """A report for a person, or for a program."""

    json: bool = setting("the same as --output json", switch, default=False, negatable=False)


@section
class Sizes(Own):
    """What `bench` computes on."""

    title = "Sizes"

    symbols: int | None = setting("symbols in a batch", whole(1, 100_000), default=None, metavar="N")
    bars: int | None = setting("bars of each", whole(100, 10_000_000), default=None, metavar="N")
    full: bool = setting("10000x1500 and 1x1000000 as well", switch, default=False, negatable=False)
    data: Path | None = setting("candles of a folder, not random walks", path, default=None, metavar="DIR")
    timeframe: str = setting("which files of --data", choice("timeframe", TIMEFRAMES_MS), default="1h", metavar="TF")


@section
class Measured(Own):
    """What `bench` measures."""

    title = "What is measured"

    backend: tuple[str, ...] = setting(
        ", ".join(BENCH_BACKENDS_HERE) + "; all that can run if none",
        Several(choice("backend", BENCH_BACKENDS)),
        default=(),
        suggested=BENCH_BACKENDS_HERE,
        metavar="LIST",
    )
    threads: tuple[int, ...] = setting(
        "numbers of threads; all that a backend offers if none",
        Several(whole(1, THREADS_MAX)),
        default=(),
        metavar="LIST",
    )
    dialect: tuple[Dialect, ...] = setting(
        "lts, tradingview or both", Several(choice("dialect", Dialect)), default=(Dialect.LTS,), metavar="LIST"
    )
    want: tuple[str, ...] = setting(
        ", ".join(WANTS) + ": what is kept of the result",
        Several(choice("want", WANTS)),
        default=("average",),
        metavar="LIST",
    )
    runs: int = setting("measured runs after the warm-up; the median counts", whole(1, 1000), default=5, metavar="K")


@section
class Model(Own):
    """The cost model behind --backend auto."""

    title = "The cost model"

    routes: bool = setting(
        "what auto chooses for a grid of workloads, beside the fastest measured; takes minutes",
        switch,
        default=False,
        negatable=False,
    )
    calibrate: bool = setting(
        "measure what backends cost here, in a minute, and keep it for auto", switch, default=False, negatable=False
    )
    machine: Path | None = setting(
        "with --routes: what would be chosen on the machine of this file of bench, calibration or gpu-check",
        path,
        default=None,
        metavar="FILE",
    )


@section
class ScanRun(Kept, Lock, General, Quiet, MemoryReport):
    """How a scan goes."""


@section
class CommonRun(General, Quiet):
    """How a command with layered settings goes."""


@section
class WarmRun(Timeframes, Presets, Format, File, Work, Lock, General, Quiet):
    """All that warm-cache takes besides the settings of a scan."""


@section
class BenchSettings(Sizes, Measured, Model, Format, File, Quiet):
    """The flags of `atc bench`: a measurement says all that it depends on."""

    @property
    def folder(self) -> str | None:
        """The folder of --data as a measuring process can find it."""
        return None if self.data is None else str(self.data.absolute())
