"""Which layer wins, and what is said of a wrong value in each of them."""

import tomllib
from pathlib import Path

import pytest

from atc_cli.domain.catalog import Dialect, Robustness
from atc_cli.errors import AtcError, ConfigError, ExitCode, UsageError
from atc_cli.settings.layers import Resolved, preset_text, resolve
from atc_cli.settings.names import PRESETS
from atc_cli.settings.sections import Settings
from atc_cli.settings.verbs import LAYERED
from tests.conftest import ROOT


def resolved(tmp_path: Path, *, flags=None, env=None, user="", project="", config=None) -> Resolved[Settings]:
    user_folder, folder = tmp_path / "user", tmp_path / "project"
    for place, text, name in ((user_folder, user, "config.toml"), (folder, project, "atc.toml")):
        place.mkdir(exist_ok=True)
        if text:
            (place / name).write_text(text)
    return resolve(Settings, flags or {}, env or {}, config=config, user_folder=user_folder, folder=folder)


LAYERS = [
    ({}, 1500, "preset intraday"),
    ({"user": 'preset = "swing"'}, 2000, "preset swing"),
    ({"user": "bars = 101"}, 101, "config.toml"),
    ({"user": "bars = 101", "project": "bars = 102"}, 102, "atc.toml"),
    ({"user": "bars = 101", "project": "bars = 102", "env": {"ATC_BARS": "103"}}, 103, "environment"),
    ({"project": "bars = 102", "env": {"ATC_BARS": "103"}, "flags": {"bars": "104"}}, 104, "flag"),
]


@pytest.mark.parametrize(("layers", "bars", "origin"), LAYERS, ids=[origin for _, _, origin in LAYERS])
def test_the_later_layer_wins(tmp_path: Path, layers, bars: int, origin: str) -> None:
    result = resolved(tmp_path, **layers)
    assert result.settings.bars == bars
    assert result.origin("bars") == origin


def test_a_preset_lies_below_every_file_even_when_a_flag_names_it(tmp_path: Path) -> None:
    result = resolved(tmp_path, flags={"preset": "scalping"}, user="ema_len = 30\ntimeframe = '5m'")
    assert result.settings.ema_len == 30
    assert result.settings.timeframe == "5m"
    assert result.settings.hma_len == 14
    assert set(result.settings.modified) == {"ema_len", "timeframe"}


