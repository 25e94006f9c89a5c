"""What does not fit into memory goes in batches: the same rows, the same values."""

from dataclasses import replace

import numpy as np
import pytest

from atc_cli.backtest.replay import replay
from atc_cli.commands import hits, scan
from atc_cli.commands.rows import computed
from atc_cli.domain.anchor import Anchor
from atc_cli.domain.catalog import Want
from atc_cli.domain.panel import Ints, Panel
from atc_cli.domain.params import Params
from atc_cli.domain.results.scan import ScanRow, Skipped, SkipReason
from atc_cli.engine.backend import Values
from atc_cli.engine.cost import Workload
from atc_cli.engine.lost import LostSeriesError
from atc_cli.engine.reference import ReferenceBackend
from atc_cli.engine.rust import RustBackend
from atc_cli.settings.hits import HitsRun
from tests.helpers.backends import tick_walk
from tests.helpers.markets import MemoryMarket, hourly, ports, walk

SERIES = [tick_walk(60 + seed, seed) for seed in range(7)]


class Counting(RustBackend):
    """Notes how much each call was asked for."""

    def __init__(self) -> None:
        super().__init__("scalar", 1)
        self.calls: list[int] = []

    def compute(self, panel: Panel, params: Params, want: Want) -> Values:
        self.calls.append(len(panel))
        return super().compute(panel, params, want)

    def compute_windows(
        self, panel: Panel, params: Params, series: Ints, ends: Ints, bars: int | Ints, *, want: Want = Want.LAST
    ) -> Values:
        self.calls.append(len(ends))
        return super().compute_windows(panel, params, series, ends, bars, want=want)


@pytest.mark.parametrize(("batch", "calls"), [(None, [7]), (3, [3, 3, 1]), (1, [1] * 7), (100, [7])])
def test_rows_do_not_depend_on_batches(batch: int | None, calls: list[int]) -> None:
    backend = Counting()
    assert computed(SERIES, backend, Params(), batch=batch) == computed(SERIES, RustBackend(), Params())
    assert backend.calls == calls


def test_nothing_is_computed_of_nothing() -> None:
    backend = Counting()
    assert computed([], backend, Params(), batch=3) == []
    assert backend.calls == []


class Interrupted(ReferenceBackend):
    """Ctrl-C comes while the second batch is computed."""

    calls = 0

    def compute(self, panel: Panel, params: Params, want: Want) -> Values:
        values = super().compute(panel, params, want)
        self.calls += 1
        if self.calls == 2:
            raise LostSeriesError("dask", values, {1: "interrupted"}, interrupted=True)
        return values


def test_after_an_interrupted_batch_no_other_begins() -> None:
    backend = Interrupted()
    found = computed(SERIES, backend, Params(), batch=2)
    assert backend.calls == 2
    assert [isinstance(each, ScanRow) for each in found] == [True, True, True, False, False, False, False]
    assert {each.reason for each in found if isinstance(each, Skipped)} == {SkipReason.INTERRUPTED}
    assert [each.symbol for each in found] == [each.symbol for each in SERIES]


def test_a_scan_with_little_memory_says_so_and_ranks_the_same() -> None:
    market = [walk(f"W{seed}USDT", seed=seed) for seed in range(12)]
    usual = scan.run(hourly(), ports(MemoryMarket(market)))
    tight = scan.run(hourly(), replace(ports(MemoryMarket(market)), free_bytes=lambda: 5000))
    assert tight.rows == usual.rows
    assert usual.header.backend.batch is None
    assert tight.header.backend.batch == 2500 // Workload.of([200], Params().dialect, Want.LAST).series_bytes == 4
    assert any("at most 4 series at a time" in reason for reason in tight.header.backend.reasons)


def test_flips_of_batches_are_those_of_all() -> None:
    market = [walk(f"W{seed}USDT", bars=150 + 10 * seed, seed=seed) for seed in range(12)]
    usual = hits.run(hourly(), HitsRun(), ports(MemoryMarket(market)))
    tight = hits.run(hourly(), HitsRun(), replace(ports(MemoryMarket(market)), free_bytes=lambda: 10_000))
    assert tight.header.backend.batch is not None
    assert tight.header.backend.batch < 12
    assert tight.hits == usual.hits
    assert usual.hits.horizons[0].sides[0].count > 0


@pytest.mark.parametrize("text", ["rolling", "rolling:7", "origin"])
def test_windows_of_a_replay_go_in_calls_that_fit(text: str) -> None:
    asked = {"bars": 50, "first_ms": 0, "least_bars": 40}
    usual = list(replay(SERIES, Counting(), Params(), Anchor.parse(text), **asked))
    backend = Counting()
    found = list(replay(SERIES, backend, Params(), Anchor.parse(text), **asked, windows_most=2))
    assert max(backend.calls) == 2
    for one, other in zip(usual, found, strict=True):
        np.testing.assert_array_equal(one.average, other.average)
        np.testing.assert_array_equal(one.age, other.age)
