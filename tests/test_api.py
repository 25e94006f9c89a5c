"""The functions for notebooks say what the commands say, to the bit."""

import asyncio
import json
import math
import warnings
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

import atc_cli.api as atc
from atc_cli.errors import ExitCode
from tests.conftest import Atc
from tests.helpers.imported import coins
from tests.helpers.loopback_case import NOW_MS, config, symbol
from tests.loopback import BinanceServer

OF_THE_RUN = ("generated_at", "data_age_ms", "timings_ms", "warnings")
FILES = {"data": Path("data"), "timeframe": "1h", "bars": 160}
FLAGS = ("--data", "data", "--timeframe", "1h", "--bars", "160")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with candles, in the home in which the command runs."""
    folder = tmp_path / "here"
    folder.mkdir(exist_ok=True)
    coins(folder, 5)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_CACHE_HOME")
    return folder


@pytest.fixture
def run(request: pytest.FixtureRequest) -> Atc:
    """The command; its usual name is that of the functions here."""
    command: Atc = request.getfixturevalue("atc")
    return command


def of_the_run(document: dict) -> dict:
    return {key: value for key, value in document.items() if key not in OF_THE_RUN}


def same(value: object, told: object) -> bool:
    """Whether a cell holds what JSON says."""
    if told is None or value is pd.NaT or value is pd.NA:
        return told is None and bool(pd.isna(value))
    return pd.Timestamp(told) == value if isinstance(value, pd.Timestamp) else value == told


@pytest.mark.filterwarnings("ignore:.*")
@pytest.mark.parametrize(
    "more", [{}, {"side": "long", "sort": "-price", "dialect": "tradingview", "hits": True}], ids=str
)
def test_a_frame_holds_the_rows_of_the_command_in_their_order(run: Atc, here: Path, more: dict) -> None:
    flags = [f"--{key}" if value is True else f"--{key}={value}" for key, value in more.items()]
    done = run("scan", *FLAGS, "--all", "--output", "json", *flags)
    assert done.code == 0, done.err
    document = json.loads(done.out)
    frame = atc.scan(**FILES, all=True, **more)
    rows = document.pop("rows")
    assert len(frame) == len(rows) > 0
    for (_, cells), row in zip(frame.iterrows(), rows, strict=True):
        flat = {key: value for key, value in row.items() if key in frame.columns and key != "cautions"}
        assert len(flat) > 25
        assert [key for key, told in flat.items() if not same(cells[key], told)] == []
        assert {key: cells[f"{key}_signal"] for key in row["families"]} == row["families"]
        assert cells["cautions"] == ";".join(row["cautions"])
    assert of_the_run(frame.attrs) == of_the_run(document)
    assert (frame.attrs["hits"] is None) == ("hits" not in more)


@pytest.mark.filterwarnings("ignore:.*")
def test_explain_gives_every_bar_of_the_command_and_its_weight_table(run: Atc, here: Path) -> None:
    series = json.loads(run("explain", "COIN3USDT", *FLAGS, "--series", "--output", "json").out)["columns"]
    document = json.loads(run("explain", "COIN3USDT", *FLAGS, "--output", "json").out)
    frame = atc.explain("COIN3USDT", **FILES)
    assert list(frame.columns) == [name for name in series if name != "timestamp"]
    assert [stamp.value // 10**6 for stamp in frame.index] == series["timestamp"]
    for name in frame.columns:
        cells = [None if math.isnan(cell) else cell for cell in frame[name].tolist()]
        assert cells == series[name]
    assert of_the_run(frame.attrs) == of_the_run(document)


@pytest.mark.filterwarnings("ignore:.*")
def test_settings_come_from_files_and_variables_as_in_the_command(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "atc.toml").write_text('data = "data"\ntimeframe = "1h"\nbars = 120\nema_len = 30\n')
    other = here / "other.toml"
    other.write_text('data = "data"\ntimeframe = "1h"\nbars = 99\n')
    monkeypatch.setenv("ATC_BARS", "130")
    assert atc.scan().attrs["bars"] == 130
    header = atc.scan(bars=140, lambda_=0.03, with_=["4h"], agree=0).attrs
    assert (header["bars"], header["params"]["ema_len"], header["params"]["lambda"]) == (140, 30, 0.03)
    monkeypatch.delenv("ATC_BARS")
    assert atc.scan(config=other, exchange=None).attrs["bars"] == 99


WRONG = [
    ({"timeframes": "1h"}, "unknown setting 'timeframes'", "did you mean 'timeframe'"),
    ({"exchange": "demo", "bars": -1}, "--bars: -1 is out of range", None),
    ({"exchange": "demo", "preset": "swin"}, "unknown preset 'swin'", None),
    ({"out": "x.csv"}, "out is for commands", "a DataFrame has every column"),
    ({"exchange": "demo", "hits": True, "prefilter": 5}, "hits is of all symbols", None),
    ({"exchange": "demo", "lambda_": 9e9}, "lambda", None),
]


@pytest.mark.parametrize(("given", "said", "note"), WRONG, ids=[said for _, said, _ in WRONG])
def test_what_is_wrong_is_a_usage_error_that_says_what_is_right(here: Path, given: dict, said: str, note: str) -> None:
    with pytest.raises(atc.UsageError, match=said) as caught:
        atc.scan(**given)
    assert caught.value.code is ExitCode.USAGE
    assert note is None or note in "".join(caught.value.__notes__)
    with pytest.raises(atc.UsageError):
        atc.explain("SIM001", **{**given, "timeframes": "1h"})


def test_symbols_that_were_lost_are_a_warning_and_named(here: Path) -> None:
    (here / "data" / "BADUSDT-1h.csv").write_text("timestamp,open,high,low,close,volume\n1,2,3\n")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        frame = atc.scan(["COIN1USDT", "BADUSDT"], **FILES)
    assert any("1 of 2 symbols lost: 1 unreadable" in str(each.message) for each in caught)
    assert {each.filename for each in caught} == {__file__}
    assert [each["symbol"] for each in frame.attrs["skipped"]] == ["BADUSDT"]


def test_no_row_is_a_frame_with_all_columns(here: Path) -> None:
    some = atc.scan(exchange="demo", demo_symbols=20)
    none = atc.scan(exchange="demo", min_volume=1e30, demo_symbols=20)
    assert (len(none), len(some) > 0) == (0, True)
    assert none.dtypes.to_dict() == some.dtypes.to_dict()


@pytest.fixture
def server() -> Iterator[BinanceServer]:
    with BinanceServer([symbol(number) for number in range(3)], now_ms=NOW_MS) as running:
        yield running


def test_an_exchange_is_asked_from_within_an_event_loop_as_a_notebook_has_one(
    here: Path, server: BinanceServer
) -> None:
    file = config(server, here)

    async def cell() -> pd.DataFrame:
        return atc.scan(config=file, bars=100, all=True)

    assert len(asyncio.run(cell())) == 3


def test_a_backtest_says_what_the_command_says(here: Path, run: Atc) -> None:
    rules = {"enter": "hold", "exit": "flip,bars:20", "fee_bps": 4.5, "capital": 5000, "check": "costs", "split": 0.5}
    flags = [word for key, value in rules.items() for word in (f"--{key.replace('_', '-')}", str(value))]
    said = json.loads(run("backtest", *FLAGS, *flags, "--output", "json").out)
    test = atc.backtest(**FILES, **rules)
    for document in (said, test.document):
        for name in OF_THE_RUN:
            document.pop(name, None)
    assert test.document["equity"] == said["equity"]
    assert test.equity.tolist() == said["equity"]["equity"]
    assert test.bars.index[0].isoformat() == said["equity"]["bar_time"][0]
    assert len(test.trades) == len(said["trades"])
    assert test.trades["pnl"].tolist() == [each["pnl"] for each in said["trades"]]
    sharpe = test.metrics.loc["sharpe_annual", "value"]
    assert math.isnan(sharpe) == (said["figures"]["metrics"]["sharpe_annual"]["value"] is None)
    assert test.report(here / "report.html") == (here / "report.html").read_text()


def test_a_keyword_of_a_backtest_that_is_none_is_refused_with_the_nearest(here: Path) -> None:
    with pytest.raises(atc.UsageError, match="unknown setting 'max_position'") as found:
        atc.backtest(**FILES, max_position=3)
    assert any("max_positions" in note for note in found.value.__notes__)
    with pytest.raises(atc.UsageError, match="--rebalance needs --max-positions"):
        atc.backtest(**FILES, rebalance="bars:5")
