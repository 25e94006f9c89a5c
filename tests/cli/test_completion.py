"""What a shell is offered where a value is typed."""

import pytest

from atc_cli.data.exchange.connect import exchange_ids
from atc_cli.domain.catalog import FAMILY_IDS
from atc_cli.settings.names import USUAL_EXCHANGES
from tests.conftest import Atc, Run


def completed(atc: Atc, line: str, **env: str) -> Run:
    """What bash runs for the completions of the last word."""
    return atc(env={"_ATC_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(line.count(" ")), **env})


def offered(atc: Atc, line: str) -> list[str]:
    done = completed(atc, line)
    assert (done.code, done.err) == (0, "")
    return done.out.split()


VALUES = [
    ("atc scan --market s", ["spot", "swap"]),
    ("atc scan --exchange d", ["demo", "deribit"]),
    ("atc warm-cache --exchange ok", ["okx"]),
    ("atc cache export --exchange ok", ["okx"]),
    ("atc bench --dialect l", ["lts"]),
    ("atc config presets s", ["scalping", "swing"]),
    ("atc scan --tz Europe/Berl", ["Europe/Berlin"]),
    ("atc explain BTC --tz UT", ["UTC"]),
    ("atc scan --sort -sig", ["-signal"]),
    ("atc scan --all --sort -vol", ["-volume", "-volatility"]),
    ("atc scan --backend c", ["cuda"]),
    ("atc scan --backend d", ["dask"]),
    ("atc bench --backend rust,d", []),
    ("atc scan --tz=Europe/Berl", ["Europe/Berlin"]),
]


@pytest.mark.parametrize(("line", "names"), VALUES)
def test_a_value_is_completed(atc: Atc, line: str, names: list[str]) -> None:
    assert offered(atc, line) == names


LISTS = [
    ("atc scan --columns rank,si", ["rank,side", "rank,signal", "rank,since"]),
    ("atc scan --columns rank,side,si", ["rank,side,signal", "rank,side,since"]),
    ("atc scan --exchange binance,ok", ["binance,okx"]),
    ("atc scan --families ema,hma,wma,", [f"ema,hma,wma,{other}" for other in FAMILY_IDS[3:]]),
    ("atc warm-cache --timeframe 1h,4", ["1h,4h"]),
    ("atc bench --backend rust,n", ["rust,numba"]),
    ("atc scan --exchange=binance,ok", ["binance,okx"]),
    ("atc scan --exchange = binance,ok", ["binance,okx"]),  # as bash takes that word apart
    ("atc scan --exchange = okx --columns = rank,si", ["rank,side", "rank,signal", "rank,since"]),
]


@pytest.mark.parametrize(("line", "names"), LISTS)
def test_behind_a_comma_the_next_item_is_completed_and_none_is_offered_twice(
    atc: Atc, line: str, names: list[str]
) -> None:
    assert offered(atc, line) == names


@pytest.mark.parametrize("line", ["atc scan --market spot,s", "atc scan --timeframe 1h,4"])
def test_where_one_value_is_taken_a_comma_leads_nowhere(atc: Atc, line: str) -> None:
    assert offered(atc, line) == []


def test_a_dash_after_a_sort_key_or_a_switch_begins_a_flag(atc: Atc) -> None:
    assert "--tz" in offered(atc, "atc scan --sort signal -")
    assert "--tz" in offered(atc, "atc scan --all -")
    assert "-signal" in offered(atc, "atc scan --sort -")


def test_every_exchange_that_is_offered_is_one_of_ccxt() -> None:
    assert set(USUAL_EXCHANGES) <= set(exchange_ids())


def test_exchanges_are_offered_without_importing_ccxt(atc_process: Atc) -> None:
    done = completed(atc_process, "atc scan --exchange ok", PYTHONPROFILEIMPORTTIME="1")
    assert "okx" in done.out
    assert "atc_cli.settings.sections" in done.err
    assert "ccxt" not in done.err
