"""A transformer for numeric columns, from which networks learn kinks and steps more easily than from the numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from ..ranges import check_integer, check_real
from ._reading import FLOATS, naming_rows, refuse_dates
from ._restoring import nothing_lost
from ._scaling import RunningMoments

Array = np.ndarray


class PiecewiseLinearEncoder(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Standardises every column and puts beside it how much of each of its bins has been passed.

    The bins hold about the same number of rows. With edges b_0 < ... < b_T, piece t of x is

        scale * min(max((x - b_(t-1)) / (b_t - b_(t-1)), 0), 1),

    which is 0 below the bin, ``scale`` above it, and grows linearly in between. A network sees the level of x from its
    standardised value, and details from the pieces, so it need not first learn where to bend.

    It is made for a pipeline with a network that has ``standardize="target"``: standardising the pieces would take
    ``scale`` away. Where columns matter only in sums and products of all of them, it does not help.

    Parameters
    ----------
    n_bins : int, default=16
        Bins of a column. A column with few values, or with one that is very frequent, gets fewer; with two values it is
        only standardised.
    scale : float, default=0.3
        What a piece grows to, in standard deviations of the column beside it. The smaller it is, the slower the network
        learns from the pieces.

    Attributes
    ----------
    edges_ : list of ndarray
        The edges of the bins of every column; empty for a column without pieces.
    mean_, scale_ : ndarray of shape (n_features,)
        Mean and scale of every column, as a network with ``standardize=True`` has them: the standard deviation, more
        for a column that is mostly zero, and 1 for a constant one.
    n_features_in_ : int
        Number of columns of X.
    feature_names_in_ : ndarray of shape (n_features,)
        Their names, if X is a DataFrame whose columns have strings as names.

    References
    ----------
    Gorishniy, Rubachev and Babenko (2022), "On embeddings for numerical features in tabular deep learning", eq. 1.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.arange(9.0)[:, None]
    >>> encoder = PiecewiseLinearEncoder(n_bins=2, scale=1.0).fit(X)
    >>> encoder.edges_
    [array([0., 4., 8.])]
    >>> encoder.transform([[1.0], [4.0], [6.0]]).round(2)
    array([[-1.16,  0.25,  0.  ],
           [ 0.  ,  1.  ,  0.  ],
           [ 0.77,  1.  ,  0.5 ]])
    >>> encoder.get_feature_names_out()
    array(['x0', 'x0_bin_1', 'x0_bin_2'], dtype=object)
    """

    def __init__(self, n_bins: int = 16, *, scale: float = 0.3):
        self.n_bins = n_bins
        self.scale = scale

    def fit(self, X: Any, y: Any = None) -> PiecewiseLinearEncoder:
        """Find the edges of the bins, and the mean and the standard deviation of every column.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Numbers.
        y : None
            Ignored.

        Returns
        -------
        self : PiecewiseLinearEncoder

        Raises
        ------
        TypeError, ValueError
            If a parameter or X is wrong.
        """
        n_bins = check_integer("n_bins", self.n_bins, 2)
        check_scale(self.scale)
        refuse_dates(X)
        with nothing_lost(self), naming_rows():
            X = validate_data(self, X, dtype=FLOATS)
            moments = RunningMoments(X.shape[1])
            moments.update(X, None)
            moments.check("X")
            self.mean_, self.scale_ = moments.mean, moments.scale()
            self.edges_ = [
                np.empty(0) if constant else edges_of(column, n_bins)
                for column, constant in zip(X.T, moments.constant(), strict=True)
            ]
        return self

    def transform(self, X: Any) -> Array:
        """The standardised columns, each followed by its pieces.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Numbers.

        Returns
        -------
        Z : ndarray of shape (n_samples, n_features + pieces)
            In float32 if X is, else in float64.

        Raises
        ------
        TypeError, ValueError
            If X is wrong, or ``scale``, which is read anew.
        """
        check_is_fitted(self)
        scale = check_scale(self.scale)
        refuse_dates(X)
        with naming_rows():
            X = validate_data(self, X, dtype=FLOATS, reset=False)
        starts = np.cumsum([0, *self._widths()])
        Z = np.empty((len(X), starts[-1]), X.dtype)
        parts = np.split(Z, starts[1:-1], axis=1)
        for x, edges, mean, sd, part in zip(X.T, self.edges_, self.mean_, self.scale_, parts, strict=True):
            part[:, 0] = (x - mean) / sd
            pieces = part[:, 1:]
            with np.errstate(over="ignore"):  # far beyond the last edge, they are complete all the same
                np.subtract(x[:, None], edges[:-1], out=pieces, casting="same_kind")
                pieces /= np.diff(edges)
            np.clip(pieces, 0.0, 1.0, out=pieces)
            pieces *= scale
        return Z

    def get_feature_names_out(self, input_features: Any = None) -> Array:
        """Names of the columns that `transform` returns.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Names of the columns of X; None are those seen in `fit`, or "x0", "x1" and so on.

        Returns
        -------
        names : ndarray of object
            The name of every column, followed by those of its pieces, such as "x0_bin_1".
        """
        check_is_fitted(self)
        names = super().get_feature_names_out(input_features)
        return np.array(
            [
                f"{name}_bin_{piece}" if piece else name
                for name, width in zip(names, self._widths(), strict=True)
                for piece in range(width)
            ],
            dtype=object,
        )

    def _widths(self) -> list[int]:
        """How many columns each column becomes."""
        return [max(len(edges), 1) for edges in self.edges_]


def check_scale(scale: Any) -> float:
    return check_real("scale", scale, 0, closed="neither")


def edges_of(column: Array, n_bins: int) -> Array:
    """The distinct quantiles between bins, ends included, each a value of the column; none if there is but one bin."""
    edges = np.unique(np.quantile(column.astype(float), np.linspace(0.0, 1.0, n_bins + 1), method="inverted_cdf"))
    return edges if len(edges) > 2 else edges[:0]
