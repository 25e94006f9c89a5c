"""Where the window begins whose value a backtest takes at a bar. Nothing heavy is imported: settings hold one."""

import re
from dataclasses import dataclass
from enum import StrEnum

from atc_cli.errors import nearest

EVERY_MAX = 1_000_000
_FORMS = ("rolling", "rolling:N", "fixed", "origin")
_ROLLING = re.compile(r"rolling:(\d{1,12})", re.ASCII)


class Kind(StrEnum):
    """Whether the first bar of the window moves along, stays where it was, or is the first of the series."""

    ROLLING = "rolling"
    FIXED = "fixed"
    ORIGIN = "origin"


@dataclass(frozen=True, slots=True)
class Anchor:
    """How the first bar of a window follows from its last; `every` is the N of rolling:N, in bars."""

    kind: Kind = Kind.ROLLING
    every: int = 1

    @classmethod
    def parse(cls, text: str) -> "Anchor":
        """Of rolling, rolling:N, fixed or origin; ValueError for anything else."""
        said = text.strip().casefold()
        rolling = _ROLLING.fullmatch(said)
        if rolling:
            every = int(rolling[1])
            if not 1 <= every <= EVERY_MAX:
                raise ValueError(f"rolling:{every} is out of range, allowed: rolling:1 to rolling:{EVERY_MAX}")
            return cls(Kind.ROLLING, every)
        if said not in set(Kind):
            close = nearest(said, _FORMS)
            hint = f"; did you mean {close!r}?" if close else ","
            raise ValueError(f"{text!r} is no anchor{hint} allowed: {', '.join(_FORMS)}")
        return cls(Kind(said))

    def __str__(self) -> str:
        return f"{self.kind}:{self.every}" if self.every > 1 else self.kind.value

    @property
    def is_scan(self) -> bool:
        """Whether every bar has a window of its own, the scan's."""
        return self.kind is Kind.ROLLING and self.every == 1

    @property
    def words(self) -> str:
        """What it is, in a sentence."""
        if self.kind is Kind.FIXED:
            return "one window that begins where the scan's window at the start began, and grows from there"
        if self.kind is Kind.ORIGIN:
            return "one run from the first bar of each symbol, whatever window a scan would have loaded"
        if self.every == 1:
            return "the scan at every bar: each value is that of the window that a scan would have loaded then"
        return f"the scan's window, loaded anew every {self.every} bars from the start and grown in between"
