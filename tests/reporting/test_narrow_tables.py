"""Reports on a narrow terminal: columns go, and no figure is ever cut."""

import re
from collections.abc import Callable

import pytest

from atc_cli.domain.results.stored import Entry, Hole, StoredShelf, StoredWindows
from atc_cli.domain.results.warm import Warmed, WarmResult
from atc_cli.domain.timeframe import HOUR_MS
from atc_cli.reporting.cache import cache_table
from atc_cli.reporting.warm import warm_table
from tests.helpers.terminal import lines_of

FIRST_MS = 1_600_000_000_000 // HOUR_MS * HOUR_MS
BARS = 1_234_567


def shelf(exchange: str, host: str = "") -> StoredShelf:
    last_ms = FIRST_MS + (BARS + 98_765) * HOUR_MS
    entry = Entry(
        native="A", symbol="A", quote=None, offset_ms=0, bars=BARS, first_ms=FIRST_MS, last_ms=last_ms,
        holes=(Hole(FIRST_MS + HOUR_MS, FIRST_MS + 4321 * HOUR_MS),),
    )  # fmt: skip
    return StoredShelf(
        exchange=exchange, market="swap", timeframe="1h", entries=(entry,) * 99, size_bytes=123_456_789, damaged=0,
        host=host,
    )  # fmt: skip


def cached(width: int | None) -> list[str]:
    shelves = [shelf("binance"), shelf("kraken", "127.0.0.1_42207-420ca39c")]
    return lines_of(cache_table(shelves, StoredWindows(0, 0), width=width), width)


def warmed(width: int | None) -> list[str]:
    line = Warmed(
        timeframe="15m", symbols=9876, bars=123_456_789, requests=98_765, weight=1_234_567, hits_before=1,
        hits_after=9876, took_ms=1e6,
    )  # fmt: skip
    nothing = ()
    result = WarmResult(
        exchange="binance", market="swap", window_bars=1500, warmed=(line,), lost=nothing, compiled=nothing,
        signalled=nothing, notes=nothing, interrupted=False,
    )  # fmt: skip
    return lines_of(warm_table(result, width=width), width)


TABLES = {"cache ls": cached, "warm-cache": warmed}


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
@pytest.mark.parametrize("width", range(10, 170, 10))
def test_every_figure_is_one_of_the_wide_table(table: Callable[[int | None], list[str]], width: int) -> None:
    def figures(lines: list[str]) -> list[str]:
        return [word for line in lines for word in line.split() if re.search(r"\d", word)]

    assert set(figures(table(width))) <= set(figures(table(None)))
    assert not any("…" in line for line in table(width))


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
@pytest.mark.parametrize("width", [80, 100, 120])
def test_on_a_usual_terminal_no_line_is_wider_than_it(table: Callable[[int | None], list[str]], width: int) -> None:
    assert max(map(len, table(width))) <= width


def test_columns_that_went_are_named() -> None:
    text = "\n".join(cached(80))
    assert "SYMBOLS" in text
    for name in ("NO TRADES", "NOT ASKED", "FAILED"):
        assert text.count(name) == 1
        assert name in text.splitlines()[-1]
    assert "\n".join(cached(None)).count("NO TRADES") == 1
    assert "wider" not in "\n".join(cached(None))
