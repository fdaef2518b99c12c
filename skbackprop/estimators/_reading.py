"""The rows of a fit: checked, weighted, and split by index into training and validation rows, without copying X."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from numbers import Real
from typing import Any, NamedTuple

import numpy as np
from sklearn.utils.validation import check_array

Array = np.ndarray
FLOATS = (np.float64, np.float32)
HEAVIEST = 1e100  # the largest of some weights is at most this, and at least its inverse: sums of them are squared


class Data(NamedTuple):
    """The rows of one fit.

    X is a matrix, or anything indexed by rows like one; y is (n, k), or (n, T, k) with NaN at steps without a target.
    ``rows`` are the indices to use, None for all. ``weight`` is the weight of each row in training, in float64, or of
    each step, (n, T), if classes of steps have weights; ``sample_weight`` is the user's, which is the same without
    class weights.
    """

    X: Any
    y: Array
    weight: Array | None
    rows: Array | None
    sample_weight: Array | None

    @property
    def n(self) -> int:
        return self.X.shape[0] if self.rows is None else len(self.rows)

    def taken(self, column: Any) -> Any:
        """The selected rows of X, y or weight: a copy, unless all rows are selected."""
        return column if self.rows is None or column is None else column[self.rows]

    def targets(self, y: Array, weight: Array | None) -> tuple[Array, Array | None]:
        """The selected rows of y and weight as a loss takes them: one target after the other."""
        y, weight = self.taken(y), self.taken(weight)
        if y.ndim == 2:
            return y, weight
        has_target = target_mask(y)
        if weight is not None:
            weight = weight[has_target] if weight.ndim == 2 else np.repeat(weight, has_target.sum(axis=1))
        return y[has_target], weight

    def at_targets(self, raw: Array) -> Array:
        """The part of ``raw``, the output for the selected rows, for which there are targets."""
        return raw if self.y.ndim == 2 else raw[target_mask(self.taken(self.y))]

    @property
    def row_weight(self) -> Array | None:
        """The weight of each row; of a row whose steps have weights, the user's."""
        return self.weight if self.weight is None or self.weight.ndim == 1 else self.sample_weight

    def mean_weight(self) -> float:
        """The mean weight of the rows: of their targets, of which a row counts as many as the mean row has."""
        _, weight = self.targets(self.y, self.weight)
        return 1.0 if weight is None else float(weight.sum()) / (self.n * self.mean_targets())

    def mean_targets(self) -> float:
        """The weighted mean number of targets per row."""
        if self.y.ndim == 2:
            return 1.0
        return float(np.average(target_mask(self.taken(self.y)).sum(axis=1), weights=self.taken(self.row_weight)))

    def weigh(self, class_weight: Array | None, what: str = "training") -> Data:
        """The same rows, with weights multiplied by those of their classes; targets of weight zero are left out.

        For messages, ``what`` says which rows these are.
        """
        if class_weight is None:
            return self
        classes = self.y[..., 0]
        known = ~np.isnan(classes)
        weight = np.zeros(classes.shape)
        weight[known] = class_weight[classes[known].astype(np.intp)]
        if self.weight is not None:
            with np.errstate(over="ignore"):
                weight *= self.weight.reshape(-1, *[1] * (weight.ndim - 1))
        if not weight.any():
            raise ValueError(f"`class_weight` must leave {what} rows of weight > 0, got none")
        weight = usable_weights(weight, f"`class_weight` must give the {what} rows a largest weight")
        y = np.where(weight[..., None] > 0, self.y, np.nan) if self.y.ndim == 3 else self.y
        of_rows = weight.reshape(len(y), -1).max(axis=1)
        return self._replace(y=y, weight=weight, rows=rows_that_count(y, of_rows))


