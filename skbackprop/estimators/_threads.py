"""One BLAS thread for products too small to share.

BLAS runs a product of more than about 1 Mflop on all cores. On a busy machine, waiting for the other thread
then costs up to seventy times the product itself; on an idle one, two threads win a quarter. From about 100
Mflop on both cores pay even on a busy machine. ``benchmarks/blas_threads.py`` prints these figures.

The number of threads belongs to the whole process, so all who want one thread at the same time are counted: the first
in sets the limit, the last out restores what was there before.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache
from typing import Any

import threadpoolctl

from ..network.network import Network

SHARED_FROM = 1e6
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


def suitable_blas_threads(flops: float) -> AbstractContextManager[None]:
    """One thread if the largest product, of ``flops`` floating point operations, would be shared but should not be."""
    return one_blas_thread() if SHARED_FROM < flops < PAYS_FROM else nullcontext()


def largest_product(network: Network, rows: int) -> float:
    """Floating point operations of the largest matrix product that ``rows`` rows make."""
    sizes = [slot.size for slots in network.parameters.layers for slot in slots.values()]
    return 2.0 * rows * max(sizes)
