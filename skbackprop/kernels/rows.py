"""Operations on rows: gather a batch, standardise it, add a bias, and sum the rows, in total or by token."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.linalg.blas import dger, sger
from scipy.sparse import csr_matrix

__all__ = [
    "add_bias",
    "add_outer",
    "column_sums",
    "gather",
    "gather_standardized",
    "gather_steps",
    "scatter_add",
    "standardize",
]

Array = np.ndarray


def gather(X: Array, rows: Array | slice, out: Array) -> None:
    """out = X[rows], rows >= 0. ``take`` is only used for a C-contiguous X, as it would first copy all of any other."""
    if X.flags.c_contiguous and X.dtype == out.dtype and not isinstance(rows, slice):
        X.take(rows, axis=0, out=out, mode="clip")
    else:
        out[...] = X[rows]


def gather_steps(X: Array, rows: Array | slice, begin: int | Array, counts: Array | None, out: Array) -> None:
    """out[t, i] = X[rows[i], begin + t] for t < counts[i], else 0: steps come first, and padding becomes zeros.

    ``begin`` is one number, or one per row. ``counts`` is None if no row has padding.
    """
    steps = np.arange(len(out))
    if isinstance(begin, int):
        out[...] = X[rows, begin : begin + len(out)].swapaxes(0, 1)
    else:
        out[...] = X[rows, np.minimum(begin + steps[:, None], X.shape[1] - 1)]
    if counts is not None:
        out[steps[:, None] >= counts] = 0


def scatter_add(tokens: Array, dY: Array, out: Array) -> None:
    """out[k] = sum of the rows of dY whose token is k.

    Multiplying by the sparse matrix with ones at (row, token) is several times faster than sorting, and faster still
    than ``np.add.at``.
    """
    n = len(tokens)
    ones_at = csr_matrix((ones(n, dY.dtype), tokens, np.arange(n + 1)), shape=(n, len(out)))
    out[...] = ones_at.T @ dY


def standardize(X: Array, shift: Array, inverse_scale: Array, out: Array) -> None:
    """out = (X - shift) * inverse_scale."""
    np.subtract(X, shift, out=out)
    out *= inverse_scale


def gather_standardized(X: Array, rows: Array | slice, shift: Array, inverse_scale: Array, out: Array) -> None:
    """out = (X[rows] - shift) * inverse_scale, rows >= 0. It takes three passes here and one in its compiled twin."""
    gather(X, rows, out)
    standardize(out, shift, inverse_scale, out)


def add_bias(Z: Array, b: Array) -> None:
    """Z += b on every row, by an outer product: if b is long, it takes half the time of adding with broadcasting."""
    if len(b) == 1 or Z.size == 0:
        Z += b
    else:
        add_outer(Z, ones(Z.shape[0], Z.dtype), b)


def add_outer(Z: Array, a: Array, b: Array) -> None:
    """Z += a b^T, by BLAS, which returns a copy of a Z that is not contiguous."""
    ger, ZT = sger if Z.dtype == np.float32 else dger, Z.T
    total = ger(1.0, b, a, a=ZT, overwrite_a=1)
    if total is not ZT:
        ZT[...] = total


@lru_cache(maxsize=8)
def ones(n: int, dtype: np.dtype) -> Array:
    """A vector of n ones, cached and read-only."""
    kept = np.ones(n, dtype)
    kept.flags.writeable = False
    return kept


def column_sums(dZ: Array, out: Array) -> None:
    """out = the column sums of dZ, by a product with ones: BLAS is faster at this than a reduction."""
    ones(dZ.shape[0], dZ.dtype).dot(dZ, out)
