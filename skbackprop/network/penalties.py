"""Penalties on the slots that decay. They are part of the objective, so that they apply with every solver."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from .. import kernels
from ..frozen import frozen
from ..ranges import check_real

__all__ = ["L2", "Penalty"]

Array = np.ndarray


class Penalty(Protocol):
    """A frozen dataclass: a term of the objective that depends on theta alone.

    ``add`` returns its value. W holds the entries of theta that decay, and ``gradient`` the same entries of the
    gradient, to which ``add`` *adds* that of the penalty; ``strength`` scales both value and gradient.

    Examples
    --------
    >>> import numpy as np
    >>> W, gradient = np.array([3.0, 4.0]), np.array([1.0, 0.0])
    >>> L2(0.1).add(W, gradient, strength=2.0), gradient
    (2.5, array([1.6, 0.8]))
    """

    def add(self, W: Array, gradient: Array, strength: float) -> float: ...


@frozen
class L2:
    """alpha / 2 * |W|^2 over the slots that decay, which leaves out biases; its gradient is alpha W.

    Parameters
    ----------
    alpha : float
        The strength of the penalty.

    Raises
    ------
    TypeError, ValueError
        If ``alpha`` is not a finite real number of at least 0.

    Examples
    --------
    >>> import numpy as np
    >>> gradient = np.zeros(2)
    >>> L2(alpha=1.0).add(np.array([3.0, 4.0]), gradient, strength=1.0), gradient
    (12.5, array([3., 4.]))
    """

    alpha: float

    def __post_init__(self) -> None:
        check_real("alpha", self.alpha, 0)

    def add(self, W: Array, gradient: Array, strength: float) -> float:
        return kernels.l2(W, gradient, self.alpha * strength)
