"""Samples as pictures: a flame graph as a static SVG, and a file for speedscope."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.sax.saxutils import escape, quoteattr

from atc_cli.domain.results.profile import Samples
from atc_cli.reporting.documents import dumps
from atc_cli.reporting.text import printable

SPEEDSCOPE_SCHEMA = "https://www.speedscope.app/file-format-schema.json"
_WIDTH, _ROW, _MARGIN, _HEAD = 1200.0, 17, 10, 44
_LEAST_WIDTH = 0.4
_CHAR_WIDTH = 6.6
_OURS, _OTHERS, _NATIVE = ("atc_cli/",), (".py",), (".rs", ".so", ".dylib", ".pyd")
# hues: our Python, other Python, compiled code
_HUES = ((20, _OURS), (205, _OTHERS), (130, _NATIVE))


@dataclass(slots=True)
class _Box:
    """A frame above its caller."""

    name: str
    count: int = 0
    above: "dict[str, _Box]" = field(default_factory=dict)

    def depth(self) -> int:
        return 1 + max((each.depth() for each in self.above.values()), default=0)


def _tree(samples: Samples) -> _Box:
    root = _Box("all", samples.total)
    for stack, count in samples.stacks:
        box = root
        for name in stack:
            box = box.above.setdefault(name, _Box(name))
            box.count += count
    return root


def flame_svg(samples: Samples, title: str, note: str) -> str:
    """A box a frame, as wide as its share of the samples, callers below; its title tells name, samples and share."""
    root = _tree(samples)
    rows = root.depth()
    height = _HEAD + rows * _ROW + _MARGIN
    boxes = "\n".join(_boxes(root, 0, 0.0, rows, root.count))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH + 2 * _MARGIN:.0f}" height="{height}" '
        f'font-family="monospace" font-size="11">\n<rect width="100%" height="100%" fill="#fffdf8"/>\n'
        f'<text x="{_MARGIN}" y="18" font-size="14">{escape(printable(title))}</text>\n'
        f'<text x="{_MARGIN}" y="34" fill="#666">{escape(printable(note))}</text>\n{boxes}\n</svg>\n'
    )


def _boxes(box: _Box, level: int, left: float, rows: int, total: int) -> Iterator[str]:
    width = box.count / max(total, 1) * _WIDTH
    if width < _LEAST_WIDTH:
        return
    x, y = _MARGIN + left, _HEAD + (rows - 1 - level) * _ROW
    name = printable(box.name)
    told = escape(f"{name}: {box.count} samples, {box.count / max(total, 1):.1%}")
    fits = int((width - 4) / _CHAR_WIDTH)
    label = name if len(name) <= fits else f"{name[: fits - 2]}.." if fits > 4 else ""
    text = f'<text x="{x + 3:.1f}" y="{y + 12}">{escape(label)}</text>' if label else ""
    yield (
        f'<g><title>{told}</title><rect x="{x:.1f}" y="{y}" width="{width:.2f}" height="{_ROW - 1}" '
        f"fill={quoteattr(_colour(box.name))}/>{text}</g>"
    )
    for each in box.above.values():
        yield from _boxes(each, level + 1, left, rows, total)
        left += each.count / max(total, 1) * _WIDTH


def _colour(name: str) -> str:
    """By where the code comes from, a shade by its name."""
    hue = next((hue for hue, marks in _HUES if any(mark in name for mark in marks)), 0)
    shade = hashlib.sha256(name.encode("utf-8", "replace")).digest()[0]
    return f"hsl({hue},{55 + shade % 30}%,{68 + shade % 14}%)"


def speedscope_json(samples: Samples, title: str) -> str:
    """A sampled profile, a sample being its own weight."""
    names: dict[str, int] = {}
    stacks = [[names.setdefault(name, len(names)) for name in stack] for stack, _ in samples.stacks]
    document = {
        "$schema": SPEEDSCOPE_SCHEMA,
        "exporter": "atc profile",
        "name": title,
        "shared": {"frames": [{"name": name} for name in names]},
        "profiles": [
            {
                "type": "sampled",
                "name": title,
                "unit": "none",
                "startValue": 0,
                "endValue": samples.total,
                "samples": stacks,
                "weights": [count for _, count in samples.stacks],
            }
        ],
    }
    return dumps(document) + "\n"
