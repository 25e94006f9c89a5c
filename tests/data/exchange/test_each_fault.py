"""Each fault alone, on three exchanges, while a window is stored of some symbols and nothing of others: no number is
wrong, what lacks is named, and after clean runs what is stored and what is scanned is the truth."""

from pathlib import Path

import numpy as np
import pytest

from atc_cli.domain.timeframe import HOUR_MS
from tests.helpers.campaign import Campaign
from tests.helpers.cast import cast
from tests.helpers.spoiling import FAULTS
from tests.helpers.worlds import EXCHANGES

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:enable_cleanup_closed:DeprecationWarning"),  # ccxt's, newer Pythons
]

# old and sparse; then young, silent for a page, stopped, of a name that is not text
STORED, NEW = (1, 21), (2, 17, 23, 29, 30)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("exchange", EXCHANGES)
def test_a_fault_makes_no_number_wrong_and_leaves_none_in_the_store(exchange: str, fault: str, tmp_path: Path) -> None:
    campaign = Campaign(exchange, len(fault), tmp_path, numbers=(*STORED, *NEW))
    listed = campaign.server.symbols
    with campaign.server as server:
        new = {each: listed.pop(each) for each in [f"{symbol.base}USDT" for symbol in cast(NEW)]}
        campaign.load()
        server.now_ms += 3 * HOUR_MS
        listed |= new
        campaign.forget_list()
        FAULTS[fault](campaign.scene)
        campaign.load_and_see_what_lacks()
        campaign.scene.heal()
        clean = campaign.clean(campaign.load)
        campaign.assert_stored_is_true_and_what_lacks_is_known()
        assert clean is not None
        assert {each.symbol for each in clean.candles} == {f"{each.base}/USDT" for each in campaign.scanned()}
        for each in clean.candles:
            np.testing.assert_array_equal(each.timestamp, campaign.window(each.symbol)[:, 0])
