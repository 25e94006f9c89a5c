"""What time it is: what an exchange tells, the Date header of its answers, this machine's clock. Two must agree."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC
from functools import partial
from typing import NamedTuple

from atc_cli.data.exchange.budget import ClockMs
from atc_cli.data.exchange.client import Client
from atc_cli.data.exchange.errors import RequestError, Trouble
from atc_cli.data.exchange.retry import Patience
from atc_cli.domain.timeframe import DAY_MS, HOUR_MS, MINUTE_MS, TIMEFRAMES_MS, iso

ANSWER_MS = 10_000  # what one answer tells and its Date, in whole seconds, are no further apart
OWN_MS = MINUTE_MS  # nobody minds a machine's clock that is off by less
_OTHER_AGE_MS = 30 * DAY_MS  # certificates fail at a clock so wrong: what answers all the same lives in another time
_FEW_BARS = 5

Ask = Callable[[bool], Awaitable[int | None]]
"""(again) -> the time that the exchange tells, None where it tells none; at least one answer was heard since."""


class Witnesses(NamedTuple):
    """The times that are told at one moment, UTC ms; None where a witness says nothing."""

    told_ms: int | None
    dated_ms: int | None
    own_ms: int

    @property
    def undisputed(self) -> bool:
        """Whether the exchange tells one time; where only its Date header tells, ours must agree."""
        if self.told_ms is not None and self.dated_ms is not None:
            return _near(self.told_ms, self.dated_ms, ANSWER_MS)
        theirs_ms = self.theirs_ms
        return theirs_ms is not None and _near(theirs_ms, self.own_ms, OWN_MS)

    @property
    def theirs_ms(self) -> int | None:
        """The exchange's time."""
        return self.dated_ms if self.told_ms is None else self.told_ms

    @property
    def ours_ahead_ms(self) -> int:
        """How far this machine's clock is ahead of the exchange's."""
        return self.own_ms - (self.own_ms if self.theirs_ms is None else self.theirs_ms)

    @property
    def earliest_ms(self) -> int:
        """What no witness denies is over; 0 where there is but one."""
        theirs = [each for each in (self.told_ms, self.dated_ms) if each is not None]
        return min(*theirs, self.own_ms) if theirs else 0


class Clock:
    """The time of one exchange: what was agreed on, carried on by this machine's clock, however wrong that one is.

    `say` is told of witnesses that disagree.
    """

    def __init__(self, exchange: str, own_ms: ClockMs, say: Callable[[str], None]) -> None:
        self._exchange, self._own_ms, self._say = exchange, own_ms, say
        self._said: set[str] = set()
        self._dated_ahead_ms: int | None = None
        self._ahead_ms: int | None = None
        self.certain_ms: int | None = None  # of the time that was agreed on last, what is beyond doubt

    @property
    def dated(self) -> bool:
        """Whether a Date was heard."""
        return self._dated_ahead_ms is not None

    def now_ms(self) -> int:
        """The exchange's time as far as it is known, UTC ms."""
        ahead_ms = self._dated_ahead_ms if self._ahead_ms is None else self._ahead_ms
        return self._own_ms() + (ahead_ms or 0)

    def heard(self, headers: Mapping[str, str]) -> None:
        """Note when an answer was made: its Date, and its Age where a cache had it."""
        dated_ms = _dated_ms({name.lower(): value for name, value in headers.items()})
        if dated_ms is not None:
            self._dated_ahead_ms = dated_ms - self._own_ms()

    def forget_date(self) -> None:
        """The next answer alone is to tell."""
        self._dated_ahead_ms = None

    async def agreed_ms(self, ask: Ask) -> int:
        """The time that two witnesses agree on; what one answer contradicts is asked again. Raises RequestError."""
        first = self._witnesses(await ask(False))
        if first.undisputed:
            if OWN_MS < abs(first.ours_ahead_ms) < _OTHER_AGE_MS:
                self._say_ours_is_off(first)
            return self._believe(first, first.theirs_ms)
        if first.theirs_ms is None:
            self._once(f"{self._exchange} tells no time: this machine's clock is used")
            return self._believe(first, first.own_ms)
        again = self._witnesses(await ask(True))
        if again.undisputed:
            self._once(f"{self._exchange} told a wrong time once ({_told(first)}): asked again")
            return self._believe(again, again.theirs_ms)
        return self._believe(again, self._judged_ms(first, again))

    def _witnesses(self, told_ms: int | None) -> Witnesses:
        own_ms = self._own_ms()
        ahead_ms = self._dated_ahead_ms
        return Witnesses(told_ms, None if ahead_ms is None else own_ms + ahead_ms, own_ms)

    def _judged_ms(self, first: Witnesses, again: Witnesses) -> int:
        """Of two answers that are disputed: what this machine confirms, or where it alone objects, what both say."""
        for confirmed_ms in (again.told_ms, again.dated_ms):
            if confirmed_ms is not None and _near(confirmed_ms, again.own_ms, OWN_MS):
                self._once(f"{self._exchange} tells two times ({_told(again)}): used {_at(confirmed_ms)}")
                return confirmed_ms
        one_voice = again.told_ms is None or again.dated_ms is None
        theirs_ms = again.theirs_ms
        if one_voice and theirs_ms is not None and _near(first.ours_ahead_ms, again.ours_ahead_ms, ANSWER_MS):
            self._say_ours_is_off(again)
            return theirs_ms
        raise RequestError(Trouble.UNREADABLE, f"times that nothing confirms ({_told(again)})")

    def _say_ours_is_off(self, times: Witnesses) -> None:
        which = "ahead of" if times.ours_ahead_ms > 0 else "behind"
        off = f"this machine's clock is {_lasting(abs(times.ours_ahead_ms))} {which} {self._exchange}"
        self._once(f"{off}, whose time is used")

    def _believe(self, witnesses: Witnesses, now_ms: int | None) -> int:
        now_ms = witnesses.own_ms if now_ms is None else now_ms
        self._ahead_ms = now_ms - witnesses.own_ms
        self.certain_ms = min(witnesses.earliest_ms, now_ms)
        return now_ms

    def _once(self, what: str) -> None:
        if what not in self._said:
            self._said.add(what)
            self._say(what)


