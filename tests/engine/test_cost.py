"""What a workload is estimated to cost, by hand."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atc_cli.domain.catalog import Dialect, Want
from atc_cli.engine.backend import Values
from atc_cli.engine.coefficients import SHIPPED
from atc_cli.engine.cost import Costs, Estimate, Workload, cheapest, estimate_ms, estimates, thread_counts

LANES = Costs(lanes=8, block_ns=400.0, alone_ns=100.0)


def of(*bars: int, want: Want = Want.LAST, dialect: Dialect = Dialect.LTS) -> Workload:
    return Workload.of(bars, dialect, want)


@pytest.mark.parametrize(
    ("series", "threads", "ms"),
    [
        (1, 1, 0.1),  # 1000 bars alone
        (3, 1, 0.3),  # three that cost less one by one than a block
        (7, 1, 0.4),  # seven that do not
        (8, 1, 0.4),
        (9, 1, 0.5),  # a block, and one alone
        (16, 1, 0.8),
        (16, 2, 0.4),
        (17, 2, 0.5),  # a block on each thread, then one alone
        (24, 2, 0.8),  # three blocks take two threads two rounds
        (8, 64, 0.4),  # no more threads than blocks
    ],
)
def test_blocks_of_lanes_and_rounds_of_threads(series: int, threads: int, ms: float) -> None:
    assert estimate_ms(LANES, of(*[1000] * series), threads) == pytest.approx(ms)


def test_a_block_lasts_as_long_as_its_longest_series() -> None:
    long_and_short = of(1000, *[200] * 15)
    assert long_and_short.block_bars(8) == 1000 + 200
    assert estimate_ms(LANES, long_and_short) == pytest.approx((1000 + 200) * 400 / 1e6)
    assert of(*range(1, 18)).block_bars(8) == 17 + 9 + 1
    assert estimate_ms(LANES, of(*range(1, 18))) == pytest.approx(((17 + 9) * 400 + 1 * 100) / 1e6)


def test_every_coefficient_counts_once() -> None:
    costs = replace(
        LANES, call_ms=0.5, series_ms=0.01, thread_ms=0.05, thread_loss_frac=0.25, value_ns=2.0, sent_ns=3.0,
        tradingview_ratio=2.0, start_ms=70.0, compile_ms=800.0,
    )  # fmt: skip
    work = of(*[1000] * 32, want=Want.AVERAGE, dialect=Dialect.TRADINGVIEW)
    kernel_ms = 2 * 1000 * 400 * 2.0 * (1 + 0.25 / 2) / 1e6
    bytes_ms = (32 * (8000 + 486 + 9) * 2.0 + 32 * 8000 * 3.0) / 1e6
    assert estimate_ms(costs, work, 2) == pytest.approx(0.5 + 0.05 + 0.32 + kernel_ms + bytes_ms)
    assert (costs.once_ms(compiling=False), costs.once_ms(compiling=True)) == (70.0, 870.0)


@pytest.mark.parametrize("want", list(Want))
def test_values_take_the_bytes_of_their_arrays(want: Want) -> None:
    work = of(70, 90, 90, want=want)
    assert work.value_bytes == sum(Values.empty(3, 90, want).sizes_bytes())
    if want is not Want.ALL:
        windows = Workload.of_windows([(90, 3)], 200, Dialect.LTS, want)
        assert windows.value_bytes == sum(Values.empty(3, 90, want, members=False).sizes_bytes())


def test_windows_share_the_candles_that_travel() -> None:
    windows = Workload.of_windows([(1500, 100), (1500, 50), (900, 7)], 2000, Dialect.LTS)
    assert (windows.series, windows.longest_bars, windows.bars_total) == (157, 1500, 150 * 1500 + 7 * 900)
    assert windows.sent_bytes == 16_000
    assert windows.lengths == ((1500, 150), (900, 7))


def test_nothing_costs_a_call() -> None:
    assert estimate_ms(replace(LANES, call_ms=0.5), of()) == 0.5
    assert (of().longest_bars, of().value_bytes) == (0, 0)


BARS = st.lists(st.integers(1, 5000), min_size=1, max_size=40)
SHIPPED_PATHS = [each for by_path in SHIPPED.values() for each in by_path.values()]


@given(bars=BARS, more=BARS, threads=st.integers(1, 9), costs=st.sampled_from([LANES, *SHIPPED_PATHS]))
@settings(max_examples=200)
def test_more_series_are_never_cheaper(bars: list[int], more: list[int], threads: int, costs: Costs) -> None:
    more_ms, fewer_ms = (estimate_ms(costs, each, threads) for each in (of(*bars, *more), of(*bars)))
    assert more_ms >= fewer_ms * (1 - 1e-12)
    longer = of(*(each + 1 for each in bars))
    assert estimate_ms(costs, longer, threads) >= estimate_ms(costs, of(*bars), threads)


def test_a_path_that_nobody_measured_costs_what_the_slower_one_before_it_does_and_is_taken() -> None:
    found = list(estimates({"slow": LANES}, ["slow", "new"], [1, 2], of(*[1000] * 8)))
    assert len({each.ms for each in found}) == 1
    assert (cheapest(found).path, cheapest(found).threads) == ("new", 1)


@pytest.mark.parametrize(("alone_ms", "threads"), [(1.0, 2), (0.889, 2), (0.87, 1)])
def test_threads_that_save_no_tenth_are_not_started(alone_ms: float, threads: int) -> None:
    found = [Estimate("a", 1, 2.0), Estimate("a", 2, 0.8), Estimate("b", 1, alone_ms), Estimate("b", 2, 0.81)]
    assert cheapest(found).threads == threads


def test_threads_that_are_worth_a_thought() -> None:
    assert [thread_counts(most) for most in (1, 2, 6, 64)] == [(1,), (1, 2), (1, 2, 4, 6), (1, 2, 4, 8, 16, 32, 64)]


def test_shipped_coefficients_are_possible() -> None:
    for costs in SHIPPED_PATHS:
        assert 0 < costs.alone_ns <= costs.block_ns
        assert costs.block_ns <= costs.lanes * costs.alone_ns
