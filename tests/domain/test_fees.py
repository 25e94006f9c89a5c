"""Fees that are taken for granted are those that somebody else states."""

import ccxt
import pytest

from atc_cli.domain.fees import COMPARED, STATED, taker_bps


@pytest.mark.parametrize(("place", "bps"), STATED.items(), ids=str)
def test_a_fee_is_what_ccxt_states(place: tuple[str, str], bps: float) -> None:
    exchange, market = place
    fees = getattr(ccxt, exchange)().fees
    stated = {
        "spot": (fees.get("spot"), fees.get("trading")),
        "swap": (fees.get("swap"), fees.get("linear"), fees.get("contract"), fees.get("trading")),
    }[market]
    takers = [found for each in stated if each and (found := each.get("taker", each.get("trading", {}).get("taker")))]
    assert takers[0] * 1e4 == pytest.approx(bps)


def test_no_fee_has_two_sources_and_what_is_not_known_is_none() -> None:
    assert not STATED.keys() & COMPARED.keys()
    assert taker_bps("bybit", "swap") == COMPARED["bybit", "swap"]
    assert taker_bps("nowhere", "spot") is None
