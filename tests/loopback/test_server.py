"""That the server behaves as Binance does where the adapter depends on it."""

import gzip
import json
import signal
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import ProxyHandler, build_opener

import numpy as np
import pytest

from atc_cli.domain.timeframe import HOUR_MS, MINUTE_MS
from tests.conftest import ROOT, SHARED
from tests.loopback import BinanceServer, Limits, Symbol, fixed, wandering

NOW = 1_760_000_400_000 + 10 * MINUTE_MS
OLDEST = 1_760_000_400_000 - 1999 * HOUR_MS
RECORDED = SHARED / "data" / "rest" / "binance"
_DIRECT = build_opener(ProxyHandler({}))


@pytest.fixture
def server() -> Iterator[BinanceServer]:
    opens = OLDEST + HOUR_MS * np.arange(2001)  # the last one opens after NOW
    bars = np.column_stack([opens, np.full((2001, 4), 1.5), np.full(2001, 2.0)])
    with BinanceServer([Symbol("BTC", bars=fixed(bars)), Symbol("ETH", bars=wandering(1))], now_ms=NOW) as running:
        yield running


def get(server: BinanceServer, path: str, **query: object) -> tuple[int, Any, dict[str, str]]:
    try:
        with _DIRECT.open(f"{server.base_url}{path}?{urlencode(query)}") as answer:
            return answer.status, json.load(answer), dict(answer.headers)
    except HTTPError as error:
        with error:
            return error.code, json.load(error), dict(error.headers)


@pytest.mark.parametrize(("root", "cap"), [("/api/v3", 1000), ("/fapi/v1", 1500)])
def test_klines_limits(server: BinanceServer, root: str, cap: int) -> None:
    for limit, expected in ((None, 500), (3, 3), (5000, cap)):
        query = {} if limit is None else {"limit": limit}
        _, rows, _ = get(server, f"{root}/klines", symbol="BTCUSDT", interval="1h", **query)
        assert len(rows) == expected
        assert rows[-1][0] == NOW // HOUR_MS * HOUR_MS, "the forming bar is there, later ones are not"


@pytest.mark.parametrize(
    ("query", "first", "count"),
    [
        ({"startTime": OLDEST - 10**9}, OLDEST, 3),
        ({"startTime": OLDEST + 1}, OLDEST + HOUR_MS, 3),
        ({"startTime": OLDEST, "endTime": OLDEST + HOUR_MS}, OLDEST, 2),
        ({"endTime": OLDEST + 5 * HOUR_MS}, OLDEST + 3 * HOUR_MS, 3),
        ({"endTime": OLDEST + HOUR_MS}, OLDEST, 2),
    ],
)
def test_klines_ranges(server: BinanceServer, query: dict[str, int], first: int, count: int) -> None:
    _, rows, _ = get(server, "/fapi/v1/klines", symbol="BTCUSDT", interval="1h", limit=3, **query)
    assert [row[0] for row in rows] == [first + i * HOUR_MS for i in range(count)]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"symbol": "NOPE", "interval": "1h"}, -1121),
        ({"symbol": "BTCUSDT", "interval": "7h"}, -1120),
        ({"interval": "1h"}, -1102),
    ],
)
def test_wrong_requests_get_binances_error_body(server: BinanceServer, query: dict[str, str], code: int) -> None:
    status, body, _ = get(server, "/api/v3/klines", **query)
    assert (status, body["code"]) == (400, code)
    assert body["msg"]


def test_weights_are_counted_as_binance_counts_them(server: BinanceServer) -> None:
    used = 0
    for limit, weight in ((99, 1), (100, 2), (499, 2), (500, 5), (1000, 5), (1001, 10)):
        _, _, headers = get(server, "/fapi/v1/klines", symbol="BTCUSDT", interval="1h", limit=limit)
        used += weight
        assert int(headers["X-MBX-USED-WEIGHT-1M"]) == used
    get(server, "/api/v3/exchangeInfo")
    assert server.weight == used + 20


