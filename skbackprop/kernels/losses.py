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


def softmax_terms(y: Array, raw: Array, out: Array) -> tuple[Array, Array, Array]:
    """The probabilities in ``out``; returns the numbers of the rows, their classes, and the log probabilities."""
    rows, true = np.arange(len(y)), y[:, 0].astype(np.intp)
    shifted = raw - raw.max(axis=1, keepdims=True)
    np.exp(shifted, out=out)
    total = out.sum(axis=1)
    out /= total[:, None]
    return rows, true, shifted - np.log(total)[:, None]


def logistic_terms(raw: Array) -> tuple[Array, Array]:
    """e = exp(-|raw|) and p = 1 / (1 + exp(-raw)), neither of which overflows."""
    e = np.exp(-np.abs(raw))
    return e, np.where(raw >= 0, 1.0, e) / (1.0 + e)


def weighted(terms: Array, out: Array, weight: Array | None) -> float:
    """The sum of terms, one per row or per entry; they and the gradient in ``out`` are multiplied by the weights."""
    if weight is None:
        return float(terms.sum())
    out *= weight[:, None]
    return float(np.dot(weight, terms if terms.ndim == 1 else terms.sum(axis=1)))


def log_loss_classes(y: Array, raw: Array, weight: Array | None, out: Array, smoothing: float) -> float:
    """value = -sum_i w_i sum_k t_ik log p_ik, gradient = w_i (p_i - t_i), t = (1 - s) onehot(y) + s / K."""
    rows, true, log_p = softmax_terms(y, raw, out)
    terms = -log_p[rows, true]
    if smoothing:
        terms = (1.0 - smoothing) * terms - smoothing * log_p.mean(axis=1)
        out -= smoothing / out.shape[1]
    out[rows, true] -= 1.0 - smoothing
    return weighted(terms, out, weight)


def log_loss_columns(y: Array, raw: Array, weight: Array | None, out: Array, smoothing: float) -> float:
    """value = sum_i w_i (log(1 + exp raw) - t raw), gradient = w_i (p_i - t_i), t = (1 - s) y + s / 2."""
    t = (1.0 - smoothing) * y + 0.5 * smoothing if smoothing else y
    e, p = logistic_terms(raw)
    terms = np.maximum(raw, 0.0) + np.log1p(e) - t * raw
    np.subtract(p, t, out=out)
    return weighted(terms, out, weight)


def brier_classes(y: Array, raw: Array, weight: Array | None, out: Array) -> float:
    """value = 1/2 sum_i w_i |p_i - onehot(y_i)|^2, gradient = w_i p * (d - d . p) with d = p - onehot."""
    rows, true, _ = softmax_terms(y, raw, out)
    d = out.copy()
    d[rows, true] -= 1.0
    terms = 0.5 * np.einsum("ij,ij->i", d, d)
    d -= np.einsum("ij,ij->i", d, out)[:, None]
    out *= d
    return weighted(terms, out, weight)


def brier_columns(y: Array, raw: Array, weight: Array | None, out: Array) -> float:
    """value = 1/2 sum_i w_i (p_i - y_i)^2, gradient = w_i (p - y) p (1 - p), with p (1 - p) = e / (1 + e)^2."""
    e, p = logistic_terms(raw)
    d = p - y
    np.multiply(d, e / (1.0 + e) ** 2, out=out)
    return weighted(0.5 * d * d, out, weight)


def focal_terms(log_q: Array, rest: Array, gamma: float) -> tuple[Array, Array]:
    """f = -(1 - q)^gamma log q and h = q f' = -(1 - q)^gamma (1 + gamma q r), r = -log q / (1 - q); rest = 1 - q."""
    power = rest**gamma
    r = np.divide(-log_q, rest, out=np.ones_like(rest), where=rest > 0.0)
    return -power * log_q, -power * (1.0 + gamma * (1.0 - rest) * r)


def focal_classes(y: Array, raw: Array, weight: Array | None, out: Array, gamma: float) -> float:
    """value = sum_i w_i f(q_i) with q = p of the true class, gradient = w_i h (onehot - p)."""
    rows, true, log_p = softmax_terms(y, raw, out)
    log_q = log_p[rows, true]
    terms, h = focal_terms(log_q, -np.expm1(log_q), gamma)
    out[rows, true] -= 1.0
    out *= -h[:, None]
    return weighted(terms, out, weight)


def focal_columns(y: Array, raw: Array, weight: Array | None, out: Array, gamma: float) -> float:
    """value = sum_i w_i f(q_i) with q = p where y is 1, else 1 - p; gradient = w_i h (1 - q) (2 y - 1)."""
    sign = 2.0 * y - 1.0
    z = sign * raw
    e = np.exp(-np.abs(z))
    rest = np.where(z >= 0, e, 1.0) / (1.0 + e)
    terms, h = focal_terms(np.minimum(z, 0.0) - np.log1p(e), rest, gamma)
    np.multiply(h * rest, sign, out=out)
    return weighted(terms, out, weight)
