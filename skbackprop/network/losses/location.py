"""Losses of the residual raw - y, whose target may be shifted and scaled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ... import kernels
from .contract import LocationLoss, RegressionLoss

__all__ = ["SquaredError"]

Array = np.ndarray


@dataclass(frozen=True)
class SquaredError(LocationLoss):
    """1/2 sum_k (raw_k - y_k)^2, summed over the k outputs; its gradient is raw - y.

    Domain: all real numbers. Link: identity. Best constant: the mean. The target may be shifted and scaled.

    The sum over outputs is what scikit-learn's ``MLPRegressor`` follows the gradient of (it reports the mean); here the
    number reported and the gradient belong together. See "Squared error" in the page on derivations for the other
    convention, the mean over rows and outputs of the full square.

    Examples
    --------
    >>> import numpy as np
    >>> raw, out = np.array([[1.0, 2.0]]), np.empty((1, 2))
    >>> SquaredError().value_and_gradient(np.array([[0.0, 4.0]]), raw, None, out), out
    (2.5, array([[ 1., -2.]]))
    """

    degree: ClassVar[int] = 2

    def value_and_gradient(self, y: Array, raw: Array, weight: Array | None, out: Array) -> float:
        return kernels.squared_error(y, raw, weight, out)

    def constant(self, y: Array, weight: Array | None) -> Array:
        return np.average(y, axis=0, weights=weight)


LOCATION_LOSSES: dict[str, RegressionLoss] = {
    "squared_error": SquaredError(),
}
