"""Classification losses: ``_classes`` if y holds class numbers, ``_columns`` if its columns are zeros and ones."""

from __future__ import annotations

import numpy as np

from ..compiler import compiled, exact, inlined
from ..exponential import exp, expm1
from ..logarithm import log, log1p
from .entries import entries

Array = np.ndarray


@exact
def log_share(own: float, total: float) -> float:
    """own - log(total), where own = raw - top; the compiler must not add the logarithm, which is small, to top."""
    return own - log(total)


@inlined
def greatest(raw: Array, i: int) -> float:
    top = raw[i, 0]
    for j in range(1, raw.shape[1]):
        top = max(top, raw[i, j])
    return top


@inlined
def softmax(raw: Array, i: int, top: float, out: Array) -> tuple:
    """Write exp(raw - top) of row i to ``out``, which may be raw; return their sum, and the sum of raw - top."""
    zero = raw.dtype.type(0.0)
    total, sum_of_shifted = zero, zero
    for j in range(raw.shape[1]):
        shifted = raw[i, j] - top
        e = exp(shifted)
        out[i, j] = e
        total += e
        sum_of_shifted += shifted
    return total, sum_of_shifted


@inlined
def logistic(r: float, c: tuple) -> tuple:
    """e = exp(-|r|), p = 1 / (1 + exp(-r)) and q = 1 / (1 + e); c[0] and c[1] are 0 and 1."""
    e = exp(-abs(r))
    q = c[1] / (c[1] + e)
    return e, (e if r < c[0] else c[1]) * q, q


@inlined
def focal(log_q: float, rest: float, gamma: float, c: tuple) -> tuple:
    """f = -(1 - q)^gamma log q and h = q f' = -(1 - q)^gamma (1 + gamma q r), r = -log q / (1 - q); rest = 1 - q.

    c[0], c[1] and c[2] are 0, 1 and a lower bound, to which a smaller rest is raised.
    """
    rest = c[2] if rest < c[2] else rest
    power, r = exp(gamma * log(rest)), -log_q / rest
    return -power * log_q, -power * (c[1] + gamma * (c[1] - rest) * r)


@compiled
def log_loss_classes(y: Array, raw: Array, weight: Array | None, out: Array, smoothing: float) -> float:
    """value = -sum_i w_i sum_k t_ik log p_ik, gradient = w_i (p_i - t_i), t = (1 - s) onehot(y) + s / K."""
    real, k = raw.dtype.type, raw.shape[1]
    value, one, most, least = 0.0, real(1.0), real(1.0 - smoothing), real(smoothing / k)
    for i in range(raw.shape[0]):
        w = one if weight is None else weight[i]
        true, top = int(y[i, 0]), greatest(raw, i)
        own = raw[i, true] - top
        total, sum_of_shifted = softmax(raw, i, top, out)
        value += w * (log(total) - most * own - least * sum_of_shifted)
        scale = one / total
        for j in range(k):
            out[i, j] = w * (out[i, j] * scale - least)
        out[i, true] -= w * most
    return value


@compiled
def log_loss_columns(y: Array, raw: Array, weight: Array | None, out: Array, smoothing: float) -> float:
    """value = sum_i w_i (log(1 + exp raw) - t raw), gradient = w_i (p_i - t_i), t = (1 - s) y + s / 2."""
    real = raw.dtype.type
    value, c, most, least = 0.0, (real(0.0), real(1.0)), real(1.0 - smoothing), real(0.5 * smoothing)
    y, raw, weights, out = entries(y, raw, weight, out)
    for i in range(raw.size):
        w = c[1] if weight is None else weights[i]
        r, t = raw[i], most * y[i] + least
        e, p, _ = logistic(r, c)
        out[i] = w * (p - t)
        value += w * ((c[0] if r < c[0] else r) + log1p(e) - t * r)
    return value


@compiled
def brier_classes(y: Array, raw: Array, weight: Array | None, out: Array) -> float:
    """With d = p - onehot: value = 1/2 sum_i w_i |d_i|^2, gradient = w_i p * (d - d . p), d . p = |d|^2 + d_true."""
    real, k = raw.dtype.type, raw.shape[1]
    value, zero, one = 0.0, real(0.0), real(1.0)
    for i in range(raw.shape[0]):
        w = one if weight is None else weight[i]
        true = int(y[i, 0])
        total, _ = softmax(raw, i, greatest(raw, i), out)
        out[i, true] -= total
        scale, squares = one / total, zero
        for j in range(k):
            d = out[i, j] * scale
            out[i, j] = d
            squares += d * d
        value += w * squares
        d_true = out[i, true]
        along = squares + d_true
        for j in range(k):
            out[i, j] *= w * (out[i, j] - along)
        out[i, true] = w * (d_true + one) * (d_true - along)
    return 0.5 * value


@compiled
def brier_columns(y: Array, raw: Array, weight: Array | None, out: Array) -> float:
    """value = 1/2 sum_i w_i (p_i - y_i)^2, gradient = w_i (p - y) p (1 - p), with p (1 - p) = e / (1 + e)^2."""
    real = raw.dtype.type
    value, c = 0.0, (real(0.0), real(1.0))
    y, raw, weights, out = entries(y, raw, weight, out)
    for i in range(raw.size):
        w = c[1] if weight is None else weights[i]
        e, p, q = logistic(raw[i], c)
        d = p - y[i]
        out[i] = w * d * e * q * q
        value += w * d * d
    return 0.5 * value


@compiled
def focal_classes(y: Array, raw: Array, weight: Array | None, out: Array, gamma: float) -> float:
    """value = sum_i w_i f(q_i) with q = p of the true class, gradient = w_i h (onehot - p)."""
    real = raw.dtype.type
    value, exponent, c = 0.0, real(gamma), (real(0.0), real(1.0), real(1e-37))
    for i in range(raw.shape[0]):
        w = c[1] if weight is None else weight[i]
        true, top = int(y[i, 0]), greatest(raw, i)
        own = raw[i, true] - top
        total, _ = softmax(raw, i, top, out)
        log_q = log_share(own, total)
        f, h = focal(log_q, -expm1(log_q, c[1]), exponent, c)
        value += w * f
        out[i, true] -= total
        scale = -w * h / total
        for j in range(raw.shape[1]):
            out[i, j] *= scale
    return value


@compiled
def focal_columns(y: Array, raw: Array, weight: Array | None, out: Array, gamma: float) -> float:
    """value = sum_i w_i f(q_i) with q = p where y is 1, else 1 - p; gradient = w_i h (1 - q) (2 y - 1)."""
    real = raw.dtype.type
    value, exponent, c = 0.0, real(gamma), (real(0.0), real(1.0), real(1e-37))
    y, raw, weights, out = entries(y, raw, weight, out)
    for i in range(raw.size):
        w = c[1] if weight is None else weights[i]
        sign = y[i] + y[i] - c[1]
        z = sign * raw[i]
        e, rest, _ = logistic(-z, c)
        f, h = focal((z if z < c[0] else c[0]) - log1p(e), rest, exponent, c)
        out[i] = w * h * rest * sign
        value += w * f
    return value


KERNELS = (log_loss_classes, log_loss_columns, brier_classes, brier_columns, focal_classes, focal_columns)
