"""Rows and columns as one sequence of entries: the few columns of a row are too short for vector instructions.

``out`` therefore has to be contiguous; what is only read is copied where it is not.
"""

from __future__ import annotations

import numpy as np

from ..compiler import inlined

Array = np.ndarray


@inlined
def entries(y: Array, raw: Array, weight: Array | None, out: Array) -> tuple:
    """All of them flat, the weight of a row once for each of its entries."""
    return y.ravel(), raw.ravel(), of_rows(weight, raw), out.reshape(-1)


@inlined
def of_rows(weight: Array | None, raw: Array) -> Array | None:
    if weight is None:
        return None
    n, k = raw.shape
    flat = np.empty(n * k, weight.dtype)
    for i in range(n):
        for j in range(k):
            flat[i * k + j] = weight[i]
    return flat


@inlined
def of_columns(values: Array, raw: Array) -> Array:
    """For every entry of ``raw`` the value of its column, or the one that all columns share."""
    n, k = raw.shape
    flat = np.empty(n * k, values.dtype)
    for i in range(n):
        for j in range(k):
            flat[i * k + j] = values[j if values.size == k else 0]
    return flat
