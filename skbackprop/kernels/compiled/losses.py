"""Losses and their gradients by the raw prediction, in one pass over rows and outputs; sums are kept in float64."""

from __future__ import annotations

import math

import numpy as np

from .compiler import compiled

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


KERNELS = (squared_error, poisson)
