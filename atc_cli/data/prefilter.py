"""Short windows of a universe first, whole ones of those that could matter then."""

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from time import perf_counter

from atc_cli.data.gather import Gathered, Wanted, gathered_of, load_all, universe_of
from atc_cli.data.load import Known, Loaded, Needs, failed, left_out
from atc_cli.data.market import Listing, Market, Price, Prices, Progress, Stored
from atc_cli.data.universe import Universe
from atc_cli.domain.panel import Candles
from atc_cli.domain.results.scan import SkipReason
from atc_cli.errors import AtcError, BusyError, UnavailableError
from atc_cli.stages import LISTINGS, stage

SHARE_MAX = 0.5
"""Of what whole windows of all would cost: a longer short window finds more, and is taken where it stays below that."""

# measured: in fewer bars than the first too few averages are defined, more bars than the second find no more
_WARMUPS_LEAST, _WARMUPS_ENOUGH = 2.5, 5.0
_ANYTHING = Needs(warmup_bars=0, min_bars=1, cutout_bars=0, max_lag_bars=0)

Name = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Glimpse:
    """What there is to choose from: whole windows, read or known, and short ones; listings by exchange and symbol."""

    listings: Mapping[Name, Listing]
    whole: Sequence[Candles]
    known: Sequence[Stored]
    short: Sequence[Candles]


