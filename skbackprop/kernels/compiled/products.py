"""Matrix products: small ones in tiles, others by BLAS.

BLAS first copies both factors into an order that suits large products. For small ones the copy takes as long as the
product, which here has none: in float32 it is done in half to two thirds of the time. Tiles are called by their
address, as they would else be compiled with every caller, which takes longer than all the rest of it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .compiler import inlined, part
from .tiles import BYTES, ROWS, dot_tile, product_tile

Array = np.ndarray
DEEP = 100  # numbers in a sum: of more, the factors do not stay in the nearest cache
DOTS = 3
FEW = 32  # rows; for more of them it pays to bring the columns of B^T into order first, as BLAS does
wide, middle, narrow = product_tile(3), product_tile(2), product_tile(1)
rows_by_rows = dot_tile(DOTS)


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
    """C = A B of the columns ``begin`` to ``end`` of A, in tiles of three vectors for as long as there are as many."""
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


def by_tiles(A: Array, B: Array, C: Array) -> None:
    """C = A B. Where they share a long side, pieces of it are taken one by one, which stay in the nearest cache."""
    k = A.shape[1]
    deep = -(-k // -(-k // DEEP))
    out, piece = C, C if deep == k else np.empty_like(C)
    for begin in range(0, k, deep):
        tiled(A, B, out, begin, min(begin + deep, k))
        if begin > 0:
            add(out, C)
        out = piece


def by_dots(A: Array, B: Array, C: Array) -> None:
    """C = A B^T."""
    n, m = C.shape
    for j in range(0, m, DOTS):
        for i in range(0, n, ROWS):
            rows_by_rows(A, B, C, min(i, n - ROWS), min(j, m - DOTS), 0, A.shape[1])


@part
def product(A: Array, B: Array, C: Array, tiles: Any) -> None:
    """C = A B, by ``tiles``, a pointer to `by_tiles`, or by BLAS."""
    n, m = C.shape
    if n >= ROWS and m >= BYTES // C.itemsize and is_small(n, A.shape[1], m, C.itemsize):
        tiles(A, B, C)
    else:
        np.dot(A, B, C)


@part
def product_with_transposed(A: Array, B: Array, C: Array, dots: Any) -> None:
    """C = A B^T, by ``dots``, a pointer to `by_dots`, or by BLAS."""
    n, m = C.shape
    k = A.shape[1]
    if k == 1:  # BLAS takes twice the time of a loop
        b = B.reshape(B.size)
        for i in range(n):
            a = A[i, 0]
            for j in range(m):
                C[i, j] = a * b[j]
    elif ROWS <= n <= FEW and m >= DOTS and k >= BYTES // C.itemsize and is_small(n, k, m, C.itemsize):
        dots(A, B, C)
    else:
        np.dot(A, B.T, C)
