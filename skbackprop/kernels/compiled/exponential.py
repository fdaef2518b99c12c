"""exp(x) and exp(x) - 1 in operations that, unlike the C library's, the compiler turns into vector instructions.

x = k log 2 + r with an integer k and |r| <= log(2) / 2. Then exp(x) = 2^k (1 + p), where p = exp(r) - 1 is approximated
by a polynomial and 2^k is assembled from its bits. An x beyond the range of its type is clipped to it; NaN stays NaN.

To round x / log 2 to k, a number so large that the last bit of the sum stands for 1 is added, which also leaves k in
the last bits. A rounding function would call the C library wherever a loop is too short for vector instructions.
"""

from __future__ import annotations

import numpy as np

from .compiler import exact_in, inlined

ROUND_32, ROUND_64 = np.float32(1.5 * 2**23), 1.5 * 2**52


def split_float32(x):
    x = np.float32(-87.0) if x < np.float32(-87.0) else x
    x = np.float32(88.0) if x > np.float32(88.0) else x
    rounded = x * np.float32(1.4426950408889634) + ROUND_32
    k = rounded - ROUND_32
    r = x - k * np.float32(0.693359375) - k * np.float32(-2.12194440e-4)
    p = np.float32(1 / 5040)
    p = p * r + np.float32(1 / 720)
    p = p * r + np.float32(1 / 120)
    p = p * r + np.float32(1 / 24)
    p = p * r + np.float32(1 / 6)
    p = p * r + np.float32(0.5)
    p = p * r * r + r
    bits = np.float32(rounded).view(np.int32)
    return np.int32((bits << np.int32(23)) + np.int32(127 << 23)).view(np.float32), p


def split_float64(x):
    x = -708.0 if x < -708.0 else x
    x = 709.0 if x > 709.0 else x
    rounded = x * 1.4426950408889634 + ROUND_64
    k = rounded - ROUND_64
    r = x - k * 0.6931471803691238 - k * 1.9082149292705877e-10
    p = 1 / 6227020800
    p = p * r + 1 / 479001600
    p = p * r + 1 / 39916800
    p = p * r + 1 / 3628800
    p = p * r + 1 / 362880
    p = p * r + 1 / 40320
    p = p * r + 1 / 5040
    p = p * r + 1 / 720
    p = p * r + 1 / 120
    p = p * r + 1 / 24
    p = p * r + 1 / 6
    p = p * r + 0.5
    p = p * r * r + r
    bits = np.float64(rounded).view(np.int64)
    return np.int64((bits << np.int64(52)) + np.int64(1023 << 52)).view(np.float64), p


@exact_in(split_float32, split_float64)
def split(x):
    """(2^k, p) of a number, in its own precision; for compiled code only."""
    raise NotImplementedError


@inlined
def exp(x: float) -> float:
    power, p = split(x)
    return power * p + power


@inlined
def expm1(x: float, one: float) -> float:
    """exp(x) - 1, accurate to rounding even near zero; ``one`` is 1 in the type of x."""
    power, p = split(x)
    return power * p + (power - one)
