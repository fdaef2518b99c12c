"""What a loss is: the contract, the units of its target, and the scores.

``raw`` is the output of the network, an (n, m) array; the prediction is its inverse link. Everything specific to a loss
is in its class, so that no other code needs to know which loss it uses.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

import numpy as np

from ... import kernels

__all__ = ["ClassificationLoss", "KernelLoss", "Loss", "RegressionLoss", "Units", "explained", "r2"]

Array = np.ndarray
KernelCall = tuple[str, tuple[Any, ...]]  # the name of a kernel, and its constants
HIGHEST = 80.0  # log of a prediction: float32 holds exp(80)


class Units(NamedTuple):
    """How a loss may standardise its target: y' = (y - shift) / scale, and then raw = gain raw' + offset.

    Attributes
    ----------
    shift, scale : ndarray of shape (n_outputs,)
        Turn y into y'.
    gain, offset : ndarray, one number per raw column
        Turn the output of a network trained on y' into raw predictions for y.
    worth : ndarray, one number per raw column
        Turns the loss on y' into that on y: loss = worth loss'.

    Examples
    --------
    >>> import numpy as np
    >>> from skbackprop import SquaredError
    >>> units = SquaredError().units(mean=np.array([10.0]), sd=np.array([2.0]))
    >>> units.standardize(np.array([[14.0]])), units.restore(np.array([[2.0]])), units.worth
    (array([[2.]]), array([[14.]]), array([4.]))
    """

    shift: Array
    scale: Array
    gain: Array
    offset: Array
    worth: Array

    @classmethod
    def natural(cls, n: int, columns: int | None = None) -> Units:
        """The units of ``n`` outputs that are not shifted or scaled, with ``columns`` raw columns (default n)."""
        columns = n if columns is None else columns
        zero, one = np.zeros(columns), np.ones(columns)
        return cls(shift=np.zeros(n), scale=np.ones(n), gain=one, offset=zero, worth=one)

    @property
    def are_natural(self) -> bool:
        """Whether the network's output already is in natural units."""
        return bool((self.gain == 1.0).all() and not self.offset.any())

    def standardize(self, y: Array) -> Array:
        return (y - self.shift) / self.scale

    def restore(self, raw: Array) -> Array:
        return raw * self.gain + self.offset


class Loss(Protocol):
    """A frozen dataclass of hyper-parameters (sequences in it are tuples).

    1. ``value_and_gradient`` returns the *sum* over rows and writes the derivative by ``raw`` to ``out``; the caller
       divides by the number of rows. ``out`` may be ``raw`` itself. ``weight`` is one number per row, or None.
    2. ``raw_width`` is the number of raw columns that the target needs.
    3. ``units`` says how the target may be standardised, given the (weighted) mean and standard deviation of each
       column. ``rescaled(scale)`` returns the loss to train with once the target is divided by ``scale``: the loss
       itself, unless a parameter (such as ``delta``) is in units of y. Rescaling that back by ``1 / scale`` gives the
       loss that training effectively minimises in the units of y.
    4. ``predict`` is the inverse link, and ``inverse_link`` its name.
    5. ``constant`` is the raw prediction of the best constant model.
    6. ``check`` raises ValueError if y is outside the domain.

    If ``out`` is deliberately not the derivative of the value, because one factor is treated as constant, the optional
    method ``held_at(raw)`` returns the loss whose derivative it is, with that factor fixed at its value at ``raw``.

    A loss whose predictions could run away may have the optional method ``within_reach(greatest)``: it returns the loss
    that predicts nothing far beyond the greatest target of each output seen in training.

    Examples
    --------
    For a loss of your own see the example of `LocationLoss`. What a loss can answer, shown on `Poisson`:

    >>> import numpy as np
    >>> from skbackprop import Poisson
    >>> loss, y, out = Poisson(), np.array([[1.0], [3.0]]), np.empty((2, 1))
    >>> raw = np.tile(loss.constant(y, None), (2, loss.raw_width(y)))
    >>> round(loss.value_and_gradient(y, raw, None, out), 3), loss.predict(raw).ravel(), out.ravel().round(3)
    (0.523, array([2., 2.]), array([ 1., -1.]))
    """

    @property
    def inverse_link(self) -> str: ...
    def raw_width(self, y: Array) -> int: ...
    def value_and_gradient(self, y: Array, raw: Array, weight: Array | None, out: Array) -> float: ...
    def units(self, mean: Array, sd: Array) -> Units: ...
    def rescaled(self, scale: Array) -> Loss: ...
    def predict(self, raw: Array) -> Array: ...
    def constant(self, y: Array, weight: Array | None) -> Array: ...
    def check(self, y: Array) -> None: ...


