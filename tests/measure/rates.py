"""`python -m tests.measure.rates`: what a cold scan of the big exchanges asks for and how long it takes, simulated."""

import argparse
import sys

from atc_cli.domain.panel import RawCandles
from atc_cli.domain.results.scan import Skipped
from atc_cli.domain.window import Window
from tests.helpers.exchange_case import coins, limited_market
from tests.helpers.published import BITGET, BYBIT, GATE, KRAKEN, KUCOIN, OKX, Published, name_of


def main() -> None:
    """Fetch from each, and print one line an exchange."""
    parser = argparse.ArgumentParser(prog="python -m tests.measure.rates", description=__doc__)
    parser.add_argument("--symbols", type=int, default=20, metavar="N")
    parser.add_argument("--bars", type=int, default=1500, metavar="N")
    given = parser.parse_args()
    for each in (KRAKEN, KUCOIN, BITGET, BYBIT, GATE, OKX):
        sys.stdout.write(_line(each, given.symbols, given.bars))


def _line(published: Published, symbols: int, bars: int) -> str:
    def deliver(raw: RawCandles | Skipped) -> None:
        if isinstance(raw, Skipped):
            raise SystemExit(f"{raw.symbol}: {raw.detail}")

    with (
        published.serving(coins(symbols)) as server,
        limited_market(server, published.kind, exchange=published.exchange) as (market, _),
    ):
        listings, now_ms = market.listings(quote="USDT", tickers=False), market.now_ms()
        before, began_ms = len(server.answered), server.now_ms
        market.fetch(listings, Window(timeframe="1h", now_ms=now_ms, bars=bars), deliver)
        requests, took_s = len(server.answered) - before, (server.now_ms - began_ms) / 1000
    fewest, least_s = symbols * published.fewest(bars), published.least_ms(requests) / 1000
    return (
        f"{name_of(published):12} {requests} requests, fewest {fewest}: {requests / fewest:.2f} x; "
        f"{took_s:.2f} s, at the published rate {least_s:.2f} s: {took_s / least_s:.2f} x; refused {server.refused()}\n"
    )


if __name__ == "__main__":
    main()
