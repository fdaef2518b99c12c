"""How sequences lie in memory: step after step, so that one step of all rows is one piece.

Layers put out an (n, T, d) array all the same. It is the transposed view of a (T, n, d) array, and `flatten` finds the
rows of that again without copying.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np

Array = np.ndarray


def flatten(X: Array) -> Array:
    """(n, T, ...) as (T n, ...): the rows of the first step, then those of the second. Copied unless it lies so."""
    n, T, *rest = X.shape
    return X.swapaxes(0, 1).reshape(T * n, *rest)


def unflatten(Z: Array, n: int) -> Array:
    """(T n, ...) as (n, T, ...), a view: `flatten` backwards."""
    return Z.reshape(-1, n, *Z.shape[1:]).swapaxes(0, 1)


def on_rows(f: Callable[[Array], Array], Y: Array) -> Array:
    """f of the rows of Y, which may have any number of axes before the last."""
    made = f(Y.reshape(-1, Y.shape[-1]))
    return made.reshape(*Y.shape[:-1], *made.shape[1:])


def on_steps(forward: Callable[..., Array]) -> Callable[..., Array]:
    """The ``forward`` of a layer on rows, for sequences as well: one pass over the rows of all steps."""

    @wraps(forward)
    def of_rows_or_steps(layer: Any, p: Any, X: Any, run: Any) -> Array:
        return unflatten(forward(layer, p, flatten(X), run), len(X)) if X.ndim == 3 else forward(layer, p, X, run)

    return of_rows_or_steps
