"""Samples of a sampler: read, names made readable, the widest frames."""

import re
from collections import Counter
from collections.abc import Iterable

from atc_cli.domain.results.profile import Frame, Sampled, Samples

_HASH = re.compile(r"::h[0-9a-f]{16}\b")
_ESCAPES = {
    "$LT$": "<",
    "$GT$": ">",
    "$LP$": "(",
    "$RP$": ")",
    "$RF$": "&",
    "$BP$": "*",
    "$SP$": "@",
    "$C$": ",",
}
_ESCAPED = re.compile(r"\$u([0-9a-f]{1,6})\$|\$[A-Z]{1,2}\$")
_LINE = re.compile(r":\d+\)$")
_CRATE = re.compile(r"Cs[0-9A-Za-z]*_")
_LENGTH = re.compile(r"(\d+)_?")
# outermost of what Python itself runs; what has no frame of Python at all is its start and its end
_MAIN_THREAD = ("_run_module_as_main", "_start", "__libc_start", "0x")


def cleaned(name: str) -> str:
    """The name of a frame as its author wrote it: {{closure}} for $u7b$$u7b$closure$u7d$$u7d$, :: for .., no hash."""
    head, parenthesis, where = name.rpartition(" (")
    head = head if parenthesis else name
    if head.startswith("_R"):
        head = _path_of(head)
    head = _ESCAPED.sub(_unescaped, _HASH.sub("", head)).replace("_<", "<").replace("_{{", "{{").replace("..", "::")
    return f"{head}{parenthesis}{where}" if parenthesis else head


def _path_of(mangled: str) -> str:
    """The names in a symbol of Rust's newer mangling, each of which stands behind its length; the rest is left out."""
    rest, names = _CRATE.sub("", mangled), []
    while found := _LENGTH.search(rest):
        stop = found.end() + int(found[1])
        names.append(rest[found.end() : stop])
        rest = rest[stop:]
    return "::".join(names) or mangled


def _unescaped(found: re.Match[str]) -> str:
    code = found[1]
    return chr(int(code, 16)) if code else _ESCAPES.get(found[0], found[0])


def parsed(raw: str) -> Samples:
    """Of lines `frame;frame;frame count`, the outermost frame first; equal stacks become one."""
    stacks: Counter[tuple[str, ...]] = Counter()
    for line in raw.splitlines():
        stack, _, count = line.rpartition(" ")
        if stack and count.isdigit():
            stacks[tuple(map(cleaned, stack.split(";")))] += int(count)
    return Samples(tuple(stacks.items()))


def below(samples: Samples, frame: str) -> Samples:
    """Stacks that have a frame which begins so, from the frame above it on; those of other threads are kept whole."""
    kept: Counter[tuple[str, ...]] = Counter()
    for stack, count in samples.stacks:
        at = next((place for place, name in enumerate(stack) if name.startswith(frame)), None)
        if at is not None and at + 1 < len(stack):
            kept[stack[at + 1 :]] += count
        elif at is None and not any(name.startswith(_MAIN_THREAD) for name in stack):
            kept[stack] += count
    return Samples(tuple(kept.items()))


def widest(samples: Samples, most: int = 3) -> list[Frame]:
    """The frames that most samples found at work themselves, whatever called them and at whichever line."""
    own: Counter[str] = Counter()
    within: Counter[str] = Counter()
    for stack, count in samples.stacks:
        own[_function(stack[-1])] += count
        for name in set(map(_function, stack)):
            within[name] += count
    total = max(samples.total, 1)
    return [Frame(name, count / total, within[name] / total) for name, count in own.most_common(most)]


def _function(frame: str) -> str:
    return _LINE.sub(")", frame)


def unnamed_frac(samples: Samples) -> float:
    """The share of samples at work in a frame without a name."""
    unnamed: Iterable[int] = (count for stack, count in samples.stacks if stack[-1].startswith("0x"))
    return sum(unnamed) / max(samples.total, 1)


def sampled(samples: Samples, conditions: str) -> Sampled:
    """With the widest frames; `conditions` is what has to be known to read them."""
    return Sampled(
        samples=samples, widest=tuple(widest(samples)), unnamed_frac=unnamed_frac(samples), conditions=conditions
    )
