"""Workers load candles themselves where they see them, and what a scan says is the same to the byte."""

import json
import signal
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from atc_cli.commands.away import elsewhere
from atc_cli.commands.ports import Ports
from atc_cli.data.away import Came
from atc_cli.data.files.files import Files
from atc_cli.data.files.folder import FolderMarket
from atc_cli.data.gather import Gathered, Wanted, gather
from atc_cli.data.load import Needs
from atc_cli.data.market import FILES, Listing, Progress, Shared
from atc_cli.data.universe import Filters
from atc_cli.domain.engines import Engine
from atc_cli.domain.params import Params
from atc_cli.domain.results.scan import ScanRow, Skipped, SkipReason
from atc_cli.domain.window import Window
from atc_cli.engine.backend import Offer
from atc_cli.engine.coefficients import SHIPPED
from atc_cli.engine.dask.backend import DaskBackend
from atc_cli.engine.dask.cluster import Cluster
from atc_cli.engine.lost import LostWorkersError
from atc_cli.errors import ExitCode
from atc_cli.reporting.progress import SilentProgress
from tests.conftest import Atc
from tests.helpers.candle_files import BEGIN_MS, HOUR_MS, random_walks, walk, write_candles
from tests.helpers.clusters import ELSEWHERE, Started, blind_worker, cluster
from tests.helpers.loopback_case import NOW_MS, config, symbol
from tests.loopback import BinanceServer

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("dask")]

WINDOW = ("--timeframe", "1h", "--bars", "120", "--all", "--output", "json")
OTHER = {"backend", "timings_ms", "generated_at", "data_age_ms"}


@pytest.fixture(scope="module")
def started() -> Iterator[Started]:
    with cluster(2) as running:
        yield running


@pytest.fixture(autouse=True)
def _small_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LEAST", "MOST_LOADED"):
        monkeypatch.setattr(f"atc_cli.engine.dask.backend._{name}_BARS", 600)


