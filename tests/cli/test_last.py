"""Ranks of a scan ago, as a person meets them: one bar after the other, from files."""

import csv
import io
import itertools
import json
import os
from pathlib import Path

import pytest

from atc_cli.disk.folders import LAST
from tests.conftest import Atc, Run
from tests.helpers.imported import BARS, IMPORT, SYMBOLS, at_bar, write

WINDOW = ("--timeframe", "1h", "--bars", "120")
SCAN = ("scan", "--data", "data", *WINDOW)
BEFORE = "newest bar closed 20"


@pytest.fixture
def here(tmp_path: Path) -> Path:
    folder = tmp_path / "here"
    (folder / "data").mkdir(parents=True)
    at_bar(folder, 0)
    return folder


def document(run: Run) -> dict:
    assert run.code in (0, 3), run.err
    return json.loads(run.out)


def scanned(atc: Atc, *flags: str) -> dict:
    return document(atc(*SCAN, "--output", "json", *flags))


def sides(document: dict) -> dict[tuple[str, str], int]:
    return {(row["symbol"], row["side"]): row["rank"] for row in document["rows"]}


def said(document: dict) -> dict[str, tuple[int | None, bool | None]]:
    return {row["symbol"]: (row["rank_before"], row["new"]) for row in document["rows"]}


def kept(tmp_path: Path) -> Path:
    return tmp_path / "home" / ".cache" / "atc" / LAST


def told(before: dict, now: dict) -> dict[str, tuple[int | None, bool | None]]:
    """What the rows of now must say, from the documents alone."""
    ranks = sides(before)
    places = {row["symbol"]: ranks.get((row["symbol"], row["side"])) for row in now["rows"]}
    return {symbol: (place, place is None) for symbol, place in places.items()}


def test_each_row_says_its_rank_a_scan_ago_and_whether_it_is_new(atc: Atc, here: Path) -> None:
    found = []
    for later in range(0, 24, 3):
        at_bar(here, later)
        found.append(scanned(atc))
    assert found[0]["compared_with"] is None
    assert set(said(found[0]).values()) == {(None, None)}
    for before, now in itertools.pairwise(found):
        assert now["compared_with"] == {"bar_time": before["bar_time"], "generated_at": before["generated_at"]}
        assert said(now) == told(before, now)
    every = [each for now in found[1:] for each in said(now).values()]
    assert (None, True) in every, "no symbol changed sides: nothing was shown"
    assert len({rank for rank, new in every if not new}) > 3


def test_a_scan_that_is_repeated_before_the_next_bar_is_compared_with_the_same_result(atc: Atc, here: Path) -> None:
    first = scanned(atc)
    at_bar(here, 3)
    again = [scanned(atc) for _ in range(3)]
    assert all(each["rows"] == again[0]["rows"] for each in again)
    assert all(each["compared_with"]["bar_time"] == first["bar_time"] for each in again)
    at_bar(here, 4)
    assert said(now := scanned(atc)) == told(again[-1], now)


def test_a_scan_of_older_data_is_compared_with_what_was_before_them(atc: Atc, here: Path) -> None:
    found = []
    for later in (0, 3, 6):
        at_bar(here, later)
        found.append(scanned(atc))
    at_bar(here, 3)
    assert said(now := scanned(atc)) == dict.fromkeys(said(now), (None, None)), "the oldest result is gone"
    at_bar(here, 9)
    assert said(now := scanned(atc)) == told(found[2], now), "older data do not take the place of newer ones"


LOOKS = [
    ("--top", "2"),
    ("--sort", "-symbol"),
    ("--columns", "symbol,was"),
    ("--tz", "Europe/Berlin"),
    ("--backend", "rust"),
]


