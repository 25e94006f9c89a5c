"""Powers of e to the bits of fdlibm, which is what Java's StrictMath.pow computes.

The algorithm and its constants are those of e_pow.c, for the one base that is needed; its notice:

Copyright (C) 2004 by Sun Microsystems, Inc. All rights reserved.
Permission to use, copy, modify, and distribute this software is freely granted, provided that this notice is preserved.
"""

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# log2(2.718281828459045) as the first half of e_pow.c gives it: 21 bits, and what is left
_LOG2_HIGH, _LOG2_LOW = (float.fromhex(part) for part in ("0x1.71547p+0", "0x1.94ae0bf6fc093p-22"))
# ln 2, and in two parts
_LN2, _LN2_HIGH, _LN2_LOW = (
    float.fromhex(part) for part in ("0x1.62e42fefa39efp-1", "0x1.62e43p-1", "-0x1.05c610ca86c39p-29")
)
# of x * (e^x + 1) / (e^x - 1) - 2 over x^2, the highest first
_P = tuple(
    float.fromhex(part)
    for part in (
        "0x1.6376972bea4d0p-25", "-0x1.bbd41c5d26bf1p-20", "0x1.1566aaf25de2cp-14", "-0x1.6c16c16bebd93p-9",
        "0x1.555555555553ep-3",
    )
)  # fmt: skip
_SPECIAL = {0.5: math.sqrt(math.e), 1.0: math.e, 2.0: math.e * math.e}


def powers_of_e(y: Floats) -> Floats:
    """2.718281828459045 ** y for 0 <= y <= 700, shape of `y`."""
    y_high = _high(y)
    p_low = (y - y_high) * _LOG2_HIGH + y * _LOG2_LOW
    p_high = y_high * _LOG2_HIGH
    z = _high(p_low + p_high)
    whole = np.where(z > 0.5, np.floor(z + 0.5), 0.0)
    power = np.ldexp(_exp2(p_high - whole, p_low), whole.astype(np.int64))
    for exponent, exactly in _SPECIAL.items():
        power[y == exponent] = exactly
    return power


def _exp2(high: Floats, low: Floats) -> Floats:
    """2 ** (high + low), at most a half up or down."""
    t = _high(low + high)
    u = t * _LN2_HIGH
    v = (low - (t - high)) * _LN2 + t * _LN2_LOW
    z = u + v
    w = v - (z - u)
    t = z * z
    series = _P[0] * t
    for coefficient in _P[1:]:
        series = t * (coefficient + series)
    t1 = z - series
    power: Floats = 1.0 - (((z * t1) / (t1 - 2.0) - (w + z * w)) - z)
    return power


def _high(x: Floats) -> Floats:
    """The upper 32 bits of each float64, the lower ones zero."""
    return (x.view(np.uint64) & np.uint64(0xFFFFFFFF00000000)).view(np.float64)
