"""The golden cases: ours, and the recorded ones where they are at hand."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from atc_cli.domain.catalog import FAMILIES, FAMILY_IDS, Dialect, Robustness, Source
from atc_cli.domain.growth import growth_table
from atc_cli.domain.panel import Candles, Panel, RawCandles, check
from atc_cli.domain.params import LENGTH, Params
from tests.conftest import ROOT, SHARED

GOLDEN = ROOT / "tests" / "golden"
# Entries j of the table by lambda that are the next float64 above or below ours.
_POW: dict[str, dict[str, list[int]]] = json.loads((GOLDEN / "pow.json").read_text())
_LENGTHS = {family: f"{family}_len" for family in FAMILY_IDS} | {"hma": "hull_len"}


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

    @property
    def families(self) -> tuple[str, ...]:
        """Those that it was recorded with: the catalogue may have grown since."""
        return tuple(family for family in FAMILY_IDS if _LENGTHS[family] in self.inputs)

    @property
    def unused(self) -> set[str]:
        """Columns of the other families."""
        titles = [family.title for family in FAMILIES if family.id not in self.families]
        return {f"{title}_{layer}" for title in titles for layer in ("Signal", "S")}

    def params(self) -> Params:
        get = self.inputs.__getitem__
        return Params(
            dialect=self.dialect,
            families=self.families,
            lengths=tuple(int(self.inputs.get(_LENGTHS[family], LENGTH)) for family in FAMILY_IDS),
            weights=tuple(float(self.inputs.get(f"{family}_w", 1.0)) for family in FAMILY_IDS),
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
        flags["families"] = ",".join(p.families)
        for family, length, weight in p.used():
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

    def recorded_growth(self) -> np.ndarray:
        """The growth table of the run that was recorded: its pow was glibc's, which is not always fdlibm's."""
        table = growth_table(self.params(), len(self.candles()))
        if self.dialect is Dialect.TRADINGVIEW:
            entries = _POW[repr(self.params().lambda_)]
            for places, towards in ((entries["above"], np.inf), (entries["below"], 0.0)):
                there = [j for j in places if j < len(table)]
                table[there] = np.nextafter(table[there], towards)
        return table

    @property
    def rounded_alike(self) -> bool:
        """Whether that table is ours, so that every bit of every column must be."""
        return np.array_equal(self.recorded_growth(), growth_table(self.params(), len(self.candles())))

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
