"""`python -m tests.mutants [WORDS ..]`: each seeded mutant in a copy of the tree, and the test that killed it.

With words only those whose name or file has one of them. Ends with 1 where one survives that is not proven equal.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.mutants.table import MUTANTS, Mutant

ROOT = Path(__file__).parents[2]
WORKSHOP = ROOT / "target" / "mutants"
TREE = WORKSHOP / "tree"
EXTENSION = "atc_cli/_kernels.abi3.so"
_LIMIT_S = 1200
# built again and again: quickly, and with optimization enough for the tests of Python
_RELEASE = {"LTO": "off", "CODEGEN_UNITS": "16", "INCREMENTAL": "true", "DEBUG": "false", "OPT_LEVEL": "2"}
_FAILED = re.compile(r"^(?:FAILED |ERROR )(\S+?)(?: - |$)|^(?:test )?(\S+) (?:\.\.\.|---) FAILED", re.MULTILINE)


class BrokenError(Exception):
    """Something besides a failing test: the output says what."""


def main() -> None:
    """Run them one after the other, a line each."""
    words = sys.argv[1:]
    chosen = [each for each in MUTANTS if not words or any(word in f"{each.name} {each.file}" for word in words)]
    lay_out()
    for test in dict.fromkeys(each.test for each in chosen):
        killer = failing(test)
        if killer:
            sys.exit(f"{killer} fails without a mutant")
    survivors = [each for each in chosen if not report(each) and not each.equal]
    say(f"{len(chosen)} mutants, {len(survivors)} survive")
    sys.exit(1 if survivors else 0)


def report(mutant: Mutant) -> bool:
    """Run one and say what came of it; whether it was killed."""
    began = time.monotonic()
    try:
        with applied(mutant):
            killer = failing(mutant.test)
    except BrokenError as error:
        say(f"{mutant.name} ({mutant.file}): cannot be tried\n{error}")
        return False
    end = f"killed by {killer}" if killer else f"equal: {mutant.equal}" if mutant.equal else "SURVIVES"
    say(f"{mutant.name} ({mutant.file}): {end} [{time.monotonic() - began:.0f} s]")
    return bool(killer)


def lay_out() -> None:
    """A fresh copy of what git knows of, with the extension."""
    shutil.rmtree(TREE, ignore_errors=True)
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    for name in (*listed.splitlines(), EXTENSION):
        if (ROOT / name).exists():
            (TREE / name).parent.mkdir(parents=True, exist_ok=True)
            # a time of its own: cargo compares it with what was built of a mutant
            shutil.copy(ROOT / name, TREE / name, follow_symlinks=False)


@contextmanager
def applied(mutant: Mutant) -> Iterator[None]:
    """The tree with one mutant in it, and with its extension where the test is Python's."""
    file, extension = TREE / mutant.file, TREE / EXTENSION
    right = file.read_text()
    if right.count(mutant.old) != 1:
        sys.exit(f"{mutant.name}: {mutant.file} has {mutant.old!r} {right.count(mutant.old)} times, it must once")
    try:
        file.write_text(right.replace(mutant.old, mutant.new))
        if mutant.compiled:
            build(extension)
        yield
    finally:
        file.write_text(right)
        if mutant.compiled:
            shutil.copy2(ROOT / EXTENSION, extension)


def build(extension: Path) -> None:
    """The extension of the tree as it is now."""
    profile = {f"CARGO_PROFILE_RELEASE_{key}": value for key, value in _RELEASE.items()}
    done = run(["cargo", "build", "--quiet", "--locked", "--release", "-p", "atc-kernels"], profile)
    if done.returncode:
        raise BrokenError(done.stdout)
    # not over the old one, which another process may have loaded
    extension.unlink(missing_ok=True)
    shutil.copy2(WORKSHOP / "build" / "release" / "lib_kernels.so", extension)


def failing(test: str) -> str | None:
    """The first test that fails in the tree, None where all pass; BrokenError where it is no test that fails."""
    cargo = ["cargo", "test", "--quiet", "--locked", "-p", "atc-core"]
    path, _, chosen = test.partition(" -k ")
    pytest = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:xdist", "-p", "no:cacheprovider", "-rfE", path]
    done = run(
        [*cargo, *shlex.split(test)] if test.startswith("--") else [*pytest, *(["-k", chosen] if chosen else [])]
    )
    found = _FAILED.search(done.stdout)
    if done.returncode and not found:
        raise BrokenError(done.stdout)
    return (found[1] or found[2]) if found and done.returncode else None


def run(command: list[str], more: Mapping[str, str] | None = None) -> "subprocess.CompletedProcess[str]":
    """In the tree, with caches that are the workshop's own."""
    own = {
        "PYTHONPATH": str(TREE),
        "CARGO_TARGET_DIR": str(WORKSHOP / "build"),
        "XDG_CACHE_HOME": str(WORKSHOP / "cache"),
    }
    environment = {**os.environ, **own, **(more or {}), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        command, cwd=TREE, env=environment, check=False, text=True, timeout=_LIMIT_S,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
