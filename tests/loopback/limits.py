"""Rate limits as exchanges enforce them, on a clock that is given."""

from collections import Counter
from collections.abc import Mapping

MINUTE_MS = 60_000
PER_MINUTE = {"spot": 6000, "swap": 2400}
_REFUSALS_BEFORE_BAN = 10
_BAN_MS = 2 * MINUTE_MS


class Limits:
    """Binance's: so much weight per address, kind of market and minute: beyond it 429, and a ban (418) for who goes on.

    Binance counts by minutes of its clock; `rolling` counts the last sixty seconds instead, which is stricter.
    """

    window_ms = MINUTE_MS

    def __init__(self, per_minute: Mapping[str, int] = PER_MINUTE, *, enforced: bool = False, rolling: bool = False):
        self.per_minute = dict(per_minute)
        self.enforced = enforced
        self.rolling = rolling
        self._spent: dict[str, list[tuple[int, int]]] = {}
        self._refused: Counter[str] = Counter()
        self._banned_until_ms: dict[str, int] = {}

    def granted(self, account: str) -> int | None:
        """The weight of a window; None for what is not counted."""
        return self.per_minute.get(account)

    def used(self, account: str, now_ms: int) -> int:
        """The weight that counts now."""
        start_ms = now_ms - self.window_ms + 1 if self.rolling else now_ms // self.window_ms * self.window_ms
        return sum(weight for at_ms, weight in self._spent.get(account, []) if at_ms >= start_ms)

    def spend(self, account: str, weight: int, now_ms: int) -> None:
        """Count a request; also for what another program at the same address asks."""
        self._spent.setdefault(account, []).append((now_ms, weight))

    def peak(self, account: str) -> int:
        """The most weight in any window."""
        spent = self._spent.get(account, [])
        return max((sum(w for at, w in spent if start <= at < start + self.window_ms) for start, _ in spent), default=0)

    def refusal(self, account: str, weight: int, now_ms: int) -> tuple[int, int] | None:
        """Status and Retry-After in seconds where a request of that weight is too much, else None."""
        granted = self.granted(account)
        if not self.enforced or granted is None:
            return None
        if now_ms < self._banned_until_ms.get(account, 0):
            return 418, _seconds(self._banned_until_ms[account] - now_ms)
        if self.used(account, now_ms) + weight <= granted:
            self._refused[account] = 0
            return None
        self._refused[account] += 1
        if self._refused[account] > _REFUSALS_BEFORE_BAN:
            self._banned_until_ms[account] = now_ms + _BAN_MS
            return 418, _seconds(_BAN_MS)
        return 429, _seconds(self.window_ms if self.rolling else self.window_ms - now_ms % self.window_ms)


class AnyWindow(Limits):
    """So much weight in any window of so many ms, wherever it begins, in every account alike."""

    def __init__(self, weight: int, window_ms: int) -> None:
        super().__init__({}, enforced=True, rolling=True)
        self.weight, self.window_ms = weight, window_ms

    def granted(self, account: str) -> int | None:
        """The same for all."""
        return self.weight


def _seconds(wait_ms: int) -> int:
    return -(-wait_ms // 1000)
