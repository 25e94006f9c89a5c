"""A scheduler and its workers: opened when first needed, a few parts in flight, closed by whoever made it."""

import logging
import os
import warnings
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from itertools import islice
from typing import Any, Protocol, TypeVar

from atc_cli.domain.engines import Engine
from atc_cli.engine.dask import work
from atc_cli.engine.dask.work import SAME_VERSIONS, Sent, done, other_than, versions
from atc_cli.engine.lost import LostWorkersError
from atc_cli.engine.workers import Task
from atc_cli.errors import AtcError, UnavailableError
from atc_cli.stages import stage

# of each thread of a worker: one at work, one on its way
_IN_FLIGHT = 2
_LOGS = ("distributed", "distributed.client", "tornado.application")
_WORKERS = "start one: `dask worker ADDRESS`"
_NOTHING = logging.CRITICAL + 1
_REMEDY = "start one with `dask scheduler` and `dask worker ADDRESS`, or leave out --scheduler"
_CERTIFICATES = (
    "dask's settings name the certificates: distributed.comm.tls.ca-file, .client.cert and .client.key, in a file of "
    "~/.config/dask or as DASK_DISTRIBUTED__COMM__TLS__CA_FILE, ..__CLIENT__CERT and ..__CLIENT__KEY"
)

T = TypeVar("T")


def _distributed() -> Any:
    """The library, whose types are not all told; importing it takes a second."""
    import distributed

    return distributed


def _nothing() -> None:
    """Nobody counts."""


def _unheard(_words: str) -> None:
    """Nobody listens."""


class Steps(Protocol):
    """Where progress is shown."""

    def begin(self, what: str, total: int) -> None:
        """A new piece of work of `total` steps starts."""

    def advance(self) -> None:
        """One step is done."""

    def end(self) -> None:
        """The work is over, or was interrupted."""


class Cluster:
    """Workers of the scheduler at an address, or processes of this machine where there is none.

    `say` hears what a person must in the end, `tell` what they must at once, `steps` how far a computation is.
    `verbose`: where the cluster shows what it does.
    """

    def __init__(
        self,
        scheduler: str | None = None,
        say: Callable[[str], None] = _unheard,
        tell: Callable[[str], None] = _unheard,
        steps: Steps | None = None,
        *,
        verbose: bool = False,
    ) -> None:
        self.scheduler = scheduler
        self._say, self._tell, self._steps, self._verbose = say, tell, steps, verbose
        self._advance: Callable[[], None] = _nothing
        self._opened = ExitStack()
        self._client: Any = None
        self._workers: set[str] = set()
        self._lost = False
        self._name = f"atc-{os.urandom(4).hex()}"
        self._count = 0

    @property
    def far(self) -> bool:
        """Whether a network may lie between."""
        return self.scheduler is not None

    @property
    def threads(self) -> int:
        """Parts that are computed at once; opens it. Raises UnavailableError as `run` does."""
        client = self._open()
        with self._losing():
            threads: dict[str, int] = client.nthreads()
        if not threads:
            raise UnavailableError(f"the scheduler at {self._address} has no workers", _WORKERS)
        return sum(threads.values())

    @contextmanager
    def counting(self, parts: int) -> Iterator[None]:
        """Show how many of so many parts came."""
        if self._steps is None:
            yield
            return
        self._steps.begin("groups of series", parts)
        self._advance = self._steps.advance
        try:
            yield
        finally:
            self._advance = _nothing
            self._steps.end()

    def answers(self, question: Callable[[], T]) -> dict[str, T]:
        """What each worker answers, by address; without those that are gone meanwhile. Raises as `run` does."""
        client = self._open()
        with self._losing():
            found: dict[str, T | Exception] = client.run(question, on_error="return")
        return {worker: each for worker, each in found.items() if not isinstance(each, Exception)}

    def run(self, tasks: Iterable[Task[T]]) -> Generator[tuple[int, T | Exception]]:
        """The number of each task and what it gave, or why it failed twice, as they come; few are made ahead.

        Raises UnavailableError where there is no cluster, or it is lost; what runs is cancelled if this is broken off.
        """
        client, numbered, here = self._open(), enumerate(tasks), versions()
        running: dict[Any, int] = {}
        came = _distributed().as_completed(loop=client.loop)

        def send(some: int) -> None:
            for number, task in islice(numbered, some):
                self._count += 1
                future = client.submit(done, Sent(task, here), key=f"{self._name}-{self._count}", pure=False, retries=1)
                running[future] = number
                came.add(future)

        try:
            with self._losing():
                send(_IN_FLIGHT * self.threads)
                for future in came:
                    outcome = _outcome(future)
                    self._advance()
                    yield running.pop(future), outcome
                    send(1)
        finally:
            with suppress(Exception):
                client.cancel(list(running), force=True)

    @contextmanager
    def _losing(self) -> Iterator[None]:
        """Once the connection is lost every further question would wait for it in vain."""
        words = f"backend {Engine.DASK}: the scheduler at {self._address} was lost"
        lost = LostWorkersError(words, "the same command again, once it runs")
        if self._lost:
            raise lost
        try:
            yield
        except (_distributed().CancelledError, OSError) as error:
            self._lost = True
            raise lost from error

    @property
    def _address(self) -> str:
        return self.scheduler or "this machine"

    def close(self) -> None:
        """End what was opened."""
        self._client = None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self._opened.close()

    def _open(self) -> Any:
        """The client of the cluster; raises UnavailableError as `run` does."""
        if self._client is None:
            with stage("workers"), ExitStack() as stack:
                stack.enter_context(_silent())
                client = self._connected(stack)
                if self.scheduler is not None:
                    _check_workers(client)
                self._workers = set(client.nthreads())
                client.subscribe_topic("all", self._heard)
                if self._verbose:
                    self._tell(f"dask dashboard: {client.dashboard_link}")
                self._client, self._opened = client, stack.pop_all()
        return self._client

    def _connected(self, stack: ExitStack) -> Any:
        try:
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                address = self.scheduler or stack.enter_context(_local())
                client = stack.enter_context(_distributed().Client(address, set_as_default=False))
        except (OSError, ValueError, TypeError, RuntimeError) as error:
            said = str(error).partition("\n")[0] or type(error).__name__
            encrypted = any(word in said for word in ("TLS", "SSL", "certificate"))
            remedy = "--backend auto" if self.scheduler is None else _CERTIFICATES if encrypted else _REMEDY
            raise UnavailableError(f"no scheduler answers at {self._address}: {said}", remedy) from None
        for each in caught:
            if "Mismatched" in str(each.message):
                self._say(f"dask at {self._address}: {' '.join(str(each.message).split())}")
        return client

    def _heard(self, event: tuple[float, Any]) -> None:
        """Something happened on the cluster; called from a thread of the client."""
        _, message = event
        action = message.get("action") if isinstance(message, dict) else None
        if action == "add-worker":
            self._workers.add(message["worker"])
        if action == "remove-worker":
            self._workers.discard(message["worker"])
            self._gone(message)

    def _gone(self, message: dict[str, Any]) -> None:
        keys = [*message["processing-tasks"], *message["lost-computed-tasks"]]
        ours = sum(str(key).startswith(self._name) for key in keys)
        if ours:
            again = f"{ours} {'group' if ours == 1 else 'groups'} of series"
            self._say(f"worker {message['worker']} is gone: {again} computed again elsewhere")
            if not self._workers:
                self._tell(f"no worker is left at {self._address}: waiting for one")