@pytest.mark.parametrize("flags", LOOKS, ids=" ".join)
def test_what_only_shows_the_result_otherwise_is_the_same_scan(atc: Atc, here: Path, flags: tuple[str, str]) -> None:
    before = scanned(atc)
    at_bar(here, 3)
    now = scanned(atc, *flags)
    assert now["compared_with"]["bar_time"] == before["bar_time"]
    assert said(now) == told(before, now)
    at_bar(here, 6)
    after = scanned(atc)
    if flags[0] == "--top":
        whole = scanned(atc, "--bars", "120")
        assert len(now["rows"]) < len(whole["rows"])
        assert max(rank or 0 for rank, _ in said(after).values()) > len(now["rows"]), "kept is what --top showed alone"


OTHERS = [
    ("--side", "long"),
    ("--min-signal", "0.3"),
    ("--max-age", "150"),
    ("--all",),
    ("--bars", "121"),
    ("--ema-len", "29"),
    ("--max-lag", "1"),
    ("--deny", "COIN9"),
    ("COIN1USDT", "COIN2USDT"),
]


@pytest.mark.parametrize("flags", OTHERS, ids=" ".join)
def test_what_changes_rows_or_ranks_is_another_scan(atc: Atc, here: Path, flags: tuple[str, ...]) -> None:
    scanned(atc)
    at_bar(here, 3)
    assert scanned(atc, *flags)["compared_with"] is None


def test_typed_symbols_and_watchlists_are_what_they_name_in_any_order(atc: Atc, here: Path) -> None:
    names = ["COIN1USDT", "COIN2USDT", "COIN3USDT"]
    (here / "list.txt").write_text("\n".join(names))
    for flags in (names, ("--watchlist", "list.txt")):
        at_bar(here, 0)
        scanned(atc, *flags)
        at_bar(here, 3)
        turned = flags[::-1] if flags == names else flags
        assert scanned(atc, *turned)["compared_with"] is not None
    (here / "list.txt").write_text("\n".join(names[:2]))
    at_bar(here, 6)
    assert scanned(atc, "--watchlist", "list.txt")["compared_with"] is None


def test_what_a_fault_cost_a_scan_ago_is_not_called_new(atc: Atc, here: Path) -> None:
    whole = (here / "data" / "COIN3USDT-1h.csv").read_text()
    (here / "data" / "COIN3USDT-1h.csv").write_text(whole + "x,1,1,1,1,1\n")
    before = scanned(atc)
    assert [skip["symbol"] for skip in before["skipped"]] == ["COIN3USDT"]
    at_bar(here, 3)
    write(here / "data" / "FRESHUSDT-1h.csv", 99, bars=BARS + 3)
    now = said(scanned(atc))
    assert now["COIN3USDT"] == (None, None)
    assert now["FRESHUSDT"] == (None, True)


def test_the_column_is_shown_where_it_is_asked_for_and_says_what_it_is_compared_with(atc: Atc, here: Path) -> None:
    asked = ("--columns", "rank,symbol,was")
    assert "no earlier result" in atc(*SCAN, *asked).out
    at_bar(here, 3)
    shown, plain = atc(*SCAN, *asked).out, atc(*SCAN).out
    assert "WAS" not in plain
    assert "scan before" not in plain
    (line,) = [line for line in shown.splitlines() if "scan before" in line]
    (row, *_) = scanned(atc)["rows"]
    cells = next(each for each in shown.splitlines() if f" {row['symbol']} " in each).split()
    assert cells[-1] == ("NEW" if row["new"] else str(row["rank_before"]))
    assert BEFORE in line


def test_sorted_by_it_new_rows_and_rows_without_a_rank_are_where_the_help_says(atc: Atc, here: Path) -> None:
    scanned(atc)
    at_bar(here, 12)
    by_rank = scanned(atc, "--sort", "was")
    ranks = [row["rank_before"] for row in by_rank["rows"]]
    known = [rank for rank in ranks if rank is not None]
    assert ranks == sorted(known) + [None] * (len(ranks) - len(known))
    new = [row["new"] for row in scanned(atc, "--sort", "new")["rows"]]
    assert new == sorted(new, reverse=True)
    assert {True, False} == set(new)


