"""Losses that contain an exponential of the prediction: those with a log link, and the Gaussian's log variance."""

from __future__ import annotations

import numpy as np

from ..compiler import compiled, inlined
from ..exponential import exp
from ..logarithm import log
from .entries import entries

Array = np.ndarray


@inlined
def guarded_exp(x: float, ceiling: float, c: tuple) -> tuple:
    """exp(x), continued by its tangent beyond x = ceiling, and the derivative of that; c[0] and c[1] are 0 and 1."""
    beyond = x - ceiling if x > ceiling else c[0]
    slope = exp(ceiling if x > ceiling else x)
    return slope + slope * beyond, slope


@compiled
def poisson(y: Array, raw: Array, weight: Array | None, out: Array, ceiling: float) -> float:
    """value = sum_i w_i (mu - y raw + y log y - y), gradient = w_i (mu - y), mu = exp(raw), guarded."""
    real = raw.dtype.type
    value, top, c = 0.0, real(ceiling), (real(0.0), real(1.0))
    y, raw, weights, out = entries(y, raw, weight, out)
    for i in range(raw.size):
        w = c[1] if weight is None else weights[i]
        r, target = raw[i], y[i]
        mu, slope = guarded_exp(r, top, c)
        entropy = target * log(target) if target > c[0] else c[0]
        out[i] = w * (slope - target)
        value += w * (mu - target * r + entropy - target)
    return value


@compiled
def gamma(y: Array, raw: Array, weight: Array | None, out: Array, ceiling: float) -> float:
    """value = sum_i w_i (y / mu + raw - log y - 1), gradient = w_i (1 - y / mu), 1 / mu = exp(-raw), guarded."""
    real = raw.dtype.type
    value, top, c = 0.0, real(ceiling), (real(0.0), real(1.0))
    y, raw, weights, out = entries(y, raw, weight, out)
    for i in range(raw.size):
        w = c[1] if weight is None else weights[i]
        r, target = raw[i], y[i]
        inverse, slope = guarded_exp(-r, top, c)
        out[i] = w * (c[1] - target * slope)
        value += w * (target * inverse + r - log(target) - c[1])
    return value


@compiled
def tweedie(y: Array, raw: Array, weight: Array | None, out: Array, power: float, ceiling: float) -> float:
    """With a = 1 - p, b = 2 - p and guarded powers of mu: gradient = w_i (mu^b - y mu^a).

    value = sum_i w_i (mu^b / b - y mu^a / a + y^b / (a b)).
    """
    real, a, b = raw.dtype.type, 1.0 - power, 2.0 - power
    top_a, top_b, share_a, share_b = real(abs(a) * ceiling), real(abs(b) * ceiling), real(1.0 / a), real(1.0 / b)
    value, exponent_a, exponent_b, c = 0.0, real(a), real(b), (real(0.0), real(1.0))
    y, raw, weights, out = entries(y, raw, weight, out)
    for i in range(raw.size):
        w = c[1] if weight is None else weights[i]
        r, target = raw[i], y[i]
        own, own_slope = guarded_exp(exponent_b * r, top_b, c)
        crossed, crossed_slope = guarded_exp(exponent_a * r, top_a, c)
        constant = exp(exponent_b * log(target)) if target > c[0] else c[0]
        out[i] = w * (own_slope - target * crossed_slope)
        value += w * (share_b * own + share_a * (share_b * constant - target * crossed))
    return value


@compiled
def gaussian(y: Array, raw: Array, weight: Array | None, out: Array, beta: float, ceiling: float) -> float:
    """With r = m - y: value = sum_i w_i (s + r^2 exp(-s)) / 2, exp(-s) guarded, the first s at least -ceiling.

    gradient = w_i f r exp(-s) by m and w_i f (1 - r^2 exp(-s)) / 2 by s, f = exp(beta s), with beta s at most ceiling.
    """
    real, n, k = raw.dtype.type, *y.shape
    value, half, share, top, c = 0.0, real(0.5), real(beta), real(ceiling), (real(0.0), real(1.0))
    means, logs = np.empty((n, k), raw.dtype), np.empty((n, k), raw.dtype)
    for i in range(n):
        for j in range(k):
            means[i, j], logs[i, j] = raw[i, j], raw[i, k + j]
    targets, m, weights, s = entries(y, means, weight, logs)
    for i in range(n * k):
        w = c[1] if weight is None else weights[i]
        r, v = m[i] - targets[i], s[i]
        precision, slope = guarded_exp(-v, top, c)
        f = w * exp(top if share * v > top else share * v)
        m[i] = f * r * precision
        s[i] = f * half * ((c[0] if v < -top else c[1]) - r * r * slope)
        value += w * half * ((-top if v < -top else v) + r * r * precision)
    for i in range(n):
        for j in range(k):
            out[i, j], out[i, k + j] = means[i, j], logs[i, j]
    return value


KERNELS = (poisson, gamma, tweedie, gaussian)
