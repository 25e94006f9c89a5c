"""Only regular files are opened, by their own name, and nothing is waited for."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from atc_cli.disk.atomic import replace_atomically
from atc_cli.disk.lock import held, locked_file
from atc_cli.disk.regular import ForeignFileError, content_of, mapped, to_change, to_read
from atc_cli.errors import UnavailableError


def a_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as opened:
        opened.bind(str(path))


def a_link(path: Path) -> None:
    path.with_name("target").write_bytes(b"precious")
    path.symlink_to(path.with_name("target"))


FOREIGN: dict[str, Callable[[Path], None]] = {
    "fifo": os.mkfifo,
    "folder": Path.mkdir,
    "link": a_link,
    "link to nowhere": lambda path: path.symlink_to(path.with_name("nowhere")),
    "socket": a_socket,
    "device": lambda path: path.symlink_to("/dev/zero"),
}


@pytest.mark.parametrize("make", FOREIGN.values(), ids=FOREIGN.keys())
@pytest.mark.parametrize("way", [to_read, to_change, content_of, mapped])
def test_what_is_no_regular_file_is_refused_at_once(
    tmp_path: Path, make: Callable[[Path], None], way: Callable[[Path], object]
) -> None:
    make(tmp_path / "a")
    with pytest.raises(ForeignFileError, match="it is a link, or no regular file"):
        way(tmp_path / "a")
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("way", [to_read, content_of, mapped])
def test_a_file_that_is_not_there_is_not_there(tmp_path: Path, way: Callable[[Path], object]) -> None:
    with pytest.raises(FileNotFoundError):
        way(tmp_path / "a")


def test_a_file_that_has_another_name_is_read_and_not_changed(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"precious")
    os.link(tmp_path / "a", tmp_path / "b")
    assert content_of(tmp_path / "b") == b"precious"
    with pytest.raises(OSError, match="it is a link"):
        to_change(tmp_path / "b")


def test_a_mapped_file_stays_as_it_was_when_it_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"before")
    before = mapped(tmp_path / "a")
    replace_atomically(tmp_path / "a", b"after!", synced=False)
    assert (bytes(before), bytes(mapped(tmp_path / "a"))) == (b"before", b"after!")
    (tmp_path / "b").touch()
    assert bytes(mapped(tmp_path / "b")) == b""


@pytest.mark.parametrize("make", [os.mkfifo, a_link], ids=["fifo", "link"])
def test_a_lock_is_never_taken_on_what_is_no_file(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "a")
    with pytest.raises(UnavailableError, match=r"cannot lock .*a': it is a link"), held(tmp_path / "a", "scan"):
        pass
    with pytest.raises(OSError, match="it is a link"), locked_file(tmp_path / "a"):
        pass
    assert not (tmp_path / "target").exists() or (tmp_path / "target").read_bytes() == b"precious"


def test_a_link_is_replaced_and_its_target_stays(tmp_path: Path) -> None:
    a_link(tmp_path / "a")
    replace_atomically(tmp_path / "a", b"ours")
    assert content_of(tmp_path / "a") == b"ours"
    assert (tmp_path / "target").read_bytes() == b"precious"
