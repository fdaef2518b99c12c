"""Losses and their gradients by the raw prediction, in one pass over rows and outputs; sums are kept in float64."""

from __future__ import annotations

import math

import numpy as np

from .compiler import compiled
from .exponential import exp

Array = np.ndarray


@compiled
def squared_error(y: Array, raw: Array, weight: Array | None, out: Array) -> float:
    """value = 1/2 sum_i w_i |raw_i - y_i|^2, gradient = w_i (raw_i - y_i)."""
    value = 0.0
    for i in range(raw.shape[0]):
        w = raw.dtype.type(1.0) if weight is None else weight[i]
        for j in range(raw.shape[1]):
            residual = raw[i, j] - y[i, j]
            gradient = w * residual
            out[i, j] = gradient
            value += gradient * residual
    return 0.5 * value


@compiled
def poisson(y: Array, raw: Array, weight: Array | None, out: Array, ceiling: float) -> float:
    """value = sum_i w_i (mu - y raw + y log y - y), gradient = w_i (mu - y), mu = exp(raw) or its tangent."""
    value = 0.0
    for i in range(raw.shape[0]):
        w = 1.0 if weight is None else weight[i]
        for j in range(raw.shape[1]):
            r, target = raw[i, j], y[i, j]
            beyond = r - ceiling if r > ceiling else 0.0
            mu = math.exp(r - beyond)
            entropy = target * math.log(target) if target > 0 else 0.0
            value += w * (mu * (1.0 + beyond) - target * r + entropy - target)
            out[i, j] = w * (mu - target)
    return value


@compiled
def absolute_error(y: Array, raw: Array, weight: Array | None, out: Array) -> float:
    """value = sum_i w_i |raw_i - y_i|, gradient = w_i sign(raw_i - y_i)."""
    value = 0.0
    for i in range(raw.shape[0]):
        w = raw.dtype.type(1.0) if weight is None else weight[i]
        for j in range(raw.shape[1]):
            residual = raw[i, j] - y[i, j]
            out[i, j] = w * np.sign(residual)
            value += w * abs(residual)
    return value


@compiled
def expectile(y: Array, raw: Array, weight: Array | None, out: Array, level: float) -> float:
    """With r = raw - y: value = sum_i w_i |level - [r > 0]| r^2, gradient = w_i 2 |level - [r > 0]| r."""
    value = 0.0
    for i in range(raw.shape[0]):
        w = 1.0 if weight is None else weight[i]
        for j in range(raw.shape[1]):
            residual = raw[i, j] - y[i, j]
            share = w * (1.0 - level if residual > 0 else level)
            out[i, j] = 2.0 * share * residual
            value += share * residual * residual
    return value


@compiled
def log_loss_classes(y: Array, raw: Array, weight: Array | None, out: Array, smoothing: float) -> float:
    """value = -sum_i w_i sum_k t_ik log p_ik, gradient = w_i (p_i - t_i), t = (1 - s) onehot(y) + s / K."""
    n, k = raw.shape
    value, zero = 0.0, raw.dtype.type(0.0)
    for i in range(n):
        true, top = int(y[i, 0]), raw[i, 0]
        for j in range(1, k):
            top = max(top, raw[i, j])
        own, total, sum_of_shifted = raw[i, true] - top, zero, zero
        for j in range(k):
            shifted = raw[i, j] - top
            e = exp(shifted)
            out[i, j] = e
            total += e
            sum_of_shifted += shifted
        w = 1.0 if weight is None else weight[i]
        value += w * (math.log(total) - (1.0 - smoothing) * own - smoothing * sum_of_shifted / k)
        for j in range(k):
            out[i, j] = w * (out[i, j] / total - smoothing / k)
        out[i, true] -= w * (1.0 - smoothing)
    return value


@compiled
def log_loss_columns(y: Array, raw: Array, weight: Array | None, out: Array, smoothing: float) -> float:
    """value = sum_i w_i (log(1 + exp raw) - t raw), gradient = w_i (p_i - t_i), t = (1 - s) y + s / 2."""
    value = 0.0
    for i in range(raw.shape[0]):
        w = 1.0 if weight is None else weight[i]
        for j in range(raw.shape[1]):
            r, t = raw[i, j], (1.0 - smoothing) * y[i, j] + 0.5 * smoothing
            e = math.exp(-abs(r))
            value += w * ((r if r > 0 else 0.0) + math.log1p(e) - t * r)
            out[i, j] = w * ((e if r < 0 else 1.0) / (1.0 + e) - t)
    return value


KERNELS = (squared_error, absolute_error, expectile, poisson, log_loss_classes, log_loss_columns)
