"""The lines for cron and systemd that we hand out are ones that atc takes, and logs get lines that say when."""

import configparser
import re
import shlex
from datetime import datetime, timedelta

import pytest

from atc_cli.cli.shared import progress
from tests.conftest import ROOT, Atc, Run, unstamped

README = (ROOT / "README.md").read_text()
CRON = re.findall(r"^(?:[\d*/,-]+ +){5}(.*)$", README, flags=re.MULTILINE)
SYSTEMD = {"%S": "/var/lib", "%C": "/var/cache"}


def unit(name: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None, strict=True)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string((ROOT / "configs" / name).read_text())
    return parser


def taken(atc: Atc, line: str, **env: str) -> Run:
    """The settings that a line leads to; an unknown flag or a wrong value ends with 2."""
    program, *words = shlex.split(line)
    assert program.endswith("/atc")
    out = words.index("--out") + 1
    return atc(*words[: out - 1], *words[out + 1 :], "--show-settings", env=env)


def service() -> dict[str, str]:
    def expanded(text: str) -> str:
        for specifier, folder in SYSTEMD.items():
            text = text.replace(specifier, folder)
        assert "%" not in text
        return text

    return {key: expanded(value) for key, value in unit("atc-scan.service")["Service"].items()}


def test_the_service_runs_a_command_that_atc_takes(atc: Atc) -> None:
    keys = service()
    name, value = keys["Environment"].split("=", 1)
    done = taken(atc, keys["ExecStart"], **{name: value})
    assert done.code == 0, done.err
    assert value in done.out
    assert "1h" in done.out
    assert {"--lock", "--quiet", "--out"} <= set(shlex.split(keys["ExecStart"]))


def test_the_service_writes_where_it_may_and_a_partial_or_late_scan_is_no_failure() -> None:
    keys = service()
    words = shlex.split(keys["ExecStart"])
    assert words[words.index("--out") + 1].startswith(f"/var/lib/{keys['StateDirectory']}/")
    assert keys["Environment"] == f"ATC_CACHE_DIR=/var/cache/{keys['CacheDirectory']}"
    assert keys["SuccessExitStatus"] == "3 75"
    assert keys["Type"] == "oneshot"


def test_the_timer_is_that_of_the_service() -> None:
    timer = unit("atc-scan.timer")
    assert timer["Timer"]["OnCalendar"] == "*-*-* *:02:00 UTC"
    assert timer["Install"]["WantedBy"] == "timers.target"


def test_there_are_lines_for_cron() -> None:
    assert len(CRON) == 2


@pytest.mark.parametrize("line", CRON)
def test_a_line_for_cron_is_one_that_atc_takes(atc: Atc, line: str) -> None:
    command = line.split(" 2>>", maxsplit=1)[0]
    assert "--lock" in command
    done = taken(atc, command)
    assert done.code == 0, done.err


LOGGED = [
    ("scan", "--exchange", "demo"),
    ("scan", "--exchange", "demo", "NOSUCHUSDT"),
    ("scan", "--offline", "--quiet"),
]


@pytest.mark.parametrize("arguments", LOGGED, ids=" ".join)
def test_off_a_terminal_every_line_on_stderr_says_when_it_was_written(atc: Atc, arguments: tuple[str, ...]) -> None:
    before = datetime.now().astimezone().replace(microsecond=0)
    lines = atc(*arguments).err.splitlines()
    after = datetime.now().astimezone()
    assert lines
    for line in lines:
        written = datetime.fromisoformat(line.split(" ", 1)[0])
        assert written.utcoffset() == timedelta(0)
        assert before <= written <= after


@pytest.mark.parametrize("quiet", [False, True])
def test_a_log_hears_of_a_long_wait_unless_quiet_is_asked_for(capsys: pytest.CaptureFixture[str], quiet: bool) -> None:
    progress(quiet).waiting("binance", 42)
    words = unstamped(capsys.readouterr().err)
    assert words == ("" if quiet else "binance: waiting 42 s for the rate limit\n")
