"""What is minimised: (theta, rows) -> value and gradient. Mini-batches and L-BFGS use the same function."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import issparse

from .. import kernels
from .blocks import Rows, parts, rows_and_count, rows_per_block
from .contract import Run, Tape
from .losses import Loss
from .network import Network
from .parameters import Point
from .penalties import Penalty

__all__ = ["Objective", "Value"]

Array = np.ndarray


class Value(NamedTuple):
    """The two terms of the objective, reported separately; their sum is minimised.

    Attributes
    ----------
    loss : float
        The mean loss over rows.
    penalty : float
        The value of the penalty.

    Examples
    --------
    >>> value = Value(loss=0.5, penalty=0.25)
    >>> value.loss, sum(value)
    (0.5, 0.75)
    """

    loss: float
    penalty: float


def check_rows(
    network: Network, loss: Loss, X: Any, y: ArrayLike, weight: ArrayLike | None
) -> tuple[Array, Array | None]:
    """Return y and weight as arrays with a row for every row of X, and y with the columns of the network's output.

    For a network with an output at every step, ``weight`` may have a number for every step, too.
    """
    if isinstance(loss, (str, type)):
        raise TypeError(f"`loss` must be an object such as SquaredError(), got {loss!r}")
    y, weight, n = np.asarray(y), None if weight is None else np.asarray(weight), X.shape[0]
    if weight is not None and weight.shape != (n,) and not (network.every_step and weight.shape == X.shape[:2]):
        per_step = f", or {X.shape[:2]}, one per step" if network.every_step else ""
        raise ValueError(f"`weight` must have shape ({n},), a number per row{per_step}, got {weight.shape}")
    steps = f"{X.shape[1]} steps, " if network.every_step else ""
    if y.ndim != 2 + network.every_step or y.shape[:-1] != X.shape[: y.ndim - 1]:
        raise ValueError(f"`y` must have {n} rows like X, {steps}and a column for every output, got shape {y.shape}")
    columns, width = loss.raw_width(y.reshape(-1, y.shape[-1])), network.shapes[-1][-1]
    if columns != width:
        raise ValueError(f"`network` must put out {columns} columns for y of shape {y.shape}, got {width}")
    return y, weight


class Objective:
    """Mean loss of a network over rows, plus a penalty.

    For the rows of one batch, with weights w of mean one over the training set:

        value = 1/rows * sum_i w_i loss(y_i, raw_i) + penalty(theta) / (rows * mean raw weight)

    Without weights the penalty is scikit-learn's, alpha/2 |W|^2 / rows; integer weights are equivalent to repeating
    rows.

    Parameters
    ----------
    network : Network
    loss : Loss
    X : ndarray or CSR matrix of shape (n, ...)
        Never copied as a whole: the rows of a batch are gathered into a buffer. Its dtype is that of theta, float32
        or float64.
    y : ndarray of shape (n, k)
        Target, in the units that the network is trained in: one column per output, even if there is only one.
    weight : ndarray of shape (n,), default=None
        One number per row, of mean one over the training rows.
    mean_weight : float, default=1.0
        The mean of the weights before they were scaled to mean one.
    penalty : Penalty, default=None
    rng : numpy.random.Generator, default=None
        For layers that draw random numbers; None switches their noise off.

    Raises
    ------
    ValueError
        If ``y`` or ``weight`` does not have one row for every row of X, or ``y`` does not fit the width of the
        network's output; by the methods, if ``theta`` has the wrong length, or if ``rows`` is empty or outside X.

    Examples
    --------
    The line raw = 3 x + 0 at the points (1, 2) and (2, 6), and at the first of them alone:

    >>> import numpy as np
    >>> from skbackprop import Dense, Network, SquaredError
    >>> X, y = np.array([[1.0], [2.0]]), np.array([[2.0], [6.0]])
    >>> objective, theta = Objective(Network([Dense(1)], (1,)), SquaredError(), X, y), np.array([3.0, 0.0])
    >>> objective.value_and_gradient(theta)
    (Value(loss=0.25, penalty=0.0), array([0.5, 0.5]))
    >>> objective.value_and_gradient(theta, np.array([0]))
    (Value(loss=0.5, penalty=0.0), array([1., 1.]))
    """

    def __init__(
        self,
        network: Network,
        loss: Loss,
        X: Any,
        y: ArrayLike,
        *,
        weight: ArrayLike | None = None,
        mean_weight: float = 1.0,
        penalty: Penalty | None = None,
        rng: np.random.Generator | None = None,
    ):
        y, weight = check_rows(network, loss, X, y, weight)
        self.network, self.loss, self.X, self.y, self.weight = network, loss, X, y, weight
        self.penalty, self.mean_weight = penalty, mean_weight
        self._sparse = issparse(X)
        self._runs = [Run(tape=Tape(), rng=rng) for _ in network.layers]
        self._batch = Tape()
        self._point: Point | None = None
        self._block = 0  # rows per pass, once the dtype of theta is known

    def value_and_gradient(self, theta: Array, rows: Rows | None = None) -> tuple[Value, Array]:
        """The objective over ``rows`` and its derivative by theta, in a buffer that the next call overwrites.

        Many rows go through in parts, so that what a pass remembers of a part stays in the cache.

        Parameters
        ----------
        theta : ndarray of the dtype of X
            The parameters, of length ``network.parameters.size``.
        rows : slice or ndarray of int, default=None
            Row numbers from 0 to n - 1 in any order, or a slice; None means all.

        Returns
        -------
        value : Value
        gradient : ndarray of the shape and dtype of theta
        """
        point, (rows, n) = self._point_at(theta), rows_and_count(rows, len(self.y))
        if n <= self._block:
            loss = self._pass(point, rows, n)
        else:
            loss = self._sum_of_passes(point, parts(rows, n, self._block), n)
        penalty = 0.0
        if self.penalty is not None:
            penalty = self.penalty.add(point.W, point.dW, 1.0 / (n * self.mean_weight))
        return Value(loss / n, penalty), point.gradient

    def _sum_of_passes(self, point: Point, pieces: list[Rows], n: int) -> float:
        total, loss = np.zeros_like(point.gradient), 0.0
        for rows in pieces:
            loss += self._pass(point, rows, n)
            total += point.gradient
        point.gradient[...] = total
        return loss

    def _pass(self, point: Point, rows: Rows, n: int) -> float:
        """Run forward and backward. Return the summed loss; leave the gradient of (sum / n) in ``point.gradient``."""
        X, y, weight = self._take(rows)
        raw = self.network.forward(point.p, X, self._runs)
        dY = self._batch.array("dY", raw.shape, raw.dtype)
        loss = self.loss.value_and_gradient(y, raw, weight, dY)
        dY *= 1.0 / n
        self.network.backward(point.p, point.g, dY, self._runs)
        return loss

    def mean_loss(self, theta: Array, rows: Rows | None = None) -> float:
        """The weighted mean of the loss over ``rows``, without noise and penalty.

        Parameters
        ----------
        theta, rows
            As in `value_and_gradient`.

        Returns
        -------
        loss : float
        """
        p, (rows, n) = self._point_at(theta).p, rows_and_count(rows, len(self.y))
        total, total_weight = 0.0, 0.0
        for some in parts(rows, n, rows_per_block(self.network, theta.itemsize, self.X)):
            X, y, weight = self._take(some)
            raw = self.network.forward(p, X)
            total += self.loss.value_and_gradient(y, raw, weight, np.empty(raw.shape, raw.dtype))
            total_weight += len(y) if weight is None else float(weight.sum())
        return total / total_weight

    def _point_at(self, theta: Array) -> Point:
        if self._point is None or theta is not self._point.theta:
            self._point = Point(self.network.parameters, theta)
            self._block = rows_per_block(self.network, theta.itemsize, self.X, kernels.training.CACHED)
        return self._point

    def _take(self, rows: Rows) -> tuple[Any, Array, Array | None]:
        """These rows of X, y and weight: views for a slice, else copies in buffers; sparse rows become a new matrix."""
        if isinstance(rows, slice):
            return self.X[rows], self.y[rows], None if self.weight is None else self.weight[rows]
        X = self.X[rows] if self._sparse else self._gathered("X", self.X, rows)
        weight = None if self.weight is None else self._gathered("weight", self.weight, rows)
        return X, self._gathered("y", self.y, rows), weight

    def _gathered(self, name: str, array: Array, rows: Array) -> Array:
        out = self._batch.array(name, (len(rows), *array.shape[1:]), array.dtype)
        kernels.gather(array, rows, out)
        return out
