"""What a workload would cost on a path of a backend. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from atc_cli.domain.catalog import FAMILIES, MEMBERS, Dialect, Want

_WORTH = 1.1
_NUMBER_BYTES = 8
_MEMBER_BYTES = len(FAMILIES) * MEMBERS * (1 + _NUMBER_BYTES)
_LAYERS_BYTES = 2 * len(FAMILIES) * _NUMBER_BYTES
_SERIES_BYTES = _NUMBER_BYTES + 1
_PER_BAR_BYTES = {
    Want.LAST: 0,
    Want.AVERAGE: _NUMBER_BYTES,
    Want.LAYERS: _NUMBER_BYTES + _LAYERS_BYTES,
    Want.ALL: _NUMBER_BYTES + _LAYERS_BYTES + _MEMBER_BYTES,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """What is asked for, in sizes: the route is chosen on this alone.

    `lengths`: (bars, how many series have so many), the longest first; a window is a series. `held_bars`: bars of the
    candles that they are of, which windows share.
    """

    lengths: tuple[tuple[int, int], ...]
    held_bars: int
    dialect: Dialect
    want: Want
    windows: bool = False

    @classmethod
    def of(cls, bars: Iterable[int], dialect: Dialect, want: Want) -> "Workload":
        """That of series with so many bars each."""
        lengths = tuple(sorted(Counter(bars).items(), reverse=True))
        held_bars = sum(length * count for length, count in lengths)
        return cls(lengths=lengths, held_bars=held_bars, dialect=dialect, want=want)

    @classmethod
    def of_windows(
        cls, windows: Iterable[tuple[int, int]], held_bars: int, dialect: Dialect, want: Want = Want.LAST
    ) -> "Workload":
        """That of windows of series: (bars, how many windows have so many)."""
        counted: Counter[int] = Counter()
        for bars, count in windows:
            counted[bars] += count
        lengths = tuple(sorted(counted.items(), reverse=True))
        return cls(lengths=lengths, held_bars=held_bars, dialect=dialect, want=want, windows=True)

    @property
    def series(self) -> int:
        """How many series or windows."""
        return sum(count for _, count in self.lengths)

    @property
    def bars_total(self) -> int:
        """Bars of all of them."""
        return sum(bars * count for bars, count in self.lengths)

    @property
    def longest_bars(self) -> int:
        """Bars of the longest."""
        return self.lengths[0][0] if self.lengths else 0

    @property
    def sent_bytes(self) -> int:
        """The prices that take part, where they have to travel."""
        return self.held_bars * _NUMBER_BYTES

    @property
    def series_bytes(self) -> int:
        """What the values of one series take; rows over time are as wide as the longest."""
        per_bar = self.longest_bars * _PER_BAR_BYTES[self.want]
        last = _NUMBER_BYTES + _LAYERS_BYTES if self.want is Want.LAST else 0
        members = 0 if self.windows or self.want is Want.ALL else _MEMBER_BYTES
        return per_bar + last + members + _SERIES_BYTES

    @property
    def value_bytes(self) -> int:
        """What the values of all take."""
        return self.series * self.series_bytes

    def block_bars(self, width: int) -> int:
        """Bars of the longest of each `width` series, the longest ones side by side: what empty lanes wait for."""
        bars = before = 0
        for length, count in self.lengths:
            after = before + count
            bars += length * (-(-after // width) - -(-before // width))
            before = after
        return bars


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """What one path of a backend costs; every coefficient has its unit in its name.

    `lanes` series go side by side. `block_ns`: a bar of a block whose lanes are all taken; `alone_ns`: a bar of one
    series that has a block for itself (n of them at most n times that, and never more than a full block).
    `tradingview_ratio`: both in that dialect, as a multiple. `start_ms`: imports, contexts, processes, once;
    `compile_ms`: where nothing compiled is kept, once. `call_ms`: a call; `series_ms`: a series. `thread_ms`: each
    thread beside the first; `thread_loss_frac`: by how much many slow each other, two half as much. `value_ns`: a byte
    of values; `sent_ns`: a byte of candles that travels.
    """

    lanes: int
    block_ns: float
    alone_ns: float
    tradingview_ratio: float = 1.0
    start_ms: float = 0.0
    compile_ms: float = 0.0
    call_ms: float = 0.0
    series_ms: float = 0.0
    thread_ms: float = 0.0
    thread_loss_frac: float = 0.0
    value_ns: float = 0.0
    sent_ns: float = 0.0

    @property
    def ns_per_bar(self) -> float:
        """A bar of one series among many."""
        return self.block_ns / self.lanes

    def once_ms(self, *, compiling: bool) -> float:
        """What is paid before the first call of a process."""
        return self.start_ms + self.compile_ms * compiling


def estimate_ms(costs: Costs, workload: Workload, threads: int = 1) -> float:
    """One call on so many threads, whatever had to be started before it.

    call + thread * (t - 1) + series * n + value_bytes * value_ns + sent_bytes * sent_ns
    + (bars of full rounds * block_ns + bars of the last round * its cost) * (1 + thread_loss * (1 - 1 / t)),
    where a round is a block of `lanes` series on each of t threads, t being no more than there are blocks, and lasts
    as long as its longest series; the last round costs what a block costs, or with fewer series than lanes what they
    cost one by one, if that is less.
    """
    series = workload.series
    at_once = max(min(threads, -(-series // costs.lanes)), 1)
    width = costs.lanes * at_once
    rest = series % width
    last_ns = min(rest * costs.alone_ns, costs.block_ns) if rest < costs.lanes else costs.block_ns
    last_bars = _last_bars(workload, rest)
    bars_ns = (workload.block_bars(width) - last_bars) * costs.block_ns + last_bars * last_ns
    dialect = costs.tradingview_ratio if workload.dialect is Dialect.TRADINGVIEW else 1.0
    crowded = 1 + costs.thread_loss_frac * (1 - 1 / at_once)
    bytes_ns = workload.value_bytes * costs.value_ns + workload.sent_bytes * costs.sent_ns
    once = costs.call_ms + costs.thread_ms * (at_once - 1) + costs.series_ms * series
    return once + (bars_ns * dialect * crowded + bytes_ns) / 1e6


def _last_bars(workload: Workload, rest: int) -> int:
    """Bars of the longest of the `rest` shortest series."""
    for bars, count in reversed(workload.lengths):
        rest -= count
        if rest <= 0:
            return bars if rest + count > 0 else 0
    return 0


class Estimate(NamedTuple):
    """A way of one backend, and what it would take."""

    path: str
    threads: int
    ms: float


def estimates(
    costs: Mapping[str, Costs], paths: Sequence[str], threads: Sequence[int], workload: Workload
) -> Iterator[Estimate]:
    """Of each path on each number of threads; a path without coefficients costs what the one before it does.

    Where several numbers are given, those beyond the number of blocks are left out: no more threads would be started.
    """
    known = next(iter(costs.values()))
    for path in paths:
        known = costs.get(path, known)
        blocks = max(-(-workload.series // known.lanes), 1)
        worth = dict.fromkeys(min(count, blocks) for count in threads) if len(threads) > 1 else threads
        for count in worth:
            yield Estimate(path, count, estimate_ms(known, workload, count))


def cheapest(found: Iterable[Estimate]) -> Estimate:
    """The least, but threads that save no tenth of the time are not started: others use the machine, too.

    Of equals the last, for paths are named the slowest first.
    """
    known = list(reversed(list(found)))
    enough_ms = min(each.ms for each in known) * _WORTH
    return min((each for each in known if each.ms <= enough_ms), key=lambda each: (each.threads, each.ms))


def thread_counts(most: int) -> tuple[int, ...]:
    """How many threads are worth a thought where `most` can run: 1, 2, 4, .. and all."""
    doubled = [1 << power for power in range(most.bit_length())]
    return tuple(dict.fromkeys([*(each for each in doubled if each < most), most]))
