import itertools
import re
from dataclasses import replace
from datetime import UTC, timedelta, timezone

import pytest
from rich.cells import cell_len

from atc_cli.domain.catalog import FAMILIES
from atc_cli.domain.results.scan import Prefiltered
from atc_cli.reporting.columns import COLUMNS, DROP_ORDER
from atc_cli.reporting.scan_markdown import scan_markdown
from atc_cli.reporting.scan_table import scan_table
from atc_cli.reporting.text import hidden, printable
from tests.helpers.reported import BAR, CHINESE, HOSTILE, HOUR, LONGEST, market, result, row
from tests.helpers.terminal import lines_of, printed


def plain(scan, width=None, columns=None, zone=UTC, first=None):
    return lines_of(scan_table(scan, columns=columns, width=width, zone=zone, first=first), width)


def row_of(name, lines):
    return next(line for line in lines if name in line)


def titles(lines):
    return re.split(" {2,}", row_of("SYMBOL", lines))


def varied():
    """Rows that differ in everything that can add a column."""
    rows = tuple(
        replace(each, bars=1500 - 100 * (i % 2), gap_bars=i % 3, exchange=("okx", "binanceusdm")[i % 2])
        for i, each in enumerate(market())
    )
    return result((*rows[:-1], replace(rows[-1], bar_time_ms=BAR - HOUR, forming=True)), include_open=True)


def prefiltered():
    done = Prefiltered(
        per_side=25, bars=98, short=500, whole=50, approximate=450, requests=700, weight=850, plain_requests=2000,
        plain_weight=3500,
    )  # fmt: skip
    return replace(result(), prefiltered=done)


def test_what_a_prefilter_did_stands_above_the_rows():
    lines = plain(prefiltered(), 80)
    assert lines[3:6] == [
        "prefilter: 500 symbols by 98 bars, 50 of them in full",
        "  450 approximate rows in json, jsonl, csv and parquet only",
        "  weight 850, without it about 3500",
    ]
    assert all(cell_len(line) <= 80 for line in lines)


def test_a_scan_in_eighty_columns():
    assert plain(result(), 80) == [
        "binanceusdm swap · 1h · 1500 bars · dialect lts · preset intraday",
        "newest bar closed 09:00 UTC, 4 min ago · fetch 1.2 s · compute 31 ms",
        "breadth ▲ 4 LONG  ▼ 5 SHORT  · 91 NEUTRAL",
        "",
        "#  SYMBOL                     SIDE       SIGNAL  E H W D L K       PRICE   AGE",
        "─" * 78,
        "1  BTC/USDT:USDT              ▲ LONG     +1.000  ▲ ▲ ▴ · ▾ ▼    109876.5     3",
        "2  1000000BABYDOGE/USDT:USDT  ▼ SHORT    -1.000  ▼ ▼ ▼ ▼ ▼ ▼   0.0012345     0",
        "3  PEPE/USDT:USDT             ▲ LONG     +0.973  ▲ ▲ ▲ ▲ ▲ ▲  0.00000701    41",
        "4  币安人生/USDT:USDT         ▼ SHORT    -0.812  ▲ ▲ ▴ · ▾ ▼      0.1734    12",
        "5  SATS/BTC                   ▲ LONG     +0.772  ▲ ▲ ▴ · ▾ ▼  0.00000001  1203",
        "6  ETH/USDT:USDT              ▼ SHORT    -0.500  ▼         ▴     3871.02  9000",
        "7  STABLE/USDT                · NEUTRAL   0.000  · · · · · ·      1.0000     -",
        "",
        "E=EMA H=HMA W=WMA D=DEMA L=LSMA K=KAMA · ▲▼ beyond the cut, ▴▾ within",
        "age in bars",
    ]


@pytest.mark.parametrize("scan", [result(), varied(), result(())], ids=["usual", "varied", "empty"])
def test_no_line_is_wider_than_the_terminal(scan):
    for width in range(40, 201):
        shown = printed(scan_table(scan, columns=None, width=width, zone=UTC), width)
        assert max(cell_len(line) for line in shown.splitlines()) <= width