def read_weight(sample_weight: Any, n: int) -> Array | None:
    """Return one finite weight >= 0 per row, not all of them zero; a single number is the weight of every row."""
    if sample_weight is None:
        return None
    if isinstance(sample_weight, Real):
        sample_weight = np.full(n, sample_weight)
    try:
        weight = check_array(sample_weight, ensure_2d=False, dtype=np.float64, input_name="sample_weight")
    except (TypeError, ValueError) as error:
        raise same_kind(error, f"`sample_weight` must hold one finite number per row: {error}") from None
    if weight.shape != (n,):
        raise ValueError(f"`sample_weight` must have shape ({n},), one weight per row, got {weight.shape}")
    if weight.min() < 0:
        raise ValueError(
            f"`sample_weight` must be >= 0: negative values are not allowed, got a minimum of {weight.min():g}"
        )
    if not weight.any():
        raise ValueError(f"`sample_weight` must hold at least one weight > 0, got {n} zeros")
    return usable_weights(weight, "`sample_weight` must have a largest weight")


def usable_weights(weight: Array, what: str) -> Array:
    """The weights, if sums of them can be squared and multiplied by squares; negligible ones become 0.

    ``what`` begins the message.
    """
    largest = weight.max()
    if not 1 / HEAVIEST <= largest <= HEAVIEST:
        raise ValueError(f"{what} from {1 / HEAVIEST:g} to {HEAVIEST:g}, got {largest:g}")
    negligible = weight < largest / HEAVIEST
    return np.where(negligible, 0.0, weight) if negligible.any() else weight


def same_kind(error: TypeError | ValueError, message: str) -> TypeError | ValueError:
    """A TypeError or ValueError with another message; not of the error's own class, whose constructor may differ."""
    return (TypeError if isinstance(error, TypeError) else ValueError)(message)


def check_y_fits(y: Array, dtype: np.dtype) -> None:
    """Refuse targets beyond the range of the dtype of X, in which predictions are made."""
    limit, greatest = np.finfo(dtype).max, max(y.max(), -y.min())
    if greatest > limit:
        raise ValueError(
            f"`y` must be within +-{limit:.3g} to be learnt in {dtype}, got {greatest:.3g}; give y in other units"
        )


def check_X_fits(X: Array, dtype: np.dtype) -> None:
    """Refuse numbers that would be infinite in the dtype that the model computes in. NaN is padding, and accepted."""
    if X.dtype.itemsize > dtype.itemsize and X.size:
        limit, greatest = np.finfo(dtype).max, max(np.nanmax(X), -np.nanmin(X))
        if greatest > limit:
            raise ValueError(f"`X` must be within +-{limit:.3g} for a model fitted to {dtype}, got {greatest:.3g}")


def target_mask(y: Array) -> Array:
    """An (n, T) mask of the steps at which an (n, T, k) target is known."""
    return ~np.isnan(y[:, :, 0])


def scatter_targets(y: Array, has_target: Array | None) -> Array:
    """Put a list of targets at the steps that have one, with NaN elsewhere; without a mask, return y as it is."""
    if has_target is None:
        return y
    out = np.full((*has_target.shape, y.shape[1]), np.nan)
    out[has_target] = y
    return out


def rows_that_count(y: Array, weight: Array | None) -> Array | None:
    """Indices of the rows with a weight > 0 and a target; others never get into a batch. None means all rows."""
    count = np.ones(len(y), bool) if weight is None else weight > 0
    if y.ndim == 3:
        count &= target_mask(y).any(axis=1)
    if not count.any():
        raise ValueError("`y` must have a target in a row of weight > 0, got none")
    return None if count.all() else np.flatnonzero(count)


