"""Losses and their gradients by the raw prediction, element by element.

Each reads ``name(y, raw, weight, out) -> value``: the value is the sum over rows and outputs, the
gradient is written to ``out``, which is contiguous and may be ``raw``. ``weight`` is one number per row, or None.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import xlogy

__all__ = [
    "absolute_error",
    "brier_classes",
    "brier_columns",
    "expectile",
    "focal_classes",
    "focal_columns",
    "gamma",
    "gaussian",
    "huber",
    "log_cosh",
    "log_loss_classes",
    "log_loss_columns",
    "poisson",
    "quantile",
    "squared_error",
    "tweedie",
]

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

    log cosh u = |u| - log 2 + log(1 + exp(-2 |u|)), which cannot overflow. Below |u| = 1, where that would cancel, it
    is log(1 + q^2 / (2 (1 + q))) with q = exp(-|u|) - 1.
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

    The columns of ``raw`` are those of y, each once for every level.
    """
    outputs = y.shape[1]
    if outputs > 1:
        y, levels = y.repeat(len(levels), axis=1), np.tile(levels, outputs)
    residual = np.subtract(raw, y)
    out[...] = residual > 0.0
    out -= levels
    residual *= out
    return weigh(residual, weight, out)


def poisson(y: Array, raw: Array, weight: Array | None, out: Array, ceiling: float) -> float:
    """Half the Poisson deviance with a log link: value = sum_i w_i (mu - y raw + y log y - y), gradient = w_i (mu - y).

    mu = exp(raw), guarded.
    """
    mu, slope = guarded_exp(raw, ceiling)
    terms = mu - y * raw
    terms += xlogy(y, y)
    terms -= y
    np.subtract(slope, y, out=out)
    return weigh(terms, weight, out)


def gamma(y: Array, raw: Array, weight: Array | None, out: Array, ceiling: float) -> float:
    """Half the gamma deviance, log link: value = sum_i w_i (y / mu + raw - log y - 1), gradient = w_i (1 - y / mu).

    1 / mu = exp(-raw), guarded.
    """
    inverse, slope = guarded_exp(-raw, ceiling)
    terms = y * inverse
    terms += raw
    terms -= np.log(y)
    terms -= 1.0
    np.multiply(y, slope, out=out)
    np.subtract(1.0, out, out=out)
    return weigh(terms, weight, out)


def tweedie(y: Array, raw: Array, weight: Array | None, out: Array, power: float, ceiling: float) -> float:
    """Half the Tweedie deviance of a power p other than 1 and 2, with a log link, mu = exp(raw).

    value = sum_i w_i (mu^(2-p) / (2-p) - y mu^(1-p) / (1-p) + y^(2-p) / ((1-p) (2-p))) and gradient =
    w_i (mu^(2-p) - y mu^(1-p)). Both powers of mu are guarded, where |raw| passes the ceiling.
    """
    a, b = 1.0 - power, 2.0 - power
    own, own_slope = guarded_exp(b * raw, abs(b) * ceiling)
    crossed, crossed_slope = guarded_exp(a * raw, abs(a) * ceiling)
    terms = crossed * y
    terms *= -1.0 / a
    terms += own / b
    terms += y**b / (a * b)
    np.multiply(y, crossed_slope, out=out)
    np.subtract(own_slope, out, out=out)
    return weigh(terms, weight, out)


def gaussian(y: Array, raw: Array, weight: Array | None, out: Array, beta: float, ceiling: float) -> float:
    """The columns of ``raw`` are the means m, then the logarithms s of the variances, one of each per column of y.

    With r = m - y: value = sum_i w_i (s + r^2 exp(-s)) / 2, gradient = w_i f r exp(-s) by m and w_i f (1 - r^2 exp(-s))
    / 2 by s, where f = exp(beta s). exp(-s) is guarded, and beta s has the same ceiling; the constant log(2 pi) / 2 is
    left out.
    """
    k = y.shape[1]
    residual, log_variance = raw[:, :k] - y, raw[:, k:]
    factor = np.exp(np.minimum(beta * log_variance, ceiling)) if beta else None
    precision, slope = guarded_exp(-log_variance, ceiling)
    squares = np.multiply(residual, residual)
    terms = squares * precision
    terms += log_variance
    terms *= 0.5
    np.multiply(residual, precision, out=out[:, :k])
    squares *= slope
    np.subtract(1.0, squares, out=squares)
    np.multiply(squares, 0.5, out=out[:, k:])
    if factor is not None:
        out[:, :k] *= factor
        out[:, k:] *= factor
    return weigh(terms, weight, out)


def guarded_exp(x: Array, ceiling: float) -> tuple[Array, Array]:
    """exp(x) up to x = ceiling, its tangent beyond, and the derivative of that, which may be the same array.

    So a loss made of the first and a gradient made of the second are finite and each other's counterpart.
    """
    if x.size and x.max() <= ceiling:
        value = np.exp(x)
        return value, value
    beyond = np.maximum(x - ceiling, 0.0)
    slope = np.exp(x - beyond)
    beyond += 1.0
    beyond *= slope
    return beyond, slope


def weigh(terms: Array, weight: Array | None, out: Array) -> float:
    """sum_i w_i terms_i, one term per row or per entry; the gradient in ``out`` is multiplied by the weights too."""
    if weight is None:
        return float(terms.sum())
    out *= weight[:, None]
    return float(np.dot(weight, terms if terms.ndim == 1 else terms.sum(axis=1)))


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
