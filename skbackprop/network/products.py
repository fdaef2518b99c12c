"""The two matrix products of backpropagation, for dense and for sparse rows alike."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse import issparse

Array = np.ndarray


def matmul(X: Any, W: Array, out: Array) -> None:
    """out = X W."""
    if issparse(X):
        out[...] = X @ W
    else:
        np.dot(X, W, out=out)


def matmul_transposed(X: Any, dZ: Array, out: Array) -> None:
    """out = X^T dZ."""
    if issparse(X):
        out[...] = X.T @ dZ
    else:
        np.dot(X.T, dZ, out=out)