def test_columns_go_one_after_the_other_in_the_fixed_order():
    seen = [titles(plain(varied(), width)) for width in range(220, 39, -1)]
    gone = []
    for wide, narrow in itertools.pairwise(seen):
        assert set(narrow) <= set(wide)
        lost = [key for key in DROP_ORDER if COLUMNS[key].title in set(wide) - set(narrow)]
        gone += lost
    shown = [key for key in DROP_ORDER if COLUMNS[key].title in seen[0]]
    assert gone == shown[: len(gone)]
    assert len(gone) >= 10


def test_the_sparkline_halves_before_it_goes():
    sparks = [re.findall("[▁-▇]*$", row_of("BTC/USDT", plain(result(), width)))[0] for width in range(180, 79, -1)]
    assert [cells for cells, _ in itertools.groupby(map(len, sparks))] == [40, 20, 0]


@pytest.mark.parametrize("width", [50, 60, 80, 100, 120])
def test_symbol_side_and_signal_are_whole(width):
    lines = plain(result(), width)
    for each in market():
        line = row_of(each.symbol, lines)
        assert f"{each.signal:+.3f}".replace("+0.000", "0.000") in line


def test_a_terminal_too_narrow_for_a_symbol_cuts_it_and_nothing_else():
    long = result((row(1, "A" * 60), row(2, "币" * 40, -0.5), row(3, "SHORT", 0.25)))
    assert plain(long, 40)[-3:] == [
        "A" * 28 + "…  ▲  +1.000",
        "币" * 14 + "…  ▼  -0.500",
        "SHORT" + " " * 26 + "▲  +0.250",
    ]


def test_off_a_terminal_every_column_is_whole_and_nothing_is_coloured():
    lines = plain(varied())
    letters = " ".join(family.title[0] for family in FAMILIES)
    usual = (
        f"#|SYMBOL|EXCHANGE|SIDE|SIGNAL|STRETCH|{letters}|PRICE|24 H|VOLUME|AGE|FLIPPED|BARS|GAPS|BAR|LAST 40 CLOSES"
    )
    assert titles(lines) == usual.split("|")
    assert all(any(each.symbol in line for line in lines) for each in market())
    assert not any("\x1b" in line or "…" in line for line in lines)


def test_columns_asked_for_are_shown_exactly_and_whole_however_narrow():
    keys = ("symbol", "grid", "time", "bars", "price", "volume", "rank")
    for width in (40, None):
        lines = plain(result(), width, keys)
        assert titles(lines) == ["SYMBOL", "GRID", "BAR", "BARS", "PRICE", "VOLUME", "#"]
        assert any(line.split() == [LONGEST, "1e-7", "09:00", "1500", "0.0012345", "4.20M", "2"] for line in lines)


def test_all_columns_can_be_asked_for():
    assert set(titles(plain(result(), None, tuple(COLUMNS)))) >= {"GRID", "GAPS", "BAR", "EXCHANGE"}


def test_rows_stay_in_the_order_given():
    turned = result(market()[::-1])
    ranks = [line.split()[0] for line in plain(turned, 100) if line[:1].isdigit()]
    assert ranks == ["7", "6", "5", "4", "3", "2", "1"]


def test_a_chinese_name_takes_two_cells_a_character():
    lines = plain(result(), 100)
    starts = {cell_len(line[: line.index(mark)]) for line in lines for mark in ("▲ LONG", "▼ SHORT") if mark in line}
    assert len(starts) == 1
    assert any(CHINESE in line for line in lines)


