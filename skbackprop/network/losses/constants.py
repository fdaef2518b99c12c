"""Best constants: the weighted quantile in closed form, else the root of the gradient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np

__all__ = ["stationary_constant", "weighted_quantile"]

Array = np.ndarray
ROUNDING = 1e-12


class DifferentiableLoss(Protocol):
    def value_and_gradient(self, y: Array, raw: Array, weight: Array | None, out: Array) -> float: ...


def weighted_quantile(y: Array, level: float, weight: Array | None) -> Array:
    """The midpoint of all c that minimise sum_i w_i (c - y_i) ([c > y_i] - level), for every column of y.

    These c range from the first y, in increasing order, at which the cumulative weight reaches the share ``level`` of
    the total, to the first at which it exceeds it. So integer weights are equivalent to repeating rows.

    Parameters
    ----------
    y : ndarray of shape (n, k)
    level : float
        Between 0 and 1.
    weight : ndarray of shape (n,), or None

    Returns
    -------
    c : ndarray of shape (k,)

    Examples
    --------
    >>> import numpy as np
    >>> y = np.array([[1.0], [2.0], [4.0]])
    >>> weighted_quantile(y, 0.5, None), weighted_quantile(y, 0.5, np.array([1.0, 1.0, 2.0]))
    (array([2.]), array([3.]))
    """
    order = np.argsort(y, axis=0)
    ordered = np.take_along_axis(y, order, axis=0)
    w = np.ones(len(y)) if weight is None else weight.astype(np.float64)
    mass = np.cumsum(w[order], axis=0)
    share = mass / mass[-1]
    low, high = share < level - ROUNDING, share <= level + ROUNDING
    ends = [np.minimum(below.sum(axis=0), len(y) - 1)[None] for below in (low, high)]
    first, last = (np.take_along_axis(ordered, end, axis=0)[0] for end in ends)
    return (first + last) / 2


def stationary_constant(loss: DifferentiableLoss, y: Array, weight: Array | None) -> Array:
    """Where the summed gradient of a convex loss of raw - y changes sign, for every column of y.

    Parameters
    ----------
    loss : object with ``value_and_gradient``, as a `Loss` has it
    y : ndarray of shape (n, k)
    weight : ndarray of shape (n,), or None

    Returns
    -------
    c : ndarray of shape (k,)

    Raises
    ------
    ValueError
        If y has no rows.

    Examples
    --------
    >>> import numpy as np
    >>> from skbackprop import Huber
    >>> stationary_constant(Huber(delta=1.0), np.array([[0.0], [1.0], [50.0]]), None).round(6)
    array([1.])
    """
    y = y.astype(np.float64)
    out = np.empty(y.shape, y.dtype)

    def slope(constant: Array) -> Array:
        loss.value_and_gradient(y, np.tile(constant, (len(y), 1)), weight, out)
        return out.sum(axis=0)

    return roots(slope, y.min(axis=0), y.max(axis=0))


def roots(f: Callable[[Array], Array], low: Array, high: Array) -> Array:
    """Where an increasing function, or several side by side, change sign between ``low`` and ``high``.

    Uses inverse quadratic interpolation where that can be trusted, else bisection. For a function that does not change
    sign, the result is the end at which it is nearer to zero.

    Examples
    --------
    >>> import numpy as np
    >>> roots(lambda x: x**3 - np.array([8.0, 0.001, 99.0]), np.zeros(3), np.full(3, 4.0))
    array([2. , 0.1, 4. ])

    References
    ----------
    Chandrupatla (1997), "A new hybrid quadratic/bisection algorithm for finding the zero of a nonlinear function
    without using derivatives", Advances in Engineering Software 28.
    """
    a, b, t = low, high, np.full(low.shape, 0.5)
    f_a, f_b = f(a), f(b)
    best = np.where(np.abs(f_a) < np.abs(f_b), a, b)
    found = (np.sign(f_a) * np.sign(f_b) >= 0) | (a == b)
    tolerance = np.finfo(float).eps * np.maximum(np.abs(low), np.abs(high))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):  # from functions whose root is already found
        while not found.all():
            x = np.where(found, best, a + t * (b - a))
            f_x = f(x)
            same = np.sign(f_x) == np.sign(f_a)
            c, f_c = np.where(same, a, b), np.where(same, f_a, f_b)
            b, f_b = np.where(same, b, a), np.where(same, f_b, f_a)
            a, f_a = x, f_x
            best = np.where(found, best, np.where(np.abs(f_a) < np.abs(f_b), a, b))
            least = tolerance / np.abs(b - a)
            found |= (f_x == 0) | ~(least < 0.5)
            xi, phi = (a - b) / (c - b), (f_a - f_b) / (f_c - f_b)
            trusted = (phi**2 < xi) & ((1 - phi) ** 2 < 1 - xi)
            step = f_a / (f_b - f_a) * f_c / (f_b - f_c) + (c - a) / (b - a) * f_a / (f_c - f_a) * f_b / (f_c - f_b)
            t = np.clip(np.where(trusted, step, 0.5), least, 1 - least)
    return best
