"""The growth table has the same bits on every platform: decimals of 60 digits and a JVM say which."""

import hashlib
import math
from decimal import Context, Decimal

import numpy as np
import pytest

from atc_cli.domain.catalog import Dialect
from atc_cli.domain.exact_exp import exp
from atc_cli.domain.growth import EXPONENT_MAX, growth_exponent, growth_table
from atc_cli.domain.params import OutOfRangeError, Params
from atc_cli.domain.published_pow import powers_of_e

DIGITS_60 = Context(prec=60)
E = Decimal(math.e)


def nearest(exponent: float) -> float:
    """exp, rounded once."""
    return float(DIGITS_60.exp(Decimal(exponent)))


@pytest.mark.parametrize("lambda_", [0.02, 0.03, 3.3, 466.977])
def test_growth_of_lts_is_correctly_rounded(lambda_: float) -> None:
    table = growth_table(Params(lambda_=lambda_), 1500)
    assert table.tolist() == [nearest(lambda_ / 1000 * j) for j in range(1500)]


@pytest.mark.parametrize(("lambda_", "bars"), [(0.02, 20_000), (35.0, 20_000), (0.7, 1_000_000), (1e-6, 9_000)])
def test_growth_of_a_long_window_is_correctly_rounded_too(lambda_: float, bars: int) -> None:
    table = growth_table(Params(lambda_=lambda_), bars)
    some = np.random.default_rng(bars).choice(bars, 500)
    assert [table[j] for j in some] == [nearest(lambda_ / 1000 * int(j)) for j in some]


def test_growth_of_any_lambda_is_correctly_rounded() -> None:
    rng = np.random.default_rng(3)
    for lambda_, bars in zip(10 ** rng.uniform(-8, 2.4, 60), rng.integers(2, 2000, 60), strict=True):
        table = growth_table(Params(lambda_=float(lambda_)), int(bars))
        for j in rng.integers(0, bars, 6):
            assert table[j] == nearest(float(lambda_) / 1000 * int(j)), (lambda_, j)


def test_what_is_near_the_middle_between_two_floats_is_settled_in_integers() -> None:
    rng = np.random.default_rng(4)
    for x in [0.0, 5e-324, 1e-300, 1.0, EXPONENT_MAX, *rng.uniform(0, EXPONENT_MAX, 300).tolist()]:
        assert exp(x) == nearest(x), x
    # exp(2^-53) - (1 + 2^-53) is 2^-107: between two float64, and nearer to the upper one by no more
    assert (exp(2.0**-53), exp(math.nextafter(2.0**-53, 0))) == (1 + 2.0**-52, 1.0)


# sha256 over the doubles, high byte first, of StrictMath.pow(2.718281828459045, lambda / 1000 * j) in OpenJDK 17.0.15
PUBLISHED = {
    (0.02, 1500): "68e0b972e35377ff93295433c597634d",
    (0.02, 20_000): "45f09a169d866866b85578443aebc1e5",
    (3.3, 20_000): "35a8c46b765a19d679f2713c2dbba72f",
    (466.9, 1500): "5d0b69b4ee58929b76ec407cda8f509a",
}


@pytest.mark.parametrize(("lambda_", "bars"), PUBLISHED)
def test_growth_of_tradingview_is_that_of_a_jvm(lambda_: float, bars: int) -> None:
    table = growth_table(Params(dialect=Dialect.TRADINGVIEW, lambda_=lambda_), bars)
    assert hashlib.sha256(table.astype(">f8").tobytes()).hexdigest()[:32] == PUBLISHED[lambda_, bars]


# from the same JVM: the whole exponents and halves that fdlibm treats apart, and some others
POWERS = {
    "0x0.0p0": "0x1.0p0", "0x1.4f8b588e368f1p-16": "0x1.00014f8c34759p0", "0x1.cd5f99c38b04bp-7": "0x1.03a1460b94844p0",
    "0x1.0p-2": "0x1.48b5e3c3e8186p0", "0x1.0p-1": "0x1.a61298e1e069cp0", "0x1.8p-1": "0x1.0ef9db467dcf8p1",
    "0x1.0p0": "0x1.5bf0a8b145769p1", "0x1.8p0": "0x1.1ed3fe64fc541p2", "0x1.0p1": "0x1.d8e64b8d4ddadp2",
    "0x1.8p1": "0x1.415e5bf6fb105p4", "0x1.68p4": "0x1.604b68cf05f5ep32",
    "0x1.59ad916872b02p8": "0x1.a22ad25ccb586p498", "0x1.5ep9": "0x1.d945df4f8eb58p1009",
}  # fmt: skip


def test_powers_of_e_are_those_of_a_jvm() -> None:
    exponents = np.array([float.fromhex(each) for each in POWERS])
    assert powers_of_e(exponents).tolist() == [float.fromhex(each) for each in POWERS.values()]


def test_powers_of_e_are_less_than_eight_tenths_of_a_unit_off() -> None:
    rng = np.random.default_rng(6)
    exponents = np.concatenate((rng.uniform(0, 0.03, 300), rng.uniform(0, 1, 300), rng.uniform(0, 700, 300)))
    for y, power in zip(exponents, powers_of_e(exponents), strict=True):
        right = DIGITS_60.power(E, Decimal(float(y)))
        assert abs(Decimal(float(power)) - right) < Decimal("0.8") * Decimal(math.ulp(power)), y


def test_a_table_begins_at_the_cutout_and_is_empty_behind_the_last_bar() -> None:
    for dialect in Dialect:
        params = Params(dialect=dialect, cutout=2)
        np.testing.assert_array_equal(growth_table(params, 9), growth_table(Params(dialect=dialect), 7))
        assert growth_table(params, 3).tolist() == [1.0]
        assert growth_table(params, 2).shape == (0,)


def test_a_lambda_that_would_overflow_is_refused_with_the_largest_one() -> None:
    assert growth_table(Params(lambda_=700.0), 1001)[-1] == nearest(700.0)
    with pytest.raises(OutOfRangeError, match=r"lambda is 701.0, allowed for 2001 bars: 0 < lambda <= 350$"):
        growth_table(Params(lambda_=701.0), 2001)


@pytest.mark.parametrize("bars", [2, 3, 98, 500, 1500, 2000, 7_001, 20_000, 999_999])
def test_the_largest_lambda_of_the_message_is_allowed_and_a_little_more_is_not(bars: int) -> None:
    with pytest.raises(OutOfRangeError) as refused:
        growth_table(Params(lambda_=1e6), bars)
    told = float(str(refused.value).rsplit("<= ", 1)[1])
    assert growth_exponent(Params(lambda_=told), bars) <= EXPONENT_MAX
    assert growth_exponent(Params(lambda_=told * (1 + 2e-5)), bars) > EXPONENT_MAX
