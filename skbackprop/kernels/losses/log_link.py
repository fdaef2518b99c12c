"""Losses whose raw prediction is the logarithm of a mean or a variance; `guarded_exp` guards the exponentials."""

from __future__ import annotations

import numpy as np
from scipy.special import xlogy

from .weights import weigh

Array = np.ndarray


def guarded_exp(x: Array, ceiling: float) -> tuple[Array, Array]:
    """exp(x), continued by its tangent beyond x = ceiling, and the derivative of that, which may be the same array.

    A loss computed from the first and a gradient computed from the second are finite and consistent.
    """
    if x.size and x.max() <= ceiling:
        value = np.exp(x)
        return value, value
    slope = np.exp(np.minimum(x, ceiling))
    beyond = np.maximum(x - ceiling, 0.0)
    beyond += 1.0
    beyond *= slope
    return beyond, slope


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
    """Half the Tweedie deviance for a power p other than 1 and 2, with a log link, mu = exp(raw).

    value = sum_i w_i (mu^(2-p) / (2-p) - y mu^(1-p) / (1-p) + y^(2-p) / ((1-p) (2-p))) and gradient =
    w_i (mu^(2-p) - y mu^(1-p)). Both powers of mu are guarded where |raw| exceeds the ceiling.
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
    / 2 by s, where f = exp(beta s). exp(-s) is guarded, and beta s is at most the same ceiling. The first s counts as
    -ceiling if it is below that, and has no slope there: otherwise residuals of zero would drive s down for ever. The
    constant log(2 pi) / 2 is left out.
    """
    k = y.shape[1]
    residual, log_variance = raw[:, :k] - y, raw[:, k:]
    factor = np.exp(np.minimum(beta * log_variance, ceiling)) if beta else None
    precision, slope = guarded_exp(-log_variance, ceiling)
    squares = np.multiply(residual, residual)
    terms = squares * precision
    terms += np.maximum(log_variance, -ceiling)
    terms *= 0.5
    np.multiply(residual, precision, out=out[:, :k])
    squares *= slope
    np.subtract(log_variance >= -ceiling, squares, out=squares)
    np.multiply(squares, 0.5, out=out[:, k:])
    if factor is not None:
        out[:, :k] *= factor
        out[:, k:] *= factor
    return weigh(terms, weight, out)
