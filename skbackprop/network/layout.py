"""The memory layout of sequences: step after step, so that one step of all rows is contiguous.

Layers still return (n, T, d) arrays. These are transposed views of (T, n, d) arrays, whose rows `flatten` recovers
without copying.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np

Array = np.ndarray


def flatten(X: Array) -> Array:
    """(n, T, ...) as (T n, ...): the rows of the first step, then those of the second; copied only if necessary."""
    n, T, *rest = X.shape
    return X.swapaxes(0, 1).reshape(T * n, *rest)


def unflatten(Z: Array, n: int) -> Array:
    """(T n, ...) as (n, T, ...): a view, the inverse of `flatten`."""
    return Z.reshape(-1, n, *Z.shape[1:]).swapaxes(0, 1)


def on_rows(f: Callable[[Array], Array], Y: Array) -> Array:
    """Apply f to the rows of Y, which may have any number of axes before the last."""
    made = f(Y.reshape(-1, Y.shape[-1]))
    return made.reshape(*Y.shape[:-1], *made.shape[1:])


def on_steps(forward: Callable[..., Array]) -> Callable[..., Array]:
    """Decorate a layer's ``forward`` on rows so that it takes sequences too, in one pass over the rows of all steps."""

    @wraps(forward)
    def of_rows_or_steps(layer: Any, p: Any, X: Any, run: Any) -> Array:
        return unflatten(forward(layer, p, flatten(X), run), len(X)) if X.ndim == 3 else forward(layer, p, X, run)

    return of_rows_or_steps
