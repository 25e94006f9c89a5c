"""`python -m tests.loopback.cold`: what a cold fetch costs under Binance's limits, in simulated time."""

import argparse
import sys
from contextlib import closing
from time import perf_counter

from atc_cli.data.exchange.market import RATE_SHARE, ExchangeMarket
from atc_cli.domain.panel import RawCandles
from atc_cli.domain.results.scan import Skipped
from atc_cli.domain.window import Window
from tests.helpers.exchange_case import FORMING, Simulated
from tests.loopback.binance import BinanceServer
from tests.loopback.limits import MINUTE_MS, PER_MINUTE, Limits
from tests.loopback.symbols import Symbol, wandering


def main() -> None:
    """Fetch, and print one line a figure."""
    parser = argparse.ArgumentParser(prog="python -m tests.loopback.cold", description=__doc__)
    parser.add_argument("--market", choices=sorted(PER_MINUTE), default="swap")
    parser.add_argument("--symbols", type=int, default=300, metavar="N")
    parser.add_argument("--bars", type=int, default=1500, metavar="N")
    parser.add_argument("--share", type=float, default=RATE_SHARE, metavar="X", help="of the limit")
    parser.add_argument("--latency", type=int, default=10, metavar="MS", help="simulated, of each request")
    given = parser.parse_args()
    symbols = [Symbol(f"C{i:04d}", bars=wandering(i)) for i in range(given.symbols)]
    limits = Limits(enforced=True)
    began_s, candles = perf_counter(), 0

    def deliver(raw: RawCandles | Skipped) -> None:
        nonlocal candles
        candles += len(raw.timestamp) if isinstance(raw, RawCandles) else 0

    with BinanceServer(symbols, now_ms=FORMING, limits=limits, latency_ms=given.latency) as server:
        time = Simulated(server)
        world = {"pause": time.pause, "clock_ms": time.now_ms, "progress": time, "rate_share": given.share}
        with closing(ExchangeMarket("binance", given.market, server.options(limited=True), **world)) as market:
            listings = market.listings(quote="USDT", tickers=False)
            began_ms, before = server.now_ms, server.weight
            market.fetch(listings, Window(timeframe="1h", now_ms=market.now_ms(), bars=given.bars), deliver)
        weight, took_ms = server.weight - before, server.now_ms - began_ms
        allowed = int(PER_MINUTE[given.market] * given.share)
        cheapest = given.symbols * _cheapest(given.market, given.bars + 1) + 1  # and one for the time
        least_s = weight / allowed * MINUTE_MS / 1000
        sys.stdout.write(
            f"{given.symbols} symbols x {given.bars} bars, {given.market}: {candles} candles, "
            f"{len(server.answered)} requests\n"
            f"weight {weight}, cheapest paging {cheapest}: {weight / cheapest:.3f} x\n"
            f"simulated {took_ms / 1000:.1f} s, weight / allowed rate {least_s:.1f} s: "
            f"{took_ms / 1000 / least_s:.3f} x\n"
            f"refused (429, 418): {server.refused()}; most weight in any minute {limits.peak(given.market)} of "
            f"{PER_MINUTE[given.market]}\n"
            f"waits {len(time.waits_s)}, {sum(time.waits_s):.0f} s simulated\n"
            f"{perf_counter() - began_s:.1f} s in fact\n"
        )


def _cheapest(market: str, bars: int) -> int:
    """The least weight of any pages that hold so many bars."""
    pages = ((1000, 2),) if market == "spot" else ((99, 1), (499, 2), (1000, 5), (1500, 10))
    best = [0]
    for left in range(1, bars + 1):
        best.append(min(weight + best[max(left - most, 0)] for most, weight in pages))
    return best[bars]


if __name__ == "__main__":
    main()
