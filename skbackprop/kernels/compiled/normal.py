"""The standard normal distribution in operations that the compiler turns into vector instructions.

With t = |z|, the lower tail is Phi(-t) = exp(-t^2 / 2) M(t). From t = 0 to where the tail is below the smallest number,
(t + 4) M(t) is a smooth function of 1 / (t + 4), computed by its Chebyshev interpolant, written as a polynomial. So the
tail is accurate to the rounding of t^2, and Phi(z) = 1 - Phi(-z) for z > 0.

After W. J. Cody (1969), "Rational Chebyshev approximations for the error function", and Shepherd and Laframboise
(1981), "Chebyshev approximation of (1 + 2x) exp(x^2) erfc x", but in one piece for all t.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .compiler import exact_in, inlined
from .exponential import exp
from .polynomial import float32, horner

RATIO_64 = (
    1.1185572172204652e-09,
    -1.2029583255449932e-10,
    -1.2919917935505516e-08,
    -7.2631034223983595e-09,
    8.503654195616644e-08,
    1.26656777865719e-07,
    -4.441954388312297e-07,
    -1.2689239914228286e-06,
    2.2072154706620492e-06,
    1.0798987273119567e-05,
    -1.36675851962309e-05,
    -9.066508378244484e-05,
    0.00014808139135406387,
    0.0007523105808575774,
    -0.0025244246128952592,
    -0.0033323154408885004,
    0.04326924402112343,
    -0.15706331840008675,
    0.3645080539467721,
    -0.620994286850129,
    0.8138922507262537,
)  # coefficients in powers of 1.2 - 8.8 / (t + 4), which is -1 at t = 0 and 1 at t = 40
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
