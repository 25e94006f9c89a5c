"""The kernels compiled by g++, kept by content."""

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from atc_cli.engine.cuda.sources import source

HERE = Path(__file__).parent
KERNEL = re.compile(r'extern\s+"C"\s+__global__\s+void\s+(?:__launch_bounds__\([^)]*\)\s*)?(\w+)\s*\(')
SANITIZERS = {
    "": [],
    "asan": ["-fsanitize=address,undefined", "-fno-sanitize-recover=undefined", "-fno-omit-frame-pointer"],
    "tsan": ["-fsanitize=thread"],
}
# More optimizing takes longer than it saves.
FLAGS = ["-O1", "-g", "-std=c++17", "-fPIC", "-ffp-contract=off", "-fno-fast-math", "-Wall", "-Wextra", "-Werror"]
FLAGS += ["-Wno-unknown-pragmas", "-Wno-unused-function", "-Wshadow"]


def compiler() -> str:
    """The C++ compiler; AssertionError that says what to install where there is none."""
    found = shutil.which(os.environ.get("CXX", "g++"))
    assert found, "the CUDA kernels are tested with g++, and there is none here: apt-get install g++, or set CXX"
    return found


def built(text: str | None = None, sanitizer: str = "") -> tuple[Path, list[str]]:
    """The library of a source (the kernels') and the names of its kernels; compiled once for each content."""
    text = source() if text is None else text
    names = KERNEL.findall(text)
    assert names, "no kernel in the source"
    parts = (
        compiler(),
        sanitizer,
        *FLAGS,
        text,
        *((HERE / each).read_text() for each in ("host.hpp", "host.cpp")),
    )
    digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:20]
    folder = Path(tempfile.gettempdir()) / f"atc-cuda-host-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    library = folder / f"{digest}.so"
    if not library.exists():
        with tempfile.TemporaryDirectory(dir=folder) as place:
            _link(Path(place), text, names, sanitizer).rename(library)
    return library, names


def _link(place: Path, text: str, names: list[str], sanitizer: str) -> Path:
    exports = "".join(f"CUHOST_EXPORT({name})\n" for name in names)
    (place / "kernels.cpp").write_text(f"{text}\n{exports}")
    wanted = SANITIZERS[sanitizer]
    # ThreadSanitizer must not look at the scheduler itself.
    of_runtime = [f"-DCUHOST_{sanitizer.upper()}"] * bool(sanitizer) + wanted * (sanitizer != "tsan")
    _compile(
        *FLAGS,
        *wanted,
        "-c",
        "-include",
        str(HERE / "host.hpp"),
        str(place / "kernels.cpp"),
        "-o",
        str(place / "k.o"),
    )
    _compile(*FLAGS, *of_runtime, "-I", str(HERE), "-c", str(HERE / "host.cpp"), "-o", str(place / "h.o"))
    _compile("-shared", "-pthread", *wanted, str(place / "k.o"), str(place / "h.o"), "-o", str(place / "all.so"))
    return place / "all.so"


def _compile(*arguments: str) -> None:
    done = subprocess.run([compiler(), *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[:4000]
