"""Results as `atc scan --log` keeps them."""

from dataclasses import replace

from atc_cli.domain.results.printed import Printed, PrintedRow
from atc_cli.domain.results.scan import Side
from atc_cli.domain.timeframe import HOUR_MS

BAR_MS = 1_760_000_400_000
ROWS = (
    PrintedRow("BTC/USDT:USDT", Side.LONG, 1.0, 1, 67123.4),
    PrintedRow("BAD\ud83d", Side.SHORT, -0.1 - 0.2, 2, 1e-8),
    PrintedRow('a"b\n,c', Side.NEUTRAL, 0.0, 3, 3.0),
)


def printed(bar: int = 0, rows: tuple[PrintedRow, ...] = ROWS, **changes: object) -> Printed:
    result = Printed(
        generated_at_ms=BAR_MS + bar * HOUR_MS + 4321,
        bar_close_ms=BAR_MS + bar * HOUR_MS,
        exchange="binance",
        market="swap",
        place="",
        timeframe="1h",
        dialect="lts",
        params_hash="ab" * 32,
        rows=rows,
    )
    return replace(result, **changes)
