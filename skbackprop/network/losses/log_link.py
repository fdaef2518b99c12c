"""Losses of a positive mean with a log link, whose target may be scaled."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ... import kernels
from ...ranges import check_real
from .contract import LogLinkLoss, RegressionLoss

__all__ = ["Poisson"]

Array = np.ndarray


@dataclass(frozen=True)
class Poisson(LogLinkLoss):
    """Half the Poisson deviance, sum_k mu_k - y_k raw_k + y_k log y_k - y_k with mu = exp(raw); its gradient is mu - y.

    Domain: y >= 0. Link: log. Best constant: the log of the mean. The target may be scaled, not shifted.

    The exponential is guarded: beyond raw = ``ceiling`` (about 1e13 times the mean of the target, when that is
    standardised) the loss goes on as the tangent of mu.

    References
    ----------
    McCullagh and Nelder (1989), "Generalized linear models", section 2.3.

    Examples
    --------
    >>> import numpy as np
    >>> y = np.array([[0.0], [3.0]])
    >>> Poisson().predict(Poisson().constant(y, None))
    array([1.5])
    """

    ceiling: float = 30.0

    def __post_init__(self) -> None:
        check_real("ceiling", self.ceiling, 0, 60)

    @property
    def degree(self) -> float:
        return 1.0

    def value_and_gradient(self, y: Array, raw: Array, weight: Array | None, out: Array) -> float:
        return kernels.poisson(y, raw, weight, out, self.ceiling)

    def check(self, y: Array) -> None:
        if y.size and y.min() < 0:
            raise ValueError(f"`y` must be >= 0 for loss 'poisson', got a minimum of {y.min():g}")


LOG_LINK_LOSSES: dict[str, RegressionLoss] = {
    "poisson": Poisson(),
}
