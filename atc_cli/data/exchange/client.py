"""What is set on a ccxt exchange before it is asked, and what is looked at in its answers. Imports no ccxt."""

import json
import re
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

from atc_cli.data.exchange.charge import Tariff
from atc_cli.data.exchange.errors import RequestError, Trouble, refusal
from atc_cli.data.exchange.pages import Paging, Row, checked
from atc_cli.data.exchange.tariff import tariff_of
from atc_cli.data.market import Price, Prices
from atc_cli.domain.timeframe import DAY_MS, TIMEFRAMES_MS
from atc_cli.errors import UsageError, unknown_name
from atc_cli.stages import stage

if TYPE_CHECKING:
    from aiohttp import ClientSession

_USUAL_PAGE_BARS = 500
_FOR_EVER_DAYS = 36_500
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
# ccxt's names for lists of markets that hold a kind, in options.fetchMarkets.types
_LISTS = {"spot": ("spot",), "swap": ("swap", "linear", "contract")}
# both ask signed endpoints when a key is configured; candles need neither
_OURS: Mapping[str, Mapping[str, object]] = {"binance": {"fetchCurrencies": False, "fetchMargins": False}}
# the same of others, whose list of coins is empty without a key
_COINS_NEED_A_KEY = frozenset(
    {"binanceusdm", "bingx", "blofin", "bybit", "coinsph", "cryptocom", "luno", "mexc", "okx"}
)


class Client(Protocol):
    """What is used of a ccxt exchange."""

    has: Mapping[str, object]
    timeframes: Mapping[str, str] | None
    markets: Mapping[str, Mapping[str, Any]] | None
    options: dict[str, Any]
    timeout_on_exit: int
    urls: Mapping[str, Any]
    hostname: str | None
    throttle: Callable[..., Awaitable[None]]
    fetch: Callable[..., Awaitable[object]]
    handle_errors: Callable[..., Any]
    parse_ohlcvs: Callable[..., list[Row]]
    load_markets: Callable[[bool], Awaitable[object]]
    set_markets: Callable[[Sequence[Mapping[str, Any]]], object]
    fetch_time: Callable[[], Awaitable[object]]
    fetch_tickers: Callable[[], Awaitable[Mapping[str, Mapping[str, object]]]]
    fetch_ohlcv: Callable[[str, str, int | None, int], Awaitable[list[Row]]]
    handle_http_status_code: Callable[[int, str, str, str, str], None]
    feature_value_by_type: Callable[[str, str | None, str, str], object]
    seconds: Callable[[], int]
    milliseconds: Callable[[], int]
    microseconds: Callable[[], int]
    on_json_response: Callable[[str], object]
    log: Callable[..., None]
    own_session: bool
    aiohttp_trust_env: bool
    session: "ClientSession"
    socks_proxy_sessions: dict[str, "ClientSession"]
    open: Callable[[bool], None]
    get_socks_proxy_session: Callable[[str], "ClientSession"]
    close: Callable[[], Coroutine[Any, Any, None]]


def our_options(exchange_id: str, kind: str) -> dict[str, object]:
    """What the constructor is given unless the user says otherwise: the rate limit on, the kind as default."""
    options: dict[str, object] = {"defaultType": kind, **_OURS.get(exchange_id, {})}
    tariff = tariff_of(exchange_id, kind)
    if tariff is not None and tariff.recent_days:
        options["fetchOHLCV"] = {"maxRecentDaysPerTimeframe": tariff.recent_days}
    if kind == "swap":
        options["defaultSubType"] = "linear"
    has = {"fetchCurrencies": False} if exchange_id in _COINS_NEED_A_KEY else {}
    return {"enableRateLimit": True, "options": options, "has": has}


def paced_by_ccxt(options: Mapping[str, object]) -> bool:
    """Whether the options say how fast to ask, or that nothing is to hold requests back."""
    return "rateLimit" in options or options.get("enableRateLimit") is False


def check_kind(client: Client, exchange_id: str, kind: str) -> None:
    """Raise UsageError where the exchange has no such market, or no candles."""
    kinds = [each for each in _LISTS if client.has.get(each)]
    if kind not in kinds:
        raise UsageError(f"{exchange_id} has no {kind} market", f"it has: {', '.join(kinds) or 'none of ours'}")
    if client.has.get("fetchOHLCV") is not True:
        raise UsageError(f"{exchange_id} offers no candles", "choose another exchange")


