"""The choice between NumPy's kernels and the compiled ones, for a thread or task.

A kernel is called by its plain name and looked up in the table in force, which belongs to the thread or task that set
it. `kernel_backend` requests a table; `fixed_kernels` reads the request once, at the start of a fit or a prediction,
so that a change during it has no effect on it.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, wraps
from importlib.util import find_spec
from typing import Any, TypeVar

__all__ = ["kernel_backend"]

Table = dict[str, Callable[..., Any]]
F = TypeVar("F", bound=Callable[..., Any])

NUMPY: Table = {}
BACKENDS = ("numpy", "numba")

requested_backend: ContextVar[str | None] = ContextVar("requested_backend", default=None)
current_table: ContextVar[Table] = ContextVar("current_table", default=NUMPY)
current_kernels = current_table.get  # returns the table at almost no cost


@contextmanager
def kernel_backend(name: str) -> Iterator[None]:
    """Choose the kernels of every fit and prediction that starts inside the ``with`` block.

    By default the compiled kernels are used if numba can be imported (the extra ``fast``), otherwise NumPy's. The
    choice applies to this thread or task; a fit that is already running keeps the kernels it began with.

    Parameters
    ----------
    name : {"numpy", "numba"}
        NumPy's kernels, or the compiled ones.

    Raises
    ------
    ValueError
        If ``name`` is neither of the two.
    ImportError
        If ``name`` is "numba" and numba is not installed.

    Examples
    --------
    >>> from skbackprop import BatchMLPRegressor, kernel_backend
    >>> with kernel_backend("numpy"):
    ...     model = BatchMLPRegressor(early_stopping=True).fit([[0.0], [1.0]] * 20, [0.0, 1.0] * 20)
    >>> model.kernel_backend_
    'numpy'
    """
    if name not in BACKENDS:
        raise ValueError(f"`name` must be one of {', '.join(map(repr, BACKENDS))}, got {name!r}")
    if name == "numba" and not numba_is_there():
        raise ImportError("kernel_backend('numba') needs numba, which is not installed: pip install numba")
    token = requested_backend.set(name)
    try:
        yield
    finally:
        requested_backend.reset(token)


@contextmanager
def fixed_kernels() -> Iterator[str]:
    """Put the kernels that this thread or task has requested in force, and yield their name."""
    name = requested_backend.get() or ("numba" if numba_is_there() and numba_works() else "numpy")
    token = current_table.set(NUMPY if name == "numpy" else compiled_table())
    try:
        yield name
    finally:
        current_table.reset(token)


def dispatched(function: F) -> F:
    """Register NumPy's kernel, and return a function that calls the kernel of that name in the table in force."""
    name = function.__name__
    NUMPY[name] = function

    @wraps(function)
    def kernel(*arguments: Any) -> Any:
        return current_kernels()[name](*arguments)

    return kernel  # type: ignore[return-value]


@cache
def numba_is_there() -> bool:
    return find_spec("numba") is not None


@cache
def numba_works() -> bool:
    """Whether the installed numba can be imported; if not, warn once."""
    try:
        compiled_table()
    except (ImportError, OSError) as error:  # a NumPy that numba does not support, or a missing library
        message = f"numba is installed but cannot be imported, so the slower kernels of NumPy are used: {error}"
        warnings.warn(message, RuntimeWarning, stacklevel=2)
        return False
    return True


@cache
def compiled_table() -> Table:
    """NumPy's kernels, replaced by compiled ones where there are any. Imports numba; kernels compile on first call."""
    from .compiled import COMPILED

    return NUMPY | COMPILED
