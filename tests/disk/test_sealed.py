"""What was sealed comes back, or nothing does; files that earlier versions wrote are read."""

import hashlib
import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atc_cli.data.exchange.budget import Spent
from atc_cli.data.exchange.markets import MarketsFile
from atc_cli.disk import sealed
from atc_cli.errors import UnavailableError

SCHEMA = "atc.test/1"
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(document=st.dictionaries(st.text(), VALUES))
def test_a_document_comes_back_to_the_bit(document: dict[str, object]) -> None:
    assert repr(sealed.load(SCHEMA, sealed.dump(SCHEMA, document))) == repr(document)


@given(body=st.binary())
def test_bytes_come_back(body: bytes) -> None:
    assert sealed.unseal(SCHEMA, sealed.seal(SCHEMA, body)) == body


def test_every_bit_and_every_byte_that_is_missing_or_too_much_is_noticed() -> None:
    content = sealed.dump(SCHEMA, {"a": [1.5, None, "ü"]})
    flipped = [
        content[:at] + bytes([content[at] ^ 1 << bit]) + content[at + 1 :]
        for at in range(len(content))
        for bit in range(8)
    ]
    cut = [content[:length] for length in range(len(content))]
    for damaged in (*flipped, *cut, content + b"\n", b"\n" + content, os.urandom(200)):
        assert sealed.load(SCHEMA, damaged) is None, damaged


@pytest.mark.parametrize("schema", ["atc.test/2", "atc.other/1", "atc.test/1 ", ""])
def test_what_was_sealed_as_something_else_is_not_opened(schema: str) -> None:
    assert sealed.load(schema, sealed.dump(SCHEMA, {"a": 1})) is None


def test_a_file_is_replaced_at_once_and_its_folder_is_made(tmp_path: Path) -> None:
    file = tmp_path / "new" / "folder" / "a.json"
    for number in range(2):
        sealed.write(file, SCHEMA, {"number": number})
        assert sealed.load(SCHEMA, file.read_bytes()) == {"number": number}
    with pytest.raises(TypeError):
        sealed.write(file, SCHEMA, {"number": file})
    assert sealed.load(SCHEMA, file.read_bytes()) == {"number": 1}
    assert list(file.parent.iterdir()) == [file]


def test_where_nothing_can_be_written_that_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises((OSError, UnavailableError)):
        sealed.write(tmp_path / "file" / "a.json", SCHEMA, {})


def as_before(schema: str, document: object, **how: object) -> bytes:
    """As version 0.1 wrote it, spelled out."""
    body = json.dumps(document, **how).encode()
    return schema.encode() + b" " + hashlib.sha256(body).hexdigest().encode() + b"\n" + body


def test_a_list_of_markets_of_an_earlier_version_is_read(tmp_path: Path) -> None:
    said: list[str] = []
    kept = MarketsFile(tmp_path, "binance", "swap", {}, said.append)
    document = {"markets": [{"id": "BTCUSDT"}], "fetched_ms": 5, "per_minute": 2400}
    kept.path.write_bytes(as_before("atc.markets/1", document, separators=(",", ":")))
    read = kept.read(6)
    assert read is not None
    assert (read.markets, read.fetched_ms, read.per_minute) == ([{"id": "BTCUSDT"}], 5, 2400)
    assert not said


def test_an_account_of_weight_of_an_earlier_version_says_nothing_but_costs_nothing() -> None:
    document = {"by_second": {"4000": 7}, "held_from_ms": 1000, "held_until_ms": 9000}
    assert Spent.of(as_before("atc.rate/1", document), 5000) == Spent()
