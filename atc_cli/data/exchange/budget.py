"""The request weight that an exchange grants to this machine's address, shared by every atc that runs on it."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO

from atc_cli.data.exchange.errors import RequestError, Trouble
from atc_cli.data.exchange.retry import WAITS_MAX_S, Pause
from atc_cli.disk import sealed
from atc_cli.disk.lock import locked_file
from atc_cli.disk.regular import ForeignFileError

_SCHEMA = "atc.rate/1"
MINUTE_MS = 60_000
_BUCKET_MS = 1000
_KEPT_MS = 2 * MINUTE_MS  # an answer can tell of the minute before the one in which it was asked for

ClockMs = Callable[[], int]


def wall_ms() -> int:
    """This machine's clock, UTC ms."""
    return time.time_ns() // 1_000_000


@dataclass(slots=True)
class Spent:
    """Weight by the second (UTC ms) in which it was spent, and from when until when nothing may be sent at all."""

    by_second: dict[int, int] = field(default_factory=dict)
    held_from_ms: int = 0
    held_until_ms: int = 0

    @classmethod
    def of(cls, content: bytes, now_ms: int) -> "Spent":
        """What a file says, without what is too old to matter; damaged ones say nothing.

        What is still to come was written before a clock was set back: weight counts as of now, a hold not at all.
        """
        document = sealed.load(_SCHEMA, content)
        spent = cls()
        if document is None:
            return spent
        if document["held_from_ms"] <= now_ms:
            spent.held_from_ms, spent.held_until_ms = document["held_from_ms"], document["held_until_ms"]
        for second_ms, weight in document["by_second"].items():
            if now_ms - int(second_ms) < _KEPT_MS:
                spent.add(weight, min(int(second_ms), now_ms))
        return spent

    def content(self) -> bytes:
        """What is written to the file."""
        return sealed.dump(_SCHEMA, asdict(self))

    def add(self, weight: int, now_ms: int) -> None:
        """Note that so much was spent now."""
        second_ms = now_ms // _BUCKET_MS * _BUCKET_MS
        self.by_second[second_ms] = self.by_second.get(second_ms, 0) + weight

    def hold(self, seconds: float, now_ms: int) -> None:
        """Note that nothing may be sent for so long, if no longer hold is on."""
        until_ms = now_ms + round(seconds * 1000)
        if until_ms > self.held_until_ms:
            self.held_from_ms, self.held_until_ms = now_ms, until_ms

    def since(self, start_ms: int) -> int:
        """All that was spent in the seconds that end after `start_ms`."""
        return sum(weight for second_ms, weight in self.by_second.items() if second_ms + _BUCKET_MS > start_ms)

    def fits_at_ms(self, weight: int, allowed: int, now_ms: int) -> int:
        """When `weight` more is within `allowed` for any minute that ends then; now if it already is."""
        at_ms, room = now_ms, allowed - weight - self.since(now_ms - MINUTE_MS)
        for second_ms in sorted(self.by_second):
            if room >= 0:
                break
            if second_ms + _BUCKET_MS > now_ms - MINUTE_MS:
                room += self.by_second[second_ms]
                at_ms = second_ms + _BUCKET_MS + MINUTE_MS
        return at_ms


class Ledger:
    """What every process of this machine has spent, in a file; in memory where there can be no file.

    A process has it alone while it looks and writes. The file is written in place: the lock is on it, and
    what a crash leaves of it is as harmless as no file, because every answer of the exchange tells the sum.
    `say` hears of what lies in the file's place.
    """

    def __init__(self, path: Path | None, clock_ms: ClockMs, say: Callable[[str], None] | None = None) -> None:
        self._path = path
        self._say = say
        self._clock_ms = clock_ms
        self._own = Spent()

    @contextmanager
    def open(self) -> Iterator[Spent]:
        """The spending, alone until the block ends."""
        with ExitStack() as stack:
            file = self._file(stack)
            if file is None:
                yield self._own
                return
            file.seek(0)
            spent = Spent.of(file.read(), self._clock_ms())
            yield spent
            with suppress(OSError):  # a full disk: the others learn of it from the exchange
                file.seek(0)
                file.truncate()
                file.write(spent.content())

    def _file(self, stack: ExitStack) -> IO[bytes] | None:
        """The file, locked; from the first failure on memory has to do."""
        if self._path is None:
            return None
        try:
            return stack.enter_context(locked_file(self._path))
        except OSError as error:
            if self._say is not None and isinstance(error, ForeignFileError):
                why = f"{str(self._path)!r} cannot be used ({error.strerror})"
                self._say(f"the rate limit is counted for this run alone, not for this machine: {why}")
            self._path = None
            return None


class Budget:
    """Lets requests through as their weight fits into `share` of what the exchange grants per minute.

    Any sixty seconds count, not only the exchange's own minutes, so that its clock does not matter.
    `per_minute` can be set when the exchange tells it.
    """

    def __init__(
        self,
        ledger: Ledger,
        *,
        per_minute: int,
        share: float,
        clock_ms: ClockMs,
        pause: Pause,
    ) -> None:
        import asyncio

        self.per_minute = per_minute
        self._ledger = ledger
        self._share = share
        self._clock_ms = clock_ms
        self._pause = pause
        self._turn = asyncio.Lock()

    @property
    def allowed(self) -> int:
        """The weight that we spend in any minute at most."""
        return max(int(self.per_minute * self._share), 1)

    async def spend(self, weight: int) -> int:
        """Wait until `weight` may be spent, note it, and return the time (UTC ms).

        Raises RequestError where the exchange has told this machine to stay away for longer than is bearable.
        """
        async with self._turn:
            while (wait_s := self._taken(min(weight, self.allowed))) > 0:
                await self._pause(wait_s)
        return self._clock_ms()

    def heard(self, used: int, sent_ms: int) -> None:
        """Take the exchange's word for what was used of its minute when it answered the request of `sent_ms`.

        What we know nothing of was spent by other programs at this address: it counts as spent now.
        """
        with self._ledger.open() as spent:
            unknown = used - spent.since(sent_ms - MINUTE_MS)
            if unknown > 0:
                spent.add(unknown, self._clock_ms())

    def hold(self, seconds: float) -> None:
        """Let nothing of this machine through for so long: the exchange asked for it."""
        with self._ledger.open() as spent:
            spent.hold(seconds, self._clock_ms())

    def _taken(self, weight: int) -> float:
        """0 where the weight was free and is ours now, else how many seconds to wait."""
        with self._ledger.open() as spent:
            now_ms = self._clock_ms()
            held_s = (spent.held_until_ms - now_ms) / 1000
            if held_s > WAITS_MAX_S:
                raise RequestError(Trouble.RATE_LIMITED, "it told this machine to stay away", held_s)
            wait_s = max(held_s, (spent.fits_at_ms(weight, self.allowed, now_ms) - now_ms) / 1000, 0.0)
            if wait_s == 0:
                spent.add(weight, now_ms)
            return wait_s