def ask_needed_lists_only(client: Client, kind: str, options: Mapping[str, object]) -> None:
    """One list of markets instead of every kind that the exchange has."""
    theirs = options.get("options")
    asked = client.options.get("fetchMarkets")
    if (isinstance(theirs, Mapping) and "fetchMarkets" in theirs) or not isinstance(asked, dict):
        return
    types = asked.get("types")
    if isinstance(types, list) and (needed := [each for each in types if each in _LISTS[kind]]):
        asked["types"] = needed


def listen(client: Client) -> None:
    """Look at every answer before ccxt's own reading of it.

    ccxt drops status and Retry-After from its errors, lets statuses that it does not know pass, reads
    JSON that does not parse as text, and drops rows without a time.
    """
    ccxt_errors, ccxt_rows = client.handle_errors, client.parse_ohlcvs

    def handle_errors(*answer: Any) -> None:
        status, reason, url, method, headers, body, parsed = answer[:7]
        try:
            ccxt_errors(*answer)
            client.handle_http_status_code(status, reason, url, method, body)
        except Exception as error:
            raise refusal(error, status, headers, parsed) from error
        if status >= 400:
            raise refusal(ValueError(reason), status, headers, parsed)
        if parsed is None and body.lstrip()[:1] in ("{", "[", "<"):
            raise RequestError(Trouble.UNREADABLE, "an answer that is not JSON")

    # since and limit stay behind: ccxt's cut by them is what drops rows without a time
    def parse_ohlcvs(ohlcvs: object, market: object = None, timeframe: str = "1m", *_: Any, **__: Any) -> list[Row]:
        if not (ohlcvs is None or isinstance(ohlcvs, list) or (isinstance(ohlcvs, dict) and ohlcvs)):
            raise RequestError(Trouble.UNREADABLE, "something that is no list of candles")
        with stage("parse"):
            return checked(ccxt_rows(ohlcvs, market, timeframe))

    client.handle_errors, client.parse_ohlcvs = handle_errors, parse_ohlcvs


def read_odd_text(client: Client) -> None:
    """Read JSON with half a surrogate pair in it: one odd name must not cost an answer with all the others.

    The parser that ccxt prefers takes such a document for none at all.
    """
    ccxt_json = client.on_json_response

    def on_json_response(body: str) -> object:
        try:
            with stage("parse"):
                return ccxt_json(body)
        except ValueError:
            if not _SURROGATE.search(body):
                raise
            return json.loads(body, parse_constant=_no_number)

    client.on_json_response = on_json_response


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def check_timeframe(client: Client, timeframe: str) -> None:
    """Raise UsageError, with the nearest one, for a timeframe that we or the exchange do not have."""
    offered = [each for each in TIMEFRAMES_MS if each in (client.timeframes or {})]
    if timeframe not in offered:
        raise UsageError(*unknown_name("timeframe", timeframe, offered))


def paging(client: Client, kind: str, tariff: Tariff | None, timeframe: str) -> Paging:
    """How many candles to ask for at once: what the tariff says, else ccxt."""
    if tariff is not None:
        recent_ms = _recent_days(client, timeframe) * DAY_MS if tariff.old_page_bars else 0
        page_bars = tariff.page_of(timeframe)
        return Paging(
            page_bars, tariff.page_weight, tariff.newest_bars, tariff.closed_fill_page, tariff.old_page_bars, recent_ms
        )
    sub_type = "linear" if kind == "swap" else None
    limit = client.feature_value_by_type(kind, sub_type, "fetchOHLCV", "limit")
    return Paging(limit if isinstance(limit, int) and limit > 0 else _USUAL_PAGE_BARS)


def prices_of(pages: Paging, *, weighed: bool) -> Prices:
    """What candles cost: requests, and weight where that is known."""

    def price(bars: int) -> Price:
        asked = bars if pages.spares_forming(bars) else bars + 1  # the forming candle comes along
        sizes = pages.sizes(min(asked, pages.newest_bars or asked))
        return Price(len(sizes), sum(map(pages.weight, sizes)) if weighed else 0)

    return price


def _recent_days(client: Client, timeframe: str) -> int:
    """For how long ccxt asks where pages are large."""
    days = client.options["fetchOHLCV"]["maxRecentDaysPerTimeframe"].get(timeframe, _FOR_EVER_DAYS)
    return int(days) - 1
