"""How sequences lie in memory: step after step, so that one step of all rows is one piece.

Layers put out an (n, T, d) array all the same. It is the transposed view of a (T, n, d) array, and `flatten` finds the
rows of that again without copying.
"""

from __future__ import annotations

import numpy as np

Array = np.ndarray


def flatten(X: Array) -> Array:
    """(n, T, ...) as (T n, ...): the rows of the first step, then those of the second. Copied unless it lies so."""
    n, T, *rest = X.shape
    return X.swapaxes(0, 1).reshape(T * n, *rest)


def unflatten(Z: Array, n: int) -> Array:
    """(T n, ...) as (n, T, ...), a view: `flatten` backwards."""
    return Z.reshape(-1, n, *Z.shape[1:]).swapaxes(0, 1)
