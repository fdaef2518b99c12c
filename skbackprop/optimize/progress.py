"""Classes that watch one number per epoch, smaller being better, and decide; they neither print nor warn."""

from __future__ import annotations

import math

import numpy as np

__all__ = ["BestSoFar", "Patience", "Plateau"]

Array = np.ndarray


class Patience:
    """Exhausted after ``limit`` epochs in a row that did not beat the best by more than ``tol``.

    ``factor`` is the factor to apply to the learning rate, here always 1.

    Examples
    --------
    >>> patience = Patience(limit=2, tol=0.0)
    >>> [patience.exhausted_by(loss) for loss in (3.0, 2.0, 2.0, 2.0)]
    [False, False, False, True]
    """

    factor = 1.0

    def __init__(self, limit: float, tol: float):
        self.limit, self.tol = limit, tol
        self.restart()

    def restart(self) -> None:
        """Forget the best value and the epochs waited."""
        self.best, self.waited = math.inf, 0

    def exhausted_by(self, value: float) -> bool:
        self.waited = 0 if value < self.best - self.tol or self.best == math.inf else self.waited + 1
        self.best = min(self.best, value)
        return self.waited >= self.limit


class Plateau:
    """Lowers the rate when patience ends, and only gives up when the rate has become negligible.

    After each cut the best value starts anew, so that one lucky epoch cannot cut the rate again and again.

    Parameters
    ----------
    patience : Patience
    rate : float
        The learning rate at factor 1.
    divisor : float, default=5.0
        What every cut divides the rate by.
    smallest : float, default=1e-6
        A rate this low is not cut again: the next time patience ends, so does training.

    Attributes
    ----------
    factor : float
        The factor to apply to the learning rate.
    """

    def __init__(self, patience: Patience, rate: float, divisor: float = 5.0, smallest: float = 1e-6):
        self.patience, self.rate, self.divisor, self.smallest = patience, rate, divisor, smallest
        self.factor = 1.0

    def exhausted_by(self, value: float) -> bool:
        if not self.patience.exhausted_by(value):
            return False
        if self.rate * self.factor <= self.smallest:
            return True
        self.factor /= self.divisor
        self.patience.restart()
        return False


class BestSoFar:
    """The number of the best epoch, its value, and a copy of theta as it was then."""

    def __init__(self) -> None:
        self.epoch: int | None = None
        self.value = self.tie = math.inf
        self.theta: Array | None = None

    def update(self, epoch: int, value: float, theta: Array, tie: float = 0.0) -> None:
        """Keep theta if ``value`` is the least so far, or equals the least so far with a lower tie-breaker ``tie``."""
        if not (value, tie) < (self.value, self.tie):
            return
        self.epoch, self.value, self.tie = epoch, value, tie
        if self.theta is None:
            self.theta = theta.copy()
        else:
            self.theta[:] = theta
