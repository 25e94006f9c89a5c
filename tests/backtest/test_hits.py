"""What became of flips: by hand for a small market, and by a plain loop for random ones."""

import math

import numpy as np
import pytest

from atc_cli.backtest.hits import flips, judged, net_frac, walk
from atc_cli.domain.panel import Candles, Panel
from atc_cli.domain.params import Params
from atc_cli.domain.rules import Costs
from atc_cli.domain.timeframe import HOUR_MS

FREE = Costs(fee_frac=0.0, slippage_frac=0.0)
PARAMS = Params()
WARM = PARAMS.warmup_bars


def candles(name: str, opens: list[float], first_bar: int = 0, missing: tuple[int, ...] = ()) -> Candles:
    """Hourly bars that open at these prices; `missing` are bars without trades, after the first."""
    bars = [bar for bar in range(first_bar, first_bar + len(opens) + len(missing)) if bar - first_bar not in missing]
    prices = np.array(opens)
    return Candles(
        exchange="memory",
        symbol=name,
        timeframe="1h",
        timestamp=np.array(bars, np.int64) * HOUR_MS,
        values=np.array([prices, prices, prices, prices, np.ones(len(opens))]),
    )


def signals(panel: Panel, *rows: list[float]) -> np.ndarray:
    """Right-aligned, NaN before."""
    average = np.full((len(rows), panel.width), np.nan)
    for row, given in zip(average, rows, strict=True):
        row[len(row) - len(given) :] = given
    return average


def entered(panel: Panel, average: np.ndarray, **needs: float) -> list[tuple[int, int, int]]:
    """(series, bar, trend)."""
    seen = flips(panel, average, PARAMS, **needs)
    return [
        (series, int(bar), int(seen.trend[panel.offsets[series] + bar]))
        for series in range(len(panel))
        for bar in np.flatnonzero(seen.trend[panel.offsets[series] : panel.offsets[series + 1]])
    ]


def test_a_flip_is_entered_at_the_bar_after_it_once_a_scan_would_show_the_symbol() -> None:
    bars = WARM + 8
    panel = Panel.of([candles("A", [1.0] * bars), candles("B", [1.0] * (WARM + 1), first_bar=7)])
    first = [0.0] * bars
    first[5:7] = [0.9, -0.9]  # before the warm-up
    first[WARM : WARM + 8] = [0.9, 0.8, 0.0, 0.05, -0.5, 0.5, -0.9, 0.9]
    second = [math.nan] * (WARM - 1) + [0.9, 0.9]  # its first value is no flip
    found = entered(panel, signals(panel, first, second))
    assert found == [(0, WARM + 1, 1), (0, WARM + 5, -1), (0, WARM + 6, 1), (0, WARM + 7, -1)]
    assert entered(panel, signals(panel, first, second), min_signal=0.6) == [found[0], found[3]]
    assert entered(panel, signals(panel, first, second), min_bars=WARM + 6) == [found[2], found[3]]


def test_the_last_bar_in_which_a_flip_was_decided_has_no_entry_yet() -> None:
    panel = Panel.of([candles("A", [1.0] * (WARM + 1))])
    assert entered(panel, signals(panel, [0.0] * WARM + [0.9])) == []


def test_a_small_market_by_hand() -> None:
    """A goes long at bar 1, short at bar 2; B long at bar 1 and, too late to be complete, at bar 3."""
    panel = Panel.of([candles("A", [100, 100, 110, 121, 110]), candles("B", [50, 50, 50, 45, 60])])
    trend = np.array([0, 1, -1, 0, 0, 0, 1, 0, 1, 0], np.int8)
    able = np.array([0, 1, 1, 1, 1] * 2, np.bool_)
    found = judged(walk(panel, trend, able), 2, Costs(fee_frac=0.001, slippage_frac=0.002))
    assert (found.after_bars, found.bars, found.open_count) == (2, 2, 1)
    long, short, both = found.sides
    # A: 100 -> 121, B: 50 -> 45, worse by slippage and less fees on either fill.
    gains = [1.21 * 0.998 / 1.002 * 0.999 - 1.001, 0.9 * 0.998 / 1.002 * 0.999 - 1.001]
    assert (long.count, long.paid_frac.value) == (2, 0.5)
    assert long.mean_bps.value == pytest.approx(1e4 * sum(gains) / 2)
    assert long.paid_ahead_frac.value == pytest.approx(0.0)  # both symbols of that bar were entered
    assert long.mean_ahead_bps.value == pytest.approx(0.0, abs=1e-9)
    # A: 110 -> 110, the other symbol of bar 2: 50 -> 60. Shorts of both lose, that of A less.
    losses = [0.999 - ratio * 1.002 / 0.998 * 1.001 for ratio in (1, 1.2)]
    assert (short.count, short.paid_frac.value, short.paid_ahead_frac.value) == (1, 0.0, 0.0)
    assert short.mean_bps.value == pytest.approx(1e4 * losses[0])
    assert short.mean_ahead_bps.value == pytest.approx(1e4 * (losses[0] - sum(losses) / 2))
    assert (both.count, both.paid_frac.value) == (3, pytest.approx(1 / 3))


