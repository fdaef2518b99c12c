"""A matrix product by BLAS, called from compiled code: by NumPy's ``cblas_?gemm``, if it can be found.

numba calls SciPy's BLAS. Both packages bring an OpenBLAS of their own, NumPy's as a rule the newer one; ``python
benchmarks/products.py`` prints how they compare. And where all products are made by one BLAS, the threads of two do not
take the cores from each other.
"""

from __future__ import annotations

import ctypes
from functools import cache
from typing import Any

import numpy as np
import threadpoolctl
from numba import carray, from_dtype, types
from numba.experimental import function_type as _  # noqa: F401, without it numba knows no type of a `Foreign`

from .compiler import inlined, pointer

Array = np.ndarray
ROW_MAJOR, PLAIN, TRANSPOSED = (types.int32(constant) for constant in (101, 111, 112))  # cblas.h


class Foreign(types.WrapperAddressProtocol):
    """A C function, to be called by its address."""

    def __init__(self, address: int, signature: Any) -> None:
        self.address, self._signature = address, signature

    def __wrapper_address__(self) -> int:
        return self.address

    def signature(self) -> Any:
        return self._signature


def by_numba(order, of_A, of_B, n, m, k, alpha, A, of_A_row, B, of_B_row, beta, C, of_C_row):
    """C = A B by whichever BLAS numba calls, for factors without gaps."""
    out = carray(C, (n, m))
    if of_A == TRANSPOSED:
        np.dot(carray(A, (k, n)).T, carray(B, (k, m)), out)
    elif of_B == TRANSPOSED:
        np.dot(carray(A, (n, k)), carray(B, (m, k)).T, out)
    else:
        np.dot(carray(A, (n, k)), carray(B, (k, m)), out)


def signature_of_gemm(real: Any) -> Any:
    """With sizes of 64 bits."""
    how, size, data = types.int32, types.int64, types.CPointer(real)
    return types.void(how, how, how, size, size, size, real, data, size, data, size, real, data, size)


@cache
def gemm(dtype: np.dtype) -> Any:
    """``cblas_sgemm`` or ``cblas_dgemm``."""
    letter, signature = "s" if dtype == np.float32 else "d", signature_of_gemm(from_dtype(dtype))
    return in_numpy(f"scipy_cblas_{letter}gemm64_", signature) or pointer(by_numba, signature)


def in_numpy(name: str, signature: Any) -> Foreign | None:
    """The function of this name in the OpenBLAS that NumPy's wheels bring; None if there is none."""
    for library in threadpoolctl.ThreadpoolController().select(user_api="blas").lib_controllers:
        function = getattr(ctypes.CDLL(library.filepath), name, None)
        if function is not None:
            return Foreign(ctypes.cast(function, ctypes.c_void_p).value, signature)  # type: ignore[arg-type]
    return None


@inlined
def by_blas(k: int, A: Array, of_A: int, B: Array, of_B: int, C: Array, gemm: Any) -> None:
    """C = A B, (n, k) times (k, m), of matrices without gaps, of which the factors may be stored transposed."""
    n, m = C.shape
    real, row_of_A, row_of_B = C.dtype.type, A.shape[1], B.shape[1]
    gemm(ROW_MAJOR, of_A, of_B, n, m, k, real(1.0), A.ctypes, row_of_A, B.ctypes, row_of_B, real(0.0), C.ctypes, m)
