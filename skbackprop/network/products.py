"""The two matrix products of backpropagation, for dense and for sparse rows alike.

The method ``dot`` takes half a microsecond less than the function, which asks first whether anyone has overridden it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray


def matmul(X: Any, W: Array, out: Array) -> None:
    """out = X W."""
    if type(X) is Array:
        X.dot(W, out)
    else:
        out[...] = X @ W


def matmul_transposed(X: Any, dZ: Array, out: Array) -> None:
    """out = X^T dZ."""
    if type(X) is Array:
        X.T.dot(dZ, out)
    else:
        out[...] = X.T @ dZ
