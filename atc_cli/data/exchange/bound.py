"""How long an answer may be: as long as what was asked for can be, and no longer, whatever an exchange sends."""

from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from atc_cli.data.exchange.errors import RequestError, Trouble

if TYPE_CHECKING:
    import aiohttp

    from atc_cli.data.exchange.client import Client

_MB = 10**6
# Several times what a candle takes in any spelling; some send their own number of them whatever is asked.
_CANDLE_BYTES = 1000
_LEAST_CANDLES = 5000
# Several times the longest list of symbols, Binance's of its spot market.
_LIST_BYTES = 60 * _MB
_MOMENT_BYTES = 1 * _MB


@dataclass(frozen=True, slots=True)
class Bound:
    """What was asked for, and how many bytes of an answer, unpacked, are read at most."""

    what: str
    most_bytes: int

    def check(self, size_bytes: int) -> None:
        """Raise RequestError for more than that."""
        if size_bytes > self.most_bytes:
            limit = f"{self.most_bytes / _MB:g} MB"
            raise RequestError(
                Trouble.UNREADABLE, f"more than {limit}, the limit of an answer to a request for {self.what}"
            )


def page_bound(bars: int) -> Bound:
    """Of an answer with so many candles."""
    return Bound(f"a page of {bars} candles", max(bars, _LEAST_CANDLES) * _CANDLE_BYTES)


def list_bound(*_: object) -> Bound:
    """Of an answer with every symbol."""
    return Bound("a list of symbols", _LIST_BYTES)


def moment_bound(*_: object) -> Bound:
    """Of an answer with the time of day."""
    return Bound("the time of day", _MOMENT_BYTES)


bound: ContextVar[Bound] = ContextVar("bound", default=list_bound())  # noqa: B039 - frozen


def read_within_bounds(client: "Client") -> None:
    """Have a client's connections read no answer beyond its bound.

    ccxt makes its sessions when it first asks; each gives its connections to one whose answers are ours.
    """
    ccxt_open, ccxt_socks = client.open, client.get_socks_proxy_session
    ours: list[aiohttp.ClientSession] = []

    def bounded(session: "aiohttp.ClientSession") -> "aiohttp.ClientSession":
        if session not in ours:
            ours.append(_on_the_same_connections(session, client.aiohttp_trust_env))
            return ours[-1]
        return session

    def open_(lazy: bool = False) -> None:
        ccxt_open(lazy)
        if client.own_session:
            client.session = bounded(client.session)

    def get_socks_proxy_session(proxy: str) -> "aiohttp.ClientSession":
        theirs = ccxt_socks(proxy)
        sessions = client.socks_proxy_sessions
        name = next(name for name, each in sessions.items() if each is theirs)
        sessions[name] = bounded(theirs)
        return sessions[name]

    client.open, client.get_socks_proxy_session = open_, get_socks_proxy_session


def _on_the_same_connections(session: "aiohttp.ClientSession", trust_env: bool) -> "aiohttp.ClientSession":
    import aiohttp

    connector = session.connector
    session.detach()
    return aiohttp.ClientSession(connector=connector, trust_env=trust_env, response_class=_answer_kind())


@cache
def _answer_kind() -> "type[aiohttp.ClientResponse]":
    """An answer that is read no further than its bound; made late, because aiohttp takes long to import."""
    import aiohttp

    class Answer(aiohttp.ClientResponse):
        """aiohttp itself has no limit: it reads whatever comes into one piece."""

        async def read(self) -> bytes:
            if self._body is None:
                try:
                    self._body = await _bounded_body(self)
                except BaseException:
                    self.close()
                    raise
            return await super().read()

    return Answer


async def _bounded_body(answer: "aiohttp.ClientResponse") -> bytes:
    """Unpacked, because a small packed answer can be a large one."""
    limit, parts, size_bytes = bound.get(), [], 0
    limit.check(answer.content_length or 0)
    async for part in answer.content.iter_any():
        parts.append(part)
        size_bytes += len(part)
        limit.check(size_bytes)
    return b"".join(parts)
