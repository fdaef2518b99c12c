"""log(x) and log(1 + x) in operations that, unlike the C library's, the compiler turns into vector instructions.

Both come down to log(m) with m between sqrt(1/2) and sqrt(2). With s = (m - 1) / (m + 1), where |s| < 0.1716, that is
2 artanh s = 2 s (1 + s^2 / 3 + s^4 / 5 + ...).
"""

from __future__ import annotations

import numpy as np

from .compiler import exact_in, inlined
from .polynomial import float32, horner

SERIES_64 = tuple(2.0 / (2 * k + 1) for k in range(9, -1, -1))
SERIES_32 = float32(SERIES_64[-5:])


def log_float32(x):
    """log(x), with x = 2^k m. Subtracting the bits of sqrt(1/2) makes k change where m is sqrt(1/2) instead of 1."""
    bits = np.float32(x).view(np.int32)
    k = np.int32((bits - np.int32(0x3F3504F3)) >> np.int32(23))
    m = np.int32(bits - (k << np.int32(23))).view(np.float32)
    s = (m - np.float32(1)) / (m + np.float32(1))
    e = np.float32(k)
    return e * np.float32(0.693359375) + (e * np.float32(-2.12194440e-4) + s * horner(SERIES_32, s * s))


def log_float64(x):
    bits = np.float64(x).view(np.int64)
    k = (bits - np.int64(0x3FE6A09E667F3BCD)) >> np.int64(52)
    m = np.int64(bits - (k << np.int64(52))).view(np.float64)
    s = (m - 1.0) / (m + 1.0)
    e = np.float64(k)
    return e * 0.6931471803691238 + (e * 1.9082149292705877e-10 + s * horner(SERIES_64, s * s))


def log1p_float32(x):
    """log(1 + x), which from x = sqrt(2) - 1 on is computed as log 2 + log(m) with m = (1 + x) / 2."""
    far = x > np.float32(0.41421356)
    s = (x - np.float32(far)) / (x + (np.float32(3) if far else np.float32(2)))
    return s * horner(SERIES_32, s * s) + (np.float32(0.6931471805599453) if far else np.float32(0))


def log1p_float64(x):
    far = x > 0.41421356
    s = (x - np.float64(far)) / (x + (3.0 if far else 2.0))
    return s * horner(SERIES_64, s * s) + (0.6931471805599453 if far else 0.0)


@exact_in(log_float32, log_float64)
def normal_log(x):
    """log(x) of a positive, normal and finite number; for compiled code only."""
    raise NotImplementedError


@exact_in(log1p_float32, log1p_float64)
def log1p(x):
    """log(1 + x) of a number from 0 to 1, accurate to rounding even near zero; for compiled code only."""
    raise NotImplementedError


@inlined
def log(x: float) -> float:
    """log(x) of a positive number that is not denormal; infinity and NaN are returned unchanged."""
    return normal_log(x) if x < np.inf else x
