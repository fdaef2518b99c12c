"""One BLAS thread for products too small to share.

BLAS runs a matrix product of more than 0.5 Mflop on all cores, and a matrix-vector product or an outer product of
more than some 2000 numbers, too. On a busy machine, waiting for the other thread then costs up to sixty times
the product itself; on an idle one, two threads win a quarter at best. From about 100 Mflop on, all cores pay even on
a busy machine. ``benchmarks/blas_threads.py`` prints these figures.

The number of threads belongs to the whole process, so all who want one thread at the same time are counted: the
first in sets the limit, the last out restores what was there before.
"""

from __future__ import annotations

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

_lock = threading.Lock()
_inside = 0
_limit: Any = None


@cache
def _controller() -> threadpoolctl.ThreadpoolController:
    """Finding the libraries takes milliseconds, so it is done once; a limit then takes tens of microseconds."""
    return threadpoolctl.ThreadpoolController()


def _let_go() -> None:
    """From threadpoolctl 3.8 on, whoever sets a limit alone can change it, until told otherwise; here anyone may."""
    openblas = getattr(threadpoolctl, "OpenBLASController", None)
    if hasattr(openblas, "clear_controlling_thread"):
        openblas.clear_controlling_thread()


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Limit BLAS to one thread until the last of all who are inside has left."""
    global _inside, _limit
    with _lock:
        if _inside == 0:
            _limit = _controller().limit(limits=1, user_api="blas")
            _let_go()
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if _inside == 0:
                _limit.restore_original_limits()
                _let_go()


def suitable_blas_threads(network: Network, rows: int, vectors: bool = False) -> AbstractContextManager[None]:
    """One thread if BLAS would share the work on ``rows`` rows, and should not.

    With ``vectors`` BLAS is also called on vectors as long as theta, as L-BFGS does, and shares those at any size.
    Setting the limit takes about as long as a pass of the rows from which it is worth it.
    """
    sizes = [slot.size for slots in network.parameters.layers for slot in slots.values()]
    flops = 2.0 * rows * max(sizes)
    shared = vectors or flops > SHARED_FLOPS or rows * network.widest > SHARED_NUMBERS
    return one_blas_thread() if shared and flops < PAYS_FROM else nullcontext()
