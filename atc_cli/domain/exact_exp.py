"""Powers of e, correctly rounded: the same bits wherever IEEE floats are, whatever the library of maths there is."""

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_BITS = 160
_SPLITTER = 134_217_729.0  # 2^27 + 1
# what the floats below neglect is under 2^-85: the square of what the exponent lost, at most 2^-44, and the like
_DOUBT = 2.0**-66


def exp_steps(step: float, count: int) -> Floats:
    """exp(x_j), x_j = step*j as one float64 product, j < `count`: the float64 nearest to each, 0 <= x_j <= 700.

    With j = w*a + b it is exp(step*w*a) * exp(step*b) * exp(x_j - step*j): the first two from integers and held in two
    floats each, the last nearly 1. What comes too near the middle between two float64 is worked out in integers alone.
    """
    width = math.isqrt(max(count - 1, 0)) + 1
    coarse, fine = np.divmod(np.arange(count), width)
    (a, a_rest), a_power = _powers(step, width, width)
    (b, b_rest), b_power = _powers(step, 1, width)
    a, a_rest, b, b_rest = a[coarse], a_rest[coarse], b[fine], b_rest[fine]
    j, one_step = np.arange(count, dtype=np.float64), np.array([step])
    exponent: Floats = one_step * j
    product: Floats = a * b
    rest = _lost(a, b, product) + (a * b_rest + a_rest * b) - product * _lost(one_step, j, exponent)
    doubt = product * _DOUBT
    rounded, other = product + (rest - doubt), product + (rest + doubt)
    table: Floats = np.ldexp(rounded, a_power[coarse] + b_power[fine])
    for at in np.flatnonzero(rounded != other):
        table[at] = exp(float(exponent[at]))
    return table


def exp(x: float) -> float:
    """The float64 nearest to exp(x), x >= 0, in integers that grow until there is no doubt."""
    bits = _BITS
    while True:
        value, doubt = _fixed_exp(*x.as_integer_ratio(), bits), 1 << 32
        low, high = (each / (1 << bits) for each in (value - (value * doubt >> bits), value + (value * doubt >> bits)))
        if low == high:
            return low
        bits *= 2


def _powers(step: float, factor: int, count: int) -> tuple[Floats, NDArray[np.int64]]:
    """exp(step*factor*i), i < `count`, as (m + rest) * 2^power with 1 <= m <= 2: [2, count], [count]."""
    numerator, denominator = step.as_integer_ratio()
    base, value = _fixed_exp(numerator * factor, denominator, _BITS), 1 << _BITS
    leads, rests, powers = [], [], []
    for _ in range(count):
        power = value.bit_length() - 1
        lead = value / (1 << power)
        leads.append(lead)
        rests.append((value - (int(lead * 2**52) << (power - 52))) / (1 << power))
        powers.append(power - _BITS)
        value = value * base >> _BITS
    return np.array([leads, rests]), np.array(powers)


def _fixed_exp(numerator: int, denominator: int, bits: int) -> int:
    """exp(numerator/denominator) * 2^bits, too small by less than 2^(26-bits) of it for exponents up to 700."""
    halvings = max(numerator.bit_length() - denominator.bit_length() + 9, 0)
    x = (numerator << bits) // (denominator << halvings)
    total = term = 1 << bits
    n = 1
    while term:
        term = (term * x >> bits) // n
        total += term
        n += 1
    for _ in range(halvings):
        total = total * total >> bits
    return total


def _lost(a: Floats, b: Floats, product: Floats) -> Floats:
    """a*b - product, exact, for factors that are no larger than 2^900 (Dekker)."""
    a_high, a_low = _halves(a)
    b_high, b_low = _halves(b)
    lost: Floats = ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low
    return lost


def _halves(x: Floats) -> tuple[Floats, Floats]:
    """Upper and lower 26 bits (Veltkamp)."""
    scaled: Floats = x * _SPLITTER
    high: Floats = scaled - (scaled - x)
    return high, x - high
