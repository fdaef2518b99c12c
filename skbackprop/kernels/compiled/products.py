"""Matrix products: small ones in tiles, others by BLAS.

BLAS first copies both factors into an order that suits large products. For small ones the copy takes as long as the
product, which here has none: in float32 it is done in half to two thirds of the time.
"""

from __future__ import annotations

import numpy as np

from .compiler import compiled, inlined
from .tiles import BYTES, ROWS, dot_tile, product_tile

Array = np.ndarray
DEEP = 100
DOTS = 3
FEW = 32  # rows; for more of them it pays to bring the columns of B^T into order first, as BLAS does
wide, middle, narrow = product_tile(3), product_tile(2), product_tile(1)
dots = dot_tile(DOTS)


@inlined
def add(A: Array, C: Array) -> None:
    """C += A."""
    for i in range(C.shape[0]):
        for j in range(C.shape[1]):
            C[i, j] += A[i, j]


@inlined
def is_small(n: int, k: int, m: int, itemsize: int) -> bool:
    """Whether tiles are faster for (n, k) times (k, m), as ``benchmarks/products.py`` finds."""
    return n * k * m <= (2**21 if itemsize == 4 else 2**19)


@inlined
def tiled(A: Array, B: Array, C: Array, begin: int, end: int) -> None:
    """C = A B of the columns of A from ``begin`` to ``end``, in tiles of three vectors for as long as there are as many."""
    n, m = C.shape
    lanes = BYTES // C.itemsize
    j = 0
    while j < m:
        width = min(3, m // lanes, -(-(m - j) // lanes))
        start = min(j, m - width * lanes)
        for i in range(0, n, ROWS):
            if width == 3:
                wide(A, B, C, min(i, n - ROWS), start, begin, end)
            elif width == 2:
                middle(A, B, C, min(i, n - ROWS), start, begin, end)
            else:
                narrow(A, B, C, min(i, n - ROWS), start, begin, end)
        j += width * lanes


@compiled
def product(A: Array, B: Array, C: Array) -> None:
    """C = A B. Where they share a long side, pieces of it are taken one by one, which stay in the nearest cache."""
    n, k, m = A.shape[0], A.shape[1], B.shape[1]
    if n < ROWS or m < BYTES // C.itemsize or not is_small(n, k, m, C.itemsize):
        np.dot(A, B, C)
        return
    deep = -(-k // -(-k // DEEP))
    out, piece = C, C if deep == k else np.empty_like(C)
    for begin in range(0, k, deep):
        tiled(A, B, out, begin, min(begin + deep, k))
        if begin > 0:
            add(out, C)
        out = piece


@compiled
def product_with_transposed(A: Array, B: Array, C: Array) -> None:
    """C = A B^T."""
    n, m = C.shape
    k = A.shape[1]
    if k == 1:  # BLAS takes twice the time of a loop
        b = B.reshape(B.size)
        for i in range(n):
            a = A[i, 0]
            for j in range(m):
                C[i, j] = a * b[j]
    elif not ROWS <= n <= FEW or m < DOTS or k < BYTES // C.itemsize or not is_small(n, k, m, C.itemsize):
        np.dot(A, B.T, C)
    else:
        for j in range(0, m, DOTS):
            for i in range(0, n, ROWS):
                dots(A, B, C, min(i, n - ROWS), min(j, m - DOTS), 0, k)
