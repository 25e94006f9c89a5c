"""Every request of a ccxt exchange, counted, and held back until what it costs may be spent."""

from collections.abc import Callable
from contextvars import ContextVar
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from atc_cli.data.exchange.budget import Budget, ClockMs, Ledger
from atc_cli.data.exchange.charge import Charge, Tariff
from atc_cli.data.exchange.client import Client
from atc_cli.data.exchange.errors import RequestError, Trouble
from atc_cli.data.exchange.retry import Pause, wait_s
from atc_cli.data.exchange.tariff import granted
from atc_cli.data.market import Progress

_sent: ContextVar[tuple[Charge, int]] = ContextVar("_sent")


def meter(
    client: Client,
    tariff: Tariff | None,
    *,
    folder: Path | None,
    share: float,
    clock_ms: ClockMs,
    pause: Pause,
    progress: Progress | None,
    say: Callable[[str], None],
) -> Budget | None:
    """Count every request of a client and, with a tariff, hold it back; the file in `folder` is the host's.

    `say` hears where it cannot be used.
    """
    sent = progress.sent if progress is not None else _unheard
    if tariff is None:
        _count(client, sent)
        return None
    file = folder and folder / f"{quote(_host(client, tariff), safe='')}.json"
    budget = Budget(Ledger(file, clock_ms, say), share=share, clock_ms=clock_ms, pause=pause)
    _weigh(client, tariff, budget, sent)
    return budget


def _host(client: Client, tariff: Tariff) -> str:
    """Whose address counts."""
    url: Any = client.urls["api"]
    for key in tariff.api:
        url = url[key]
    return urlsplit(str(url).replace("{hostname}", client.hostname or "")).netloc


def _unheard(_figure: float) -> None:
    """Nobody watches."""


def _count(client: Client, sent: Callable[[int], None]) -> None:
    """Tell of every request; what it weighs is not known."""
    ccxt_fetch = client.fetch

    async def fetch(url: str, *rest: Any, **more: Any) -> object:
        sent(0)
        return await ccxt_fetch(url, *rest, **more)

    client.fetch = fetch


def _weigh(client: Client, tariff: Tariff, budget: Budget, sent: Callable[[int], None]) -> None:
    """Let every request wait for its weight, tell of it, and read what its answer says about limits.

    ccxt's own throttle reads the wall clock and allows half of what the exchange grants: it is off.
    """
    ccxt_fetch, ccxt_errors = client.fetch, client.handle_errors

    async def fetch(url: str, method: str = "GET", headers: object = None, body: str | None = None) -> object:
        charge = tariff.charge(url, body)
        _sent.set((charge, await budget.spend(charge)))
        sent(charge.weight)
        return await ccxt_fetch(url, method, headers, body)

    def handle_errors(*answer: Any) -> None:
        url, headers, document = answer[2], answer[4], answer[6]
        budget.heard(*_sent.get(), *tariff.used(headers))
        if "exchangeInfo" in url:
            budget.per_minute = granted(document) or budget.per_minute
        try:
            ccxt_errors(*answer)
        except RequestError as failure:
            if failure.trouble is Trouble.RATE_LIMITED:
                if failure.retry_after_s is None:
                    failure.retry_after_s = tariff.wait_s(headers)
                budget.hold(wait_s(failure))
            raise

    async def throttle(*_: object) -> None:
        """The budget has its own."""

    client.fetch, client.handle_errors, client.throttle = fetch, handle_errors, throttle