def _outcome(future: Any) -> Any:
    """What came of a task; errors of ours are raised, for they are not of that task, and so are lost connections."""
    if future.status == "error":
        error: Exception = future.exception()
        if isinstance(error, AtcError):
            raise error
        return error
    return future.result()


@contextmanager
def _silent() -> Iterator[None]:
    """What dask would write to stderr is said by us, and that a part is large is no news."""
    library = _distributed()  # it sets these levels as it is imported
    logs = [logging.getLogger(name) for name in _LOGS]
    before = [each.level for each in logs]
    for each in logs:
        each.setLevel(_NOTHING)
    try:
        with library.dask.config.set({"distributed.admin.large-graph-warning-threshold": "1TB"}):
            yield
    finally:
        for each, level in zip(logs, before, strict=True):
            each.setLevel(level)


@contextmanager
def _local() -> Iterator[Any]:
    """A process for each processor that this one may use, memory shared out among them as dask's settings say."""
    library = _distributed()
    from dask.system import CPU_COUNT

    with (
        library.dask.config.set({"distributed.scheduler.allowed-failures": 1}),
        library.LocalCluster(
            n_workers=CPU_COUNT,
            threads_per_worker=1,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            silence_logs=_NOTHING,
            preload=[work.__name__],
        ) as cluster,
    ):
        yield cluster


def _check_workers(client: Any) -> None:
    """Raise UnavailableError for a worker that would compute other bits."""

    def answer() -> dict[str, str]:  # by value, so that a worker without atc can say so
        try:
            from atc_cli.engine.dask.work import versions
        except ImportError as error:
            return {"atc": f"none ({error})"}
        return versions()

    found = client.run(answer)
    here = versions()
    for worker, there in found.items():
        if other := other_than(here, there):
            raise UnavailableError(f"worker {worker} has {other}: bits depend on it", SAME_VERSIONS)
