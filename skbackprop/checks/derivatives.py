"""Check derivatives along one random direction, with the same few evaluations for any number of variables.

A gradient g of f at x is right if <g, d> is the derivative of t -> f(x + t d) at t = 0. With d drawn at random, an
error anywhere in g shows up in that one number.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

Array = np.ndarray


def slope(f: Callable[[float], float], h: float = 1e-2, halvings: int = 8) -> float:
    """The derivative of a function of one number at 0, from (f(h) - f(-h)) / 2h for h, h/2, h/4, ...

    The quotients are extrapolated to h = 0, and the value that agrees best with its neighbours is returned. For a
    smooth f it is accurate to about ten digits, and a kink that only the longer steps reach does no harm.

    References
    ----------
    Ridders (1982), "Accurate computation of F'(x) and F'(x) F''(x)".
    """
    best, smallest = math.nan, math.inf
    before: list[float] = []
    for _ in range(halvings):
        row = [(f(h) - f(-h)) / (2 * h)]
        for power, coarser in enumerate(before, start=1):
            row.append(row[-1] + (row[-1] - coarser) / (4**power - 1))
            error = max(abs(row[-1] - row[-2]), abs(row[-1] - coarser))
            if error <= smallest:
                best, smallest = row[-1], error
        before, h = row, h / 2
    return best


def check_gradient(
    f: Callable[[Array], float],
    x: Array,
    gradient: Array,
    rng: np.random.Generator | None = None,
    *,
    free: Array | float = 1.0,
    rtol: float = 1e-8,
    h: float = 1e-2,
    name: str = "the gradient",
) -> None:
    """Assert that ``gradient`` is the derivative of f at x, along a random direction.

    Parameters
    ----------
    f : callable
        A function of one array that returns a number.
    x, gradient : ndarray
        Of the same shape, in float64.
    rng : numpy.random.Generator, default=None
        Draws the direction; with None it is the same at every call.
    free : ndarray or float, default=1.0
        1 for the entries of x that may be varied, 0 for the others.
    rtol : float, default=1e-8
        The error allowed, relative to the length of the gradient, because <gradient, d> itself may happen to be small.
    h : float, default=1e-2
        The first step of the differences; it must be small where f bends sharply.
    name : str, default="the gradient"
        What the error message calls the gradient.

    Raises
    ------
    AssertionError
        If the gradient is not the derivative, or one of the two is not finite.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([1.0, 2.0])
    >>> check_gradient(lambda x: float(x @ x), x, 2 * x)
    >>> check_gradient(lambda x: float(x @ x), x, x)
    Traceback (most recent call last):
        ...
    AssertionError: the gradient must be the derivative of the value: along a random direction it is ...
    """
    rng = np.random.default_rng(0) if rng is None else rng
    direction = rng.standard_normal(x.shape) * free
    direction /= np.linalg.norm(direction)
    numeric = slope(lambda t: f(x + t * direction), h)
    analytic = float(np.vdot(gradient, direction))
    scale = max(float(np.linalg.norm(gradient * free)), abs(numeric))
    if not math.isfinite(scale):
        raise AssertionError(
            f"{name} and the value must be finite: along a random direction the one is {analytic:.9g}, and the other "
            f"changes by {numeric:.9g}"
        )
    if not abs(analytic - numeric) <= rtol * scale:
        raise AssertionError(
            f"{name} must be the derivative of the value: along a random direction it is {analytic:.9g}, "
            f"but the value changes by {numeric:.9g}"
        )
