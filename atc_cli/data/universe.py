"""Which symbols of a market are scanned: names that people type, filters, watchlists. Pure."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from atc_cli.data.market import FILES, Listing
from atc_cli.domain.results.scan import Skipped, SkipReason
from atc_cli.errors import NoDataError, UsageError, nearest

_TRADINGVIEW = re.compile(r"(?P<exchange>[A-Za-z0-9_]+):(?P<symbol>[^/]+)")
_PERPETUAL = ".P"
_LEVERAGED = re.compile(r"(?P<of>.+)(UP|DOWN|BULL|BEAR|[2-5][LS])")
_STABLECOINS = frozenset(
    {
        *("AEUR", "BFUSD", "BUSD", "CUSD", "DAI", "EURC", "EURI", "EURS", "EURT", "FDUSD", "FRAX", "GHO", "GUSD"),
        *("LUSD", "PYUSD", "RLUSD", "SUSD", "TUSD", "USD0", "USD1", "USDB", "USDC", "USDD", "USDE", "USDG", "USDJ"),
        *("USDP", "USDS", "USDT", "USDX", "XUSD"),
    }
)
_HINTS_MAX = 5


@dataclass(frozen=True, slots=True)
class Universe:
    """What is scanned; `hidden` counts what filters took out, `missing` what a watchlist named in vain."""

    listings: tuple[Listing, ...]
    hidden: Mapping[str, int]
    missing: tuple[Skipped, ...] = ()

    def of(self, exchange: str) -> list[Listing]:
        """The listings of one exchange."""
        return [each for each in self.listings if each.exchange == exchange]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Cheap filters, before any candle is fetched.

    `deny` and `allow` are regular expressions, `born_by_ms` the latest listing date (UTC ms); `min_volume` in
    quote currency needs tickers. Stablecoins and leveraged tokens are left out unless they are asked for.
    """

    deny: str | None = None
    allow: str | None = None
    stable: bool = False
    leveraged: bool = False
    born_by_ms: int | None = None
    min_volume: float | None = None


def parse_watchlist(lines: Iterable[str]) -> list[str]:
    """Symbols of a watchlist: one a line, # begins a comment, order kept, none twice.

    TradingView's export is understood too: comma-separated, with sections that begin with ###.
    """
    items = (item.strip() for line in lines for item in line.split(","))
    symbols = (item.split("#", 1)[0].strip() for item in items)
    return list(dict.fromkeys(symbol for symbol in symbols if symbol))


def choose(
    listings: Sequence[Listing],
    filters: Filters,
    *,
    typed: Sequence[str] = (),
    watched: Sequence[str] | None = None,
    stored: bool = False,
) -> Universe:
    """Typed and watched symbols (all if there are neither), less what the filters take out, be it all.

    An unknown symbol is skipped by name: a delisting must not end a nightly run. Where there is no other, raises
    UsageError for a typed one, with the nearest that exists, and NoDataError for one of a watchlist, or where the
    listings are what is `stored` only; NoDataError too where there are no listings.
    """
    named, missing = _named(listings, typed, watched, stored=stored)
    if typed or watched is not None:  # a stablecoin that is named is wanted
        filters = replace(filters, stable=True, leveraged=True)
    kept, hidden = _filtered(named, filters)
    if not kept and not hidden:  # what filters take out is no error
        _raise_empty(missing)
    return Universe(tuple(kept), hidden, tuple(missing))


def _named(
    listings: Sequence[Listing], typed: Sequence[str], watched: Sequence[str] | None, *, stored: bool
) -> tuple[Sequence[Listing], list[Skipped]]:
    if not typed and watched is None:
        return listings, []
    if not typed and not watched:
        raise NoDataError("the watchlist is empty", "one symbol a line, for example BTCUSDT or BINANCE:BTCUSDT.P")
    index = _index(listings)
    chosen: dict[tuple[str, str], Listing] = {}
    missing: list[Skipped] = []
    for name in [*typed, *(watched or ())]:
        found = _find(index, name)
        if not found:
            # The nearest name costs a look at every listing: a few help, two hundred would not.
            detail = _symbol_hint(listings, name, stored=stored) if len(missing) < _HINTS_MAX else "not listed"
            missing.append(Skipped(name, SkipReason.UNKNOWN_SYMBOL, detail))
        chosen |= {(each.exchange, each.symbol): each for each in found}
    if typed and not chosen:
        names = ", ".join(repr(each.symbol) for each in missing[:_HINTS_MAX])
        if stored:
            raise NoDataError(f"--offline: no candles of {names} are stored on disk", missing[0].detail)
        raise UsageError(f"unknown symbol {names}", missing[0].detail)
    return list(chosen.values()), missing


def _index(listings: Sequence[Listing]) -> dict[str, list[Listing]]:
    """Every spelling that a symbol answers to: BTC/USDT:USDT, BTC/USDT, BTCUSDT, and BTC where only one fits."""
    index: dict[str, list[Listing]] = {}
    bases: dict[str, list[Listing]] = {}
    for each in listings:
        pair = each.symbol.split(":", 1)[0]
        spellings = {each.symbol, each.native, pair, _compact(pair), _compact(each.native)}
        for spelling in {name.casefold() for name in spellings}:
            index.setdefault(spelling, []).append(each)
        if "/" in pair:
            bases.setdefault(pair.split("/", 1)[0].casefold(), []).append(each)
    for base, found in bases.items():
        if max(Counter(each.exchange for each in found).values()) == 1:
            index.setdefault(base, found)
    return index


