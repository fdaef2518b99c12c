"""Polynomials with coefficients in a tuple, the highest power first; the compiler unrolls the loop over them."""

from __future__ import annotations

import numpy as np

from .compiler import exact


def float32(coefficients: tuple) -> tuple:
    """The same coefficients in single precision: a float64 among them would make all the arithmetic float64."""
    return tuple(np.float32(a) for a in coefficients)


@exact
def horner(coefficients, x):
    p = coefficients[0]
    for a in coefficients[1:]:
        p = p * x + a
    return p
