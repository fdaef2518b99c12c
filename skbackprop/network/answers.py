"""What the user gets: numbers or labels, out of the columns that a loss predicts or decides on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..frozen import frozen

__all__ = ["Labels", "Numbers"]

Array = np.ndarray


@frozen
class Numbers:
    """Numbers, a column for every output; with ``flat`` those of a single output have the shape (n,)."""

    flat: bool

    def write(self, y: Array) -> Array:
        return y[:, 0] if self.flat and y.shape[1] == 1 else y


@dataclass(frozen=True, eq=False)
class Labels:
    """Labels of classes that exclude one another or, with ``indicator``, zeros and ones in a column for each class."""

    classes: Array
    indicator: bool

    @property
    def two_classes(self) -> bool:
        return not self.indicator and len(self.classes) == 2

    def write(self, y: Array) -> Array:
        numbers = y.astype(np.intp)
        return numbers if self.indicator else self.classes[numbers[:, 0]]

    def column_per_class(self, raw: Array) -> Array:
        """Of two classes, whose one output is a log-odds, the first is the negative case."""
        return np.hstack([-raw, raw]) if self.two_classes else raw
