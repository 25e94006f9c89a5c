"""Binance's weight limit as Binance enforces it, on a clock that is given."""

from collections import Counter
from collections.abc import Mapping

MINUTE_MS = 60_000
PER_MINUTE = {"spot": 6000, "swap": 2400}
_REFUSALS_BEFORE_BAN = 10
_BAN_MS = 2 * MINUTE_MS


class Limits:
    """So much weight per address, kind of market and minute: beyond it 429, and a ban (418) for who goes on asking.

    Binance counts by minutes of its clock; `rolling` counts the last sixty seconds instead, which is stricter.
    """

    def __init__(self, per_minute: Mapping[str, int] = PER_MINUTE, *, enforced: bool = False, rolling: bool = False):
        self.per_minute = dict(per_minute)
        self.enforced = enforced
        self.rolling = rolling
        self._spent: dict[str, list[tuple[int, int]]] = {}
        self._refused: Counter[str] = Counter()
        self._banned_until_ms: dict[str, int] = {}

    def used(self, kind: str, now_ms: int) -> int:
        """The weight that counts now."""
        start_ms = now_ms - MINUTE_MS + 1 if self.rolling else now_ms // MINUTE_MS * MINUTE_MS
        return sum(weight for at_ms, weight in self._spent.get(kind, []) if at_ms >= start_ms)

    def spend(self, kind: str, weight: int, now_ms: int) -> None:
        """Count a request; also for what another program at the same address asks."""
        self._spent.setdefault(kind, []).append((now_ms, weight))

    def peak(self, kind: str) -> int:
        """The most weight in any sixty seconds."""
        spent = self._spent.get(kind, [])
        return max((sum(w for at, w in spent if start <= at < start + MINUTE_MS) for start, _ in spent), default=0)

    def refusal(self, kind: str, weight: int, now_ms: int) -> tuple[int, int] | None:
        """Status and Retry-After in seconds where a request of that weight is too much, else None."""
        if not self.enforced or kind not in self.per_minute:
            return None
        if now_ms < self._banned_until_ms.get(kind, 0):
            return 418, _seconds(self._banned_until_ms[kind] - now_ms)
        if self.used(kind, now_ms) + weight <= self.per_minute[kind]:
            self._refused[kind] = 0
            return None
        self._refused[kind] += 1
        if self._refused[kind] > _REFUSALS_BEFORE_BAN:
            self._banned_until_ms[kind] = now_ms + _BAN_MS
            return 418, _seconds(_BAN_MS)
        return 429, _seconds(MINUTE_MS if self.rolling else MINUTE_MS - now_ms % MINUTE_MS)


def _seconds(wait_ms: int) -> int:
    return -(-wait_ms // 1000)
