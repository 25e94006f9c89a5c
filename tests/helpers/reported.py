"""A small market that never was: results for the formats to render."""

import math
from dataclasses import replace

import numpy as np

from atc_cli.domain.catalog import FAMILIES, FAMILY_IDS
from atc_cli.domain.results.explain import ExplainResult, FamilyView, Member, Series
from atc_cli.domain.results.scan import Decision, Header, ScanResult, ScanRow, Side, Skipped, SkipReason

HOUR = 3_600_000
BAR = 1_761_206_400_000  # 2025-10-23T08:00:00Z
ESCAPE = "\x1b[31mEVIL[/]"
MARKUP = "[bold red]X[/bold red]"
BIDI = "A\u202eB\u200b\nC"
CHINESE = "币安人生/USDT:USDT"
LONGEST = "1000000BABYDOGE/USDT:USDT"
HOSTILE = (ESCAPE, MARKUP, BIDI, "pi|pe`*", "../../etc/passwd", "lone\udc80surrogate", "c1\x9b31m", '=cmd"a,b"')


def each_family(usual: float, **unusual: float) -> dict[str, float]:
    """A value for each family of the catalogue."""
    assert unusual.keys() <= set(FAMILY_IDS)
    return dict.fromkeys(FAMILY_IDS, usual) | unusual


HEADER = Header(
    exchange="binanceusdm",
    market="swap",
    simulated=False,
    timeframe="1h",
    bars=1500,
    dialect="lts",
    preset="intraday",
    modified=(),
    params={
        "dialect": "lts",
        "families": list(FAMILY_IDS),
        "ema_len": 28,
        "lambda": 0.02,
        "long_threshold": 0.1,
        "short_threshold": -0.1,
        "strategy": False,
    },
    params_hash="ab" * 32,
    cuts=(0.1, -0.1),
    backend=Decision("rust", "fastest of 2 that can run here: about 9 ms for 217 series"),
    generated_at_ms=BAR + HOUR + 240_000,
    bar_time_ms=BAR,
    data_age_ms=240_000,
    include_open=False,
    timings_ms={"fetch": 1234.5, "compute": 31.2},
)

ROW = ScanRow(
    rank=1,
    exchange="binanceusdm",
    symbol="BTC/USDT:USDT",
    side=Side.LONG,
    signal=1.0,
    families=each_family(0.0, ema=0.42, hma=0.11, wma=0.1, dema=0.0, lsma=-0.07, kama=-0.9),
    weights=each_family(1.0, ema=1.25, hma=0.25, wma=1.0, dema=1.1, lsma=0.1 + 0.2, kama=2.0),
    price=109_876.5,
    flipped_at_ms=BAR - 3 * HOUR,
    age_bars=3,
    bars=1500,
    gap_bars=0,
    grid=1,
    bar_time_ms=BAR,
    bar_ms=HOUR,
    forming=False,
    closes=tuple(100 + 10 * math.sin(i / 5) for i in range(40)),
    measured={"change_24h_frac": 0.0123, "quote_volume": 12_345_678_901.0},
    rank_before=4,
    new=False,
)


def row(rank: int, symbol: str, signal: float = 1.0, **changes: object) -> ScanRow:
    """A row like ROW; its side follows the sign of the signal, and what is no field of a row is measured."""
    side = Side.LONG if signal > 0.1 else Side.SHORT if signal < -0.1 else Side.NEUTRAL
    held = {"rank": rank, "symbol": symbol, "signal": signal, "side": side}
    held |= {key: value for key, value in changes.items() if key in ScanRow.__dataclass_fields__}
    return replace(ROW, **held, measured=ROW.measured | {key: changes[key] for key in changes if key not in held})


def wave(seed: int) -> tuple[float, ...]:
    return tuple(1 + math.sin(i / (2 + seed % 5)) + i * 0.03 * (-1) ** seed for i in range(40))


