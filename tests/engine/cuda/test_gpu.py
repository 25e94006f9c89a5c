"""What CuPy is asked for: in order, through pinned memory that lives as long as its copy, errors with their remedy."""

import subprocess
import sys
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from pathlib import Path

import numpy as np
import pytest

from atc_cli.domain.catalog import Dialect, Want
from atc_cli.domain.panel import Panel
from atc_cli.domain.params import Params
from atc_cli.engine.backend import Unavailable
from atc_cli.engine.cuda import backend as cuda
from atc_cli.engine.cuda import presence
from atc_cli.engine.cuda.backend import CudaBackend
from atc_cli.engine.cuda.gpu import Gpu
from atc_cli.engine.cuda.presence import Driver, fault_of
from atc_cli.errors import UnavailableError
from tests.conftest import ROOT
from tests.gpu import check
from tests.gpu.cases import ragged
from tests.helpers.backends import assert_same_bits, compute
from tests.helpers.cuda import cupy as standin
from tests.helpers.cuda.checked import few

pytestmark = pytest.mark.xdist_group("cuda")


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gpu]:
    for name, module in standin.installed().items():
        monkeypatch.setitem(sys.modules, name, module)
    yield Gpu()
    assert standin.Stream.current == []


@pytest.mark.parametrize("dialect", list(Dialect))
def test_a_panel_in_many_batches_on_two_streams(gpu: Gpu, dialect: Dialect) -> None:
    series, params = ragged(70), Params(dialect=dialect)
    gpu.blocks = 2
    found = CudaBackend(lambda: gpu).compute(Panel.of(series), params, Want.LAYERS)
    assert_same_bits(compute("rust-scalar", series, params, Want.LAYERS), found)


def test_what_is_fetched_is_there_after_waiting_and_not_before(gpu: Gpu) -> None:
    queue, into = gpu.queue(), np.zeros(5)
    with queue:
        sent = queue.send([np.arange(2.0), np.arange(2.0, 5.0)])
        queue.fetch(sent, into)
    assert not into.any()
    queue.wait()
    assert into.tolist() == [0, 1, 2, 3, 4]


def test_nothing_is_sent_and_fetched_without_fault(gpu: Gpu) -> None:
    queue, into = gpu.queue(), np.zeros((3, 0))
    with queue:
        sent = queue.send([np.empty(0)])
        queue.fetch(queue.blank((3, 0), 0, np.float64), into)
    queue.wait()
    assert len(sent) == 0


def test_memory_that_is_out_is_said_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, module in standin.installed(memory_bytes=100_000).items():
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setattr(sys.modules["cupy"].cuda.runtime, "memGetInfo", lambda: (1 << 30, 1 << 30))
    with pytest.raises(UnavailableError, match="ran out of memory, with half a batch too") as refused:
        CudaBackend(Gpu).compute(Panel.of(ragged(31)), Params(), Want.ALL)
    assert "end what else uses the GPU" in str(refused.value.hint)


@pytest.mark.parametrize(
    ("raised", "why", "remedy"),
    [
        (standin.CompileException("bad"), "its compiler refuses the kernels: bad", "ctk"),
        (standin.CUDARuntimeError("cudaErrorInsufficientDriver: old"), "cudaErrorInsufficientDriver", "NVIDIA driver"),
        (RuntimeError("libnvrtc.so.12 not found"), "a library of CUDA is missing: libnvrtc.so.12", "ctk"),
    ],
)
def test_what_keeps_a_gpu_from_being_used_is_said_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch, raised: Exception, why: str, remedy: str
) -> None:
    def fails(_: object) -> None:
        raise raised

    for name, module in standin.installed().items():
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setattr(standin.RawModule, "compile", fails)
    with pytest.raises(UnavailableError, match="backend cuda cannot run") as refused:
        Gpu()
    assert why in str(refused.value)
    assert remedy in str(refused.value.hint)


GOOD = Driver(version=12040, devices=1)


