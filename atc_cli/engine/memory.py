"""How much memory this process may still fill."""

import os
from collections.abc import Iterator
from pathlib import Path

# what a control group may use, what it uses, and what of that is files that nobody read lately: version 2, then 1
_GROUPS = (
    ("sys/fs/cgroup", "memory.max", "memory.current", "inactive_file"),
    ("sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
)


def free_bytes(root: Path = Path("/")) -> int | None:
    """What is available here, or left of what the control group may use, whichever is less; None: nobody says."""
    known = [*_available(root), *_left(root)]
    return max(min(known), 0) if known else None


def _available(root: Path) -> Iterator[int]:
    try:
        lines = (root / "proc/meminfo").read_text(encoding="ascii").splitlines()
        yield from (int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, ValueError, IndexError):
        names = getattr(os, "sysconf_names", {})
        if root == Path("/") and {"SC_AVPHYS_PAGES", "SC_PAGE_SIZE"} <= names.keys():
            yield os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _left(root: Path) -> Iterator[int]:
    for folder, limit, used, reclaimed in _GROUPS:
        try:
            most, taken, figures = ((root / folder / name).read_text() for name in (limit, used, "memory.stat"))
            files = [int(line.split()[1]) for line in figures.splitlines() if line.split()[:1] == [reclaimed]]
            yield int(most) - int(taken) + sum(files)
        except (OSError, ValueError, IndexError):  # "max" is no number: there is no limit
            continue
