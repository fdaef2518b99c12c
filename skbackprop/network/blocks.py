"""How many rows to process at once, so that the memory of a pass stays small, preferably in the cache."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse import issparse

from .network import Network

__all__ = ["Rows", "blocks", "parts", "rows_and_count", "rows_per_block", "sequences_per_block"]

Array = np.ndarray
Rows = slice | Array


def rows_per_block(network: Network, itemsize: int, X: Any = None, target: int = 1 << 20) -> int:
    """The number of rows at which the widest layer takes about ``target`` bytes; at least 64.

    A sparse ``X`` counts with the mean number of entries that its rows store.
    """
    width = max(network.widest_made, -(-X.nnz // max(1, X.shape[0]))) if issparse(X) else network.widest
    return max(64, target // (width * itemsize))


def sequences_per_block(network: Network, itemsize: int, steps: int, target: int = 1 << 22) -> int:
    """The number of sequences of ``steps`` steps at which the widest layer takes about ``target`` bytes; at least 8."""
    return max(8, target // (network.widest * itemsize * steps))


def blocks(n: int, size: int, begin: int = 0) -> list[slice]:
    """Slices of n rows from ``begin`` on, ``size`` at a time."""
    return [slice(begin + start, begin + min(start + size, n)) for start in range(0, n, size)]


def rows_and_count(rows: Rows | None, n: int) -> tuple[Rows, int]:
    """Return ``rows`` of n as a contiguous slice or an array of row numbers, and their count; None means all."""
    rows = slice(None) if rows is None else rows
    if isinstance(rows, slice):
        begin, end, step = rows.indices(n)
        rows = slice(begin, max(begin, end)) if step == 1 else np.arange(begin, end, step)
    elif (rows := np.asarray(rows)).dtype == bool:
        raise TypeError("`rows` must be a slice or an array of the numbers of rows, got an array of bool")
    elif len(rows) and (outside := rows.astype(np.uint64).max()) >= n:  # negative numbers wrap
        raise ValueError(f"`rows` must be numbers of rows from 0 to {n - 1}, got {outside.astype(np.int64)}")
    count = rows.stop - rows.start if isinstance(rows, slice) else len(rows)
    if count == 0:
        raise ValueError(f"`rows` must be at least one of the {n} rows, got none")
    return rows, count


def parts(rows: Rows, n: int, size: int) -> list[Rows]:
    """Split n ``rows``, as returned by `rows_and_count`, into parts of ``size``."""
    if isinstance(rows, slice):
        return [*blocks(n, size, rows.start)]
    return [rows[block] for block in blocks(n, size)]
