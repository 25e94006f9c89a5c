"""What `atc warm-cache` did. Plain values."""

from dataclasses import dataclass

from atc_cli.domain.results.scan import Skipped


@dataclass(frozen=True, slots=True, kw_only=True)
class Warmed:
    """One timeframe: what came over the network, and how many symbols a scan finds without any request.

    `weight` is the exchange's own measure of requests, 0 where that is not known. `hits_after` is counted by reading
    the store again when all is done.
    """

    timeframe: str
    symbols: int
    bars: int
    requests: int
    weight: int
    hits_before: int
    hits_after: int
    took_ms: float

    @property
    def before_frac(self) -> float:
        """Share of the symbols that were there before."""
        return self.hits_before / self.symbols if self.symbols else 0.0

    @property
    def after_frac(self) -> float:
        """Share of the symbols that are there now."""
        return self.hits_after / self.symbols if self.symbols else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """A backend that is compiled for a dialect now, and how long that took (little where it had been before)."""

    backend: str
    dialect: str
    took_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Signalled:
    """Rows of a preset that `atc scan --signals-cache` finds now: those that were remembered, and those computed."""

    preset: str
    timeframe: str
    bars: int
    hits_before: int
    computed: int
    took_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """A symbol that has no candles of a timeframe, or old ones, and why."""

    timeframe: str
    skip: Skipped


@dataclass(frozen=True, slots=True, kw_only=True)
class WarmResult:
    """All timeframes that were begun; `window_bars` is the window that is complete where a symbol is a hit."""

    exchange: str
    market: str
    window_bars: int
    warmed: tuple[Warmed, ...]
    lost: tuple[Lost, ...]
    compiled: tuple[Compiled, ...]
    signalled: tuple[Signalled, ...]
    notes: tuple[str, ...]
    interrupted: bool
