"""A dense layer without its matrix products: bias and activation, as in ``relu_dense`` and ``relu_dense_backward``.

Each pair consists of ``name_dense(Z, b, A, constants)``: A = f(Z + b), with Z + b left in Z unless A is Z; and
``name_dense_backward(dA, Z, A, db, constants)``: dZ = dA * f'(Z), written over dA, and db = the column sums of dZ. Each
takes two passes here and one in its compiled twin.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from . import activations
from .rows import add_bias, column_sums

Array = np.ndarray


def forward_of(name: str) -> Callable[..., None]:
    f = getattr(activations, name)

    def dense(Z: Array, b: Array, A: Array, constants: tuple[float, ...]) -> None:
        add_bias(Z, b)
        f(Z, A, *constants)

    return dense


def backward_of(name: str) -> Callable[..., None]:
    f = getattr(activations, f"{name}_backward")

    def dense_backward(dA: Array, Z: Array, A: Array, db: Array, constants: tuple[float, ...]) -> None:
        f(dA, Z, A, *constants)
        column_sums(dA, db)

    return dense_backward


NAMES = [name.removesuffix("_backward") for name in vars(activations) if name.endswith("_backward")]
DENSE = {f"{name}_dense": forward_of(name) for name in NAMES}
DENSE |= {f"{name}_dense_backward": backward_of(name) for name in NAMES}
