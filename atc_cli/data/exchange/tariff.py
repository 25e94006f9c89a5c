"""What Binance charges for a request, in the weight that it grants an address per minute. Pure.

Weights: the endpoints' pages of the spot and USD-M documentation. Other exchanges keep ccxt's own throttle.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

_UNSAID_LIMIT_BARS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """The weights of one host.

    `api` is ccxt's key of its URL; `weight_per_minute` counts until exchangeInfo tells; `klines` holds
    (largest limit, weight) pairs, the last one without a bound; `page_bars` is what a bar costs least with.
    """

    api: str
    weight_per_minute: int
    klines: Sequence[tuple[int, int]]
    page_bars: int
    others: Mapping[str, int]

    def page_weight(self, bars: int) -> int:
        """Weight of a request for so many candles."""
        return next((weight for most, weight in self.klines if bars <= most), self.klines[-1][1])

    def weight(self, url: str) -> int:
        """Weight of a GET; 1 for what is not known."""
        parts = urlsplit(url)
        name = parts.path.rpartition("/")[2]
        query = parse_qs(parts.query)
        if name == "klines":
            return self.page_weight(int(query.get("limit", [str(_UNSAID_LIMIT_BARS)])[0]))
        return 1 if "symbol" in query else self.others.get(name, 1)


_SPOT = Tariff(
    api="public",
    weight_per_minute=1200,
    klines=((1000, 2),),
    page_bars=1000,
    others={"exchangeInfo": 20, "24hr": 80},
)
_USDM = Tariff(
    api="fapiPublic",
    weight_per_minute=2400,
    klines=((99, 1), (499, 2), (1000, 5), (1500, 10)),
    page_bars=499,
    others={"exchangeInfo": 1, "24hr": 40},
)
_TARIFFS = {("binance", "spot"): _SPOT, ("binance", "swap"): _USDM, ("binanceusdm", "swap"): _USDM}


def tariff_of(exchange: str, kind: str) -> Tariff | None:
    """The weights of an exchange's market, where we know them."""
    return _TARIFFS.get((exchange, kind))


def granted(exchange_info: object) -> int | None:
    """The weight per minute that an exchangeInfo document grants, None where it does not say."""
    limits = exchange_info.get("rateLimits") if isinstance(exchange_info, Mapping) else None
    for each in limits if isinstance(limits, list) else []:
        if isinstance(each, Mapping) and _per_minute(each):
            return int(each["limit"])
    return None


def _per_minute(limit: Mapping[str, object]) -> bool:
    named = (limit.get("rateLimitType"), limit.get("interval"), limit.get("intervalNum"))
    size = limit.get("limit")
    return named == ("REQUEST_WEIGHT", "MINUTE", 1) and type(size) is int and size > 0