@pytest.mark.parametrize("width", [60, 100, None])
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_text_wherever_it_stands(name, width):
    scan = result((row(1, name, exchange=name),), exchange=f"a{name}", preset=name, market=name, modified=(name,))
    scan = replace(scan, header=replace(scan.header, backend=replace(scan.header.backend, why=name)))
    shown = scan_table(scan, columns=None, width=width, zone=UTC)
    coloured = printed(shown, width, force_terminal=True, color_system="truecolor")
    lines = plain(scan, width)
    assert any(printable(name) in line for line in lines)
    assert not any(hidden(char) for line in lines for char in line)
    without_colours = re.sub(r"\x1b\[[0-9;]*m", "", coloured)
    assert [line.rstrip() for line in without_colours.splitlines()] == lines
    coloured.encode()


def test_a_simulated_market_says_so_first():
    for width in (40, 80, None):
        assert plain(result(simulated=True), width)[0].strip() == "SIMULATED MARKET - not real prices"
    assert not any("SIMULATED" in line for line in plain(result()))


def test_the_forming_bar_is_announced_and_marks_its_rows():
    lines = plain(varied(), 160)
    assert lines[0] == "○ includes the forming bar: signals can change until it closes"
    marked = [line for line in lines if "○" in line]
    assert len(marked) == 2
    assert "○ STABLE/USDT" in marked[1]
    assert not any("○" in line for line in plain(result(), 160))


def test_times_are_in_the_zone_asked_for_with_its_offset():
    lines = plain(result(), zone=timezone(timedelta(hours=5, minutes=30)))
    assert "newest bar closed 14:30 UTC+05:30" in lines[1]
    assert "11:30" in row_of("BTC/USDT", lines)


def test_settings_over_the_preset_are_named():
    assert plain(result(modified=("ema_len", "lambda")))[0].endswith("preset intraday (with other ema_len, lambda)")


def test_the_breadth_of_the_market_stands_above_the_table_and_wraps_where_it_must():
    assert row_of("breadth", plain(result((), hidden={"--side": 7}))) == "breadth ▲ 4 LONG  ▼ 5 SHORT  · 91 NEUTRAL"
    narrow = plain(result(), 40)
    start = narrow.index(row_of("breadth", narrow))
    assert narrow[start : start + 2] == ["breadth ▲ 4 LONG  ▼ 5 SHORT", "  · 91 NEUTRAL"]
    assert not any("breadth" in line for line in plain(result((), breadth={}, scanned=0)))


def test_an_empty_table_says_why():
    filtered = plain(result((), hidden={"NEUTRAL": 93, "--min-volume": 12}), 80)
    assert filtered[-1] == "no symbol passes the filters · 93 NEUTRAL · 12 --min-volume"
    assert (
        plain(result((), hidden={}, breadth={}, scanned=3), 80)[-1] == "no symbol could be ranked: 3 of 3 were skipped"
    )
    assert plain(result((), hidden={}, breadth={}, scanned=0, skipped=()), 80)[-1] == "no symbol was scanned"


def test_colour_follows_the_console_and_never_the_data():
    def drawn(**options):
        return printed(scan_table(result(), columns=None, width=100, zone=UTC), 100, **options)

    assert "\x1b[1;32m▲ LONG" in drawn(force_terminal=True, color_system="standard")
    assert "\x1b[1;31m▼ SHORT" in drawn(force_terminal=True, color_system="standard")
    assert "\x1b[32m" not in drawn(force_terminal=True, color_system="standard", no_color=True)


