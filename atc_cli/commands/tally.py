"""What goes over the network, counted on its way to where progress is shown."""

from threading import Lock

from atc_cli.data.market import Progress


class Tally(Progress):
    """Passes progress on and counts what went over the network; markets report from threads of their own."""

    def __init__(self, inner: Progress) -> None:
        self._inner = inner
        self._lock = Lock()
        self.bars = self.requests = self.weight = 0

    def begin(self, what: str, total: int) -> None:
        """Pass it on."""
        self._inner.begin(what, total)

    def advance(self) -> None:
        """Pass it on."""
        self._inner.advance()

    def end(self) -> None:
        """Pass it on."""
        self._inner.end()

    def lasting(self, words: str) -> None:
        """Pass it on."""
        self._inner.lasting(words)

    def waiting(self, exchange: str, seconds: float) -> None:
        """Pass it on."""
        self._inner.waiting(exchange, seconds)

    def sent(self, weight: int) -> None:
        """One request more."""
        with self._lock:
            self.requests += 1
            self.weight += weight
        self._inner.sent(weight)

    def received(self, bars: int) -> None:
        """So many candles more."""
        with self._lock:
            self.bars += bars
        self._inner.received(bars)
