"""Rows as they come in: validated, never copied, weights cleaned, a part set aside."""

from __future__ import annotations

import math
from numbers import Real
from typing import Any, NamedTuple

import numpy as np
from sklearn.utils.validation import check_array

Array = np.ndarray
FLOATS = (np.float64, np.float32)


class Data(NamedTuple):
    """Rows of one fit.

    X is a matrix, or what is indexed by rows like one; y is (n, k), or (n, T, k) with NaN at steps without a target.
    ``rows`` are the indices to use, None for all. ``weight`` is what a row counts for in training, in float64;
    ``sample_weight`` is what the user gave, which is the same without class weights.
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
        """These rows of X, y or weight: a copy, unless they are all there are."""
        return column if self.rows is None or column is None else column[self.rows]

    def targets(self, y: Array, weight: Array | None) -> tuple[Array, Array | None]:
        """These rows of y and weight as a loss takes them: one target after the other."""
        y, weight = self.taken(y), self.taken(weight)
        if y.ndim == 2:
            return y, weight
        known = has_target(y)
        return y[known], None if weight is None else np.repeat(weight, known.sum(axis=1))

    def at_targets(self, raw: Array) -> Array:
        """Raw output for these rows, where there are targets."""
        return raw if self.y.ndim == 2 else raw[has_target(self.taken(self.y))]

    def mean_weight(self) -> float:
        return 1.0 if self.weight is None else float(np.mean(self.taken(self.weight)))

    def mean_targets(self) -> float:
        """How many targets a row has on average, weighted."""
        if self.y.ndim == 2:
            return 1.0
        return float(np.average(has_target(self.taken(self.y)).sum(axis=1), weights=self.taken(self.weight)))

    def weigh(self, class_weight: Array | None) -> Data:
        """The same rows, each counting what its class does; those that then count nothing are left out."""
        if class_weight is None:
            return self
        weight = class_weight[self.y[:, 0].astype(np.intp)]
        if self.weight is not None:
            weight *= self.weight
        if not weight.any():
            raise ValueError("`class_weight` must leave rows of weight > 0, got none")
        return self._replace(weight=weight, rows=rows_that_count(self.y, weight))


def read_weight(sample_weight: Any, n: int) -> Array | None:
    """One finite weight >= 0 per row, not all of them zero; a number counts for every row."""
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
    with np.errstate(over="ignore"):
        if not np.isfinite(weight.sum()):
            raise ValueError(f"`sample_weight` must have a finite sum, got weights up to {weight.max():g}")
    return weight


def same_kind(error: TypeError | ValueError, message: str) -> TypeError | ValueError:
    """An error of that kind with another message, which the constructor of a subclass may not take."""
    return (TypeError if isinstance(error, TypeError) else ValueError)(message)


def check_y_fits(y: Array, dtype: np.dtype) -> None:
    """Predictions come in the dtype of X, and could not reach a target beyond it."""
    limit, greatest = np.finfo(dtype).max, max(y.max(), -y.min())
    if greatest > limit:
        raise ValueError(
            f"`y` must be within +-{limit:.3g} to be learnt in {dtype}, got {greatest:.3g}; give y in other units"
        )


def check_X_fits(X: Array, dtype: np.dtype) -> None:
    """A model computes in its own dtype, where larger numbers of X would be infinite. NaN is padding."""
    if X.dtype.itemsize > dtype.itemsize and X.size:
        limit, greatest = np.finfo(dtype).max, max(np.nanmax(X), -np.nanmin(X))
        if greatest > limit:
            raise ValueError(f"`X` must be within +-{limit:.3g} for a model fitted to {dtype}, got {greatest:.3g}")


def has_target(y: Array) -> Array:
    """At which steps of every row an (n, T, k) target is known."""
    return ~np.isnan(y[:, :, 0])


def placed(y: Array, known: Array | None) -> Array:
    """Targets given one after the other at the steps that have one, amid NaN; None: at every row, as they are."""
    if known is None:
        return y
    out = np.full((*known.shape, y.shape[1]), np.nan)
    out[known] = y
    return out


def rows_that_count(y: Array, weight: Array | None) -> Array | None:
    """Rows of weight zero, or without a target, are as good as absent, and never get into a batch. None is all rows."""
    count = np.ones(len(y), bool) if weight is None else weight > 0
    if y.ndim == 3:
        count &= has_target(y).any(axis=1)
    if not count.any():
        raise ValueError("`y` must have a target in a row of weight > 0, got none")
    return None if count.all() else np.flatnonzero(count)


def train_validation_split(data: Data, fraction: float, seed: int | None, stratify: bool) -> tuple[Data, Data]:
    """Training and validation rows: the last ones for validation, or random ones where there is a ``seed``.

    The same seed gives as many rows the same split, so that no later fit trains on what an earlier one held out. With
    ``stratify`` the random ones are spread over the classes in y, of which one row each stays for training; the split
    is then the same for the same y.
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
    held_out = np.arange(data.n) >= data.n - n_held_out
    if stratify and seed is not None and data.y.ndim == 2:
        held_out = spread(data.y[rows, 0], n_held_out)
    return data._replace(rows=rows[~held_out]), data._replace(rows=rows[held_out])


def spread(classes: Array, n: int) -> Array:
    """A mask of n places at even distances when sorted by class, the first of each class left out.

    If they are enough, the last of every class of three or more is among them: most scores of probabilities need all.
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
    """Say of dates and durations that they are no numbers: as floats their missing values would be numbers, too."""
    dtypes: Any = getattr(X, "dtypes", None) if hasattr(X, "columns") else [getattr(X, "dtype", None)]
    if dtypes is None:  # as in a table of Arrow
        dtypes = getattr(getattr(X, "schema", None), "types", ())
    kinds = {name for name in map(str, dtypes) if name.lower().startswith(("date", "time", "duration"))}
    if kinds:
        raise TypeError(
            f"`X` must hold numbers, got {', '.join(sorted(kinds))}: give the time since some date, in days say"
        )


def not_missing(y: Array) -> Array:
    """Which entries are not missing."""
    if y.dtype == object:
        return np.frompyfunc(is_present, 1, 1)(y).astype(bool)
    if y.dtype.kind in "mM":
        return ~np.isnat(y)
    return ~np.isnan(y) if y.dtype.kind == "f" else np.ones(y.shape, bool)


def is_present(value: Any) -> bool:
    """Whether a value is not missing: NaN differs from itself, and to compare pandas' NA gives no bool."""
    itself = value == value
    return value is not None and isinstance(itself, (bool, np.bool_)) and bool(itself)


def refuse_missing(y: Any) -> None:
    """Say of objects and dates which one is missing, on which scikit-learn may fail in other ways, or not at all."""
    if not hasattr(y, "dtype") or (isinstance(y.dtype, np.dtype) and y.dtype.kind not in "OmM"):
        return
    labels = y if isinstance(y, np.ndarray) else np.asarray(y, object)
    if labels.ndim and not (there := not_missing(labels)).all():
        at = np.argwhere(~there)[0]
        raise ValueError(f"`y` must have no missing values, got {labels[tuple(at)]} in row {at[0]}")
