"""Series that a backend lost are skipped, and the others ranked."""

import pytest

from atc_cli.commands.rows import computed
from atc_cli.domain.catalog import Want
from atc_cli.domain.panel import Panel
from atc_cli.domain.params import Params
from atc_cli.domain.results.scan import ScanRow, Skipped, SkipReason
from atc_cli.engine.backend import Values
from atc_cli.engine.lost import LostSeriesError
from atc_cli.engine.reference import ReferenceBackend
from tests.helpers.backends import tick_walk

SERIES = [tick_walk(60, seed) for seed in range(3)]


class Losing(ReferenceBackend):
    """Loses the second series."""

    def __init__(self, *, interrupted: bool) -> None:
        self._interrupted = interrupted

    def compute(self, panel: Panel, params: Params, want: Want) -> Values:
        values = super().compute(panel, params, want)
        raise LostSeriesError("losing", values, {1: "the worker died twice"}, interrupted=self._interrupted)


@pytest.mark.parametrize(
    ("interrupted", "reason"), [(False, SkipReason.NOT_COMPUTED), (True, SkipReason.INTERRUPTED)], ids=str
)
def test_what_was_lost_is_skipped_with_its_reason(interrupted: bool, reason: SkipReason) -> None:
    first, second, third = computed(SERIES, Losing(interrupted=interrupted), Params())
    whole = computed(SERIES, ReferenceBackend(), Params())
    assert (first, third) == (whole[0], whole[2])
    assert isinstance(first, ScanRow)
    assert second == Skipped("W1", reason, "the worker died twice", "test")
    assert reason.fault
