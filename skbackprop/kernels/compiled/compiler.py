"""How kernels are compiled.

Sums may be taken in another order and a product may be fused with a sum, or no loop over a sum would become vector
instructions. But NaN and infinity stay what they are: a diverging fit must be seen. Code is kept on disk beside the
source or, where that cannot be written, in the user's cache; where neither can, it lasts as long as the process.

numba keeps code under the ``__qualname__`` of the function, and takes it from there as long as the function's own file
is the same, though parts of it may come from other files. So a digest of all files is added to that name. And as numba
does not expect two processes to write under one name at once, there is a name for each kernel, and for each signature
of a pointer.

To save time in compiling, wrappers that nobody calls are left out: kernels have none for C, parts none for Python.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from types import FunctionType
from typing import Any

from numba import cfunc, njit, types
from numba.extending import overload

FLAGS = {"reassoc", "contract", "arcp", "nsz"}
WHOLE: dict[str, Any] = {"error_model": "numpy", "no_cfunc_wrapper": True}
PART: dict[str, Any] = {**WHOLE, "no_cpython_wrapper": True}


def digest(*contents: bytes) -> str:
    return sha256(b"".join(contents)).hexdigest()[:10]


# NumPy's kernels are among them: some constants are theirs.
SOURCES = digest(*[path.read_bytes() for path in sorted(Path(__file__).parents[1].rglob("*.py"))])


def compiled(function: Callable[..., Any]) -> Any:
    """A kernel: compiled for the dtypes that it is first called with, and callable without the interpreter's lock."""
    options = {"fastmath": FLAGS, "nogil": True, **WHOLE}
    function.__qualname__ = f"{function.__name__}_{SOURCES}"
    try:
        return njit(cache=True, **options)(function)
    except RuntimeError:  # numba has found no directory for its cache
        return njit(**options)(function)


def pointer(function: Callable[..., Any], signature: Any) -> Any:
    """A function for one signature, which kernels are handed as an argument: they call it by its address."""
    options: dict[str, Any] = {"fastmath": FLAGS, "error_model": "numpy"}
    # A function of its own, as there may be another pointer to this one.
    code, name = function.__code__, function.__name__
    named = FunctionType(code, function.__globals__, name, function.__defaults__, function.__closure__)
    named.__qualname__ = f"{name}_{digest(str(signature).encode())}_{SOURCES}"
    try:
        return cfunc(signature, cache=True, **options)(named)
    except RuntimeError:
        return cfunc(signature, **options)(named)


def part(function: Callable[..., Any]) -> Any:
    """A part of a kernel, kept on disk with it."""
    return njit(fastmath=FLAGS, **PART)(function)


def inlined(function: Callable[..., Any]) -> Any:
    """A part of a kernel, compiled into it."""
    return njit(fastmath=FLAGS, forceinline=True, **PART)(function)


def exact(function: Callable[..., Any]) -> Any:
    """A part whose operations keep their order: it cancels rounding errors, which reordering would bring back."""
    return njit(fastmath={"contract"}, forceinline=True, **PART)(function)


def exact_in(float32: Callable[..., Any], float64: Callable[..., Any]) -> Callable[[Callable[..., Any]], Any]:
    """Such a part of one number, of which there is one for each precision. What is decorated only gives the name."""
    options: Any = {"fastmath": {"contract"}, "forceinline": True, **PART}

    def decorate(name: Callable[..., Any]) -> Any:
        @overload(name, jit_options=options)
        def choose(x):  # numba asks for it with the type of x
            return float32 if x == types.float32 else float64

        return name

    return decorate
