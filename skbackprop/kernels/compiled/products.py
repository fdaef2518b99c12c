"""Matrix products: small ones in tiles, those with a vector as the second factor by loops, others by BLAS.

BLAS first copies both factors into an order that suits large products. For small ones, the copy takes a good part of
the time; tiles need no copy. OpenBLAS spares the copy itself, but only on processors with AVX-512. Tiles are called by
address: otherwise they would be compiled again with every caller, which takes longer than compiling the rest of it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .blas import PLAIN, TRANSPOSED, by_blas
from .compiler import inlined, part
from .openblas import suits_small_products
from .tiles import BYTES, ROWS, product_tile

Array = np.ndarray
DEEP = 100  # terms in a sum: with more, the factors do not stay in the L1 cache
# multiplications up to which tiles are used, as measured by ``benchmarks/products.py``
SMALL = 0 if suits_small_products() else 1 << 19
# rows of float32 up to which C = A B^T is computed as the transpose of B A^T, and multiplications from which on: with
# AVX-512, OpenBLAS takes longer to bring a large transposed B into its order than to multiply few rows by it
FEW, MANY = 48 if suits_small_products() else 0, 1 << 18
wide, middle, narrow = product_tile(3), product_tile(2), product_tile(1)


@inlined
def add(A: Array, C: Array) -> None:
    """C += A."""
    for i in range(C.shape[0]):
        for j in range(C.shape[1]):
            C[i, j] += A[i, j]


@inlined
def suits_tiles(n: int, k: int, m: int, itemsize: int) -> bool:
    """Whether (n, k) times (k, m) is at least as large as a tile, and small enough for tiles to be faster."""
    return n >= ROWS and m >= BYTES // itemsize and n * k * m <= SMALL


@inlined
def tiled(A: Array, B: Array, C: Array, begin: int, end: int) -> None:
    """C = A[:, begin:end] B[begin:end], in tiles of up to three vectors."""
    n, m = C.shape
    lanes = BYTES // C.itemsize
    j = 0
    while j < m:
        vectors = -(-(m - j) // lanes)  # still to do, in as many tiles as needed, which share them evenly
        width = min(-(-vectors // -(-vectors // 3)), m // lanes)
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
    """C = A B. A long shared side is split into pieces that stay in the L1 cache, whose products are added up."""
    k = A.shape[1]
    deep = -(-k // -(-k // DEEP))
    out, piece = C, C if deep == k else np.empty_like(C)
    for begin in range(0, k, deep):
        tiled(A, B, out, begin, min(begin + deep, k))
        if begin > 0:
            add(out, C)
        out = piece


@part
def product(A: Array, B: Array, C: Array, call: Any) -> None:
    """C = A B."""
    n, m = C.shape
    k = A.shape[1]
    if m == 1:
        column(A, B.reshape(k), C.reshape(n))
    elif suits_tiles(n, k, m, C.itemsize):
        call.tiles(A, B, C)
    else:
        by_blas(k, A, PLAIN, B, PLAIN, C, call.gemm)


@part
def product_of_transposed(A: Array, B: Array, C: Array, call: Any) -> None:
    """C = A^T B."""
    n, m = C.shape
    k = A.shape[0]
    if m == 1:
        sum_of_rows(A, B.reshape(k), C.reshape(n))
    elif suits_tiles(n, k, m, C.itemsize):
        call.tiles(A.T, B, C)
    else:
        by_blas(k, A, TRANSPOSED, B, PLAIN, C, call.gemm)


@part
def product_with_transposed(A: Array, B: Array, C: Array, call: Any) -> None:
    """C = A B^T."""
    n, m = C.shape
    k = A.shape[1]
    if k == 1:
        outer(A.reshape(n), B.reshape(m), C)
    elif n <= FEW and C.itemsize == 4 and n * k * m >= MANY:
        transposed = np.empty((m, n), C.dtype)
        by_blas(k, B, PLAIN, A, TRANSPOSED, transposed, call.gemm)
        transpose(transposed, C)
    else:
        by_blas(k, A, PLAIN, B, TRANSPOSED, C, call.gemm)


@inlined
def transpose(A: Array, C: Array) -> None:
    """C = A^T."""
    for i in range(C.shape[0]):
        for j in range(C.shape[1]):
            C[i, j] = A[j, i]


@inlined
def column(A: Array, b: Array, c: Array) -> None:
    """c = A b."""
    zero = c.dtype.type(0.0)
    for i in range(c.size):
        total = zero
        for j in range(b.size):
            total += A[i, j] * b[j]
        c[i] = total


@inlined
def sum_of_rows(A: Array, b: Array, c: Array) -> None:
    """c = A^T b."""
    c[:] = 0.0
    for i in range(b.size):
        for j in range(c.size):
            c[j] += A[i, j] * b[i]


@inlined
def outer(a: Array, b: Array, C: Array) -> None:
    """C = a b^T."""
    for i in range(a.size):
        for j in range(b.size):
            C[i, j] = a[i] * b[j]
