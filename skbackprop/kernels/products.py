"""Matrix products by NumPy, of which there are two."""

from __future__ import annotations

import numpy as np

Array = np.ndarray
LARGE = 1 << 15  # numbers


def product(A: Array, B: Array, out: Array) -> None:
    """out = A B.

    ``dot`` has the lower price per call (as a method: the function first asks whether anyone has overridden it), but
    fills ``out`` with zeros beforehand. ``matmul`` does not, but calls no BLAS where the shared side is 1.
    """
    if out.size >= LARGE and B.shape[0] > 1:
        np.matmul(A, B, out)
    else:
        A.dot(B, out)
