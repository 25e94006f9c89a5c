"""Weeks of an exchange that goes wrong, scanned in this process, in others, in two at once and in some that are
killed."""

import json
import random
import shutil
import subprocess
import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from atc_cli.data.load import Loaded
from atc_cli.data.store.held import Held
from atc_cli.data.store.host import host_of
from atc_cli.domain.panel import Candles, Ints
from atc_cli.domain.params import Params
from atc_cli.domain.results.stored import Entry
from atc_cli.domain.timeframe import HOUR_MS
from atc_cli.errors import AtcError
from tests.helpers.backends import compute
from tests.helpers.cast import cast, truth
from tests.helpers.exchange_case import plain
from tests.helpers.loopback_case import config
from tests.helpers.places import PLACES
from tests.helpers.runs import started
from tests.helpers.spoiling import FAULTS, HERE, Scene
from tests.helpers.worlds import EXCHANGES, NOW, World
from tests.loopback import Symbol, Table, edited

BARS = 120
_HOURS = (1, 1, 2, 5, 30, 80, 150)  # between two runs; the last is more than a window
_BAD_ENDS = {1, 2, 78, 130}  # of a scan: a defect of ours, whatever an exchange does

Document = Mapping[str, Any]
T = TypeVar("T")

# What names, answers still to come and earlier scans make of a row.
_OF_ITS_OWN = ("symbol", "exchange", "unsure", "rank_before", "new")


