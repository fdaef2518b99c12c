"""Losses of a positive mean with a log link, whose target may be scaled."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import KW_ONLY, replace
from typing import ClassVar, Self

import numpy as np

from ...frozen import frozen
from ...ranges import check_real
from .contract import HIGHEST, KernelCall, KernelLoss, RegressionLoss, Units, r2

__all__ = ["Gamma", "LogLinkLoss", "Poisson", "Tweedie"]

Array = np.ndarray
CEILING = 30.0
NEAREST = 1e-3
REACH = 10.0


@frozen
class LogLinkLoss(KernelLoss, ABC):
    """The base of losses of a positive mean mu = exp(raw), whose target may be scaled, not shifted.

    A concrete loss is a frozen dataclass that defines ``kernel`` or ``value_and_gradient``, ``check``, and ``degree``:
    scaling target and mean by s scales the loss by s ** degree. The best constant is the log of the mean, as for every
    deviance of an exponential dispersion model, and the score is the R2 of the mean.

    Parameters
    ----------
    highest : float or tuple of float, one for each output, default=80.0
        Predictions are capped at exp(highest); float32 can represent exp(80). See `within_reach`.

    References
    ----------
    McCullagh and Nelder (1989), "Generalized linear models", section 2.3.

    Examples
    --------
    >>> import numpy as np
    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class InverseGaussian(LogLinkLoss):
    ...     degree = -1.0
    ...     kernel = "tweedie", (3.0, 30.0)
    ...
    ...     def check(self, y):
    ...         if y.min() <= 0:
    ...             raise ValueError("`y` must be > 0")
    >>> loss, y = InverseGaussian(), np.array([[1.0], [3.0]])
    >>> loss.predict(loss.constant(y, None))
    array([2.])
    """

    _: KW_ONLY
    highest: float | tuple[float, ...] = HIGHEST
    inverse_link: ClassVar[str] = "exp"

    @property
    @abstractmethod
    def degree(self) -> float: ...

    def raw_width(self, y: Array) -> int:
        return y.shape[1]

    def units(self, mean: Array, sd: Array) -> Units:
        scale = np.where(mean > 0, mean, 1.0)
        zero, one = np.zeros_like(scale), np.ones_like(scale)
        return Units(shift=zero, scale=scale, gain=one, offset=np.log(scale), worth=scale**self.degree)

    def rescaled(self, scale: Array) -> Self:
        return self

    def predict(self, raw: Array) -> Array:
        return np.exp(np.minimum(raw, np.asarray(self.highest, raw.dtype)))

    def within_reach(self, greatest: Array) -> Self:
        """The same loss, which predicts at most `REACH` times the ``greatest`` target of each output.

        In a row far from all others, the exponential would make a misprint of one input an error beyond all measure.
        """
        with np.errstate(divide="ignore"):
            highest = np.where(greatest > 0, np.minimum(np.log(greatest) + math.log(REACH), HIGHEST), HIGHEST)
        return replace(self, highest=tuple(highest.tolist()))

    def constant(self, y: Array, weight: Array | None) -> Array:
        mean = np.average(y, axis=0, weights=weight)
        return np.log(np.maximum(mean, np.exp(-CEILING)))

    def score(self, y: Array, raw: Array, weight: Array | None) -> float:
        return r2(y, self.predict(raw), weight)


def check_positive(y: Array, loss: str, zero: bool) -> None:
    """Raise ValueError for targets below 0, equal to 0 unless ``zero`` is true, or beyond what can be predicted."""
    if y.size and (y.min() < 0 or (y.min() == 0 and not zero)):
        raise ValueError(f"`y` must be {'>=' if zero else '>'} 0 for loss {loss}, got a minimum of {y.min():g}")
    if y.size and y.max() > math.exp(HIGHEST):
        raise ValueError(
            f"`y` must be at most {math.exp(HIGHEST):.2g} for loss {loss}, got {y.max():.2g}; give y in other units"
        )


@frozen
class Poisson(LogLinkLoss):
    """Half the Poisson deviance, sum_k mu_k - y_k raw_k + y_k log y_k - y_k with mu = exp(raw); its gradient is mu - y.

    Domain: y >= 0. Link: log. Best constant: the log of the mean. The target may be scaled, not shifted.

    To avoid overflow, mu continues as its tangent in the loss beyond raw = ``ceiling`` (about 1e13 times the mean of
    the target, when that is standardised).

    Parameters
    ----------
    ceiling : float, default=30.0
        From 10 to 60: below 10 it would affect ordinary targets, and above 60 float32 overflows.

    Raises
    ------
    TypeError, ValueError
        If ``ceiling`` is not a real number in [10, 60].
    ValueError
        By ``check``, if y < 0 anywhere.

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

    ceiling: float = CEILING
    degree: ClassVar[float] = 1.0

    def __post_init__(self) -> None:
        check_real("ceiling", self.ceiling, 10, 60)

    @property
    def kernel(self) -> KernelCall:
        return "poisson", (self.ceiling,)

    def check(self, y: Array) -> None:
        check_positive(y, "'poisson'", zero=True)


