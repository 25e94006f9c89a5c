"""Which code this is: processes whose answers differ would compute other bits."""

import hashlib
import os
from functools import cache
from pathlib import Path

import numpy as np

_CODE = (".py", ".so", ".pyd", ".cu")


@cache
def code_checksum() -> str:
    """Changes with every file of the package, and with numpy: any of them could change a row."""
    package = str(Path(__file__).parent)
    digest = hashlib.sha256(np.__version__.encode())
    # Names as text: with a Path for each of them this takes twice the time, at every scan that remembers rows.
    names = [f"{folder}/{name}" for folder, _, names in os.walk(package) for name in names if name.endswith(_CODE)]
    for name in sorted(names):
        digest.update(f"{name.removeprefix(package)}\n".encode())
        with open(name, "rb", buffering=0) as code:  # noqa: PTH123
            digest.update(code.read())
    return digest.hexdigest()
