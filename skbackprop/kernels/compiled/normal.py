"""The standard normal distribution in operations that the compiler turns into vector instructions.

The tail is computed as described in ``kernels/tail.py``, and Phi(z) = 1 - Phi(-z) for z > 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..tail import RATIO_64
from .compiler import exact_in, inlined
from .exponential import exp
from .polynomial import float32, horner

RATIO_32 = float32(
    (
        -1.71337247e-05,
        6.93673857e-05,
        0.000227741775,
        -0.00142000953,
        -0.000686420138,
        0.0267902854,
        -0.121452186,
        0.328995585,
        -0.629695861,
        0.893940924,
    )
)  # coefficients in powers of 1.5 - 10 / (t + 4), which is -1 at t = 0 and 1 at t = 16


def tail_ratio_float32(x):
    w = np.float32(1) / (x + np.float32(4))
    return w * horner(RATIO_32, np.float32(1.5) - np.float32(10) * w)


def tail_ratio_float64(x):
    w = 1.0 / (x + 4.0)
    v = 1.2 - 8.8 * w
    return w * (horner(RATIO_64[::2], v * v) + v * horner(RATIO_64[1::2], v * v))


@exact_in(tail_ratio_float32, tail_ratio_float64)
def tail_ratio(x):
    """M(x) = Phi(-x) exp(x^2 / 2) of a number, in its own precision; for compiled code only."""
    raise NotImplementedError


@inlined
def normal(z: float, c: Any) -> tuple:
    """Phi(z) and exp(-z^2 / 2); c has ``zero``, ``one`` and ``half`` in the type of z."""
    e = exp(-c.half * z * z)
    tail = e * tail_ratio(abs(z))
    return c.one - tail if z > c.zero else tail, e
