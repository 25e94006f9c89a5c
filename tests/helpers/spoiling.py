"""What goes wrong for one run of a scan: at the exchange, with the clocks, on the disk."""

import gzip
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from atc_cli.domain.timeframe import DAY_MS, HOUR_MS, MINUTE_MS
from atc_cli.errors import UnavailableError
from tests.helpers.foreign import FOREIGN, in_place_of
from tests.helpers.places import Place, holed
from tests.helpers.worlds import World
from tests.loopback import Fault, Symbol, cut_off, edited, malformed, rate_limited, refused, reset, stalled

Rows = list[list[Any]]
Change = Callable[[Rows], Rows]

_TIMEOUT_MS = 500
_FEW = 8
_LONG = Fault(headers={"Content-Encoding": "gzip"}, body=gzip.compress(bytes(6_000_000)))


@dataclass
class Scene:
    """An exchange, its cache folder, dice, and what is to be put right again afterwards."""

    world: World
    place: Place
    dice: random.Random
    window_bars: int
    undo: list[Callable[[], object]] = field(default_factory=list)

    def heal(self) -> None:
        """Nothing goes wrong any more."""
        self.world.server.heal()
        self.world.own_ahead_ms = 0
        self.world.options.clear()
        while self.undo:
            self.undo.pop()()

    def victims(self) -> list[Symbol]:
        """Some of the symbols that are listed, or all of few."""
        listed = list(self.world.server.symbols.values())
        return self.dice.sample(listed, self.dice.randint(1, _FEW)) if len(listed) > _FEW else listed

    def pages(self, change: Change) -> None:
        """Change one or two answers about candles of some symbols."""
        self.answers(self.place.fault(change))

    def answers(self, fault: Fault) -> None:
        """Spoil one or two answers about candles of some symbols."""
        for symbol in self.victims():
            self.place.plan(self.world.server, fault, self.nth(), symbol)

    def nth(self) -> tuple[int, ...]:
        """Which requests for a symbol."""
        return self.dice.choice([(1,), (1,), (2,), (1, 2), (2, 3), (1, 3)])

    def candle_file(self) -> Path | None:
        """One of those that are there."""
        folder = self.world.shelf().folder
        return self.dice.choice(sorted(folder.glob("*.candles"))) if folder.is_dir() else None


def _without_volume(scene: Scene) -> None:
    column = scene.place.volume_column
    scene.pages(lambda rows: [[*row[:column], "NaN", *row[column + 1 :]] for row in rows])


def _settling(scene: Scene) -> None:
    """The volume of the bar that closed last is still counted."""
    newest_ms, place = scene.world.server.now_ms // HOUR_MS * HOUR_MS - HOUR_MS, scene.place
    for symbol in scene.victims():
        place.plan(scene.world.server, place.fault(lambda rows: settling(place, rows, newest_ms)), symbol=symbol)


def settling(place: Place, rows: Rows, open_ms: int) -> Rows:
    """Rows of which one has another volume."""
    column = place.volume_column
    return [
        [*row[:column], f"{float(row[column]) + 0.001:.3f}", *row[column + 1 :]]
        if place.open_ms(row) == open_ms
        else row
        for row in rows
    ]


def _wrong_row(scene: Scene) -> None:
    """One or two answers tell a stored bar otherwise, of symbols that are asked for their tail."""
    newest_ms = scene.world.server.now_ms // HOUR_MS * HOUR_MS - HOUR_MS
    try:
        stored = {each.native: each for each in scene.world.shelf().entries()}
    except UnavailableError:  # another fault of this run
        return
    for symbol in scene.victims():
        entry = stored.get(scene.place.native(symbol))
        reach_ms = scene.window_bars * HOUR_MS
        if entry is None or entry.holes or newest_ms - entry.last_ms >= reach_ms or entry.bars < scene.window_bars:
            continue
        last_ms = entry.last_ms

        def change(rows: Rows, last_ms: int = last_ms) -> Rows:
            return [[row[0], *["3.5"] * 4, *row[5:]] if scene.place.open_ms(row) == last_ms else row for row in rows]

        nth = scene.dice.choice([(1,), (1, 2)])
        scene.place.plan(scene.world.server, scene.place.fault(change), nth, symbol)


def _later(rows: Rows) -> Rows:
    """The newest row with its time in microseconds."""
    return [*rows[:-1], [type(rows[-1][0])(int(rows[-1][0]) * 1000), *rows[-1][1:]]] if rows else rows