def keep_time(client: Client, clock: Clock) -> None:
    """Have every answer of a client heard, and requests made by the exchange's time instead of this machine's."""
    ccxt_errors = client.handle_errors

    def handle_errors(*answer: object) -> None:
        headers = answer[4]
        if isinstance(headers, Mapping):
            clock.heard(headers)
        ccxt_errors(*answer)

    client.handle_errors = handle_errors
    client.milliseconds = clock.now_ms
    client.seconds = lambda: clock.now_ms() // 1000
    client.microseconds = lambda: clock.now_ms() * 1000


async def told_ms(client: Client, patience: Patience) -> int:
    """What the exchange says that it is now. Raises RequestError."""
    now_ms = await patience.ask(client.fetch_time)
    if type(now_ms) is not int or now_ms <= 0:
        raise RequestError(Trouble.UNREADABLE, "no time of day")
    return now_ms


async def any_answer(client: Client, patience: Patience, symbol: str | None) -> None:
    """Have the exchange answer something, for the Date of it: even a refusal has one. Raises RequestError."""
    timeframe = next((each for each in TIMEFRAMES_MS if each in (client.timeframes or {})), None)
    if symbol is None or timeframe is None:
        return
    try:
        await patience.ask(partial(client.fetch_ohlcv, symbol, timeframe, None, _FEW_BARS))
    except RequestError as failure:
        if failure.trouble not in (Trouble.WRONG_REQUEST, Trouble.UNREADABLE):
            raise


def _dated_ms(headers: Mapping[str, str]) -> int | None:
    from email.utils import parsedate_to_datetime

    try:
        made = parsedate_to_datetime(headers["date"])
        made_ms = round(made.replace(tzinfo=made.tzinfo or UTC).timestamp() * 1000)
    except (LookupError, TypeError, ValueError, OverflowError):
        return None
    age = headers.get("age", "").strip()
    return made_ms + (int(age) * 1000 if age.isdecimal() and len(age) < 8 else 0)


def _near(one_ms: int, other_ms: int, within_ms: int) -> bool:
    return abs(one_ms - other_ms) <= within_ms


def _told(times: Witnesses) -> str:
    """What each says, the exchange first."""
    told = [] if times.told_ms is None else [f"its answer {_at(times.told_ms)}"]
    dated = [] if times.dated_ms is None else [f"its Date header {_at(times.dated_ms)}"]
    return ", ".join([*told, *dated, f"this machine {_at(times.own_ms)}"])


def _at(time_ms: int) -> str:
    try:
        return iso(time_ms // 1000 * 1000)
    except (ValueError, OverflowError, OSError):
        return f"{time_ms} ms"


def _lasting(ms: int) -> str:
    unit_ms, name = next(
        (each for each in ((DAY_MS, "d"), (HOUR_MS, "h"), (MINUTE_MS, "min")) if ms >= 2 * each[0]), (1000, "s")
    )
    return f"{round(ms / unit_ms)} {name}"
