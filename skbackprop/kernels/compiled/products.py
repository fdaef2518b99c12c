"""Matrix products: small ones in tiles, others by BLAS.

BLAS first copies both factors into an order that suits large products. For small ones the copy takes as long as the
product, which here has none: in float32 it is done in half to two thirds of the time.
"""

from __future__ import annotations

import numpy as np

from .compiler import compiled, inlined
from .tiles import BYTES, ROWS, dot_tile, product_tile

Array = np.ndarray
DOTS = 3
FEW = 32  # rows; for more of them it pays to bring the columns of B^T into order first, as BLAS does
wide, middle, narrow = product_tile(3), product_tile(2), product_tile(1)
dots = dot_tile(DOTS)


@inlined
def is_small(n: int, k: int, m: int, itemsize: int) -> bool:
    """Whether tiles are faster for (n, k) times (k, m), as ``benchmarks/products.py`` finds."""
    return n * k * m <= (2**21 if itemsize == 4 else 2**19)


@compiled
def product(A: Array, B: Array, C: Array) -> None:
    """C = A B."""
    n, m = C.shape
    lanes = BYTES // C.itemsize
    if n < ROWS or m < lanes or not is_small(n, A.shape[1], m, C.itemsize):
        np.dot(A, B, C)
        return
    j = 0
    while j < m:
        width = min(3, m // lanes, -(-(m - j) // lanes))
        start = min(j, m - width * lanes)
        for i in range(0, n, ROWS):
            if width == 3:
                wide(A, B, C, min(i, n - ROWS), start)
            elif width == 2:
                middle(A, B, C, min(i, n - ROWS), start)
            else:
                narrow(A, B, C, min(i, n - ROWS), start)
        j += width * lanes


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
                dots(A, B, C, min(i, n - ROWS), min(j, m - DOTS))
