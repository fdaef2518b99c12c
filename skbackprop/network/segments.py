"""Sequences in pieces: which steps of which rows, and how they are gathered into memory."""

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
    """Which of T steps are valid in every row, an (n, T) mask."""
    return np.arange(T) < lengths[:, None]


class Segment(NamedTuple):
    """``steps`` steps of some rows, from ``begin`` on (one number, or one per row).

    ``counts`` says how many of them are valid in each row, and ``ends`` which rows have their last valid step here;
    both are None for all.
    """

    begin: int | Array
    steps: int
    counts: Array | None
    ends: Array | None


def segments(T: int, lengths: Array | None, k: int | None) -> Iterator[Segment]:
    """Sequences in pieces of k steps, counted from the end of each: the first piece is what is left over.

    So the last one, out of which gradients do not flow, has the last k valid steps of every row, however long it is
    and whatever other rows are in the batch. A row that has ended waits with 0 steps.
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
    """Gather the steps of a segment; returns an (n, steps, ...) view of a buffer that holds step after step."""
    n = len(array[rows]) if isinstance(rows, slice) else len(rows)
    flat = memory.array(name, (segment.steps * n, *array.shape[2:]), array.dtype)
    out = unflatten(flat, n)
    kernels.gather_steps(array, rows, segment.begin, segment.counts, out.swapaxes(0, 1))
    return out
