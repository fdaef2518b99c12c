"""How kernels are compiled.

Sums may be taken in another order and a product may be fused with a sum, or no loop over a sum would become vector
instructions. But NaN and infinity stay what they are: a diverging fit must be seen. Code is kept on disk beside the
source or, where that cannot be written, in the user's cache; where neither can, it lasts as long as the process.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import cfunc, njit

FLAGS = {"reassoc", "contract", "arcp", "nsz"}


def compiled(function: Callable[..., Any]) -> Any:
    """A kernel: compiled for the dtypes that it is first called with, and callable without the interpreter's lock."""
    options: dict[str, Any] = {"fastmath": FLAGS, "error_model": "numpy", "nogil": True}
    try:
        return njit(cache=True, **options)(function)
    except RuntimeError:  # numba has found no directory for its cache
        return njit(**options)(function)


def pointer(function: Callable[..., Any], signature: Any) -> Any:
    """A function for one signature, which kernels are handed as an argument: they call it by its address."""
    options: dict[str, Any] = {"fastmath": FLAGS, "error_model": "numpy"}
    try:
        return cfunc(signature, cache=True, **options)(function)
    except RuntimeError:
        return cfunc(signature, **options)(function)


def inlined(function: Callable[..., Any]) -> Any:
    """A part of a kernel, compiled into it."""
    return njit(fastmath=FLAGS, error_model="numpy", forceinline=True)(function)


def exact(function: Callable[..., Any]) -> Any:
    """A part whose operations keep their order: it cancels rounding errors, which reordering would bring back."""
    return njit(fastmath={"contract"}, error_model="numpy", forceinline=True)(function)