def test_an_explicit_file_takes_the_place_of_user_and_project_files(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text("cutout = 5")
    result = resolved(tmp_path, user="bars = 101", project="bars = 102", config=file)
    assert (result.settings.bars, result.settings.cutout) == (1500, 5)


# preset: all lengths, robustness, lambda, decay, cutout, timeframe, bars, dialect
TABLE = {
    "scalping": (14, Robustness.NARROW, 0.03, 0.05, 20, "1m", 500, Dialect.LTS),
    "intraday": (28, Robustness.MEDIUM, 0.02, 0.03, 0, "15m", 1500, Dialect.LTS),
    "swing": (50, Robustness.WIDE, 0.015, 0.02, 0, "4h", 2000, Dialect.LTS),
    "tradingview": (28, Robustness.MEDIUM, 0.02, 0.03, 0, "1d", 1500, Dialect.TRADINGVIEW),
}


@pytest.mark.parametrize("name", PRESETS)
def test_presets_carry_the_values_of_the_table(tmp_path: Path, name: str) -> None:
    s = resolved(tmp_path, flags={"preset": name}).settings
    assert (s.ema_len, s.robustness, s.lambda_, s.decay, s.cutout, s.timeframe, s.bars, s.dialect) == TABLE[name]
    params = s.params()
    assert {(length, weight) for _, length, weight in params.used()} == {(TABLE[name][0], 1.0)}
    assert (params.long_threshold, params.short_threshold, params.source) == (0.1, -0.1, "close")
    assert params.families == ("ema", "hma", "wma", "dema", "lsma", "kama")  # those of the published script
    assert not params.strategy


@pytest.mark.parametrize("name", PRESETS)
def test_the_presets_in_configs_are_those_of_the_package(name: str) -> None:
    assert (ROOT / "configs" / f"{name}.toml").read_text() == preset_text(name)
    assert set(tomllib.loads(preset_text(name))) <= set(LAYERED)


WRONG = [
    ({"flags": {"timeframe": "2x"}}, UsageError, ["--timeframe", "'2x'", "'2h'", "1w"]),
    ({"flags": {"timeframe": "1M"}}, UsageError, ["--timeframe", "'1M'"]),
    ({"flags": {"long_threshold": "-0.2"}}, UsageError, ["--short-threshold", "-0.1", "long-threshold (-0.2)"]),
    ({"flags": {"min_bars": "2000"}}, UsageError, ["--min-bars", "2000", "0 to --bars (1500)"]),
    ({"flags": {"data": "x", "exchange": "demo"}}, UsageError, ["--data and --exchange"]),
    ({"flags": {"out": "~nobody-of-that-name/x"}}, UsageError, ["--out", "nobody-of-that-name"]),
    ({"env": {"ATC_DECAY": "100"}}, ConfigError, ["ATC_DECAY", "0 <= decay < 100"]),
    ({"project": "decay = 1" + "0" * 400}, ConfigError, ["decay"]),
    ({"project": 'data = "a\\u0000b"'}, ConfigError, ["data", "no path"]),
    ({"flags": {"bars": "1"}}, UsageError, ["--bars", "1", "2 to 1000000"]),
    ({"flags": {"bars": "ten"}}, UsageError, ["--bars", "'ten'", "whole number"]),
    ({"flags": {"ema_len": "7"}}, UsageError, ["--ema-len", "7", "EMA", "allowed: 8"]),
    ({"flags": {"deny": "("}}, UsageError, ["--deny", "regular expression"]),
    ({"flags": {"families": "ema,hmma"}}, UsageError, ["--families", "'hmma'", "'hma'"]),
    ({"flags": {"tz": "Europe/Berln"}}, UsageError, ["--tz", "'Europe/Berlin'"]),
    ({"flags": {"min_signal": "2"}}, UsageError, ["--min-signal", "2.0", "<= 1"]),
    ({"env": {"ATC_TIMEFRAME": "1hour"}}, ConfigError, ["ATC_TIMEFRAME", "'1hour'"]),
    ({"env": {"ATC_TIMEFRAM": "1h"}}, ConfigError, ["ATC_TIMEFRAM", "ATC_TIMEFRAME"]),
    ({"project": "ema_length = 9"}, ConfigError, ["atc.toml", "'ema_length'", "ema_len"]),
    ({"project": "decay = 100"}, ConfigError, ["atc.toml", "decay", "100", "0 <= decay < 100"]),
    ({"project": "bars = 10.5"}, ConfigError, ["atc.toml: bars", "10.5", "whole number"]),
    ({"project": "all = 'maybe'"}, ConfigError, ["all", "'maybe'"]),
    ({"project": "bars ="}, ConfigError, ["atc.toml", "not valid TOML"]),
    ({"project": "ccxt = 3"}, ConfigError, ["ccxt"]),
    ({"config": Path("absent.toml")}, ConfigError, ["absent.toml"]),
]


@pytest.mark.parametrize(("layers", "kind", "parts"), WRONG, ids=[" ".join(parts[:2]) for _, _, parts in WRONG])
def test_a_wrong_value_is_named_with_its_origin_and_what_is_allowed(tmp_path, layers, kind, parts) -> None:
    with pytest.raises(AtcError) as error:
        resolved(tmp_path, **layers)
    assert type(error.value) is kind
    assert error.value.code is (ExitCode.USAGE if kind is UsageError else ExitCode.CONFIG)
    said = f"{error.value} {error.value.hint}"
    for part in parts:
        assert part in said


def test_of_a_folder_and_an_exchange_the_stronger_layer_wins(tmp_path: Path) -> None:
    flag_wins = resolved(tmp_path, project='data = "candles"', flags={"exchange": "demo"}).settings
    assert (flag_wins.data, flag_wins.exchange) == (None, ("demo",))
    assert resolved(tmp_path, user='exchange = "okx"', flags={"data": "candles"}).settings.data == Path("candles")
    with pytest.raises(ConfigError, match="two places"):
        resolved(tmp_path, project='data = "candles"\nexchange = "demo"')


def test_families_are_told_as_modified_and_idle_ones_are_not(tmp_path: Path) -> None:
    assert resolved(tmp_path, flags={"families": "ema", "hma_len": "40"}).settings.modified == ("families",)
    assert resolved(tmp_path, flags={"bars": "1500"}).settings.modified == ()


def test_a_range_that_only_the_window_shows_is_blamed_on_who_gave_it(tmp_path: Path) -> None:
    from atc_cli.domain.growth import growth_table

    for layers, kind in (({"flags": {"lambda": "900"}}, UsageError), ({"project": "lambda = 900"}, ConfigError)):
        result = resolved(tmp_path, **layers)
        with pytest.raises(kind, match="lambda is 900"), result.blaming():
            growth_table(result.settings.params(), 1500)


def test_a_password_in_a_proxy_is_masked(tmp_path: Path) -> None:
    result = resolved(tmp_path, project='[ccxt.okx]\nhttpsProxy = "http://me:hunter2@proxy:1"')
    assert "hunter2" not in str(result.shown())
    assert "proxy:1" in str(result.shown())


def test_switches_read_from_every_layer_and_a_flag_can_take_them_back(tmp_path: Path) -> None:
    assert resolved(tmp_path, env={"ATC_ALL": "yes"}).settings.all
    assert not resolved(tmp_path, env={"ATC_ALL": "yes"}, flags={"all": False}).settings.all


def test_exchange_options_are_merged_per_exchange_and_secrets_are_masked(tmp_path: Path) -> None:
    user = '[ccxt.binance]\napiKey = "visible"\nhttpsProxy = "http://proxy"\n[ccxt.binance.options]\nsecretToken = "x"'
    result = resolved(tmp_path, user=user, project="[ccxt.binance]\ntimeout = 5000\noptions.recvWindow = 1")
    assert result.settings.ccxt["binance"]["timeout"] == 5000
    assert result.settings.ccxt["binance"]["apiKey"] == "visible"
    shown = {key: value for key, value, _ in result.shown()}["ccxt.binance"]
    assert shown["apiKey"] == "***"
    assert shown["options"] == {"secretToken": "***", "recvWindow": 1}
    assert shown["httpsProxy"] == "http://proxy"
    assert shown["timeout"] == 5000


def test_what_is_not_known_to_be_harmless_is_masked_whatever_it_is_called(tmp_path: Path) -> None:
    table = """[ccxt.okx]
enableRateLimit = false
hostname = "eea.okx.com"
passPhrase = "HIDE-1"
anything = ["HIDE-2", {deep = "HIDE-3"}]
accountNumber = 7654321
proxyUrl = "https://gate.example/HIDE4abc/v2?id=HIDE-5"
socksProxy = "me:HIDE-6@proxy:1"
[ccxt.okx.headers]
Authorization = "Bearer HIDE-7"
timeout = "HIDE-8"
[ccxt.okx.urls.api]
rest = "https://HIDE-9:HIDE/10?x@host.example:8443/api/v5"
[ccxt.okx.options]
fetchMarkets = {types = ["spot"]}
broker = "HIDE-11"
"""
    shown = {key: value for key, value, _ in resolved(tmp_path, project=table).shown()}["ccxt.okx"]
    assert "HIDE" not in str(shown)
    assert "7654321" not in str(shown)
    assert shown["enableRateLimit"] is False
    assert shown["hostname"] == "eea.okx.com"
    assert shown["proxyUrl"] == "https://gate.example/***/v2?***"
    assert shown["urls"]["api"]["rest"] == "https://***@host.example:8443/api/v5"
    assert shown["options"]["fetchMarkets"] == {"types": ["spot"]}
