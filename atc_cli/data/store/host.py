"""Which host candles of an exchange come from, as a short tag: nothing for the exchange's own.

Told from what the user configured alone, so that an offline scan needs no ccxt to find the same candles.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

# what ccxt takes at the top level and under `options` to ask elsewhere
_SWITCHES = ("sandbox", "testnet")
_OPTIONS = ("sandbox", "testnet", "sandboxMode", "enableDemoTrading")
_TEXTS = ("hostname", "version")
# by these OKX and Bitget know that simulated trading is meant
_HEADERS = frozenset({"x-simulated-trading", "paptrading"})
_HARMLESS = re.compile(r"[^a-z0-9.]+")
_SHOWN = 32


def host_of(options: Mapping[str, object]) -> str:
    """The tag for what goes to ccxt's constructor, "" where the exchange's own host is asked.

    A name that a person knows it by, and a digest of all that decides; no password of a URL is in either.
    """
    told = _told(options)
    if not told:
        return ""
    digest = hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode(errors="surrogatepass")).hexdigest()
    return f"{_name(told)}-{digest[:8]}"


def _told(options: Mapping[str, object]) -> dict[str, object]:
    """All that decides which host is asked."""
    urls, more, headers = (_section(options, name) for name in ("urls", "options", "headers"))
    told: dict[str, object] = {name: options[name] for name in _TEXTS if options.get(name)}
    told |= {name: True for name in _SWITCHES if options.get(name)}
    told |= {f"options.{name}": True for name in _OPTIONS if more.get(name)}
    usual = ("api", "test", "demo") if told.keys() - set(_TEXTS) else ("api",)
    told |= {f"urls.{name}": _without_user(urls[name]) for name in usual if urls.get(name)}
    told |= {f"headers.{name}": str(value) for name, value in headers.items() if name.casefold() in _HEADERS}
    return told


def _section(options: Mapping[str, object], name: str) -> Mapping[str, object]:
    section = options.get(name)
    return section if isinstance(section, Mapping) else {}


def _without_user(urls: object) -> object:
    if isinstance(urls, Mapping):
        return {name: _without_user(url) for name, url in urls.items()}
    return re.sub(r"//[^/@]*@", "//", urls) if isinstance(urls, str) else urls


def _name(told: Mapping[str, object]) -> str:
    """The host if one is named, else that it is none but a test's."""
    hosts = sorted({place for name, urls in told.items() if name.startswith("urls.") for place in _places(urls)})
    named = told.get("hostname") or (hosts[0] if hosts else "sandbox")
    return _HARMLESS.sub("_", str(named).casefold())[:_SHOWN].strip("._") or "host"


def _places(urls: object) -> Iterator[str]:
    if isinstance(urls, Mapping):
        for each in urls.values():
            yield from _places(each)
    elif isinstance(urls, str):
        try:
            yield urlsplit(urls).netloc
        except ValueError:
            yield "unknown"
