"""The OpenBLAS of NumPy's wheels: where its functions are, and what it is good at on this machine."""

from __future__ import annotations

import ctypes
from functools import cache
from typing import Any

import threadpoolctl

WITH_SMALL_KERNELS = ("SkylakeX", "Cooperlake", "SapphireRapids")  # OpenBLAS's names for processors with AVX-512


@cache
def numpys_blas() -> Any:
    """The OpenBLAS of NumPy's wheels, as threadpoolctl describes it; None if there is none."""
    for library in threadpoolctl.ThreadpoolController().select(user_api="blas").lib_controllers:
        if hasattr(ctypes.CDLL(library.filepath), "scipy_cblas_sgemm64_"):
            return library
    return None


def address(name: str) -> int | None:
    """Where the function of this name is in `numpys_blas`; None without one."""
    library = numpys_blas()
    if library is None:
        return None
    return ctypes.cast(getattr(ctypes.CDLL(library.filepath), name), ctypes.c_void_p).value


def suits_small_products() -> bool:
    """Whether NumPy's BLAS multiplies small matrices without copying them, as OpenBLAS does where it uses AVX-512."""
    library = numpys_blas()
    return library is not None and library.architecture in WITH_SMALL_KERNELS
