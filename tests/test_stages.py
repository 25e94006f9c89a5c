"""Stages: times add up, other threads do not count, and what is in a stage is told from what is in its parts."""

import json
import sys
from collections.abc import Iterator
from threading import Thread

import pytest

from atc_cli import stages
from atc_cli.reporting.stages import stage_lines
from atc_cli.stages import StageTime, stage
from tests.conftest import Atc, unstamped


@pytest.fixture(autouse=True)
def _anew() -> Iterator[None]:
    stages.begin()
    yield
    stages.begin()


def counted() -> dict[str, StageTime]:
    return {"/".join(each.path): each for each in stages.so_far()[1]}


def test_a_stage_is_counted_where_it_is_and_its_own_time_is_what_its_parts_leave() -> None:
    for _ in range(3):
        with stage("fetch"):
            with stage("check"):
                sum(range(1000))
            with stage("check"), stage("again"):
                pass
    with stage("check"):
        pass
    found = counted()
    assert {path: each.calls for path, each in found.items()} == {
        "fetch": 3,
        "fetch/check": 6,
        "fetch/check/again": 3,
        "check": 1,
    }
    assert found["fetch"].own_ns == found["fetch"].total_ns - found["fetch/check"].total_ns
    assert all(each.own_ns >= 0 for each in found.values())
    total_ns = stages.so_far()[0]
    assert found["fetch"].total_ns + found["check"].total_ns <= total_ns
    assert sum(each.own_ns for each in found.values()) == found["fetch"].total_ns + found["check"].total_ns


def test_a_stage_that_fails_ends() -> None:
    with pytest.raises(ZeroDivisionError), stage("compute"), stage("kernel"):
        raise ZeroDivisionError
    with stage("rank"):
        pass
    assert {path: each.calls for path, each in counted().items()} == {"compute": 1, "compute/kernel": 1, "rank": 1}


def test_another_thread_counts_nothing_and_disturbs_nothing() -> None:
    def work() -> None:
        with stage("elsewhere"):
            pass

    with stage("fetch"):
        thread = Thread(target=work)
        thread.start()
        thread.join()
    assert list(counted()) == ["fetch"]


def test_what_was_before_python_ran_atc_is_start_up() -> None:
    stages.begin(spawned_ns=stages.perf_counter_ns() - 5_000_000)
    found = counted()
    assert found["start-up and imports/Python itself"].total_ns == found["start-up and imports"].total_ns >= 5_000_000
    assert stages.so_far()[0] >= 5_000_000


def test_the_watcher_hears_at_each_border_of_the_stages_that_it_ends() -> None:
    heard: list[tuple[str, ...]] = []
    stages.watch(heard.append)
    with stage("fetch"), stage("check"):
        pass
    with stage("rank"):
        pass
    assert heard == [(), ("fetch",), ("fetch", "check"), ("fetch",), (), ("rank",)]


def test_the_most_that_arrays_of_a_name_took_counts_and_only_while_memory_is_watched() -> None:
    stages.made("panel", lambda: pytest.fail("nobody asked"))
    stages.watch(lambda _: None)
    for sizes in ([10, 20], [5], [7, 8]):
        stages.made("panel", sizes.copy)
    assert stages.arrays() == {"panel": 30}


def test_the_tree_shows_what_is_in_no_stage() -> None:
    times = [StageTime(("fetch",), 1, 6_000_000, 2_000_000), StageTime(("fetch", "check"), 117, 4_000_000, 4_000_000)]
    lines = [line.split() for line in stage_lines(10_000_000, times)]
    assert lines[1:] == [
        ["fetch", "6.0", "2.0", "60.0%", "1"],
        ["check", "4.0", "4.0", "40.0%", "117"],
        ["in", "no", "stage", "4.0", "4.0", "40.0%", "1"],
        ["in", "all", "10.0"],
    ]


SCANNED = {"start-up and imports", "settings", "listings", "route", "fetch", "panel", "compute", "rank"}


def test_json_says_where_the_time_went(atc: Atc) -> None:
    timings = json.loads(atc("scan", "--exchange", "demo", "--bars", "100", "--output", "json").out)["timings_ms"]
    assert timings.keys() == {"fetch", "compute", "stages"}
    times = timings["stages"]
    assert times.keys() >= SCANNED | {"fetch/check", "compute/panel"}
    assert times["fetch"] >= times["fetch/check"] > 0


def test_twice_verbose_shows_the_tree_and_once_does_not(atc: Atc) -> None:
    scan = ("scan", "--exchange", "demo", "--bars", "100", "--output", "symbols")
    once, twice = atc(*scan, "-v"), atc(*scan, "-vv")
    assert once.out == twice.out
    assert "OWN" not in once.err
    said = unstamped(twice.err)
    tree = said[said.index("STAGE") :].splitlines()
    assert SCANNED | {"render", "in no stage", "in all"} <= {line.split("  ")[0] for line in tree}
    assert any(line.startswith("  check ") for line in tree)
    assert said.startswith(unstamped(once.err).splitlines()[0])


def test_stages_are_few_whatever_is_scanned(atc: Atc) -> None:
    """A use costs about a microsecond, so that a thousand are a thousandth of the shortest scan."""
    assert atc("scan", "--exchange", "demo", "--bars", "500", "--output", "symbols").code == 0
    assert sum(each.calls for each in stages.so_far()[1]) <= 2 * 120 + 30


@pytest.mark.skipif(sys.platform == "win32", reason="the usual loop of Windows has no selector")
def test_waiting_for_the_network_is_told_from_work_on_the_answer() -> None:
    from atc_cli.data.exchange.runner import Runner

    async def ask() -> int:
        import asyncio

        await asyncio.sleep(0.01)
        return sum(range(1000))

    runner = Runner()
    with stage("fetch"):
        assert runner.run(ask()) == 499_500
    runner.close()
    found = counted()
    assert found["fetch"].total_ns >= found["fetch/network wait"].total_ns >= 9_000_000
    assert found["fetch"].own_ns > 0
