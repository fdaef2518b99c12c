"""L-BFGS on the same objective, by SciPy, reporting its iterations as epochs."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.optimize import OptimizeResult, minimize

from .. import kernels
from ..frozen import frozen
from ..ranges import check_integer
from .optimizers import EVERYTHING, Moments
from .training import Differentiable, Epoch

__all__ = ["LBFGS"]

Array = np.ndarray


@frozen
class LBFGS:
    """Limited-memory BFGS: quasi-Newton steps on all rows at once, with a line search instead of a learning rate.

    Parameters
    ----------
    max_fun : int, default=15000
        Maximum number of evaluations of the objective.
    memory : int, default=10
        Number of pairs of steps and gradient changes that approximate the Hessian.

    Raises
    ------
    TypeError, ValueError
        If ``max_fun`` or ``memory`` is not an integer >= 1.

    References
    ----------
    Byrd, Lu, Nocedal and Zhu (1995), "A limited memory algorithm for bound constrained optimization".

    Examples
    --------
    The line through three points, y = 3 x + 1:

    >>> import numpy as np
    >>> from skbackprop import Dense, Network, Objective, SquaredError
    >>> X, theta = np.array([[0.0], [1.0], [2.0]]), np.zeros(2)
    >>> objective = Objective(Network([Dense(1)], (1,)), SquaredError(), X, 3 * X + 1)
    >>> LBFGS().minimize(objective, theta, slice(None), lambda epoch: False, max_iter=100, tol=1e-8)
    True
    >>> theta.round(4)
    array([3., 1.])
    """

    max_fun: int = 15000
    memory: int = 10

    def __post_init__(self) -> None:
        check_integer("max_fun", self.max_fun, 1)
        check_integer("memory", self.memory, 1)

    def start(self, theta: Array, *, decaying: slice = EVERYTHING) -> Moments:
        """No moments, as nothing is kept after a search."""
        return {}

    def rescale(self, moments: Moments, factor: Array) -> None:
        """Do nothing, as there are no moments."""

    def minimize(
        self,
        objective: Differentiable,
        theta: Array,
        rows: Any,
        after_epoch: Callable[[Epoch], bool],
        *,
        max_iter: int,
        tol: float,
    ) -> bool:
        """Move theta in place, calling ``after_epoch`` after every iteration until it returns True.

        SciPy works in float64; theta keeps its own dtype.

        Parameters
        ----------
        objective : Objective
            Or anything whose ``value_and_gradient(theta, rows)`` returns ((loss, penalty), gradient).
        theta : ndarray
            The start of the search, overwritten by the point that it reaches.
        rows : slice or ndarray of int
            The rows on which the objective is evaluated.
        after_epoch : callable
            Called with an `Epoch` after every iteration; if it returns True, the search stops.
        max_iter : int
            Maximum number of iterations.
        tol : float >= 0
            The search has converged once no entry of the gradient is larger in absolute value.

        Returns
        -------
        converged : bool
            Whether the search ended before it reached ``max_iter`` or ``max_fun``.
        """
        number, norm, loss, penalty = 0, math.nan, math.nan, math.nan

        def function(x: Array) -> tuple[float, Array]:
            nonlocal norm, loss, penalty
            theta[:] = x
            (loss, penalty), gradient = objective.value_and_gradient(theta, rows)
            norm = kernels.norm(gradient)
            return loss + penalty, gradient.astype(np.float64)

        def report(intermediate_result: OptimizeResult) -> None:
            # The line search ends on the point it evaluated last, so loss and norm belong to this x.
            nonlocal number
            theta[:] = accepted[:] = intermediate_result.x
            number += 1
            if after_epoch(Epoch(number, loss, penalty, math.nan, norm)):
                raise StopIteration

        options = {"maxiter": max_iter, "maxfun": self.max_fun, "maxcor": self.memory, "gtol": tol}
        start = theta.astype(np.float64)
        accepted = start.copy()
        try:
            result = minimize(function, start, method="L-BFGS-B", jac=True, callback=report, options=options)
        except BaseException:  # interrupted during a line search, whose trial points may be far worse
            theta[:] = accepted
            raise
        theta[:] = result.x
        if number == 0:  # no step improved on the start
            function(result.x)
            after_epoch(Epoch(1, loss, penalty, math.nan, norm))
        return result.status != 1
