"""The weights of rows, where value and gradient are known entry by entry."""

from __future__ import annotations

import numpy as np

Array = np.ndarray


def weigh(terms: Array, weight: Array | None, out: Array) -> float:
    """sum_i w_i terms_i, one term per row or per entry; the gradient in ``out`` is multiplied by the weights too."""
    if weight is None:
        return float(terms.sum())
    out *= weight[:, None]
    return float(np.dot(weight, terms if terms.ndim == 1 else terms.sum(axis=1)))
