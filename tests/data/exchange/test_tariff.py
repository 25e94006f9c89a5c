"""The table of tariffs: what each request costs, and that README shows the same."""

import json
import re
from collections.abc import Callable

import pytest

from atc_cli.data.exchange.charge import Charge, Headers, Limit, Tariff
from atc_cli.data.exchange.tariff import TARIFFS, tariff_of
from atc_cli.domain.timeframe import HOUR_MS
from tests.conftest import ROOT

SPOT, SWAP = "spot", "swap"
SNAPSHOT = {"type": "candleSnapshot", "req": {"coin": "BTC", "interval": "1h"}}
BINANCE, BYBIT, OKX, KRAKEN = Limit(1200, 60_000), Limit(600, 5000), Limit(40, 2000), Limit(1, 1000)
KUCOIN, GATE, BITGET, COINBASE = Limit(2000, 30_000), Limit(200, 10_000), Limit(20, 1000), Limit(10, 1000)
COSTS = [
    ("binance", SPOT, "/api/v3/klines?symbol=BTCUSDT&limit=1000", Charge("", 2, BINANCE)),
    ("binance", SPOT, "/api/v3/exchangeInfo", Charge("", 20, BINANCE)),
    ("binance", SPOT, "/api/v3/time", Charge("", 1, BINANCE)),
    ("binance", SWAP, "/fapi/v1/klines?limit=99", Charge("", 1, Limit(2400, 60_000))),
    ("binance", SWAP, "/fapi/v1/klines?limit=100", Charge("", 2, Limit(2400, 60_000))),
    ("binance", SWAP, "/fapi/v1/klines", Charge("", 5, Limit(2400, 60_000))),
    ("binanceusdm", SWAP, "/fapi/v1/ticker/24hr", Charge("", 40, Limit(2400, 60_000))),
    ("bybit", SWAP, "/v5/market/kline?category=linear&limit=1000", Charge("", 1, BYBIT)),
    ("bybit", SPOT, "/v5/market/time", Charge("", 1, BYBIT)),
    ("okx", SWAP, "/api/v5/market/candles?limit=300", Charge("market/candles", 1, OKX)),
    ("okx", SPOT, "/api/v5/market/history-candles?limit=300", Charge("market/history-candles", 2, OKX)),
    ("okx", SPOT, "/api/v5/public/time", Charge("/api/v5/public/time", 4, OKX)),
    ("kraken", SPOT, "/0/public/OHLC?pair=XBTUSD", Charge("", 1, KRAKEN)),
    ("kucoin", SPOT, "/api/v1/market/candles?symbol=BTC-USDT", Charge("", 3, KUCOIN)),
    ("kucoin", SPOT, "/api/v1/market/allTickers", Charge("", 15, KUCOIN)),
    ("kucoin", SWAP, "/api/v1/kline/query?symbol=XBTUSDTM", Charge("", 3, KUCOIN)),
    ("gate", SPOT, "/api/v4/spot/candlesticks?currency_pair=BTC_USDT", Charge("spot/candlesticks", 1, GATE)),
    ("gate", SWAP, "/api/v4/futures/usdt/candlesticks?contract=BTC_USDT", Charge("candlesticks", 1, GATE)),
    ("bitget", SPOT, "/api/v2/spot/market/candles?limit=1000", Charge("spot/market/candles", 1, BITGET)),
    (
        "bitget",
        SWAP,
        "/api/v2/mix/market/history-candles?limit=200",
        Charge("/api/v2/mix/market/history-candles", 1, BITGET),
    ),
    ("coinbase", SPOT, "/api/v3/brokerage/market/products/BTC-USD/candles", Charge("", 1, COINBASE)),
    ("mexc", SPOT, "/api/v3/klines?symbol=BTCUSDT", Charge("", 1, Limit(300, 10_000))),
    ("mexc", SWAP, "/api/v1/contract/kline/BTC_USDT", Charge("contract/kline", 1, Limit(20, 2000))),
    ("mexc", SWAP, "/api/v1/contract/kline/ETH_USDT", Charge("contract/kline", 1, Limit(20, 2000))),
]