Choice = Callable[[Glimpse], Collection[Name]]
"""Exchange and symbol of those that need a whole window."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prefetched:
    """Whole windows, and the short ones of the symbols that were not chosen.

    `bars` is how long those are, None where nothing would be saved and all are whole; so many symbols were `asked` for
    by short windows, and so many of them for `whole` ones then. `spent` is what both cost, `plain` what whole windows
    of all would have.
    """

    gathered: Gathered
    short: tuple[Candles, ...]
    bars: int | None
    asked: int
    whole: int
    spent: Price
    plain: Price


def prefetch(
    markets: Sequence[Market],
    wanted: Wanted,
    progress: Progress,
    choose: Choice,
    *,
    choices_max: int,
    sent: Callable[[], Price],
    known: Known | None = None,
) -> Prefetched:
    """As `gather`, but that symbols whose window is not stored are asked for a short one, and a whole one if chosen.

    At most `choices_max` are chosen. `sent` tells what was sent so far. Raises as `gather` does.
    """
    began_s = perf_counter()
    with stage(LISTINGS):
        universe, dead = universe_of(markets, wanted)
    plan = _Plan.of(markets, universe, wanted, choices_max)
    steps = _Steps(markets, universe, wanted, progress, known, plan.told_ms)
    steps.load(each for each in universe.listings if _name(each) not in plan.short)
    before = sent()
    short = [] if plan.bars is None else steps.glance(plan.bars, plan.short, choose)
    return Prefetched(
        gathered=gathered_of(markets, universe, wanted, steps.loaded, dead, began_s=began_s),
        short=tuple(short),
        bars=plan.bars,
        asked=len(plan.short),
        whole=steps.chosen,
        spent=sent().plus(before, -1),
        plain=plan.plain,
    )


@dataclass(slots=True)
class _Plan:
    """Which symbols are asked for how short a window; `plain` is what whole ones of them cost.

    `told_ms` is the time of each market that was asked for it.
    """

    bars: int | None = None
    short: set[Name] = field(default_factory=set)
    plain: Price = field(default_factory=lambda: Price(0, 0))
    told_ms: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, markets: Sequence[Market], universe: Universe, wanted: Wanted, choices_max: int) -> "_Plan":
        """Of every market where it saves something; one length for all, the shortest that any of them asks for."""
        plan = cls()
        for market in markets:
            listings, prices = universe.of(market.name), market.prices(wanted.window.timeframe)
            if listings and prices is not None:
                with suppress(UnavailableError, BusyError):  # the load that follows says so
                    plan._add(market, listings, prices, wanted, choices_max)
        return plan

    def _add(
        self, market: Market, listings: Sequence[Listing], prices: Prices, wanted: Wanted, choices_max: int
    ) -> None:
        whole_bars, warmup_bars = wanted.window.bars or 0, wanted.needs.warmup_bars
        self.told_ms[market.name] = market.now_ms()
        near = market.near(listings, wanted.window.at(self.told_ms[market.name]), fewest_bars(warmup_bars))
        far = [_name(each) for each in listings if each.symbol not in near]
        bars = short_bars(prices, whole_bars, warmup_bars, len(far), choices_max)
        if bars is not None:
            self.bars = min(bars, self.bars or bars)
            self.short.update(far)
            self.plain = self.plain.plus(prices(whole_bars), len(far))


def short_bars(prices: Prices, bars: int, warmup_bars: int, symbols: int, choices_max: int) -> int | None:
    """How short a window to ask of so many symbols; None where whole windows of all cost no more.

    The longest that keeps what is asked for below SHARE_MAX of that, if there is one, else the longest of those that
    cost least. None is shorter than 2.5 times the warm-up, and none costs more for what is beyond 5 times that.
    """
    whole = prices(bars).charged

    def share(short: int) -> float:
        return (prices(short).charged * symbols + whole * min(choices_max, symbols)) / (whole * symbols)

    lengths = list(_lengths(prices, bars, warmup_bars))
    if not symbols or not lengths or share(lengths[0]) >= 1:
        return None
    return max((each for each in lengths if share(each) <= SHARE_MAX), default=lengths[0])


def _lengths(prices: Prices, bars: int, warmup_bars: int) -> Iterator[int]:
    """The longest windows of each price below that of `bars`, up to the first that is enough."""

    def charged(short: int) -> int:
        return prices(short).charged

    short = fewest_bars(warmup_bars)
    while short < bars and charged(short) < charged(bars):
        short = bisect_right(range(bars), charged(short), lo=short, key=charged)
        yield short - 1
        if short > _WARMUPS_ENOUGH * warmup_bars:
            return


def fewest_bars(warmup_bars: int) -> int:
    """The shortest window that tells of a signal."""
    return round(_WARMUPS_LEAST * warmup_bars)


@dataclass(slots=True)
class _Steps:
    """The loads of one scan, all as of one time of each market.

    `came` says whether any brought candles; so many were `chosen` for a whole window after a short one.
    """

    markets: Sequence[Market]
    universe: Universe
    wanted: Wanted
    progress: Progress
    known: Known | None
    told_ms: dict[str, int]
    loaded: list[Loaded] = field(default_factory=list)
    came: bool = False
    chosen: int = 0

    def load(self, listings: Iterable[Listing]) -> None:
        """Whole windows; once an interrupt came, none is asked for."""
        self.loaded += self._load(listings, self.wanted, self.known)

    def glance(self, bars: int, names: Collection[Name], choose: Choice) -> list[Candles]:
        """Short windows, then whole ones of the chosen; returned are the short ones of the others."""
        needs = replace(_ANYTHING, max_lag_bars=self.wanted.needs.max_lag_bars)
        wanted = replace(self.wanted, window=replace(self.wanted.window, bars=bars), needs=needs)
        listings = {_name(each): each for each in self.universe.listings}
        glanced = self._load((each for name, each in listings.items() if name in names), wanted, None)
        self.loaded += [replace(each, candles=()) for each in glanced]
        candles = [each for part in glanced for each in part.candles]
        # what is shorter than a short window is all there is: whole without another request
        entire = {(each.exchange, each.symbol) for each in candles if len(each) < bars}
        short = [each for each in candles if len(each) == bars]
        chosen = set() if self._interrupted() else set(self._choice(listings, short, choose))
        self.chosen = len(chosen)
        self.load(each for name, each in listings.items() if name in entire | chosen)
        return self._left(short)

    def _choice(self, listings: Mapping[Name, Listing], short: Sequence[Candles], choose: Choice) -> Collection[Name]:
        whole = [candles for each in self.loaded for candles in each.candles]
        known = [stored for each in self.loaded for stored in each.known]
        return choose(Glimpse(listings, whole, known, short))

    def _left(self, short: Sequence[Candles]) -> list[Candles]:
        """The short windows of all that did not come whole; an interrupt leaves them, a fault does not."""
        here = {(each.exchange, each.symbol) for each in short}
        for number, each in enumerate(self.loaded):
            skipped = tuple(
                skip
                for skip in each.skipped
                if skip.reason is not SkipReason.INTERRUPTED or (skip.exchange, skip.symbol) not in here
            )
            self.loaded[number] = replace(each, skipped=skipped)
        gone = {(each.exchange, each.symbol) for part in self.loaded for each in part.candles}
        gone |= {(each.exchange, each.symbol) for part in self.loaded for each in part.skipped}
        gone |= {_name(each.listing) for part in self.loaded for each in part.known}
        return [each for each in short if (each.exchange, each.symbol) not in gone]

    def _interrupted(self) -> bool:
        return any(each.interrupted for each in self.loaded)

    def _load(self, listings: Iterable[Listing], wanted: Wanted, known: Known | None) -> list[Loaded]:
        universe = replace(self.universe, listings=tuple(listings))
        asked = [market for market in self.markets if universe.of(market.name)]
        if self._interrupted():
            return [left_out(universe.of(market.name)) for market in asked]
        try:
            loaded = load_all(asked, universe, wanted, self.progress, known=known, told_ms=self.told_ms)
        except (UnavailableError, BusyError) as error:
            loaded = self._failed(asked, universe, error)
        self.came |= any(each.candles or each.known for each in loaded)
        self.told_ms |= {market.name: each.now_ms for market, each in zip(asked, loaded, strict=True) if each.now_ms}
        return loaded

    def _failed(self, asked: Sequence[Market], universe: Universe, error: AtcError) -> list[Loaded]:
        """What came before the failure is kept; raises it where there is nothing."""
        if not self.came:
            raise error
        return [failed(universe.of(market.name), error) for market in asked]


def _name(listing: Listing) -> Name:
    return listing.exchange, listing.symbol
