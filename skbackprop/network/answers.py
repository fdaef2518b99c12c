"""What the user gets: numbers or labels, made from the columns that a loss predicts or decides."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..frozen import frozen

__all__ = ["Labels", "Numbers"]

Array = np.ndarray


@frozen
class Numbers:
    """Numbers, one column per output; with ``flat``, a single output has shape (n,)."""

    flat: bool

    def write(self, y: Array) -> Array:
        return y[:, 0] if self.flat and y.shape[1] == 1 else y


@dataclass(frozen=True, eq=False)
class Labels:
    """Labels of mutually exclusive classes or, with ``indicator``, one column of zeros and ones per class."""

    classes: Array
    indicator: bool

    @property
    def two_classes(self) -> bool:
        return not self.indicator and len(self.classes) == 2

    def write(self, y: Array) -> Array:
        numbers = y.astype(np.intp)
        return numbers if self.indicator else self.classes[numbers[:, 0]]

    def column_per_class(self, raw: Array) -> Array:
        """One raw column per class. Two classes share one log-odds column; the first class gets its negative."""
        return np.hstack([-raw, raw]) if self.two_classes else raw
