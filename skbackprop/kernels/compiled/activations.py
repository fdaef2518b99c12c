"""A dense layer around its matrix products: A = f(Z + b), and dZ = dA * f'(Z) with db = the column sums of dZ.

The kernels are the loops around the functions in ``slopes.py``; c[0] and c[1] are zero and one in the type of Z, as
Python's own numbers would make the arithmetic float64.

The loops are written out, not made by a function of f: numba compiles what such a function returns anew in every
process, whatever is cached.
"""

from __future__ import annotations

import numpy as np

from .compiler import compiled
from .slopes import (
    elu,
    elu_slope,
    gelu,
    gelu_slope,
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
    softplus,
    softplus_slope,
    tanh,
    tanh_slope,
)

Array = np.ndarray


@compiled
def identity_dense(Z: Array, b: Array, A: Array) -> None:
    for i in range(Z.shape[0]):
        for j in range(Z.shape[1]):
            Z[i, j] += b[j]


@compiled
def relu_dense(Z: Array, b: Array, A: Array) -> None:
    real = Z.dtype.type
    c = (real(0.0), real(1.0))
    for i in range(Z.shape[0]):
        for j in range(Z.shape[1]):
            Z[i, j] = relu(Z[i, j] + b[j], c)


@compiled
def leaky_relu_dense(Z: Array, b: Array, A: Array, slope: float) -> None:
    real = Z.dtype.type
    c = (real(0.0), real(1.0), real(slope))
    for i in range(Z.shape[0]):
        for j in range(Z.shape[1]):
            Z[i, j] = leaky_relu(Z[i, j] + b[j], c)


@compiled
def elu_dense(Z: Array, b: Array, A: Array, alpha: float, scale: float) -> None:
    real = Z.dtype.type
    c = (real(0.0), real(1.0), real(alpha), real(scale))
    for i in range(Z.shape[0]):
        for j in range(Z.shape[1]):
            Z[i, j] = elu(Z[i, j] + b[j], c)


@compiled
def logistic_dense(Z: Array, b: Array, A: Array) -> None:
    real = Z.dtype.type
    c = (real(0.0), real(1.0))
    for i in range(Z.shape[0]):
        for j in range(Z.shape[1]):
            Z[i, j] = logistic(Z[i, j] + b[j], c)


@compiled
def tanh_dense(Z: Array, b: Array, A: Array) -> None:
    real = Z.dtype.type
    c = (real(0.0), real(1.0))
    for i in range(Z.shape[0]):
        for j in range(Z.shape[1]):
            Z[i, j] = tanh(Z[i, j] + b[j], c)


@compiled
def silu_dense(Z: Array, b: Array, A: Array) -> None:
    real = Z.dtype.type
    c = (real(0.0), real(1.0))
    for i in range(Z.shape[0]):
        for j in range(Z.shape[1]):
            z = Z[i, j] + b[j]
            Z[i, j] = z
            A[i, j] = silu(z, c)


@compiled
def mish_dense(Z: Array, b: Array, A: Array) -> None:
    real = Z.dtype.type
    c = (real(0.0), real(1.0), real(20.0))
    for i in range(Z.shape[0]):
        for j in range(Z.shape[1]):
            z = Z[i, j] + b[j]
            Z[i, j] = z
            A[i, j] = mish(z, c)


@compiled
def identity_dense_backward(dA: Array, Z: Array, A: Array, db: Array) -> None:
    real = dA.dtype.type
    c = (real(0.0), real(1.0))
    sums = np.zeros(db.size)
    for i in range(dA.shape[0]):
        for j in range(dA.shape[1]):
            dz = dA[i, j] * identity_slope(Z[i, j], A[i, j], c)
            dA[i, j] = dz
            sums[j] += dz
    for j in range(db.size):
        db[j] = sums[j]


@compiled
def relu_dense_backward(dA: Array, Z: Array, A: Array, db: Array) -> None:
    real = dA.dtype.type
    c = (real(0.0), real(1.0))
    sums = np.zeros(db.size)
    for i in range(dA.shape[0]):
        for j in range(dA.shape[1]):
            dz = dA[i, j] * relu_slope(Z[i, j], A[i, j], c)
            dA[i, j] = dz
            sums[j] += dz
    for j in range(db.size):
        db[j] = sums[j]


@compiled
def leaky_relu_dense_backward(dA: Array, Z: Array, A: Array, db: Array, slope: float) -> None:
    real = dA.dtype.type
    c = (real(0.0), real(1.0), real(slope))
    sums = np.zeros(db.size)
    for i in range(dA.shape[0]):
        for j in range(dA.shape[1]):
            dz = dA[i, j] * leaky_relu_slope(Z[i, j], A[i, j], c)
            dA[i, j] = dz
            sums[j] += dz
    for j in range(db.size):
        db[j] = sums[j]


