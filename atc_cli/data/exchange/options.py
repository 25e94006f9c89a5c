"""Whether ccxt can take what a settings file has for its constructor. It checks little itself, and fails much later."""

import re
from collections.abc import Callable, Iterator, Mapping
from math import isfinite
from pathlib import Path
from typing import Any

from atc_cli.domain.secrets import masked
from atc_cli.errors import ConfigError, nearest

_TABLES = ("urls", "options", "headers", "has", "fees", "timeframes", "exceptions", "limits", "precision")
# What ccxt reads of its options and nowhere keeps under that name.
_ALSO = ("sandbox", "testnet", "cafile")
# What a program could hand to ccxt's constructor.
_OBJECTS = ("session", "asyncio_loop", "ssl_context", "throttler", "tcp_connector", "aiohttp_socks_connector")
_LEAST_MS = {"timeout": 1, "rateLimit": 0}
_ALIKE = 0.8  # how near a name that ccxt does not know must be to one that it does to be a slip
_ADDRESS = re.compile(r"(https?|wss?|socks[45][ah]?)://\S+", re.IGNORECASE)
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")

_Path = tuple[str, ...]
_Fault = tuple[_Path, str]


def check_options(exchange_id: str, kind: Any, options: Mapping[str, object]) -> None:
    """Raise ConfigError, with the key, for what an exchange of this class cannot take; no secret is said."""
    for path, wanted in _faults(kind, options):
        shown: Any = masked(options)
        for key in path:
            shown = shown[key]
        value = "" if isinstance(shown, Mapping) else f" = {shown!r}"
        raise ConfigError(f"[ccxt.{exchange_id}] {'.'.join(path)}{value}: {wanted}", "`atc config show` has the tables")


def _faults(kind: Any, options: Mapping[str, object]) -> Iterator[_Fault]:
    """Where an option stands that is wrong, and what ccxt takes there."""
    for key, value in options.items():
        yield from _of_name(kind, key)
        wanted = _wanted(kind, key)
        if wanted is not None and not wanted[1](value):
            yield (key,), f"ccxt takes {wanted[0]}"
    headers, urls = options.get("headers"), options.get("urls")
    for name, value in headers.items() if isinstance(headers, Mapping) else ():
        if not (_HEADER.fullmatch(name) and isinstance(value, str) and value.isprintable()):
            yield ("headers", name), "a header is a text on one line"
    if isinstance(urls, Mapping) and "api" in urls:
        yield from _of_addresses(("urls", "api"), urls["api"], kind().describe()["urls"].get("api"))


def _of_name(kind: Any, key: str) -> Iterator[_Fault]:
    if callable(getattr(kind, key, None)) or key.casefold().endswith("callback"):
        yield (key,), "is a function of ccxt, which no file can hold"
    elif key in _OBJECTS:
        yield (key,), "is an object of a program, which no file can hold"
    elif not hasattr(kind, key) and not hasattr(kind, _camel(key)) and key not in _ALSO:
        known = [name for name in dir(kind) if name[0] != "_" and not callable(getattr(kind, name))]
        close = nearest(key, [*known, *_ALSO], cutoff=_ALIKE)
        if close:
            yield (key,), f"ccxt does not know it; did you mean {close}?"


def _camel(key: str) -> str:
    """ccxt takes api_key for apiKey."""
    first, *others = key.split("_")
    return first + "".join(each.capitalize() for each in others)


def _wanted(kind: Any, key: str) -> tuple[str, Callable[[object], bool]] | None:
    """What a value must be, and whether one is; None where ccxt does not say."""
    default = getattr(kind, key, None)
    if key in _LEAST_MS:
        least_ms = _LEAST_MS[key]
        return f"milliseconds, {least_ms} or more", lambda value: _is_number(value) and float(str(value)) >= least_ms
    if key == "cafile":
        return "a file that can be read", lambda value: isinstance(value, str) and Path(value).is_file()
    if "proxy" in key.casefold() and default is None:
        return "an address with its scheme, http://HOST:PORT", lambda value: value == "" or _is_address(value)
    if key in _TABLES or isinstance(default, dict):
        return "a table", lambda value: isinstance(value, Mapping)
    alike: dict[type, tuple[str, Callable[[object], bool]]] = {
        bool: ("true or false", lambda value: isinstance(value, bool)),
        int: ("a number", _is_number),
        float: ("a number", _is_number),
        str: ("a text", lambda value: isinstance(value, str)),
    }
    return alike.get(type(default))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def _is_address(value: object) -> bool:
    return isinstance(value, str) and _ADDRESS.fullmatch(value) is not None


def _of_addresses(path: _Path, given: object, usual: object) -> Iterator[_Fault]:
    """Addresses stand in a table where the exchange has several, else alone."""
    if isinstance(given, Mapping):
        if isinstance(usual, str):
            yield path, "ccxt takes one address"
            return
        for key, value in given.items():
            yield from _of_addresses((*path, key), value, usual.get(key) if isinstance(usual, Mapping) else None)
    elif isinstance(usual, Mapping):
        yield path, f"ccxt takes a table of addresses: {', '.join(usual)}"
    elif not _is_address(given):
        yield path, "ccxt takes an address with its scheme, https://HOST"
