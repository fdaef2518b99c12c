"""One step of each first-order optimiser, in one pass over the vectors."""

from __future__ import annotations

import math

import numpy as np

from .compiler import compiled

Array = np.ndarray


@compiled
def sgd(theta: Array, gradient: Array, velocity: Array, rate: float, momentum: float, nesterov: bool) -> None:
    """velocity = momentum velocity - rate g; theta += velocity, or with Nesterov momentum velocity - rate g."""
    real = theta.dtype.type
    eta, mu = real(rate), real(momentum)
    # The step is ahead velocity - now g: Nesterov looks one momentum further.
    ahead, now = (mu, eta) if nesterov else (real(1.0), real(0.0))
    for i in range(theta.size):
        v = mu * velocity[i] - eta * gradient[i]
        velocity[i] = v
        theta[i] += ahead * v - now * gradient[i]


@compiled
def rmsprop(theta: Array, gradient: Array, squares: Array, rate: float, rho: float, epsilon: float) -> None:
    """v = rho v + (1 - rho) g^2; theta -= rate g / (sqrt(v) + epsilon), with ``squares`` = v / (1 - rho)."""
    real = theta.dtype.type
    weight = math.sqrt(1.0 - rho)
    decay, eta, floor = real(rho), real(rate / weight), real(epsilon / weight)
    for i in range(theta.size):
        v = decay * squares[i] + gradient[i] * gradient[i]
        squares[i] = v
        theta[i] -= eta * gradient[i] / (np.sqrt(v) + floor)


@compiled
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

    ``sums`` = m / (1 - b1) and ``squares`` = v / (1 - b2), as in the twin.
    """
    real = theta.dtype.type
    weight = math.sqrt(1.0 - beta_2)
    b1, b2 = real(beta_1), real(beta_2)
    eta, floor = real(rate * (1.0 - beta_1) / weight), real(epsilon / weight)
    for i in range(theta.size):
        m = b1 * sums[i] + gradient[i]
        v = b2 * squares[i] + gradient[i] * gradient[i]
        sums[i] = m
        squares[i] = v
        theta[i] -= eta * m / (np.sqrt(v) + floor)


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
