"""Which options of an exchange may be shown, and words without the others: a leaf that settings and exchanges share."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

MASK = "***"
Words = Callable[[str], str]

# What ccxt calls values that are no secret of anybody's, written small and without _; all others are masked.
_HARMLESS = frozenset(
    {
        *("timeout", "enableratelimit", "ratelimit", "rollingwindowsize", "ratelimiteralgorithm", "verbose", "verify"),
        *("trustenv", "aiohttptrustenv", "sandbox", "testnet", "hostname", "defaulttype", "defaultsubtype", "types"),
        *("fetchmarkets", "fetchcurrencies", "fetchmargins", "fetchohlcv", "adjustfortimedifference", "recvwindow"),
        *("timedifference", "maxretriesonfailure", "maxretriesonfailuredelay", "defaultsettle", "defaultnetwork"),
    }
)
_HEADERS = "headers"  # no name makes a header harmless
_URLS = "urls"
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_PLAIN_VALUE = re.compile(r"[\w.-]{1,40}")
_PLAIN_STEP = re.compile(r"[A-Za-z]{0,15}\d?")  # of a path: fapi, v3, fapiPublic
_ENDS = re.compile(r"[\s;,=&:]+")
_ANYWHERE = 8  # characters: a shorter secret could be a part of an honest word, and is sought as a word alone
_SHORTEST = 3


class Notes(list[str]):
    """What a person must hear, each said without secrets."""

    def __init__(self, words: Words) -> None:
        super().__init__()
        self._words = words

    def append(self, note: str, /) -> None:
        """Say it."""
        super().append(self._words(note))


def masked(options: Mapping[str, object]) -> dict[str, object]:
    """Constructor options as they may be shown: what is not known to be harmless is ***, of an address its secrets."""
    return {key: _masked((key,), value) for key, value in options.items()}


def _masked(path: tuple[str, ...], value: object) -> Any:
    if isinstance(value, Mapping):
        return {key: _masked((*path, key), each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(path, each) for each in value]
    if _is_harmless(path, value):
        return value
    return _masked_address(value) if isinstance(value, str) and _is_address(path, value) else MASK


def _is_harmless(path: tuple[str, ...], value: object) -> bool:
    names = [_bare(key) for key in path]
    if _HEADERS in names:
        return False
    if isinstance(value, bool):
        return True
    return names[-1] in _HARMLESS and _PLAIN_VALUE.fullmatch(str(value)) is not None


def _is_address(path: tuple[str, ...], value: str) -> bool:
    """Whether it says where to send requests, and not with which words."""
    names = [_bare(key) for key in path]
    leads = _URLS in names or "proxy" in names[-1]
    return leads and _HEADERS not in names and _ADDRESS.match(value) is not None


def _bare(key: str) -> str:
    return key.replace("_", "").casefold()


def _masked_address(address: str) -> str:
    """Scheme, host and the plain steps of its path; a person, a query, and a step that could be a key are not shown."""
    scheme, rest, person, steps, query = _parts(address)
    shown = "".join(f"/{step if _PLAIN_STEP.fullmatch(step) else MASK}" for step in steps)
    return f"{scheme}{f'{MASK}@' if person else ''}{rest}{shown}{f'?{MASK}' if query else ''}"


def _parts(address: str) -> tuple[str, str, str, list[str], str]:
    """Scheme, host, person, steps of the path, query; a password can hold / and ?, so the last @ ends it."""
    scheme, _, rest = address.partition("://")
    person, _, rest = rest.rpartition("@")
    host, query = re.split(r"[?#]", f"{rest}?", maxsplit=1)
    host, *steps = host.split("/")
    return f"{scheme}://", host, person, steps, query.rstrip("?")


def hiding(tables: Iterable[Mapping[str, object]]) -> Words:
    """What takes every secret of these options out of a text, in whatever spelling it stands there."""
    forms = {form for table in tables for secret in _secrets((), table) for form in _forms(secret)}
    if not forms:
        return str
    pattern = re.compile("|".join(map(_sought, sorted(forms, key=len, reverse=True))))
    return lambda text: pattern.sub(MASK, text)


def _sought(form: str) -> str:
    if len(form) >= _ANYWHERE:
        return f"(?i:{re.escape(form)})"
    return rf"(?<![^\W_]){re.escape(form)}(?![^\W_])"


def _secrets(path: tuple[str, ...], value: object) -> Iterator[str]:
    """What must not be said: values, the pieces of those with several, the persons and keys of addresses."""
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield from _secrets((*path, key), each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _secrets(path, each)
    elif not _is_harmless(path, value):
        text = str(value)
        yield from _of_address(text) if _is_address(path, text) else _of_text(text, isinstance(value, str))


def _of_text(text: str, typed: bool) -> Iterator[str]:
    """A text, and its long pieces: of "Bearer KEY" the key alone may be repeated. Small numbers are everywhere."""
    if len(text.strip()) >= (_SHORTEST if typed else _SHORTEST + 1):
        yield text.strip()
    yield from (piece for piece in _ENDS.split(text) if len(piece) >= _ANYWHERE)


def _of_address(address: str) -> Iterator[str]:
    from base64 import b64encode
    from urllib.parse import unquote

    _, _, person, steps, query = _parts(address)
    for text in dict.fromkeys((person, unquote(person))):
        yield from _of_text(text, typed=True)
        yield from _of_text(text.partition(":")[2], typed=True)
        yield from _of_text(b64encode(text.encode(errors="replace")).decode(), typed=True)
    yield from _of_text(query, typed=True)
    yield from (step for step in steps if not _PLAIN_STEP.fullmatch(step))


def _forms(secret: str) -> Sequence[str]:
    """The spellings of a secret: as it is, on one line, in a URL, in JSON, in Python."""
    import json
    from urllib.parse import quote, quote_plus

    safe = secret.encode(errors="replace").decode()
    return (
        secret,
        " ".join(secret.split()),
        quote(safe, safe=""),
        quote_plus(safe),
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        repr(secret)[1:-1],
    )
