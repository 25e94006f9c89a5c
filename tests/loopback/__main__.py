"""`python -m tests.loopback`: a made-up market to scan by hand, until Ctrl-C."""

import argparse
import sys
import threading
from time import time_ns

from atc_cli.domain.timeframe import DAY_MS
from tests.loopback.binance import BinanceServer
from tests.loopback.limits import Limits
from tests.loopback.symbols import Symbol, wandering

_URL_KEYS = {"spot": "public", "swap": "fapiPublic"}


def main() -> None:
    """Serve, and say how to point atc here."""
    parser = argparse.ArgumentParser(prog="python -m tests.loopback", description=__doc__)
    parser.add_argument("--market", choices=sorted(_URL_KEYS), default="swap", help="which one the config is for")
    parser.add_argument("--symbols", type=int, default=60, metavar="N", help="how many symbols to list")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--unlimited", action="store_true", help="without Binance's rate limits")
    arguments = parser.parse_args()
    now_ms = time_ns() // 1_000_000
    symbols = [_symbol(i, now_ms) for i in range(arguments.symbols)]
    limits = Limits(enforced=not arguments.unlimited)
    with BinanceServer(symbols, port=arguments.port, limits=limits) as server:
        try:
            sys.stdout.write(_config(server, arguments.market, limited=not arguments.unlimited))
            sys.stdout.flush()
            threading.Event().wait()
        except KeyboardInterrupt:
            sys.stderr.write(f"{len(server.answered)} requests, weight {server.weight}, {server.refused()} refused\n")


def _config(server: BinanceServer, market: str, *, limited: bool) -> str:
    key = _URL_KEYS[market]
    lines = [
        "# for a file to give as: atc scan --config FILE",
        'exchange = ["binance"]',
        f'market = "{market}"',
        "[ccxt.binance]",
        *([] if limited else ["enableRateLimit = false  # nothing here limits the rate"]),
        "[ccxt.binance.urls.api]",
        f'{key} = "{server.api_urls[key]}"',
    ]
    return "\n".join(lines) + "\n"


def _symbol(i: int, now_ms: int) -> Symbol:
    """Old and young ones, from 1e-4 to 1e4 a coin, with ten thousand ticks to it."""
    decimals = i % 9
    scale, tick = 10.0 ** (4 - decimals), f"{10.0**-decimals:.{decimals}f}"
    born_ms = now_ms - (400 - (i * 37) % 397) * DAY_MS
    bars = wandering(i, scale=scale, tick=tick, born_ms=born_ms)
    return Symbol(f"COIN{i:03d}", tick=tick, born_ms=born_ms, bars=bars)


if __name__ == "__main__":
    main()