@frozen
class Gamma(LogLinkLoss):
    """Half the gamma deviance, sum_k y_k / mu_k + raw_k - log y_k - 1 with mu = exp(raw); its gradient is 1 - y / mu.

    Domain: y > 0. Link: log. Best constant: the log of the mean. The target may be scaled, not shifted; scaling leaves
    the loss unchanged: errors count relative to the mean, as is apt for durations, claims or other sums of money.

    Below raw = -30, 1 / mu continues as its tangent.

    Raises
    ------
    ValueError
        By ``check``, if y <= 0 anywhere.

    References
    ----------
    McCullagh and Nelder (1989), "Generalized linear models", chapter 8.

    Examples
    --------
    >>> import numpy as np
    >>> out = np.empty((1, 1))
    >>> Gamma().value_and_gradient(np.array([[2.0]]), np.log([[2.0]]), None, out), out
    (0.0, array([[0.]]))
    """

    degree: ClassVar[float] = 0.0
    kernel: ClassVar[KernelCall] = ("gamma", (CEILING,))

    def check(self, y: Array) -> None:
        check_positive(y, "'gamma'", zero=False)


@frozen
class Tweedie(LogLinkLoss):
    """Half the Tweedie deviance, sum_k mu_k^(2-p) / (2-p) - y_k mu_k^(1-p) / (1-p) + y_k^(2-p) / ((1-p) (2-p)).

    mu = exp(raw) and p is the power; the gradient is mu^(2-p) - y mu^(1-p). Domain: y >= 0 for p < 2, else y > 0.
    Link: log. Best constant: the log of the mean. The target may be scaled, not shifted.

    The variance is proportional to mu^p: p = 1 is the Poisson loss, 2 the gamma loss, and 3 the inverse Gaussian.
    Between 1 and 2, y is the sum of a Poisson number of gamma variables, with a point mass at 0, such as rain or claims
    per policy. Between 0 and 1 no such distribution exists, and above 3 there is hardly a use. Beyond raw = +-30 both
    powers of mu continue as their tangents.

    Parameters
    ----------
    power : float, default=1.5
        From 1 to 3. Less than 0.001 away from 1 or 2, only 1 and 2 themselves are allowed, because the terms cancel.

    Raises
    ------
    TypeError, ValueError
        If ``power`` is not a real number in [1, 3], or is closer to 1 or 2 than 0.001 without being equal.
    ValueError
        By ``check``, if y < 0 anywhere, or y = 0 with power >= 2.

    References
    ----------
    Jorgensen (1987), "Exponential dispersion models", Journal of the Royal Statistical Society B 49.

    Examples
    --------
    >>> import numpy as np
    >>> y = np.array([[0.0], [3.0]])
    >>> Tweedie(1.5).predict(Tweedie(1.5).constant(y, None))
    array([1.5])
    """

    power: float = 1.5

    def __post_init__(self) -> None:
        check_real("power", self.power, 1, 3)
        for whole, loss in ((1, "Poisson()"), (2, "Gamma()")):
            if 0 < abs(self.power - whole) < NEAREST * (1 - 1e-9):  # 1.001 - 1 is a little less than 0.001
                raise ValueError(f"`power` must be {whole} or {NEAREST} away from it, got {self.power!r}; use {loss}")

    @property
    def degree(self) -> float:
        return 2.0 - self.power

    @property
    def kernel(self) -> KernelCall:
        if self.power == 1:
            return "poisson", (CEILING,)
        if self.power == 2:
            return "gamma", (CEILING,)
        return "tweedie", (self.power, CEILING)

    def check(self, y: Array) -> None:
        check_positive(y, f"'tweedie' of power {self.power:g}", zero=self.power < 2)


LOG_LINK_LOSSES: dict[str, RegressionLoss] = {
    "poisson": Poisson(),
    "gamma": Gamma(),
    "tweedie": Tweedie(),
}
