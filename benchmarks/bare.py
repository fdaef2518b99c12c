"""The least that a training step costs: its matrix products alone, and a plain training loop in NumPy.

The loop uses Adam, squared error, relu, shuffling and L2, as in ``speed.py``; all arrays are allocated beforehand.
"""

import time
from itertools import pairwise

import numpy as np
from scipy.linalg.blas import daxpy, saxpy


def products_seconds(n_in, hidden, batch, dtype, steps):
    """Z = A W, dW = A^T dZ, dA = dZ W^T of every layer (the lowest needs no dA), on arrays that are there."""
    rng = np.random.default_rng(0)
    widths = [n_in, *hidden, 1]
    A = [rng.normal(size=(batch, width)).astype(dtype) for width in widths]
    Z, dZ = [a.copy() for a in A], [a.copy() for a in A]
    W = [rng.normal(size=shape).astype(dtype) for shape in pairwise(widths)]
    dW = [w.copy() for w in W]
    start = time.perf_counter()
    for _ in range(steps):
        for at, w in enumerate(W):
            np.dot(A[at], w, out=Z[at + 1])
        for at in reversed(range(len(W))):
            np.dot(A[at].T, dZ[at + 1], out=dW[at])
            if at:
                np.dot(dZ[at + 1], W[at].T, out=A[at])
    return time.perf_counter() - start


def views(vector, shapes):
    """Weights, then biases."""
    sizes = np.cumsum([0, *(n_in * units for n_in, units in shapes), *(units for _, units in shapes)])
    pieces = [vector[begin:end] for begin, end in pairwise(sizes)]
    W = [piece.reshape(shape) for piece, shape in zip(pieces, shapes, strict=False)]
    return W, pieces[len(shapes) :]


def loop_seconds(X, y, hidden, batch, epochs):
    """So many epochs. Rows that do not fill a batch are left out, and their share of the time is added."""
    rng, dtype, last = np.random.RandomState(0), X.dtype, len(hidden)
    widths = [X.shape[1], *hidden, 1]
    shapes = list(pairwise(widths))
    decaying, size = sum(i * o for i, o in shapes), sum(i * o + o for i, o in shapes)
    theta = rng.uniform(-0.1, 0.1, size).astype(dtype)
    gradient, m, v, a = (np.zeros(size, dtype) for _ in range(4))
    (W, b), (dW, db) = views(theta, shapes), views(gradient, shapes)
    A, dA, zeros = ([np.zeros((batch, width), dtype) for width in widths] for _ in range(3))
    mask = [np.empty((batch, width), bool) for width in widths]
    y, target, ones = y.reshape(-1, 1), np.empty((batch, 1), dtype), np.ones(batch, dtype)
    axpy = saxpy if dtype == np.float32 else daxpy
    order, whole, losses = np.arange(len(X)), len(X) // batch * batch, 0.0
    start = time.perf_counter()
    for _ in range(epochs):
        rng.shuffle(order)
        for begin in range(0, whole, batch):
            rows = order[begin : begin + batch]
            X.take(rows, axis=0, out=A[0], mode="clip")
            y.take(rows, axis=0, out=target, mode="clip")
            for at in range(last + 1):
                Z = A[at + 1]
                A[at].dot(W[at], Z)
                np.add(Z, b[at], out=Z)
                if at < last:
                    np.maximum(Z, zeros[at + 1], out=Z)
            dZ = np.subtract(A[-1], target, out=dA[-1])
            losses += 0.5 * float(np.vdot(dZ, dZ))
            dZ *= 1.0 / batch
            for at in range(last, -1, -1):
                dZ = dA[at + 1]
                A[at].T.dot(dZ, dW[at])
                ones.dot(dZ, db[at])
                if at:
                    dZ.dot(W[at].T, dA[at])
                    np.greater(A[at], zeros[at], out=mask[at])
                    np.multiply(dA[at], mask[at], out=dA[at])
            axpy(theta, gradient, decaying, 1e-4 / batch)
            m *= 0.9
            m += gradient
            np.multiply(gradient, gradient, out=a)
            v *= 0.999
            v += a
            np.sqrt(v, out=a)
            a += 1e-8
            np.divide(m, a, out=a)
            axpy(a, theta, size, -1e-3)
    return (time.perf_counter() - start) * len(X) / whole