def test_funding_is_paid_by_longs_and_earned_by_shorts_at_every_eighth_hour_on_the_way() -> None:
    panel = Panel.of([candles("A", [1.0] * 30), candles("B", [1.0] * 30)])
    trend = np.zeros(60, np.int8)
    trend[[7, 30 + 8]] = 1, -1  # from 7:00 to 17:00: 8:00 and 16:00; from 8:00 to 18:00: 16:00
    costs = Costs(fee_frac=0.0, slippage_frac=0.0, funding_frac_per_8h=0.001)
    long, short, _ = judged(walk(panel, trend, np.ones(60, np.bool_)), 10, costs).sides
    assert (long.mean_bps.value, short.mean_bps.value) == (pytest.approx(-20.0), pytest.approx(10.0))


def test_a_falling_market_makes_no_skill_of_shorts() -> None:
    panel = Panel.of([candles(name, [100 * 0.99**bar for bar in range(50)]) for name in "ABC"])
    trend = np.zeros(150, np.int8)
    trend[[10, 70, 130]] = -1
    _, short, _ = judged(walk(panel, trend, np.ones(150, np.bool_)), 5, FREE).sides
    assert short.paid_frac.value == 1.0
    assert short.mean_bps.value > 400
    assert short.paid_ahead_frac.value == 0.0
    assert short.mean_ahead_bps.value == pytest.approx(0.0, abs=1e-9)


def test_one_symbol_that_rises_far_does_not_put_the_others_behind_in_their_share() -> None:
    """Nine of ten fall: a long of one of those paid as seldom as any, though all of them together rose."""
    panel = Panel.of([candles(str(i), [1.0, 1.0, 9.0 if i == 9 else 0.9]) for i in range(10)])
    trend = np.zeros(30, np.int8)
    trend[[1 + 3 * i for i in range(10)]] = 1
    long = judged(walk(panel, trend, np.ones(30, np.bool_)), 1, FREE).sides[0]
    assert (long.count, long.paid_frac.value) == (10, 0.1)
    assert long.paid_ahead_frac.value == pytest.approx(0.0)


def test_a_symbol_alone_is_no_market() -> None:
    panel = Panel.of([candles("A", [1.0, 1.0, 2.0, 2.0])])
    long = judged(walk(panel, np.array([0, 1, 0, 0], np.int8), np.ones(4, np.bool_)), 1, FREE).sides[0]
    assert (long.count, long.compared, long.paid_ahead_frac.value, long.mean_ahead_bps.value) == (1, 0, None, None)


def test_bars_are_those_of_the_symbol() -> None:
    """As in a backtest: a hold of 2 bars over a gap of 3 lasts longer."""
    panel = Panel.of([candles("A", [1, 1, 2, 3, 4], missing=(2, 3, 4))])
    long = judged(walk(panel, np.array([0, 1, 0, 0, 0], np.int8), np.ones(5, np.bool_)), 2, FREE).sides[0]
    assert long.mean_bps.value == pytest.approx(1e4 * 2)


def test_nothing_entered_is_nothing_found() -> None:
    for series in ([], [candles("A", [1.0, 2.0])]):
        panel = Panel.of(series)
        empty = np.zeros(int(panel.offsets[-1]), np.int8)
        found = judged(walk(panel, empty, empty.astype(np.bool_)), 5, FREE)
        assert [(each.count, each.mean_bps.value) for each in found.sides] == [(0, None)] * 3
        assert found.bars == 0


def test_costs_are_those_of_an_account_that_buys_and_sells() -> None:
    fee, slip, ratio = 0.001, 0.0005, 1.03
    bought, sold = 100 * (1 + slip), 100 * ratio * (1 - slip)
    costs = Costs(fee_frac=fee, slippage_frac=slip)
    long = (sold - bought - fee * bought - fee * sold) / bought
    assert net_frac(np.array([ratio]), 1, costs)[0] == pytest.approx(long, abs=1e-15)
    opened, closed = 100 * (1 - slip), 100 * ratio * (1 + slip)
    short = (opened - closed - fee * opened - fee * closed) / opened
    assert net_frac(np.array([ratio]), -1, costs)[0] == pytest.approx(short, abs=1e-15)


