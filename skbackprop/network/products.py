"""The two matrix products of backpropagation, for dense and for sparse rows alike."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import kernels

Array = np.ndarray


class Shifted:
    """Sparse rows plus a vector that is added to each, S + 1 m: a dense matrix that is never formed.

    (S + 1 m) W = S W + 1 (m W), and (S + 1 m)^T dZ = S^T dZ + m^T (1^T dZ).
    """

    ndim = 2

    def __init__(self, S: Any, m: Array):
        self.S, self.m, self.shape = S, m, S.shape


def matmul(X: Any, W: Array, out: Array) -> None:
    """out = X W."""
    if type(X) is Array:
        kernels.product(X, W, out)
    elif isinstance(X, Shifted):
        out[...] = X.S @ W
        kernels.add_bias(out, X.m @ W)
    else:
        out[...] = X @ W


def matmul_transposed(X: Any, dZ: Array, out: Array) -> None:
    """out = X^T dZ."""
    if type(X) is Array:
        kernels.product(X.T, dZ, out)
    elif isinstance(X, Shifted):
        out[...] = X.S.T @ dZ
        kernels.add_outer(out, X.m, dZ.sum(axis=0))
    else:
        out[...] = X.T @ dZ