@pytest.mark.parametrize(
    ("packages", "driver", "why", "remedy"),
    [
        ({}, GOOD, "not of cupy-cuda12x, cupy-cuda13x", "pip uninstall it, then pip install 'atc-cli[cuda]'"),
        ({"cupy-cuda12x": "12.3.0"}, GOOD, "cupy-cuda12x 12.3.0 is too old, needed: 14", "pip install --upgrade"),
        ({"cupy-cuda12x": "14.2.0"}, None, "no CUDA driver", "NVIDIA's driver for CUDA 12"),
        ({"cupy-cuda12x": "14.2.0"}, Driver(12040, 0, 100), "finds no CUDA device", "nvidia-smi"),
        ({"cupy-cuda12x": "14.2.0"}, Driver(12040, 0, 0), "finds no CUDA device", "--backend rust"),
        ({"cupy-cuda12x": "14.2.0"}, Driver(12040, 0, 999), "fails with code 999", "restart the machine"),
        ({"cupy-cuda12x": "14.2.0"}, Driver(11080, 1), "is for CUDA 11.8, cupy-cuda12x needs 12.0", "CUDA 12 or newer"),
        ({"cupy-cuda13x": "14.2.0"}, GOOD, "is for CUDA 12.4, cupy-cuda13x needs 13.0", "CUDA 13 or newer"),
    ],
)
def test_each_fault_is_named_with_its_remedy(
    packages: dict[str, str], driver: Driver | None, why: str, remedy: str
) -> None:
    fault = fault_of(packages, lambda: driver)
    assert fault is not None
    assert why in fault.why
    assert remedy in fault.remedy


def test_with_a_package_a_driver_and_a_device_there_is_no_fault() -> None:
    assert fault_of({"cupy-cuda12x": "14.2.0"}, lambda: GOOD) is None
    assert fault_of({"cupy-cuda13x": "14.2.0"}, lambda: Driver(13000, 2)) is None


def test_without_cupy_nobody_expects_it_and_with_it_its_absence_is_worth_a_word() -> None:
    absent, broken = cuda.offer(None), cuda.offer(ModuleSpec("cupy", None))
    assert isinstance(absent, Unavailable)
    assert (absent.why, absent.remedy, absent.expected) == ("cupy is not installed", presence.INSTALL, False)
    assert isinstance(broken, Unavailable)
    assert broken.expected


def test_it_knows_whether_anything_compiled_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUPY_CACHE_DIR", str(tmp_path))
    some = CudaBackend(Gpu)
    assert cuda.cache_folder() == tmp_path
    assert some.compiling(Dialect.LTS)
    (tmp_path / "0a1b.cubin").write_bytes(b"")
    assert not some.compiling(Dialect.LTS)


def test_the_check_of_a_gpu_says_that_there_is_none() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.gpu.check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (69, "")
    assert "no GPU can be used: cupy is not installed; pip install" in done.stderr


def test_the_report_of_a_check_tells_parity_and_times(gpu: Gpu, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "cases", few)
    monkeypatch.setattr(check, "SIZES", (3,))
    monkeypatch.setattr(check, "HISTORY", (1, 110))
    monkeypatch.setattr(check, "BARS", 100)
    document = check.report(gpu)
    assert document["schema"] == "atc.gpu-check/1"
    assert document["parity"]["differing"] == []
    assert len(document["timings"]) == 5
    for row in document["timings"]:
        assert row["wrong"] == []
        assert row["kernel_ms"] > 0
        assert row["cold_ms"] > 0


def test_the_check_sees_a_difference(gpu: Gpu, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "cases", few)
    launch = gpu.module.get_function

    def wrong(name: str) -> object:
        return launch("atc_lts_wide" if name == "atc_lts" else "atc_lts" if name == "atc_tradingview" else name)

    monkeypatch.setattr(gpu.module, "get_function", wrong)
    document = check.report(gpu)
    assert document["parity"]["differing"]
    assert document["timings"] == []
