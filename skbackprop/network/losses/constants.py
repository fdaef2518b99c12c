"""Best constants: the weighted quantile in closed form, and the root of a gradient where there is no closed form."""

from __future__ import annotations

from typing import Protocol

import numpy as np

__all__ = ["stationary_constant", "weighted_quantile"]

Array = np.ndarray
ROUNDING = 1e-12


class DifferentiableLoss(Protocol):
    def value_and_gradient(self, y: Array, raw: Array, weight: Array | None, out: Array) -> float: ...


def weighted_quantile(y: Array, level: float, weight: Array | None) -> Array:
    """The middle of all c that minimise sum_i w_i (c - y_i) ([c > y_i] - level), for every column of y.

    These lie between the first y in order up to which the weights come to ``level`` of their sum, and the first up to
    which they come to more. So an integer weight equals repetition.

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
    """Where the summed gradient of a convex loss of raw - y changes its sign, by Brent's method for every column.

    Raises
    ------
    ValueError
        For a y without rows.

    Examples
    --------
    >>> import numpy as np
    >>> from skbackprop import Huber
    >>> stationary_constant(Huber(delta=1.0), np.array([[0.0], [1.0], [50.0]]), None).round(6)
    array([1.])

    References
    ----------
    Brent (1973), "Algorithms for minimization without derivatives", chapter 4.
    """
    from scipy.optimize import brentq  # 20 ms, which those who need no root shall not wait for

    y = y.astype(np.float64)
    out = np.empty(y.shape, y.dtype)

    def slope(constant: float, column: int) -> float:
        loss.value_and_gradient(y, np.full_like(y, constant), weight, out)
        return float(out[:, column].sum())

    low, high = y.min(axis=0), y.max(axis=0)
    return np.array(
        [
            brentq(slope, a, b, args=(column,), xtol=1e-15 * (b - a), rtol=1e-15) if a < b else a
            for column, (a, b) in enumerate(zip(low, high, strict=True))
        ]
    )