def test_flat_files_carry_both_and_leave_them_empty_where_nothing_is_known(atc: Atc, here: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(atc(*SCAN, "--output", "csv").out)))
    assert {(row["rank_before"], row["new"]) for row in rows} == {("", "")}
    at_bar(here, 12)
    now = said(scanned(atc))
    for row in csv.DictReader(io.StringIO(atc(*SCAN, "--output", "csv").out)):
        rank, new = now[row["symbol"]]
        assert (row["rank_before"], row["new"]) == ("" if rank is None else str(rank), str(new).lower())


def _damaged(file: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content[:-2] + b" }")


def _foreign(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def _not_a_folder(file: Path) -> None:
    file.unlink()
    file.parent.rmdir()
    file.parent.write_text("in the way")


def _a_folder(file: Path) -> None:
    file.unlink()
    (file / "full").mkdir(parents=True)


@pytest.mark.parametrize("harm", [_damaged, _foreign, _not_a_folder, _a_folder])
def test_whatever_is_wrong_on_disk_costs_the_comparison_alone(atc: Atc, here: Path, tmp_path: Path, harm) -> None:
    scanned(atc)
    at_bar(here, 3)
    (file,) = kept(tmp_path).iterdir()
    harm(file)
    done = atc(*SCAN, "--output", "json", "-q")
    assert done.code == 0
    assert "rank" not in done.err
    assert set(said(document(done)).values()) == {(None, None)}
    if harm in (_not_a_folder, _a_folder):
        assert "ranks" in atc(*SCAN, "-v").err
    else:
        at_bar(here, 6)
        assert scanned(atc)["compared_with"] is not None, "what could not be read was replaced"


def test_verbose_says_that_it_was_damaged_and_nothing_else_does(atc: Atc, here: Path, tmp_path: Path) -> None:
    for flags, words in (((), 0), (("-v",), 1)):
        scanned(atc)
        (file,) = kept(tmp_path).iterdir()
        _damaged(file)
        assert atc(*SCAN, *flags).err.count("damaged") == words


def test_a_simulated_market_and_an_empty_result_leave_nothing(atc: Atc, here: Path, tmp_path: Path) -> None:
    assert atc("scan", "--exchange", "demo").code == 0
    assert scanned(atc, "--min-signal", "1", "--max-age", "0", "--side", "long", "--deny", "COIN[^1]")["rows"] == []
    assert not kept(tmp_path).exists()


def test_as_many_files_stay_as_are_allowed_and_those_go_first_that_were_written_first(
    atc: Atc, here: Path, tmp_path: Path
) -> None:
    kept(tmp_path).mkdir(parents=True)
    for i in range(70):
        old = kept(tmp_path) / f"{i:064x}.json"
        old.write_text("old")
        os.utime(old, (1_000_000 + i, 1_000_000 + i))
    other = kept(tmp_path) / "notes.txt"
    other.write_text("of the user")
    scanned(atc)
    left = sorted(each.name for each in kept(tmp_path).iterdir() if each != other)
    assert len(left) == 64
    assert other.exists()
    assert [name for name in left if name.startswith("00")] == [f"{i:064x}.json" for i in range(7, 70)]


def test_rows_that_are_remembered_carry_no_rank_of_a_scan_ago(atc: Atc, here: Path, tmp_path: Path) -> None:
    """What is compared comes from the scan, whether its rows were computed or found."""
    remember = ("scan", "--offline", "--signals-cache", *WINDOW, "--output", "json")

    def stored(later: int) -> None:
        at_bar(here, later)
        assert atc(*IMPORT).code == 0

    stored(0)
    before = document(atc(*remember))
    stored(3)
    first, second = document(atc(*remember)), document(atc(*remember))
    assert second["signals_cache"] == {"hits": SYMBOLS, "misses": 0}
    assert first["rows"] == second["rows"]
    assert said(second) == told(before, second)
    (file,) = kept(tmp_path).iterdir()
    file.unlink()
    alone = document(atc(*remember))
    assert alone["signals_cache"]["hits"] == SYMBOLS
    assert set(said(alone).values()) == {(None, None)}
