"""A dense layer around its matrix products: A = f(Z + b), and dZ = dA * f'(Z) with db = the column sums of dZ.

The kernels are the loops around the functions in ``slopes.py``; c[0] and c[1] are zero and one in the type of Z, as
Python's own numbers would make the arithmetic float64. Where there is no twin NumPy's kernel is called: the error
function of gelu and the logarithm of softplus are not made of vector instructions.
"""

from __future__ import annotations

import numpy as np

from .. import dense
from .compiler import compiled
from .slopes import (
    elu,
    elu_slope,
    identity_slope,
    leaky_relu,
    leaky_relu_slope,
    logistic,
    logistic_slope,
    mish,
    mish_slope,
    relu,
    relu_slope,
    silu,
    silu_slope,
    softplus_slope,
    tanh,
    tanh_slope,
)

Array = np.ndarray
ROWS = 2048


@compiled
def biased_identity(Z: Array, b: Array, A: Array) -> None:
    for i in range(Z.shape[0]):
        for j in range(Z.shape[1]):
            Z[i, j] += b[j]


@compiled
def biased_relu(Z: Array, b: Array, A: Array) -> None:
    real = Z.dtype.type
    c = (real(0.0), real(1.0))
    for i in range(Z.shape[0]):
        for j in range(Z.shape[1]):
            Z[i, j] = relu(Z[i, j] + b[j], c)


@compiled
def biased_leaky_relu(Z: Array, b: Array, A: Array, slope: float) -> None:
    real = Z.dtype.type
    c = (real(0.0), real(1.0), real(slope))
    for i in range(Z.shape[0]):
        for j in range(Z.shape[1]):
            Z[i, j] = leaky_relu(Z[i, j] + b[j], c)


@compiled
def biased_elu(Z: Array, b: Array, A: Array, alpha: float, scale: float) -> None:
    real = Z.dtype.type
    c = (real(0.0), real(1.0), real(alpha), real(scale))
    for i in range(Z.shape[0]):
        for j in range(Z.shape[1]):
            Z[i, j] = elu(Z[i, j] + b[j], c)


@compiled
def biased_logistic(Z: Array, b: Array, A: Array) -> None:
    real = Z.dtype.type
    c = (real(0.0), real(1.0))
    for i in range(Z.shape[0]):
        for j in range(Z.shape[1]):
            Z[i, j] = logistic(Z[i, j] + b[j], c)


@compiled
def biased_tanh(Z: Array, b: Array, A: Array) -> None:
    real = Z.dtype.type
    c = (real(0.0), real(1.0))
    for i in range(Z.shape[0]):
        for j in range(Z.shape[1]):
            Z[i, j] = tanh(Z[i, j] + b[j], c)


@compiled
def biased_silu(Z: Array, b: Array, A: Array) -> None:
    real = Z.dtype.type
    c = (real(0.0), real(1.0))
    for i in range(Z.shape[0]):
        for j in range(Z.shape[1]):
            z = Z[i, j] + b[j]
            Z[i, j] = z
            A[i, j] = silu(z, c)


@compiled
def biased_mish(Z: Array, b: Array, A: Array) -> None:
    real = Z.dtype.type
    c = (real(0.0), real(1.0), real(20.0))
    for i in range(Z.shape[0]):
        for j in range(Z.shape[1]):
            z = Z[i, j] + b[j]
            Z[i, j] = z
            A[i, j] = mish(z, c)


@compiled
def identity_gradients(dA: Array, Z: Array, A: Array, db: Array) -> None:
    real = dA.dtype.type
    c = (real(0.0), real(1.0))
    for i in range(dA.shape[0]):
        for j in range(dA.shape[1]):
            dz = dA[i, j] * identity_slope(Z[i, j], A[i, j], c)
            dA[i, j] = dz
            db[j] += dz


@compiled
def relu_gradients(dA: Array, Z: Array, A: Array, db: Array) -> None:
    real = dA.dtype.type
    c = (real(0.0), real(1.0))
    for i in range(dA.shape[0]):
        for j in range(dA.shape[1]):
            dz = dA[i, j] * relu_slope(Z[i, j], A[i, j], c)
            dA[i, j] = dz
            db[j] += dz


@compiled
def leaky_relu_gradients(dA: Array, Z: Array, A: Array, db: Array, slope: float) -> None:
    real = dA.dtype.type
    c = (real(0.0), real(1.0), real(slope))
    for i in range(dA.shape[0]):
        for j in range(dA.shape[1]):
            dz = dA[i, j] * leaky_relu_slope(Z[i, j], A[i, j], c)
            dA[i, j] = dz
            db[j] += dz


