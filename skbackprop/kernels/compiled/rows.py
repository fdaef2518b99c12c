"""Standardise the rows of plain matrices, all or some. Gathering alone is left to NumPy, whose ``take`` is faster."""

from __future__ import annotations

import numpy as np

from .. import rows as numpy_rows
from .compiler import compiled

Array = np.ndarray


@compiled
def shift_and_scale(X: Array, shift: Array, inverse_scale: Array, out: Array) -> None:
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = (X[i, j] - shift[j]) * inverse_scale[j]


@compiled
def take_shift_and_scale(X: Array, rows: Array, shift: Array, inverse_scale: Array, out: Array) -> None:
    for i in range(rows.size):
        row = X[rows[i]]
        for j in range(out.shape[1]):
            out[i, j] = (row[j] - shift[j]) * inverse_scale[j]


def standardize(X: Array, shift: Array, inverse_scale: Array, out: Array) -> None:
    """out = (X - shift) * inverse_scale."""
    if type(X) is Array and X.ndim == 2:
        shift_and_scale(X, shift, inverse_scale, out)
    else:
        numpy_rows.standardize(X, shift, inverse_scale, out)


def gather_standardized(X: Array, rows: Array | slice, shift: Array, inverse_scale: Array, out: Array) -> None:
    """out = (X[rows] - shift) * inverse_scale, rows >= 0; in one pass if X has the dtype of ``out``, row after row."""
    if type(X) is not Array or X.dtype != out.dtype or not X.flags.c_contiguous:
        numpy_rows.gather_standardized(X, rows, shift, inverse_scale, out)
    elif isinstance(rows, slice):
        shift_and_scale(X[rows], shift, inverse_scale, out)
    else:
        take_shift_and_scale(X, rows, shift, inverse_scale, out)


KERNELS = (gather_standardized, standardize)
