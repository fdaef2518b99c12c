"""What is done to rows: gathering a batch, standardising it, adding a bias, summing columns."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.linalg.blas import dger, sger

Array = np.ndarray


def gather(X: Array, rows: Array, out: Array) -> None:
    """out = X[rows], rows >= 0. ``take`` would first copy an X that is not C-contiguous, all of it."""
    if X.flags.c_contiguous and X.dtype == out.dtype:
        X.take(rows, axis=0, out=out, mode="clip")
    else:
        out[...] = X[rows]


def standardize(X: Array, shift: Array, scale: Array, out: Array) -> None:
    """out = (X - shift) * scale."""
    np.subtract(X, shift, out=out)
    out *= scale


def add_bias(Z: Array, b: Array) -> None:
    """Z += b on every row, as BLAS's update by an outer product: half the time of adding with broadcasting."""
    ger = sger if Z.dtype == np.float32 else dger
    ger(1.0, b, ones(Z.shape[0], Z.dtype), a=Z.T, overwrite_a=1)


@lru_cache(maxsize=8)
def ones(n: int, dtype: np.dtype) -> Array:
    """n ones, kept and read-only."""
    kept = np.ones(n, dtype)
    kept.flags.writeable = False
    return kept


def column_sums(dZ: Array, out: Array) -> None:
    """out = sum over rows of dZ, as a product with ones: BLAS sums columns faster than a reduction."""
    np.dot(ones(dZ.shape[0], dZ.dtype), dZ, out=out)
