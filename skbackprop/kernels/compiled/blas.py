"""Matrix products by BLAS for compiled code: by NumPy's ``cblas_?gemm`` if it can be found.

numba itself calls SciPy's BLAS. NumPy and SciPy each ship their own OpenBLAS, and NumPy's is usually the newer;
``python benchmarks/products.py`` compares them. If one BLAS computes all products, there is also no second one whose
threads compete for the cores.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numba import carray, from_dtype, types
from numba.experimental import function_type as _  # noqa: F401, without it numba knows no type of a `Foreign`

from .compiler import inlined, pointer
from .openblas import address

Array = np.ndarray
ROW_MAJOR, PLAIN, TRANSPOSED = (types.int32(constant) for constant in (101, 111, 112))  # cblas.h


class Foreign(types.WrapperAddressProtocol):
    """A C function that compiled code calls by its address."""

    def __init__(self, address: int, signature: Any) -> None:
        self.address, self._signature = address, signature

    def __wrapper_address__(self) -> int:
        return self.address

    def signature(self) -> Any:
        return self._signature


def by_numba(order, trans_A, trans_B, m, n, k, alpha, A, lda, B, ldb, beta, C, ldc):
    """C = A B by the BLAS that numba calls, for contiguous factors, one of which may be stored transposed."""
    out = carray(C, (m, n))
    if trans_A == TRANSPOSED:
        np.dot(carray(A, (k, m)).T, carray(B, (k, n)), out)
    elif trans_B == TRANSPOSED:
        np.dot(carray(A, (m, k)), carray(B, (n, k)).T, out)
    else:
        np.dot(carray(A, (m, k)), carray(B, (k, n)), out)


def signature_of_gemm(real: Any) -> Any:
    """The signature of ``cblas_?gemm`` with 64-bit sizes, for numbers of type ``real``."""
    how, size, data = types.int32, types.int64, types.CPointer(real)
    return types.void(how, how, how, size, size, size, real, data, size, data, size, real, data, size)


@cache
def gemm(dtype: np.dtype) -> Any:
    """NumPy's ``cblas_sgemm`` or ``cblas_dgemm``, or else `by_numba`."""
    letter, signature = "s" if dtype == np.float32 else "d", signature_of_gemm(from_dtype(dtype))
    at = address(f"scipy_cblas_{letter}gemm64_")
    return pointer(by_numba, signature) if at is None else Foreign(at, signature)


@inlined
def by_blas(k: int, A: Array, trans_A: int, B: Array, trans_B: int, C: Array, gemm: Any) -> None:
    """C = A B, (m, k) times (k, n), for contiguous matrices, stored `PLAIN` or `TRANSPOSED`; the names are BLAS's."""
    m, n = C.shape
    real, lda, ldb = C.dtype.type, A.shape[1], B.shape[1]
    gemm(ROW_MAJOR, trans_A, trans_B, m, n, k, real(1.0), A.ctypes, lda, B.ctypes, ldb, real(0.0), C.ctypes, n)