@compiled
def elu_gradients(dA: Array, Z: Array, A: Array, db: Array, alpha: float, scale: float) -> None:
    real = dA.dtype.type
    c = (real(0.0), real(1.0), real(alpha), real(scale))
    for i in range(dA.shape[0]):
        for j in range(dA.shape[1]):
            dz = dA[i, j] * elu_slope(Z[i, j], A[i, j], c)
            dA[i, j] = dz
            db[j] += dz


@compiled
def logistic_gradients(dA: Array, Z: Array, A: Array, db: Array) -> None:
    real = dA.dtype.type
    c = (real(0.0), real(1.0))
    for i in range(dA.shape[0]):
        for j in range(dA.shape[1]):
            dz = dA[i, j] * logistic_slope(Z[i, j], A[i, j], c)
            dA[i, j] = dz
            db[j] += dz


@compiled
def tanh_gradients(dA: Array, Z: Array, A: Array, db: Array) -> None:
    real = dA.dtype.type
    c = (real(0.0), real(1.0))
    for i in range(dA.shape[0]):
        for j in range(dA.shape[1]):
            dz = dA[i, j] * tanh_slope(Z[i, j], A[i, j], c)
            dA[i, j] = dz
            db[j] += dz


@compiled
def softplus_gradients(dA: Array, Z: Array, A: Array, db: Array) -> None:
    real = dA.dtype.type
    c = (real(0.0), real(1.0))
    for i in range(dA.shape[0]):
        for j in range(dA.shape[1]):
            dz = dA[i, j] * softplus_slope(Z[i, j], A[i, j], c)
            dA[i, j] = dz
            db[j] += dz


@compiled
def silu_gradients(dA: Array, Z: Array, A: Array, db: Array) -> None:
    real = dA.dtype.type
    c = (real(0.0), real(1.0))
    for i in range(dA.shape[0]):
        for j in range(dA.shape[1]):
            dz = dA[i, j] * silu_slope(Z[i, j], A[i, j], c)
            dA[i, j] = dz
            db[j] += dz


@compiled
def mish_gradients(dA: Array, Z: Array, A: Array, db: Array) -> None:
    real = dA.dtype.type
    c = (real(0.0), real(1.0), real(20.0))
    for i in range(dA.shape[0]):
        for j in range(dA.shape[1]):
            dz = dA[i, j] * mish_slope(Z[i, j], A[i, j], c)
            dA[i, j] = dz
            db[j] += dz


FORWARD = {
    "identity": biased_identity,
    "relu": biased_relu,
    "leaky_relu": biased_leaky_relu,
    "elu": biased_elu,
    "logistic": biased_logistic,
    "tanh": biased_tanh,
    "silu": biased_silu,
    "mish": biased_mish,
}
BACKWARD = {
    "identity": identity_gradients,
    "relu": relu_gradients,
    "leaky_relu": leaky_relu_gradients,
    "elu": elu_gradients,
    "logistic": logistic_gradients,
    "tanh": tanh_gradients,
    "softplus": softplus_gradients,
    "silu": silu_gradients,
    "mish": mish_gradients,
}


def dense_forward(name: str, Z: Array, b: Array, A: Array, *constants: float) -> None:
    """A = f(Z + b) in one pass, in place where A is Z."""
    FORWARD[name](Z, b, A, *constants) if name in FORWARD else dense.dense_forward(name, Z, b, A, *constants)


def dense_backward(name: str, dA: Array, Z: Array, A: Array, db: Array, *constants: float) -> None:
    """dZ = dA * f'(Z), written over dA, and db = the column sums of dZ, in one pass.

    Sums are taken over ROWS rows at a time, so that those of many rows do not lose digits in float32.
    """
    kernel = BACKWARD.get(name)
    if kernel is None:
        return dense.dense_backward(name, dA, Z, A, db, *constants)
    db.fill(0.0)
    if len(dA) <= ROWS:
        return kernel(dA, Z, A, db, *constants)
    part = np.empty_like(db)
    for start in range(0, len(dA), ROWS):
        part.fill(0.0)
        block = slice(start, start + ROWS)
        kernel(dA[block], Z[block], A[block], part, *constants)
        db += part


KERNELS = (dense_forward, dense_backward)
