"""`atc scan --prefilter N` against a Binance on this machine that counts weights."""

import json
import signal
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Atc, Run
from tests.helpers.loopback_case import BARS, HOUR_MS, NOW_MS, config, symbol
from tests.helpers.runs import environment_of, in_this_process, started
from tests.loopback import BinanceServer, edited, refused
from tests.loopback.server import Answered

COINS = 24
YOUNG = COINS  # its 90 bars are fewer than a short window's, its row needs no more
TOO_YOUNG = COINS + 1
PER_SIDE = 2
SHORT_BARS = 98  # with the forming one a request of weight 1
WHOLE_WEIGHT = 4  # of 701 bars


def listed() -> BinanceServer:
    coins = [symbol(number) for number in range(COINS)]
    return BinanceServer([*coins, symbol(YOUNG, bars=90), symbol(TOO_YOUNG, bars=20)], now_ms=NOW_MS)


@pytest.fixture
def server() -> Iterator[BinanceServer]:
    with listed() as running:
        yield running


def weighed(server: BinanceServer, folder: Path) -> str:
    """The settings that lead to the server, with atc's account of its weights."""
    folder.mkdir(exist_ok=True)
    file = config(server, folder)
    file.write_text(file.read_text().replace("enableRateLimit = false\n", ""))
    return str(file)


def scan(atc: Atc, server: BinanceServer, folder: Path, *flags: str) -> Run:
    return atc("scan", "--config", weighed(server, folder), "--cache-dir", str(folder / "cache"), "--all", *flags)


def document(atc: Atc, server: BinanceServer, folder: Path, *flags: str) -> dict[str, Any]:
    done = scan(atc, server, folder, *flags, "--output", "json")
    assert done.code in (0, 3), done.err
    return json.loads(done.out)


