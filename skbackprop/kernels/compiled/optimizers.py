"""One step of each first-order optimiser, weight decay included, in one pass over the vectors.

Loops over a vector start at 0: for any other start the compiler cannot rule out negative indices, which Python counts
from the end, and uses no vector instructions.
"""

from __future__ import annotations

import math

import numpy as np

from ..optimizers import FLOOR, FLOOR_OF_SQUARES, FLUSH
from .compiler import compiled

Array = np.ndarray


@compiled
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
    real = theta.dtype.type
    eta, mu, kept, one = real(rate), real(momentum), real(1.0 - rate * weight_decay), real(1.0)
    # theta moves by ahead velocity - now g; Nesterov momentum looks one momentum step ahead.
    ahead, now = (mu, eta) if nesterov else (one, real(0.0))
    for i in range(theta.size):
        v = mu * velocity[i] - eta * gradient[i]
        velocity[i] = v
        theta[i] = (kept if i < decaying else one) * theta[i] + ahead * v - now * gradient[i]
    if t % FLUSH == 0:
        flush(velocity, FLOOR)


@compiled
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
    real = theta.dtype.type
    weight = math.sqrt(1.0 - rho)
    decay, eta, floor = real(rho), real(rate / weight), real(epsilon / weight)
    kept, one = real(1.0 - rate * weight_decay), real(1.0)
    for i in range(theta.size):
        g = gradient[i]
        v = decay * squares[i] + g * g
        squares[i] = v
        theta[i] = (kept if i < decaying else one) * theta[i] - eta * g / (np.sqrt(v) + floor)
    if t % FLUSH == 0:
        flush(squares, FLOOR_OF_SQUARES)


@compiled
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

    rate_t = rate sqrt(1 - b2^t) / (1 - b1^t), ``sums`` = m / (1 - b1), ``squares`` = v / (1 - b2), as in NumPy's twin.
    """
    real = theta.dtype.type
    rate_t = rate * math.sqrt(1.0 - beta_2**t) / (1.0 - beta_1**t)
    weight = math.sqrt(1.0 - beta_2)
    b1, b2 = real(beta_1), real(beta_2)
    eta, floor = real(rate_t * (1.0 - beta_1) / weight), real(epsilon / weight)
    kept, one = real(1.0 - rate * weight_decay), real(1.0)
    for i in range(theta.size):
        g = gradient[i]
        m = b1 * sums[i] + g
        v = b2 * squares[i] + g * g
        sums[i] = m
        squares[i] = v
        theta[i] = (kept if i < decaying else one) * theta[i] - eta * m / (np.sqrt(v) + floor)
    if t % FLUSH == 0:
        flush(sums, FLOOR)
        flush(squares, FLOOR_OF_SQUARES)


@compiled
def l2(W: Array, gradient: Array, factor: float) -> float:
    """gradient += factor W; returns factor / 2 * |W|^2."""
    c, squares = W.dtype.type(factor), W.dtype.type(0.0)
    for i in range(W.size):
        gradient[i] += c * W[i]
        squares += W[i] * W[i]
    return 0.5 * factor * squares


@compiled
def flush(vector: Array, floor: float) -> None:
    """Set entries below ``floor`` in absolute value to zero, before they become denormal and slow."""
    zero, least = vector.dtype.type(0.0), vector.dtype.type(floor)
    for i in range(vector.size):
        if abs(vector[i]) < least:
            vector[i] = zero


KERNELS = (sgd, rmsprop, adam, l2, flush)
