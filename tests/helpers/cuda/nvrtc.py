"""The sources through NVIDIA's compiler, without a GPU: `python -m tests.helpers.cuda.nvrtc [sm_90 ...]`.

Needs nvidia-cuda-nvrtc-cu12, or -cu13, in this environment. Exit code 1 where a kernel spills registers, keeps an array
outside them, does not fit a block, or fuses a product and a sum.
"""

import ctypes
import re
import site
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from atc_cli.engine.cuda.sources import OPTIONS, source

ARCHITECTURES = ("sm_75", "sm_80", "sm_86", "sm_89", "sm_90", "sm_120")
REGISTERS = 65536
# Where families share no lengths a block is so wide that registers are short.
_SPILLED = {"atc_lts_wide": 128}
# A warp is given whole units, and warps come to an SM in fours.
_UNIT, _WARP, _WARPS = 8, 32, 4
_FUSED = re.compile(r"\bfma\.\w+\.f64\b")
_THREADS = re.compile(r"\.entry (\w+)\(.*?\.maxntid (\d+)", flags=re.DOTALL)


@dataclass(slots=True)
class Kernel:
    """What the compiler says of a kernel."""

    name: str
    registers: int = 0
    spilled_bytes: int = 0
    stack_bytes: int = 0
    shared_bytes: int = 0
    threads: int = 0

    def faults(self) -> Iterator[str]:
        """What must not be."""
        allowed = _SPILLED.get(self.name, 0)
        if self.spilled_bytes > allowed or self.stack_bytes > allowed:
            yield f"{self.name} spills {self.spilled_bytes} bytes and keeps {self.stack_bytes} on the stack"
        warps = -(-self.threads // _WARP // _WARPS) * _WARPS
        if -(-self.registers // _UNIT) * _UNIT * warps * _WARP > REGISTERS:
            yield f"{self.name} takes {self.registers} registers in each of {self.threads} threads: no block fits"
        if self.shared_bytes > 48 * 1024:
            yield f"{self.name} takes {self.shared_bytes} bytes of shared memory, allowed: {48 * 1024}"


def library() -> ctypes.CDLL:
    """NVRTC of an installed wheel."""
    folders = [Path(each) for each in (*site.getsitepackages(), *sys.path) if each.endswith("site-packages")]
    patterns = ("nvidia/cuda_nvrtc/lib/libnvrtc.so.1?", "nvidia/cu1?/lib/libnvrtc.so.1?")
    found = sorted(file for folder in folders for pattern in patterns for file in folder.glob(pattern))
    if not found:
        sys.exit("no NVRTC here: pip install nvidia-cuda-nvrtc-cu12")
    return ctypes.CDLL(str(found[-1]))


def compiled(nvrtc: ctypes.CDLL, architecture: str) -> tuple[str, str]:
    """PTX and the compiler's words, as CuPy would have it compile."""
    program, size = ctypes.c_void_p(), ctypes.c_size_t()
    text = source().encode()
    assert nvrtc.nvrtcCreateProgram(ctypes.byref(program), text, b"atc.cu", 0, None, None) == 0
    options = [*OPTIONS, "-ftz=true", f"-arch={architecture}", "--device-as-default-execution-space"]
    options.append("--ptxas-options=-v")
    wanted = (ctypes.c_char_p * len(options))(*(each.encode() for each in options))
    code = nvrtc.nvrtcCompileProgram(program, len(options), wanted)

    def said(what: str) -> str:
        getattr(nvrtc, f"nvrtcGet{what}Size")(program, ctypes.byref(size))
        buffer = ctypes.create_string_buffer(max(size.value, 1))
        getattr(nvrtc, f"nvrtcGet{what}")(program, buffer)
        return buffer.value.decode()

    words = said("ProgramLog")
    if code:
        sys.exit(f"{architecture}: {words}")
    return said("PTX"), words


def kernels(ptx: str, words: str) -> list[Kernel]:
    """Every kernel with what it takes."""
    found: dict[str, Kernel] = {}
    now = Kernel("")
    for line in words.splitlines():
        if entry := re.search(r"Compiling entry function '(\w+)'", line):
            now = found.setdefault(entry[1], Kernel(entry[1]))
        elif stack := re.search(r"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads", line):
            now.stack_bytes, now.spilled_bytes = int(stack[1]), int(stack[2]) + int(stack[3])
        elif used := re.search(r"Used (\d+) registers", line):
            now.registers = int(used[1])
            shared = re.search(r"(\d+) bytes smem", line)
            now.shared_bytes = int(shared[1]) if shared else 0
            now = Kernel("")  # functions that are called follow
    for name, threads in _THREADS.findall(ptx):
        found[name].threads = int(threads)
    return list(found.values())


def main(*architectures: str) -> int:
    """Compile for each."""
    nvrtc, wrong = library(), []
    for architecture in architectures or ARCHITECTURES:
        began = time.perf_counter()
        ptx, words = compiled(nvrtc, architecture)
        found = kernels(ptx, words)
        faults = [fault for kernel in found for fault in kernel.faults()]
        faults += [f"{len(fused)} products are fused with a sum"] if (fused := _FUSED.findall(ptx)) else []
        faults += [] if len(found) == 6 and all(each.threads for each in found) else ["not every kernel was found"]
        wrong += [f"{architecture}: {fault}" for fault in faults]
        used = ", ".join(f"{each.name} {each.registers} registers x {each.threads} threads" for each in found)
        sys.stdout.write(f"{architecture} in {time.perf_counter() - began:.1f} s: {used}\n")
    sys.stdout.write("".join(f"{each}\n" for each in wrong))
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