def market() -> tuple[ScanRow, ...]:
    """What a real scan looks like, long names, tiny prices and young symbols included."""
    return (
        ROW,
        row(2, LONGEST, -1.0, price=0.0012345, grid=7, change_24h_frac=-0.0845, quote_volume=4.2e6, age_bars=0,
            flipped_at_ms=BAR, closes=wave(1), families=dict.fromkeys(FAMILY_IDS, -0.5), rank_before=None, new=True),
        row(3, "PEPE/USDT:USDT", 0.9731, price=0.00000701, grid=8, change_24h_frac=0.3131, quote_volume=987e6,
            age_bars=41, flipped_at_ms=BAR - 41 * HOUR, closes=wave(2), families=dict.fromkeys(FAMILY_IDS, 0.31)),
        row(4, CHINESE, -0.8125, price=0.1734, grid=4, change_24h_frac=-0.0001, quote_volume=55e6, age_bars=12,
            flipped_at_ms=BAR - 12 * HOUR, closes=wave(3)),
        row(5, "SATS/BTC", 0.7718, price=1e-8, grid=8, change_24h_frac=0.0, quote_volume=None, age_bars=1203,
            flipped_at_ms=BAR - 1203 * HOUR, closes=wave(4)[:11]),
        row(6, "ETH/USDT:USDT", -0.5, price=3871.02, grid=2, change_24h_frac=12.5, quote_volume=999_950.0,
            age_bars=9000, flipped_at_ms=BAR - 9000 * HOUR, closes=wave(5), families={"ema": -0.3, "kama": 0.05}),
        row(7, "STABLE/USDT", 0.0, price=1.0, grid=4, change_24h_frac=None, quote_volume=3.0, age_bars=None,
            flipped_at_ms=None, closes=(1.0,) * 40, families=dict.fromkeys(FAMILY_IDS, 0.0)),
    )  # fmt: skip


BREADTH = {Side.LONG: 4, Side.SHORT: 5, Side.NEUTRAL: 91}
SKIPPED = (
    Skipped("NEW/USDT:USDT", SkipReason.TOO_FEW_BARS, "needs 66 bars, has 12", "binanceusdm"),
    Skipped(
        "DEAD/USDT:USDT", SkipReason.STALE, "last bar 2025-10-23T02:00:00+00:00 is 6 bars behind", "binanceusdm", 6
    ),
    Skipped(ESCAPE, SkipReason.FETCH_FAILED, "502 \x1b]0;owned\x07 Bad Gateway", "binanceusdm"),
)


def result(rows: tuple[ScanRow, ...] | None = None, **changes: object) -> ScanResult:
    """A scan of `rows`; changes go to the header where it has such a field, else to the result."""
    fields = Header.__dataclass_fields__
    header = replace(HEADER, **{key: value for key, value in changes.items() if key in fields})
    rest = {key: value for key, value in changes.items() if key not in fields}
    rows = market() if rows is None else rows
    given = {
        "rows": rows,
        "skipped": SKIPPED,
        "scanned": len(rows) + 3 + 93,
        "hidden": {"NEUTRAL": 90, "--top": 3},
        "breadth": BREADTH,
        **rest,
    }
    return ScanResult(header=header, **given)


# Families that the numbers above say nothing special about.
PLAIN_FAMILIES = len(FAMILIES) - 6
CONTRIBUTIONS = each_family(0.0, ema=1.25 / 5.9, hma=0.25 / 5.9, kama=-2.0 / 5.9)


def explained(multiplier: float = 1.03, lengths: int = 28, **changes: object) -> ExplainResult:
    """One symbol taken apart."""
    offsets = (0, 1, 2, 4, 6, -1, -2, -4, -6)
    views = tuple(
        FamilyView(
            id=family.id,
            title=family.title,
            members=tuple(
                Member(length=lengths + o, sign=(1, -1, 0)[(i + o) % 3], equity=0.25 + (i * 7 + o + 6) ** 2 / 3)
                for o in offsets
            ),
            signal=ROW.families[family.id],
            weight=ROW.weights[family.id],
            contribution=CONTRIBUTIONS[family.id],
        )
        for i, family in enumerate(FAMILIES)
    )
    given = {"header": HEADER, "row": ROW, "families": views, "direction": None, "lag_bars": 0, **changes}
    return ExplainResult(series=series(), multiplier=multiplier, **given)


def series() -> Series:
    """Values that lose bits easily, in the order of time."""
    hard = [math.nan, -0.0, 0.0, 0.1 + 0.2, 5e-324, 1.7976931348623157e308, -1 / 3, 1e-7, 123456789.123456789]
    columns = {"EMA_Signal": np.array(hard), "Average_Signal": np.array(hard[::-1])}
    return Series(np.arange(len(hard), dtype=np.int64) * HOUR + BAR, columns)
