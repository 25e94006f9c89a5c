"""What an exchange grants to this machine's address, shared by every atc that runs on it."""

import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO

from atc_cli.data.exchange.charge import Charge, Limit
from atc_cli.data.exchange.errors import RequestError, Trouble
from atc_cli.data.exchange.retry import WAITS_MAX_S, Pause
from atc_cli.disk import sealed
from atc_cli.disk.lock import locked_file
from atc_cli.disk.regular import ForeignFileError

_SCHEMA = "atc.rate/2"
_BUCKETS = 60  # into which a window is divided
_KEPT_WINDOWS = 2  # an answer can tell of the window before the one in which it was asked for
# Windows so short are spent evenly: a network that holds some requests up by a fraction of a second would put what
# was sent in two windows into one.
_EVEN_MS = 2000

ClockMs = Callable[[], int]


def wall_ms() -> int:
    """This machine's clock, UTC ms."""
    return time.time_ns() // 1_000_000


@dataclass(slots=True)
class Account:
    """Weight by the end of the moment in which it was spent (UTC ms); it counts for a window from then on."""

    window_ms: int
    by_end_ms: dict[int, int] = field(default_factory=dict)

    def add(self, weight: int, now_ms: int) -> None:
        """Note that so much was spent now."""
        moment_ms = max(self.window_ms // _BUCKETS, 1)
        end_ms = (now_ms // moment_ms + 1) * moment_ms
        self.by_end_ms[end_ms] = self.by_end_ms.get(end_ms, 0) + weight

    def since(self, start_ms: int) -> int:
        """All that was spent in the moments that end after `start_ms`."""
        return sum(weight for end_ms, weight in self.by_end_ms.items() if end_ms > start_ms)

    def fits_at_ms(self, weight: int, allowed: int, now_ms: int) -> int:
        """When `weight` more is within `allowed` for any window that ends then; now if it already is."""
        at_ms, room = now_ms, allowed - weight - self.since(now_ms - self.window_ms)
        for end_ms in sorted(self.by_end_ms):
            if room >= 0:
                break
            if end_ms > now_ms - self.window_ms:
                room += self.by_end_ms[end_ms]
                at_ms = end_ms + self.window_ms
        return at_ms

    def lasting(self, now_ms: int) -> "Account":
        """Without what is too old to matter; what is still to come counts as of now."""
        kept = Account(self.window_ms)
        for end_ms, weight in self.by_end_ms.items():
            if now_ms - end_ms < _KEPT_WINDOWS * self.window_ms:
                kept.add(weight, min(end_ms - 1, now_ms))
        return kept


@dataclass(slots=True)
class Spent:
    """The accounts of a host by their names, and from when until when nothing may be sent at all."""

    accounts: dict[str, Account] = field(default_factory=dict)
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
        for name, each in document["accounts"].items():
            by_end_ms = {int(end_ms): weight for end_ms, weight in each["by_end_ms"].items()}
            lasting = Account(each["window_ms"], by_end_ms).lasting(now_ms)
            if lasting.by_end_ms:
                spent.accounts[name] = lasting
        return spent

    def content(self) -> bytes:
        """What is written to the file."""
        return sealed.dump(_SCHEMA, asdict(self))

    def account(self, name: str, window_ms: int) -> Account:
        """One account, as it counts by windows of that length."""
        account = self.accounts.setdefault(name, Account(window_ms))
        account.window_ms = window_ms
        return account

    def hold(self, seconds: float, now_ms: int) -> None:
        """Note that nothing may be sent for so long, if no longer hold is on."""
        until_ms = now_ms + round(seconds * 1000)
        if until_ms > self.held_until_ms:
            self.held_from_ms, self.held_until_ms = now_ms, until_ms


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
    """Lets requests through as their weight fits into `share` of what the exchange grants for a window of time.

    Any window of that length counts, not only the exchange's own, so that its clock does not matter. `per_minute` can
    be set when the exchange tells it, in place of the tariff's.
    """

    def __init__(self, ledger: Ledger, *, share: float, clock_ms: ClockMs, pause: Pause) -> None:
        import asyncio

        self.per_minute: int | None = None
        self._told: dict[str, int] = {}
        self._ledger = ledger
        self._share = share
        self._clock_ms = clock_ms
        self._pause = pause
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def allowed(self, charge: Charge) -> Limit:
        """What we let through: so much weight in any window, or where windows are short one request in its share."""
        weight = min(self.per_minute or charge.limit.weight, self._told.get(charge.account, sys.maxsize))
        if charge.limit.window_ms <= _EVEN_MS:
            return Limit(1, int(charge.limit.window_ms * charge.weight / (weight * self._share)))
        return Limit(max(int(weight * self._share), 1), charge.limit.window_ms)

    async def spend(self, charge: Charge) -> int:
        """Wait until the weight may be spent, note it, and return the time (UTC ms).

        Raises RequestError where the exchange has told this machine to stay away for longer than is bearable.
        """
        async with self._turns[charge.account]:
            while (wait_s := self._taken(charge)) > 0:
                await self._pause(wait_s)
        return self._clock_ms()

    def heard(self, charge: Charge, sent_ms: int, used: int | None, granted: int | None) -> None:
        """Take the exchange's word for its window as it answered the request of `sent_ms`: what is used and granted.

        What we know nothing of was spent by other programs at this address: it counts as spent now.
        """
        if granted:
            self._told[charge.account] = granted
        if used is None:
            return
        window_ms = charge.limit.window_ms
        with self._ledger.open() as spent:
            account = spent.account(charge.account, window_ms)
            unknown = used - account.since(sent_ms - window_ms)
            if unknown > 0:
                account.add(unknown, self._clock_ms())

    def hold(self, seconds: float) -> None:
        """Let nothing of this machine through for so long: the exchange asked for it."""
        with self._ledger.open() as spent:
            spent.hold(seconds, self._clock_ms())

    def _taken(self, charge: Charge) -> float:
        """0 where the weight was free and is ours now, else how many seconds to wait."""
        allowed = self.allowed(charge)
        weight = min(charge.weight, allowed.weight)
        with self._ledger.open() as spent:
            now_ms = self._clock_ms()
            held_s = (spent.held_until_ms - now_ms) / 1000
            if held_s > WAITS_MAX_S:
                raise RequestError(Trouble.RATE_LIMITED, "it told this machine to stay away", held_s)
            account = spent.account(charge.account, allowed.window_ms)
            wait_s = max(held_s, (account.fits_at_ms(weight, allowed.weight, now_ms) - now_ms) / 1000, 0.0)
            if wait_s == 0:
                account.add(weight, now_ms)
            return wait_s
