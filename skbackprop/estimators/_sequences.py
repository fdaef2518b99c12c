"""Reading sequences: three forms of X, turned into one; and targets per step, taken where there are any."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from numbers import Number
from typing import Any, Protocol

import numpy as np
from scipy.sparse import issparse
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import check_array, validate_data

from ..frozen import frozen
from ..network.segments import valid_steps
from ..network.sequences import sequence_lengths
from ._reading import naming_rows, not_missing, refuse_dates

Array = np.ndarray
NAN_IS_PADDING = {"ensure_all_finite": "allow-nan"}


@dataclass(frozen=True, eq=False)
class Sequences:
    """The steps of every row, and how many of them are valid; indexed by rows like an array.

    Parameters
    ----------
    values : ndarray of shape (n, T, d), or (n, T) for tokens
    lengths : ndarray of int of shape (n,), or None
        None where all steps are valid.
    """

    values: Array
    lengths: Array | None

    def __getitem__(self, rows: Any) -> Sequences:
        return Sequences(self.values[rows], None if self.lengths is None else self.lengths[rows])

    @property
    def shape(self) -> tuple[int, ...]:
        return self.values.shape

    @property
    def ndim(self) -> int:
        return 3

    @property
    def dtype(self) -> np.dtype:
        """The dtype to compute in. Tokens, which are not quantities, need no more than single precision."""
        return self.values.dtype if self.values.dtype.kind == "f" else np.dtype(np.float32)

    def valid(self) -> Array:
        """An (n, T) mask of the steps that are not padding."""
        n, T = self.shape[:2]
        return np.ones((n, T), bool) if self.lengths is None else valid_steps(T, self.lengths)


class Form(Protocol):
    """The form of the first X, which every later X must have, too; a frozen dataclass.

    ``read`` checks an X of this form and turns it into `Sequences`; ``given`` turns these back. ``of_steps()`` is the
    form that ``predict_next`` takes. ``parameters()`` are the constructor parameters that the form depends on.
    """

    def read(self, estimator: Any, X: Any, reset: bool, dtype: Any) -> Sequences: ...
    def given(self, X: Sequences) -> Array: ...
    def of_steps(self) -> Form: ...
    def parameters(self) -> dict[str, int]: ...


def form_of(X: Any, n_channels: int, n_tokens: int | None, tokens: bool) -> Form:
    """The `Form` of the first X."""
    if tokens:
        return TokenForm(n_tokens or max(greatest_token(X), 0) + 1)
    shape = rectangular(X).shape
    if len(shape) > 3:
        raise ValueError(
            f"`X` must have shape (n_samples, n_steps, n_channels) or (n_samples, n_steps * n_channels), got {shape}"
        )
    return StepForm(shape[2]) if len(shape) == 3 else ColumnForm(n_channels)


def rectangular(X: Any) -> Any:
    """Return X as it is if it has a shape, else as an array; the error for unequal lengths names `pad_sequences`."""
    refuse_dates(X)
    try:
        X = X if hasattr(X, "shape") else np.asarray(X)
        part = X.iloc[:1].to_numpy() if hasattr(X, "iloc") else X
        ragged = (
            isinstance(part, np.ndarray)
            and part.dtype == object
            and part.size
            and isinstance(part.flat[0], (np.ndarray, list, tuple))
        )
    except ValueError:
        ragged = True
    if ragged:
        check_same_channels(X)
        raise ValueError("`X` must be one array, got one for each sequence: `pad_sequences` fills them up with NaN")
    return X


def check_same_channels(X: Any) -> None:
    """Refuse sequences that differ in more than their length, because no padding makes them equal."""
    try:
        shapes = [np.shape(sequence) for sequence in X]
    except ValueError:  # a sequence is itself ragged
        return
    for at, shape in enumerate(shapes):
        if shape[1:] != shapes[0][1:]:
            raise ValueError(
                f"`X` must have the same number of channels in all sequences, got shape {shapes[0]} in sequence 0 and "
                f"{shape} in sequence {at}"
            )


@frozen
class StepForm:
    """X of shape (n, T, d) or, if ``columns``, also (n, T * d); T may differ from call to call."""

    n_channels: int
    columns: bool = False

    def read(self, estimator: Any, X: Any, reset: bool, dtype: Any) -> Sequences:
        X = rectangular(X)
        with naming_rows():
            X = check_array(X, allow_nd=True, ensure_2d=False, dtype=dtype, input_name="X", **NAN_IS_PADDING)
        if self.columns and X.ndim == 2 and X.shape[1] % self.n_channels == 0:
            X = X.reshape(len(X), -1, self.n_channels)
        if X.ndim != 3 or X.shape[2] != self.n_channels:
            flat = f" or (n_samples, n_steps * {self.n_channels})" if self.columns else ""
            raise ValueError(
                f"`X` must have shape (n_samples, n_steps, {self.n_channels}){flat}, as in training, got {X.shape}"
            )
        if reset:
            number_features(estimator, self.n_channels)
        return Sequences(X, sequence_lengths(X))

    def given(self, X: Sequences) -> Array:
        return X.values

    def of_steps(self) -> StepForm:
        return self

    def parameters(self) -> dict[str, int]:
        return {}


@frozen
class ColumnForm:
    """X of shape (n, T * d), with the d channels of a step side by side; T is fixed."""

    n_channels: int

    def read(self, estimator: Any, X: Any, reset: bool, dtype: Any) -> Sequences:
        X = rectangular(X)
        if getattr(X, "ndim", 2) > 2:
            raise ValueError(
                f"`X` must have shape (n_samples, n_steps * {self.n_channels}), as in training, got {X.shape}"
            )
        with naming_rows():
            X = validate_data(estimator, X, reset=reset, dtype=dtype, **NAN_IS_PADDING)
        if X.shape[1] % self.n_channels:
            raise ValueError(
                f"`n_channels` must divide the number of columns of X, {X.shape[1]}, got {self.n_channels}"
            )
        steps = X.reshape(len(X), -1, self.n_channels)
        return Sequences(steps, sequence_lengths(steps))

    def given(self, X: Sequences) -> Array:
        return X.values.reshape(len(X.values), -1)

    def of_steps(self) -> StepForm:
        return StepForm(self.n_channels, columns=True)

    def parameters(self) -> dict[str, int]:
        return {"n_channels": self.n_channels}


@frozen
class TokenForm:
    """X of shape (n, T), or (n, T, 1), of whole numbers below ``n_tokens``; T may differ from call to call."""

    n_tokens: int

    def read(self, estimator: Any, X: Any, reset: bool, dtype: Any) -> Sequences:
        X = token_array(X)
        lengths = sequence_lengths(X[:, :, None]) if X.dtype.kind == "f" else None
        tokens = np.nan_to_num(X)
        wrong = (tokens < 0) | (tokens >= self.n_tokens) | (tokens != np.floor(tokens))
        if wrong.any():
            row, step = np.argwhere(wrong)[0]
            raise ValueError(
                f"`X` must hold tokens, whole numbers from 0 to {self.n_tokens - 1}, got {tokens[row, step]:g} in "
                f"sequence {row} at step {step}; `n_tokens` sets how many there are"
            )
        if reset:
            number_features(estimator, 1)
        return Sequences(tokens.astype(np.intp), lengths)

    def given(self, X: Sequences) -> Array:
        return X.values if X.lengths is None else np.where(X.valid(), X.values, np.nan)

    def of_steps(self) -> TokenForm:
        return self

    def parameters(self) -> dict[str, int]:
        return {"n_tokens": self.n_tokens}


def token_array(X: Any) -> Array:
    """X as an array of shape (n, T), of numbers of any dtype."""
    X = check_array(rectangular(X), allow_nd=True, dtype=None, input_name="X", **NAN_IS_PADDING)
    if X.dtype.kind == "O":
        with suppress(TypeError, ValueError):
            X = X.astype(np.float64)
    X = X[:, :, 0] if X.ndim == 3 and X.shape[2] == 1 else X
    if X.ndim != 2 or 0 in X.shape or X.dtype.kind not in "iuf":
        raise ValueError(
            f"`X` must hold tokens, whole numbers, of shape (n_samples, n_steps) with `embedding`, got shape {X.shape} "
            f"and dtype {X.dtype}"
        )
    return X


def greatest_token(X: Any) -> int:
    return int(np.nan_to_num(token_array(X)).max())


def number_features(estimator: Any, n: int) -> None:
    """Set ``n_features_in_`` and drop feature names; scikit-learn's ``validate_data`` would count something else."""
    vars(estimator).pop("feature_names_in_", None)
    estimator.n_features_in_ = n


