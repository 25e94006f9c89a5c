"""A candle file that cannot be read costs no symbol of a scan: the exchange is asked, and that is said."""

import json
from pathlib import Path

import pytest

from atc_cli.data.store.shelf import Shelf, Store
from tests.conftest import Atc
from tests.helpers.campaign import figures
from tests.helpers.foreign import FOREIGN, in_place_of
from tests.helpers.loopback_case import HOUR_MS, NOW_MS, config, symbol
from tests.helpers.places import PLACES, Place
from tests.loopback import LoopbackServer

SYMBOLS, BARS = 60, 60


def scan(atc: Atc, place: Place, server: LoopbackServer, folder: Path, cache: str) -> dict:
    file = str(config(server, folder, "spot", exchanges=(place.exchange,)))
    done = atc(
        "scan", "--config", file, "--exchange", place.exchange, "--bars", str(BARS), "--all", "--output", "json",
        "--cache-dir", str(folder / cache),
    )  # fmt: skip
    assert done.code == 0, done.err
    return json.loads(done.out)


def shelf_of(folder: Path) -> Shelf:
    (shelf,) = Store(folder / "cache" / "candles", print).shelves()
    return shelf


def asked(place: Place, server: LoopbackServer) -> int:
    return sum(server.count(path) for path in place.paths)


@pytest.mark.parametrize(
    ("place", "what"), list(zip(PLACES, FOREIGN, strict=True)), ids=[each.exchange for each in PLACES]
)
def test_it_costs_nothing_but_requests_and_a_warning(atc: Atc, place: Place, what: str, tmp_path: Path) -> None:
    with place.server([symbol(i, bars=300) for i in range(SYMBOLS)], now_ms=NOW_MS) as server:
        scan(atc, place, server, tmp_path, "cache")
        victim = sorted(shelf_of(tmp_path).folder.glob("*.candles"))[3]
        kept = in_place_of(victim, what)
        server.now_ms = NOW_MS + HOUR_MS
        before = asked(place, server)
        lacking = scan(atc, place, server, tmp_path, "cache")
        assert asked(place, server) == before + SYMBOLS, "each once: a tail or a window"
        (warning,) = lacking["warnings"]
        assert str(victim) in warning
        assert len(lacking["rows"]) == SYMBOLS
        assert figures(lacking) == figures(scan(atc, place, server, tmp_path, "another"))
        victim.rmdir() if what == "folder" else kept.replace(victim)
        server.now_ms += HOUR_MS
        right = scan(atc, place, server, tmp_path, "cache")
        assert right["warnings"] == []
        assert len(right["rows"]) == SYMBOLS
    assert {each.bars >= BARS for each in shelf_of(tmp_path).entries()} == {True}
    assert shelf_of(tmp_path).faults() == []
