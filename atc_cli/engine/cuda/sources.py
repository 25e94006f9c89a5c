"""The kernels' source: one text, because the cache of compiled kernels does not see what a source includes."""

from functools import cache
from importlib.resources import files

# The order in which each finds what it needs before it.
NAMES = ("lane", "grid", "vote", "rider", "lts", "tradingview", "layers", "scan")
# Nothing is fused: a fused product and sum round once where the definition rounds twice.
OPTIONS = ("--std=c++17", "--fmad=false")


@cache
def source() -> str:
    """All kernels."""
    folder = files("atc_cli.engine.cuda") / "kernels"
    return "".join((folder / f"{name}.cu").read_text(encoding="utf-8") for name in NAMES)