@pytest.mark.parametrize(("exchange", "kind", "url", "charge"), COSTS, ids=[f"{e} {u}" for e, _, u, _ in COSTS])
def test_a_request_costs_what_is_published(exchange: str, kind: str, url: str, charge: Charge) -> None:
    tariff = tariff_of(exchange, kind)
    assert tariff is not None
    assert tariff.charge(f"https://host{url}") == charge


@pytest.mark.parametrize(("bars", "weight"), [(1, 21), (60, 21), (61, 22), (1501, 46), (5000, 104)])
def test_hyperliquid_charges_for_the_candles_that_it_sends(bars: int, weight: int) -> None:
    tariff = tariff_of("hyperliquid", SWAP)
    assert tariff is not None
    times = {"startTime": HOUR_MS, "endTime": bars * HOUR_MS}
    body = json.dumps({**SNAPSHOT, "req": {**SNAPSHOT["req"], **times}})
    assert tariff.charge("https://host/info", body) == Charge("", weight, Limit(1200, 60_000))
    assert tariff.charge("https://host/info", '{"type":"exchangeStatus"}').weight == 2
    assert tariff.charge("https://host/info", '{"type":"meta"}').weight == 20


def test_what_is_used_is_told_as_such_or_by_what_is_left() -> None:
    kucoin, binance = tariff_of("kucoin", SPOT), tariff_of("binance", SPOT)
    assert kucoin is not None
    assert binance is not None
    told = {"gw-ratelimit-limit": "2000", "GW-RateLimit-Remaining": "1897", "gw-ratelimit-reset": "2500"}
    assert (kucoin.used(told), kucoin.wait_s(told)) == ((103, 2000), 2.5)
    assert kucoin.used({"gw-ratelimit-remaining": "7"}) == (None, None)
    assert binance.used({"X-MBX-USED-WEIGHT-1M": "42"}) == (42, None)
    assert binance.used({"X-MBX-USED-WEIGHT-1M": "-1"}) == binance.used({}) == (None, None)
    assert (binance.wait_s(told), binance.used(told)) == (None, (None, None))


@pytest.mark.parametrize("tariff", TARIFFS.values(), ids=["-".join(key) for key in TARIFFS])
def test_every_row_says_where_it_is_from_and_can_be_kept_to(tariff: Tariff) -> None:
    assert "." in tariff.document
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", tariff.dated)
    assert max(tariff.cost, tariff.page_weight(tariff.page_bars), *tariff.costs.values(), 1) <= tariff.limit.weight
    evenly = tariff.limit.window_ms <= 2000
    assert not (evenly and not tariff.by_endpoint and {tariff.cost, *tariff.costs.values()} != {1})
    assert not (evenly and tariff.headers != Headers()), "what is told of a window cannot be spread over it"


@pytest.mark.parametrize(("exchange", "kind"), TARIFFS, ids=["-".join(key) for key in TARIFFS])
def test_ccxt_knows_each_of_them_with_such_a_market_and_a_time(exchange: str, kind: str) -> None:
    import ccxt

    client = getattr(ccxt, exchange)()
    assert client.has[kind]
    assert client.has["fetchTime"]
    url = client.urls["api"]
    for key in TARIFFS[exchange, kind].api:
        url = url[key]
    assert isinstance(url, str)


def of_both(exchange: str, figure: Callable[[Tariff], object]) -> str:
    """A figure of spot and swap, once where they share it."""
    rows = [tariff for (name, _), tariff in TARIFFS.items() if name == exchange]
    return " / ".join(dict.fromkeys(str(figure(each)) for each in rows))


def test_readme_shows_the_table() -> None:
    readme = (ROOT / "README.md").read_text()
    shown = re.findall(r"^\| (\w+) \| ([^|]+) \| ([^|]+ in [^|]+ s) \| ([^|]+) \| ([^|]+) \|$", readme, re.MULTILINE)
    assert shown == [
        (
            name,
            of_both(name, lambda each: each.page_bars),
            of_both(name, lambda each: f"{each.limit.weight} in {each.limit.window_ms // 1000} s"),
            of_both(name, lambda each: "endpoint" if each.by_endpoint else "address"),
            of_both(name, lambda each: each.dated),
        )
        for name in dict.fromkeys(name for name, _ in TARIFFS)
        if name != "binanceusdm"
    ]
