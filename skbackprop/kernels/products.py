"""Matrix products by ``dot`` or ``matmul``, whichever is faster."""

from __future__ import annotations

import numpy as np

Array = np.ndarray
LARGE = 1 << 15  # entries of ``out`` from which ``matmul`` is used


def product(A: Array, B: Array, out: Array) -> None:
    """out = A B.

    ``dot`` costs less per call (as a method; ``np.dot`` first looks for overrides), but fills ``out`` with zeros
    beforehand. ``matmul`` does not, but calls no BLAS if the shared side is 1.
    """
    if out.size >= LARGE and B.shape[0] > 1:
        np.matmul(A, B, out)
    else:
        A.dot(B, out)
