"""How kernels are compiled.

The compiler may reorder sums and fuse a product with a sum; otherwise no loop that sums could use vector instructions.
It must respect NaN and infinity, so that a diverging fit is noticed. Code is cached on disk, beside the source or, if
that is not writable, in the user's cache directory; if neither is, it lasts as long as the process.

numba caches code under the ``__qualname__`` of the function and reuses it as long as the function's own file is
unchanged, although parts of the code may come from other files, and constants from what BLAS does well on a machine. So
a digest of all files, and of that, is added to the name. As numba also does not expect two processes to write under one
name at the same time, each kernel, and each signature of a pointer, has its own name.

To save compile time, wrappers that nobody calls are left out: kernels have none for C, parts none for C or Python.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from types import FunctionType
from typing import Any

from numba import cfunc, njit, types
from numba.extending import overload

from .openblas import suits_small_products

FLAGS = {"reassoc", "contract", "arcp", "nsz"}
WHOLE: dict[str, Any] = {"error_model": "numpy", "no_cfunc_wrapper": True}
PART: dict[str, Any] = {**WHOLE, "no_cpython_wrapper": True}


def digest(*contents: bytes) -> str:
    return sha256(b"".join(contents)).hexdigest()[:10]


# The files include NumPy's kernels, from which some constants are imported.
SOURCES = [path.read_bytes() for path in sorted(Path(__file__).parents[1].rglob("*.py"))]
MADE_FROM = digest(*SOURCES, str(suits_small_products()).encode())


def compiled(function: Callable[..., Any]) -> Any:
    """A kernel: compiled on the first call with given dtypes, and run without the interpreter's lock."""
    options = {"fastmath": FLAGS, "nogil": True, **WHOLE}
    function.__qualname__ = f"{function.__name__}_{MADE_FROM}"
    try:
        return njit(cache=True, **options)(function)
    except RuntimeError:  # numba found no writable directory for its cache
        return njit(**options)(function)


def pointer(function: Callable[..., Any], signature: Any) -> Any:
    """A function compiled for one signature, to be passed to kernels, which call it by its address."""
    options: dict[str, Any] = {"fastmath": FLAGS, "error_model": "numpy"}
    # A copy, as the same function may get another pointer, for another signature.
    code, name = function.__code__, function.__name__
    named = FunctionType(code, function.__globals__, name, function.__defaults__, function.__closure__)
    named.__qualname__ = f"{name}_{digest(str(signature).encode())}_{MADE_FROM}"
    try:
        return cfunc(signature, cache=True, **options)(named)
    except RuntimeError:
        return cfunc(signature, **options)(named)


def part(function: Callable[..., Any]) -> Any:
    """A function that kernels call; it is cached on disk with each of them."""
    return njit(fastmath=FLAGS, **PART)(function)


def inlined(function: Callable[..., Any]) -> Any:
    """A function that is inlined into the kernels that call it."""
    return njit(fastmath=FLAGS, forceinline=True, **PART)(function)


def exact(function: Callable[..., Any]) -> Any:
    """An inlined function whose operations keep their order, as reordering would bring back rounding errors."""
    return njit(fastmath={"contract"}, forceinline=True, **PART)(function)


def exact_in(float32: Callable[..., Any], float64: Callable[..., Any]) -> Callable[[Callable[..., Any]], Any]:
    """A decorator for an `exact` function of one number, with an implementation per precision.

    The decorated body never runs; it only supplies the name.
    """
    options: Any = {"fastmath": {"contract"}, "forceinline": True, **PART}

    def decorate(name: Callable[..., Any]) -> Any:
        @overload(name, jit_options=options)
        def choose(x):  # numba calls this with the type of x
            return float32 if x == types.float32 else float64

        return name

    return decorate
