"""Units for both ends of a network: running mean and variance of columns, in float64, over any number of batches."""

from __future__ import annotations

import copy
import math
from typing import Any

import numpy as np
from scipy.sparse import issparse

from ..network.layers import Standardize
from ..network.losses import Loss, Units
from ..network.losses.constants import weighted_quantile
from ..network.network import Network
from ._reading import Data

Array = np.ndarray
BLOCK_NUMBERS = 1 << 19  # of X read at a time: 4 MB in float64
DECILE_RANGE = 2.563  # from the first to the ninth decile of a standard normal
OUTLIERS_FROM = 10.0  # an sd of more than so many robust spreads is made by outliers
ENOUGH_ROWS = 20  # to tell outliers


class RunningMoments:
    """Count, mean and sum of squared deviations of every column, over the rows seen so far.

    Two parts are merged as in Chan, Golub and LeVeque (1983), "Algorithms for computing the sample variance", eq. 2.1,
    with sums of weights as counts. X is read in blocks of rows, so that a memory-mapped X stays on disk.

    All values are taken relative to the first row seen, the ``origin``. A column that never varies is then exactly 0,
    however sums are rounded, and variances do not suffer from cancellation where a mean is large.

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
        self.mean_from_origin = np.zeros(columns)
        self.squares = np.zeros(columns)
        self.nonzero = np.zeros(columns)
        self.resolution = 0.0

    @property
    def mean(self) -> Array:
        return self.origin + self.mean_from_origin

    def update(self, X: Any, weight: Array | None = None, rows: Array | None = None) -> None:
        """Add the ``rows`` of X (all by default), each with a positive weight."""
        self.resolution = max(self.resolution, 10 * float(np.finfo(X.dtype).eps))
        n = X.shape[0] if rows is None else len(rows)
        per_row = X.nnz / X.shape[0] if issparse(X) else math.prod(X.shape[1:])
        size = max(1, int(BLOCK_NUMBERS // max(1, per_row)))
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
            with np.errstate(over="ignore", invalid="ignore"):  # `check` reports it
                self._merge(*moments(part, w, self.origin))

    def add(self, other: RunningMoments) -> None:
        """Add the rows that another has seen."""
        self.resolution = max(self.resolution, other.resolution)
        self.origin = self.origin if self.count else other.origin
        with np.errstate(over="ignore", invalid="ignore"):
            self._merge(
                other.count, other.mean_from_origin + (other.origin - self.origin), other.squares, other.nonzero
            )

    def sd(self) -> Array:
        """Standard deviation of every column; 1 for those that are constant up to rounding."""
        sd = np.sqrt(self.squares / self.count)
        return np.where(self.constant(), 1.0, sd)

    def scale(self) -> Array:
        """The standard deviation; in a column that is mostly zero at least (1 - 2 share) RMS of the nonzero values.

        Such columns are rare categories and words. Divided by its standard deviation, a column that is 1 in one row of
        ten thousand and 0 elsewhere would be 100 in that row, and the network would fit the noise of it. ``share`` is
        that of the nonzero values. A column of zeros and ones is affected if less than 28 % of them are ones.
        """
        sd, rare = self.sd(), ~self.constant() & (self.nonzero < 0.5 * self.count)
        squares = self.squares / self.count + self.mean**2
        share = np.where(rare, self.nonzero / self.count, 1.0)
        return np.where(rare, np.maximum(sd, (1.0 - 2.0 * share) * np.sqrt(squares / share)), sd)

    def constant(self) -> Array:
        """A mask of the columns that have not varied so far, up to rounding."""
        return np.sqrt(self.squares / self.count) <= self.resolution * np.abs(self.mean)

    def check(self, name: str) -> None:
        """Refuse NaN, and columns whose squared deviations overflow, or vanish although the column varies."""
        missing = np.isnan(self.mean_from_origin)
        if missing.any():
            raise ValueError(f"`{name}` must hold no NaN, got some in column {missing.argmax()}")
        lost = ~np.isfinite(self.squares) | ((self.squares == 0) & (self.mean_from_origin != 0))
        if lost.any():
            at = lost.argmax()
            raise ValueError(
                f"`{name}` must be in units in which columns vary by some 1e-150 to 1e150, got column {at}, of which "
                f"squared deviations {'vanish' if self.squares[at] == 0 else 'overflow'}"
            )

    def discount_outliers(self, Y: Array, weight: Array | None) -> None:
        """Where a few outliers dominate a column's sd, replace mean and sd by the median and a spread of the middle.

        Y must be all rows seen so far. The spread is the distance from the first to the ninth decile, divided by that
        of a standard Gaussian.
        """
        low, median, high = (weighted_quantile(Y, level, weight) for level in (0.1, 0.5, 0.9))
        spread = (high - low) / DECILE_RANGE
        far = (spread > 0) & (self.sd() > OUTLIERS_FROM * spread)
        self.mean_from_origin = np.where(far, median - self.origin, self.mean_from_origin)
        with np.errstate(over="ignore"):
            self.squares = np.where(far, self.count * spread**2, self.squares)

    def _merge(self, count: float, mean_from_origin: Array, squares: Array, nonzero: Array) -> None:
        total = self.count + count
        difference = mean_from_origin - self.mean_from_origin
        self.mean_from_origin = self.mean_from_origin + difference * (count / total)
        self.squares = self.squares + squares + difference**2 * (self.count * count / total)
        self.nonzero = self.nonzero + nonzero
        self.count = total


def dense_moments(X: Array, w: Array, origin: Array) -> tuple[float, Array, Array, Array]:
    """The sum of the weights, the mean minus ``origin``, the sum of squared deviations, and the weight of nonzeros."""
    nonzero = w @ (X != 0)
    X = X - origin
    count = float(w.sum())
    mean = w @ X / count
    X -= mean
    return count, mean, w @ np.square(X, out=X), nonzero


def sparse_moments(X: Any, w: Array, origin: Array) -> tuple[float, Array, Array, Array]:
    """The same for sparse X. A column's unstored zeros count as one value with their total weight, or exactly 0."""
    X = X.astype(np.float64)
    X.sum_duplicates()
    X = X.tocoo(copy=False)
    (n, columns), at, weights, count = X.shape, X.col, w[X.row], float(w.sum())

    def total(numbers: Array) -> Array:
        return np.bincount(at, numbers, columns)

    full = np.bincount(at, minlength=columns) == n
    zeros = np.where(full, 0.0, np.maximum(count - total(weights), 0.0))
    from_origin = X.data - origin[at]
    mean = (total(weights * from_origin) - zeros * origin) / count
    squares = total(weights * (from_origin - mean[at]) ** 2) + zeros * (origin + mean) ** 2
    return count, mean, squares, total(weights * (X.data != 0))


