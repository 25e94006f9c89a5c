"""Keys of the settings: candles need none, so none is used unless that is asked for."""

from collections.abc import Mapping
from typing import Any

import pytest

from atc_cli.errors import ConfigError
from tests.helpers.exchange_case import FORMING, coins, fetch_all, market_of
from tests.loopback import Answered, BinanceServer, BybitServer, LoopbackServer, OkxServer
from tests.loopback.bodies import klines_rows
from tests.loopback.server import WrongRequestError
from tests.loopback.symbols import between

pytestmark = pytest.mark.filterwarnings("ignore:enable_cleanup_closed:DeprecationWarning")  # ccxt's, newer Pythons

KEYS = {"apiKey": "5f2c9a", "secret": "s-91-77", "password": "of-nobody"}
SNAKES = {"api_key": "5f2c9a", "secret": "s-91-77", "password": "of-nobody"}


class SignedKucoin(LoopbackServer):
    """A KuCoin's spot market, hourly, that knows nobody's key."""

    @property
    def api_urls(self) -> dict[str, str]:
        names = ("public", "private", "futuresPublic", "futuresPrivate", "webExchange", "uta", "utaV2", "utaPrivate")
        return dict.fromkeys(names, self.base_url)

    def place(self, path: str, query: Mapping[str, str]) -> tuple[str, str]:
        return "spot", path.split("/", 3)[-1]

    def document(self, kind: str, name: str, query: Mapping[str, str]) -> Any:
        answers = {
            "symbols": [self._line(each.base, each.quote) for each in self.symbols.values()],
            "currencies": [{"currency": coin, "chains": []} for coin in ("C00", "C01", "USDT")],
            "market/allTickers": {"ticker": []},
            "timestamp": self.now_ms,
        }
        if name == "market/candles":
            return {"code": "200000", "data": self._candles(query)}
        if name not in answers:
            raise WrongRequestError(401, {"code": "400003", "msg": "KC-API-KEY not exists"})
        return {"code": "200000", "data": answers[name]}

    def _line(self, base: str, quote: str) -> dict[str, Any]:
        name = f"{base}-{quote}"
        coins = {"symbol": name, "name": name, "baseCurrency": base, "quoteCurrency": quote, "enableTrading": True}
        return {**coins, "baseIncrement": "0.001", "quoteIncrement": "0.01", "priceIncrement": "0.01"}

    def _candles(self, query: Mapping[str, str]) -> list[list[str]]:
        symbol = self.symbols[query["symbol"].replace("-", "")]
        first_ms, last_ms = int(query["startAt"]) * 1000, int(query["endAt"]) * 1000
        rows = klines_rows(between(symbol, "1h", first_ms, last_ms, self.now_ms), 0, symbol.decimals)
        return [[str(row[0] // 1000), row[1], row[4], row[2], row[3], row[5], row[7]] for row in rows[::-1]]


@pytest.mark.parametrize("keys", [KEYS, SNAKES], ids=["camels", "snakes"])
def test_kucoin_is_asked_as_without_keys(keys: Mapping[str, str]) -> None:
    asked: list[set[Answered]] = []
    for more in ({}, keys):
        with (
            SignedKucoin(coins(2), now_ms=FORMING) as server,
            market_of(server, "spot", "kucoin", **more) as (market, _),
        ):
            assert len(fetch_all(market, 100).candles) == 2
            assert {each.status for each in server.answered} == {200}
            asked.append({each.name for each in server.answered})
    assert asked[0] == asked[1]


def test_with_use_keys_they_are_sent_and_a_wrong_one_is_a_matter_of_configuration() -> None:
    with (
        SignedKucoin(coins(2), now_ms=FORMING) as server,
        market_of(server, "spot", "kucoin", use_keys=True, **KEYS) as (market, _),
        pytest.raises(ConfigError, match="KC-API-KEY not exists") as caught,
    ):
        fetch_all(market, 100)
    assert "--use-keys" in (caught.value.hint or "")


@pytest.mark.parametrize("use_keys", [False, True])
@pytest.mark.parametrize(
    ("exchange", "server_of"), [("binance", BinanceServer), ("bybit", BybitServer), ("okx", OkxServer)]
)
def test_others_sign_nothing_with_or_without(exchange: str, server_of: type[LoopbackServer], use_keys: bool) -> None:
    with (
        server_of(coins(1), now_ms=FORMING) as server,
        market_of(server, "swap", exchange, use_keys=use_keys, **KEYS) as (market, _),
    ):
        assert len(fetch_all(market, 10).candles) == 1
        assert {each.status for each in server.answered} == {200}
        assert not [each for each in server.answered if "signature" in each.query]
