"""The table of tariffs, pure: one row for each market of the big exchanges. Others keep ccxt's throttle and its pages.

All of them tell the time by an endpoint of their own and by the Date of every answer; clock.py asks for both.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from atc_cli.data.exchange.charge import Headers, Limit, Tariff

_SECOND_MS, _MINUTE_MS = 1000, 60_000
_READ = "2026-11-21"  # when a document that bears no date, or ccxt, was read

_BINANCE_USED = Headers(used="x-mbx-used-weight-1m")
_KUCOIN: dict[str, Any] = {
    "api": ("public",),  # the limit is of a pool that spot and futures share
    "limit": Limit(2000, 30 * _SECOND_MS),
    "cost": 15,
    "headers": Headers(limit="gw-ratelimit-limit", left="gw-ratelimit-remaining", wait_ms="gw-ratelimit-reset"),
    "document": "kucoin.com/docs-new/rate-limit; weights and pages: ccxt 4.5.90",
    "dated": _READ,
}
_GATE: dict[str, Any] = {
    "limit": Limit(200, 10 * _SECOND_MS),
    "by_endpoint": True,
    "headers": Headers(limit="x-gate-ratelimit-limit", left="x-gate-ratelimit-requests-remain"),
    "document": "gate.com/announcements/article/33995; pages: ccxt 4.5.90",
    "dated": "2024-01-14",
}
_BITGET_DAYS = {"1m": 30, "3m": 30, "5m": 30, "15m": 52, "30m": 62, "1h": 83, "2h": 120, "4h": 240, "6h": 360}
_BITGET: dict[str, Any] = {
    "limit": Limit(20, _SECOND_MS),
    "by_endpoint": True,
    "pages": ((1000, 1),),
    "page_bars": 1000,
    "recent_days": _BITGET_DAYS,
    "old_page_bars": 200,
    "dated": _READ,
}

_BINANCE_USDM = Tariff(
    api=("fapiPublic",),
    limit=Limit(2400, _MINUTE_MS),
    candles="klines",
    pages=((99, 1), (499, 2), (1000, 5), (1500, 10)),
    page_bars=499,
    costs={"ticker/24hr": 40},
    headers=_BINANCE_USED,
    document="ccxt 4.5.90, after developers.binance.com/docs/derivatives/usds-margined-futures",
    dated=_READ,
)
# its X-Bapi-Limit headers tell of a key's limit, not of an address's
_BYBIT = Tariff(
    api=("public",),
    limit=Limit(600, 5 * _SECOND_MS),
    candles="market/kline",
    pages=((1000, 1),),
    page_bars=1000,
    document="bybit-exchange.github.io/docs/v5/rate-limit",
    dated=_READ,
)
# 40 in two seconds are for candles; older ones and lists are allowed 20, the time 10
_OKX = Tariff(
    api=("rest",),
    limit=Limit(40, 2 * _SECOND_MS),
    by_endpoint=True,
    candles="market/candles",
    pages=((300, 1),),
    page_bars=300,
    cost=4,
    costs={"market/history-candles": 2, "market/tickers": 2, "public/instruments": 2},
    document="ccxt 4.5.90; pages: github.com/ccxt/ccxt/issues/26705 of 2025-08-22",
    dated=_READ,
)
_COINBASE = Tariff(
    api=("rest",),
    limit=Limit(10, _SECOND_MS),
    candles="candles",
    pages=((300, 1),),
    page_bars=300,
    document="docs.cdp.coinbase.com/exchange/rest-api/rate-limits; pages: ccxt 4.5.90",
    dated=_READ,
)
# 20 for a request, and one for every 60 candles in its answer
_HYPERLIQUID = Tariff(
    api=("public",),
    limit=Limit(1200, _MINUTE_MS),
    candles="info/candleSnapshot",
    pages=tuple((60 * more, 20 + more) for more in range(1, 85)),
    page_bars=5000,
    cost=20,
    costs={"info/exchangeStatus": 2},
    document="hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/rate-limits",
    dated=_READ,
)

TARIFFS = MappingProxyType(
    {
        ("binance", "spot"): Tariff(
            api=("public",),
            limit=Limit(1200, _MINUTE_MS),
            candles="klines",
            pages=((1000, 2),),
            page_bars=1000,
            costs={"exchangeInfo": 20, "ticker/24hr": 80},
            headers=_BINANCE_USED,
            document="ccxt 4.5.90, after developers.binance.com/docs/binance-spot-api-docs/rest-api",
            dated=_READ,
        ),
        ("binance", "swap"): _BINANCE_USDM,
        ("binanceusdm", "swap"): _BINANCE_USDM,
        ("bybit", "spot"): _BYBIT,
        ("bybit", "swap"): _BYBIT,
        ("okx", "spot"): _OKX,
        ("okx", "swap"): _OKX,
        ("kraken", "spot"): Tariff(
            api=("public",),
            limit=Limit(1, _SECOND_MS),
            candles="public/OHLC",
            pages=((720, 1),),
            page_bars=720,
            newest_bars=720,
            document="support.kraken.com/articles/206548367; docs.kraken.com/exchange/guides/general/historical-data",
            dated=_READ,
        ),
        ("kucoin", "spot"): Tariff(
            candles="market/candles",
            pages=((1500, 3),),
            page_bars=1500,
            closed_fill_page=True,
            costs={"symbols": 4, "currencies": 3, "timestamp": 3},
            **_KUCOIN,
        ),
        ("kucoin", "swap"): Tariff(
            candles="kline/query",
            pages=((500, 3),),
            page_bars=500,
            costs={"contracts/active": 3, "allTickers": 5, "currencies": 3, "timestamp": 2},
            **_KUCOIN,
        ),
        ("gate", "spot"): Tariff(
            api=("public", "spot"), candles="spot/candlesticks", pages=((1000, 1),), page_bars=1000, **_GATE
        ),
        ("gate", "swap"): Tariff(
            api=("public", "futures"), candles="candlesticks", pages=((1999, 1),), page_bars=1999, **_GATE
        ),
        ("bitget", "spot"): Tariff(
            api=("spot",),
            candles="spot/market/candles",
            page_bars_of={"1d": 300, "3d": 100, "1w": 100},
            document="bitget.com/api-doc/spot/market/Get-Candle-Data",
            **_BITGET,
        ),
        ("bitget", "swap"): Tariff(
            api=("mix",),
            candles="mix/market/candles",
            page_bars_of={"4h": 540, "6h": 360, "12h": 180, "1d": 90, "3d": 30, "1w": 13},
            document="bitget.com/api-doc/contract/market/Get-Candle-Data",
            **_BITGET,
        ),
        ("coinbase", "spot"): _COINBASE,
        ("coinbase", "swap"): _COINBASE,
        # a page of spot: documents say 1000, ccxt found and asks for 500
        ("mexc", "spot"): Tariff(
            api=("spot", "public"),
            limit=Limit(300, 10 * _SECOND_MS),
            candles="klines",
            pages=((500, 1),),
            page_bars=500,
            costs={"exchangeInfo": 25, "ticker/24hr": 25},
            document="apis.io/rate-limits/mexc; weights and pages: ccxt 4.5.90",
            dated="2026-06-13",
        ),
        ("mexc", "swap"): Tariff(
            api=("contract", "public"),
            limit=Limit(20, 2 * _SECOND_MS),
            by_endpoint=True,
            candles="contract/kline",
            pages=((2000, 1),),
            page_bars=2000,
            document="apis.io/rate-limits/mexc; pages: ccxt 4.5.90",
            dated="2026-06-13",
        ),
        ("hyperliquid", "spot"): _HYPERLIQUID,
        ("hyperliquid", "swap"): _HYPERLIQUID,
    }
)


def tariff_of(exchange: str, kind: str) -> Tariff | None:
    """The row of an exchange's market, where there is one."""
    return TARIFFS.get((exchange, kind))


def granted(exchange_info: object) -> int | None:
    """The weight per minute that Binance's exchangeInfo grants, None where it does not say."""
    limits = exchange_info.get("rateLimits") if isinstance(exchange_info, Mapping) else None
    for each in limits if isinstance(limits, list) else []:
        if isinstance(each, Mapping) and _per_minute(each):
            return int(each["limit"])
    return None


def _per_minute(limit: Mapping[str, object]) -> bool:
    named = (limit.get("rateLimitType"), limit.get("interval"), limit.get("intervalNum"))
    size = limit.get("limit")
    return named == ("REQUEST_WEIGHT", "MINUTE", 1) and type(size) is int and size > 0