class Scaling:
    """The moments of X and y seen so far, and the units that follow from them for both ends of a network.

    Which columns have ever varied is remembered across warm starts.
    """

    def __init__(self, n_inputs: int, n_outputs: int):
        self.X, self.y = RunningMoments(n_inputs), RunningMoments(n_outputs)
        self.y_greatest = np.full(n_outputs, -np.inf)
        self.waiting = np.empty((0, n_outputs)), np.empty(0)
        self.X_has_varied, self.y_has_varied = np.zeros(n_inputs, bool), np.zeros(n_outputs, bool)

    @classmethod
    def of(cls, data: Data, network: Network, before: Scaling | None = None) -> Scaling:
        """An empty Scaling for these data, which knows from the one ``before`` which columns have ever varied.

        Tokens, and inputs that the network does not standardise, have no columns here.
        """
        scales = isinstance(network.layers[0], Standardize)
        scaling = cls(data.X.shape[-1] if scales else 0, data.y.shape[-1])
        if before is not None:
            scaling.X_has_varied, scaling.y_has_varied = before.X_has_varied, before.y_has_varied
        return scaling

    def copy(self) -> Scaling:
        """A copy to be updated independently; arrays are shared, since they are never written to."""
        other = copy.copy(self)
        other.X, other.y = copy.copy(self.X), copy.copy(self.y)
        return other

    def update(self, data: Data, loss: Loss) -> tuple[Array, Array, Units]:
        """Add rows; return the shift and inverse scale of the Standardize layer, and the units of the output."""
        if len(self.X.mean):
            self.X.update(data.X, data.row_weight, data.rows)
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
        if issparse(data.X):  # not centred in memory; a constant column divided by its mean is 1, and 1 - 1 exactly 0
            of_X = np.where(self.X.constant() & (self.X.mean != 0), np.abs(self.X.mean), of_X)
        return self.X.mean, 1 / of_X, loss.units(self.y.mean, self.y.sd())

    def within_reach(self, loss: Loss) -> Loss:
        """The loss, which if it can be limited predicts nothing far beyond the targets seen so far."""
        limited = getattr(loss, "within_reach", None)
        return loss if limited is None else limited(self.y_greatest)

    def _see_robustly(self, y: Array, weight: Array) -> None:
        """Update the moments of the target for a loss with a bounded gradient, discounting outliers.

        Such a loss hardly reacts to outliers, but if they set the scale, all other targets would look alike. It takes
        ENOUGH_ROWS rows to tell outliers; fewer, unless they are the first, are kept until enough have come.
        """
        y, weight = np.concatenate([self.waiting[0], y]), np.concatenate([self.waiting[1], weight])
        self.waiting = y, weight
        if self.y.count and len(y) < ENOUGH_ROWS:
            return
        seen = RunningMoments(y.shape[1])
        seen.update(y, weight)
        seen.discount_outliers(y, weight)
        self.y.add(seen)
        self.waiting = y[:0], weight[:0]
