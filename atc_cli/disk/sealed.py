"""Bytes under a version and a checksum: a first line of schema and sha256, then the body that they speak of."""

import hashlib
import json
from pathlib import Path
from typing import Any

from atc_cli.disk.atomic import replace_atomically


def seal(schema: str, body: bytes) -> bytes:
    """`body` after the line that says what it is and proves it whole."""
    return _head(schema, body) + b"\n" + body


def unseal(schema: str, content: bytes) -> bytes | None:
    """The body that was sealed as this schema; None where any of it is not what was written."""
    body = body_of(schema, memoryview(content))
    return None if body is None else bytes(body)


def body_of(schema: str, content: memoryview) -> memoryview | None:
    """As `unseal`; nothing is copied."""
    at = len(_head(schema, b"")) + 1
    body = content[at:]
    return body if content[:at] == _head(schema, body) + b"\n" else None


def dump(schema: str, document: object) -> bytes:
    """A JSON document, sealed. Raises TypeError for what JSON does not know."""
    return seal(schema, json.dumps(document, separators=(",", ":")).encode())


def load(schema: str, content: bytes) -> Any:
    """The document that was sealed as this schema; None where any of it is not what was written."""
    body = unseal(schema, content)
    return None if body is None else json.loads(body)


def write(path: Path, schema: str, document: object) -> None:
    """Replace the file by a sealed document, at once, and make its folder.

    Raises OSError or UnavailableError where it cannot be written; the old file stays.
    """
    content = dump(schema, document)
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_atomically(path, content)


def _head(schema: str, body: bytes | memoryview) -> bytes:
    return f"{schema} {hashlib.sha256(body).hexdigest()}".encode()
