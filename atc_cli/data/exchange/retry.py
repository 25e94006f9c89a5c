"""How long a scan bears with an exchange: few retries, the waits it asks for, and when to give up."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from atc_cli.data.exchange.errors import RequestError, Trouble, failure_of
from atc_cli.data.market import Progress

Pause = Callable[[float], Awaitable[None]]

WAITS_MAX_S = 60.0
_UNSAID_WAIT_S = 5.0
_SHORTEST_WAIT_S = 1.0
_ATTEMPTS = 3
_FIRST_BACKOFF_S = 0.5
_STREAK_MAX = 16

T = TypeVar("T")


def announced(pause: Pause, exchange: str, progress: Progress | None) -> Pause:
    """Pauses for an exchange's rate limit, of which `progress` is told as they begin, unless one is over at once."""
    if progress is None:
        return pause

    async def wait(seconds: float) -> None:
        if seconds >= _SHORTEST_WAIT_S:
            progress.waiting(exchange, seconds)
        await pause(seconds)

    return wait


class Patience:
    """Repeats requests of one piece of work.

    A passing failure is tried again twice, after growing waits with jitter. A rate limit holds every
    request of this work back, once for all of them, until the wait that the exchange asked for is over;
    the waits of one piece of work add up to at most WAITS_MAX_S. `pause` is for the first, `wait` for the second.
    """

    def __init__(self, pause: Pause, wait: Pause) -> None:
        import asyncio

        self._pause = pause
        self._wait = wait
        self._left_s = WAITS_MAX_S
        self._gate = asyncio.Lock()
        self._waits = 0

    async def ask(self, request: Callable[[], Awaitable[T]]) -> T:
        """The answer to `request`; raises RequestError when it is not worth trying again."""
        from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt, wait_exponential_jitter

        attempts = AsyncRetrying(
            stop=stop_after_attempt(_ATTEMPTS),
            wait=wait_exponential_jitter(multiplier=_FIRST_BACKOFF_S, jitter=_FIRST_BACKOFF_S),
            retry=retry_if_exception(lambda error: isinstance(error, RequestError) and error.trouble.passing),
            sleep=self._pause,
            reraise=True,
        )
        return await attempts(self._within_limit, request)

    async def _within_limit(self, request: Callable[[], Awaitable[T]]) -> T:
        """The answer, after as many waits for the rate limit as it takes."""
        while True:
            async with self._gate:
                waits = self._waits
            try:
                return await _translated(request)
            except RequestError as failure:
                if failure.trouble is not Trouble.RATE_LIMITED:
                    raise
                await self._wait_out(failure, waits)

    async def _wait_out(self, failure: RequestError, waits: int) -> None:
        async with self._gate:
            if waits != self._waits:
                return  # another request has waited since this one was sent
            seconds = wait_s(failure)
            if seconds > self._left_s:
                raise RequestError(
                    failure.trouble, f"{failure.detail} (asks to wait {seconds:.0f} s)", failure.retry_after_s
                )
            self._left_s -= seconds
            await self._wait(seconds)
            self._waits += 1


def wait_s(failure: RequestError) -> float:
    """How long to wait after a refusal by the rate limit, in seconds."""
    asked_s = _UNSAID_WAIT_S if failure.retry_after_s is None else failure.retry_after_s
    return max(asked_s, _SHORTEST_WAIT_S)


async def _translated(request: Callable[[], Awaitable[T]]) -> T:
    try:
        return await request()
    except RequestError:
        raise
    except Exception as error:
        raise failure_of(error) from error


class Health:
    """Whether it is still worth asking an exchange for the next symbol."""

    def __init__(self) -> None:
        self._streak = 0
        self._answered = False
        self._last: RequestError | None = None
        self._gone: RequestError | None = None

    @property
    def gone(self) -> RequestError | None:
        """Why no further symbol should be asked for."""
        return self._gone

    @property
    def nothing_came(self) -> RequestError | None:
        """Why the exchange as a whole is lost: nothing was answered, and not for want of right requests."""
        return None if self._answered else self._last

    def good(self) -> None:
        """A symbol was answered."""
        self._answered = True
        self._streak = 0

    def bad(self, failure: RequestError) -> None:
        """A symbol failed for good."""
        if failure.trouble in (Trouble.WRONG_REQUEST, Trouble.UNREADABLE):
            self.good()
            return
        self._last = failure
        self._streak += 1
        if failure.trouble.final or self._streak >= _STREAK_MAX:
            self._gone = failure
