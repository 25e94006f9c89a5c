"""Funding rates of the symbols of a backtest: one for all, or those of a file."""

from dataclasses import dataclass, field

from atc_cli.backtest.align import FUNDING_MS, Rates
from atc_cli.data.files.funding import read_funding
from atc_cli.data.market import Listing
from atc_cli.domain.rules import Costs
from atc_cli.domain.timeframe import DAY_MS, iso
from atc_cli.errors import UsageError, unknown_name
from atc_cli.settings.backtest import BacktestRun

# Exchanges ask for funding every 8 hours, or oftener.
_HOLE_MS = DAY_MS


@dataclass(slots=True)
class Funding:
    """By symbol; `name` is the file's."""

    constant: float = 0.0
    name: str = ""
    by_symbol: dict[str, Rates] = field(default_factory=dict)

    @classmethod
    def read(cls, own: BacktestRun, costs: Costs) -> "Funding":
        """As --funding or the costs say; raises as read_funding does."""
        if own.funding is None:
            return cls(costs.funding_frac_per_8h)
        found = read_funding(own.funding)
        return cls(name=own.funding.name, by_symbol={symbol: Rates(0.0, *both) for symbol, both in found.items()})

    def __bool__(self) -> bool:
        return bool(self.constant or self.name)

    def of(self, listing: Listing) -> Rates:
        """The rates of a listing by its symbol or the market's own name; UsageError where the file has neither."""
        if not self.name:
            return Rates(self.constant)
        found = self.by_symbol.get(listing.symbol) or self.by_symbol.get(listing.native)
        if found is None:
            raise UsageError(*unknown_name(f"symbol in --funding {self.name!r}:", listing.symbol, self.by_symbol))
        return found

    def check(self, listing: Listing, first_ms: int, last_ms: int) -> None:
        """UsageError where the file does not cover these bars of a symbol, or misses more than a day of them."""
        times_ms = self.of(listing).times_ms
        if times_ms is None:
            return
        said, hint = f"--funding {self.name!r}: {listing.symbol} has", f"{iso(first_ms)} to {iso(last_ms)} is tested"
        begin_ms, end_ms = int(times_ms[0]), int(times_ms[-1])
        if begin_ms > first_ms + FUNDING_MS or end_ms <= last_ms - FUNDING_MS:
            raise UsageError(f"{said} rates from {iso(begin_ms)} to {iso(end_ms)}", hint)
        before_ms, after_ms = times_ms[:-1], times_ms[1:]
        holes = (after_ms - before_ms > _HOLE_MS) & (before_ms < last_ms) & (after_ms > first_ms)
        if holes.any():
            at = int(holes.argmax())
            raise UsageError(f"{said} no rate between {iso(int(before_ms[at]))} and {iso(int(after_ms[at]))}", hint)
