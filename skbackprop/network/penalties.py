"""Penalties on the slots that decay. They belong to the objective, so that every solver sees them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from .. import kernels

__all__ = ["L2", "Penalty"]

Array = np.ndarray


class Penalty(Protocol):
    """A frozen dataclass. W holds the entries of theta that decay, ``gradient`` the same entries of the gradient, which
    the penalty *adds* to; ``strength`` scales value and gradient alike.
    """

    def add(self, W: Array, gradient: Array, strength: float) -> float: ...


@dataclass(frozen=True)
class L2:
    """alpha / 2 * |W|^2 over the decaying slots, biases spared; its gradient is alpha W."""

    alpha: float

    def add(self, W: Array, gradient: Array, strength: float) -> float:
        return kernels.l2(W, gradient, self.alpha * strength)
