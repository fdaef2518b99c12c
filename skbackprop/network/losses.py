"""Losses: value and gradient on raw predictions, with their link, domain, units and best constant; registry.

``raw`` is what the network puts out, an (n, k) array; the prediction is the inverse link of it. All that is
special about a loss stands in its class, so that nothing else asks which loss it has.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple, Protocol

import numpy as np

from .. import kernels
from ..ranges import check_real

__all__ = ["LOSSES", "Loss", "Poisson", "SquaredError", "Units"]

Array = np.ndarray


class Units(NamedTuple):
    """How a loss may standardise its target: y' = (y - shift) / scale, and then raw = gain raw' + offset.

    ``shift`` and ``scale`` hold one number per output, ``gain`` and ``offset`` one per raw column; ``worth``
    is what one unit of the loss on y' comes to in the loss on y. A network trained on y' so predicts y.
    """

    shift: Array
    scale: Array
    gain: Array
    offset: Array
    worth: Array

    @classmethod
    def natural(cls, n: int) -> Units:
        """Those of a target that is left as it is."""
        zero, one = np.zeros(n), np.ones(n)
        return cls(shift=zero, scale=one, gain=one, offset=zero, worth=one)

    def standardize(self, y: Array) -> Array:
        return (y - self.shift) / self.scale

    def restore(self, raw: Array) -> Array:
        return raw * self.gain + self.offset


class Loss(Protocol):
    """A frozen dataclass of hyper-parameters (sequences in it are tuples).

    1. ``value_and_gradient`` returns the *sum* over rows and writes the derivative by ``raw`` to ``out``; whoever
       calls it divides by the rows. ``out`` may be ``raw`` itself. ``weight`` is one number per row, or None.
    2. ``units`` says how the target may be standardised, from the (weighted) mean and standard deviation of
       each column.
    3. ``predict`` is the inverse link.
    4. ``constant`` is the raw prediction of the best constant model.
    5. ``check`` raises ValueError where y is outside the domain.
    6. ``inverse_link`` is the name of the function in ``predict``.
    """

    inverse_link: ClassVar[str]

    def raw_width(self, y: Array) -> int: ...
    def value_and_gradient(self, y: Array, raw: Array, weight: Array | None, out: Array) -> float: ...
    def units(self, mean: Array, sd: Array) -> Units: ...
    def predict(self, raw: Array) -> Array: ...
    def constant(self, y: Array, weight: Array | None) -> Array: ...
    def check(self, y: Array) -> None: ...


@dataclass(frozen=True)
class SquaredError:
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

    inverse_link: ClassVar[str] = "identity"

    def raw_width(self, y: Array) -> int:
        return y.shape[1]

    def value_and_gradient(self, y: Array, raw: Array, weight: Array | None, out: Array) -> float:
        return kernels.squared_error(y, raw, weight, out)

    def units(self, mean: Array, sd: Array) -> Units:
        return Units(shift=mean, scale=sd, gain=sd, offset=mean, worth=sd**2)

    def predict(self, raw: Array) -> Array:
        return raw

    def constant(self, y: Array, weight: Array | None) -> Array:
        return np.average(y, axis=0, weights=weight)

    def check(self, y: Array) -> None:
        pass


@dataclass(frozen=True)
class Poisson:
    """Half the Poisson deviance, sum_k mu_k - y_k raw_k + y_k log y_k - y_k with mu = exp(raw); its gradient is mu - y.

    Domain: y >= 0. Link: log. Best constant: the log of the mean. The target may be scaled, not shifted.

    The exponential is guarded: beyond raw = ``ceiling`` (about 1e13 times the mean of the target, when that is
    standardised) the loss goes on as the tangent of mu. Predictions end at exp(80), which float32 still holds.

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
    inverse_link: ClassVar[str] = "exp"

    def __post_init__(self) -> None:
        check_real("ceiling", self.ceiling, 0, 60)

    def raw_width(self, y: Array) -> int:
        return y.shape[1]

    def value_and_gradient(self, y: Array, raw: Array, weight: Array | None, out: Array) -> float:
        return kernels.poisson(y, raw, weight, out, self.ceiling)

    def units(self, mean: Array, sd: Array) -> Units:
        scale = np.where(mean > 0, mean, 1.0)
        zero, one = np.zeros_like(scale), np.ones_like(scale)
        return Units(shift=zero, scale=scale, gain=one, offset=np.log(scale), worth=scale)

    def predict(self, raw: Array) -> Array:
        return np.exp(np.minimum(raw, 80.0))

    def constant(self, y: Array, weight: Array | None) -> Array:
        mean = np.average(y, axis=0, weights=weight)
        return np.log(np.maximum(mean, np.exp(-self.ceiling)))

    def check(self, y: Array) -> None:
        if y.size and y.min() < 0:
            raise ValueError(f"`y` must be >= 0 for loss 'poisson', got a minimum of {y.min():g}")


LOSSES: dict[str, Loss] = {
    "squared_error": SquaredError(),
    "poisson": Poisson(),
}