def read_row_target(y: Any, X: Sequences) -> Any:
    """Check and return y, of any type, which must have one target for every sequence."""
    given: tuple[int, ...] = getattr(y, "shape", ())[:2]
    if given == X.shape[:2] and given[1] > 1 and not issparse(y) and not not_missing(np.asarray(y)).all():
        raise ValueError(
            f"`y` must have a target for every sequence, got one for every step, shape {y.shape}, of which some are "
            f"missing: set `return_sequences=True` to learn those"
        )
    y = check_array(y, accept_sparse="csr", allow_nd=True, ensure_2d=False, dtype=None, input_name="y")
    if y.ndim > 2:
        raise ValueError(
            f"`y` must have a target for every sequence, not for every step, with `return_sequences=False`, "
            f"got shape {y.shape}"
        )
    return y


def read_row_label(y: Any, X: Sequences) -> Any:
    """The same for labels; y must have one for every sequence, or a row of an indicator of labels."""
    y = read_row_target(y, X)
    if y.ndim == 2 and y.shape[1] == X.shape[1] > 1 and type_of_target(y, input_name="y") == "multiclass-multioutput":
        raise ValueError(
            f"`y` must have one label for every sequence, got one for every step, shape {y.shape}: set "
            f"`return_sequences=True` to learn those"
        )
    return y


