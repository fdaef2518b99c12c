"""One BLAS thread for products that are too small to share between threads.

BLAS runs a matrix product of more than 0.5 Mflop on all cores, and a matrix-vector product or an outer product of
more than some 2000 numbers, too. On a busy machine, waiting for the other thread then costs up to sixty times
the product itself; on an idle one, two threads win a quarter at best. From about 100 Mflop on, all cores pay even on
a busy machine. ``benchmarks/blas_threads.py`` prints these figures.

NumPy and SciPy may each bring their own BLAS, with its own threads, which keep a core busy for a while as they wait for
work. Where NumPy's BLAS multiplies matrices and SciPy's works on vectors, the two then compete for the cores, which
takes three times as long as one thread. So where products may use all cores, SciPy's BLAS, which does not compute them,
gets one thread.

The number of threads belongs to the whole process, so there is a list of all who currently need the limit: the first
sets it, the last restores the old number. After a fork only the forking thread exists in the child, where the entries
of all other threads are removed.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache
from typing import Any

import threadpoolctl

from ..network.network import Network

SHARED_FLOPS = 5e5
SHARED_NUMBERS = 2000
PAYS_FROM = 1e8

_lock = threading.RLock()  # reentrant, because a signal handler may predict while its thread holds the lock
_requests: dict[object, tuple[str, int]] = {}  # for each token, which BLAS to limit, and the thread that asks for it
_usual_threads: dict[Any, int] = {}
_applying = False  # whether `_apply` is running


@cache
def _libraries() -> list[Any]:
    """Every BLAS in the process. Finding them takes milliseconds, so it is done once; a limit then takes some tens of
    microseconds.
    """
    return threadpoolctl.ThreadpoolController().select(user_api="blas").lib_controllers


def is_scipys(library: Any) -> bool:
    """Whether SciPy has brought the library: wheels keep such libraries in a folder, named differently on macOS."""
    return re.search(r"[/\\]scipy(\.libs|[/\\]\.dylibs)[/\\]", library.filepath) is not None


def _enter(token: object, libraries: str) -> None:
    with _lock:
        for library in _libraries():
            if library not in _usual_threads:
                _usual_threads[library] = library.num_threads
        _requests[token] = libraries, threading.get_ident()
        _apply()


def _leave(token: object) -> None:
    """Release ``token``. Harmless if it was never entered or is released already: interruptions can come anywhere."""
    with _lock:
        _requests.pop(token, None)
        _apply()


def _apply() -> None:
    """Give every BLAS the number of threads that suits all requests.

    If a signal handler that predicts interrupts this function, its own call returns at once, because threadpoolctl
    cannot be entered twice.
    """
    global _applying
    if _applying:
        return
    _applying = True
    try:
        asked = {libraries for libraries, _ in _requests.values()}
        for library, before in list(_usual_threads.items()):
            limited = "all" in asked or (len(_usual_threads) > 1 and "scipy" in asked and is_scipys(library))
            wanted = 1 if limited else before
            if library.num_threads != wanted:
                library.set_num_threads(wanted)
        _free_controlling_thread()
        if not _requests:
            _usual_threads.clear()
    finally:
        _applying = False


def _alone_after_fork() -> None:
    """Renew the lock, which another thread may have held, and remove the entries of other threads."""
    global _lock, _applying
    _lock, _applying = threading.RLock(), False
    for token, (_, thread) in list(_requests.items()):
        if thread != threading.get_ident():
            del _requests[token]
    if _usual_threads:
        _apply()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_alone_after_fork)


def _free_controlling_thread() -> None:
    """Allow every thread to change the limit; threadpoolctl >= 3.8 allows only the thread that has set it."""
    openblas = getattr(threadpoolctl, "OpenBLASController", None)
    free = getattr(openblas, "clear_controlling_thread", None)
    if free is not None:
        free()


@contextmanager
def one_blas_thread(libraries: str = "all") -> Iterator[None]:
    """Limit every BLAS ("all"), or only SciPy's ("scipy"), to one thread, until the last such request has ended."""
    token = object()
    try:
        _enter(token, libraries)
        yield
    finally:
        try:
            _leave(token)
        except BaseException:  # Ctrl-C, which is not expected to come twice
            _leave(token)
            raise


def suitable_blas_threads(network: Network, rows: int, vectors: bool = False) -> AbstractContextManager[None]:
    """A context with one BLAS thread if BLAS would share the work on ``rows`` rows between threads, but should not.

    ``vectors`` says that BLAS is also called on vectors as long as theta, as by L-BFGS; it shares those at any size.
    Setting the limit takes about as long as a pass over the smallest number of rows for which it is set.
    """
    sizes = [slot.size for slots in network.parameters.slots for slot in slots.values()]
    flops = 2.0 * rows * max(sizes)
    shared = vectors or flops > SHARED_FLOPS or rows * network.widest > SHARED_NUMBERS
    if not shared:
        return nullcontext()
    return one_blas_thread("scipy" if flops >= PAYS_FROM else "all")
