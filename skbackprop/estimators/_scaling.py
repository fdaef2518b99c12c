"""Units for both ends of a network: running mean and variance of columns, in float64, over any number of batches."""

from __future__ import annotations

import copy
import math
from typing import Any

import numpy as np
from scipy.sparse import issparse

from ..network.losses import Loss, Units
from ..network.losses.constants import weighted_quantile
from ..network.network import Network
from ._reading import Data

Array = np.ndarray
BLOCK = 1 << 19
GAUSSIAN_DECILES = 2.563
FAR = 10.0
MANY = 20  # rows


class RunningMoments:
    """Count, mean and sum of squared deviations of every column of what has been seen.

    Two parts are merged as in Chan, Golub and LeVeque (1983), "Algorithms for computing the sample variance", eq. 2.1,
    with weights for counts. X is read in blocks of rows, so that a memory-mapped one stays on disk.

    All is counted from the first row that was seen, the ``origin``. What never varies is then exactly 0, whatever the
    sums round to, and variances do not cancel where a mean is large.

    Parameters
    ----------
    columns : int

    Examples
    --------
    >>> import numpy as np
    >>> moments = RunningMoments(1)
    >>> moments.update(np.array([[1.0], [3.0]]))
    >>> moments.update(np.array([[8.0]]))
    >>> moments.mean, moments.sd()
    (array([4.]), array([2.94392029]))
    """

    def __init__(self, columns: int):
        self.count = 0.0
        self.origin = np.zeros(columns)
        self.beyond = np.zeros(columns)
        self.squares = np.zeros(columns)
        self.nonzero = np.zeros(columns)
        self.resolution = 0.0

    @property
    def mean(self) -> Array:
        return self.origin + self.beyond

    def update(self, X: Any, weight: Array | None = None, rows: Array | None = None) -> None:
        """Take in the ``rows`` of X, all by default, with one positive weight for each of them."""
        self.resolution = max(self.resolution, 10 * float(np.finfo(X.dtype).eps))
        n = X.shape[0] if rows is None else len(rows)
        per_row = X.nnz / X.shape[0] if issparse(X) else math.prod(X.shape[1:])
        size = max(1, int(BLOCK // max(1, per_row)))
        for start in range(0, n, size):
            block = slice(start, start + size) if rows is None else rows[start : start + size]
            part = X[block]
            w = np.ones(part.shape[0]) if weight is None else np.asarray(weight[block], np.float64)
            if part.ndim == 3:
                valid = part.valid()
                part, w = part.values[valid], np.repeat(w, valid.sum(axis=1))
            if not self.count:
                self.origin = (part[:1].toarray() if issparse(part) else part[:1])[0].astype(np.float64)
            moments = sparse_moments if issparse(part) else dense_moments
            with np.errstate(over="ignore", invalid="ignore"):  # `check` tells
                self._merge(*moments(part, w, self.origin))

    def add(self, other: RunningMoments) -> None:
        """Take in what another has seen."""
        self.resolution = max(self.resolution, other.resolution)
        self.origin = self.origin if self.count else other.origin
        with np.errstate(over="ignore", invalid="ignore"):
            self._merge(other.count, other.beyond + (other.origin - self.origin), other.squares, other.nonzero)

    def sd(self) -> Array:
        """Standard deviation of every column; 1 for those that are constant up to rounding."""
        sd = np.sqrt(self.squares / self.count)
        return np.where(self.constant(), 1.0, sd)

    def scale(self) -> Array:
        """`sd`, but of a column that is mostly zero at least half the root mean square of its other values.

        Rare categories and words are such columns. By its standard deviation alone, one that is 1 in a row of ten
        thousand and 0 in all others would come to 100 there, and what the network learns from that row would be noise.
        """
        sd, rare = self.sd(), ~self.constant() & (self.nonzero < 0.5 * self.count)
        squares = self.squares / self.count + self.mean**2
        share = np.where(rare, self.nonzero / self.count, 1.0)
        return np.where(rare, np.maximum(sd, (1.0 - share) * np.sqrt(squares / share)), sd)

    def constant(self) -> Array:
        """Which columns have not varied so far."""
        return np.sqrt(self.squares / self.count) <= self.resolution * np.abs(self.mean)

    def check(self, name: str) -> None:
        """Refuse columns of which the squares overflow, or vanish though they vary."""
        lost = ~np.isfinite(self.squares) | ((self.squares == 0) & (self.beyond != 0))
        if lost.any():
            at = lost.argmax()
            raise ValueError(
                f"`{name}` must be in units in which columns vary by some 1e-150 to 1e150, got column {at}, of which "
                f"squared deviations sum up to {self.squares[at]:g}"
            )

    def discount_outliers(self, Y: Array, weight: Array | None) -> None:
        """Take the median and the spread of the middle of Y, which is all that was seen, for its mean and sd.

        Only of columns whose sd is made by a few values far out. The spread is the distance from the first to the ninth
        decile, as a multiple of a Gaussian's.
        """
        low, median, high = (weighted_quantile(Y, level, weight) for level in (0.1, 0.5, 0.9))
        spread = (high - low) / GAUSSIAN_DECILES
        far = (spread > 0) & (self.sd() > FAR * spread)
        self.beyond = np.where(far, median - self.origin, self.beyond)
        with np.errstate(over="ignore"):
            self.squares = np.where(far, self.count * spread**2, self.squares)

    def _merge(self, count: float, beyond: Array, squares: Array, nonzero: Array) -> None:
        total = self.count + count
        difference = beyond - self.beyond
        self.beyond = self.beyond + difference * (count / total)
        self.squares = self.squares + squares + difference**2 * (self.count * count / total)
        self.nonzero = self.nonzero + nonzero
        self.count = total


def dense_moments(X: Array, w: Array, origin: Array) -> tuple[float, Array, Array, Array]:
    """The sum of the weights, the mean beyond ``origin``, the sum of squared deviations, and the weight of nonzeros."""
    nonzero = w @ (X != 0)
    X = X - origin
    count = float(w.sum())
    mean = w @ X / count
    X -= mean
    return count, mean, w @ np.square(X, out=X), nonzero


def sparse_moments(X: Any, w: Array, origin: Array) -> tuple[float, Array, Array, Array]:
    """The same, with a weight for all zeros of a column that are not stored: exactly 0 where there are none."""
    X = X.astype(np.float64)
    X.sum_duplicates()
    X = X.tocoo(copy=False)
    (n, columns), at, weights, count = X.shape, X.col, w[X.row], float(w.sum())

    def total(numbers: Array) -> Array:
        return np.bincount(at, numbers, columns)

    full = np.bincount(at, minlength=columns) == n
    zeros = np.where(full, 0.0, np.maximum(count - total(weights), 0.0))
    beyond = X.data - origin[at]
    mean = (total(weights * beyond) - zeros * origin) / count
    squares = total(weights * (beyond - mean[at]) ** 2) + zeros * (origin + mean) ** 2
    return count, mean, squares, total(weights * (X.data != 0))


class Scaling:
    """What has been seen of X and y, and the units that follow from it for both ends of a network.

    Which columns have varied at any time outlasts a fit: a warm start begins from the scaling ``before`` it.
    """

    def __init__(self, n_inputs: int, n_outputs: int):
        self.X, self.y = RunningMoments(n_inputs), RunningMoments(n_outputs)
        self.y_greatest = np.full(n_outputs, -np.inf)
        self.waiting = np.empty((0, n_outputs)), np.empty(0)
        self.X_has_varied, self.y_has_varied = np.zeros(n_inputs, bool), np.zeros(n_outputs, bool)

    @classmethod
    def of(cls, data: Data, network: Network, before: Scaling | None = None) -> Scaling:
        """Nothing seen so far. Tokens have no columns."""
        scaling = cls(network.shapes[0][-1] or 0, data.y.shape[-1])
        if before is not None:
            scaling.X_has_varied, scaling.y_has_varied = before.X_has_varied, before.y_has_varied
        return scaling

    def copy(self) -> Scaling:
        """Another one that goes on from here; arrays are never written to."""
        other = copy.copy(self)
        other.X, other.y = copy.copy(self.X), copy.copy(self.y)
        return other

    def update(self, data: Data, loss: Loss) -> tuple[Array, Array, Units]:
        """Take in some rows; returns shift and inverse scale of the Standardize layer, and the units of the output."""
        if len(self.X.mean):
            self.X.update(data.X, data.weight, data.rows)
        y, weight = data.targets(data.y, data.weight)
        self.y_greatest = np.maximum(self.y_greatest, y.max(axis=0))
        if getattr(loss, "bounded_gradient", False):
            self._see_robustly(y, np.ones(len(y)) if weight is None else weight)
        else:
            self.y.update(y, weight)
        self.X.check("X")
        self.y.check("y")
        self.X_has_varied = self.X_has_varied | ~self.X.constant()
        self.y_has_varied = self.y_has_varied | ~self.y.constant()
        of_X = self.X.scale()
        if issparse(data.X):  # never centred in memory: over its mean a constant column is 1, and 1 - 1 exactly 0
            of_X = np.where(self.X.constant() & (self.X.mean != 0), np.abs(self.X.mean), of_X)
        return self.X.mean, 1 / of_X, loss.units(self.y.mean, self.y.sd())

    def within_reach(self, loss: Loss) -> Loss:
        """The loss, which if it can be limited predicts nothing far beyond the targets seen so far."""
        limited = getattr(loss, "within_reach", None)
        return loss if limited is None else limited(self.y_greatest)

    def _see_robustly(self, y: Array, weight: Array) -> None:
        """Take in targets for a loss with a bounded gradient: MANY rows or more tell by their middle which are far out.

        Such a loss hardly sees these; in their units, though, all others would be one. Fewer rows, unless they are the
        first, wait for others.
        """
        y, weight = np.concatenate([self.waiting[0], y]), np.concatenate([self.waiting[1], weight])
        self.waiting = y, weight
        if self.y.count and len(y) < MANY:
            return
        seen = RunningMoments(y.shape[1])
        seen.update(y, weight)
        seen.discount_outliers(y, weight)
        self.y.add(seen)
        self.waiting = y[:0], weight[:0]
