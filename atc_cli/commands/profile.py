"""`atc profile`: a command in processes of its own, each recorded in another way."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from atc_cli.data.market import Progress
from atc_cli.domain.results.profile import ProfileResult
from atc_cli.errors import AtcError, UnavailableError, UsageError
from atc_cli.profiling import calls, pyspy, samples
from atc_cli.profiling.plan import Plan, Record
from atc_cli.profiling.process import Recorded, atc_command, recorded
from atc_cli.profiling.summing import memory_of, stage_runs
from atc_cli.settings.profile import ProfileSettings

SIMULATED_RUNS = 5
ONE_THREAD = (
    "repeated for {seconds} s after a first run, with one thread: py-spy does not see worker threads of the extension"
)
_REPEATED = "repeated (atc_cli/profiling/child.py"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfilePorts:
    """The machine that figures hold for, the revision of this atc, how files of arguments begin, progress."""

    machine: Mapping[str, Any]
    revision: str
    base: Callable[[Sequence[str]], Path]
    progress: Progress


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was found, how its files begin, the counted calls for one of them, and what failed."""

    result: ProfileResult
    base: Path
    pstats: bytes | None
    failure: AtcError | None


def arguments_of(settings: ProfileSettings, command: Sequence[str]) -> list[str]:
    """What atc is given: the command behind --, else a scan of the simulated market."""
    sizes = {"--demo-symbols": settings.symbols, "--bars": settings.bars, "--timeframe": settings.timeframe}
    given = [part for flag, value in sizes.items() if value is not None for part in (flag, str(value))]
    if not command:
        return ["scan", "--exchange", "demo", "--quiet", *given]
    if given:
        raise UsageError("--symbols, --bars and --timeframe are those of the simulated scan", "say them behind --")
    typed = list(command[1:] if command[0] == "atc" else command)
    if not typed or typed[0] == "profile":
        raise UsageError("a profile of nothing, or of itself", "name another atc command: atc profile -- scan ..")
    return typed


def run(settings: ProfileSettings, command: Sequence[str], ports: ProfilePorts, *, stdin: bytes | None) -> Outcome:
    """Run and record; `stdin` is what every run is given, None: the first one ours.

    Ctrl-C keeps what is done. What py-spy cannot do is a failure of the outcome, and of this where nothing else was
    asked for but a process that runs already.
    """
    arguments = arguments_of(settings, command) if settings.pid is None else ["--pid", str(settings.pid)]
    base = ports.base(arguments)
    blank = ProfileResult(arguments=tuple(arguments), revision=ports.revision, machine=ports.machine)
    with TemporaryDirectory(prefix="atc-profile-") as folder:
        work = _Work(settings, Path(folder), arguments, bool(command), stdin, blank)
        steps = work.steps()
        ports.progress.begin("profile", len(steps))
        try:
            for step in steps:
                step()
                ports.progress.advance()
                if work.result.interrupted:
                    break
        except KeyboardInterrupt:
            work.result = replace(work.result, interrupted=True)
        finally:
            ports.progress.end()
        return Outcome(work.result, base, work.pstats, work.failure)


@dataclass(slots=True)
class _Work:
    settings: ProfileSettings
    folder: Path
    arguments: list[str]
    typed: bool
    stdin: bytes | None
    result: ProfileResult
    times: list[Recorded] = field(default_factory=list)
    pstats: bytes | None = None
    failure: AtcError | None = None

    def steps(self) -> list[Callable[[], None]]:
        """One for each process that is needed."""
        settings = self.settings
        if settings.pid is not None:
            return [self._sample]
        runs = settings.runs or (1 if self.typed else SIMULATED_RUNS)
        wanted = ((settings.memory, self._memory), (settings.cprofile, self._calls), (settings.pyspy, self._sample))
        return [self._stages] * runs + [step for asked, step in wanted if asked or settings.all]

    def _recorded(self, record: Record, *, shown: bool = False) -> Recorded:
        plan = Plan(record, str(self.folder / record))
        done = recorded(plan, self.arguments, shown=shown, stdin=self.stdin)
        if done.interrupted:
            self.result = replace(self.result, interrupted=True)
        return done

    def _stages(self) -> None:
        first = not self.times
        done = self._recorded(Record.STAGES, shown=first and self.typed)
        if first:
            self.result = replace(self.result, code=done.code)
            if done.code and not self.typed:
                again = "atc " + " ".join(self.arguments)
                raise UnavailableError(f"the simulated scan ended with code {done.code}", f"see what it says: {again}")
        self.times.append(done)
        wall_ms = tuple(each.wall_ns / 1e6 for each in self.times)
        use_ns = float(done.document["use_ns"])
        self.result = replace(self.result, wall_ms=wall_ms, stages=stage_runs(self.times), use_ns=use_ns)

    def _memory(self) -> None:
        peaks = self._recorded(Record.PEAKS).document
        self.result = replace(self.result, memory=memory_of(peaks, {}))
        if not self.result.interrupted:
            self.result = replace(self.result, memory=memory_of(peaks, self._recorded(Record.LINES).document))

    def _calls(self) -> None:
        self._recorded(Record.CALLS)
        file = self.folder / f"{Record.CALLS}.pstats"
        self.result = replace(self.result, calls=calls.top(file))
        self.pstats = file.read_bytes()

    def _sample(self) -> None:
        settings, raw = self.settings, self.folder / "samples.raw"
        passed = {"native": settings.native, "idle": settings.idle, "subprocesses": settings.subprocesses}
        flags = pyspy.passed_on(passed)
        try:
            if settings.pid is not None:
                target = ["--pid", str(settings.pid)]
                flags += ["--duration", str(settings.seconds)]
                text, interrupted = pyspy.recorded(target, raw, flags)
                conditions = f"process {settings.pid} for {settings.seconds} s"
            else:
                plan = Plan(Record.REPEAT, "", seconds=settings.seconds)
                target = ["--", *atc_command(self.arguments)]
                text, interrupted = pyspy.recorded(target, raw, flags, plan.environment())
                conditions = ONE_THREAD.format(seconds=settings.seconds)
        except UnavailableError as error:
            if settings.pid is not None:
                raise
            self.failure = error
            self.result = replace(self.result, failures=(*self.result.failures, str(error)))
            return
        stacks = samples.parsed(text)
        if settings.pid is None:
            stacks = samples.below(stacks, _REPEATED)
        found = samples.sampled(stacks, f"{conditions}; {pyspy.RATE_HZ} samples a second")
        self.result = replace(self.result, sampled=found, interrupted=self.result.interrupted or interrupted)