def _compact(name: str) -> str:
    return re.sub(r"[/_\-]", "", name)


def _find(index: Mapping[str, list[Listing]], name: str) -> list[Listing]:
    found = _spelled(index, name)
    if found:
        return found
    match = _TRADINGVIEW.fullmatch(name)
    exchange, symbol = (match["exchange"].casefold(), match["symbol"]) if match else ("", name)
    found = _spelled(index, symbol.removesuffix(_PERPETUAL))
    return [
        each
        for each in found
        if each.exchange == FILES
        or (each.exchange.casefold().startswith(exchange) and (":" in each.symbol or not symbol.endswith(_PERPETUAL)))
    ]


def _spelled(index: Mapping[str, list[Listing]], name: str) -> list[Listing]:
    """Listings of that spelling; where one is called just so, that one alone of its exchange."""
    found = index.get(name.casefold()) or index.get(_compact(name).casefold()) or []
    exact = {each.exchange: each for each in found if name in (each.symbol, each.native)}
    return [exact.get(each.exchange, each) for each in found if exact.get(each.exchange, each) is each]


def _symbol_hint(listings: Sequence[Listing], name: str, *, stored: bool) -> str:
    symbol = name.split(":", 1)[1] if _TRADINGVIEW.fullmatch(name) else name
    by_spelling = {_compact(each.symbol.split(":", 1)[0]): each.symbol for each in listings}
    close = nearest(_compact(symbol).removesuffix(_PERPETUAL), by_spelling, cutoff=0.6)
    if close:
        return f"did you mean {by_spelling[close]!r}?"
    if stored:
        return f"not among the {len(listings)} symbols that are stored on disk: scan it once without --offline"
    return f"nothing of that name among {len(listings)} symbols; --market or --quote may hide it"


def _filtered(listings: Sequence[Listing], filters: Filters) -> tuple[list[Listing], dict[str, int]]:
    """What passes, and how many each filter took out; the first that objects counts."""
    objections = _objections(listings, filters)
    hidden: Counter[str] = Counter()
    kept = []
    for each in listings:
        objection = next((name for name, objects in objections.items() if objects(each)), None)
        if objection is None:
            kept.append(each)
        else:
            hidden[objection] += 1
    return kept, dict(hidden)


def _objections(listings: Sequence[Listing], filters: Filters) -> dict[str, Callable[[Listing], bool]]:
    """Each filter that is on, by the name that the summary gives it: whether it takes a listing out."""
    denied, allowed = _matching(filters.deny), _matching(filters.allow)
    bases = {_base(each) for each in listings}
    born_by_ms, least = filters.born_by_ms or 0, filters.min_volume or 0.0
    every: dict[str, tuple[bool, Callable[[Listing], bool]]] = {
        "--deny": (filters.deny is not None, denied),
        "--allow": (filters.allow is not None, lambda each: not allowed(each)),
        "stablecoins": (not filters.stable, lambda each: _base(each) in _STABLECOINS),
        "leveraged tokens": (not filters.leveraged, lambda each: _is_leveraged(each, bases)),
        # without a ticker it is judged later, on the candles
        "--min-age": (filters.born_by_ms is not None, lambda each: (each.born_ms or each.began_ms or 0) > born_by_ms),
        "--min-volume": (
            filters.min_volume is not None,
            lambda each: each.quote_volume is not None and each.quote_volume < least,
        ),
    }
    return {name: objects for name, (on, objects) in every.items() if on}


def unknown_ages(universe: Universe, filters: Filters) -> list[str]:
    """A sentence for each exchange with symbols whose age is not known, which --min-age leaves in."""
    if filters.born_by_ms is None:
        return []
    unknown = Counter(each.exchange for each in universe.listings if each.born_ms is None and each.began_ms is None)
    return [
        f"{exchange}: --min-age leaves in symbols of unknown age: {count} without a listing date, and no stored candles"
        " show it; scans with --bars as large as --min-age store them"
        for exchange, count in unknown.items()
    ]


def _matching(pattern: str | None) -> Callable[[Listing], bool]:
    expression = re.compile(pattern or "", re.IGNORECASE)
    return lambda each: bool(expression.search(each.symbol) or expression.search(each.native))


def _base(listing: Listing) -> str:
    """The base currency; empty for names of files, which need not have one."""
    base, slash, _ = listing.symbol.partition("/")
    return base if slash else ""


def _is_leveraged(listing: Listing, bases: AbstractSet[str]) -> bool:
    """Whether a spot token is another symbol of the market with a lever: BTCUP, ETH3S (but SYRUP is no SYR)."""
    match = _LEVERAGED.fullmatch(_base(listing))
    return match is not None and ":" not in listing.symbol and match["of"] in bases


def _raise_empty(missing: Sequence[Skipped]) -> None:
    if missing:
        names = ", ".join(each.symbol for each in missing[:5])
        raise NoDataError(f"none of the {len(missing)} symbols of the watchlist exists: {names}", missing[0].detail)
    raise NoDataError("the market has no symbol of this kind", "check --market and --quote")
