"""Ranges, members, warm-up and identity of the inputs, against hand-computed cases."""

import dataclasses
import hashlib
import json
import math

import pytest

from atc_cli.domain.catalog import FAMILIES, Dialect, HullShape, Robustness, Source, member_lengths
from atc_cli.domain.params import OutOfRangeError, Params, document_hash
from tests.helpers.backends import per_family


def test_members_come_in_the_order_of_the_spec() -> None:
    assert member_lengths(28, Robustness.MEDIUM) == (28, 29, 30, 32, 34, 27, 26, 24, 22)
    assert member_lengths(28, Robustness.NARROW) == (28, 29, 30, 31, 32, 27, 26, 25, 24)
    assert member_lengths(28, Robustness.WIDE) == (28, 29, 31, 33, 35, 27, 25, 23, 21)


@pytest.mark.parametrize(
    ("change", "bars"),
    [
        ({}, 39),  # HMA(34): 33 + isqrt(34) - 1 = 37, plus 2
        ({"dialect": Dialect.TRADINGVIEW}, 68),  # DEMA(34): 66, plus 2
        ({"families": ("kama",)}, 2),
        ({"families": ("ema", "wma")}, 35),
        ({"families": ("hma",), "lengths": per_family(28, hma=100)}, 116),  # 105 + 10 - 1, plus 2
    ],
)
def test_warm_up_is_the_last_first_defined_bar_plus_two(change: dict[str, object], bars: int) -> None:
    assert Params(**change).warmup_bars == bars


def test_hull_shape_of_28_as_computed_by_hand() -> None:
    shape = HullShape.of(28)
    assert (shape.half, shape.root, shape.common) == (14, 5, 6090)


def test_exactness_bound_at_length_28_and_200_is_what_the_spec_says() -> None:
    from atc_cli.domain.grid import exactness_factor

    assert 2**53 / exactness_factor(Params()) == pytest.approx(3.3e10, rel=0.02)
    assert 2**53 / exactness_factor(Params(lengths=per_family(200))) == pytest.approx(2.0e7, rel=0.02)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.id)
@pytest.mark.parametrize("dialect", list(Dialect))
@pytest.mark.parametrize("robustness", list(Robustness))
def test_smallest_base_length_is_taken_and_one_less_is_named(family, dialect: Dialect, robustness: Robustness) -> None:
    reach = {"narrow": 4, "medium": 6, "wide": 7}[robustness]
    smallest = (4 if family.id == "hma" and dialect is Dialect.LTS else 2) + reach
    place = FAMILIES.index(family)

    def at(length: int) -> Params:
        lengths = [28] * len(FAMILIES)
        lengths[place] = length
        return Params(dialect=dialect, robustness=robustness, lengths=tuple(lengths))

    assert at(smallest).warmup_bars
    assert at(smallest + 1).warmup_bars
    with pytest.raises(OutOfRangeError) as error:
        at(smallest - 1)
    assert error.value.names[0] == f"{family.id}_len"
    for part in (family.title, str(smallest - 1 - reach), f"allowed: {smallest}"):
        assert part in str(error.value)


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"lambda_": 0.0}, "lambda"),
        ({"lambda_": math.nan}, "lambda"),
        ({"decay": 100.0}, "decay"),
        ({"decay": -0.1}, "decay"),
        ({"cutout": -1}, "cutout"),
        ({"long_threshold": -0.1}, "short_threshold"),
        ({"long_threshold": math.inf}, "long_threshold"),
        ({"weights": per_family(1.0, hma=0.0)}, "hma_weight"),
        ({"families": ()}, "families"),
        ({"lengths": per_family(28, dema=5001)}, "dema_len"),
    ],
)
def test_an_input_out_of_range_is_named_with_its_value_and_range(change: dict[str, object], name: str) -> None:
    with pytest.raises(OutOfRangeError, match="allowed") as error:
        Params(**change)
    assert error.value.names[0] == name


@pytest.mark.parametrize(
    "change", [{"decay": 0.0}, {"long_threshold": 0.0}, {"short_threshold": 0.0, "long_threshold": 0.1}]
)
def test_minus_zero_is_zero_in_the_identity(change: dict[str, float]) -> None:
    one, other = Params(**change), Params(**{name: -value if value == 0 else value for name, value in change.items()})
    assert document_hash(one.document()) == document_hash(other.document())


def test_a_family_that_takes_no_part_is_not_checked_and_not_part_of_the_identity() -> None:
    one = Params(families=("ema",), lengths=per_family(1, ema=28))
    other = Params(families=("ema",))
    assert one.document() == other.document()
    assert one.members()[1:] == [None] * (len(FAMILIES) - 1)


def test_hash_is_sha256_of_canonical_json_and_changes_with_every_parameter() -> None:
    base = Params()
    canonical = json.dumps(base.document(), sort_keys=True, separators=(",", ":")).encode()
    assert document_hash(base.document()) == hashlib.sha256(canonical).hexdigest()
    changes = [
        {"dialect": Dialect.TRADINGVIEW}, {"robustness": Robustness.WIDE}, {"lambda_": 0.03}, {"decay": 0.04},
        {"cutout": 1}, {"long_threshold": 0.2}, {"short_threshold": -0.2}, {"source": Source.OPEN}, {"strategy": True},
        {"families": ("ema",)}, {"lengths": per_family(28, ema=29)}, {"weights": per_family(1.0, kama=2.0)},
    ]  # fmt: skip
    hashes = {document_hash(dataclasses.replace(base, **change).document()) for change in changes}
    assert len(hashes | {document_hash(base.document())}) == len(changes) + 1
