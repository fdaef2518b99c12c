"""How many rows go through at once: as many as the memory of a pass keeps in the cache."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse import issparse

from .network import Network

__all__ = ["row_block", "row_blocks"]

Array = np.ndarray
Rows = slice | Array


def row_block(network: Network, itemsize: int, steps: int = 0, target: int = 1 << 20, X: Any = None) -> int:
    """How many rows to put through at once: the widest layer then takes about ``target`` bytes; at least 64.

    For sequences of so many ``steps`` it is four times that, as each step is a pass of its own; at least 8 rows. Of a
    sparse ``X`` it is not columns that count, but entries.
    """
    if steps:
        return max(8, 4 * target // (network.widest * itemsize * steps))
    width = max(network.widest_made, -(-X.nnz // max(1, X.shape[0]))) if issparse(X) else network.widest
    return max(64, target // (width * itemsize))


def row_blocks(n: int, network: Network, itemsize: int, steps: int = 0, X: Any = None) -> list[slice]:
    """0 ... n in slices of `row_block` rows."""
    size = row_block(network, itemsize, steps, X=X)
    return [slice(start, min(start + size, n)) for start in range(0, n, size)]


def counted(rows: Rows, n: int) -> tuple[Rows, int]:
    """``rows`` of n rows, as a slice without gaps or as their numbers; and how many they are."""
    if isinstance(rows, slice):
        begin, end, step = rows.indices(n)
        if step == 1:
            return slice(begin, max(begin, end)), max(0, end - begin)
        rows = np.arange(begin, end, step)
    elif (rows := np.asarray(rows)).dtype == bool:
        raise TypeError("`rows` must be a slice or an array of the numbers of rows, got an array of bool")
    return rows, len(rows)


def parts(rows: Rows, n: int, size: int) -> list[Rows]:
    """The ``n`` rows, ``size`` at a time."""
    begin = rows.start if isinstance(rows, slice) else 0
    blocks = [slice(begin + start, begin + min(start + size, n)) for start in range(0, n, size)]
    return list(blocks) if isinstance(rows, slice) else [rows[block] for block in blocks]
