"""Losses and their gradients by the raw prediction, element by element.

Each reads ``name(y, raw, weight, out) -> value``: the value is the sum over rows and outputs, the
gradient is written to ``out`` (which may be ``raw``). ``weight`` is one number per row, or None.
"""

from __future__ import annotations

import math

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

    log cosh u = |u| + log(1 + exp(-2 |u|)) - log 2, which cannot overflow.
    """
    u = np.subtract(raw, y)
    u /= delta
    np.tanh(u, out=out)
    out *= delta
    np.abs(u, out=u)
    terms = np.exp(-2.0 * u)
    np.log1p(terms, out=terms)
    terms += u
    terms -= math.log(2.0)
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
    np.subtract(residual > 0.0, levels, out=out)
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


def gaussian(y: Array, raw: Array, weight: Array | None, out: Array, ceiling: float) -> float:
    """The columns of ``raw`` are the means m, then the logarithms s of the variances, one of each per column of y.

    With r = m - y: value = sum_i w_i (s + r^2 exp(-s)) / 2, gradient = w_i r exp(-s) by m and w_i (1 - r^2 exp(-s)) / 2
    by s. exp(-s) is guarded; the constant log(2 pi) / 2 is left out.
    """
    k = y.shape[1]
    residual, log_variance = raw[:, :k] - y, raw[:, k:]
    precision, slope = guarded_exp(-log_variance, ceiling)
    squares = np.multiply(residual, residual)
    terms = squares * precision
    terms += log_variance
    terms *= 0.5
    np.multiply(residual, precision, out=out[:, :k])
    squares *= slope
    np.subtract(1.0, squares, out=squares)
    np.multiply(squares, 0.5, out=out[:, k:])
    return weigh(terms, weight, out)


def guarded_exp(x: Array, ceiling: float) -> tuple[Array, Array]:
    """exp(x) up to x = ceiling, its tangent beyond, and the derivative of that, which may be the same array.

    So a loss made of the first and a gradient made of the second are finite and each other's counterpart.
    """
    if np.max(x, initial=-math.inf) <= ceiling:
        value = np.exp(x)
        return value, value
    beyond = np.maximum(x - ceiling, 0.0)
    slope = np.exp(x - beyond)
    beyond += 1.0
    beyond *= slope
    return beyond, slope


def weigh(terms: Array, weight: Array | None, out: Array) -> float:
    """The sum over ``terms``, with every row, and the same row of ``out``, multiplied by its weight."""
    if weight is None:
        return float(terms.sum())
    out *= weight[:, None]
    return float(np.dot(weight, terms.sum(axis=1)))
