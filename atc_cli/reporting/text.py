"""Text that is safe to show: names made harmless, names made files, closes made small pictures."""

import hashlib
import re
from collections.abc import Sequence

from atc_cli.domain.measures.table import SPARK_CLOSES

_LEVELS = "▁▂▃▄▅▆▇"  # without the full block, which would run into the row above
_FLAT = "▄"

# Printable by Unicode's categories, yet drawn as nothing: fillers, variation selectors, the empty braille cell.
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
_PLAIN_NAME = re.compile(r"[A-Z0-9]+(_[A-Z0-9]+)*")
_NAME_MAX = 64


def hidden(char: str) -> bool:
    """Whether a terminal would obey, reorder or not draw the character: controls, bidi, zero width, odd spaces."""
    return not char.isprintable() or _INVISIBLE.match(char) is not None


def printable(text: str) -> str:
    r"""The text with every hidden character as a visible escape: \x1b, \u202e, \U000e0100."""
    if text.isprintable() and not _INVISIBLE.search(text):
        return text
    return "".join(_escape(char) if hidden(char) else char for char in text)


def _escape(char: str) -> str:
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def with_other(names: Sequence[str]) -> str:
    """What follows a preset with other values, for it is no longer that preset."""
    return f" (with other {', '.join(map(printable, names))})" if names else ""


def safe_filename(symbol: str) -> str:
    """A file name (no suffix) for a symbol: ASCII, no separator, no leading dot, at most 75 characters.

    Distinct symbols get distinct names, on file systems that ignore case too: capitals, digits and
    single underscores stay as they are; any other name ends in a hash of the symbol.
    """
    if _PLAIN_NAME.fullmatch(symbol) and len(symbol) <= _NAME_MAX:
        return symbol
    digest = hashlib.sha256(symbol.encode("utf-8", "surrogatepass")).hexdigest()[:10]
    readable = re.sub(r"[^A-Za-z0-9]+", "_", symbol).strip("_")[:_NAME_MAX]
    return f"{readable}-{digest}" if readable else f"symbol-{digest}"


def sparkline(closes: Sequence[float], cells: int = SPARK_CLOSES) -> str:
    """The last 40 closes as block characters, newest right, in at most `cells` cells.

    With fewer cells than closes each cell shows the last close of its share.
    """
    recent = closes[-SPARK_CLOSES:]
    step = spark_step(len(recent), cells)
    shown = recent[::-1][::step][::-1]
    return sparkline_of(shown, min(shown), max(shown)) if shown else ""


def sparkline_of(values: Sequence[float], low: float, high: float) -> str:
    """Values on a scale from low to high as block characters, so that several may share one."""
    if not low < high:
        return _FLAT * len(values)
    span, top = high - low, len(_LEVELS) - 1
    return "".join(map(_LEVELS.__getitem__, map(round, [(value - low) / span * top for value in values])))


def spark_step(closes: int, cells: int) -> int:
    """Closes per cell of a sparkline."""
    return max(1, -(-closes // max(cells, 1)))
