"""Weeks of passing faults in random order, kills and two processes at once, and a clean run: what is stored and what
is printed is the truth.

Other seeds (1 to 99): `SEEDS=1:100 python -m pytest -q tests/data/exchange/test_campaign.py`.
"""

import json
import os
from pathlib import Path

import pytest

from tests.conftest import Atc
from tests.helpers.campaign import BARS, Campaign, figures, skipped
from tests.helpers.cast import write_files
from tests.helpers.worlds import EXCHANGES

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:enable_cleanup_closed:DeprecationWarning"),  # ccxt's, newer Pythons
]

SEEDS = [int(each) for each in os.environ.get("SEEDS", "0:1").split(":")]


@pytest.mark.parametrize("seed", range(*SEEDS))
@pytest.mark.parametrize("exchange", EXCHANGES)
def test_after_a_clean_run_all_that_is_stored_and_printed_is_true(
    atc: Atc, atc_process: Atc, exchange: str, seed: int, tmp_path: Path
) -> None:
    folder = tmp_path / "cache"
    folder.mkdir()
    campaign = Campaign(exchange, seed, folder)
    with campaign.server:
        campaign.run()
        done = campaign.clean(lambda: atc_process(*campaign.flags()))
        campaign.assert_stored_is_true_and_what_lacks_is_known()
        unborn = campaign.scanned(traded=False)
        files = tmp_path / "files"
        write_files(campaign.scanned(), files, campaign.newest_ms, 2 * BARS)
    clean = json.loads(done.out)
    window = ("--timeframe", "1h", "--bars", str(BARS), "--max-lag", "1000000")
    told = json.loads(atc("scan", "--data", str(files), *window, "--all", "--output", "json").out)
    assert figures(clean) == figures(told), campaign.story
    assert skipped(clean) == skipped(told) | {each.id: "no_candles" for each in unborn}, done.err
    assert len(clean["rows"]) >= 25
