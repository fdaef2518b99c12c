"""Losses of the residual that grow quadratically up to some width and linearly beyond it."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar, Self

import numpy as np

from ...frozen import frozen
from ...ranges import check_flag, check_real, one_or_several
from .constants import stationary_constant
from .contract import KernelCall, RegressionLoss
from .location import LocationLoss

__all__ = ["ROBUST_LOSSES", "Huber", "LogCosh", "RobustLoss"]

Array = np.ndarray


@frozen
class RobustLoss(LocationLoss):
    """The base of location losses with a width, ``delta``, such as `Huber` and `LogCosh`.

    With ``absolute``, delta is in units of y; else it is in units of the standardised target, so that one number suits
    targets of any size. ``rescaled`` converts either to the units of training, where delta is absolute and may be a
    tuple, one for each output. As delta scales with the target, the loss is of degree 2, like the squared error. Its
    best constant is found by a scalar solver.

    Parameters
    ----------
    delta : float > 0, or a sequence of them, one for each output, default=1.0
    absolute : bool, default=False
        Whether ``delta`` is in units of y.

    Raises
    ------
    TypeError, ValueError
        If a ``delta`` is not a positive, finite real number; if ``absolute`` is not a bool (TypeError).
    ValueError
        By ``check``, if there are several deltas but not one for each output.

    Examples
    --------
    >>> import numpy as np
    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class Charbonnier(RobustLoss):
    ...     def value_and_gradient(self, y, raw, weight, out):
    ...         residual, delta = raw - y, np.array(self.delta, raw.dtype)
    ...         w, root = 1.0 if weight is None else weight[:, None], np.sqrt(1 + (residual / delta) ** 2)
    ...         out[...] = w * residual / root
    ...         return float((w * delta**2 * (root - 1)).sum())
    >>> out = np.empty((1, 1))
    >>> Charbonnier(4.0).value_and_gradient(np.zeros((1, 1)), np.full((1, 1), 3.0), None, out), out
    (4.0, array([[2.4]]))
    >>> Charbonnier(4.0).rescaled(np.array([8.0])), Charbonnier(4.0, absolute=True).rescaled(np.array([8.0]))
    (Charbonnier(delta=4.0, absolute=True), Charbonnier(delta=(0.5,), absolute=True))
    """

    delta: float | tuple[float, ...] = 1.0
    absolute: bool = False
    degree: ClassVar[int] = 2
    bounded_gradient: ClassVar[bool] = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "delta", one_or_several(self.delta))
        if not self._each:
            raise ValueError("`delta` must be a number or several, one for each output, got ()")
        for delta in self._each:
            check_real("delta", delta, 0, closed="neither")
        check_flag("absolute", self.absolute)

    @property
    def _each(self) -> tuple[float, ...]:
        return self.delta if isinstance(self.delta, tuple) else (self.delta,)

    def rescaled(self, scale: Array) -> Self:
        if not self.absolute:
            return replace(self, absolute=True)
        return replace(self, delta=tuple((self.delta / scale).tolist()))

    def constant(self, y: Array, weight: Array | None) -> Array:
        return stationary_constant(self, y, weight)

    def check(self, y: Array) -> None:
        if len(self._each) not in (1, y.shape[1]):
            raise ValueError(
                f"`delta` must be one number, or one for each of the {y.shape[1]} outputs, got {len(self._each)}"
            )


@frozen
class Huber(RobustLoss):
    """sum_k 1/2 r_k^2 where |r_k| <= delta, else delta (|r_k| - delta / 2), with r = raw - y.

    Its gradient is r clipped to +-delta. Domain: all real numbers. Link: identity. Best constant: by a scalar solver.
    The target may be shifted and scaled.

    Parameters
    ----------
    delta : float > 0, or a sequence of them, one for each output, default=1.35
        Where the quadratic part ends, in standard deviations of the target with ``standardize=True``. If a few outliers
        dominate the standard deviation, a robust estimate of the spread replaces it.
    absolute : bool, default=False
        Whether ``delta`` is in units of y instead.

    Raises
    ------
    TypeError, ValueError
        If a ``delta`` is not a positive, finite real number; if ``absolute`` is not a bool (TypeError).

    References
    ----------
    Huber (1964), "Robust estimation of a location parameter", Annals of Mathematical Statistics 35.

    Examples
    --------
    >>> import numpy as np
    >>> raw, out = np.array([[1.0], [5.0]]), np.empty((2, 1))
    >>> Huber(delta=2.0).value_and_gradient(np.zeros((2, 1)), raw, None, out), out.ravel()
    (8.5, array([1., 2.]))
    """

    delta: float | tuple[float, ...] = 1.35

    @property
    def kernel(self) -> KernelCall:
        return "huber", (self._each,)


@frozen
class LogCosh(RobustLoss):
    """sum_k delta^2 log cosh(r_k / delta), with r = raw - y; its gradient is delta tanh(r / delta).

    It is about 1/2 r^2 for residuals much smaller than delta and delta |r| for much larger ones, and its gradient has
    no corner. Domain: all real numbers. Link: identity. Best constant: by a scalar solver. The target may be shifted
    and scaled.

    Parameters
    ----------
    delta : float > 0, or a sequence of them, one for each output, default=1.0
        The width, in standard deviations of the target with ``standardize=True``. If a few outliers dominate the
        standard deviation, a robust estimate of the spread replaces it.
    absolute : bool, default=False
        Whether ``delta`` is in units of y instead.

    Raises
    ------
    TypeError, ValueError
        If a ``delta`` is not a positive, finite real number; if ``absolute`` is not a bool (TypeError).

    References
    ----------
    Green (1990), "Bayesian reconstructions from emission tomography data using a modified EM algorithm", IEEE
    Transactions on Medical Imaging 9, for log cosh as a penalty.

    Examples
    --------
    >>> import numpy as np
    >>> out = np.empty((1, 1))
    >>> value = LogCosh().value_and_gradient(np.zeros((1, 1)), np.full((1, 1), 1000.0), None, out)
    >>> round(value, 4), out
    (999.3069, array([[1.]]))
    """

    @property
    def kernel(self) -> KernelCall:
        return "log_cosh", (self._each,)


ROBUST_LOSSES: dict[str, RegressionLoss] = {
    "huber": Huber(),
    "log_cosh": LogCosh(),
}
