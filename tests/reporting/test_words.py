"""Footer, settings, doctor, progress."""

import io
import json
import re
from dataclasses import dataclass
from datetime import UTC

import pytest

from atc_cli.domain.results.scan import Decision, Skipped, SkipReason
from atc_cli.reporting.doctor import doctor_json, doctor_table
from atc_cli.reporting.progress import LoggedWaits, RichProgress, SilentProgress
from atc_cli.reporting.settings import settings_json, settings_table
from atc_cli.reporting.summary import decision_lines, explain_summary, scan_summary
from atc_cli.reporting.text import hidden
from tests.helpers.reported import ESCAPE, explained, result
from tests.helpers.terminal import lines_of


def young(count):
    return tuple(Skipped(f"N{i}", SkipReason.TOO_FEW_BARS, f"needs 66 bars, has {i}", "x") for i in range(count))


def stale(*lags):
    return tuple(Skipped("S", SkipReason.STALE, "old", lag_bars=lag) for lag in lags)


def test_the_footer_counts_what_is_shown_hidden_and_skipped():
    assert scan_summary(result(warnings=("the clock is 3 s off",))) == [
        "103 symbols scanned · 7 rows (3 LONG, 3 SHORT, 1 NEUTRAL) · hidden: 90 NEUTRAL, 3 --top · 3 skipped",
        r"  1 fetch failed: \x1b[31mEVIL[/] (502 \x1b]0;owned\x07 Bad Gateway)",
        "  1 stale: DEAD/USDT:USDT (last bar 2025-10-23T02:00:00+00:00 is 6 bars behind)",
        "  1 too few bars: NEW/USDT:USDT (needs 66 bars, has 12)",
        "  hint: --max-lag 6 would keep 1 of 1 stale",
        "the data end 4 min ago",
        "warning: the clock is 3 s off",
    ]


def test_skips_are_grouped_by_reason_with_a_few_names():
    assert scan_summary(result((), skipped=young(5), hidden={}, scanned=5, data_age_ms=None)) == [
        "5 symbols scanned · 0 rows · 5 skipped",
        "  5 too few bars: N0, N1, N2 and 2 more (the first: needs 66 bars, has 0)",
    ]


def test_verbose_names_every_skip_with_its_detail():
    lines = scan_summary(result(skipped=young(5)), verbose=True)
    assert lines[1:6] == [f"  too few bars: N{i}: needs 66 bars, has {i}" for i in range(5)]


def test_verbose_tells_the_backend_and_what_took_how_long():
    lines = scan_summary(result(timings_ms={"fetch": 2500.0, "compute": 41.0}), verbose=True)
    assert [line for line in lines if "took" in line] == ["fetch took 2.5 s", "compute took 41 ms"]
    assert any(line.startswith("backend rust: ") for line in lines)


def test_the_footer_of_explain_says_how_far_behind_the_symbol_is():
    assert (
        explain_summary(explained(lag_bars=239))[0] == "BTC/USDT:USDT is 239 bars behind the newest bar of its market"
    )
    assert not any("behind" in line for line in explain_summary(explained()))


def test_a_clean_scan_has_one_line():
    assert scan_summary(result((), skipped=(), hidden={}, scanned=1, data_age_ms=None)) == ["1 symbol scanned · 0 rows"]


def test_an_interrupted_scan_says_so_first():
    assert scan_summary(result(interrupted=True))[0] == "interrupted: this is what had arrived"


def test_a_lag_is_proposed_that_keeps_half_of_the_stale_symbols():
    assert "  hint: --max-lag 2 would keep 3 of 5 stale" in scan_summary(result(skipped=stale(400, 1, 2, 2, None)))
    assert not any("hint" in line for line in scan_summary(result(skipped=stale(None))))


def test_a_page_of_html_as_a_reason_is_cut_to_a_line_unless_verbose():
    page = (Skipped("A", SkipReason.FETCH_FAILED, "<html>\n" + "x" * 5000),)
    assert max(len(line) for line in scan_summary(result(skipped=page))) < 250
    assert all("\n" not in line for line in scan_summary(result(skipped=page), verbose=True))


ROWS = [("exchange", "demo", "flag"), ("families", ("ema", "hma"), "ATC_FAMILIES"), ("top", None, "default")]


def test_settings_are_listed_with_their_origin():
    assert lines_of(settings_table([*ROWS, ("quiet", False, ESCAPE)])) == [
        "SETTING   VALUE    FROM",
        "─" * 34,
        "exchange  demo     flag",
        "families  ema,hma  ATC_FAMILIES",
        "top       -        default",
        r"quiet     false    \x1b[31mEVIL[/]",
    ]


def test_a_long_setting_wraps_in_its_column_on_a_terminal_only():
    rows = [("deny", "A" * 30, "flag")]
    assert lines_of(settings_table(rows), 24)[2:] == ["deny     " + "A" * 9 + "  flag"] + [" " * 9 + "A" * 9] * 2 + [
        " " * 9 + "AAA"
    ]
    assert lines_of(settings_table(rows))[2:] == ["deny     " + "A" * 30 + "  flag"]


def test_settings_as_json_keep_their_types():
    document = json.loads(settings_json([*ROWS, ("zone", UTC, "default")]))
    assert document["schema"] == "atc.settings/1"
    assert document["settings"]["families"] == {"value": ["ema", "hma"], "from": "ATC_FAMILIES"}
    assert document["settings"]["top"] == {"value": None, "from": "default"}
    assert document["settings"]["zone"]["value"] == "UTC"


@dataclass(frozen=True)
class Found:
    name: str
    status: str
    detail: str
    remedy: str | None = None


