"""`atc hits` on markets in memory: what it counts is what scans showed."""

import numpy as np
import pytest

from atc_cli.commands import hits, scan
from atc_cli.domain.results.hits import HitsResult
from atc_cli.domain.results.scan import Side
from atc_cli.errors import NoDataError
from atc_cli.settings.hits import HitsRun
from tests.helpers.backends import HOUR_MS, tick_walk
from tests.helpers.markets import NOW_MS, MemoryMarket, hourly, ports, raw

BARS, AFTER, SHOWN = 150, 3, 30
LAST_MS = NOW_MS // HOUR_MS * HOUR_MS - HOUR_MS
FREE = {"fee_bps": 0.0, "slippage_bps": 0.0, "funding_bps_per_8h": 0.0, "after": (AFTER,)}
SERIES = {f"S{seed}": tick_walk(bars, seed) for seed, bars in enumerate((300, 300, 260, 300, 60, 300))}


def market(now_ms: int = NOW_MS) -> MemoryMarket:
    return MemoryMarket([raw(candles, name) for name, candles in SERIES.items()], now_ms=now_ms)


def judged(min_volume: float | None = None, **changes: object) -> HitsResult:
    return hits.run(hourly(bars=BARS, min_volume=min_volume), HitsRun(**{**FREE, **changes}), ports(market()))


def shown_then(name: str, bar: int) -> float:
    """The open of a bar, numbered from the newest (0) backwards."""
    return float(SERIES[name].values[0, -1 - bar])


@pytest.mark.parametrize("min_volume", [None, 2300.0])
def test_with_replay_flips_are_those_that_a_scan_showed_at_each_bar(min_volume: float | None) -> None:
    """The scan is run at every bar of the last thirty; a volume counts as it was then."""
    moves: dict[str, list[float]] = {"long": [], "short": []}
    ahead: dict[str, list[float]] = {"long": [], "short": []}
    waiting = hidden = 0
    for bar in range(SHOWN):
        seen = scan.run(hourly(bars=BARS), ports(market(NOW_MS - bar * HOUR_MS))).rows
        passing = [row for row in seen if min_volume is None or (row.quote_volume or 0) >= min_volume]
        hidden += len(seen) - len(passing)
        fresh = [row for row in passing if row.age_bars == 0 and row.side is not Side.NEUTRAL]
        if bar <= AFTER:
            waiting += len(fresh) * (bar > 0)  # of the newest bar nothing follows at all
            continue
        ratios = {
            row.symbol: shown_then(row.symbol, bar - 1 - AFTER) / shown_then(row.symbol, bar - 1) for row in passing
        }
        for row in fresh:
            name = row.side.lower()
            moves[name].append(row.trend * (ratios[row.symbol] - 1))
            if len(ratios) > 1:
                ahead[name].append(row.trend * (ratios[row.symbol] - np.mean(list(ratios.values()))))
    result = judged(replay=True, start=LAST_MS - (SHOWN - 1) * HOUR_MS, min_volume=min_volume)
    (horizon,) = result.hits.horizons
    assert horizon.open_count == waiting > 0
    for side in horizon.sides[:2]:
        assert side.count == len(moves[side.side]) > 3
        assert side.mean_bps.value == pytest.approx(1e4 * np.mean(moves[side.side]))
        assert side.compared == len(ahead[side.side])
        assert side.mean_ahead_bps.value == pytest.approx(1e4 * np.mean(ahead[side.side]))
    assert (hidden > 0) == (min_volume is not None)
    if min_volume is None:
        assert (result.hits.first_ms, result.hits.last_ms) == (LAST_MS - (SHOWN - 1) * HOUR_MS, LAST_MS - HOUR_MS)


def test_one_window_has_other_flips_than_a_replay_and_each_says_what_it_is() -> None:
    window, replay = judged(), judged(replay=True, start=LAST_MS - (BARS - 1) * HOUR_MS)
    assert "loaded window" in window.hits.what
    assert "as a scan showed them" in replay.hits.what
    assert window.hits.horizons != replay.hits.horizons


def test_what_a_trade_costs_is_taken_from_each_side() -> None:
    free, dear = judged(), judged(fee_bps=10.0)
    for cheap, costly in zip(free.hits.horizons[0].sides, dear.hits.horizons[0].sides, strict=True):
        assert costly.count == cheap.count > 0
        assert cheap.mean_bps.value - costly.mean_bps.value == pytest.approx(20.0, abs=0.1)
        assert costly.mean_ahead_bps.value == pytest.approx(cheap.mean_ahead_bps.value, abs=0.1)
    assert dear.hits.costs[0] == "fee 10 bps a fill: as given"


def test_no_signal_in_the_time_of_the_replay_is_no_data() -> None:
    with pytest.raises(NoDataError, match="no symbol has a signal"):
        judged(replay=True, start=LAST_MS + 5 * HOUR_MS)


def test_the_longer_of_several_holds_waits_for_more_entries() -> None:
    short, long = judged(after=(1, 40)).hits.horizons
    assert long.open_count > short.open_count
    assert long.sides[2].count < short.sides[2].count
    assert (short.block_bars, long.block_bars) == (120, 240)
