"""When a cluster computes: by name, or because its scheduler is named."""

from importlib.util import find_spec

import pytest

from atc_cli.domain.catalog import Dialect, Want
from atc_cli.domain.engines import AUTO, Engine
from atc_cli.engine import reference, route
from atc_cli.engine.backend import Offer, Unavailable
from atc_cli.engine.cost import Workload
from atc_cli.engine.dask.backend import offer
from atc_cli.engine.dask.cluster import Cluster
from atc_cli.errors import ExitCode, UnavailableError
from atc_cli.settings.parse import address
from tests.conftest import Atc

ADDRESS = "tcp://10.0.0.1:8786"
HUGE = Workload.of([10**6] * 1000, Dialect.LTS, Want.LAST)


def offers(scheduler: str | None) -> list[Offer | Unavailable]:
    return [reference.offer(), offer(find_spec("distributed"), Cluster(scheduler))]


def test_auto_never_starts_a_cluster_of_its_own_however_much_there_is_to_compute() -> None:
    backend, decision = route.choose(HUGE, offers(None), AUTO)
    assert backend.name == Engine.REFERENCE
    assert decision.estimates_ms.keys() == {Engine.REFERENCE}


@pytest.mark.parametrize(
    ("scheduler", "backend", "chosen"),
    [(None, "dask", "dask"), (ADDRESS, AUTO, "dask"), (ADDRESS, "dask", "dask"), (ADDRESS, "reference", "reference")],
)
def test_who_names_a_scheduler_or_a_backend_gets_it(scheduler: str | None, backend: str, chosen: str) -> None:
    found, decision = route.choose(Workload.of([5], Dialect.LTS, Want.LAST), offers(scheduler), backend)
    assert found.name == decision.name == chosen
    assert decision.why == "asked for"


@pytest.mark.parametrize("backend", [AUTO, "dask"])
def test_a_scheduler_without_dask_is_refused_with_what_to_install(backend: str) -> None:
    absent = offer(None, Cluster(ADDRESS))
    with pytest.raises(UnavailableError, match=f"not installed, which --scheduler {ADDRESS} needs") as refused:
        route.check([reference.offer(), absent], backend)
    assert "pip install 'atc-cli[dask]'" in str(refused.value.hint)
    route.check([reference.offer(), absent], "reference")


def test_without_dask_and_scheduler_everything_else_goes_on() -> None:
    absent = offer(None, Cluster())
    route.check([reference.offer(), absent], AUTO)
    with pytest.raises(UnavailableError, match="backend dask cannot run"):
        route.check([reference.offer(), absent], "dask")


@pytest.mark.parametrize("right", [ADDRESS, "tls://a.b:1", "tcp://[::1]:8786"])
def test_an_address_names_protocol_host_and_port(right: str) -> None:
    assert address(right) == right


@pytest.mark.parametrize("wrong", ["10.0.0.1:8786", "tcp://host", "http://host:80", "tcp://:8786", "tcp://a b:1"])
def test_anything_else_is_no_address(atc: Atc, wrong: str) -> None:
    done = atc("scan", "--exchange", "demo", "--scheduler", wrong)
    assert done.code == ExitCode.USAGE
    assert f"--scheduler: {wrong!r} is no address, allowed: tcp://HOST:PORT" in done.err


def test_a_bench_is_of_one_machine(atc: Atc) -> None:
    done = atc("bench", "--backend", "dask")
    assert done.code == ExitCode.UNAVAILABLE
    assert "backend dask cannot run: bench measures" in done.err
