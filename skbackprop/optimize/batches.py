"""Orders of rows: which rows each step of an epoch sees."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

__all__ = ["Batches"]

Array = np.ndarray
Rows = slice | Array


class Batches:
    """The rows of every batch, epoch after epoch.

    Shuffling permutes the order of the previous epoch with the generator's own ``shuffle``, as scikit-learn does. If
    one batch holds all rows, they are not shuffled, and come as one slice if possible.

    Parameters
    ----------
    rows : int or ndarray of int
        The number of rows, or the indices of those to train on.
    size : int
        Rows per batch; the last batch of an epoch may be shorter.
    rng : numpy.random.RandomState, default=None
        Shuffles the rows. None keeps their order.

    Examples
    --------
    >>> list(Batches(5, 2).epoch())
    [slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)]
    """

    def __init__(self, rows: int | Array, size: int, rng: np.random.RandomState | None = None):
        self.order = None if isinstance(rows, int) else rows
        self.n = rows if isinstance(rows, int) else len(rows)
        self.size = min(size, self.n)
        self.rng = rng if self.size < self.n else None

    def __len__(self) -> int:
        """The number of batches in an epoch."""
        return -(-self.n // self.size)

    def resume(self, order: Array | None) -> None:
        """Continue from the order of an earlier epoch, unless it is None."""
        if order is not None:
            self.order = order

    def epoch(self, at_once: int = 1) -> Iterator[Rows]:
        """Yield the rows of one batch after the other, or of several batches ``at_once``."""
        if self.rng is not None:
            shuffled = np.arange(self.n)
            self.rng.shuffle(shuffled)
            self.order = shuffled if self.order is None else self.order[shuffled]
        for start in range(0, self.n, at_once * self.size):
            rows = slice(start, min(start + at_once * self.size, self.n))
            yield rows if self.order is None else self.order[rows]