class KernelLoss:
    """The base of most losses: one kernel gives value and gradient, and compiled code can call it directly.

    ``kernel`` is its name and the constants that follow its four array arguments; a constant of several values is
    a tuple.
    """

    @property
    def kernel(self) -> KernelCall:
        raise NotImplementedError(f"{type(self).__name__} must have a `kernel`, or a `value_and_gradient` of its own")

    def value_and_gradient(self, y: Array, raw: Array, weight: Array | None, out: Array) -> float:
        name, constants = self.kernel_in(raw.dtype)
        return kernels.current_kernels()[name](y, raw, weight, out, *constants)

    def kernel_in(self, dtype: np.dtype) -> KernelCall:
        """``kernel``, with constants that are tuples converted to arrays of this dtype."""
        name, constants = self.kernel
        return name, tuple(np.array(c, dtype) if isinstance(c, tuple) else c for c in constants)


class RegressionLoss(Loss, Protocol):
    """A loss for regressors: ``score`` is what the regressor's method of that name returns, greater being better.

    ``std(raw)``, where a loss has it, is the standard deviation that ``predict(X, return_std=True)`` returns.

    Examples
    --------
    >>> import numpy as np
    >>> from skbackprop import SquaredError
    >>> SquaredError().score(np.array([[0.0], [2.0]]), np.array([[0.5], [1.5]]), None)
    0.75
    """

    def score(self, y: Array, raw: Array, weight: Array | None) -> float: ...


class ClassificationLoss(Loss, Protocol):
    """A loss for classifiers, a frozen dataclass with a field ``n_classes``, which the estimator sets.

    With ``n_classes`` = 0, y holds zeros and ones, and each of its columns has one raw column; else y is one column of
    class numbers, and each class has a raw column. ``predict`` gives probabilities, ``log_predict`` their logarithms,
    and ``decide`` the class number of every row, (n, 1), or which columns are more likely 1 than 0.

    Examples
    --------
    >>> import numpy as np
    >>> from skbackprop import LogLoss
    >>> raw = np.log([[0.2, 0.7, 0.1]])
    >>> LogLoss(n_classes=3).decide(raw), LogLoss(n_classes=3).log_predict(raw).round(3)
    (array([[1]]), array([[-1.609, -0.357, -2.303]]))
    """

    @property
    def n_classes(self) -> int: ...
    def log_predict(self, raw: Array) -> Array: ...
    def decide(self, raw: Array) -> Array: ...


def r2(y: Array, prediction: Array, weight: Array | None) -> float:
    """The coefficient of determination, 1 - sum w (y - p)^2 / sum w (y - mean)^2, averaged over outputs.

    A constant output counts as 1 if it is predicted exactly and as 0 otherwise, as in ``sklearn.metrics.r2_score``.
    """
    w = np.ones(len(y)) if weight is None else weight
    y = y.astype(np.float64)
    return explained(w @ (y - prediction) ** 2, w @ (y - np.average(y, axis=0, weights=w)) ** 2)


def explained(remaining: Array, total: Array) -> float:
    """1 - remaining / total, averaged over columns; a total of 0 counts as 1 if nothing remains, else 0."""
    constant = total == 0
    each = 1.0 - remaining / np.where(constant, 1.0, total)
    return float(np.where(constant, remaining == 0, each).mean())
