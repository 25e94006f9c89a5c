"""Where a run spends its time: named stages, one inside the other, counted in the thread that runs the command.

A use takes about a microsecond: once or twice a symbol, never once a bar. What other threads do is in the stage that
waits for them.
"""

from _thread import get_ident
from collections.abc import Callable, Iterable, Iterator
from time import perf_counter_ns
from typing import NamedTuple

STARTUP, SETTINGS, LISTINGS, FETCH = "start-up and imports", "settings", "listings", "fetch"
INTERPRETER, EXIT = "Python itself", "exit"


class StageTime(NamedTuple):
    """One stage: its path from the outermost, how often it began, its time with and without the stages in it (ns)."""

    path: tuple[str, ...]
    calls: int
    total_ns: int
    own_ns: int


class Node:
    """A stage as it is counted."""

    __slots__ = ("calls", "children", "name", "ns")

    def __init__(self, name: str) -> None:
        self.name = name
        self.calls = self.ns = 0
        self.children: dict[str, Node] = {}

    def child(self, name: str) -> "Node":
        """The stage of that name in this one."""
        found = self.children.get(name)
        if found is None:
            found = self.children[name] = Node(name)
        return found

    def rows(self, above: tuple[str, ...] = ()) -> Iterator[StageTime]:
        """Every stage in this one, each before those in it."""
        for each in self.children.values():
            path = (*above, each.name)
            yield StageTime(path, each.calls, each.ns, each.ns - sum(inner.ns for inner in each.children.values()))
            yield from each.rows(path)


Border = Callable[[tuple[str, ...]], None]


class _Run:
    """What is counted now, and in which thread; `border` hears of every stage that begins or ends."""

    def __init__(self, began_ns: int) -> None:
        self.began_ns = began_ns
        self.thread = get_ident()
        self.root = self.current = Node("")
        self.path: tuple[str, ...] = ()
        self.border: Border | None = None
        self.arrays: dict[str, int] = {}


_run = _Run(perf_counter_ns())


class stage:  # noqa: N801 - reads like the function that it stands for
    """`with stage("fetch"):` counts the time of the block. Not around an await or a yield: others would be inside."""

    __slots__ = ("_began_ns", "_name", "_node", "_outer", "_path")

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        run = _run
        self._node: Node | None = None
        if get_ident() != run.thread:
            return
        self._outer = run.current
        self._node = node = run.current.child(self._name)
        if run.border is not None:
            self._path = run.path
            run.border(run.path)
            run.path = (*run.path, self._name)
        run.current = node
        self._began_ns = perf_counter_ns()

    def __exit__(self, *_: object) -> None:
        node = self._node
        if node is None:
            return
        node.ns += perf_counter_ns() - self._began_ns
        node.calls += 1
        run = _run
        run.current = self._outer
        if run.border is not None:
            run.border(run.path)
            run.path = getattr(self, "_path", run.path[:-1])


def begin(spawned_ns: int | None = None) -> None:
    """Count anew in this thread; what was before it since `spawned_ns` (perf_counter_ns) is Python's own start."""
    global _run  # noqa: PLW0603 - one process, one command
    now_ns = perf_counter_ns()
    _run = _Run(now_ns if spawned_ns is None else spawned_ns)
    if spawned_ns is not None:
        for node in (_run.root.child(STARTUP), _run.root.child(STARTUP).child(INTERPRETER)):
            node.ns, node.calls = now_ns - spawned_ns, 1


def so_far() -> tuple[int, list[StageTime]]:
    """Time since the beginning (ns), and every stage that has ended."""
    return perf_counter_ns() - _run.began_ns, list(_run.root.rows())


def in_ms(times: Iterable[StageTime]) -> dict[str, float]:
    """Time of each stage (ms) by its path: fetch, fetch/check, .."""
    return {"/".join(each.path): each.total_ns / 1e6 for each in times}


def watch(border: Border) -> None:
    """Have `border` told of the path of stages that ends where another begins or ends."""
    _run.border = border


def made(name: str, sizes_bytes: Callable[[], Iterable[int]]) -> None:
    """Where memory is watched, note what arrays of that name take; the most counts."""
    if _run.border is not None and get_ident() == _run.thread:
        _run.arrays[name] = max(_run.arrays.get(name, 0), sum(sizes_bytes()))


def arrays() -> dict[str, int]:
    """Bytes of the arrays that were noted, by name."""
    return dict(_run.arrays)
