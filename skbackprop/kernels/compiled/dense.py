"""A dense layer without its matrix products: A = f(Z + b), and dZ = dA * f'(Z) with db = the column sums of dZ.

The loops are generated for each kind of activation (see ``slopes.py``), whose constants are a tuple or an array.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .compiler import compiled, inlined
from .slopes import FUNCTIONS, f, read, slope

Array = np.ndarray
ROWS = 64


def in_place_of(kind: Any) -> Callable[..., None]:
    def dense(Z: Array, b: Array, A: Array, constants: Any) -> None:
        """Z = f(Z + b); A is Z."""
        c = read(kind, constants, Z.dtype.type)
        for i in range(Z.shape[0]):
            for j in range(Z.shape[1]):
                Z[i, j] = f(Z[i, j] + b[j], c)

    return dense


def beside_of(kind: Any) -> Callable[..., None]:
    def dense(Z: Array, b: Array, A: Array, constants: Any) -> None:
        """Z += b, A = f(Z)."""
        c = read(kind, constants, Z.dtype.type)
        for i in range(Z.shape[0]):
            for j in range(Z.shape[1]):
                z = Z[i, j] + b[j]
                Z[i, j] = z
                A[i, j] = f(z, c)

    return dense


@inlined
def some_rows(dA: Array, Z: Array, A: Array, sums: Array, c: Any) -> None:
    """dA *= f'(Z), then sums = the column sums of dA."""
    for j in range(sums.size):
        sums[j] = c.zero
    for i in range(dA.shape[0]):
        for j in range(dA.shape[1]):
            dz = dA[i, j] * slope(Z[i, j], A[i, j], c)
            dA[i, j] = dz
            sums[j] += dz


def backward_of(kind: Any) -> Callable[..., None]:
    def dense_backward(dA: Array, Z: Array, A: Array, db: Array, constants: Any) -> None:
        """dA *= f'(Z), then db = the column sums of dA, accumulated in float64 every ROWS rows."""
        c = read(kind, constants, dA.dtype.type)
        sums, total = np.empty(db.size, dA.dtype), np.zeros(db.size)
        for start in range(0, dA.shape[0], ROWS):
            rows = slice(start, start + ROWS)
            some_rows(dA[rows], Z[rows], A[rows], sums, c)
            for j in range(db.size):
                total[j] += sums[j]
        for j in range(db.size):
            db[j] = total[j]

    return dense_backward


FORWARD = {name: (beside_of if reads_z else in_place_of)(kind) for name, (kind, _, _, reads_z) in FUNCTIONS.items()}
BACKWARD = {name: backward_of(kind) for name, (kind, *_) in FUNCTIONS.items()}
for functions in (FORWARD, BACKWARD):
    for name, function in functions.items():
        function.__name__ = f"{name}_{function.__name__}"  # the name under which its code is cached

KERNELS = {function.__name__: compiled(function) for function in (*FORWARD.values(), *BACKWARD.values())}
