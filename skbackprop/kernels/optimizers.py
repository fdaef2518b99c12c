"""One step of each first-order optimiser on one flat vector, in place.

The vectors are walked in pieces that stay in the cache together with the two scratch pieces a step needs.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from scipy.linalg.blas import daxpy, saxpy

Array = np.ndarray
PIECE = 65536


def pieces(*vectors: Array) -> Iterator[tuple[Array, ...]]:
    """The same PIECE entries of every vector, one piece after the other."""
    size = vectors[0].size
    if size <= PIECE:
        yield vectors
        return
    for start in range(0, size, PIECE):
        yield tuple(v[start : start + PIECE] for v in vectors)


def sgd(theta: Array, gradient: Array, velocity: Array, rate: float, momentum: float, nesterov: bool) -> None:
    """velocity = momentum velocity - rate g; theta += velocity, or with Nesterov momentum velocity - rate g."""
    for th, g, v in pieces(theta, gradient, velocity):
        step = np.multiply(g, -rate)
        v *= momentum
        v += step
        if nesterov:
            step += momentum * v
            th += step
        else:
            th += v


def rmsprop(theta: Array, gradient: Array, squares: Array, rate: float, rho: float, epsilon: float) -> None:
    """v = rho v + (1 - rho) g^2; theta -= rate g / (sqrt(v) + epsilon), with ``squares`` = v / (1 - rho)."""
    weight = math.sqrt(1.0 - rho)
    for th, g, v in pieces(theta, gradient, squares):
        a = np.multiply(g, g)
        v *= rho
        v += a
        np.sqrt(v, out=a)
        a += epsilon / weight
        np.divide(g, a, out=a)
        add_scaled(a, -rate / weight, th)


def adam(
    theta: Array,
    gradient: Array,
    sums: Array,
    squares: Array,
    rate: float,
    beta_1: float,
    beta_2: float,
    epsilon: float,
) -> None:
    """m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g^2; theta -= rate m / (sqrt(v) + epsilon).

    ``sums`` = m / (1 - b1) and ``squares`` = v / (1 - b2) are kept instead, which takes two passes less.
    """
    weight = math.sqrt(1.0 - beta_2)
    for th, g, m, v in pieces(theta, gradient, sums, squares):
        m *= beta_1
        m += g
        a = np.multiply(g, g)
        v *= beta_2
        v += a
        np.sqrt(v, out=a)
        a += epsilon / weight
        np.divide(m, a, out=a)
        add_scaled(a, -rate * (1.0 - beta_1) / weight, th)


def add_scaled(x: Array, factor: float, out: Array) -> None:
    """out += factor x, in one pass by BLAS, which does not take empty vectors."""
    axpy = saxpy if x.dtype == np.float32 else daxpy
    if x.size:
        axpy(x, out, a=factor)


def flush(vector: Array, floor: float) -> None:
    """Set entries below ``floor`` in absolute value to zero, before they become denormal and slow."""
    vector *= np.abs(vector) >= floor