def plainly(panel: Panel, average: np.ndarray, after: int, costs: Costs) -> dict[str, list[tuple[float, list[float]]]]:
    """(net, net of all symbols then) of every flip whose bars are complete, by side, in a loop."""

    def net(side: int, ratio: float) -> float:
        proceeds = ratio * (1 - costs.slippage_frac * side) / (1 + costs.slippage_frac * side)
        return side * (proceeds - 1) - costs.fee_frac * (1 + proceeds)

    moves: dict[int, list[float]] = {}
    flipped = []
    for series, row in zip(panel.series, average, strict=True):
        signal = row[len(row) - len(series) :].tolist()
        side = [1 if each > PARAMS.long_threshold else -1 if each < PARAMS.short_threshold else 0 for each in signal]
        opens = series.values[0].tolist()
        for bar in range(WARM - 1, len(opens)):
            if math.isnan(signal[bar]) or bar + 1 + after >= len(opens):
                continue
            ratio, time = opens[bar + 1 + after] / opens[bar + 1], int(series.timestamp[bar + 1])
            moves.setdefault(time, []).append(ratio)
            if side[bar] and not math.isnan(signal[bar - 1]) and side[bar] != side[bar - 1]:
                flipped.append((side[bar], ratio, time))
    found: dict[str, list[tuple[float, list[float]]]] = {"long": [], "short": []}
    for side, ratio, time in flipped:
        found["long" if side > 0 else "short"].append((net(side, ratio), [net(side, each) for each in moves[time]]))
    return found


@pytest.mark.parametrize("after", [1, 5, 20])
def test_random_markets_as_a_plain_loop_has_them(after: int) -> None:
    draw = np.random.default_rng(after)
    series = [
        candles(f"S{i}", np.exp(np.cumsum(draw.normal(0, 0.01, bars))).tolist(), first_bar=int(draw.integers(0, 60)))
        for i, bars in enumerate([900, 700, 850, WARM + after + 1, WARM, 40])
    ]
    panel = Panel.of(series)
    average = signals(panel, *[np.repeat(draw.uniform(-1, 1, 200), 5)[: len(each)].tolist() for each in series])
    costs = Costs(fee_frac=0.0005, slippage_frac=0.0002)
    expected = plainly(panel, average, after, costs)
    found = judged(flips(panel, average, PARAMS), after, costs)
    for side in found.sides[:2]:
        net = [each for each, _ in expected[side.side]]
        assert side.count == len(net) > 20
        assert side.mean_bps.value == pytest.approx(1e4 * sum(net) / len(net))
        assert side.paid_frac.value == pytest.approx(sum(each > 0 for each in net) / len(net))
        compared = [(own, every) for own, every in expected[side.side] if len(every) > 1]
        assert side.compared == len(compared) < side.count
        ahead = [own - sum(every) / len(every) for own, every in compared]
        assert side.mean_ahead_bps.value == pytest.approx(1e4 * sum(ahead) / len(ahead))
        ahead = [(own > 0) - sum(each > 0 for each in every) / len(every) for own, every in compared]
        assert side.paid_ahead_frac.value == pytest.approx(sum(ahead) / len(ahead))
        for estimate in (side.paid_frac, side.mean_bps, side.paid_ahead_frac, side.mean_ahead_bps):
            assert estimate.low < estimate.value < estimate.high
    assert found.block_bars == 120
    assert judged(flips(panel, average, PARAMS), after, costs) == found, "seeded: the same again"


def test_too_few_blocks_give_no_interval() -> None:
    draw = np.random.default_rng(3)
    prices = np.exp(np.cumsum(draw.normal(0, 0.01, 640))).tolist()
    panel = Panel.of([candles("A", prices), candles("B", prices[::-1])])
    average = signals(panel, *[np.repeat(draw.uniform(-1, 1, 128), 5).tolist() for _ in range(2)])
    few, many = (judged(flips(panel, average, PARAMS), after, FREE) for after in (20, 1))
    assert few.bars < 600 <= many.bars
    assert [each.paid_frac.low for each in few.sides] == [None] * 3
    assert all(each.paid_frac.low is not None for each in many.sides)
