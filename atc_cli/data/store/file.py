"""The file of one group of symbols: what is known of each, and blocks of candles, all of it under checksums.

magic, version, size and sha256 of the header; the header (JSON): whose candles these are, one entry per
symbol, one line per block; then the blocks. Not one bit of it can flip without a checksum that notices.
"""

import hashlib
import json
import struct
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from atc_cli.domain.results.stored import Entry, Hole
from atc_cli.domain.timeframe import TIMEFRAMES_MS
from atc_cli.errors import UnavailableError

MAGIC, VERSION = b"ATCSTORE", 1
_PREFIX = struct.Struct("<8sIQ32s")


class UnreadableError(UnavailableError):
    """One file cannot be read; what it holds is not known, and it is left as it is."""


class DamagedError(Exception):
    """A file is not what was written: it must be set aside, none of it may be used."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A block as bytes and its sha256."""

    content: memoryview
    sha256: str

    @classmethod
    def of(cls, content: bytes) -> "Piece":
        """A new block."""
        return cls(memoryview(content), hashlib.sha256(content).hexdigest())

    def checked(self) -> memoryview:
        """The bytes, whose checksum is right; raises DamagedError."""
        if hashlib.sha256(self.content).hexdigest() != self.sha256:
            raise DamagedError("a block has another checksum")
        return self.content


@dataclass(frozen=True, slots=True)
class Group:
    """Entries in the order that blocks count them in, and the blocks by number (slot // 256).

    `owner` is exchange, market, timeframe and number of the group.
    """

    owner: tuple[str, ...]
    entries: tuple[Entry, ...] = ()
    pieces: Mapping[int, Piece] = field(default_factory=dict)

    @property
    def timeframe(self) -> str:
        """Of its candles."""
        return self.owner[2]

    @property
    def step_ms(self) -> int:
        """Length of a bar."""
        return TIMEFRAMES_MS[self.timeframe]

    def checksum(self) -> str:
        """sha256 of all that its candles depend on: of whom they are, where they open, and every block's own."""
        places = [(each.native, each.offset_ms) for each in self.entries]
        blocks = [(number, piece.sha256) for number, piece in sorted(self.pieces.items())]
        return hashlib.sha256(json.dumps([self.owner, places, blocks]).encode()).hexdigest()


def dump(group: Group) -> bytes:
    """The file's bytes."""
    blocks = sorted(group.pieces.items())
    header = {
        "owner": list(group.owner),
        "entries": [asdict(each) for each in group.entries],
        "blocks": [(number, len(piece.content), piece.sha256) for number, piece in blocks],
    }
    text = json.dumps(header, separators=(",", ":")).encode()
    prefix = _PREFIX.pack(MAGIC, VERSION, len(text), hashlib.sha256(text).digest())
    return b"".join((prefix, text, *(piece.content for _, piece in blocks)))


def parse(owner: tuple[str, ...], content: memoryview) -> Group:
    """The group of that owner in a file's bytes; blocks are cut, not yet checked. Raises DamagedError."""
    header, start = _header(content)
    if header.get("owner") != list(owner):
        raise DamagedError(f"it belongs to {header.get('owner')}")
    pieces = {}
    for number, size, sha256 in header["blocks"]:
        pieces[number] = Piece(content[start : start + size], sha256)
        start += size
    if start != len(content):
        raise DamagedError(f"{len(content)} bytes where {start} were written")
    return Group(owner, tuple(_entry(each) for each in header["entries"]), pieces)


def _header(content: memoryview) -> tuple[dict[str, Any], int]:
    if len(content) < _PREFIX.size:
        raise DamagedError("it is cut off")
    magic, version, size, digest = _PREFIX.unpack_from(content)
    if magic != MAGIC:
        raise DamagedError("it is not a store file")
    if version != VERSION:
        raise DamagedError(f"its version is {version}, this atc reads {VERSION}")
    stop = _PREFIX.size + size
    text = bytes(content[_PREFIX.size : stop])
    if hashlib.sha256(text).digest() != digest:
        raise DamagedError("its header has another checksum")
    header: dict[str, Any] = json.loads(text)
    return header, stop


def _entry(document: Mapping[str, Any]) -> Entry:
    holes = {name: tuple(Hole(**each) for each in document.get(name, ())) for name in ("holes", "unsure")}
    return Entry(**{**document, **holes})
