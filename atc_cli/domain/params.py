"""The inputs of the indicator: their ranges, their members, their identity."""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from atc_cli.domain.catalog import (
    FAMILIES,
    FAMILY_IDS,
    LENGTH_MAX,
    OFFSETS,
    Dialect,
    Family,
    Robustness,
    Source,
    member_lengths,
)

LENGTH = 28
TRADINGVIEW_CUT = 0.49


class OutOfRangeError(ValueError):
    """An input outside its range; `names` are the keys that a person sets, the one in the message first."""

    def __init__(self, message: str, *names: str) -> None:
        super().__init__(message)
        self.names = names


def in_range(name: str, value: object, ok: bool, allowed: str, *others: str) -> None:
    """Raise OutOfRangeError naming the parameter, its value and the range unless `ok`."""
    if not ok:
        raise OutOfRangeError(f"{name.replace('_', '-')} is {value!r}, allowed: {allowed}", name, *others)


@dataclass(frozen=True, slots=True, kw_only=True)
class Params:
    """Every input that can change a value (spec/ATC.md, section 1).

    `lengths` and `weights` follow the family order of the catalogue; `lambda_` and `decay` are the
    unscaled inputs (0.02 and 0.03 mean L = 2e-5 per bar and De = 3e-4 per bar); `cutout` is in bars;
    `families` are the ones that take part, in catalogue order.
    """

    dialect: Dialect = Dialect.LTS
    lengths: tuple[int, ...] = (LENGTH,) * len(FAMILIES)
    weights: tuple[float, ...] = (1.0,) * len(FAMILIES)
    robustness: Robustness = Robustness.MEDIUM
    lambda_: float = 0.02
    decay: float = 0.03
    cutout: int = 0
    long_threshold: float = 0.1
    short_threshold: float = -0.1
    source: Source = Source.CLOSE
    families: tuple[str, ...] = FAMILY_IDS
    strategy: bool = False

    def __post_init__(self) -> None:
        self._check_names()
        finite = math.isfinite
        in_range("lambda", self.lambda_, finite(self.lambda_) and self.lambda_ > 0, "> 0")
        in_range("decay", self.decay, 0 <= self.decay < 100, "0 <= decay < 100")
        in_range("cutout", self.cutout, self.cutout >= 0, "0 <= cutout < bars")
        in_range("long_threshold", self.long_threshold, finite(self.long_threshold), "a finite number")
        above = finite(self.short_threshold) and self.short_threshold < self.long_threshold
        below = f"< long-threshold ({self.long_threshold!r})"
        in_range("short_threshold", self.short_threshold, above, below, "long_threshold")
        for family, base, weight in self.used():
            name = f"{family.id}_weight"
            in_range(name, weight, finite(weight) and weight > 0, "> 0")
            self._check_length(family, base)
        for name in ("decay", "long_threshold", "short_threshold"):
            object.__setattr__(self, name, getattr(self, name) + 0.0)  # -0.0 is 0, in every hash too

    def _check_names(self) -> None:
        for name, value, kind in (
            ("dialect", self.dialect, Dialect),
            ("robustness", self.robustness, Robustness),
            ("source", self.source, Source),
        ):
            in_range(name, value, isinstance(value, kind), ", ".join(kind))
        if not self.families:
            raise OutOfRangeError("families is empty, allowed: at least one family", "families")
        for family in self.families:
            in_range("families", family, family in FAMILY_IDS, ", ".join(FAMILY_IDS))
        for name, values in (("lengths", self.lengths), ("weights", self.weights)):
            in_range(name, values, len(values) == len(FAMILIES), f"one for each of {', '.join(FAMILY_IDS)}")

    def _check_length(self, family: Family, base: int) -> None:
        name = f"{family.id}_len"
        reach = OFFSETS[self.robustness][-1]
        smallest = family.smallest[self.dialect] + reach
        if base < smallest:
            member = f"its member {base}-{reach} = {base - reach}"
            rule = (
                f"{member} is below {family.smallest[self.dialect]}, the smallest for {family.title} in {self.dialect}"
            )
            said = f"{name.replace('_', '-')} is {base}: {rule}; allowed: {smallest} to {LENGTH_MAX}"
            raise OutOfRangeError(said, name, "robustness", "dialect")
        in_range(name, base, base <= LENGTH_MAX, f"{smallest} to {LENGTH_MAX}")

    @property
    def cuts(self) -> tuple[float, float]:
        """A family signal counts as +1 above the first and as -1 below the second (sections 4 and 5)."""
        if self.dialect is Dialect.TRADINGVIEW:
            return TRADINGVIEW_CUT, -TRADINGVIEW_CUT
        return self.long_threshold, self.short_threshold

    def used(self) -> Iterator[tuple[Family, int, float]]:
        """(family, base length, start weight) of the families that take part, in order."""
        for family, base, weight in zip(FAMILIES, self.lengths, self.weights, strict=True):
            if family.id in self.families:
                yield family, base, weight

    def members(self) -> list[list[int] | None]:
        """Nine member lengths per family in catalogue order; None where a family takes no part."""
        return [
            list(member_lengths(base, self.robustness)) if family.id in self.families else None
            for family, base in zip(FAMILIES, self.lengths, strict=True)
        ]

    @property
    def warmup_bars(self) -> int:
        """Bars that a series needs: the largest first-defined bar of all members in use, plus 2."""
        return 2 + max(
            family.first_defined(self.dialect, n)
            for family, base, _ in self.used()
            for n in member_lengths(base, self.robustness)
        )

    def document(self) -> dict[str, object]:
        """Every parameter that can change a value, as plain JSON values, in a fixed order."""
        used = list(self.used())
        return {
            "dialect": self.dialect.value,
            "families": [family.id for family, _, _ in used],
            **{f"{family.id}_len": base for family, base, _ in used},
            **{f"{family.id}_weight": weight for family, _, weight in used},
            "robustness": self.robustness.value,
            "lambda": self.lambda_,
            "decay": self.decay,
            "cutout": self.cutout,
            "long_threshold": self.long_threshold,
            "short_threshold": self.short_threshold,
            "source": self.source.value,
            "strategy": self.strategy,
        }


def document_hash(document: Mapping[str, object]) -> str:
    """sha256 over canonical JSON (sorted keys, no spaces): equal parameters, equal hash."""
    import hashlib  # brings OpenSSL, which no --help needs

    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(canonical.encode()).hexdigest()