@compiled
def elu_dense_backward(dA: Array, Z: Array, A: Array, db: Array, alpha: float, scale: float) -> None:
    real = dA.dtype.type
    c = (real(0.0), real(1.0), real(alpha), real(scale))
    sums = np.zeros(db.size)
    for i in range(dA.shape[0]):
        for j in range(dA.shape[1]):
            dz = dA[i, j] * elu_slope(Z[i, j], A[i, j], c)
            dA[i, j] = dz
            sums[j] += dz
    for j in range(db.size):
        db[j] = sums[j]


@compiled
def logistic_dense_backward(dA: Array, Z: Array, A: Array, db: Array) -> None:
    real = dA.dtype.type
    c = (real(0.0), real(1.0))
    sums = np.zeros(db.size)
    for i in range(dA.shape[0]):
        for j in range(dA.shape[1]):
            dz = dA[i, j] * logistic_slope(Z[i, j], A[i, j], c)
            dA[i, j] = dz
            sums[j] += dz
    for j in range(db.size):
        db[j] = sums[j]


@compiled
def tanh_dense_backward(dA: Array, Z: Array, A: Array, db: Array) -> None:
    real = dA.dtype.type
    c = (real(0.0), real(1.0))
    sums = np.zeros(db.size)
    for i in range(dA.shape[0]):
        for j in range(dA.shape[1]):
            dz = dA[i, j] * tanh_slope(Z[i, j], A[i, j], c)
            dA[i, j] = dz
            sums[j] += dz
    for j in range(db.size):
        db[j] = sums[j]


@compiled
def softplus_dense_backward(dA: Array, Z: Array, A: Array, db: Array) -> None:
    real = dA.dtype.type
    c = (real(0.0), real(1.0))
    sums = np.zeros(db.size)
    for i in range(dA.shape[0]):
        for j in range(dA.shape[1]):
            dz = dA[i, j] * softplus_slope(Z[i, j], A[i, j], c)
            dA[i, j] = dz
            sums[j] += dz
    for j in range(db.size):
        db[j] = sums[j]


@compiled
def silu_dense_backward(dA: Array, Z: Array, A: Array, db: Array) -> None:
    real = dA.dtype.type
    c = (real(0.0), real(1.0))
    sums = np.zeros(db.size)
    for i in range(dA.shape[0]):
        for j in range(dA.shape[1]):
            dz = dA[i, j] * silu_slope(Z[i, j], A[i, j], c)
            dA[i, j] = dz
            sums[j] += dz
    for j in range(db.size):
        db[j] = sums[j]


@compiled
def mish_dense_backward(dA: Array, Z: Array, A: Array, db: Array) -> None:
    real = dA.dtype.type
    c = (real(0.0), real(1.0), real(20.0))
    sums = np.zeros(db.size)
    for i in range(dA.shape[0]):
        for j in range(dA.shape[1]):
            dz = dA[i, j] * mish_slope(Z[i, j], A[i, j], c)
            dA[i, j] = dz
            sums[j] += dz
    for j in range(db.size):
        db[j] = sums[j]


@compiled
def softplus_dense(Z: Array, b: Array, A: Array) -> None:
    real = Z.dtype.type
    c = (real(0.0), real(1.0))
    for i in range(Z.shape[0]):
        for j in range(Z.shape[1]):
            Z[i, j] = softplus(Z[i, j] + b[j], c)


@compiled
def gelu_dense(Z: Array, b: Array, A: Array) -> None:
    real = Z.dtype.type
    c = (real(0.0), real(1.0), real(0.5))
    for i in range(Z.shape[0]):
        for j in range(Z.shape[1]):
            z = Z[i, j] + b[j]
            Z[i, j] = z
            A[i, j] = gelu(z, c)


@compiled
def gelu_dense_backward(dA: Array, Z: Array, A: Array, db: Array) -> None:
    real = dA.dtype.type
    c = (real(0.0), real(1.0), real(0.5), real(0.3989422804014327))
    sums = np.zeros(db.size)
    for i in range(dA.shape[0]):
        for j in range(dA.shape[1]):
            dz = dA[i, j] * gelu_slope(Z[i, j], A[i, j], c)
            dA[i, j] = dz
            sums[j] += dz
    for j in range(db.size):
        db[j] = sums[j]


KERNELS = (
    elu_dense,
    identity_dense,
    leaky_relu_dense,
    logistic_dense,
    mish_dense,
    relu_dense,
    silu_dense,
    tanh_dense,
    identity_dense_backward,
    relu_dense_backward,
    leaky_relu_dense_backward,
    elu_dense_backward,
    logistic_dense_backward,
    tanh_dense_backward,
    softplus_dense_backward,
    silu_dense_backward,
    mish_dense_backward,
    softplus_dense,
    gelu_dense,
    gelu_dense_backward,
)
