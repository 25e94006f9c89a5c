"""What Kraken can tell no more stays stored through answers that are wrong for a while, and through those that
contradict it for good it is set aside and comes back."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from atc_cli.data.store.shelf import Store
from tests.conftest import Atc
from tests.helpers.loopback_case import HOUR_MS, NOW_MS, config, symbol
from tests.loopback import KrakenServer, Table, edited
from tests.loopback.kraken import HELD_BARS, OHLC

GROWN_BARS = HELD_BARS - 1 + 60


@pytest.fixture
def server() -> Iterator[KrakenServer]:
    with KrakenServer([symbol(i) for i in range(3)], now_ms=NOW_MS) as running:
        yield running


def scan(atc: Atc, server: KrakenServer, folder: Path, *, code: int = 0, bars: int = 1500) -> dict:
    file = str(config(server, folder, "spot", exchanges=("kraken",)))
    done = atc(
        "scan", "--config", file, "--exchange", "kraken", "--bars", str(bars), "--all", "--output", "json",
        "--cache-dir", str(folder / "cache"),
    )  # fmt: skip
    assert done.code == code, done.err
    return json.loads(done.out)


def grown(atc: Atc, server: KrakenServer, folder: Path) -> dict:
    """More is stored than Kraken holds, and one more bar has closed since."""
    scan(atc, server, folder)
    server.now_ms = NOW_MS + 60 * HOUR_MS
    before = scan(atc, server, folder)
    assert {row["bars"] for row in before["rows"]} == {GROWN_BARS}
    server.now_ms += HOUR_MS
    return before


def assert_stored_is_the_truth(server: KrakenServer, folder: Path, bars: int) -> None:
    """Every stored candle, to the bit."""
    (shelf,) = Store(folder / "cache" / "candles", print).shelves()
    last_ms = server.now_ms // HOUR_MS * HOUR_MS - HOUR_MS
    found = [each for group in shelf.read(server.symbols, shelf.everything) for each in group]
    assert len(found) == len(server.symbols)
    for each in found:
        table: Table = server.symbols[each.entry.native].bars(
            "1h", last_ms - (bars - 1) * HOUR_MS, last_ms, server.now_ms
        )
        np.testing.assert_array_equal(each.timestamp, table[:, 0])
        np.testing.assert_allclose(each.values, table[:, 1:].T, rtol=0, atol=5e-9)
    assert shelf.faults() == []


def rows_of(document: Any) -> list[list[Any]]:
    return next(value for name, value in document["result"].items() if name != "last")


def each_row(change: Callable[[list[Any]], None], which: slice) -> Callable[[Any], Any]:
    def edit(document: Any) -> Any:
        for row in rows_of(document)[which]:
            change(row)
        return document

    return edit


def emptied(document: Any) -> Any:
    rows_of(document).clear()
    return document


def other_price(row: list[Any]) -> None:
    row[1:5] = ["3.5"] * 4


def other_volume(row: list[Any]) -> None:
    row[6] = str(float(row[6]) + 0.001)


PASSING = {
    "one wrong row": (each_row(other_price, slice(0, 1)), (1,)),
    "an empty answer": (emptied, (1,)),
    "two empty answers": (emptied, (1, 2)),
    "two wrong rows": (each_row(other_price, slice(0, 1)), (1, 2)),
    "four empty answers": (emptied, (1, 2, 3, 4)),
    "five empty answers": (emptied, (1, 2, 3, 4, 5)),
    "an empty answer and an empty page": (emptied, (1, 3)),
}


@pytest.mark.parametrize(("edit", "nth"), PASSING.values(), ids=PASSING)
def test_a_passing_fault_costs_no_stored_bar_and_is_said(
    atc: Atc, server: KrakenServer, tmp_path: Path, edit: Callable[[Any], Any], nth: tuple[int, ...]
) -> None:
    grown(atc, server, tmp_path)
    server.plan(edited(edit), path=OHLC, symbol="COIN001USDT", nth=nth)
    later = scan(atc, server, tmp_path)
    assert {row["bars"] for row in later["rows"]} == {GROWN_BARS + 1}
    assert all("COIN001/USDT: kraken" in warning for warning in later["warnings"])
    assert len(later["warnings"]) == (edit is not emptied or 2 in nth), "an empty page is asked for twice anyhow"
    assert_stored_is_the_truth(server, tmp_path, GROWN_BARS + 1)


def test_a_last_volume_that_settled_is_replaced_without_a_word_or_a_request_more(
    atc: Atc, server: KrakenServer, tmp_path: Path
) -> None:
    scan(atc, server, tmp_path)
    server.now_ms = NOW_MS + 60 * HOUR_MS
    server.plan(edited(each_row(other_volume, slice(-2, -1))), path=OHLC)
    scan(atc, server, tmp_path)
    server.heal()
    server.now_ms += HOUR_MS
    asked = server.count(OHLC)
    later = scan(atc, server, tmp_path)
    assert later["warnings"] == []
    assert server.count(OHLC) == asked + len(server.symbols)
    assert_stored_is_the_truth(server, tmp_path, GROWN_BARS + 1)


def test_what_is_contradicted_for_a_whole_run_is_set_aside_and_comes_back(
    atc: Atc, server: KrakenServer, tmp_path: Path
) -> None:
    grown(atc, server, tmp_path)
    server.plan(edited(each_row(other_price, slice(None))), path=OHLC, symbol="COIN001USDT")
    wrong = scan(atc, server, tmp_path)
    assert "set aside" in wrong["warnings"][0]
    assert len(wrong["warnings"]) == 1
    server.heal()
    server.now_ms += HOUR_MS
    right = scan(atc, server, tmp_path)
    assert {row["bars"] for row in right["rows"]} == {GROWN_BARS + 2}
    assert "joined again" in right["warnings"][0]
    assert len(right["warnings"]) == 1
    assert_stored_is_the_truth(server, tmp_path, GROWN_BARS + 2)
    assert scan(atc, server, tmp_path)["warnings"] == []
    assert atc("cache", "verify", "--cache-dir", str(tmp_path / "cache")).code == 0
