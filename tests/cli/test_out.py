"""--out FILE holds a whole result, or what it held before."""

import json
import os
import signal
import threading
from pathlib import Path

import pytest

from tests.conftest import Atc
from tests.helpers.imported import coins
from tests.helpers.loopback_case import NOW_MS, config, symbol
from tests.helpers.runs import started
from tests.loopback import BinanceServer, edited

OLD = '{"rows": ["of the last good run"]}'


@pytest.fixture
def here(tmp_path: Path, atc: Atc) -> Path:
    folder = coins(tmp_path / "here", 3)
    (folder / "signals.json").write_text(OLD)
    return folder


@pytest.mark.parametrize("command", [("scan", "--timeframe", "1h"), ("warm-cache", "--timeframe", "1h", "--quiet")])
def test_ctrl_c_leaves_the_last_good_file_and_says_where_the_rest_is(tmp_path: Path, command: tuple[str, ...]) -> None:
    asked, gone = threading.Barrier(2), threading.Event()

    def held(body: object) -> object:
        asked.wait()
        gone.wait()
        return body

    out = tmp_path / "signals.json"
    out.write_text(OLD)
    with BinanceServer([symbol(number) for number in range(3)], now_ms=NOW_MS) as server:
        server.plan(edited(held), path="klines", symbol="COIN001USDT", nth=(1,))
        running = started(tmp_path, *command, "--config", str(config(server, tmp_path)), "--out", str(out))
        asked.wait()
        running.send_signal(signal.SIGINT)
        _, err = running.communicate()
        gone.set()
    assert running.returncode == 130, err
    assert out.read_text() == OLD
    partial = tmp_path / "signals.json.partial"
    assert json.loads(partial.read_text())["interrupted"] is True
    assert str(partial) in err


def test_a_result_without_a_usable_symbol_leaves_the_last_good_file(atc: Atc, here: Path) -> None:
    done = atc("scan", "--data", "data", "--timeframe", "1h", "--min-bars", "500", "--out", "signals.json", "--quiet")
    assert done.code == 4
    assert (here / "signals.json").read_text() == OLD
    assert json.loads((here / "signals.json.partial").read_text())["rows"] == []
    assert "signals.json.partial" in done.err


def test_a_whole_result_without_a_row_is_a_result(atc: Atc, here: Path) -> None:
    flags = ("--max-age", "0", "--min-signal", "1", "--side", "long", "--allow", "COIN1")
    done = atc("scan", "--data", "data", "--timeframe", "1h", *flags, "--out", "signals.json")
    assert done.code == 0, done.err
    assert json.loads((here / "signals.json").read_text())["rows"] == []
    assert not (here / "signals.json.partial").exists()


def test_what_is_not_whole_is_beside_a_link_and_through_a_pipe(atc: Atc, here: Path) -> None:
    scan = ("scan", "--data", "data", "--timeframe", "1h", "--min-bars", "500", "--output", "json", "--out")
    (here / "link.json").symlink_to(here / "signals.json")
    assert atc(*scan, "link.json").code == 4
    assert (here / "signals.json").read_text() == OLD
    assert (here / "link.json.partial").is_file()
    os.mkfifo(here / "pipe")
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append((here / "pipe").read_text()))
    reader.start()
    assert atc(*scan, "pipe").code == 4
    reader.join()
    assert json.loads(read[0])["rows"] == []
    assert not (here / "pipe.partial").exists()
