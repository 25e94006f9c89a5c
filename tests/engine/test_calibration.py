"""A calibration is believed where all of it is sound, and nothing in it does more than be refused."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from atc_cli import __version__
from atc_cli.commands.coefficients import AS_SHIPPED, in_use, stamp_here
from atc_cli.domain.engines import Engine
from atc_cli.engine.backend import Offer
from atc_cli.engine.calibration import BYTES_MAX, Calibration, calibration_of, loads
from atc_cli.engine.coefficients import SHIPPED
from atc_cli.engine.offers import offers

FAST = replace(SHIPPED[Engine.RUST]["scalar"], block_ns=1.25)
COSTS = {Engine.RUST: {"scalar": FAST}, Engine.CUDA: SHIPPED[Engine.CUDA], Engine.DASK: SHIPPED[Engine.DASK]}


def document() -> dict[str, Any]:
    return json.loads(json.dumps(Calibration(COSTS, stamp_here(), "2026-11-22T05:00:00+00:00").document()))


def content(**changes: object) -> bytes:
    return json.dumps({**document(), **changes}).encode()


def test_what_is_written_is_read_back() -> None:
    found = in_use(content(), "file")
    assert found.costs == COSTS
    assert found.words == "of this machine, measured at 2026-11-22T05:00:00+00:00"
    assert found.fault is None


def test_without_a_file_those_shipped_are_in_use() -> None:
    assert in_use(None, "file") == AS_SHIPPED


def test_measured_coefficients_replace_those_of_their_paths() -> None:
    rust = next(each for each in offers(None, COSTS) if each.name == Engine.RUST)
    assert isinstance(rust, Offer)
    assert rust.costs == {**SHIPPED[Engine.RUST], "scalar": FAST}
    assert list(rust.costs) == list(SHIPPED[Engine.RUST])


@pytest.mark.parametrize(
    ("name", "value"), [("cpu", "another"), ("logical_cpus", 4096), ("system", "Plan9 mips"), ("atc", "0.0.1")]
)
def test_another_machine_is_said_and_not_used(name: str, value: object) -> None:
    found = in_use(content(machine={**stamp_here(), name: value}), "file")
    assert found.costs is None
    assert f"'file' is of another machine and not used: {name} {value!r}" in str(found.fault)
    assert "atc bench --calibrate measures anew" in str(found.fault)


def with_costs(change: Callable[[dict[str, Any]], object]) -> bytes:
    whole = document()
    change(whole["costs"])
    return json.dumps(whole).encode()


DEEP = b"[" * 50_000
HOSTILE = [
    b"", b"{", b"[]", b"null", b"1", b"\x80\x04\x95", b"\xff\xfe", DEEP, b'{"schema": ' + DEEP,
    b" " * (BYTES_MAX + 1), content(schema="atc.calibration/2"), content(costs=[]), content(costs={"excel": {}}),
    content(costs={"rust": {}}), content(costs={"rust": {"a/b": {}}}), content(costs={"rust": {"\x1b[2J": {}}}),
    content(machine=None), content(machine={"cpu": {}}), content(machine={"logical_cpus": 0}),
    content(machine={"logical_cpus": True, "cpu": 1.5}), content(measured_at=5), content(measured_at="x" * 10_000),
    with_costs(lambda costs: costs["rust"]["scalar"].pop("call_ms")),
    with_costs(lambda costs: costs["rust"]["scalar"].update(rm=1)),
    *(with_costs(lambda costs, bad=bad: costs["rust"]["scalar"].update(block_ns=bad))
      for bad in (-1, 1e12, "1", None, True, [], {}, 10**400)),
    *(with_costs(lambda costs, bad=bad: costs["rust"]["scalar"].update(lanes=bad)) for bad in (0, 1.5, 10**9, True)),
    content().replace(b"1.25", b"NaN"), content().replace(b"1.25", b"Infinity"), content().replace(b"1.25", b"1e999"),
    content().replace(b"1.25", b"9" * 6000),
]  # fmt: skip


@pytest.mark.parametrize("bad", HOSTILE, ids=range(len(HOSTILE)))
def test_a_damaged_or_hostile_file_is_said_and_not_used(bad: bytes) -> None:
    found = in_use(bad, "file")
    assert found.costs is None
    assert str(found.fault).startswith("coefficients: 'file' is damaged and not used: ")
    assert len(str(found.fault)) < 400
    assert str(found.fault).isprintable()


def test_lists_of_a_bench_are_no_part_of_a_machine() -> None:
    found = calibration_of(loads(content(machine={**stamp_here(), "simd": ["avx2"]})))
    assert "simd" not in found.machine
    assert found.machine["atc"] == __version__
