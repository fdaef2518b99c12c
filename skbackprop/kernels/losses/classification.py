"""Classification losses: ``_classes`` if y holds class numbers, ``_columns`` if its columns are zeros and ones."""

from __future__ import annotations

import numpy as np

from .weights import weigh

Array = np.ndarray


def softmax_terms(y: Array, raw: Array, out: Array) -> tuple[Array, Array, Array]:
    """Write the probabilities to ``out``; return the row indices, the true classes and the log probabilities."""
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


def log_loss_classes(y: Array, raw: Array, weight: Array | None, out: Array, smoothing: float) -> float:
    """value = -sum_i w_i sum_k t_ik log p_ik, gradient = w_i (p_i - t_i), t = (1 - s) onehot(y) + s / K."""
    rows, true, log_p = softmax_terms(y, raw, out)
    terms = -log_p[rows, true]
    if smoothing:
        terms = (1.0 - smoothing) * terms - smoothing * log_p.mean(axis=1)
        out -= smoothing / out.shape[1]
    out[rows, true] -= 1.0 - smoothing
    return weigh(terms, weight, out)


def log_loss_columns(y: Array, raw: Array, weight: Array | None, out: Array, smoothing: float) -> float:
    """value = sum_i w_i (log(1 + exp raw) - t raw), gradient = w_i (p_i - t_i), t = (1 - s) y + s / 2."""
    t = (1.0 - smoothing) * y + 0.5 * smoothing if smoothing else y
    e, p = logistic_terms(raw)
    terms = np.maximum(raw, 0.0) + np.log1p(e) - t * raw
    np.subtract(p, t, out=out)
    return weigh(terms, weight, out)


def brier_classes(y: Array, raw: Array, weight: Array | None, out: Array) -> float:
    """value = 1/2 sum_i w_i |p_i - onehot(y_i)|^2, gradient = w_i p * (d - d . p) with d = p - onehot."""
    rows, true, _ = softmax_terms(y, raw, out)
    d = out.copy()
    d[rows, true] -= 1.0
    terms = 0.5 * np.einsum("ij,ij->i", d, d)
    d -= np.einsum("ij,ij->i", d, out)[:, None]
    out *= d
    return weigh(terms, weight, out)


def brier_columns(y: Array, raw: Array, weight: Array | None, out: Array) -> float:
    """value = 1/2 sum_i w_i (p_i - y_i)^2, gradient = w_i (p - y) p (1 - p), with p (1 - p) = e / (1 + e)^2."""
    e, p = logistic_terms(raw)
    d = p - y
    np.multiply(d, e / (1.0 + e) ** 2, out=out)
    return weigh(0.5 * d * d, weight, out)


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
    return weigh(terms, weight, out)


def focal_columns(y: Array, raw: Array, weight: Array | None, out: Array, gamma: float) -> float:
    """value = sum_i w_i f(q_i) with q = p where y is 1, else 1 - p; gradient = w_i h (1 - q) (2 y - 1)."""
    sign = 2.0 * y - 1.0
    z = sign * raw
    e = np.exp(-np.abs(z))
    rest = np.where(z >= 0, e, 1.0) / (1.0 + e)
    terms, h = focal_terms(np.minimum(z, 0.0) - np.log1p(e), rest, gamma)
    np.multiply(h * rest, sign, out=out)
    return weigh(terms, weight, out)
