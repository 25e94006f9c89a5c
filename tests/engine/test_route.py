"""Which backend computes, in which way: a pure choice."""

import itertools

import pytest

from atc_cli.domain.catalog import Dialect, Want
from atc_cli.domain.engines import AUTO, Auto
from atc_cli.domain.panel import Panel
from atc_cli.domain.params import Params
from atc_cli.engine.backend import Form, Offer, OneForm, Unavailable, Values
from atc_cli.engine.cost import Costs, Workload
from atc_cli.engine.route import choose
from atc_cli.errors import UnavailableError

MB = 1_000_000


class Fake(OneForm):
    """A backend that is only chosen."""

    def __init__(self, name: str, form: Form | None = None, *, cold: bool = False) -> None:
        self.name, self.form, self.cold = name, form, cold

    def compiling(self, _dialect: Dialect) -> bool:
        return self.cold

    def in_form(self, form: Form) -> "Fake":
        return Fake(self.name, form)

    def compute(self, panel: Panel, params: Params, want: Want) -> Values:
        raise NotImplementedError


CPU = Offer(
    Fake("rust"),
    {
        "narrow": Costs(lanes=1, block_ns=200, alone_ns=200, call_ms=0.05, thread_ms=0.1),
        "wide": Costs(lanes=8, block_ns=450, alone_ns=450, call_ms=0.05, thread_ms=0.1),
    },
    ("narrow", "wide"),
    threads=4,
    started=True,
)
GPU = Offer(Fake("cuda"), {"": Costs(lanes=4096, block_ns=20_000, alone_ns=20_000, start_ms=1500, compile_ms=4000)})
OFFERS = [CPU, GPU, Offer(Fake("reference"), {"": Costs(lanes=1, block_ns=70_000, alone_ns=70_000)})]


def work(series: int, bars: int, want: Want = Want.LAST) -> Workload:
    return Workload.of([bars] * series, Dialect.LTS, want)


def windows(count: int) -> Workload:
    return Workload.of_windows([(1500, count)], 20_000, Dialect.LTS)


@pytest.mark.parametrize(
    ("asked", "name", "path", "threads"),
    [
        (work(1, 1500), "rust", "narrow", 1),
        (work(2, 200), "rust", "narrow", 1),  # a second thread takes longer to start than the other series
        (work(8, 1500), "rust", "wide", 1),  # one block, one thread
        (work(64, 1500), "rust", "wide", 4),
        (windows(4096 * 40), "cuda", "", 1),
    ],
)
def test_path_threads_and_backend_follow_from_the_sizes(asked: Workload, name: str, path: str, threads: int) -> None:
    backend, decision = choose(asked, OFFERS, AUTO)
    assert (decision.name, decision.path, decision.threads) == (name, path, threads)
    assert backend.name == name
    if path:
        assert backend.form == Form(path, threads)
    assert min(decision.estimates_ms.values()) == next(iter(decision.estimates_ms.values()))


def test_a_start_is_paid_once_and_said() -> None:
    asked = windows(20_000)
    _, decision = choose(asked, OFFERS, AUTO)
    assert decision.name == "rust"
    assert any(reason.startswith("cuda takes") and "1.5 s before it can begin" in reason for reason in decision.reasons)
    cold = Offer(Fake("cuda", cold=True), GPU.costs)
    _, said = choose(asked, [CPU, cold], AUTO)
    assert said.estimates_ms["cuda"] == pytest.approx(decision.estimates_ms["cuda"] + 4000)
    started = Offer(Fake("cuda"), GPU.costs, started=True)
    assert choose(asked, [CPU, started], AUTO)[1].name == "cuda"


@pytest.mark.parametrize("asked", [work(1, 200), work(9, 1500), work(500, 1500), windows(10**6)])
def test_the_order_of_offers_decides_nothing(asked: Workload) -> None:
    found = [choose(asked, list(order), AUTO)[1] for order in itertools.permutations(OFFERS)]
    assert all(each == found[0] for each in found)


@pytest.mark.parametrize("name", ["rust", "cuda", "reference"])
@pytest.mark.parametrize("asked", [work(1, 200), windows(10**6)])
def test_who_names_a_backend_gets_it_whatever_it_costs(name: str, asked: Workload) -> None:
    backend, decision = choose(asked, OFFERS, name)
    assert (backend.name, decision.name, decision.why) == (name, name, "asked for")


def test_what_is_not_here_is_never_chosen() -> None:
    absent = Unavailable("cuda", "no driver", "install one", expected=True)
    assert choose(windows(10**7), [absent, CPU], AUTO)[1].name == "rust"
    with pytest.raises(UnavailableError, match="no driver"):
        choose(work(1, 200), [absent, CPU], "cuda")


def test_what_is_never_taken_by_itself_is_not_weighed() -> None:
    cheap = Offer(Fake("dask"), {"": Costs(lanes=1, block_ns=0.1, alone_ns=0.1)}, auto=Auto.NEVER)
    _, decision = choose(work(50, 1500), [CPU, cheap], AUTO)
    assert decision.name == "rust"
    assert not any(label.startswith("dask") for label in decision.estimates_ms)


def test_threads_that_are_asked_for_are_taken() -> None:
    _, decision = choose(work(64, 1500), OFFERS, AUTO, threads=3)
    assert (decision.threads, decision.path) == (3, "wide")
    assert "threads: 3 asked for" in decision.reasons
    backend, decision = choose(work(64, 1500), OFFERS, "reference", threads=3)
    assert decision.threads == 1
    assert "backend reference has no choice of threads" in decision.reasons
    assert backend.name == "reference"


def test_values_that_fit_are_computed_at_once_and_others_in_batches() -> None:
    asked = work(1000, 100_000, Want.AVERAGE)  # 800 kB each
    assert choose(asked, OFFERS, AUTO)[1].batch is None
    assert choose(asked, OFFERS, AUTO, free_bytes=2000 * MB)[1].batch is None
    _, decision = choose(asked, OFFERS, AUTO, free_bytes=400 * MB)
    assert decision.batch == 200 * MB // asked.series_bytes == 249
    assert "values take 800 MB and 400 MB are free: at most 249 series at a time" in decision.reasons
    _, tight = choose(asked, OFFERS, AUTO, free_bytes=100_000)
    assert tight.batch == 1
    assert any("may not fit" in reason for reason in tight.reasons)


def test_memory_for_windows_bounds_a_call() -> None:
    _, decision = choose(windows(10**6), [CPU], AUTO, free_bytes=20 * MB)
    assert decision.batch == 10 * MB // windows(1).series_bytes
