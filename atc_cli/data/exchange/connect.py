"""ccxt itself: nothing else imports it, and that only when an exchange is asked.

Importing ccxt takes half a second and 100 MB, so a market that is never asked never pays for it."""

import re
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from atc_cli.data.exchange.bound import read_within_bounds
from atc_cli.data.exchange.client import (
    Client,
    ask_needed_lists_only,
    check_kind,
    listen,
    our_options,
    read_odd_text,
)
from atc_cli.data.exchange.guard import guard
from atc_cli.data.exchange.options import check_options
from atc_cli.domain.merge import merged
from atc_cli.domain.secrets import Words
from atc_cli.errors import ConfigError, UsageError, unknown_name
from atc_cli.stages import stage

_EXCHANGES = re.compile(r"^exchanges = \[(.*?)\]", re.MULTILINE | re.DOTALL)


def exchange_ids() -> list[str]:
    """Every exchange that ccxt knows: read from its source, because to import it would take half a second."""
    spec = find_spec("ccxt")
    source = Path(spec.origin).read_text(encoding="utf-8") if spec is not None and spec.origin else ""
    listed = _EXCHANGES.search(source)
    names = re.findall(r"'(\w+)'", listed[1]) if listed else []
    if names:
        return names
    import ccxt

    return list(ccxt.exchanges)


def check_table(exchange_id: str, options: Mapping[str, object]) -> None:
    """Raise ConfigError, with the key, for an option that ccxt cannot take."""
    import ccxt.async_support as ccxt

    if exchange_id in ccxt.exchanges:
        check_options(exchange_id, getattr(ccxt, exchange_id), options)


def version() -> str:
    """Of ccxt."""
    import ccxt

    return str(ccxt.__version__)


def connect(exchange_id: str, kind: str, options: Mapping[str, object], words: Words) -> Client:
    """A ccxt exchange that asks for one kind of market; `words` takes secrets out of what it says.

    Raises UsageError for a name, ConfigError for an option.
    """
    with stage("imports"):
        import ccxt.async_support as ccxt

    if exchange_id not in ccxt.exchanges:
        raise UsageError(*unknown_name("exchange", exchange_id, ["demo", *ccxt.exchanges]))
    check_options(exchange_id, getattr(ccxt, exchange_id), options)
    try:
        client: Client = getattr(ccxt, exchange_id)(merged(our_options(exchange_id, kind), options))
    except (ccxt.BaseError, TypeError, ValueError, AttributeError, LookupError) as error:
        raise ConfigError(f"ccxt does not take the options of {exchange_id}: {words(str(error))}") from error
    check_kind(client, exchange_id, kind)
    ask_needed_lists_only(client, kind, options)
    listen(client)
    read_odd_text(client)
    read_within_bounds(client)
    guard(client, words)
    client.timeout_on_exit = 0  # aiohttp itself waits for its connections to close
    return client
