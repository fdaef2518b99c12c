"""One step of each first-order optimiser on one flat vector, in place.

All take the number ``t`` of the step, counted from 1, and a learning rate. Before the step, the first ``decaying``
entries of theta decay: theta -= rate * weight_decay * theta. The vectors are processed in pieces that stay in the cache
together with the one or two scratch pieces that a step needs.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from scipy.linalg.blas import daxpy, dnrm2, saxpy

__all__ = [
    "adam",
    "add_scaled",
    "flush",
    "l2",
    "norm",
    "rmsprop",
    "sgd",
]

Array = np.ndarray
PIECE = 1 << 20  # bytes

# Averages of gradients that are exactly zero (dead units) decay into denormal numbers, on which processors are
# slow. Every FLUSH steps, entries that have become negligible are set to zero: 0.9^32 is 0.03, so with the usual decays
# no entry falls from its floor to 1e-38 in between.
FLUSH = 32
FLOOR = 1e-24
FLOOR_OF_SQUARES = 1e-32


def pieces(*vectors: Array) -> Iterable[tuple[Array, ...]]:
    """The same pieces of every vector, one after the other, of PIECE bytes each."""
    size, step = vectors[0].size, PIECE // vectors[0].itemsize
    if size <= step:
        return (vectors,)
    return (tuple(v[start : start + step] for v in vectors) for start in range(0, size, step))


def shrink(theta: Array, decaying: int, amount: float) -> None:
    """Decoupled weight decay: theta -= amount * theta (Loshchilov and Hutter 2019, Algorithm 2, line 12)."""
    if amount:
        theta[:decaying] *= 1.0 - amount


def sgd(
    theta: Array,
    gradient: Array,
    velocity: Array,
    t: int,
    rate: float,
    decaying: int,
    momentum: float,
    nesterov: bool,
    weight_decay: float,
) -> None:
    """velocity = momentum velocity - rate g; theta += velocity, or with Nesterov momentum velocity - rate g."""
    shrink(theta, decaying, rate * weight_decay)
    for th, g, v in pieces(theta, gradient, velocity):
        step = np.multiply(g, -rate)
        v *= momentum
        v += step
        if nesterov:
            step += momentum * v
            th += step
        else:
            th += v
    if t % FLUSH == 0:
        flush(velocity, FLOOR)


def rmsprop(
    theta: Array,
    gradient: Array,
    squares: Array,
    t: int,
    rate: float,
    decaying: int,
    rho: float,
    epsilon: float,
    weight_decay: float,
) -> None:
    """v = rho v + (1 - rho) g^2; theta -= rate g / (sqrt(v) + epsilon), with ``squares`` = v / (1 - rho)."""
    shrink(theta, decaying, rate * weight_decay)
    weight = math.sqrt(1.0 - rho)
    for th, g, v in pieces(theta, gradient, squares):
        a = np.multiply(g, g)
        v *= rho
        v += a
        np.sqrt(v, out=a)
        a += epsilon / weight
        np.divide(g, a, out=a)
        add_scaled(a, -rate / weight, th)
    if t % FLUSH == 0:
        flush(squares, FLOOR_OF_SQUARES)


def adam(
    theta: Array,
    gradient: Array,
    sums: Array,
    squares: Array,
    t: int,
    rate: float,
    decaying: int,
    beta_1: float,
    beta_2: float,
    epsilon: float,
    weight_decay: float,
) -> None:
    """m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g^2; theta -= rate_t m / (sqrt(v) + epsilon).

    rate_t = rate sqrt(1 - b2^t) / (1 - b1^t). ``sums`` = m / (1 - b1) and ``squares`` = v / (1 - b2) are kept instead
    of the averages, which saves two passes.
    """
    shrink(theta, decaying, rate * weight_decay)
    rate_t = rate * math.sqrt(1.0 - beta_2**t) / (1.0 - beta_1**t)
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
        add_scaled(a, -rate_t * (1.0 - beta_1) / weight, th)
    if t % FLUSH == 0:
        flush(sums, FLOOR)
        flush(squares, FLOOR_OF_SQUARES)


def add_scaled(x: Array, factor: float, out: Array) -> None:
    """out += factor x, in one pass by BLAS, which returns a copy of ``out`` if it cannot write to it."""
    if len(x) == 0:  # BLAS refuses empty vectors
        return
    axpy = saxpy if out.itemsize == 4 else daxpy
    total = axpy(x, out, a=factor)
    if total is not out:
        out[...] = total


def l2(W: Array, gradient: Array, factor: float) -> float:
    """gradient += factor W; returns factor / 2 * |W|^2."""
    add_scaled(W, factor, gradient)
    return 0.5 * factor * float(W.dot(W))


def norm(gradient: Array) -> float:
    """|g|, even if the squares overflow its dtype."""
    squares = float(gradient.dot(gradient))
    return dnrm2(gradient) if squares == math.inf else math.sqrt(squares)


def flush(vector: Array, floor: float) -> None:
    """Set entries below ``floor`` in absolute value to zero, before they become denormal and slow."""
    vector *= np.abs(vector) >= floor