def read_step_target(y: Any, X: Sequences) -> tuple[Any, Array]:
    """Read targets per step: return those of all steps that have one, one after the other, and a mask of these steps.

    Targets at padding are ignored; a NaN, None or NA at any other step means that it has no target.
    """
    n, T = X.shape[:2]
    expected = f"`y` must have a target for every step of X with `return_sequences=True`, shape ({n}, {T}) or "
    expected += f"({n}, {T}, n_outputs)"
    try:
        y = check_array(y, allow_nd=True, ensure_2d=False, dtype=None, input_name="y", ensure_all_finite=False)
    except ValueError as error:
        if "inhomogeneous" not in str(error):
            raise
        raise ValueError(f"{expected}, got rows of unequal length: see `pad_sequences`") from None
    if y.ndim not in (2, 3) or y.shape[:2] != X.shape[:2]:
        raise ValueError(f"{expected}, got {y.shape}")
    has_target = X.valid() & not_missing(y).reshape(*y.shape[:2], -1).all(axis=2)
    if not has_target.any():
        raise ValueError("`y` must have a target at one step at least, got none")
    targets = y[has_target]
    if y.dtype == object and all(isinstance(target, Number) for target in targets.flat):
        targets = np.array(targets.tolist())  # numbers, now that none is missing
    targets = check_array(targets, ensure_2d=False, dtype=None, input_name="y")
    return targets, has_target


def read_step_label(y: Any, X: Sequences) -> tuple[Any, Array]:
    """The same for labels, or rows of an indicator of labels."""
    y, has_target = read_step_target(y, X)
    return (y[:, 0] if y.shape[1:] == (1,) else y), has_target
