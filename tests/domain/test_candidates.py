"""Which approximate rows are worth a whole window: made-up rows, and recorded ones."""

import pytest

from atc_cli.domain.candidates import MARGIN, candidates
from atc_cli.domain.results.scan import ScanRow
from tests.conftest import SHARED, needs_shared
from tests.helpers.reported import each_family, row

CUTS = (0.1, -0.1)
JUST_BELOW = CUTS[0] - MARGIN / 2
FAR_BELOW = CUTS[0] - 2 * MARGIN


def long(
    symbol: str, stretch: float, signal: float = 1.0, *, approximate: bool = True, weakest: float = 0.5
) -> ScanRow:
    """A LONG row whose families are all strong but for one."""
    families = each_family(0.5, kama=weakest)
    return row(1, symbol, signal, stretch=stretch, approximate=approximate, families=families)


def short(symbol: str, stretch: float) -> ScanRow:
    return row(1, symbol, -1.0, stretch=stretch, approximate=True, families=each_family(-0.5))


def chosen(*args: object, **more: object) -> set[str]:
    return {symbol for _, symbol in candidates(*args, **more)}


def test_of_each_side_the_first_in_rank_are_chosen() -> None:
    rows = [long("FAR", 9), long("CALM", 1), long("CALMEST", 0), short("S0", 0), short("S5", 5)]
    assert chosen(rows, 2, CUTS) == {"CALMEST", "CALM", "S0", "S5"}
    assert chosen(rows, 1, CUTS) == {"CALMEST", "S0"}
    assert chosen(rows, 1, CUTS, (-1,)) == {"S0"}


def test_an_exact_row_takes_a_place_and_is_not_chosen_again() -> None:
    rows = [long("FAR", 9), long("CALM", 1), long("KNOWN", 0, approximate=False)]
    assert chosen(rows, 2, CUTS, (1,)) == {"CALM"}
    assert chosen(rows, 1, CUTS, (1,)) == set()


def test_a_row_of_which_every_family_nearly_passes_its_cut_counts_as_an_extreme() -> None:
    nearly, hardly = long("NEARLY", 0, 0.8, weakest=JUST_BELOW), long("HARDLY", 0, 0.8, weakest=FAR_BELOW)
    assert chosen([hardly, nearly, long("SURE", 5)], 1, CUTS, (1,)) == {"NEARLY"}
    assert chosen([hardly, nearly, long("SURE", 5)], 2, CUTS, (1,)) == {"NEARLY", "SURE"}
    assert chosen([nearly, long("SURE", 5)], 1, CUTS, (1,), margin=0) == {"SURE"}


def test_what_is_known_exactly_is_taken_at_its_word() -> None:
    known = long("KNOWN", 0, 0.8, approximate=False, weakest=JUST_BELOW)
    assert chosen([known, long("SURE", 5)], 1, CUTS, (1,)) == {"SURE"}


def test_a_side_that_few_are_on_is_filled_with_weaker_rows_but_not_with_extremes_of_the_other() -> None:
    neutral = row(1, "NEUTRAL", 0.0, approximate=True, families=each_family(0.0, ema=0.9, hma=-0.9))
    assert chosen([short("S0", 0), neutral], 5, CUTS, (1,)) == {"NEUTRAL"}


def test_rows_that_a_filter_would_take_out_come_behind_those_that_pass() -> None:
    rows = [long("FAR", 9), long("CALM", 1)]
    assert chosen(rows, 1, CUTS, passes=lambda each: each.symbol == "FAR") == {"FAR"}
    assert chosen(rows, 2, CUTS, passes=lambda each: each.symbol == "FAR") == {"FAR", "CALM"}


@needs_shared
@pytest.mark.parametrize("dialect", ["lts", "tradingview"])
def test_nine_of_ten_of_the_recorded_first_twenty_are_found(dialect: str) -> None:
    from atc_cli.domain.catalog import Dialect
    from atc_cli.settings.sections import Settings
    from tests.measure import prefilter_recall as measure

    params = Settings(dialect=Dialect(dialect)).params()
    universe = list(measure.recorded(SHARED / "data" / "binance-usdm-1h"))
    newest = min(int(each.timestamp[-1]) for each in universe)
    moment = measure.moment_of(universe, newest, params)
    for order in measure.ORDERS.values():
        names = candidates(moment.short[498], 25, params.cuts, order=order)
        score = measure.score_of([moment], [names], order, 20)
        assert score.found >= 0.9 * score.wanted > 0
