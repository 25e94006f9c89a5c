"""Ways in which an exchange goes wrong, one request at a time."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What one request gets instead of its answer.

    `edit` changes the right answer (rows of klines, a document) before it is sent; else `body` goes out as
    it is. `reset` drops the connection without an answer, `cut` in the middle of it; `stall` never answers while
    the server lives.
    """

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str | bytes = ""
    edit: Callable[[Any], Any] | None = None
    reset: bool = False
    cut: bool = False
    stall: bool = False


def refused(status: int, code: int = 0, message: str = "refused", headers: Mapping[str, str] | None = None) -> Fault:
    """An error status with Binance's error body."""
    return Fault(status=status, headers=headers or {}, body=json.dumps({"code": code, "msg": message}))


def rate_limited(status: int = 429, retry_after_s: int | None = None) -> Fault:
    """Too many requests (429) or a ban (418), with Retry-After where given."""
    headers = {} if retry_after_s is None else {"Retry-After": str(retry_after_s)}
    return refused(status, -1003, "Too many requests.", headers)


def malformed() -> Fault:
    """Status 200 and JSON that ends in the middle."""
    return Fault(body='[[1600000000000,"1.0","1.')


def edited(edit: Callable[[Any], Any], **headers: str) -> Fault:
    """The right answer, changed: a page cut short, emptied, shuffled, with a value replaced; and its headers."""
    return Fault(edit=edit, headers=headers)


def reset() -> Fault:
    """The connection breaks."""
    return Fault(reset=True)


def cut_off() -> Fault:
    """The connection breaks in the middle of the right answer."""
    return Fault(edit=lambda document: document, cut=True)


def stalled() -> Fault:
    """No answer until the client gives up."""
    return Fault(stall=True)
