"""Rows as they come in: validated, never copied, weights cleaned, a part set aside."""

from __future__ import annotations

import math
from numbers import Real
from typing import Any, NamedTuple

import numpy as np
from scipy.sparse import issparse
from sklearn.utils.validation import check_array, validate_data

Array = np.ndarray
FLOATS = (np.float64, np.float32)


class Data(NamedTuple):
    """Rows of one fit. ``rows`` are the indices to use, None for all; ``weight`` is as the user gave it, in float64."""

    X: Any
    y: Array
    weight: Array | None
    rows: Array | None

    @property
    def n(self) -> int:
        return self.X.shape[0] if self.rows is None else len(self.rows)

    def taken(self, column: Any) -> Any:
        """These rows of X, y or weight: a copy, unless they are all there are."""
        return column if self.rows is None or column is None else column[self.rows]

    def mean_weight(self) -> float:
        return 1.0 if self.weight is None else float(np.mean(self.taken(self.weight)))


def read_xy(estimator: Any, X: Any, y: Any, *, reset: bool, dtype: Any = FLOATS) -> tuple[Any, Array]:
    """X as a float array or CSR matrix, and a numeric y of one or two dimensions, both as scikit-learn checks them."""
    X, y = validate_data(
        estimator, X, y, reset=reset, accept_sparse="csr", dtype=dtype, multi_output=True, y_numeric=True
    )
    if issparse(y):
        raise TypeError("`y` must be a dense array, got a sparse one")
    if y.dtype.kind not in "biuf":
        raise ValueError(f"`y` must be numeric, got an array of dtype {y.dtype}")
    if y.ndim > 2 or 0 in y.shape:
        raise ValueError(f"`y` must have shape (n_samples,) or (n_samples, n_outputs), got {y.shape}")
    return X, y


def read_weight(sample_weight: Any, n: int, name: str = "sample_weight") -> Array | None:
    """One finite weight >= 0 per row, not all of them zero; a number counts for every row."""
    if sample_weight is None:
        return None
    if isinstance(sample_weight, Real):
        sample_weight = np.full(n, sample_weight)
    weight = check_array(sample_weight, ensure_2d=False, dtype=np.float64, input_name=name)
    if weight.shape != (n,):
        raise ValueError(f"`{name}` must have shape ({n},), one weight per row, got {weight.shape}")
    if weight.min() < 0:
        raise ValueError(f"`{name}` must be >= 0: negative values are not allowed, got a minimum of {weight.min():g}")
    if not weight.any():
        raise ValueError(f"`{name}` must hold at least one weight > 0, got {n} zeros")
    return weight


def drop_zero_weights(X: Any, y: Array, weight: Array | None) -> Data:
    """Rows of weight zero are as good as absent, and never get into a batch."""
    if weight is None or weight.all():
        return Data(X, y, weight, None)
    return Data(X, y, weight, np.flatnonzero(weight))


def set_aside(data: Data, fraction: float, seed: int | None) -> tuple[Data, Data]:
    """Training and validation rows: the last ones for validation, or random ones where there is a ``seed``.

    The same seed and number of rows give the same split, so that no later fit trains on what an earlier one held out.
    """
    n_held_out = math.ceil(fraction * data.n)
    if n_held_out >= data.n:
        raise ValueError(
            f"`validation_fraction` must leave rows to train on, got {fraction!r}, which holds out {n_held_out} of "
            f"{data.n} samples; give more of them, or `X_val` and `y_val`"
        )
    rows = np.arange(data.n) if data.rows is None else data.rows
    if seed is not None:
        rows = rows[np.random.RandomState(seed).permutation(data.n)]
    return data._replace(rows=rows[:-n_held_out]), data._replace(rows=rows[-n_held_out:])
