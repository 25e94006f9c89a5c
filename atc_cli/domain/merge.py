"""Tables over tables: a leaf that settings and exchanges share."""

from collections.abc import Mapping


def merged(ours: Mapping[str, object], theirs: Mapping[str, object]) -> dict[str, object]:
    """`theirs` over `ours`, table by table."""
    both = dict(ours)
    for key, value in theirs.items():
        below = both.get(key)
        if isinstance(value, Mapping):
            both[key] = merged(below if isinstance(below, Mapping) else {}, value)
        else:
            both[key] = value
    return both
