"""`atc explain` on markets in memory."""

import numpy as np
import pytest

from atc_cli.commands import explain, scan
from atc_cli.errors import NoDataError, UsageError
from tests.helpers.backends import HOUR_MS
from tests.helpers.markets import NOW_MS, MemoryMarket, hourly, ports, walk

LAST_CLOSED_MS = NOW_MS // HOUR_MS * HOUR_MS - HOUR_MS


def test_a_symbol_behind_its_market_is_explained_and_its_lag_is_told() -> None:
    market = MemoryMarket([walk("LATE", last_open_ms=LAST_CLOSED_MS - 7 * HOUR_MS)])
    result = explain.run(hourly(), ports(market), "LATE")
    assert result.lag_bars == 7
    assert result.row.bar_time_ms == LAST_CLOSED_MS - 7 * HOUR_MS
    assert explain.run(hourly(), ports(MemoryMarket([walk("NOW")])), "NOW").lag_bars == 0


def test_the_last_bar_of_the_series_is_the_row_of_a_scan() -> None:
    market = MemoryMarket([walk("A")])
    explained = explain.run(hourly(), ports(market), "A")
    (row,) = scan.run(hourly(), ports(market)).rows
    assert explained.row.signal == row.signal == explained.series.columns["Average_Signal"][-1]
    assert [view.signal for view in explained.families] == list(row.families.values())
    assert sum(view.contribution for view in explained.families) == pytest.approx(row.signal, abs=1e-12)


def test_the_sign_and_equity_of_the_members_make_the_family_signal() -> None:
    result = explain.run(hourly(), ports(MemoryMarket([walk("A", seed=3)])), "A")
    for view in result.families:
        weighted = sum(member.sign * member.equity for member in view.members)
        total = sum(member.equity for member in view.members)
        assert view.signal == np.rint(100 * (weighted / total)) / 100


def test_with_strategy_no_part_is_claimed_of_a_signal_of_another_bar() -> None:
    result = explain.run(hourly(strategy=True), ports(MemoryMarket([walk("A")])), "A")
    assert {view.contribution for view in result.families} == {None}


def test_a_name_that_several_markets_have_is_refused_with_the_list() -> None:
    from dataclasses import replace

    other = MemoryMarket([replace(walk("A"), exchange="other")], name="other")
    with pytest.raises(UsageError, match=r"A \(memory\), A \(other\)"):
        explain.run(hourly(), ports(MemoryMarket([walk("A")]), other), "A")


def test_an_interrupt_is_an_interrupt_and_not_missing_data() -> None:
    def interrupt(symbol: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        explain.run(hourly(), ports(MemoryMarket([walk("A")], before=interrupt)), "A")


def test_candles_that_cannot_be_used_are_no_data_with_the_reason() -> None:
    with pytest.raises(NoDataError, match="too few bars: needs 39 bars, has 10"):
        explain.run(hourly(), ports(MemoryMarket([walk("A", 10)])), "A")
