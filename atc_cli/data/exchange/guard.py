"""Around every question to a ccxt exchange: whose secrets its words must not hold, and how long its answer may be."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from atc_cli.data.exchange.bound import Bound, bound, list_bound, moment_bound, page_bound
from atc_cli.data.exchange.client import Client
from atc_cli.data.exchange.errors import RequestError, failure_of, hide
from atc_cli.domain.secrets import Words

T = TypeVar("T")


def guard(client: Client, words: Words) -> None:
    """Have each question asked within its bound, and whatever goes wrong told without secrets."""
    client.fetch_ohlcv = _guarded(client.fetch_ohlcv, words, _bound_of_page)
    client.load_markets = _guarded(client.load_markets, words, list_bound)
    client.fetch_tickers = _guarded(client.fetch_tickers, words, list_bound)
    client.fetch_time = _guarded(client.fetch_time, words, moment_bound)
    ccxt_log = client.log
    client.log = lambda *said: ccxt_log(*(words(str(each)) for each in said))


def _bound_of_page(_symbol: str, _timeframe: str = "", _since_ms: int | None = None, limit: int | None = None) -> Bound:
    return page_bound(limit or 0)


def _guarded(
    question: Callable[..., Awaitable[T]], words: Words, bound_of: Callable[..., Bound]
) -> Callable[..., Awaitable[T]]:
    async def ask(*asked: Any) -> T:
        hidden, bounded = hide.set(words), bound.set(bound_of(*asked[:4]))
        try:
            return await question(*asked)
        except RequestError:
            raise
        except Exception as error:
            raise failure_of(error) from error
        finally:
            hide.reset(hidden)
            bound.reset(bounded)

    return ask