def unranked(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {
        row["symbol"]: {key: value for key, value in row.items() if key not in ("rank", "rank_before", "new")}
        for row in rows
    }


def parted(rows: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    return [row for row in rows if not row["approximate"]], [row for row in rows if row["approximate"]]


def asked(answered: Iterable[Answered]) -> dict[str, list[int]]:
    """The limits of the candle requests of each symbol."""
    limits: dict[str, list[int]] = {}
    for each in answered:
        limits.setdefault(each.query["symbol"], []).append(int(each.query["limit"]))
    return limits


def native(name: str) -> str:
    """COIN001USDT of COIN001/USDT:USDT."""
    return name.split("/", maxsplit=1)[0] + "USDT"


PREFILTER = ("--prefilter", str(PER_SIDE))


@dataclass(frozen=True)
class Compared:
    """What a plain scan of an empty store printed and asked for, and one with --prefilter."""

    plain: dict[str, Any]
    plain_asked: list[Answered]
    found: dict[str, Any]
    found_asked: list[Answered]


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Compared:
    folder = tmp_path_factory.mktemp("compared")

    def atc(*arguments: str) -> Run:
        return in_this_process(arguments, b"", environment_of(folder, {}), folder)

    with listed() as server:
        plain = document(atc, server, folder / "plain")
        plain_asked = klines(server)
        found = document(atc, server, folder / "prefiltered", *PREFILTER)
        return Compared(plain, plain_asked, found, klines(server)[len(plain_asked) :])


def klines(server: BinanceServer) -> list[Answered]:
    return [each for each in server.answered if each.name == "klines"]


def test_exact_rows_are_those_of_the_plain_scan_and_the_others_say_that_they_are_approximate(
    compared: Compared,
) -> None:
    plain, found = compared.plain, compared.found
    exact, approximate = parted(found["rows"])
    whole = unranked(plain["rows"])
    assert all(row == whole[name] for name, row in unranked(exact).items())
    assert PER_SIDE < len(exact) <= 2 * PER_SIDE + 1
    assert f"COIN{YOUNG:03}/USDT:USDT" in unranked(exact)
    assert {row["bars"] for row in approximate} == {SHORT_BARS}
    assert len(exact) + len(approximate) == len(whole) == COINS + 1
    assert found["skipped"] == plain["skipped"]
    assert [row["rank"] for row in found["rows"]] == list(range(1, COINS + 2))
    ranked = [row["symbol"] for row in plain["rows"]]
    assert [row["symbol"] for row in exact] == [each for each in ranked if each in unranked(exact)]
    assert found["scanned"] == plain["scanned"]
    assert plain["prefilter"] is None


def test_what_it_says_that_it_spent_and_saved_is_what_the_server_counted(compared: Compared) -> None:
    said, plain = compared.found["prefilter"], sum(each.weight for each in compared.plain_asked)
    limits = asked(compared.found_asked)
    assert Counter(each[0] for each in limits.values()) == {SHORT_BARS + 1: COINS + 2}
    assert sum(len(each) > 1 for each in limits.values()) == said["whole"] <= 2 * PER_SIDE
    spent = sum(each.weight for each in compared.found_asked)
    assert (said["requests"], said["weight"]) == (len(compared.found_asked), spent)
    assert spent == COINS + 2 + WHOLE_WEIGHT * said["whole"] < plain / 2
    # the two young ones cost less than whole windows
    assert plain <= said["plain_weight"] == WHOLE_WEIGHT * (COINS + 2) <= plain + 2 * WHOLE_WEIGHT
    assert (said["per_side"], said["bars"], said["short"]) == (PER_SIDE, SHORT_BARS, COINS + 2)
    assert said["approximate"] == COINS - said["whole"]


def test_the_table_and_lists_hide_approximate_rows_and_it_is_said(
    atc: Atc, server: BinanceServer, tmp_path: Path, compared: Compared
) -> None:
    exact, approximate = parted(compared.found["rows"])
    table = scan(atc, server, tmp_path / "a", *PREFILTER)
    assert all(row["symbol"] in table.out for row in exact)
    assert not any(row["symbol"] in table.out for row in approximate)
    for said in (table.out, table.err):
        assert f"prefilter: {COINS + 2} symbols by {SHORT_BARS} bars, {2 * PER_SIDE} of them in full" in said
        assert f"{len(approximate)} approximate rows in json, jsonl, csv and parquet only" in said
    listed = scan(atc, server, tmp_path / "b", *PREFILTER, "--output", "symbols")
    assert listed.out.split() == [row["symbol"] for row in exact]


def test_the_store_is_none_the_worse_a_later_scan_fetches_what_lacks_and_is_exact(
    atc: Atc, server: BinanceServer, tmp_path: Path, compared: Compared
) -> None:
    found = document(atc, server, tmp_path, *PREFILTER)
    before = len(klines(server))
    after = document(atc, server, tmp_path)
    asked_then = asked(klines(server)[before:])
    assert after["rows"] == compared.plain["rows"]
    exact, _ = parted(found["rows"])
    assert not {native(row["symbol"]) for row in exact} & asked_then.keys()
    assert {limits[0] for limits in asked_then.values()} == {499}
    assert atc("cache", "verify", "--cache-dir", str(tmp_path / "cache")).code == 0


def test_what_is_stored_whole_is_exact_and_costs_no_short_window(
    atc: Atc, server: BinanceServer, tmp_path: Path
) -> None:
    first = document(atc, server, tmp_path, *PREFILTER)
    server.now_ms = NOW_MS + HOUR_MS
    before = len(klines(server))
    second = document(atc, server, tmp_path, *PREFILTER)
    limits = asked(klines(server)[before:])
    whole = unranked(parted(first["rows"])[0])
    assert whole.keys() <= unranked(parted(second["rows"])[0]).keys()
    assert {limit for each in limits.values() for limit in each[:1]} <= {2, 3}  # tails, of short windows too
    assert unranked(parted(second["rows"])[0]).items() <= unranked(document(atc, server, tmp_path)["rows"]).items()
    assert second["prefilter"]["short"] == COINS + 1 - len(whole)  # all that TOO_YOUNG has is stored, too


def test_with_all_windows_stored_nothing_is_approximate_and_it_says_why(
    atc: Atc, server: BinanceServer, tmp_path: Path
) -> None:
    plain = document(atc, server, tmp_path)
    before = server.count("klines")
    done = scan(atc, server, tmp_path, *PREFILTER, "--output", "json")
    assert server.count("klines") == before
    assert json.loads(done.out)["rows"] == plain["rows"]
    assert "prefilter: not used, it would save nothing" in done.err


@pytest.mark.parametrize(
    "flags", [("--exchange", "demo"), ("--refresh",), ("--prefilter", "30")], ids=lambda each: each[0]
)
def test_where_nothing_would_be_saved_every_row_is_exact_and_it_says_so(
    atc: Atc, server: BinanceServer, tmp_path: Path, flags: tuple[str, ...]
) -> None:
    done = scan(atc, server, tmp_path, *PREFILTER, *flags, "--output", "json")
    assert not any(row["approximate"] for row in json.loads(done.out)["rows"])
    assert json.loads(done.out)["prefilter"]["bars"] is None
    assert "prefilter: not used, it would save nothing" in done.err


def test_one_side_is_asked_for_whole_windows_of_that_side_only(
    atc: Atc, server: BinanceServer, tmp_path: Path, compared: Compared
) -> None:
    long = document(atc, server, tmp_path, *PREFILTER, "--side", "long", "--top", str(PER_SIDE))
    assert long["prefilter"]["whole"] == PER_SIDE < compared.found["prefilter"]["whole"]
    assert {row["side"] for row in long["rows"]} <= {"LONG", "NEUTRAL"}
    first = [row["symbol"] for row in compared.plain["rows"] if row["side"] == "LONG"][:PER_SIDE]
    assert [row["symbol"] for row in parted(long["rows"])[0] if row["side"] == "LONG"] == first


def test_more_rows_than_are_exact_cannot_be_asked_for(atc: Atc, server: BinanceServer, tmp_path: Path) -> None:
    done = scan(atc, server, tmp_path, *PREFILTER, "--top", "10")
    assert done.code == 2
    assert "prefilter is 2, allowed: --top (10) or more" in done.err
    assert not server.answered


def test_a_symbol_that_fails_by_short_window_or_whole_is_a_skip_and_no_row(
    atc: Atc, server: BinanceServer, tmp_path: Path, compared: Compared
) -> None:
    exact, approximate = parted(compared.found["rows"])
    early = approximate[0]["symbol"]
    late = next(row["symbol"] for row in exact if row["bars"] == BARS)
    server.plan(refused(400, -1121, "no"), path="klines", symbol=native(early))
    server.plan(refused(400, -1121, "no"), path="klines", symbol=native(late), nth=tuple(range(2, 20)))
    done = scan(atc, server, tmp_path, *PREFILTER, "--output", "json")
    assert done.code == 3
    lost = json.loads(done.out)
    failed = {skip["symbol"] for skip in lost["skipped"] if skip["reason"] == "fetch_failed"}
    assert failed == {early, late}
    assert not failed & unranked(lost["rows"]).keys()


def test_remembered_rows_are_exact_ones(atc: Atc, server: BinanceServer, tmp_path: Path, compared: Compared) -> None:
    for _ in range(2):
        document(atc, server, tmp_path, *PREFILTER, "--signals-cache")
    for _ in range(2):
        assert document(atc, server, tmp_path, "--signals-cache")["rows"] == compared.plain["rows"]


def test_an_interrupt_among_whole_windows_leaves_what_is_known_as_approximate_rows(
    server: BinanceServer, tmp_path: Path
) -> None:
    reached = threading.Event()

    def hold(document: Any) -> Any:
        if not reached.is_set():
            reached.set()
            server.closing.wait(30)
        return document

    short = {f"COIN{number:03}USDT" for number in range(COINS)}
    for name in short:
        server.plan(edited(hold), path="klines", symbol=name, nth=(2,))
    command = ["scan", "--config", weighed(server, tmp_path), "--all", *PREFILTER, "--output", "json"]
    running = started(tmp_path, *command)
    assert reached.wait(60)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate()
    assert running.returncode == 130, err
    found = json.loads(out)
    assert found["interrupted"] is True
    assert len(found["rows"]) + len(found["skipped"]) == COINS + 2
    assert len(parted(found["rows"])[1]) >= COINS - 2 * PER_SIDE
