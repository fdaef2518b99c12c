"""Sequences of unequal length, as users have them: padded with NaN, and back."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .segments import valid_steps

__all__ = ["pad_sequences", "sequence_lengths"]

Array = np.ndarray


def sequence_lengths(X: Any) -> Array | None:
    """The number of steps of each sequence before its padding, or None if there is no padding.

    Padding is the steps at the end of a sequence in which all channels are NaN.

    Parameters
    ----------
    X : array-like of float of shape (n, T, d)

    Returns
    -------
    lengths : ndarray of int of shape (n,), or None

    Raises
    ------
    ValueError
        If X has NaN that is not padding: in only some channels of a step, or at a step before the last valid one; if a
        sequence has no valid step; if X has infinity.

    Examples
    --------
    >>> import numpy as np
    >>> nan = np.nan
    >>> sequence_lengths(np.array([[[1.0], [2.0], [3.0]], [[4.0], [nan], [nan]]]))
    array([3, 1])
    """
    X = np.asarray(X)
    if X.ndim != 3 or 0 in X.shape:
        raise ValueError(f"`X` must have shape (n_sequences, n_steps, n_channels), none of them 0, got {X.shape}")
    with np.errstate(over="ignore", invalid="ignore"):
        if np.isfinite(X.sum()):  # cheap, and enough in most cases
            return None
    missing, infinite = np.isnan(X), np.isinf(X)
    if infinite.any():
        row, step, _ = np.argwhere(infinite)[0]
        raise ValueError(f"`X` must be finite but for padding, got infinity in sequence {row} at step {step}")
    if not missing.any():
        return None
    padded = missing.all(axis=2)
    partial = missing.any(axis=2) & ~padded
    if partial.any():
        row, step = np.argwhere(partial)[0]
        raise ValueError(
            f"`X` must have NaN in all channels of a step or in none, got some in sequence {row} at step {step}"
        )
    empty = padded.all(axis=1)
    if empty.any():
        raise ValueError(f"`X` must have sequences of at least one step, got only NaN in sequence {empty.argmax()}")
    lengths = X.shape[1] - padded[:, ::-1].argmin(axis=1)
    inside = padded & valid_steps(X.shape[1], lengths)
    if inside.any():
        row, step = np.argwhere(inside)[0]
        raise ValueError(
            f"`X` must have NaN only as padding after the last step of a sequence, got NaN in sequence {row} at step "
            f"{step}, before its last step {lengths[row] - 1}; fill it in, or cut the sequence there"
        )
    return lengths


def pad_sequences(sequences: Sequence[Any], fill: Any = None) -> Array:
    """Put sequences of unequal length into one array, padded with NaN, or targets per step, padded with ``fill``.

    Parameters
    ----------
    sequences : list of array-like, each of shape (T_i, d), or (T_i,) for one channel
        Each has at least one step, and all have the same number of channels.
    fill : label or number, default=None
        For targets: what to pad them with, which is ignored in training. Of the same kind as the targets: a string or a
        number, ``np.nan`` for numbers to be predicted. Targets may be missing (NaN), and those of shape (T_i,) get no
        channel axis.

    Returns
    -------
    X : ndarray of shape (n, max T_i, d)
        float32 if all sequences are, else float64.
    y : ndarray of shape (n, max T_i), or (n, max T_i, k) for targets of shape (T_i, k)
        With ``fill``. Whole numbers become floats if that is NaN.

    Raises
    ------
    ValueError
        If there are no sequences, or one has no steps; if their numbers of channels differ; without ``fill``, if any
        value is NaN, infinite or not a number; with ``fill``, if targets have neither shape (T_i,) nor (T_i, k).
    TypeError
        If targets are neither numbers nor labels; if ``fill`` is a string and the targets are numbers, or the other way
        round.

    Examples
    --------
    >>> import numpy as np
    >>> pad_sequences([[1.0, 2.0, 3.0], [4.0]])[:, :, 0]
    array([[ 1.,  2.,  3.],
           [ 4., nan, nan]])
    >>> pad_sequences([["DET", "NOUN", "VERB"], ["VERB"]], fill="")
    array([['DET', 'NOUN', 'VERB'],
           ['VERB', '', '']], dtype='<U4')
    >>> pad_sequences([[1.0, np.nan, 3.0], [4.0]], fill=np.nan)
    array([[ 1., nan,  3.],
           [ 4., nan, nan]])
    """
    try:
        sequences = list(sequences)
    except TypeError:
        raise TypeError(f"`sequences` must be a list of arrays, got {sequences!r}") from None
    named = ((f"`sequences[{at}]`", sequence) for at, sequence in enumerate(sequences))
    if fill is None:
        arrays = [as_steps(sequence, name, "; for targets, give `fill`") for name, sequence in named]
    else:
        arrays = [as_targets(sequence, name) for name, sequence in named]
    if not arrays:
        raise ValueError("`sequences` must hold at least one sequence, got none")
    widths = [math.prod(array.shape[1:]) for array in arrays]
    if len(set(widths)) > 1:
        at = next(at for at, width in enumerate(widths) if width != widths[0])
        raise ValueError(
            f"`sequences` must all have the same number of channels, got {widths[0]} in sequences[0] and {widths[at]} "
            f"in sequences[{at}]"
        )
    dtype = np.result_type(*{array.dtype for array in arrays})
    if fill is not None:
        kinds = {kind_of(array.dtype) for array in (*arrays, np.asarray(fill))}
        if np.ndim(fill) or len(kinds - {"objects"}) > 1 or kind_of(np.asarray(fill).dtype) in ("objects", "others"):
            raise TypeError(f"`fill` must be a label or a number like all the others, which are {dtype}, got {fill!r}")
        dtype = dtype if dtype.kind == "f" else np.result_type(dtype, np.asarray(fill).dtype)
    X = np.full((len(arrays), max(map(len, arrays)), widths[0]), np.nan if fill is None else fill, dtype)
    for row, array in zip(X, arrays, strict=True):
        row[: len(array)] = array.reshape(len(array), -1)
    return X[:, :, 0] if all(array.ndim == 1 for array in arrays) else X


def kind_of(dtype: np.dtype) -> str:
    """What entries of a dtype are."""
    if dtype.kind in "biuf":
        return "numbers"
    return {"U": "strings", "S": "strings", "O": "objects"}.get(dtype.kind, "others")


def as_targets(sequence: Any, name: str) -> Array:
    """Targets, numbers or labels, of shape (T,) or (T, k) with T >= 1 and k >= 1."""
    expected = f"{name} must hold a target for every step, in shape (n_steps,) or (n_steps, n_outputs), none of them 0"
    try:
        array = np.asarray(sequence)
    except ValueError as error:
        raise ValueError(f"{expected}: {error}") from None
    if kind_of(array.dtype) == "others":
        raise TypeError(f"{name} must hold numbers or labels, got {array.dtype}")
    if array.ndim not in (1, 2) or 0 in array.shape:
        raise ValueError(f"{expected}, got {array.shape}")
    return array


def as_steps(sequence: Any, name: str, hint: str = "", dtype: Any = None) -> Array:
    """A finite array of shape (T, d), T >= 1 and d >= 1, in ``dtype``, or else in its own, float32 or float64.

    ``hint`` ends the message about other values.
    """
    try:
        array = np.asarray(sequence)
        if array.dtype.kind in "mMc":
            raise TypeError(f"dates, durations and complex numbers are none, got {array.dtype}")
        own = array.dtype if array.dtype in (np.float32, np.float64) else np.float64
        with np.errstate(over="ignore"):
            array = array.astype(dtype or own, copy=False)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must be an array of numbers of shape (n_steps, n_channels): {error}{hint}") from None
    array = array[:, None] if array.ndim == 1 else array
    if array.ndim != 2 or 0 in array.shape:
        raise ValueError(
            f"{name} must have shape (n_steps, n_channels) or (n_steps,), none of them 0, got {array.shape}"
        )
    if not np.isfinite(array).all():
        at = np.argwhere(~np.isfinite(array))[0][0]
        within = "" if dtype is None else f" in {dtype}"
        raise ValueError(f"{name} must be finite{within}, got NaN or infinity at step {at}{hint}")
    return array
