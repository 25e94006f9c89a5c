"""Which time `atc backtest` tests: from the first signal on, up to the end, of symbols that come and go."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Atc
from tests.helpers.candle_files import BEGIN_MS, HOUR_MS, walk, write_candles

RUN = ("--timeframe", "1h", "--bars", "200", "--output", "json")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A symbol of 500 hours, one whose file ends 20 hours before it, one that ends 30 before it, and a late one."""
    made = tmp_path_factory.mktemp("candles")
    for seed, (name, bars, late) in enumerate(
        [("WHOLE", 500, 0), ("BEHIND", 480, 0), ("GONE", 470, 0), ("LATE", 300, 200)]
    ):
        write_candles(made / f"{name}-1h.csv", walk(seed, bars), BEGIN_MS + late * HOUR_MS)
    return made


def document(atc: Atc, folder: Path, *flags: str) -> dict[str, Any]:
    done = atc("backtest", *flags, "--data", str(folder), *RUN)
    assert done.code == 0, done.err
    read: dict[str, Any] = json.loads(done.out)
    return read


def test_the_time_begins_with_the_first_signal(atc: Atc, folder: Path) -> None:
    said = document(atc, folder)
    first = {each["symbol"]: each["first_bar_time"] for each in said["coverage"]}
    assert said["start"] == said["equity"]["bar_time"][0] == first["WHOLE"] == first["GONE"] < first["LATE"]
    assert said["figures"]["start"] == said["start"]


def test_a_file_that_ends_some_hours_before_the_others_is_not_delisted(atc: Atc, folder: Path) -> None:
    said = document(atc, folder, "--enter", "hold")
    ended = {each["symbol"]: each["delisted"] for each in said["coverage"]}
    assert ended == {"WHOLE": False, "BEHIND": False, "GONE": True, "LATE": False}
    last = {each["symbol"]: each["reason"] for each in said["trades"]}
    assert (last["BEHIND"], last["GONE"]) == ("open", "delisted")


def test_a_symbol_as_benchmark_is_bought_when_the_first_trade_can_be(atc: Atc, folder: Path) -> None:
    held, named = (document(atc, folder, "WHOLE", "--benchmark", each) for each in ("hold", "WHOLE"))
    assert named["equity"]["benchmark"] == pytest.approx(held["equity"]["benchmark"], rel=1e-12)


def test_the_age_that_symbols_have_today_decides_nothing(atc: Atc, folder: Path, tmp_path: Path) -> None:
    config = tmp_path / "settings.toml"
    config.write_text("min_age = 10000\n")
    done = atc("backtest", "--config", str(config), "--data", str(folder), *RUN)
    assert done.code == 0
    assert "--min-age" not in done.err


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--end", "2020-01-01"), "up to 2020-01-01T00:00:00+00:00"),
        (("--end", "2020-01-01"), "another --start, --end, "),
        (("--start", "2025-03-01", "--end", "2025-03-01"), "2025-03-01T00:00:00+00:00, 2025-03-01T00:00:00+00:00"),
        (("--start", "2025-07-05T19:00Z", "--split", "0.5"), "--split 0.5: a single bar is tested"),
        (("--bars", "10"), "no window of 39 bars ends in the time that is tested; it has 480 bars"),
        (("--exit", "bars"), "'bars' lacks its number, allowed: bars:N"),
        (("--exit", "stop-atr:"), "'stop-atr:' lacks its number, allowed: stop-atr:K"),
        (("--anchor", "rolin"), "'rolin' is no anchor; did you mean 'rolling'? allowed: rolling, "),
    ],
)
def test_what_is_refused_is_named_with_what_is_allowed(
    atc: Atc, folder: Path, flags: tuple[str, ...], said: str
) -> None:
    assert said in atc("backtest", "--data", str(folder), *RUN, *flags).err
