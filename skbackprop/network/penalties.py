"""Penalties on the slots that decay. They belong to the objective, so that every solver sees them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

__all__ = ["L2", "Penalty"]

Array = np.ndarray


class Penalty(Protocol):
    """A frozen dataclass. ``strength`` scales value and gradient alike; the gradient is *added*."""

    def add(self, theta: Array, gradient: Array, slices: Sequence[slice], strength: float) -> float: ...


@dataclass(frozen=True)
class L2:
    """alpha / 2 * |W|^2 over the decaying slots, biases spared; its gradient is alpha W."""

    alpha: float

    def add(self, theta: Array, gradient: Array, slices: Sequence[slice], strength: float) -> float:
        squares, factor = 0.0, self.alpha * strength
        for where in slices:
            W = theta[where]
            squares += float(np.dot(W, W))
            gradient[where] += factor * W
        return 0.5 * factor * squares