CHECKS = [
    Found("cpu", "ok", "x86-64 avx2"),
    Found("cuda", "absent", "no driver was found on this machine, which only rules out the cuda backend"),
    Found("clock", "warn", "3.2 s ahead", "set the clock by NTP"),
    Found("cache", "fail", ESCAPE, "make it writable"),
]


def test_the_doctor_lists_checks_with_remedies_and_a_count():
    assert lines_of(doctor_table(CHECKS, width=60)) == [
        "✔ cpu    x86-64 avx2",
        "○ cuda   no driver was found on this machine, which only",
        "         rules out the cuda backend",
        "! clock  3.2 s ahead",
        "         → set the clock by NTP",
        r"✘ cache  \x1b[31mEVIL[/]",
        "         → make it writable",
        "",
        "1 ok, 1 warn, 1 fail, 1 absent",
    ]


def test_off_a_terminal_the_doctor_wraps_nothing():
    lines = lines_of(doctor_table(CHECKS, width=None))
    assert any(line.endswith("the cuda backend") and "no driver" in line for line in lines)
    assert not any(hidden(char) for line in lines for char in line)
    assert lines_of(doctor_table([], width=80))[-1] == "nothing was checked"


def test_the_doctor_as_json_keeps_status_and_remedy():
    document = json.loads(doctor_json(CHECKS))
    assert document["schema"] == "atc.doctor/1"
    assert document["checks"][2] == {
        "name": "clock",
        "status": "warn",
        "detail": "3.2 s ahead",
        "remedy": "set the clock by NTP",
    }
    assert document["checks"][0]["remedy"] is None


class Terminal(io.StringIO):
    def isatty(self):
        return True


def work(progress):
    progress.begin("candles\x1b[31m", 2)
    progress.advance()
    progress.advance()
    progress.end()


def test_progress_is_silent_off_a_terminal_and_on_a_dumb_one(monkeypatch):
    pipe, dumb = io.StringIO(), Terminal()
    work(RichProgress(pipe))
    monkeypatch.setenv("TERM", "dumb")
    work(RichProgress(dumb))
    work(SilentProgress())
    work(LoggedWaits(pipe.writelines))
    assert pipe.getvalue() == dumb.getvalue() == ""


def test_progress_animates_on_a_terminal_and_leaves_nothing_behind(monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    terminal = Terminal()
    work(RichProgress(terminal))
    assert r"candles\x1b[31m" in terminal.getvalue()
    assert terminal.getvalue().endswith("\x1b[2K")


@pytest.fixture
def wide(monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "140")
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    return Terminal()


def shown(terminal):
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", terminal.getvalue())


def test_progress_tells_what_went_over_the_network_and_what_is_waited_for(wide):
    progress = RichProgress(wide)
    progress.sent(1)  # the list of symbols, before the candles begin
    progress.begin("candles", 300)
    progress.sent(7)
    progress.received(1501)
    progress.advance()
    progress.waiting("binance", 43.4)
    progress.end()
    assert "1/300" in shown(wide)
    assert "1,501 bars · 2 requests · weight 8 · waiting 43 s for the rate limit" in shown(wide)


def test_the_next_request_ends_a_wait(wide):
    progress = RichProgress(wide)
    progress.begin("candles", 3)
    progress.waiting("binance", 43.4)
    progress.sent(0)
    progress.end()
    last = shown(wide).rpartition("candles")[2]
    assert "0 bars · 1 requests" in last
    assert "waiting" not in last


def test_pieces_of_work_at_the_same_time_share_one_bar(wide):
    progress = RichProgress(wide)
    progress.begin("candles", 3)
    progress.begin("candles", 4)
    progress.advance()
    progress.end()
    progress.advance()
    progress.end()
    assert "2/7" in shown(wide)
    assert wide.getvalue().endswith("\x1b[2K")


def logged(*told):
    """What a log says where (seconds since the start, exchange, wait) is told."""
    lines, clock = [], iter([at_s for at_s, _, _ in told])
    progress = LoggedWaits(lines.extend, lambda: next(clock))
    for _, exchange, seconds in told:
        progress.waiting(exchange, seconds)
    return lines


def test_a_log_has_one_line_for_all_that_wait_for_the_same_thing():
    assert logged((0, "binance", 42), (0.01, "binance", 42), (20, "binance", 22.3), (41.9, "binance", 4)) == [
        "binance: waiting 42 s for the rate limit"
    ]


def test_a_log_has_a_line_for_each_exchange_and_for_a_wait_that_grows():
    assert logged((0, "binance", 10), (0, "okx", 10), (3, "binance", 30)) == [
        "binance: waiting 10 s for the rate limit",
        "okx: waiting 10 s for the rate limit",
        "binance: waiting 30 s for the rate limit",
    ]


def test_short_waits_leave_a_log_alone():
    assert logged((0, "binance", 4.9), (5, "binance", 4.9), (10, "binance", 0.1)) == []


@pytest.mark.parametrize(
    "progress", [SilentProgress(), LoggedWaits([].extend), RichProgress(io.StringIO()), RichProgress(Terminal())]
)
def test_progress_survives_an_end_without_a_beginning(progress):
    progress.advance()
    progress.end()
    progress.end()


def test_of_many_ways_the_cheapest_are_named() -> None:
    many = {f"rust avx2 {count} threads": float(count) for count in range(1, 40)}
    lines = decision_lines(Decision("rust", "estimated 1 ms", "avx2", 4, estimates_ms=many, reasons=("few",)))
    assert lines[0] == "backend rust (avx2, 4 threads): estimated 1 ms"
    assert lines[1].startswith("  estimated: rust avx2 1 threads 1 ms, ")
    assert lines[1].endswith("rust avx2 8 threads 8 ms, and 31 more")
    assert lines[2:] == ["  few"]
