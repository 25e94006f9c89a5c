"""What tests of commands against a loopback exchange share: its coins, its time, and the settings that lead there."""

from collections.abc import Sequence
from pathlib import Path

from atc_cli.domain.timeframe import HOUR_MS
from tests.loopback import LoopbackServer, Symbol, wandering

NOW_MS = 1_760_000_400_000 // HOUR_MS * HOUR_MS + 20 * 60_000
BARS = 700


def symbol(number: int, *, bars: int = 5000) -> Symbol:
    born_ms = NOW_MS // HOUR_MS * HOUR_MS - bars * HOUR_MS
    return Symbol(
        f"COIN{number:03}", tick="0.01", born_ms=born_ms, bars=wandering(number, tick="0.01", born_ms=born_ms)
    )


def config(
    server: LoopbackServer,
    folder: Path,
    market: str = "swap",
    base: str | None = None,
    exchanges: Sequence[str] = ("binance",),
) -> Path:
    urls = "\n".join(
        f'{key} = "{url.replace(server.base_url, base or server.base_url)}"' for key, url in server.api_urls.items()
    )
    sections = "".join(
        f"[ccxt.{each}]\nenableRateLimit = false\n[ccxt.{each}.urls.api]\n{urls}\n" for each in exchanges
    )
    file = folder / "loopback.toml"
    file.write_text(f'market = "{market}"\ntimeframe = "1h"\nbars = {BARS}\n{sections}')
    return file
