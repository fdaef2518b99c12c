"""Losses for predictions in the units of y: means, medians, quantiles and what lies between."""

from __future__ import annotations

import math

import numpy as np

from .weights import weigh

Array = np.ndarray


def squared_error(y: Array, raw: Array, weight: Array | None, out: Array) -> float:
    """value = 1/2 sum_i w_i |raw_i - y_i|^2, gradient = w_i (raw_i - y_i)."""
    residual = np.subtract(raw, y, out=out)
    if weight is None:
        flat = residual.reshape(-1)
        return 0.5 * float(np.dot(flat, flat))
    unweighted = residual.copy()
    residual *= weight[:, None]
    return 0.5 * float(np.vdot(residual, unweighted))


def absolute_error(y: Array, raw: Array, weight: Array | None, out: Array) -> float:
    """value = sum_i w_i |raw_i - y_i|, gradient = w_i sign(raw_i - y_i)."""
    residual = np.subtract(raw, y)
    np.sign(residual, out=out)
    np.abs(residual, out=residual)
    return weigh(residual, weight, out)


def huber(y: Array, raw: Array, weight: Array | None, out: Array, delta: Array) -> float:
    """With r = raw - y and g = r clipped to +-delta (one for all outputs, or one for each): gradient = w_i g.

    value = sum_i w_i g (r - g / 2), which is r^2 / 2 where |r| <= delta, and delta |r| - delta^2 / 2 beyond.
    """
    residual = np.subtract(raw, y)
    np.maximum(residual, -delta, out=out)
    np.minimum(out, delta, out=out)
    residual -= 0.5 * out
    residual *= out
    return weigh(residual, weight, out)


def log_cosh(y: Array, raw: Array, weight: Array | None, out: Array, delta: Array) -> float:
    """With u = (raw - y) / delta: value = sum_i w_i delta^2 log cosh u, gradient = w_i delta tanh u.

    log cosh u = |u| - log 2 + log(1 + exp(-2 |u|)), which cannot overflow. Below |u| = 1, where that would lose digits
    by cancellation, it is computed as log(1 + q^2 / (2 (1 + q))) with q = exp(-|u|) - 1.
    """
    u = np.subtract(raw, y)
    u /= delta
    np.tanh(u, out=out)
    out *= delta
    np.abs(u, out=u)
    near, q = u < 1.0, np.expm1(-u)
    e = q + 1.0
    q *= q
    q /= 2.0 * np.maximum(e, 0.25)
    terms = np.log1p(np.where(near, q, e * e))
    u -= math.log(2.0)
    np.add(terms, u, out=terms, where=~near)
    terms *= delta * delta
    return weigh(terms, weight, out)


def expectile(y: Array, raw: Array, weight: Array | None, out: Array, level: float) -> float:
    """With r = raw - y: value = sum_i w_i |level - [r > 0]| r^2, gradient = w_i 2 |level - [r > 0]| r."""
    residual = np.subtract(raw, y)
    np.maximum(residual, 0.0, out=out)
    out *= 2.0 - 4.0 * level
    out += (2.0 * level) * residual
    residual *= 0.5 * out
    return weigh(residual, weight, out)


def quantile(y: Array, raw: Array, weight: Array | None, out: Array, levels: Array) -> float:
    """value = sum_i w_i (raw_i - y_i) ([raw_i > y_i] - level), gradient = w_i ([raw_i > y_i] - level).

    Where raw_i = y_i, the gradient is 0. ``raw`` has, for each column of y in turn, one column per level.
    """
    outputs = y.shape[1]
    if outputs > 1:
        y, levels = y.repeat(len(levels), axis=1), np.tile(levels, outputs)
    residual = np.subtract(raw, y)
    out[...] = residual > 0.0
    out -= levels
    out *= residual != 0.0
    residual *= out
    return weigh(residual, weight, out)