def test_the_first_look_has_a_block_per_side_and_says_how_many_more_there_are():
    lines = plain(result(), 80, first=2)
    assert lines[4:] == [
        "#  SYMBOL                     SIGNAL  E H W D L K       PRICE     24 H  AGE",
        "▲ LONG  2 of 3 " + "─" * 60,
        "1  BTC/USDT:USDT              +1.000  ▲ ▲ ▴ · ▾ ▼    109876.5   +1.23%    3",
        "3  PEPE/USDT:USDT             +0.973  ▲ ▲ ▲ ▲ ▲ ▲  0.00000701  +31.31%   41",
        "",
        "▼ SHORT  2 of 3 " + "─" * 59,
        "2  1000000BABYDOGE/USDT:USDT  -1.000  ▼ ▼ ▼ ▼ ▼ ▼   0.0012345   -8.45%    0",
        "4  币安人生/USDT:USDT         -0.812  ▲ ▲ ▴ · ▾ ▼      0.1734   -0.01%   12",
        "",
        "· NEUTRAL  1 " + "─" * 62,
        "7  STABLE/USDT                 0.000  · · · · · ·      1.0000        -    -",
        "",
        "1 more LONG, 1 more SHORT: --all-rows shows them",
        "",
        "E=EMA H=HMA W=WMA D=DEMA L=LSMA K=KAMA · ▲▼ beyond the cut, ▴▾ within",
        "age in bars",
    ]


def test_a_first_look_that_shows_all_promises_no_more():
    assert not any("more" in line for line in plain(result(), 80, first=3))


def test_a_first_look_keeps_the_order_of_the_rows_within_a_side():
    lines = plain(result(market()[::-1]), 100, first=2)
    assert [line.split()[0] for line in lines if re.match(r"\d  ", line)] == ["5", "3", "6", "4", "7"]


@pytest.mark.parametrize("scan", [result(), varied(), result(())], ids=["usual", "varied", "empty"])
def test_no_line_of_a_first_look_is_wider_than_the_terminal(scan):
    for width in range(40, 201, 7):
        shown = printed(scan_table(scan, columns=None, width=width, zone=UTC, first=2), width)
        assert max(cell_len(line) for line in shown.splitlines()) <= width


WARNED = (
    row(1, "CALM", stretch=0.4, atr_frac=0.01, stop_frac=-0.03),
    row(2, "FAR", stretch=7.25, cautions=("against_the_crowd", "stretched")),
    row(3, "TWO", -1.0, cautions=("jump",), stop_frac=0.051),
)


@pytest.mark.parametrize("width", [None, 120, 60, 44])
def test_cautions_are_marks_on_rows_and_words_under_the_table_for_those_that_occur(width):
    lines = plain(result(WARNED), width)
    at = row_of("SYMBOL", lines).index("!")
    marks = [row_of(name, lines)[at : at + 2].strip() for name in ("CALM", "FAR", "TWO")]
    assert marks == ["", "cs", "j"]
    under = " ".join(lines[lines.index(row_of("TWO", lines)) + 1 :])
    for words in ("c against the crowd", "s stretched beyond 5 ATR", "j the close jumps"):
        assert words in under
    assert "volume" not in under


def test_markdown_says_under_the_table_what_the_marks_are():
    last = scan_markdown(result(WARNED)).splitlines()[-1]
    assert last.startswith("c against the crowd")
    assert " · j the close jumps" in last
    assert scan_markdown(result(WARNED[:1])).splitlines()[-1].startswith("| 1 | CALM")


def test_where_nothing_is_to_be_warned_of_there_is_no_column_and_no_legend():
    shown = "\n".join(plain(result(WARNED[:1]), 200))
    assert "!" not in shown
    assert "crowd" not in shown


def test_a_stop_is_a_price_of_as_many_decimals_and_the_way_to_it():
    given = (
        row(1, "ON", price=100.0, grid=1, stop_frac=-0.0312, atr_frac=0.0104, flip_price=101.5, since_flip_frac=-0.01),
        row(2, "OFF", -1.0, price=0.00123, grid=None, stop_frac=0.52),
        row(3, "NO", 0.0, stop_frac=None),
    )
    lines = plain(result(given), None, ("symbol", "atr", "stop", "flip_price", "since"))
    assert [line.split() for line in lines[-3:]] == [
        ["ON", "1.04%", "96.9", "-3.12%", "101.5", "-1.00%"],
        ["OFF", "-", "0.00187", "+52.00%", "-", "-"],
        ["NO", "-", "-", "-", "-"],
    ]
