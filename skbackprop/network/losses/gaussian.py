"""A Gaussian whose mean and variance are both learnt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from ... import kernels
from ...frozen import frozen
from ...ranges import check_real
from .contract import HIGHEST, KernelCall, KernelLoss, RegressionLoss, Units, r2

__all__ = ["GAUSSIAN_LOSSES", "Gaussian"]

Array = np.ndarray
# Bound on -log(variance): a variance below 1e-13 of that of the target counts as none.
CEILING = 30.0


@frozen
class Gaussian(KernelLoss):
    """sum_k 1/2 (s_k + (m_k - y_k)^2 exp(-s_k)), the negative log-likelihood of the mean m and the log variance s.

    The constant log(2 pi) / 2 per output is left out. ``raw`` holds the means of all outputs, then their log variances.
    The gradient is (m - y) exp(-s) by m, and 1/2 (1 - (m - y)^2 exp(-s)) by s. Domain: all real numbers. Best constant:
    mean and log variance of y. The target may be shifted and scaled. ``predict`` gives the mean, ``std`` the standard
    deviation, ``score`` the R2 of the mean.

    Where the variance is large, the mean learns slowly, and a large variance soon makes up for a poor fit of the mean.
    ``beta`` multiplies both gradients by exp(beta s), treated as a constant: 0 is maximum likelihood, 1 gives the mean
    the gradient of the squared error, 0.5 is a compromise. The value, and with it early stopping, remains the negative
    log-likelihood. With L-BFGS leave beta at 0: its line search compares value and gradient, and may stop early.

    Parameters
    ----------
    beta : float, default=0.0
        Between 0 and 1.

    Raises
    ------
    TypeError, ValueError
        If ``beta`` is not a real number in [0, 1].

    References
    ----------
    Nix and Weigend (1994), "Estimating the mean and variance of the target probability distribution". Seitzer et al.
    (2022), "On the pitfalls of heteroscedastic uncertainty estimation with probabilistic neural networks", eq. 5.

    Examples
    --------
    >>> import numpy as np
    >>> y = np.array([[1.0], [3.0], [8.0]])
    >>> raw = Gaussian().constant(y, None)[None]
    >>> Gaussian().predict(raw), Gaussian().std(raw)
    (array([[4.]]), array([[2.94392029]]))
    """

    beta: float = 0.0
    inverse_link: ClassVar[str] = "identity"

    def __post_init__(self) -> None:
        check_real("beta", self.beta, 0, 1)

    def raw_width(self, y: Array) -> int:
        return 2 * y.shape[1]

    @property
    def kernel(self) -> KernelCall:
        return "gaussian", (self.beta, CEILING)

    def held_at(self, raw: Array) -> WeightedGaussian:
        """The loss whose derivative the gradient is, with exp(beta s) fixed at its value at ``raw``."""
        return WeightedGaussian(np.exp(np.minimum(self.beta * raw[:, raw.shape[1] // 2 :], CEILING)))

    def units(self, mean: Array, sd: Array) -> Units:
        gain, offset = np.concatenate([sd, np.ones_like(sd)]), np.concatenate([mean, 2 * np.log(sd)])
        worth = np.tile(sd ** (2 * self.beta), 2)
        return Units(shift=mean, scale=sd, gain=gain, offset=offset, worth=worth)

    def rescaled(self, scale: Array) -> Self:
        return self

    def predict(self, raw: Array) -> Array:
        return raw[:, : raw.shape[1] // 2]

    def std(self, raw: Array) -> Array:
        return np.exp(np.minimum(0.5 * raw[:, raw.shape[1] // 2 :], HIGHEST))

    def constant(self, y: Array, weight: Array | None) -> Array:
        mean = np.average(y, axis=0, weights=weight)
        variance = np.average((y - mean) ** 2, axis=0, weights=weight)
        return np.concatenate([mean, np.log(np.maximum(variance, np.exp(-CEILING)))])

    def score(self, y: Array, raw: Array, weight: Array | None) -> float:
        return r2(y, self.predict(raw), weight)

    def check(self, y: Array) -> None:
        pass


@dataclass(frozen=True, eq=False)
class WeightedGaussian:
    """sum_k factor_k 1/2 (s_k + (m_k - y_k)^2 exp(-s_k)), with one factor for every row and output."""

    factor: Array

    def value_and_gradient(self, y: Array, raw: Array, weight: Array | None, out: Array) -> float:
        k, total, gradient = y.shape[1], 0.0, np.empty_like(raw)
        for output in range(k):
            columns = [output, k + output]
            weights, part = self.factor[:, output], np.empty((len(raw), 2), raw.dtype)
            weights = weights if weight is None else weights * weight
            total += kernels.gaussian(y[:, [output]], raw[:, columns], weights, part, 0.0, CEILING)
            gradient[:, columns] = part
        out[...] = gradient
        return total


GAUSSIAN_LOSSES: dict[str, RegressionLoss] = {
    "gaussian": Gaussian(),
}
