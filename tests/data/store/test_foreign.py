"""What lies in place of a stored file and cannot be read costs no symbol, is named, and is left as it is."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from atc_cli.data.store.file import UnreadableError
from atc_cli.data.store.market import StoredMarket
from atc_cli.data.store.shelf import Store, group_of
from atc_cli.domain.panel import Candles
from atc_cli.domain.window import Window
from tests.helpers.foreign import FOREIGN, in_place_of
from tests.helpers.history import BARS, market
from tests.helpers.markets import HOUR_MS, HistoryMarket
from tests.helpers.shelves import shelf, update, walk

SYMBOLS = 20


def fetched(inner: HistoryMarket, folder: Path, **options: object) -> tuple[dict[str, Candles], StoredMarket]:
    arrived: dict[str, Candles] = {}
    stored = StoredMarket(inner, Store(folder, inner.notes.append), **{"limit_bytes": 1e9, **options})
    window = Window(timeframe="1h", now_ms=inner.clock_ms, bars=BARS)
    stored.fetch(stored.listings(quote=None, tickers=False), window, lambda each: arrived.update({each.symbol: each}))
    return arrived, stored


def victim_of(folder: Path) -> Path:
    return Store(folder, print).shelf("memory", "swap", "1h").folder / f"{group_of('COIN0'):02}.candles"


@pytest.mark.parametrize("what", FOREIGN)
def test_an_unreadable_file_has_its_candles_fetched_and_is_named_once_in_each_run(tmp_path: Path, what: str) -> None:
    inner = market(SYMBOLS)
    fetched(inner, tmp_path)
    victim = victim_of(tmp_path)
    in_place_of(victim, what)
    inside = {name for name in inner.books if group_of(name) == group_of("COIN0")}
    for hours in (1, 1, 2):
        inner.clock_ms += hours * HOUR_MS
        inner.asked.clear()
        inner.notes.clear()
        arrived, stored = fetched(inner, tmp_path)
        assert arrived.keys() == inner.books.keys()
        assert {symbol for how, symbol, _ in inner.asked if how == "whole"} == inside
        assert {symbol for how, symbol, _ in inner.asked if how == "from"} == inner.books.keys() - inside
        (note,) = inner.notes
        assert str(victim) in note
        assert stored.failure is None
        assert isinstance(stored.unreadable, UnreadableError)
    assert not victim.is_file() or victim.is_symlink(), "it is left as it is"


def test_what_can_be_read_is_written_whatever_lies_beside_it(tmp_path: Path) -> None:
    names = [f"N{i}" for i in range(SYMBOLS)]
    shelf(tmp_path).write([update(name, walk(5, i)) for i, name in enumerate(names)])
    victim = shelf(tmp_path).folder / f"{group_of('N0'):02}.candles"
    in_place_of(victim, "folder")
    with pytest.raises(UnreadableError, match=str(victim)):
        shelf(tmp_path).write([update(name, walk(9, i)) for i, name in enumerate(names)])
    victim.rmdir()
    bars = {each.native: each.bars for each in shelf(tmp_path).entries()}
    assert bars == {name: 9 for name in names if group_of(name) != group_of("N0")}


@pytest.mark.parametrize("what", FOREIGN)
def test_verify_names_what_is_no_file_and_ends(tmp_path: Path, what: str) -> None:
    fetched(market(SYMBOLS), tmp_path)
    victim = victim_of(tmp_path)
    in_place_of(victim, what)
    (fault,) = Store(tmp_path, print).shelf("memory", "swap", "1h").faults()
    assert str(victim) in fault


@pytest.mark.parametrize("what", FOREIGN)
def test_a_lock_that_is_no_file_costs_the_storing_and_no_symbol(tmp_path: Path, what: str) -> None:
    inner = market(SYMBOLS)
    fetched(inner, tmp_path)
    in_place_of(victim_of(tmp_path).with_name(".lock"), what)
    inner.clock_ms += HOUR_MS
    inner.notes.clear()
    arrived, stored = fetched(inner, tmp_path)
    assert len(arrived) == SYMBOLS
    assert stored.failure is not None
    (note,) = inner.notes
    assert note.startswith("candles are not stored: ")


@pytest.mark.parametrize("kind", [os.symlink, os.link], ids=["symbolic", "hard"])
def test_a_link_in_place_of_a_candle_file_leaves_its_target_alone(
    tmp_path: Path, kind: Callable[[Path, Path], None]
) -> None:
    shelf(tmp_path).write([update("A", walk(5))])
    victim = shelf(tmp_path).folder / f"{group_of('A'):02}.candles"
    target = tmp_path / "precious"
    victim.replace(target)
    kind(target, victim)
    before = target.read_bytes()
    try:
        shelf(tmp_path).write([update("A", walk(9))])
    except UnreadableError:
        assert kind is os.symlink
    assert target.read_bytes() == before