@pytest.mark.parametrize("rolling", [False, True])
def test_enforced_limits_refuse_with_429_then_418_until_the_time_they_name(rolling: bool) -> None:
    limits = Limits({"swap": 7}, enforced=True, rolling=rolling)
    with BinanceServer([Symbol("ETH", bars=wandering(1))], now_ms=NOW + 45_000, limits=limits) as server:

        def ask() -> tuple[int, str | None]:
            status, _, headers = get(server, "/fapi/v1/klines", symbol="ETHUSDT", interval="1h", limit=499)
            return status, headers.get("Retry-After")

        wait = "60" if rolling else "15"
        assert [ask() for _ in range(4)] == [(200, None)] * 3 + [(429, wait)]
        server.advance(int(wait) * 1000 + 1)
        assert ask() == (200, None)
        asked = [ask()[0] for _ in range(14)]
        assert asked == [200] * 2 + [429] * 10 + [418] * 2
        assert server.refused() == 13
        server.advance(119_000)
        assert ask() == (418, "1")
        server.advance(1_001)
        assert ask() == (200, None)


def test_a_stray_request_is_answered_404_and_counted(server: BinanceServer) -> None:
    assert get(server, "/stray/sapi/capital")[0] == 404
    assert [each.kind for each in server.answered] == [""]


def _keys(name: str, pick: str | None) -> set[str]:
    body = (RECORDED / name).read_bytes()
    document = json.loads(gzip.decompress(body) if name.endswith(".gz") else body)
    return set((document[pick] if pick else document)[0])


@pytest.mark.skipif(not RECORDED.is_dir(), reason="recorded answers are not part of the project")
@pytest.mark.parametrize(
    ("path", "pick", "name"),
    [
        ("/api/v3/exchangeInfo", "symbols", "spot_exchangeInfo_2021-10-11.json.gz"),
        ("/fapi/v1/exchangeInfo", "symbols", "usdm_exchangeInfo_2026-03-31.json.gz"),
        ("/api/v3/ticker/24hr", None, "spot_ticker24hr_top100_2026-03-10.json"),
        ("/fapi/v1/ticker/24hr", None, "usdm_TESTNET_ticker24hr_2025-01-11.json"),
    ],
)
def test_documents_have_no_field_that_the_recorded_ones_lack(
    server: BinanceServer, path: str, pick: str | None, name: str
) -> None:
    _, document, _ = get(server, path)
    assert set((document[pick] if pick else document)[0]) <= _keys(name, pick)


@pytest.mark.skipif(not RECORDED.is_dir(), reason="recorded answers are not part of the project")
def test_klines_have_the_types_of_recorded_ones(server: BinanceServer) -> None:
    recorded = json.loads(gzip.decompress((RECORDED / "klines_raw" / "BTCUSDT-1h.json.gz").read_bytes()))
    _, rows, _ = get(server, "/api/v3/klines", symbol="ETHUSDT", interval="1h")
    assert [type(value) for value in rows[0]] == [type(value) for value in recorded[0]]
    assert rows[0][6] - rows[0][0] == recorded[0][6] - recorded[0][0]


def test_the_console_prints_a_config_and_ends_at_ctrl_c() -> None:
    command = [sys.executable, "-m", "tests.loopback", "--market", "spot", "--symbols", "3"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as console:
        assert console.stdout is not None
        lines = [console.stdout.readline() for _ in range(6)]
        console.send_signal(signal.SIGINT)
        _, words = console.communicate()
    config = tomllib.loads("".join(lines))
    assert (config["exchange"], config["market"]) == (["binance"], "spot")
    assert config["ccxt"]["binance"]["urls"]["api"]["public"].startswith("http://127.0.0.1:")
    assert (console.returncode, words) == (0, "0 requests, weight 0, 0 refused\n")


def test_the_date_of_an_answer_follows_the_servers_clock(server: BinanceServer) -> None:
    for now_ms in (NOW, NOW + 365 * 24 * HOUR_MS + 999):
        server.now_ms = now_ms
        _, _, headers = get(server, "/api/v3/ping")
        assert parsedate_to_datetime(headers["Date"]).timestamp() == now_ms // 1000
