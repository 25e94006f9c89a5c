"""What can lie where a file of ours was."""

import os
from pathlib import Path

FOREIGN = ["folder", "fifo", "link", "link to nowhere"]


def in_place_of(path: Path, what: str) -> Path:
    """Something that is no file of ours, where `path` was; where that is now."""
    kept = path.with_name(f"kept {path.name}")
    path.replace(kept)
    if what == "folder":
        path.mkdir()
    elif what == "fifo":
        os.mkfifo(path)
    elif what == "link":
        path.symlink_to(kept)
    else:
        path.symlink_to(path.with_name("nowhere"))
    return kept
