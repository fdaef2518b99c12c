"""Losses of the residual raw - y, whose target may be shifted and scaled."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar, Self

import numpy as np

from ...frozen import frozen
from ...ranges import check_real
from .constants import stationary_constant, weighted_quantile
from .contract import KernelCall, KernelLoss, RegressionLoss, Units, explained, r2

__all__ = ["AbsoluteError", "Expectile", "LocationLoss", "SquaredError"]

Array = np.ndarray


class LocationLoss(KernelLoss, ABC):
    """The base of losses of raw - y: identity link, all real numbers, a target that may be shifted and scaled.

    A concrete loss is a frozen dataclass that defines ``kernel`` or ``value_and_gradient``, ``constant``, and
    ``degree``: scaling target and prediction by s scales the loss by s ** degree. Its score is R2. With
    ``bounded_gradient`` outliers in y hardly affect the fit, and so must not determine the units of y either.

    Examples
    --------
    >>> import numpy as np
    >>> from dataclasses import dataclass
    >>> from skbackprop import stationary_constant
    >>> @dataclass(frozen=True)
    ... class Quartic(LocationLoss):
    ...     degree = 4
    ...
    ...     def value_and_gradient(self, y, raw, weight, out):
    ...         residual = raw - y  # first: `out` may be `raw`
    ...         w = 1.0 if weight is None else weight[:, None]
    ...         out[...] = w * residual**3
    ...         return float((w * residual**4).sum() / 4)
    ...
    ...     def constant(self, y, weight):
    ...         return stationary_constant(self, y, weight)
    >>> y, raw, out = np.array([[1.0], [2.0]]), np.array([[3.0], [2.0]]), np.empty((2, 1))
    >>> Quartic().value_and_gradient(y, raw, None, out), out.ravel(), Quartic().constant(y, None)
    (4.0, array([8., 0.]), array([1.5]))
    """

    inverse_link: ClassVar[str] = "identity"
    bounded_gradient: ClassVar[bool] = False

    @property
    @abstractmethod
    def degree(self) -> int: ...

    def raw_width(self, y: Array) -> int:
        return y.shape[1]

    def units(self, mean: Array, sd: Array) -> Units:
        return Units(shift=mean, scale=sd, gain=sd, offset=mean, worth=sd**self.degree)

    def rescaled(self, scale: Array) -> Self:
        return self

    def predict(self, raw: Array) -> Array:
        return raw

    def score(self, y: Array, raw: Array, weight: Array | None) -> float:
        return r2(y, raw, weight)

    def check(self, y: Array) -> None:
        pass


@frozen
class SquaredError(LocationLoss):
    """1/2 sum_k (raw_k - y_k)^2, summed over the k outputs; its gradient is raw - y.

    Domain: all real numbers. Link: identity. Best constant: the mean. The target may be shifted and scaled.

    scikit-learn's ``MLPRegressor`` also follows the gradient of the sum over outputs, but reports the mean; here the
    reported number matches the gradient. See "Squared error" in the page on derivations for the other convention, the
    mean over rows and outputs of the full square.

    Examples
    --------
    >>> import numpy as np
    >>> raw, out = np.array([[1.0, 2.0]]), np.empty((1, 2))
    >>> SquaredError().value_and_gradient(np.array([[0.0, 4.0]]), raw, None, out), out
    (2.5, array([[ 1., -2.]]))
    """

    degree: ClassVar[int] = 2
    kernel: ClassVar[KernelCall] = ("squared_error", ())

    def constant(self, y: Array, weight: Array | None) -> Array:
        return np.average(y, axis=0, weights=weight)


@frozen
class AbsoluteError(LocationLoss):
    """sum_k |raw_k - y_k|; its gradient is sign(raw - y), which is 0 where the two are equal.

    Domain: all real numbers. Link: identity. Best constant: the median. The target may be shifted and scaled. The
    minimiser given X is the conditional median.

    Examples
    --------
    >>> import numpy as np
    >>> AbsoluteError().constant(np.array([[0.0], [1.0], [50.0]]), None)
    array([1.])
    """

    degree: ClassVar[int] = 1
    bounded_gradient: ClassVar[bool] = True
    kernel: ClassVar[KernelCall] = ("absolute_error", ())

    def constant(self, y: Array, weight: Array | None) -> Array:
        return weighted_quantile(y, 0.5, weight)


@frozen
class Expectile(LocationLoss):
    """sum_k |level - [r_k > 0]| r_k^2 with r = raw - y; its gradient is 2 |level - [r > 0]| r.

    Domain: all real numbers. Link: identity. Best constant: by a scalar solver. The target may be shifted and scaled.

    The deviations of y above an expectile, times ``level``, add up to those below it, times 1 - ``level``; at level 0.5
    the loss is the squared error and the expectile the mean. The score is the fraction by which the loss is below that
    of the best constant, which at level 0.5 is R2.

    Parameters
    ----------
    level : float, default=0.5
        Between 0 and 1, both excluded.

    Raises
    ------
    TypeError, ValueError
        If ``level`` is not a real number in (0, 1).

    References
    ----------
    Newey and Powell (1987), "Asymmetric least squares estimation and testing", Econometrica 55.

    Examples
    --------
    >>> import numpy as np
    >>> y = np.array([[0.0], [3.0]])
    >>> Expectile(0.5).constant(y, None).round(6), Expectile(0.75).constant(y, None).round(6)
    (array([1.5]), array([2.25]))
    """

    level: float = 0.5
    degree: ClassVar[int] = 2

    def __post_init__(self) -> None:
        check_real("level", self.level, 0, 1, closed="neither")

    @property
    def kernel(self) -> KernelCall:
        return "expectile", (self.level,)

    def constant(self, y: Array, weight: Array | None) -> Array:
        return stationary_constant(self, y, weight)

    def score(self, y: Array, raw: Array, weight: Array | None) -> float:
        w = np.ones(len(y)) if weight is None else weight
        y = y.astype(np.float64)

        def asymmetric_squares(prediction: Array) -> Array:
            residual = prediction - y
            return w @ (np.abs(self.level - (residual > 0)) * residual**2)

        return explained(asymmetric_squares(raw), asymmetric_squares(self.constant(y, weight)))


LOCATION_LOSSES: dict[str, RegressionLoss] = {
    "squared_error": SquaredError(),
    "absolute_error": AbsoluteError(),
    "expectile": Expectile(),
}
