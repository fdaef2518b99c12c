"""One BLAS thread for products too small to share.

BLAS runs a matrix product of more than 0.5 Mflop on all cores, and a matrix-vector product or an outer product of
more than some 2000 numbers, too. On a busy machine, waiting for the other thread then costs up to sixty times
the product itself; on an idle one, two threads win a quarter at best. From about 100 Mflop on, all cores pay even on
a busy machine. ``benchmarks/blas_threads.py`` prints these figures.

NumPy and SciPy may each bring a BLAS of their own, with threads of its own that go on waiting for work for a while.
Where products are NumPy's and vectors SciPy's, the two then take the cores from each other: three times the time of
one thread. So where products are left to all cores, SciPy's BLAS, which does not make them, gets one thread.

The number of threads belongs to the whole process, so all who want one thread at the same time are written down: the
first in sets the limit, the last out restores what was there before. In the child of a fork only the thread that forked
goes on: there all others are struck off.
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

_lock = threading.RLock()  # a signal's handler, too, may predict, in the middle of this
_inside: dict[object, tuple[str, int]] = {}  # for whom one thread is asked for, and by which thread of ours
_before: dict[Any, int] = {}
_at_it = False  # whether this is being put into effect


@cache
def _libraries() -> list[Any]:
    """Every BLAS in the process. Finding them takes milliseconds, so it is done once; a limit then takes some tens of
    microseconds.
    """
    return threadpoolctl.ThreadpoolController().select(user_api="blas").lib_controllers


def is_scipys(library: Any) -> bool:
    """Whether SciPy has brought it: wheels keep such libraries in a folder that macOS calls otherwise."""
    return re.search(r"[/\\]scipy(\.libs|[/\\]\.dylibs)[/\\]", library.filepath) is not None


def _enter(token: object, who: str) -> None:
    with _lock:
        for library in _libraries():
            if library not in _before:
                _before[library] = library.num_threads
        _inside[token] = who, threading.get_ident()
        _suit_all()


def _leave(token: object) -> None:
    """Also of one that has not come in, or has left: an interruption may have come anywhere."""
    with _lock:
        _inside.pop(token, None)
        _suit_all()


def _suit_all() -> None:
    """Give every BLAS the number of threads that suits all who are inside.

    A signal's handler that predicts while its thread is at this leaves it to go on: threadpoolctl could not be entered
    twice.
    """
    global _at_it
    if _at_it:
        return
    _at_it = True
    try:
        whom = {who for who, _ in _inside.values()}
        for library, before in list(_before.items()):
            limited = "all" in whom or (len(_before) > 1 and "scipy" in whom and is_scipys(library))
            wanted = 1 if limited else before
            if library.num_threads != wanted:
                library.set_num_threads(wanted)
        _let_go()
        if not _inside:
            _before.clear()
    finally:
        _at_it = False


def _alone_after_fork() -> None:
    """Another thread may have held the lock, or have been inside."""
    global _lock, _at_it
    _lock, _at_it = threading.RLock(), False
    for token, (_, thread) in list(_inside.items()):
        if thread != threading.get_ident():
            del _inside[token]
    if _before:
        _suit_all()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_alone_after_fork)


def _let_go() -> None:
    """From threadpoolctl 3.8 on, whoever sets a limit alone can change it, until told otherwise; here anyone may."""
    openblas = getattr(threadpoolctl, "OpenBLASController", None)
    let_go = getattr(openblas, "clear_controlling_thread", None)
    if let_go is not None:
        let_go()


@contextmanager
def one_blas_thread(who: str = "all") -> Iterator[None]:
    """Limit BLAS, or SciPy's alone, to one thread until the last of all who are inside has left."""
    token = object()
    try:
        _enter(token, who)
        yield
    finally:
        try:
            _leave(token)
        except BaseException:  # Ctrl-C, which comes but once
            _leave(token)
            raise


def suitable_blas_threads(network: Network, rows: int, vectors: bool = False) -> AbstractContextManager[None]:
    """One thread if BLAS would share the work on ``rows`` rows, and should not.

    With ``vectors`` BLAS is also called on vectors as long as theta, as L-BFGS does, and shares those at any size.
    Setting the limit takes about as long as a pass of the rows from which it is worth it.
    """
    sizes = [slot.size for slots in network.parameters.slots for slot in slots.values()]
    flops = 2.0 * rows * max(sizes)
    shared = vectors or flops > SHARED_FLOPS or rows * network.widest > SHARED_NUMBERS
    if not shared:
        return nullcontext()
    return one_blas_thread("scipy" if flops >= PAYS_FROM else "all")