def _wrong_date(scene: Scene) -> None:
    date = scene.dice.choice(["", "yesterday", "Thu, 09 Oct 2025 12:20:00 GMT", "Sun, 09 Jan 2028 12:20:00 GMT"])
    for path in scene.place.paths:
        scene.world.server.plan(edited(lambda document: document, Date=date), path=path)


def _wrong_time(scene: Scene) -> None:
    scene.world.tell(scene.dice.choice([-3 * HOUR_MS, 40 * MINUTE_MS, 3 * HOUR_MS, 840 * DAY_MS]), nth=(1,))


def _own_clock(scene: Scene) -> None:
    scene.world.own_ahead_ms = scene.dice.choice([-3 * HOUR_MS, 10 * MINUTE_MS, 2 * DAY_MS])


def _no_time(scene: Scene) -> None:
    scene.world.options["has"] = {"fetchTime": False}
    scene.world.own_ahead_ms = scene.dice.choice([0, 10 * MINUTE_MS])


def _future(scene: Scene) -> None:
    """The exchange lives hours ahead, its answers and their dates alike."""
    server, ahead_ms = scene.world.server, 3 * HOUR_MS + 25 * MINUTE_MS
    server.now_ms += ahead_ms
    scene.world.own_ahead_ms = -ahead_ms
    scene.undo.append(lambda: setattr(server, "now_ms", server.now_ms - ahead_ms))


def _timeout(scene: Scene) -> None:
    scene.world.options["timeout"] = _TIMEOUT_MS
    for symbol in scene.victims()[:2]:
        scene.place.plan(scene.world.server, stalled(), (1,), symbol)


def _delisted(scene: Scene) -> None:
    """Two symbols are gone, one of them for this run."""
    listed = scene.world.server.symbols
    back, _ = (listed.pop(name) for name in scene.dice.sample(sorted(listed), 2))
    scene.undo.append(lambda: listed.update({back.id: back}))


def _foreign(scene: Scene) -> None:
    file = scene.candle_file()
    if file is not None:
        _in_place(scene, file)


def _foreign_lock(scene: Scene) -> None:
    lock = scene.world.shelf().folder / ".lock"
    if lock.exists():
        _in_place(scene, lock)


def _foreign_list(scene: Scene) -> None:
    for file in sorted((scene.world.folder / "markets").glob("*.json")):
        _in_place(scene, file)


def _in_place(scene: Scene, file: Path) -> None:
    what = scene.dice.choice(FOREIGN)
    kept = in_place_of(file, what)

    def put_back() -> None:
        if file.is_dir() and not file.is_symlink():
            file.rmdir()
        kept.replace(file)

    scene.undo.append(put_back)


def _damaged(scene: Scene) -> None:
    file = scene.candle_file()
    if file is not None:
        content = bytearray(file.read_bytes())
        content[scene.dice.randrange(len(content))] ^= 1 << scene.dice.randrange(8)
        file.write_bytes(scene.dice.choice([content, content[: len(content) // 2], b""]))


FAULTS: dict[str, Callable[[Scene], None]] = {
    "empty": lambda scene: scene.pages(lambda _: []),
    "middle third": lambda scene: scene.pages(holed),
    "half a page": lambda scene: scene.pages(lambda rows: rows[len(rows) // 2 :]),
    "twice": lambda scene: scene.pages(lambda rows: [each for row in rows for each in (row, row)]),
    "another order": lambda scene: scene.pages(lambda rows: rows[::-1]),
    "time x1000": lambda scene: scene.pages(_later),
    "no volume": _without_volume,
    "a volume that settles": _settling,
    "a wrong row": _wrong_row,
    "503": lambda scene: scene.answers(refused(503)),
    "429": lambda scene: scene.answers(rate_limited(429, 1)),
    "a broken connection": lambda scene: scene.answers(reset()),
    "an answer cut off": lambda scene: scene.answers(cut_off()),
    "a long answer": lambda scene: scene.answers(_LONG),
    "no JSON": lambda scene: scene.answers(malformed()),
    "no answer": _timeout,
    "a wrong time": _wrong_time,
    "a wrong date": _wrong_date,
    "our own clock": _own_clock,
    "no time": _no_time,
    "all of the future": _future,
    "delisted": _delisted,
    "no file": _foreign,
    "no lock": _foreign_lock,
    "no list": _foreign_list,
    "a damaged file": _damaged,
}
# what another process cannot be given, or would have to wait for
HERE = {"our own clock", "no time", "all of the future", "no answer", "429"}
