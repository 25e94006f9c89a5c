"""Seeded defects of the kernels, each of which must be caught: `python -m tests.helpers.cuda.mutants`."""

import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from atc_cli.engine.cuda.sources import source
from tests.gpu.cases import cases
from tests.helpers.cuda.checked import faults, few, under


class Mutant(NamedTuple):
    """A text of the source and what stands there instead; who must notice: values, asan or tsan."""

    name: str
    old: str
    new: str
    catcher: str = "values"


_BARRIER = "            __syncthreads();\n        }\n    }\n}"
MUTANTS = (
    Mutant("no barrier between tiles", _BARRIER, "        }\n    }\n}"),
    Mutant("no barrier between tiles, seen as a race", _BARRIER, "        }\n    }\n}", "tsan"),
    Mutant("a barrier that ended lanes skip", _BARRIER, _BARRIER.replace("__sync", "if (there) __sync")),
    Mutant("prices overwritten while in use", "#define PRICE_TILES 3", "#define PRICE_TILES 2"),
    Mutant("prices overwritten, seen as a race", "#define PRICE_TILES 3", "#define PRICE_TILES 2", "tsan"),
    Mutant("votes overwritten while in use", "#define VOTE_TILES 2", "#define VOTE_TILES 1"),
    Mutant("shared votes too small", "equity, VOTE_TILES * CELLS", "equity, VOTE_TILES * (CELLS - 1)", "asan"),
    Mutant("a lane behind the last one", "step, lane < lanes ? lane : first)", "step, lane)", "asan"),
    Mutant("a thread too many in atc_scales", "if (lane >= lanes) return;", "if (lane > lanes) return;", "asan"),
    Mutant("no bound in atc_decimals", "if (i >= (size_t)count) return;", "", "asan"),
    Mutant("a bar behind the end", "if (t >= it.bars) break;", "if (t > it.bars) break;", "asan"),
    Mutant("lay without its first barrier", "        __syncthreads();\n#pragma unroll 1\n", "#pragma unroll 1\n"),
    Mutant("lay without its second barrier", "        __syncthreads();\n    }\n}", "    }\n}", "tsan"),
    Mutant("[bar][lane] read as [lane][bar]", "laid[(size_t)t * (size_t)lanes + (size_t)lane]",
           "laid[(size_t)lane * (size_t)longest + (size_t)t]"),
    Mutant("a 16-bit index", "return it.base + (size_t)t * it.step;", "return it.base + (unsigned char)t * it.step;"),
    Mutant("a ring of two blocks", "* gridDim.x + blockIdx.x) * blockDim.x", "* gridDim.x) * blockDim.x", "tsan"),
    Mutant("state of the last lanes kept", "if (role == RIDES) mount(", "if (role == RIDES && first < 24) mount("),
    Mutant("float in place of double", "const double z = ratio", "const float z = ratio"),
    Mutant("a fused step of EMA", "first = first + me.constants[0] * (bar.source - first);\n        second",
           "first = fma(me.constants[0], bar.source - first, first);\n        second"),
    Mutant("a member without a vote", "member < MEMBERS; ++member", "member < MEMBERS - 1; ++member"),
    Mutant("no renewal", "return !on_grid(it) && t > full", "return on_grid(it) && t > full"),
    Mutant("renewal a bar late", "t % RENEWAL == 0;", "t % RENEWAL == 1;"),
    Mutant("the floors of the dialects swapped", "return equity < (TV ? TOLERATED : 0.25) ? 0.25 : equity;",
           "return equity < (TV ? 0.25 : TOLERATED) ? 0.25 : equity;"),
    Mutant("an equal close crosses", "const bool le = close <= average, ge", "const bool le = close < average, ge"),
    Mutant("layer 2 of the bar after", "shared.rate[price_row * ATC_LANES", "shared.rate[(price_row ^ 1) * ATC_LANES"),
    Mutant("the idle gain forgotten", "TV ? me.idle : 0.0", "0.0"),
    Mutant("the first grid is the finest", "k = bits >> i & 1 ? i : k;", "k = k < 0 && (bits >> i & 1) ? i : k;"),
    Mutant("ticks of prices beyond the bound", "if (!(largest_ticks(", "if (false && !(largest_ticks("),
    Mutant("a sum that never restarts", "return carry != 0.0 && x != 0.0", "return false && x != 0.0"),
    Mutant("strategy without delay", "average = me.before;", ""),
    Mutant("a flip at bar 0", "if (t > 0 && side != me.side)", "if (side != me.side)"),
)  # fmt: skip


def caught(mutant: Mutant) -> bool:
    """Whether the checks notice."""
    whole = source()
    assert whole.count(mutant.old) == 1, f"{mutant.name}: {mutant.old!r} is not once in the source"
    text = whole.replace(mutant.old, mutant.new, 1)
    if mutant.catcher == "values":
        some = [*few(), *(case for case in cases() if case.panel.width > 300)]
        return next(faults(some, text), None) is not None
    with TemporaryDirectory() as folder:
        file = Path(folder) / "mutant.cu"
        file.write_text(text)
        return under(mutant.catcher, str(file)).returncode != 0


def main() -> int:
    """All of them."""
    missed = []
    for mutant in MUTANTS:
        began = time.perf_counter()
        found = caught(mutant)
        missed += [] if found else [mutant.name]
        took = time.perf_counter() - began
        sys.stdout.write(
            f"{'caught' if found else 'MISSED'} by {mutant.catcher:6s} {took:5.1f} s  {mutant.name}" + "\n"
        )
        sys.stdout.flush()
    sys.stdout.write(f"{len(MUTANTS) - len(missed)} of {len(MUTANTS)} mutants caught\n")
    return bool(missed)


if __name__ == "__main__":
    sys.exit(main())
