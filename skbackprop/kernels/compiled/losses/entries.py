"""Rows and columns as one sequence of entries, since the few columns of a row are too short for vector instructions.

``out`` must therefore be contiguous; arrays that are only read are copied if they are not.
"""

from __future__ import annotations

import numpy as np

from ..compiler import inlined

Array = np.ndarray


@inlined
def entries(y: Array, raw: Array, weight: Array | None, out: Array) -> tuple:
    """Flatten all four arrays, repeating a row's weight for each of its entries."""
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
    """For every entry of ``raw``, the value of its column, or the single value that all columns share."""
    n, k = raw.shape
    flat = np.empty(n * k, values.dtype)
    for i in range(n):
        for j in range(k):
            flat[i * k + j] = values[j if values.size == k else 0]
    return flat
