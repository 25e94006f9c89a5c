"""ccxt itself: nothing else imports it, and that only when an exchange is asked.

Importing ccxt takes half a second and 100 MB, so a market that is never asked never pays for it."""

from collections.abc import Mapping

from atc_cli.data.exchange.client import (
    Client,
    ask_needed_lists_only,
    check_kind,
    listen,
    our_options,
)
from atc_cli.domain.merge import merged
from atc_cli.errors import ConfigError, UsageError, unknown_name


def exchange_ids() -> list[str]:
    """Every exchange that ccxt knows."""
    import ccxt

    return list(ccxt.exchanges)


def version() -> str:
    """Of ccxt."""
    import ccxt

    return str(ccxt.__version__)


def connect(exchange_id: str, kind: str, options: Mapping[str, object]) -> Client:
    """A ccxt exchange that asks for one kind of market. Raises UsageError for a name, ConfigError for an option."""
    import ccxt.async_support as ccxt

    if exchange_id not in ccxt.exchanges:
        raise UsageError(*unknown_name("exchange", exchange_id, ["demo", *ccxt.exchanges]))
    try:
        client: Client = getattr(ccxt, exchange_id)(merged(our_options(exchange_id, kind), options))
    except (ccxt.BaseError, TypeError, ValueError, AttributeError, LookupError) as error:
        raise ConfigError(f"ccxt does not take the options of {exchange_id}: {error}") from error
    check_kind(client, exchange_id, kind)
    ask_needed_lists_only(client, kind, options)
    listen(client)
    client.timeout_on_exit = 0  # aiohttp itself waits for its connections to close
    return client
