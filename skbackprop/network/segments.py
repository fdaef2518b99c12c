"""Segments of sequences: which steps of which rows they cover, and how these are gathered into memory."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from .. import kernels
from .contract import Tape
from .layout import unflatten

Array = np.ndarray


def valid_steps(T: int, lengths: Array) -> Array:
    """An (n, T) mask of the valid steps of every row."""
    return np.arange(T) < lengths[:, None]


class Segment(NamedTuple):
    """``steps`` steps of some rows, from ``begin`` on (one number, or one per row).

    ``counts`` says how many of them are valid in each row (None: all), and ``ends`` which rows have their last valid
    step here (None: all).
    """

    begin: int | Array
    steps: int
    counts: Array | None
    ends: Array | None


def segments(T: int, lengths: Array | None, k: int | None) -> Iterator[Segment]:
    """Split sequences into segments of k steps, counted from the end of each row; the first segment is the remainder.

    So the last segment of a row always holds its last k valid steps, however long it is and whatever other rows are in
    the batch; gradients do not flow back beyond its start. A row that has ended has 0 valid steps in later segments.
    """
    if k is None or k >= T:
        yield Segment(0, T, lengths, None)
        return
    if lengths is None:
        nobody = np.zeros(0, int)
        for end in range(T - (math.ceil(T / k) - 1) * k, T + 1, k):
            begin = max(end - k, 0)
            yield Segment(begin, end - begin, None, None if end == T else nobody)
        return
    pieces = -(-lengths // k)
    first = lengths - (pieces - 1) * k
    yield Segment(0, int(first.max()), first, np.flatnonzero(pieces == 1))
    for at in range(1, int(pieces.max())):
        counts = np.where(at < pieces, k, 0)
        yield Segment(first + (at - 1) * k, k, counts, np.flatnonzero(pieces == at + 1))


def gather(memory: Tape, name: str, array: Array, rows: Array | slice, segment: Segment) -> Array:
    """Gather the steps of a segment; return an (n, steps, ...) view of a buffer that is stored step after step.

    ``rows`` may be a slice if the segment begins at the same step in all rows.
    """
    n = len(array[rows]) if isinstance(rows, slice) else len(rows)
    flat = memory.array(name, (segment.steps * n, *array.shape[2:]), array.dtype)
    out = unflatten(flat, n)
    kernels.gather_steps(array, rows, segment.begin, segment.counts, out.swapaxes(0, 1))
    return out
