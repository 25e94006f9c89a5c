"""What a taker pays on an exchange: the one table. Imported for --help: no numpy here."""

ASSUMED_FEE_BPS = 10.0
SLIPPAGE_BPS = 2.0
FUNDING_BPS_PER_8H = 1.0
"""The interest part of a perpetual's funding, which it has where price and index agree: 0.01% per 8 h."""

# (exchange, market): basis points of a fill of an account of the lowest tier without rebates. As ccxt 4.5 states
# them (tests compare), but where it is behind: COMPARED. Fees change, so what is printed asks for --fee-bps.
STATED: dict[tuple[str, str], float] = {
    ("binance", "spot"): 10.0,
    ("binance", "swap"): 5.0,
    ("binanceusdm", "swap"): 5.0,
    ("bingx", "spot"): 10.0,
    ("bingx", "swap"): 5.0,
    ("bitget", "spot"): 20.0,
    ("bitget", "swap"): 6.0,
    ("gate", "spot"): 20.0,
    ("gate", "swap"): 5.0,
    ("hyperliquid", "spot"): 7.0,
    ("hyperliquid", "swap"): 4.5,
    ("kraken", "spot"): 26.0,
    ("krakenfutures", "swap"): 5.0,
    ("kucoin", "spot"): 10.0,
    ("kucoin", "swap"): 6.0,
    ("kucoinfutures", "swap"): 6.0,
    ("mexc", "spot"): 5.0,
    ("okx", "swap"): 5.0,
}
# Rates of non-VIP accounts that a comparison of June 2026 gives.
COMPARED: dict[tuple[str, str], float] = {
    ("bybit", "spot"): 10.0,
    ("bybit", "swap"): 5.5,
    ("okx", "spot"): 10.0,
}


def taker_bps(exchange: str, market: str) -> float | None:
    """Basis points of a fill's value; None where no fee is known."""
    return {**STATED, **COMPARED}.get((exchange, market))
