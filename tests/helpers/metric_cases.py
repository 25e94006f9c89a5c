"""Returns that the figures of a backtest are compared on, made by the standard library: alike in every version."""

import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE = Path(__file__).parents[1] / "golden" / "metrics" / "empyrical.json"


@dataclass(frozen=True)
class ReturnsCase:
    """Daily returns and those of a benchmark, from a seed; `kind` how they are spread."""

    seed: int
    count: int
    kind: str
    year_days: int

    @property
    def label(self) -> str:
        return f"{self.kind}-{self.count}-{self.year_days}-{self.seed}"

    def returns(self) -> tuple[list[float], list[float]]:
        """Own and benchmark's; related to each other."""
        random_ = random.Random(self.seed)
        own, benchmark = [], []
        for _ in range(self.count):
            market, alone = random_.gauss(0.0005, 0.02), random_.gauss(0.0002, 0.015)
            if self.kind == "tails" and random_.random() < 0.05:
                alone *= 8
            if self.kind == "rare" and random_.random() < 0.7:
                own.append(0.0)
            elif self.kind == "rising":
                own.append(abs(alone))
            else:
                own.append(max(0.6 * market + alone, -0.9))
            benchmark.append(market)
        return own, benchmark


CASES = tuple(
    ReturnsCase(seed, count, kind, year_days)
    for seed, (count, kind, year_days) in enumerate(
        (
            (2, "plain", 365),
            (3, "plain", 252),
            (29, "plain", 365),
            (400, "plain", 365),
            (1000, "plain", 252),
            (700, "tails", 365),
            (300, "rare", 365),
            (200, "rising", 365),
            (2000, "tails", 252),
        )
    )
)


def golden() -> dict[str, Any]:
    """What the other library said of each case, by its label, and its version."""
    read: dict[str, Any] = json.loads(FILE.read_text())
    return read
