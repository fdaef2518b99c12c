"""Losses and their gradients by the raw prediction, element by element.

Each reads ``name(y, raw, weight, out) -> value``: the value is the sum over rows and outputs, the
gradient is written to ``out`` (which may be ``raw``). ``weight`` is one number per row, or None.
"""

from __future__ import annotations

import numpy as np
from scipy.special import xlogy

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


def poisson(y: Array, raw: Array, weight: Array | None, out: Array, ceiling: float) -> float:
    """Half the Poisson deviance with a log link: value = sum_i w_i (mu - y raw + y log y - y), gradient = w_i (mu - y).

    mu = exp(raw) up to raw = ceiling; beyond it the tangent takes over, mu + mu (raw - ceiling) in the value, so that
    value and gradient stay finite, convex and each other's counterpart.
    """
    beyond = np.maximum(raw - ceiling, 0.0)
    mu = np.exp(raw - beyond)
    terms = mu * (1.0 + beyond)
    terms -= y * raw
    terms += xlogy(y, y)
    terms -= y
    np.subtract(mu, y, out=out)
    if weight is None:
        return float(terms.sum())
    out *= weight[:, None]
    return float(np.dot(weight, terms.sum(axis=1)))
