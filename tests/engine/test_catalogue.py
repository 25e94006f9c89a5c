"""The table of the families in Python and the one that the kernels were built with say the same."""

import numpy as np
import pytest

from atc_cli import _kernels
from atc_cli.domain import reference
from atc_cli.domain.catalog import FAMILIES, FAMILY_IDS, MEMBERS, Dialect, Family, Robustness, Source, Want
from atc_cli.domain.grid import exactness_factor
from atc_cli.domain.panel import Panel
from atc_cli.domain.params import Params
from atc_cli.engine.backend import Values
from atc_cli.engine.numba import lts, tradingview
from atc_cli.engine.packing import Lent, PlainParams, growth_of
from tests.helpers.backends import compute, flat, tick_walk

LENGTHS = [
    *range(4, 70),
    99,
    100,
    101,
    143,
    144,
    145,
    200,
    255,
    256,
    257,
    1000,
    1023,
    1024,
    2499,
    2500,
    2501,
    4999,
    5000,
]
each_family = pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.id)
each_dialect = pytest.mark.parametrize("dialect", list(Dialect))


def alone(family: Family, length: int) -> list[list[int] | None]:
    """Every member of one family of that length, no other family."""
    return [[length] * MEMBERS if each is family else None for each in FAMILIES]


@each_family
@each_dialect
def test_the_kernels_define_every_member_first_where_the_catalogue_says(family: Family, dialect: Dialect) -> None:
    found = [_kernels.warmup(dialect, alone(family, n)) - 2 for n in LENGTHS]
    assert found == [family.first_defined(dialect, n) for n in LENGTHS]


@each_family
@each_dialect
def test_the_kernels_take_the_smallest_length_of_the_catalogue_and_none_below(family: Family, dialect: Dialect) -> None:
    smallest = family.smallest[dialect]
    assert _kernels.warmup(dialect, alone(family, smallest)) >= 2
    with pytest.raises(ValueError, match=f"{family.title}.* {smallest}"):
        _kernels.warmup(dialect, alone(family, smallest - 1))


def test_the_kernels_take_as_many_families_and_members_as_the_catalogue_has() -> None:
    whole = [[28] * MEMBERS for _ in FAMILIES]
    assert _kernels.warmup("lts", whole)
    for other in ([*whole, None], whole[:-1], [[*each, 28] for each in whole], [each[1:] for each in whole]):
        with pytest.raises(ValueError, match="expected a sequence of length"):
            _kernels.warmup("lts", other)


@each_family
@pytest.mark.parametrize("base", [10, 28, 57, 200])
@pytest.mark.parametrize("engine", ["rust", "reference"])
def test_prices_are_on_the_grid_up_to_the_bound_of_the_catalogue(family: Family, base: int, engine: str) -> None:
    lengths = tuple(base if each is family else 28 for each in FAMILIES)
    params = Params(families=(family.id,), lengths=lengths, robustness=Robustness.NARROW)
    largest = (2**53 - 1) // exactness_factor(params)
    series = [flat(np.array([1.0, price, price - 1])) for price in (float(largest), float(largest + 1))]
    assert compute(engine, series, params, Want.LAST).grid.tolist() == [0, -1]


@pytest.mark.parametrize(
    ("table", "of_numba"), [(reference.KNOWN[Dialect.LTS], lts), (reference.KNOWN[Dialect.TRADINGVIEW], tradingview)]
)
def test_every_family_is_defined_and_compiled_in_both_dialects(table: dict[str, object], of_numba: object) -> None:
    assert set(table) == set(of_numba.AVERAGES) == set(FAMILY_IDS)


@pytest.mark.parametrize("names", [list(Dialect), list(Source), list(Want)], ids=["dialect", "source", "want"])
def test_the_kernels_list_the_names_of_the_catalogue(names: list[str]) -> None:
    kind = type(names[0]).__name__.lower()
    with pytest.raises((ValueError, TypeError)) as refused:
        handed("pine", kind)
    told = [str(error) for error in (refused.value, refused.value.__cause__) if error]
    assert any(f"{kind} is 'pine', allowed: {', '.join(names)}" in each.splitlines() for each in told), told


def handed(name: str, kind: str) -> None:
    """Call the kernels as the backend does, with one name in place of another."""
    params, panel = Params(), Panel.of([tick_walk(90, 1)])
    plain = PlainParams.of(params)
    if kind != "want":
        setattr(plain, kind, name)
    want = name if kind == "want" else Want.LAST.value
    lent = Lent.of(panel, params, growth_of(params, panel.width))
    _kernels.compute(lent, plain, Values.empty(1, panel.width, Want.LAST), want, "auto", 1)
