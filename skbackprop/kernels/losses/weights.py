"""Row weights for losses whose value and gradient are known entry by entry."""

from __future__ import annotations

import numpy as np

Array = np.ndarray


def weigh(terms: Array, weight: Array | None, out: Array) -> float:
    """Return sum_i w_i terms_i, one term per row or per entry, and multiply the gradient in ``out`` by the weights."""
    if weight is None:
        return float(terms.sum())
    out *= weight[:, None]
    return float(np.dot(weight, terms if terms.ndim == 1 else terms.sum(axis=1)))
