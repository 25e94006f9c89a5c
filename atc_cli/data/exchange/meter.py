"""Every request of a ccxt exchange, counted, and held back until its weight may be spent."""

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from atc_cli.data.exchange.budget import Budget, ClockMs, Ledger
from atc_cli.data.exchange.client import Client
from atc_cli.data.exchange.errors import RequestError, Trouble
from atc_cli.data.exchange.retry import Pause, wait_s
from atc_cli.data.exchange.tariff import Tariff, granted
from atc_cli.data.market import Progress

_USED_WEIGHT = "x-mbx-used-weight-1m"

_sent_ms: ContextVar[int] = ContextVar("_sent_ms")


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
    host = urlsplit(client.urls["api"][tariff.api]).netloc
    budget = Budget(
        Ledger(folder and folder / f"{quote(host, safe='')}.json", clock_ms, say),
        per_minute=tariff.weight_per_minute,
        share=share,
        clock_ms=clock_ms,
        pause=pause,
    )
    _weigh(client, tariff, budget, sent)
    return budget


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

    async def fetch(url: str, *rest: Any, **more: Any) -> object:
        weight = tariff.weight(url)
        _sent_ms.set(await budget.spend(weight))
        sent(weight)
        return await ccxt_fetch(url, *rest, **more)

    def handle_errors(*answer: Any) -> None:
        _read(budget, url=answer[2], headers=answer[4], document=answer[6])
        try:
            ccxt_errors(*answer)
        except RequestError as failure:
            if failure.trouble is Trouble.RATE_LIMITED:
                budget.hold(wait_s(failure))
            raise

    async def throttle(*_: object) -> None:
        """The budget has its own."""

    client.fetch, client.handle_errors, client.throttle = fetch, handle_errors, throttle


def _read(budget: Budget, *, url: str, headers: Mapping[str, str], document: object) -> None:
    used = next((value for name, value in headers.items() if name.lower() == _USED_WEIGHT), "")
    if used.isdecimal():
        budget.heard(int(used), _sent_ms.get())
    if "exchangeInfo" in url:
        budget.per_minute = granted(document) or budget.per_minute
