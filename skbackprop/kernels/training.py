"""Many steps of training in one call, which only compiled kernels can take."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["stretch"]


def stretch(
    f: str, loss: str, optimizer: str, dtype: np.dtype, plan: dict[str, Any]
) -> Callable[..., tuple[float, float, float]] | None:
    """A function that takes the steps of many batches at once, or None where there is none: NumPy has none."""
    return None