def folder_of(tmp_path: Path, name: str = "candles") -> Path:
    """Sound files among every kind that costs a skip, a warning or a note."""
    folder = random_walks(tmp_path / "here" / name, symbols=17, bars=130)
    values = walk(99, 130)
    write_candles(folder / "SHORT-1h.csv", values[:5])
    write_candles(folder / "STALE-1h.csv", values[:100])
    write_candles(folder / "AHEAD-1h.csv", values, begin_ms=4_000_000_000_000 // HOUR_MS * HOUR_MS)
    write_candles(folder / "OTHER-4h.csv", values)
    (folder / "BROKEN-1h.csv").write_text("timestamp,open\n1,2\n")
    (folder / "TWICE-1h.csv").write_text((folder / "AAA-1h.csv").read_text())
    (folder / "TWICE-1h.parquet").write_text("")
    negative = values.copy()
    negative[3, :4] *= -1
    write_candles(folder / "MENDED-1h.csv", negative)
    named = (folder / "BBB-1h.csv").read_text().replace("timestamp", "open_time")
    (folder / "NAMED-1h.csv").write_text(named)
    lines = (folder / "CCC-1h.csv").read_text().splitlines()
    (folder / "AGAIN-1h.csv").write_text("\n".join([*lines, lines[-1]]) + "\n")
    return folder


def both(atc: Atc, started: Started, *words: str) -> tuple[dict, dict]:
    """Documents of the same scan on the cluster and here."""
    there, here = atc(*words, "--scheduler", started.address), atc(*words, "--backend", "rust")
    assert there.code == here.code, there.err
    return json.loads(there.out), json.loads(here.out)


def same(there: dict, here: dict) -> None:
    assert (there["backend"]["name"], here["backend"]["name"]) == ("dask", "rust")
    assert {key: there[key] for key in here if key not in OTHER} == {k: v for k, v in here.items() if k not in OTHER}


def read_here(document: dict) -> bool:
    """Whether candles were checked in the process that was asked."""
    return "fetch/check" in document["timings_ms"]["stages"]


def test_a_folder_is_read_on_the_workers_and_gives_the_same_document(
    atc: Atc, started: Started, tmp_path: Path
) -> None:
    folder_of(tmp_path)
    there, here = both(atc, started, "scan", "--data", "candles", *WINDOW, "--max-lag", "2")
    same(there, here)
    assert {each["reason"] for each in here["skipped"]} >= {
        "too_few_bars", "stale", "in_the_future", "unreadable", "conflicting_duplicates"
    }  # fmt: skip
    assert len(here["warnings"]) >= 3
    assert (read_here(there), read_here(here)) == (False, True)


@pytest.fixture
def stored(atc: Atc, tmp_path: Path) -> tuple[str, ...]:
    """A scan of 17 symbols that are in the store, two of them at another timeframe too."""
    folder = random_walks(tmp_path / "here" / "candles", symbols=17, bars=520)
    for name in ("AAA", "BBB"):
        write_candles(folder / f"{name}-4h.csv", walk(7, 130), step_ms=4 * HOUR_MS)
    brought = atc("cache", "import", "candles", "--exchange", "binance", "--market", "swap")
    assert brought.code == ExitCode.OK, brought.err
    return ("scan", "--offline", "--quote", "any", *WINDOW)


def test_the_store_is_read_on_the_workers_and_gives_the_same_document(
    atc: Atc, started: Started, stored: tuple[str, ...]
) -> None:
    assert atc("cache", "import", "candles", "--exchange", "bybit", "--market", "swap").code == ExitCode.OK
    there, here = both(atc, started, *stored, "--exchange", "binance,bybit", "--with", "4h")
    same(there, here)
    assert len(here["rows"]) == 2 * 17
    assert sum(any(row["with"].values()) for row in here["rows"]) == 2 * 2
    assert read_here(there) is False


def test_rows_that_workers_made_are_remembered(atc: Atc, started: Started, stored: tuple[str, ...]) -> None:
    words = (*stored, "--signals-cache", "--scheduler", started.address, "-v")
    first, again = atc(*words), atc(*words)
    assert "signals cache: 0 hits, 17 misses" in first.err
    assert "signals cache: 17 hits, 0 misses" in again.err
    assert json.loads(first.out)["rows"] == json.loads(again.out)["rows"]


@pytest.mark.parametrize("named", [(), ("--backend", "dask")], ids=("auto", "dask"))
def test_signals_are_computed_ahead_on_a_cluster_and_found_without_it(
    atc: Atc, started: Started, tmp_path: Path, named: tuple[str, ...]
) -> None:
    with BinanceServer([symbol(number) for number in range(3)], now_ms=NOW_MS) as server:
        flags = ("--config", str(config(server, tmp_path)), "--output", "json", "--timeframe", "1h")
        cluster = ("--scheduler", started.address, *named)
        done = atc("warm-cache", *flags, "--no-compile", "--signals", "intraday", *cluster)
        assert done.code == ExitCode.OK, done.err
        ((computed, known),) = [(each["computed"], each["hits_before"]) for each in json.loads(done.out)["signals"]]
        asked = ("scan", *flags, "--preset", "intraday", "--all")
        found = json.loads(atc(*asked, "--signals-cache").out)
        there, here = both(atc, started, *asked)
    assert (computed, known, found["signals_cache"]) == (3, 0, {"hits": 3, "misses": 0})
    assert found["rows"] == here["rows"]
    same(there, here)
    assert read_here(there) is False, "what the store holds of an exchange is read on the workers too"


def test_a_worker_without_the_path_is_named_before_anything_is_computed(
    atc: Atc, started: Started, tmp_path: Path
) -> None:
    folder = random_walks(tmp_path / "here" / "shared-by-two", symbols=3, bars=130)
    with blind_worker(started.address, "shared-by-two") as blind:
        done = atc("scan", "--data", "shared-by-two", *WINDOW, "--scheduler", started.address)
    assert done.code == ExitCode.UNAVAILABLE
    assert f"worker {blind} finds other candles at {str(folder)!r}, where other workers find the candles" in done.err
    assert "mount the same folder at that path there, or stop that worker" in done.err
    assert done.out == ""


def test_where_no_worker_sees_the_path_candles_are_shipped_and_it_is_said(
    atc: Atc, started: Started, tmp_path: Path
) -> None:
    folder_of(tmp_path, ELSEWHERE)
    words = ("scan", "--data", ELSEWHERE, *WINDOW, "--max-lag", "2")
    there, here = both(atc, started, *words)
    same(there, here)
    assert (read_here(there), read_here(here)) == (True, True)
    said = atc(*words, "--scheduler", started.address).err
    assert "no worker finds the candles at" in said
    assert "they are loaded here and shipped" in said


class Spoilt(FolderMarket):
    """A folder of which one file has a name that no process can read."""

    def shared(self, listings: list[Listing], window: Window) -> tuple[Files, list[Listing]]:
        files, them = super().shared(listings, window)
        return Files(files.path, files.title, {**files.names, "EEE": ("EEE\0",)}), them


class Patience(SilentProgress):
    """Progress of which a person sees so many steps before Ctrl-C."""

    def __init__(self, steps: int | None) -> None:
        self.left = steps

    def advance(self) -> None:
        if self.left is not None:
            self.left -= 1
            if self.left == 0:
                signal.raise_signal(signal.SIGINT)


WANTED = Wanted(
    window=Window(timeframe="1h", now_ms=BEGIN_MS, bars=120),
    needs=Needs(warmup_bars=10, min_bars=1, cutout_bars=0, max_lag_bars=None),
    filters=Filters(),
    quote=None,
)


def gathered(started: Started, market: FolderMarket, progress: Progress) -> Gathered:
    """Groups of five symbols each."""
    with closing(Cluster(started.address)) as cluster:
        offer = Offer(DaskBackend(cluster), SHIPPED[Engine.DASK])
        ports = Ports(markets=[market], offers=[offer], clock_ms=lambda: BEGIN_MS, progress=progress)
        away = elsewhere(ports, Params(), "dask")
        return gather(ports.markets, WANTED, progress, elsewhere=away)


def test_ctrl_c_keeps_the_groups_that_came(started: Started, tmp_path: Path) -> None:
    market = FolderMarket(random_walks(tmp_path / "c", symbols=20, bars=130), "1h")
    whole = gathered(started, market, Patience(None))
    found = gathered(started, market, Patience(7))
    assert (whole.interrupted, found.interrupted, len(whole.away), len(found.series)) == (False, True, 20, 0)
    assert 5 <= len(found.away) < 20
    rows = {each.symbol: each.came for each in whole.away}
    assert all(rows[each.symbol] == each.came for each in found.away)
    assert {each.reason for each in found.skipped} == {SkipReason.INTERRUPTED}
    assert len(found.skipped) + len(found.away) == 20


def test_workers_that_are_lost_end_the_scan_whatever_came(tmp_path: Path) -> None:
    market = FolderMarket(random_walks(tmp_path / "c", symbols=3, bars=130), "1h")

    def lost(_: Shared, listings: Sequence[Listing], *_asked: object) -> Generator[Came]:
        yield Came((), (Skipped(listings[0].symbol, SkipReason.OVERFLOW, "", FILES),), Counter())
        raise LostWorkersError("the scheduler was lost")

    with pytest.raises(LostWorkersError):
        gather([market], WANTED, SilentProgress(), elsewhere=lost)


def test_a_group_that_fails_twice_costs_its_symbols_and_no_others(started: Started, tmp_path: Path) -> None:
    market = Spoilt(random_walks(tmp_path / "c", symbols=20, bars=130), "1h")
    found = gathered(started, market, SilentProgress())
    assert "EEE" in {each.symbol for each in found.skipped}
    assert {each.reason for each in found.skipped} == {SkipReason.NOT_COMPUTED}
    assert all("failed twice on workers" in each.detail for each in found.skipped)
    assert len(found.skipped) == 5
    assert all(isinstance(each.came, ScanRow) for each in found.away)
    assert len(found.away) == 15
