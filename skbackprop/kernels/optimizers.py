"""One step of each first-order optimiser on one flat vector, in place.

The vectors are walked in pieces that stay in the cache together with the two scratch pieces a step needs.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

Array = np.ndarray
PIECE = 16384


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


def rmsprop(theta: Array, gradient: Array, square: Array, rate: float, rho: float, epsilon: float) -> None:
    """v = rho v + (1 - rho) g^2; theta -= rate g / (sqrt(v) + epsilon)."""
    for th, g, v in pieces(theta, gradient, square):
        a = np.multiply(g, g)
        a *= 1.0 - rho
        v *= rho
        v += a
        np.sqrt(v, out=a)
        a += epsilon
        np.divide(g, a, out=a)
        a *= rate
        th -= a


def adam(
    theta: Array,
    gradient: Array,
    mean: Array,
    square: Array,
    rate: float,
    beta_1: float,
    beta_2: float,
    epsilon: float,
) -> None:
    """m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g^2; theta -= rate m / (sqrt(v) + epsilon)."""
    for th, g, m, v in pieces(theta, gradient, mean, square):
        a = np.multiply(g, 1.0 - beta_1)
        m *= beta_1
        m += a
        np.multiply(g, g, out=a)
        a *= 1.0 - beta_2
        v *= beta_2
        v += a
        np.sqrt(v, out=a)
        a += epsilon
        np.divide(m, a, out=a)
        a *= rate
        th -= a


def shrink(theta: Array, decay: Array, amount: float) -> None:
    """theta -= amount decay theta: decoupled weight decay, with one factor per entry."""
    for th, d in pieces(theta, decay):
        a = np.multiply(th, d)
        a *= amount
        th -= a


def flush(vector: Array, floor: float) -> None:
    """Set entries below ``floor`` in absolute value to zero, before they become denormal and slow."""
    vector *= np.abs(vector) >= floor
