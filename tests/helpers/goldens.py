"""The golden cases: ours, and the recorded ones where they are at hand."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from atc_cli.domain.catalog import FAMILIES, Dialect, Robustness
from atc_cli.domain.panel import Candles, Panel, RawCandles, check
from atc_cli.domain.params import Params, Source
from tests.conftest import ROOT, SHARED

GOLDEN = ROOT / "tests" / "golden"
_LENGTHS = {
    "ema": "ema_len",
    "hma": "hull_len",
    "wma": "wma_len",
    "dema": "dema_len",
    "lsma": "lsma_len",
    "kama": "kama_len",
}


@dataclass(frozen=True)
class Case:
    """One golden case in one dialect."""

    name: str
    folder: Path
    data: str
    expected: str
    dialect: Dialect
    inputs: dict[str, object]
    grid: object

    @property
    def label(self) -> str:
        return f"{self.dialect.value}-{self.name}"

    @property
    def timeframe(self) -> str:
        """The timeframe of the data: the shortest step between its bars."""
        steps = {3_600_000: "1h", 900_000: "15m", 300_000: "5m", 86_400_000: "1d", 14_400_000: "4h"}
        return steps[int(np.diff(self._table()["timestamp"].to_numpy()).min())]

    def _table(self) -> dict[str, object]:
        table = pq.read_table(self.folder / self.data)
        return {name: table[name] for name in table.column_names}

    def params(self) -> Params:
        get = self.inputs.__getitem__
        return Params(
            dialect=self.dialect,
            lengths=tuple(int(get(_LENGTHS[family.id])) for family in FAMILIES),
            weights=tuple(float(get(f"{family.id}_w")) for family in FAMILIES),
            robustness=Robustness(str(get("robustness")).lower()),
            lambda_=get("lam"),
            decay=get("decay"),
            cutout=get("cutout"),
            long_threshold=get("Long_threshold"),
            short_threshold=get("Short_threshold"),
            source=Source(get("src")),
            strategy=get("strategy"),
        )

    def flags(self) -> list[str]:
        """The same parameters as flags of `atc`."""
        p = self.params()
        flags = {"dialect": p.dialect, "robustness": p.robustness, "source": p.source, "cutout": p.cutout}
        flags |= {"lambda": p.lambda_, "decay": p.decay}
        flags |= {"long-threshold": p.long_threshold, "short-threshold": p.short_threshold}
        for family, length, weight in zip(FAMILIES, p.lengths, p.weights, strict=True):
            flags |= {f"{family.id}-len": length, f"{family.id}-weight": weight}
        words = [f"--{key}={value}" for key, value in flags.items()]
        return [*words, "--strategy"] if p.strategy else words

    def candles(self) -> Candles:
        table = self._table()
        values = np.stack([table[name].to_numpy() for name in ("open", "high", "low", "close", "volume")], axis=1)
        stamps = table["timestamp"].to_numpy().astype(np.float64)
        checked = check(
            RawCandles(exchange="golden", symbol=self.name, timeframe=self.timeframe, timestamp=stamps, values=values)
        )
        assert isinstance(checked, Candles), checked
        return checked

    def panel(self) -> Panel:
        return Panel.of([self.candles()])

    def columns(self) -> dict[str, np.ndarray]:
        table = pq.read_table(self.folder / self.expected)
        return {name: table[name].to_numpy().astype(np.float64) for name in table.column_names if name != "timestamp"}


def cases() -> list[Case]:
    """Our own synthetic cases, and the recorded ones where they are at hand."""
    recorded = SHARED / "golden"
    real = [case for case in _read(recorded) if case.name.startswith("real_")] if recorded.is_dir() else []
    return [*_read(GOLDEN), *real]


def _read(folder: Path) -> Iterator[Case]:
    document = json.loads((folder / "cases.json").read_text())
    for case in document["cases"]:
        for dialect in Dialect:
            if case[dialect.value]:
                inputs = {**document["defaults"], **case["params"]}
                yield Case(case["case"], folder, case["data"], case[dialect.value], dialect, inputs, case["grid"])


def same(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Where two arrays hold the same value: NaN equals NaN, -0.0 equals 0.0."""
    return (a == b) | (np.isnan(a) & np.isnan(b))
