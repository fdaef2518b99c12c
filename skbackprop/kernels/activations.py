"""Activation functions and their derivatives, element by element.

Each pair consists of ``name(Z, A)``: A = f(Z), and ``name_backward(dA, Z, A)``: dZ = dA * f'(Z), written over dA. A may
be Z itself if the derivative can be computed from A alone; the classes in ``network/activations.py`` say for which
activations that holds.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.special import ndtr

__all__ = [
    "elu",
    "elu_backward",
    "gelu",
    "gelu_backward",
    "identity",
    "identity_backward",
    "leaky_relu",
    "leaky_relu_backward",
    "logistic",
    "logistic_backward",
    "mish",
    "mish_backward",
    "relu",
    "relu_backward",
    "silu",
    "silu_backward",
    "softplus",
    "softplus_backward",
    "tanh",
    "tanh_backward",
]

Array = np.ndarray
PIECE = 65536


@lru_cache(maxsize=8)
def zeros(shape: tuple[int, ...], dtype: np.dtype) -> Array:
    """An array of zeros, cached and read-only."""
    kept = np.zeros(shape, dtype)
    kept.flags.writeable = False
    return kept


def identity(Z: Array, A: Array) -> None:
    """A = Z."""
    if A is not Z:
        A[...] = Z


def identity_backward(dA: Array, Z: Array, A: Array) -> None:
    """f' = 1."""


def logistic(Z: Array, A: Array) -> None:
    """A = 1 / (1 + exp(-Z)). Where exp overflows, A is 0, as it should be.

    The equal (1 + tanh(Z / 2)) / 2 would take up to twice the time and lose digits of a small A.
    """
    np.negative(Z, out=A)
    with np.errstate(over="ignore"):
        np.exp(A, out=A)
    A += 1.0
    np.reciprocal(A, out=A)


def logistic_backward(dA: Array, Z: Array, A: Array) -> None:
    """f' = A (1 - A)."""
    slope = np.subtract(1.0, A)
    slope *= A
    dA *= slope


def tanh(Z: Array, A: Array) -> None:
    """A = tanh(Z)."""
    np.tanh(Z, out=A)


def tanh_backward(dA: Array, Z: Array, A: Array) -> None:
    """f' = 1 - A^2."""
    slope = np.multiply(A, A)
    np.subtract(1.0, slope, out=slope)
    dA *= slope


def relu(Z: Array, A: Array) -> None:
    """A = max(Z, 0), in pieces that stay in the cache together with as many zeros.

    NumPy's maximum of two arrays takes a third of the time of its maximum of an array and a number.
    """
    if Z.size <= PIECE:
        np.maximum(Z, zeros(Z.shape, Z.dtype), out=A)
        return
    step = max(1, PIECE * len(Z) // Z.size)
    for start in range(0, len(Z), step):
        piece = Z[start : start + step]
        np.maximum(piece, zeros(piece.shape, piece.dtype), out=A[start : start + step])


def relu_backward(dA: Array, Z: Array, A: Array) -> None:
    """f' = [A > 0]. Multiplying by the mask is several times faster than assigning through it."""
    dA *= A > 0.0


def leaky_relu(Z: Array, A: Array, slope: float) -> None:
    """A = max(Z, slope Z), for 0 <= slope < 1."""
    np.maximum(Z, np.multiply(Z, slope), out=A)


def leaky_relu_backward(dA: Array, Z: Array, A: Array, slope: float) -> None:
    """f' = 1 where A > 0, else slope."""
    factor = (A > 0.0).astype(A.dtype)
    factor *= 1.0 - slope
    factor += slope
    dA *= factor


def elu(Z: Array, A: Array, alpha: float, scale: float) -> None:
    """A = scale * (Z if Z > 0 else alpha (exp(Z) - 1))."""
    below = np.minimum(Z, 0.0)
    np.expm1(below, out=below)
    below *= alpha
    np.maximum(Z, 0.0, out=A)
    A += below
    A *= scale


def elu_backward(dA: Array, Z: Array, A: Array, alpha: float, scale: float) -> None:
    """f' = scale where A > 0, else A + scale alpha."""
    slope = np.add(A, scale * alpha)
    np.copyto(slope, scale, where=A > 0.0)
    dA *= slope


def softplus(Z: Array, A: Array) -> None:
    """A = log(1 + exp(Z)) = max(Z, 0) + log1p(exp(-|Z|)), finite for every Z."""
    tail = np.abs(Z)
    np.negative(tail, out=tail)
    np.exp(tail, out=tail)
    np.log1p(tail, out=tail)
    np.maximum(Z, 0.0, out=A)
    A += tail


def softplus_backward(dA: Array, Z: Array, A: Array) -> None:
    """f' = 1 / (1 + exp(-Z)) = 1 - exp(-A)."""
    slope = np.negative(A)
    np.expm1(slope, out=slope)
    np.negative(slope, out=slope)
    dA *= slope


def gelu(Z: Array, A: Array) -> None:
    """A = Z Phi(Z), with the distribution function Phi of the standard normal."""
    np.multiply(Z, ndtr(Z), out=A)


def gelu_backward(dA: Array, Z: Array, A: Array) -> None:
    """f' = Phi(Z) + Z phi(Z), with the density phi = exp(-Z^2 / 2) / sqrt(2 pi)."""
    slope = np.multiply(Z, Z)
    slope *= -0.5
    np.exp(slope, out=slope)
    slope *= Z
    slope *= 0.3989422804014327
    slope += ndtr(Z)
    dA *= slope


def silu(Z: Array, A: Array) -> None:
    """A = Z s(Z), with the logistic function s."""
    s = np.empty_like(Z)
    logistic(Z, s)
    np.multiply(Z, s, out=A)


def silu_backward(dA: Array, Z: Array, A: Array) -> None:
    """f' = s + A (1 - s)."""
    s = np.empty_like(Z)
    logistic(Z, s)
    slope = np.subtract(1.0, s)
    slope *= A
    slope += s
    dA *= slope


def mish(Z: Array, A: Array) -> None:
    """A = Z tanh(softplus(Z))."""
    t = np.empty_like(Z)
    softplus(Z, t)
    np.tanh(t, out=t)
    np.multiply(Z, t, out=A)


def mish_backward(dA: Array, Z: Array, A: Array) -> None:
    """f' = t + Z (1 - t^2) s, with t = tanh(softplus(Z)) and the logistic function s."""
    t, slope = np.empty_like(Z), np.empty_like(Z)
    softplus(Z, t)
    np.tanh(t, out=t)
    logistic(Z, slope)
    slope *= Z
    slope *= 1.0 - t * t
    slope += t
    dA *= slope
