"""Tokens, integers that stand for words, characters or categories, and the vectors that they are mapped to."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from .. import kernels
from ..frozen import frozen
from ..ranges import check_integer
from .contract import Run, Shape
from .initializers import Initializer, SmallNormal, check_init
from .layout import flatten, unflatten
from .parameters import Slot

__all__ = ["Embedding"]

Array = np.ndarray
UNIT_NORMAL = SmallNormal(1.0)


@frozen
class Embedding:
    """Y_it = W[X_it], the row of W whose number is the token; dW[k] = the sum of dY_it over all it with X_it = k.

    It equals the product of one-hot rows with W, without computing with the zeros. X is an (n, T) array of integers
    from 0 to n_tokens - 1, or (n,) for one step. There is no derivative by X. The range of X must be checked where it
    is read; here a token out of range is clipped to it.

    Parameters
    ----------
    n_tokens : int
        Rows of W.
    units : int
        Columns of W.
    init : Initializer or None, default=None
        Draws the initial W; None takes the standard normal, so that the entries of Y start with variance one.

    Raises
    ------
    TypeError, ValueError
        If ``n_tokens`` or ``units`` is not an integer of at least 1.

    References
    ----------
    Bengio et al. (2003), "A neural probabilistic language model", section 2.

    Examples
    --------
    >>> import numpy as np
    >>> from skbackprop import Network
    >>> network = Network([Embedding(3, 2)], (None,))
    >>> p = network.parameters.views(np.array([0.0, 1.0, 10.0, 11.0, 20.0, 21.0]))
    >>> network.forward(p, np.array([[2, 0]]))
    array([[[20., 21.],
            [ 0.,  1.]]])
    """

    n_tokens: int
    units: int
    init: Initializer | None = None

    def __post_init__(self) -> None:
        check_integer("n_tokens", self.n_tokens, 1)
        check_integer("units", self.units, 1)
        check_init(self.init)

    def slots(self, shape: Shape) -> dict[str, Slot]:
        weights, _ = (self.init or UNIT_NORMAL).samplers(self.n_tokens, self.units)
        return {"W": Slot((self.n_tokens, self.units), weights, decay=True)}

    def output_shape(self, shape: Shape) -> Shape:
        return (*shape, self.units)

    def forward(self, p: SimpleNamespace, X: Any, run: Run) -> Array:
        if X.ndim == 2:
            return unflatten(self.forward(p, flatten(X), run), len(X))
        tokens = X.clip(0, self.n_tokens - 1)
        if run.tape is not None:
            run.tape.tokens = tokens
        return p.W.take(tokens, axis=0, out=run.array("Y", (len(X), self.units), p.W.dtype), mode="clip")

    def backward(
        self, p: SimpleNamespace, g: SimpleNamespace, dY: Array, run: Run, *, need_dX: bool = True
    ) -> Array | None:
        assert run.tape is not None
        kernels.scatter_add(run.tape.tokens, flatten(dY) if dY.ndim == 3 else dY, g.W)
        return None
