"""Losses of the residual raw - y, for predictions in the units of the target."""

from __future__ import annotations

import numpy as np

from ..compiler import compiled
from ..exponential import expm1
from ..logarithm import log1p
from .entries import entries, of_columns

Array = np.ndarray


@compiled
def squared_error(y: Array, raw: Array, weight: Array | None, out: Array) -> float:
    """value = 1/2 sum_i w_i |raw_i - y_i|^2, gradient = w_i (raw_i - y_i)."""
    value, one = 0.0, raw.dtype.type(1.0)
    y, raw, weights, out = entries(y, raw, weight, out)
    for i in range(raw.size):
        w = one if weight is None else weights[i]
        r = raw[i] - y[i]
        g = w * r
        out[i] = g
        value += g * r
    return 0.5 * value


@compiled
def absolute_error(y: Array, raw: Array, weight: Array | None, out: Array) -> float:
    """value = sum_i w_i |raw_i - y_i|, gradient = w_i sign(raw_i - y_i)."""
    value, one = 0.0, raw.dtype.type(1.0)
    y, raw, weights, out = entries(y, raw, weight, out)
    for i in range(raw.size):
        w = one if weight is None else weights[i]
        r = raw[i] - y[i]
        out[i] = w * np.sign(r)
        value += w * abs(r)
    return value


@compiled
def huber(y: Array, raw: Array, weight: Array | None, out: Array, delta: Array) -> float:
    """With r = raw - y and g = r clipped to +-delta: value = sum_i w_i g (r - g / 2), gradient = w_i g."""
    real = raw.dtype.type
    value, half, one, deltas = 0.0, real(0.5), real(1.0), of_columns(delta, raw)
    y, raw, weights, out = entries(y, raw, weight, out)
    for i in range(raw.size):
        w = one if weight is None else weights[i]
        r, d = raw[i] - y[i], deltas[i]
        g = d if r > d else r
        g = -d if g < -d else g
        out[i] = w * g
        value += w * g * (r - half * g)
    return value


@compiled
def log_cosh(y: Array, raw: Array, weight: Array | None, out: Array, delta: Array) -> float:
    """With u = (raw - y) / delta: value = sum_i w_i delta^2 log cosh u, gradient = w_i delta tanh u.

    With q = exp(-|u|) - 1 and m = q (q + 2) = exp(-2 |u|) - 1, tanh |u| = -m / (2 + m). log cosh u =
    log(1 + q^2 / (2 (1 + q))) up to |u| = 1, and |u| - log 2 + log(1 + (1 + q)^2) beyond.
    """
    real = raw.dtype.type
    zero, one, log_2 = real(0.0), real(1.0), real(0.6931471805599453)
    value, deltas = 0.0, of_columns(delta, raw)
    y, raw, weights, out = entries(y, raw, weight, out)
    for i in range(raw.size):
        w = one if weight is None else weights[i]
        d = deltas[i]
        u = (raw[i] - y[i]) / d
        far, q = abs(u) > one, expm1(-abs(u), one)
        e, m = one + q, q * (q + one + one)
        log_cosh = log1p(e * e if far else q * q / (e + e)) + (abs(u) - log_2 if far else zero)
        slope = d * m / (m + one + one)
        out[i] = w * (slope if u < zero else -slope)
        value += w * d * d * log_cosh
    return value


@compiled
def expectile(y: Array, raw: Array, weight: Array | None, out: Array, level: float) -> float:
    """With r = raw - y: value = sum_i w_i |level - [r > 0]| r^2, gradient = w_i 2 |level - [r > 0]| r."""
    real = raw.dtype.type
    value, zero, one, below, above = 0.0, real(0.0), real(1.0), real(level), real(1.0 - level)
    y, raw, weights, out = entries(y, raw, weight, out)
    for i in range(raw.size):
        w = one if weight is None else weights[i]
        r = raw[i] - y[i]
        g = w * (above if r > zero else below) * r
        out[i] = g + g
        value += g * r
    return value


@compiled
def quantile(y: Array, raw: Array, weight: Array | None, out: Array, levels: Array) -> float:
    """value = sum_i w_i (raw_i - y_i) ([raw_i > y_i] - level), gradient = w_i ([raw_i > y_i] - level).

    Where raw_i = y_i, the gradient is 0.
    """
    real = raw.dtype.type
    value, zero, one = 0.0, real(0.0), real(1.0)
    for i in range(raw.shape[0]):
        w = one if weight is None else weight[i]
        for k in range(y.shape[1]):
            for level in range(levels.size):
                j = k * levels.size + level
                r = raw[i, j] - y[i, k]
                g = w * ((one if r > zero else zero) - (zero if r == zero else levels[level]))
                out[i, j] = g
                value += g * r
    return value


KERNELS = (squared_error, absolute_error, huber, log_cosh, expectile, quantile)