def train_validation_split(data: Data, fraction: float, seed: int | None, stratify: bool) -> tuple[Data, Data]:
    """Split into training and validation rows; the latter are the last ones or, given a ``seed``, random ones.

    The same seed splits as many rows in the same way, so that no later fit trains on what an earlier one held out.
    With ``stratify`` the random rows are spread over the classes in y, and one row of each class stays for training;
    the split is then the same for the same y.
    """
    n_held_out = math.ceil(fraction * data.n)
    if n_held_out >= data.n:
        raise ValueError(
            f"`validation_fraction` must leave rows to train on, got {fraction!r}, which holds out {n_held_out} of "
            f"{data.n} samples; lower it, or give more samples, or `X_val` and `y_val`"
        )
    rows = np.arange(data.n) if data.rows is None else data.rows
    if seed is not None:
        rows = rows[np.random.RandomState(seed).permutation(data.n)]
    held_out = np.arange(data.n) >= data.n - n_held_out
    if stratify and seed is not None and data.y.ndim == 2:
        held_out = spread(data.y[rows, 0], n_held_out)
    return data._replace(rows=rows[~held_out]), data._replace(rows=rows[held_out])


def spread(classes: Array, n: int) -> Array:
    """A mask of n rows to hold out, spread evenly over the classes, but never the first row of a class.

    If n allows, every class of three or more rows has one among them, because most scores of probabilities need all
    classes.
    """
    order = np.argsort(classes, kind="stable")
    new = np.diff(classes[order]) != 0
    first, last = np.r_[True, new], np.r_[new, True]
    sure = order[last & ~first & ~np.r_[False, first[:-1]]]
    if len(sure) > n:
        sure = sure[:0]
    candidates = order[~first & ~np.isin(order, sure)]
    n = min(n - len(sure), len(candidates))
    if n + len(sure) == 0:
        raise ValueError(
            f"early stopping must hold out rows of classes that have at least two, got {len(classes)} rows of as many "
            f"classes; give `X_val` and `y_val`"
        )
    mask = np.zeros(len(classes), bool)
    mask[sure] = True
    mask[candidates[((np.arange(n) + 0.5) * len(candidates) / max(1, n)).astype(np.intp)]] = True
    return mask


def refuse_dates(X: Any) -> None:
    """Refuse dates and durations: converted to floats, even their missing values would become numbers."""
    dtypes: Any = getattr(X, "dtypes", None) if hasattr(X, "columns") else [getattr(X, "dtype", None)]
    if dtypes is None:  # as in an Arrow table
        dtypes = getattr(getattr(X, "schema", None), "types", ())
    kinds = {name for name in map(str, dtypes) if name.lower().startswith(("date", "time", "duration"))}
    if kinds:
        raise TypeError(
            f"`X` must hold numbers, got {', '.join(sorted(kinds))}: give the time since some date, in days say"
        )


@contextmanager
def naming_rows() -> Iterator[None]:
    """While X, or X and y, are read: name them in NumPy's errors about text and about rows of unequal length."""
    try:
        yield
    except ValueError as error:
        if "could not convert string to float" in str(error):
            message = f"`X` must hold numbers, got text: {error}; encode categories, as OneHotEncoder does"
        elif "inhomogeneous" in str(error):
            message = f"`X` and `y` must have rows of equal length: {error}"
        else:
            raise
        raise ValueError(message) from None


def not_missing(y: Array) -> Array:
    """A mask of the entries that are not missing."""
    if y.dtype == object:
        return np.frompyfunc(is_present, 1, 1)(y).astype(bool)
    if y.dtype.kind in "mM":
        return ~np.isnat(y)
    return ~np.isnan(y) if y.dtype.kind == "f" else np.ones(y.shape, bool)


def is_present(value: Any) -> bool:
    """Whether a value is not missing. NaN differs from itself; comparing pandas' NA gives NA, which is not a bool."""
    itself = value == value
    return value is not None and isinstance(itself, (bool, np.bool_)) and bool(itself)


def refuse_missing(y: Any) -> None:
    """Refuse missing values among objects and dates; scikit-learn may fail on them in other ways, or not at all."""
    if not hasattr(y, "dtype") or (isinstance(y.dtype, np.dtype) and y.dtype.kind not in "OmM"):
        return
    labels = y if isinstance(y, np.ndarray) else np.asarray(y, object)
    if labels.ndim and not (there := not_missing(labels)).all():
        at = np.argwhere(~there)[0]
        raise ValueError(f"`y` must have no missing values, got {labels[tuple(at)]} in row {at[0]}")
