"""A dense layer around its matrix products: bias and activation, derivative and bias gradient; by name.

Here these are two passes each; the compiled twins make them one.
"""

from __future__ import annotations

import numpy as np

from . import activations
from .rows import add_bias, column_sums

Array = np.ndarray


def dense_forward(name: str, Z: Array, b: Array, A: Array, *constants: float) -> None:
    """A = f(Z + b), with Z + b left in Z, unless A is Z."""
    add_bias(Z, b)
    getattr(activations, name)(Z, A, *constants)


def dense_backward(name: str, dA: Array, Z: Array, A: Array, db: Array, *constants: float) -> None:
    """dZ = dA * f'(Z), written over dA, and db = the column sums of dZ."""
    getattr(activations, f"{name}_backward")(dA, Z, A, *constants)
    column_sums(dA, db)
