"""What `atc profile` found. Plain values, no behaviour but sums."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

PROFILE_SCHEMA = "atc.profile/1"
REST = "in no stage"


@dataclass(frozen=True, slots=True, kw_only=True)
class StageRuns:
    """One stage: its path, how often it began in the last run, its time with and without the stages in it, by run."""

    path: tuple[str, ...]
    calls: int
    ms: tuple[float, ...]
    own_ms: tuple[float, ...]

    @property
    def median_ms(self) -> float:
        """Of the runs."""
        return median(self.ms)

    @property
    def median_own_ms(self) -> float:
        """Of the runs."""
        return median(self.own_ms)


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryUse:
    """Peaks of resident memory by stage, arrays by name, the lines of Python that held most; all in bytes.

    `lines` are (where, bytes, blocks); `unknown` says which peaks are not known.
    """

    whole_bytes: int
    peaks: Mapping[tuple[str, ...], int]
    arrays: Mapping[str, int]
    lines: tuple[tuple[str, int, int], ...] = ()
    traced_bytes: int = 0
    unknown: str | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """A function as cProfile counted it."""

    function: str
    calls: int
    own_ms: float
    cumulative_ms: float


@dataclass(frozen=True, slots=True)
class Samples:
    """Stacks, the outermost frame first, and how often each was found."""

    stacks: tuple[tuple[tuple[str, ...], int], ...]

    @property
    def total(self) -> int:
        """All of them."""
        return sum(count for _, count in self.stacks)


@dataclass(frozen=True, slots=True)
class Frame:
    """A function: the share of samples in which it worked itself, and in which it or what it called did."""

    name: str
    own_frac: float
    within_frac: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampled:
    """What a sampler found, and what has to be known to read it."""

    samples: Samples
    widest: tuple[Frame, ...]
    unnamed_frac: float
    conditions: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileResult:
    """A profiled command: times by stage and run, and what else was asked for.

    `revision` is that of the checkout, else the version; `use_ns` what one stage costs; `code` the exit code of the
    first run; `failures` what could not be done.
    """

    arguments: tuple[str, ...]
    revision: str
    machine: Mapping[str, Any]
    wall_ms: tuple[float, ...] = ()
    stages: tuple[StageRuns, ...] = ()
    use_ns: float = 0.0
    code: int = 0
    memory: MemoryUse | None = None
    calls: tuple[Call, ...] = ()
    sampled: Sampled | None = None
    failures: tuple[str, ...] = ()
    interrupted: bool = False

    @property
    def measuring_frac(self) -> float:
        """The share of the time that counting the stages took."""
        uses = sum(each.calls for each in self.stages)
        return uses * self.use_ns / 1e6 / median(self.wall_ms) if self.wall_ms else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A stage in two profiles: own times (ms) of the runs of each."""

    path: tuple[str, ...]
    old_ms: Sequence[float]
    new_ms: Sequence[float]

    @property
    def slower_ms(self) -> float:
        """By how much the median grew."""
        return median(self.new_ms) - median(self.old_ms)

    @property
    def beyond_spread(self) -> bool:
        """Whether every run of one is beyond every run of the other, and there is more than one run of each."""
        apart = min(self.new_ms) > max(self.old_ms) or max(self.new_ms) < min(self.old_ms)
        return apart and min(len(self.old_ms), len(self.new_ms)) > 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two profiles side by side: the whole, every stage, and what makes them hard to compare."""

    whole: Change
    stages: tuple[Change, ...]
    warnings: tuple[str, ...]
