"""A damaged file of the store: looking changes nothing, prune removes it, a scan names what it goes without."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from atc_cli.data.store.shelf import group_of
from tests.conftest import Atc
from tests.helpers.imported import IMPORT, cache, coins

COINS = [f"COIN{i}USDT" for i in range(6)]
SCAN = ("scan", "--offline", "--timeframe", "1h", "--bars", "200", "--all", "--output", "json")


def flipped(place: Callable[[bytes], int]) -> Callable[[Path], None]:
    def damage(file: Path) -> None:
        content = bytearray(file.read_bytes())
        content[place(content)] ^= 1
        file.write_bytes(content)

    return damage


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1])


def emptied(file: Path) -> None:
    file.write_bytes(b"")


IN_A_BLOCK = flipped(lambda content: len(content) - 5)
IN_THE_HEADER = flipped(lambda content: content.index(b'"used_ms":') + 10)
IN_A_NAME = flipped(lambda content: content.index(b"COIN") + 1)
DAMAGES = {"block": IN_A_BLOCK, "header": IN_THE_HEADER, "name": IN_A_NAME, "cut": cut, "empty": emptied}
damages = pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)


@pytest.fixture
def victim(tmp_path: Path, atc: Atc) -> Path:
    """The file of COIN0USDT in a store of six."""
    coins(tmp_path / "here", len(COINS))
    assert atc(*IMPORT).code == 0
    return cache(tmp_path) / "binance" / "swap" / "1h" / f"{group_of(COINS[0]):02}.candles"


def inside(victim: Path) -> set[str]:
    return {coin for coin in COINS if group_of(coin) == int(victim.stem)}


def on_disk(folder: Path) -> dict[str, tuple[int, int]]:
    return {str(each): (each.stat().st_mtime_ns, each.stat().st_ino) for each in folder.rglob("*")}


@damages
def test_prune_removes_what_verify_names(atc: Atc, victim: Path, damage: Callable[[Path], None]) -> None:
    damage(victim)
    done = atc("cache", "verify")
    assert (done.code, done.out.count("\n"), str(victim) in done.out) == (69, 1, True)
    done = atc("cache", "prune")
    assert (done.code, "1 damaged file" in done.out) == (0, True)
    assert not victim.exists()
    assert atc("cache", "verify").code == 0
    assert "0 damaged files" in atc("cache", "prune").out


@damages
def test_to_list_and_to_verify_change_nothing_on_disk(
    atc: Atc, tmp_path: Path, victim: Path, damage: Callable[[Path], None]
) -> None:
    damage(victim)
    before = on_disk(tmp_path / "home")
    for command in (("ls",), ("ls", "--output", "json"), ("verify",), ("path",)):
        atc("cache", *command)
    assert on_disk(tmp_path / "home") == before


@pytest.mark.parametrize("damage", [IN_THE_HEADER, cut, emptied])
def test_ls_counts_a_file_that_cannot_be_listed_as_damaged(
    atc: Atc, victim: Path, damage: Callable[[Path], None]
) -> None:
    damage(victim)
    assert "1 damaged file" in atc("cache", "ls").out
    (shelf,) = json.loads(atc("cache", "ls", "--output", "json").out)["shelves"]
    assert shelf["damaged_files"] == 1
    assert {each["symbol"] for each in shelf["symbols"]} == set(COINS) - inside(victim)


@pytest.mark.parametrize("damage", [IN_A_BLOCK, IN_THE_HEADER, cut])
def test_a_scan_names_the_symbols_that_it_goes_without(atc: Atc, victim: Path, damage: Callable[[Path], None]) -> None:
    damage(victim)
    for _ in range(2):  # the first sets the file aside
        done = atc(*SCAN)
        document = json.loads(done.out)
        assert done.code == 3, done.err
        assert {each["symbol"] for each in document["skipped"]} == inside(victim)
        assert {row["symbol"] for row in document["rows"]} == set(COINS) - inside(victim)
        assert document["scanned"] == len(COINS)
    assert not victim.exists()
    assert atc("cache", "prune").code == 0
    assert atc(*SCAN).code == 0, "what is thrown away is not missed any more"


@pytest.mark.parametrize("damage", [IN_A_NAME, emptied])
def test_where_names_are_lost_too_the_file_is_the_skip(atc: Atc, victim: Path, damage: Callable[[Path], None]) -> None:
    damage(victim)
    for _ in range(2):
        done = atc(*SCAN)
        document = json.loads(done.out)
        assert done.code == 3, done.err
        assert any(victim.stem in each["symbol"] for each in document["skipped"])
        assert {row["symbol"] for row in document["rows"]} == set(COINS) - inside(victim)


def test_what_is_stored_again_is_missed_no_more(atc: Atc, victim: Path) -> None:
    IN_THE_HEADER(victim)
    assert atc(*SCAN).code == 3
    assert atc(*IMPORT).code == 0
    done = atc(*SCAN)
    assert (done.code, len(json.loads(done.out)["rows"])) == (0, len(COINS)), done.err


def test_what_is_no_file_costs_its_own_symbols_and_prune_leaves_it_and_says_so(atc: Atc, victim: Path) -> None:
    victim.unlink()
    victim.mkdir()
    assert atc("cache", "ls").code == 0
    done = atc(*SCAN)
    assert done.code == 3, done.err
    assert {row["symbol"] for row in json.loads(done.out)["rows"]} == set(COINS) - inside(victim)
    done = atc("cache", "prune")
    assert (done.code, str(victim) in done.err) == (69, True)
    assert victim.is_dir()
