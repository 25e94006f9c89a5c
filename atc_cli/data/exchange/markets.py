"""The markets of an exchange: which ones are offered, and their list on disk for a day."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

from atc_cli.data.market import Listing
from atc_cli.disk import sealed
from atc_cli.disk.regular import content_of
from atc_cli.domain.timeframe import DAY_MS
from atc_cli.errors import UnavailableError

_SCHEMA = "atc.markets/1"
# swap candles of these carry base volume; gate, kucoinfutures and mexc hand contracts through
_VOLUME_IN_COINS = frozenset({"binance", "binanceusdm", "bybit", "okx", "bitget", "hyperliquid", "htx"})
_BARE = frozenset({"binance", "binanceusdm"})
# what ccxt calls the credentials, written small and without _: a list of markets is the same with and without them
_CREDENTIALS = frozenset(
    {"apikey", "secret", "uid", "accountid", "login", "password", "twofa", "privatekey", "walletaddress", "token"}
)

MarketRecord = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class MarketList:
    """ccxt's markets, when they were fetched (UTC ms), and the rate limit that came with them."""

    markets: list[MarketRecord]
    fetched_ms: int
    per_minute: int | None


class MarketsFile:
    """Where the list of one exchange, kind and set of options is kept; `say` is told what a person must hear."""

    def __init__(self, folder: Path, exchange: str, kind: str, key: object, say: Callable[[str], None]) -> None:
        digest = hashlib.sha256(json.dumps(key, sort_keys=True, default=str).encode()).hexdigest()
        self.path = folder / f"{exchange}-{kind}-{digest[:16]}.json"
        self._exchange, self._kind = exchange, kind
        self._say = say

    def read(self, now_ms: int) -> MarketList | None:
        """The list, unless there is none or it is a day old; a damaged file is set aside and named."""
        try:
            document = sealed.load(_SCHEMA, content_of(self.path))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            self._say(f"the kept list of markets, {str(self.path)!r}, cannot be read ({error.strerror}): fetched again")
            return None
        if document is None:
            self._set_aside()
            return None
        kept = MarketList(**document)
        return kept if 0 <= now_ms - kept.fetched_ms < DAY_MS else None

    def write(self, markets: Iterable[MarketRecord], fetched_ms: int, per_minute: int | None) -> None:
        """Keep the markets of the kind; a list that cannot be kept is fetched again the next time."""
        document = {"markets": self._worth_keeping(markets), "fetched_ms": fetched_ms, "per_minute": per_minute}
        try:
            sealed.write(self.path, _SCHEMA, document)
        except (OSError, UnavailableError, TypeError) as error:
            self._say(f"the list of markets is not kept: {error}")

    def forget(self) -> None:
        """Keep the list no longer."""
        with suppress(OSError):
            self.path.unlink()

    def _worth_keeping(self, markets: Iterable[MarketRecord]) -> list[MarketRecord]:
        """Without Binance's own lines, which are most of the text and which its candles do not need."""
        bare = self._exchange in _BARE
        return [
            {key: value for key, value in each.items() if value is not None and not (bare and key == "info")}
            for each in markets
            if each.get(self._kind)
        ]

    def _set_aside(self) -> None:
        aside = self.path.with_suffix(".damaged")
        self._say(f"the kept list of markets is damaged and was set aside as {str(aside)!r}")
        try:
            self.path.replace(aside)
        except OSError as error:
            self._say(f"{str(self.path)!r} cannot be moved: {error.strerror}")


def public(options: Mapping[str, object]) -> dict[str, object]:
    """Constructor options without credentials: nothing of them is written, not even a digest."""
    return {name: value for name, value in options.items() if name.replace("_", "").casefold() not in _CREDENTIALS}


def offers(market: MarketRecord, kind: str, quote: str | None) -> bool:
    """Whether a market is open, of the kind, and of the quote currency if one is given."""
    of_kind = market.get("spot") if kind == "spot" else market.get("swap") and market.get("linear")
    named = all(isinstance(market.get(key), str) for key in ("symbol", "id", "quote"))
    return bool(of_kind and named and market.get("active") is not False) and (
        quote is None or market["quote"].casefold() == quote.casefold()
    )


def is_text(market: MarketRecord) -> bool:
    """Whether its names can be written: half a surrogate pair cannot."""
    try:
        return bool(f"{market['symbol']}{market['id']}{market['quote']}".encode())
    except UnicodeEncodeError:
        return False


def may_count_contracts(market: MarketRecord, exchange: str) -> bool:
    """Whether candle volume may count contracts that are not one coin each: then it is unknown."""
    size = market.get("contractSize")
    return exchange not in _VOLUME_IN_COINS and size is not None and size != 1


def listing_of(market: MarketRecord, day: Mapping[str, object], exchange: str) -> Listing:
    """A market as a symbol to scan, with its day figures where tickers were fetched."""
    change_percent = _finite(day.get("percentage"))
    return Listing(
        exchange=exchange,
        symbol=market["symbol"],
        native=market["id"],
        quote=market["quote"],
        born_ms=born_ms(market) or None,
        change_24h_frac=None if change_percent is None else change_percent / 100,
        quote_volume=_finite(day.get("quoteVolume")),
    )


def odd_names(markets: Iterable[MarketRecord], exchange: str) -> list[str]:
    """A sentence for each market whose name is not text and which is therefore left out."""
    return [
        f"{exchange}: the symbol {each['symbol']!a} is left out: its name is not text"
        for each in markets
        if not is_text(each)
    ]


def born_ms(market: MarketRecord) -> int:
    """When a market was listed, 0 where the exchange does not say."""
    created = market.get("created")
    return created if isinstance(created, int) and created > 0 else 0


def _finite(value: object) -> float | None:
    return float(value) if isinstance(value, (int, float)) and isfinite(value) else None
