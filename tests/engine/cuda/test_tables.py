"""What the kernels are told, and that Python and the sources mean the same by it."""

import re

import numpy as np
import pytest

from atc_cli.domain.catalog import FAMILIES, MEMBERS, Dialect, Robustness
from atc_cli.domain.params import Params
from atc_cli.engine.cuda import launch, riders
from atc_cli.engine.cuda.riders import Riders
from atc_cli.engine.cuda.sources import NAMES, OPTIONS, source
from tests.conftest import ROOT

WIDEST = (8, 50, 90, 33, 21, 160)


def defined(name: str) -> int:
    found = re.search(rf"^#define {name} (\d+)$", source(), flags=re.MULTILINE)
    assert found, name
    return int(found[1])


def test_python_and_the_sources_count_alike() -> None:
    kinds = re.search(r"enum Kind \{ (.*?) \};", source())[1].split(", ")
    assert [getattr(riders, kind) for kind in kinds] == list(range(len(kinds)))
    assert (defined("ATC_LANES"), defined("SLOTS")) == (launch.LANES, riders.SLOTS)
    assert defined("RIDER_CONSTANTS") == riders.CONSTANTS
    assert (defined("FAMILIES"), defined("MEMBERS")) == (len(FAMILIES), MEMBERS)


@pytest.mark.parametrize("dialect", list(Dialect))
@pytest.mark.parametrize("lengths", [(28,) * 6, WIDEST], ids=["shared", "apart"])
def test_every_member_in_use_is_ridden_once_and_warps_are_of_one_kind(
    dialect: Dialect, lengths: tuple[int, ...]
) -> None:
    table = Riders.of(Params(dialect=dialect, lengths=lengths), launch.LANES).table
    cells = table[:, 2:][table[:, 2:] >= 0]
    assert sorted(cells) == list(range(len(FAMILIES) * MEMBERS))
    for warp in table.reshape(-1, riders.WARP_THREADS // launch.LANES, table.shape[1]):
        assert len(set(warp[:, 0]) - {riders.IDLE}) == 1


@pytest.mark.parametrize("dialect", list(Dialect))
def test_blocks_have_the_threads_that_the_kernels_allow(dialect: Dialect) -> None:
    bounds = {name: bound for bound, name in re.findall(r"__launch_bounds__\((\w+)[^)]*\)\s+(atc_\w+)", source())}
    bounds["atc_lts"] = str(defined("ATC_THREADS"))
    widest = launch.block_threads(Riders.of(Params(dialect=dialect, lengths=WIDEST), launch.LANES))
    usual = launch.block_threads(Riders.of(Params(dialect=dialect), launch.LANES))
    of_widest = "atc_lts_wide" if dialect is Dialect.LTS else "atc_tradingview"
    assert usual <= int(bounds[f"atc_{dialect}"])
    assert widest <= int(bounds[of_widest])
    assert widest % riders.WARP_THREADS == 0


def test_families_share_the_sums_of_equal_lengths() -> None:
    counts = [len(np.flatnonzero(Riders.of(Params(dialect=each), launch.LANES).table[:, 0])) for each in Dialect]
    assert counts == [27, 36]


def test_the_floor_of_tradingview_is_the_same_in_python_and_in_the_sources() -> None:
    (text,) = re.findall(r"#define TOLERATED (\S+)", source())
    below = np.nextafter(float(text), 0)
    assert below - 0.25 < -1e-10
    assert not float(text) - 0.25 < -1e-10
    weights = (float(text), below, 0.25, 1.0, 0.1, 2.0)
    started = launch.starts_of(Params(dialect=Dialect.TRADINGVIEW, weights=weights))
    assert started.tolist() == [float(text), 0.25, 0.25, 1.0, 0.25, 2.0]


@pytest.mark.parametrize(("above", "below"), [(0.1, -0.1), (0.29, -0.57), (0.485, 0.005), (5.0, -5.0), (-3.0, -4.0)])
def test_bounds_in_hundredths_decide_as_the_cuts_do(above: float, below: float) -> None:
    over, under = launch.in_hundredths(above, below)
    for h in range(-100, 101):
        assert (h > over, h < under) == (h / 100 > above, h / 100 < below)


def test_rings_hold_what_the_longest_member_keeps() -> None:
    usual = {dialect: Riders.of(Params(dialect=dialect), launch.LANES).ring for dialect in Dialect}
    assert usual == {Dialect.LTS: 5, Dialect.TRADINGVIEW: 34}
    narrow = Params(robustness=Robustness.NARROW, families=("ema", "kama"))
    assert Riders.of(narrow, launch.LANES).ring == 0


def test_kernels_cu_links_to_every_source_and_nothing_else() -> None:
    links = sorted((ROOT / "kernels_cu").glob("*.cu"))
    real = ROOT / "atc_cli" / "engine" / "cuda" / "kernels"
    assert [each.stem for each in links] == sorted(NAMES) == sorted(each.stem for each in real.glob("*"))
    assert all(each.is_symlink() and each.resolve().parent == real for each in links)


def test_nothing_is_fused_included_or_indexed_in_32_bits() -> None:
    assert "--fmad=false" in OPTIONS
    assert "#include" not in source()
    assert "fma(" not in source()
    assert not re.findall(r"\b(?:float|__fmaf?_\w+)\b", source())