class Campaign:
    """One story: the seed deals the faults, the ways of scanning and the time between."""

    def __init__(self, exchange: str, seed: int, folder: Path, numbers: Collection[int] = range(1, 31)) -> None:
        make, time, told = EXCHANGES[exchange]
        self.seed, self.dice = seed, random.Random(f"{exchange} {seed}")
        self.cast = {each.id: each for each in cast(numbers)}
        self.server = make(list(self.cast.values()), now_ms=NOW)
        self.world = World(exchange, self.server, time, told, folder, bars=BARS, max_lag_bars=10**6)
        self.world.host = host_of(self.server.options())
        self.place = next(each for each in PLACES if each.exchange == exchange)
        self.scene = Scene(self.world, self.place, self.dice, BARS)
        self.story: list[str] = []
        self.kills = 0

    def run(self) -> None:
        """Every fault once, two at a time; two runs are other processes, whose exchange goes wrong likewise."""
        for way, faults, hours in self._steps():
            self.story.append(f"{way.__name__} with {' and '.join(faults)}, then {hours} h")
            for name in faults:
                FAULTS[name](self.scene)
            way()
            self.scene.heal()
            self.server.now_ms += hours * HOUR_MS

    def _steps(self) -> list[tuple[Callable[[], object], list[str], int]]:
        deck = self.dice.sample(list(FAULTS), len(FAULTS))
        deck.sort(key=lambda name: name in HERE)  # of these none for another process
        ways = self._processes()
        hands = [deck[i : i + 2] for i in range(0, 2 * len(ways), 2)]
        left = self.dice.sample(deck[2 * len(ways) :], len(deck) - 2 * len(ways))
        steps = [*zip(ways, hands, strict=True), *((self.load, left[i : i + 2]) for i in range(0, len(left), 2))]
        self.dice.shuffle(steps)
        return [(way, faults, self.dice.choice(_HOURS)) for way, faults in steps]

    def _processes(self) -> list[Callable[[], object]]:
        """Two of them; all in three stories, of as many exchanges or seeds."""
        every = [self._scan, self._killed_asking, self._two, self._killed_writing, self._two_of_which_one_is_killed]
        turn = 2 * (list(EXCHANGES).index(self.world.exchange) + self.seed)
        return [every[(turn + i) % len(every)] for i in range(2)]

    def clean(self, scan: Callable[[], T]) -> T:
        """The second of two scans of an exchange that has healed, some time apart."""
        self._read_all()
        self.server.now_ms += 2 * HOUR_MS
        self.world.scan()
        self.server.now_ms += 2 * HOUR_MS
        self.forget_list()
        return scan()

    def forget_list(self) -> None:
        """The kept list of symbols is for a day, by the clock of who keeps it."""
        shutil.rmtree(self.world.folder / "markets", ignore_errors=True)

    def flags(self) -> tuple[str, ...]:
        """Of a real scan of this exchange."""
        file = config(self.server, self.world.folder, "spot", exchanges=(self.world.exchange,))
        return (
            *("scan", "--config", str(file), "--exchange", self.world.exchange, "--cache-dir", str(self.world.folder)),
            *("--bars", str(BARS), "--max-lag", "1000000", "--all", "--output", "json"),
        )

    def load(self) -> Loaded | None:
        """In this process, where our own clock can be wrong: no value is. None where the scan ends with an error."""
        try:
            loaded = self.world.scan()
        except AtcError:
            return None
        for each in loaded.candles:
            told = self.truth(each.symbol, each.timestamp)
            known = np.isin(told[:, 0], each.timestamp)
            wrong = told[known, 1:] != each.values.T
            wrong[-1, 4] = False  # a volume may settle
            assert not wrong.any(), (each.symbol, self.story, told[known][wrong.any(axis=1)])
        return loaded

    def load_and_see_what_lacks(self) -> None:
        """The same; a symbol that lacks a bar of its window is skipped or named, or its row shows it: fewer bars, gaps
        or an older last bar."""
        said = len(self.world.notes)
        loaded = self.load()
        if loaded is None:
            return
        named = {each.symbol for each in loaded.skipped} | _named(self.world.notes[said:])
        have = {each.symbol: each.timestamp for each in loaded.candles}
        for symbol in {f"{each.base}/USDT" for each in self.scanned()} - named:
            told, opens = self.window(symbol)[:, 0], have[symbol]
            shown = len(opens) < len(told) or opens[-1] < told[-1] or _gaps(opens) > _gaps(told)
            assert shown or np.array_equal(opens, told), symbol

    def window(self, symbol: str) -> Table:
        """The bars that a scan should have."""
        return truth(self.symbol(symbol), self.newest_ms, BARS)

    def _scan(self) -> None:
        self._finished(self._started())

    def _two(self) -> None:
        for each in [self._started(), self._started()]:
            self._finished(each)

    def _killed_asking(self) -> None:
        """Killed while one of its requests is answered."""
        self._with_one_killed(1)

    def _two_of_which_one_is_killed(self) -> None:
        self._with_one_killed(2)

    def _with_one_killed(self, processes: int) -> None:
        ready, running = threading.Event(), []

        def kill(document: object) -> object:
            ready.wait()
            running[0].kill()
            return document

        self.place.plan(self.server, edited(kill), (self.dice.randint(1, len(self.cast)),))
        running += [self._started() for _ in range(processes)]
        ready.set()
        for each in running:
            self._finished(each)

    def _killed_writing(self) -> None:
        """Killed once it has written so many files."""
        folder, files = self.world.shelf().folder, self.dice.randint(1, 8)
        before, running = _written(folder), self._started()
        while running.poll() is None and len(_written(folder) - before) < files:
            with suppress(subprocess.TimeoutExpired):
                running.wait(timeout=0.001)
        running.kill()
        self._finished(running)

    def _started(self) -> "subprocess.Popen[str]":
        return started(self.world.folder, *self.flags())

    def _finished(self, running: "subprocess.Popen[str]") -> None:
        """What it printed is right, unless it was killed."""
        out, err = running.communicate()
        if running.returncode < 0:
            self.kills += 1
            return
        assert running.returncode not in _BAD_ENDS, (err, self.story)
        assert "Traceback" not in err, (err, self.story)
        if out:
            self.assert_printed_is_true(json.loads(out))

    def truth(self, symbol: str, opens_ms: Ints) -> Table:
        """The bars of a symbol from the first to the last of these, [bars, 6]."""
        first_ms, last_ms = int(opens_ms[0]), int(opens_ms[-1])
        return truth(self.symbol(symbol), last_ms, (last_ms - first_ms) // HOUR_MS + 1, first_ms)

    def symbol(self, name: str) -> Symbol:
        """Of the cast, by a name that a row or the store gives it."""
        return self.cast[plain(name).replace("-", "")]

    @property
    def newest_ms(self) -> int:
        """When the newest closed bar opened."""
        return self.server.now_ms // HOUR_MS * HOUR_MS - HOUR_MS

    def assert_printed_is_true(self, document: Document) -> None:
        """Each signal is that of the bars it counts; a row that lacks bars shows it: fewer bars, a gap, a warning."""
        expected, rows = [], []
        for row in document["rows"]:
            last_ms = round(datetime.fromisoformat(row["bar_time"]).timestamp() * 1000)
            assert last_ms <= self.newest_ms
            told = truth(self.symbol(row["symbol"]), last_ms, row["bars"])
            if _gaps(told[:, 0]) == row["gap_bars"] and len(told) == row["bars"]:
                expected.append(_candles(row["symbol"], told))
                rows.append(row)
        signals = compute("rust", expected, Params()).average[:, -1] if expected else ()
        for row, signal in zip(rows, signals, strict=True):
            said = any(row["symbol"] in warning for warning in document["warnings"])
            assert row["signal"] == signal or said, (row, signal, self.story)

    def assert_stored_is_true_and_what_lacks_is_known(self) -> None:
        """Each stored bar is as it closed; each bar that lacks between first and last is in a hole that is asked about.

        Of each symbol that is listed and has bars something is stored.
        """
        assert self.world.shelf().faults() == [], self.story
        held = self._read_all()
        assert {self.place.native(each) for each in self.scanned()} <= {each.entry.native for each in held}, self.story
        for each in held:
            entry = each.entry
            told = self.truth(entry.symbol, each.timestamp)
            known = np.isin(told[:, 0], each.timestamp)
            np.testing.assert_array_equal(each.timestamp, told[known, 0], err_msg=entry.symbol)
            differs = told[known, 1:] != each.values.T
            # a volume that settled after the last answer about its bar; a hole that follows is asked about from it on
            differs[:, 4] &= ~np.array([_in_a_hole(entry, open_ms + HOUR_MS) for open_ms in each.timestamp])
            differs[-1, 4] &= self.symbol(entry.symbol).id in self.server.symbols
            wrong = differs.any(axis=1)
            assert not wrong.any(), (entry, each.timestamp[wrong], each.values.T[wrong], told[known][wrong], self.story)
            lost = [open_ms for open_ms in told[~known, 0] if not _in_a_hole(entry, open_ms)]
            assert lost == [], (entry, self.story)

    def _read_all(self) -> list[Held]:
        """Every stored candle; a bit that flipped in an old block shows now, and its file is set aside."""
        shelf = self.world.shelf()
        natives = [each.native for each in shelf.entries()]
        return [each for group in shelf.read(natives, shelf.everything) for each in group]

    def scanned(self, *, traded: bool = True) -> list[Symbol]:
        """Symbols that are listed under a name and have had a bar, or have had none yet."""
        listed = [each for each in self.server.symbols.values() if each.base.isascii()]
        return [each for each in listed if traded == bool(len(truth(each, self.newest_ms, 1)))]


def figures(document: Document) -> dict[str, dict[str, Any]]:
    """What each row tells, by the plain name of its symbol."""
    return {
        plain(row["symbol"]): {name: value for name, value in row.items() if name not in _OF_ITS_OWN}
        for row in document["rows"]
    }


def _named(notes: Iterable[str]) -> set[str]:
    """The symbols that notes begin with."""
    return {note.partition(":")[0] for note in notes}


def skipped(document: Document) -> dict[str, str]:
    """Why each symbol that is no row is none, by its plain name."""
    return {plain(each["symbol"]): each["reason"] for each in document["skipped"]}


def _written(folder: Path) -> set[tuple[str, int]]:
    """Versions of the candle files that are there."""
    return {(each.name, each.stat().st_ino) for each in folder.glob("*.candles") if each.exists()}


def _gaps(opens: np.ndarray) -> int:
    """How many bars lack between the first and the last of these."""
    return round((opens[-1] - opens[0]) / HOUR_MS) + 1 - len(opens) if len(opens) else 0


def _candles(symbol: str, bars: Table) -> Candles:
    stamps = bars[:, 0].astype(np.int64)
    return Candles(exchange="truth", symbol=symbol, timeframe="1h", timestamp=stamps, values=bars[:, 1:].T.copy())


def _in_a_hole(entry: Entry, open_ms: float) -> bool:
    return any(hole.from_ms <= open_ms <= hole.last_ms for hole in entry.holes)
