"""Which window the signal of a bar is of. Imported for --help: no numpy here."""

from dataclasses import dataclass

ROLLING, FIXED, ORIGIN = "rolling", "fixed", "origin"
_ALLOWED = f"{ROLLING}, {ROLLING}:N (N from 2), {FIXED}, {ORIGIN}"


@dataclass(frozen=True, slots=True)
class Anchor:
    """Where windows begin; `every_bars` is how long one is kept with `rolling`."""

    name: str = ROLLING
    every_bars: int = 1

    @classmethod
    def parse(cls, text: str) -> "Anchor":
        """From rolling, rolling:N, fixed or origin; ValueError says what is allowed."""
        name, colon, bars = text.strip().casefold().partition(":")
        if name in (ROLLING, FIXED, ORIGIN) and not colon:
            return cls(name)
        if name == ROLLING and bars.isdecimal() and int(bars) >= 1:
            return cls(name, int(bars))
        raise ValueError(f"{text!r} is no anchor, allowed: {_ALLOWED}")

    def __str__(self) -> str:
        return self.name if self.every_bars == 1 else f"{self.name}:{self.every_bars}"

    @property
    def words(self) -> str:
        """What it is, in a sentence."""
        if self.name == FIXED:
            return "one run from the first bar of the first window: not what a scan shows later on"
        if self.name == ORIGIN:
            return "one run from the first bar there is: not what a scan shows"
        if self.every_bars > 1:
            return f"anchored again every {self.every_bars} bars, a scan's value only then"
        return "at every bar the value of the window that a scan would have loaded"
