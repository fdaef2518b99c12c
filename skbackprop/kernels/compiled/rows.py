"""Standardise the rows of plain matrices. Other X are left to NumPy, as is gathering, where ``take`` is faster."""

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


def standardize(X: Array, shift: Array, inverse_scale: Array, out: Array) -> None:
    """out = (X - shift) * inverse_scale."""
    if type(X) is Array and X.ndim == 2:
        shift_and_scale(X, shift, inverse_scale, out)
    else:
        numpy_rows.standardize(X, shift, inverse_scale, out)


KERNELS = (standardize,)
