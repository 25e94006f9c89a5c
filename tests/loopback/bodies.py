"""Binance's answers: the shapes of its documents, spot and USD-M, and what a request weighs."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from atc_cli.domain.timeframe import DAY_MS, HOUR_MS, TIMEFRAMES_MS
from tests.loopback.server import WrongRequestError
from tests.loopback.symbols import Symbol, Table, between, newest

DEFAULT_LIMIT = 500
CAPS = {"spot": 1000, "swap": 1500}
_PERPETUAL_DELIVERY_MS = 4133404800000
_FUTURE_DELIVERY_MS = 1798761600000
_WEIGHTS = {
    "spot": {"exchangeInfo": 20, "klines": 2, "ticker/24hr": 80},
    "swap": {"exchangeInfo": 1, "klines": 10, "ticker/24hr": 40},
}
_USDM_KLINES = ((99, 1), (499, 2), (1000, 5))


class BinanceError(WrongRequestError):
    """A request that Binance answers with 400 and {"code", "msg"}."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(400, {"code": code, "msg": message})


def weight(kind: str, name: str, query: Mapping[str, str]) -> int:
    """What a request costs of the minute's budget."""
    if name == "klines" and kind == "swap":
        limit = int(query.get("limit", DEFAULT_LIMIT))
        return next((cost for most, cost in _USDM_KLINES if limit <= most), 10)
    if name == "ticker/24hr" and "symbol" in query:
        return 2 if kind == "spot" else 1
    return _WEIGHTS[kind].get(name, 1)


def exchange_info(kind: str, symbols: Sequence[Symbol], now_ms: int, per_minute: int) -> dict[str, Any]:
    """The exchangeInfo document."""
    minute = {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1}
    limits = [{**minute, "limit": per_minute}]
    lines = [_spot_line(each) if kind == "spot" else _usdm_line(each) for each in symbols]
    return {"timezone": "UTC", "serverTime": now_ms, "rateLimits": limits, "exchangeFilters": [], "symbols": lines}


def _common_line(symbol: Symbol) -> dict[str, Any]:
    filters = [
        {"filterType": "PRICE_FILTER", "minPrice": symbol.tick, "maxPrice": "1000000", "tickSize": symbol.tick},
        {"filterType": "LOT_SIZE", "minQty": "0.001", "maxQty": "1000000", "stepSize": "0.001"},
    ]
    return {
        "symbol": symbol.id,
        "status": symbol.status,
        "baseAsset": symbol.base,
        "quoteAsset": symbol.quote,
        "baseAssetPrecision": 8,
        "quotePrecision": 8,
        "orderTypes": ["LIMIT", "MARKET"],
        "filters": filters,
    }


def _spot_line(symbol: Symbol) -> dict[str, Any]:
    rights = {"isSpotTradingAllowed": True, "isMarginTradingAllowed": False, "permissions": ["SPOT"]}
    return {**_common_line(symbol), "quoteAssetPrecision": 8, "icebergAllowed": True, **rights}


def _usdm_line(symbol: Symbol) -> dict[str, Any]:
    perpetual = symbol.contract.endswith("PERPETUAL")
    return {
        **_common_line(symbol),
        "pair": symbol.id.split("_")[0],
        "contractType": symbol.contract,
        "deliveryDate": _PERPETUAL_DELIVERY_MS if perpetual else _FUTURE_DELIVERY_MS,
        "onboardDate": symbol.born_ms,
        "marginAsset": symbol.quote,
        "pricePrecision": symbol.decimals,
        "quantityPrecision": 3,
        "underlyingType": "COIN",
        "timeInForce": ["GTC", "IOC"],
    }


def klines(symbol: Symbol, query: Mapping[str, str], cap: int, now_ms: int) -> list[list[Any]]:
    """Candles of a request; from startTime on if given, else the newest that there are; the forming one included."""
    timeframe = query.get("interval", "")
    if timeframe not in TIMEFRAMES_MS:
        raise BinanceError(-1120, "Invalid interval.")
    step = TIMEFRAMES_MS[timeframe]
    limit = min(int(query.get("limit", DEFAULT_LIMIT)), cap)
    last_ms = int(query.get("endTime", now_ms))
    if "startTime" in query:
        bars = between(symbol, timeframe, int(query["startTime"]), last_ms, now_ms)[:limit]
    else:
        bars = newest(symbol, timeframe, limit, last_ms, now_ms)
    return klines_rows(bars, step, symbol.decimals)


def klines_rows(bars: Table, step_ms: int, decimals: int) -> list[list[Any]]:
    """Candles as Binance writes them: 12 columns, numbers as text."""
    return [
        [
            int(open_ms),
            *(f"{price:.{decimals}f}" for price in prices),
            f"{volume:.3f}",
            int(open_ms) + step_ms - 1,
            f"{volume * prices[3]:.5f}",
            100,
            f"{volume / 2:.3f}",
            f"{volume * prices[3] / 2:.5f}",
            "0",
        ]
        for open_ms, *prices, volume in bars.tolist()
    ]


def ticker(kind: str, symbol: Symbol, now_ms: int) -> dict[str, Any]:
    """The last 24 hours, from the hourly candles."""
    bars = symbol.bars("1h", (now_ms - DAY_MS) // HOUR_MS * HOUR_MS, now_ms, now_ms)
    bars = bars if len(bars) else np.ones((1, 6))
    first, last = bars[0, 1], bars[-1, 4]
    day = {
        "symbol": symbol.id,
        "priceChange": f"{last - first:.{symbol.decimals}f}",
        "priceChangePercent": f"{(last / first - 1) * 100:.3f}",
        "weightedAvgPrice": f"{last:.{symbol.decimals}f}",
        "lastPrice": f"{last:.{symbol.decimals}f}",
        "openPrice": f"{first:.{symbol.decimals}f}",
        "highPrice": f"{bars[:, 2].max():.{symbol.decimals}f}",
        "lowPrice": f"{bars[:, 3].min():.{symbol.decimals}f}",
        "volume": f"{bars[:, 5].sum():.3f}",
        "quoteVolume": f"{(bars[:, 5] * bars[:, 4]).sum():.5f}",
        "openTime": now_ms - DAY_MS,
        "closeTime": now_ms,
        "count": len(bars),
    }
    return {**day, "prevClosePrice": day["openPrice"]} if kind == "spot" else day
