"""The CUDA sources, compiled for this processor and launched as on a GPU, give the bits of the other engines."""

import numpy as np
import pytest

from atc_cli.domain.catalog import Dialect, Want
from atc_cli.domain.panel import Panel
from atc_cli.domain.params import Params
from atc_cli.domain.reference import round_lts, round_tradingview
from atc_cli.engine.cuda.backend import CudaBackend
from atc_cli.engine.cuda.proof import prove
from atc_cli.engine.cuda.sources import source
from atc_cli.errors import UnavailableError
from tests.gpu.cases import cases, ragged
from tests.gpu.parity import parity
from tests.helpers.backends import CUDA_ON_HOST, assert_same_bits, backend, compute
from tests.helpers.cuda.checked import SCHEDULES, faults, few
from tests.helpers.cuda.device import HostDevice, HostQueue, host_device
from tests.helpers.cuda.module import HostModule, LaunchError

# One of them compiles the sources, for all.
pytestmark = pytest.mark.xdist_group("cuda")
both_dialects = pytest.mark.parametrize("dialect", list(Dialect))


def test_the_kernels_give_the_bits_of_rust() -> None:
    found = parity(CudaBackend(host_device), few())
    assert (found.cases, found.differing) == (6, ())


_PROBE = """
extern "C" __global__ void probe(const double* x, double* even, double* away, int count) {
    for (int i = 0; i < count; ++i) {
        even[i] = hundredths_of<false>(x[i]);
        away[i] = hundredths_of<true>(x[i]);
    }
}
"""


@pytest.mark.cuda
def test_votes_are_rounded_as_each_dialect_does() -> None:
    x = np.array([*np.arange(-200, 201) / 200, 0.125 - 1e-13, 0.125 - 1e-11, -0.375, 0.999, -0.001, np.nan])
    even, away = np.zeros_like(x), np.zeros_like(x)
    HostModule.of(source() + _PROBE).get_function("probe")((1,), (1,), (x, even, away, np.int32(len(x))))
    np.testing.assert_array_equal(even / 100, [round_lts(each) for each in x])
    np.testing.assert_array_equal(away / 100, [round_tradingview(each) for each in x])


@pytest.mark.cuda
def test_every_case_gives_the_bits_of_rust() -> None:
    found = parity(CudaBackend(host_device), cases())
    assert found.differing == ()
    assert found.cases > 50
    assert found.values > 10_000_000


@pytest.mark.cuda
@pytest.mark.parametrize("schedule", SCHEDULES, ids=str)
def test_no_order_of_threads_and_blocks_changes_a_bit(schedule: dict[str, object]) -> None:
    module = HostModule.of(**schedule)
    assert parity(CudaBackend(lambda: HostDevice(module)), cases()).differing == ()


@both_dialects
def test_batches_that_must_be_small_give_the_same_bits_in_more_launches(dialect: Dialect) -> None:
    series, params = ragged(31), Params(dialect=dialect)
    wanted = compute("rust-scalar", series, params)
    launches = []
    for memory_bytes in (1 << 30, 8 << 20):
        device = host_device(memory_bytes=memory_bytes)
        assert_same_bits(wanted, CudaBackend(lambda device=device: device).compute(Panel.of(series), params, Want.ALL))
        launches.append(device.module.launched.count(f"atc_{dialect}"))
    assert launches[0] < launches[1]


class Crowded(HostDevice):
    """Says that more is free than there is, as where others take memory meanwhile."""

    def free_bytes(self) -> int:
        return super().free_bytes() + self.promised

    promised = 0


@pytest.mark.parametrize(("promised", "fits"), [(8 << 20, True), (1 << 30, False)])
def test_a_batch_that_does_not_fit_is_halved_once(promised: int, fits: bool) -> None:
    device = Crowded(HostModule.of(), memory_bytes=3 << 20)
    device.promised = promised
    series = ragged(31)
    cuda = CudaBackend(lambda: device)
    if fits:
        assert_same_bits(compute("rust-scalar", series, Params()), cuda.compute(Panel.of(series), Params(), Want.ALL))
        assert device.refused == 1
        return
    with pytest.raises(UnavailableError, match="ran out of memory, with half a batch too") as refused:
        cuda.compute(Panel.of(series), Params(), Want.ALL)
    assert "--backend rust" in str(refused.value.hint)
    assert device.refused == 2


class Bent(HostQueue):
    """One bit of one number is another on its way home."""

    def fetch(self, values: np.ndarray, into: np.ndarray) -> None:
        if values.dtype == np.float64 and values.ndim == 3:
            values = values.copy()
            values[-1, -1, -1] = np.nextafter(values[-1, -1, -1], 9.0)
        super().fetch(values, into)


def test_a_device_that_gives_another_bit_is_refused_before_it_computes_anything() -> None:
    device = host_device()
    prove(device)
    device.queue = lambda: Bent(device)
    with pytest.raises(UnavailableError, match=r"differs from the definition .* in families of dialect lts") as refused:
        prove(device)
    assert "--backend rust" in str(refused.value.hint)


def test_one_launch_per_kernel_computes_a_batch() -> None:
    device = host_device()
    CudaBackend(lambda: device).compute(Panel.of(ragged(9)), Params(), Want.LAST)
    assert device.module.launched == ["atc_lay", "atc_decimals", "atc_scales", "atc_lts"]


def test_windows_send_the_columns_once_and_lay_nothing_out() -> None:
    device = host_device()
    cuda = CudaBackend(lambda: device)
    panel = Panel.of(ragged(3))
    ends = np.arange(60, 70)
    cuda.compute_windows(panel, Params(), np.zeros(10, np.int64), ends, 50)
    assert device.module.launched == ["atc_decimals", "atc_scales", "atc_lts"]


def test_no_series_ask_for_no_device() -> None:
    def none() -> HostDevice:
        raise AssertionError("asked for")

    assert len(CudaBackend(none).compute(Panel.of([]), Params(), Want.LAST).average) == 0


def test_a_wrong_argument_is_seen() -> None:
    module = HostModule.of()
    prices, found = np.zeros(4), np.zeros(4, np.uint16)
    with pytest.raises(LaunchError, match="argument 7: the kernel wants q, given i"):
        module.get_function("atc_decimals")((1,), (256,), (*[prices] * 5, np.int32(0), found, np.int32(4)))
    assert module.get_function("atc_decimals").signature == ["Pd"] * 5 + ["i", "PH", "q"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("(cell.equity * rules.keep) * factor", "cell.equity * (rules.keep * factor)"),
        ("#define VOTE_TILES 2", "#define VOTE_TILES 1"),
    ],
)
@pytest.mark.cuda
def test_a_seeded_defect_is_caught(old: str, new: str) -> None:
    assert old in source()
    assert next(faults(few(), source().replace(old, new)), None) is not None


def test_the_backend_says_its_name_and_that_it_compiles() -> None:
    cuda = backend(CUDA_ON_HOST)
    assert (cuda.name, cuda.compiles) == ("cuda", True)
