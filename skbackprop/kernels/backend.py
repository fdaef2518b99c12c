"""Which kernels are in force: NumPy's or the compiled ones, for whom and for how long.

A kernel is called by its plain name and looked up in the table in force, which belongs to the thread or task that
has set it. `kernel_backend` asks for a table; `kernels_in_force` reads once, at the start of a fit or a prediction,
what was asked for, so that a change inside of it has no effect on it.
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

asked_for: ContextVar[str | None] = ContextVar("asked_for", default=None)
chosen: ContextVar[Table] = ContextVar("chosen", default=NUMPY)
in_force = chosen.get  # the table, by a function that costs next to nothing


@contextmanager
def kernel_backend(name: str) -> Iterator[None]:
    """Choose the kernels of every fit and prediction that starts inside the ``with`` block.

    Without it the compiled ones are used wherever numba can be imported (the extra ``fast``), else NumPy's. The choice
    belongs to this thread or task; a fit that is already running keeps what it began with.

    Parameters
    ----------
    name : {"numpy", "numba"}

    Raises
    ------
    ValueError
        Where ``name`` is none of the two.
    ImportError
        Where numba is asked for and not installed.

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
        raise ImportError("kernel_backend('numba') needs numba, which is not installed: pip install 'skbackprop[fast]'")
    token = asked_for.set(name)
    try:
        yield
    finally:
        asked_for.reset(token)


@contextmanager
def kernels_in_force() -> Iterator[str]:
    """Put the kernels in force that this thread has asked for, and give their name."""
    name = asked_for.get() or ("numba" if numba_is_there() and numba_works() else "numpy")
    token = chosen.set(NUMPY if name == "numpy" else compiled_table())
    try:
        yield name
    finally:
        chosen.reset(token)


def dispatched(function: F) -> F:
    """The kernel of that name in the table in force. NumPy's own stands in where there is no compiled one."""
    name = function.__name__
    NUMPY[name] = function

    @wraps(function)
    def kernel(*arguments: Any) -> Any:
        return in_force()[name](*arguments)

    return kernel  # type: ignore[return-value]


@cache
def numba_is_there() -> bool:
    return find_spec("numba") is not None


@cache
def numba_works() -> bool:
    """Whether numba, which is installed, can be imported; a warning says once if not."""
    try:
        compiled_table()
    except (ImportError, OSError) as error:  # a NumPy that it does not know, or a library that is missing
        message = f"numba is installed but cannot be imported, so the slower kernels of NumPy are used: {error}"
        warnings.warn(message, RuntimeWarning, stacklevel=2)
        return False
    return True


@cache
def compiled_table() -> Table:
    """NumPy's kernels, and over them the compiled ones. This imports numba; each is compiled when first called."""
    from .compiled import COMPILED

    return NUMPY | COMPILED
