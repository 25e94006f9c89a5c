"""[ccxt.ID] in a settings file: what ccxt cannot take, and exchanges that do not exist, end a run before it asks."""

from pathlib import Path

import pytest

from atc_cli.data.exchange.connect import check_table, exchange_ids
from tests.conftest import Atc
from tests.helpers.loopback_case import NOW_MS, config, symbol
from tests.loopback import BinanceServer, BybitServer, KrakenServer

WRONG = [
    ('timeout = "soon"', "timeout", "milliseconds"),
    ("timeout = 0", "timeout", "1 or more"),
    ("timeout = nan", "timeout", "milliseconds"),
    ('enableRateLimit = "no"', "enableRateLimit", "true or false"),
    ("timout = 5000", "timout", "timeout"),
    ('options = "spot"', "options", "a table"),
    ('headers = {X-Key = "one\\ntwo"}', "headers.X-Key", "one line"),
    ("headers = {X-Key = 12345678}", "headers.X-Key", "a text"),
    ('httpsProxy = "me:hunter22@proxy:3128"', "httpsProxy", "http://HOST:PORT"),
    ('fetch = "x"', "fetch", "a function"),
    ('httpProxyCallback = "x"', "httpProxyCallback", "a function"),
    ('session = "x"', "session", "an object"),
    ('cafile = "/nowhere/ca.pem"', "cafile", "a file"),
]
EXCHANGES = [("binance", "swap", BinanceServer), ("bybit", "swap", BybitServer), ("kraken", "spot", KrakenServer)]


@pytest.mark.parametrize(("line", "key", "wanted"), WRONG, ids=[each[0] for each in WRONG])
def test_a_value_that_ccxt_cannot_take_is_named_by_scan_and_validate(
    atc: Atc, tmp_path: Path, line: str, key: str, wanted: str
) -> None:
    file = tmp_path / "wrong.toml"
    for exchange, kind, _ in EXCHANGES:
        file.write_text(f'exchange = "{exchange}"\nmarket = "{kind}"\n[ccxt.{exchange}]\n{line}\n')
        for command in (("scan", "--config", str(file)), ("config", "validate", str(file))):
            done = atc(*command)
            assert done.code == 78, done.err
            assert f"[ccxt.{exchange}] {key}" in done.err
            assert wanted in done.err
            assert not [secret for secret in ("hunter22", "12345678", "two") if secret in done.err]


@pytest.mark.parametrize(("exchange", "kind", "server_of"), EXCHANGES, ids=[each[0] for each in EXCHANGES])
def test_addresses_of_another_shape_are_named(atc: Atc, tmp_path: Path, exchange: str, kind: str, server_of) -> None:
    with server_of([symbol(0)], now_ms=NOW_MS) as server:
        good = config(server, tmp_path, kind, exchanges=(exchange,)).read_text()
        alone = f'market = "{kind}"\n[ccxt.{exchange}.urls]\napi = "{server.base_url}"\n'
        for text in (alone, good.replace("http://", "")):
            file = tmp_path / "wrong.toml"
            file.write_text(text)
            done = atc("scan", "--config", str(file), "--exchange", exchange)
            assert done.code == 78, done.err
            assert f"[ccxt.{exchange}] urls.api" in done.err
        assert not server.answered


@pytest.mark.parametrize(
    "command",
    [("scan",), ("scan", "--exchange", "demo"), ("scan", "--offline"), ("explain", "BTC"), ("config", "validate")],
    ids=" ".join,
)
def test_an_exchange_that_does_not_exist_is_refused_everywhere(
    atc: Atc, tmp_path: Path, command: tuple[str, ...]
) -> None:
    file = tmp_path / "typo.toml"
    file.write_text("[ccxt.binanse]\ntimeout = 1000\n")
    done = atc(*command, *([] if "validate" in command else ["--config"]), str(file))
    assert done.code == 78, done.err
    assert "unknown exchange 'binanse'" in done.err
    assert "did you mean 'binance'?" in done.err


def test_doctor_says_what_every_scan_would_stop_at(atc: Atc, tmp_path: Path) -> None:
    (tmp_path / "here" / "atc.toml").write_text("[ccxt.binanse]\ntimeout = 1000\n")
    done = atc("doctor")
    assert (done.code, "unknown exchange 'binanse'" in done.out) == (69, True)


def test_that_needs_no_ccxt_where_no_exchange_is_asked(atc_process: Atc, tmp_path: Path) -> None:
    (tmp_path / "here" / "atc.toml").write_text("[ccxt.binanse]\ntimeout = 1000\n")
    done = atc_process("scan", "--exchange", "demo", env={"PYTHONPROFILEIMPORTTIME": "1"})
    assert done.code == 78
    assert " ccxt" not in done.err
    assert " numpy" in done.err, "imports are told"


def test_the_names_are_those_of_ccxt_and_each_takes_its_own_addresses() -> None:
    import ccxt

    assert exchange_ids() == list(ccxt.exchanges)
    for name in exchange_ids():
        usual = getattr(ccxt, name)().describe()["urls"].get("api")
        check_table(name, {"urls": {"api": usual}, "timeout": 20000, "rateLimit": 50, "api_key": "k", "sandbox": True})
