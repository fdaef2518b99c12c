"""Many training steps in one call: batches forward and backward through dense layers, and the optimiser's step.

No Python runs between two products, where it would take most of the time of a small network. The activation, the loss
and the optimiser are passed as addresses of compiled functions with one signature each, so the loop itself is compiled
only once per dtype, whichever they are.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numba import from_dtype, types

from ..training import Plan
from .compiler import compiled, inlined, part
from .pointers import Pointers, arrays, functions_at, pointers
from .products import product, product_of_transposed, product_with_transposed

Array = np.ndarray
PIECE = 4096


@inlined
def matrix(vector: Array, start: int, rows: int, columns: int) -> Array:
    """A view of the entries of a vector from ``start`` on as a matrix."""
    return vector[start : start + rows * columns].reshape(rows, columns)


@part
def forward(X: Array, theta: Array, plan: Plan, Z: Array, A: Array, call: Pointers) -> None:
    """A_l = f(Z_l), Z_l = A_(l-1) W_l + b_l, stored one after the other in A and Z; the last layer has no f."""
    n, start, below = X.shape[0], 0, X
    for at in range(len(plan.layers)):
        n_in, units, W, b = plan.layers[at]
        hidden, Y, bias = at < len(plan.layers) - 1, matrix(A, start, n, units), theta[b : b + units]
        raw = matrix(Z, start, n, units) if hidden else Y
        product(below, matrix(theta, W, n_in, units), raw, call)
        if hidden:
            call.dense(raw, bias, Y, plan.f_constants)
        else:
            for i in range(n):
                for j in range(units):
                    Y[i, j] += bias[j]
        below, start = Y, start + n * units


@part
def backward(
    X: Array, theta: Array, gradient: Array, plan: Plan, Z: Array, A: Array, dA: Array, call: Pointers
) -> None:
    """dZ_l = dA_l * f'(Z_l), dW_l = A_(l-1)^T dZ_l, db_l = the column sums of dZ_l, dA_(l-1) = dZ_l W_l^T."""
    n, start = X.shape[0], A.size
    for at in range(len(plan.layers) - 1, -1, -1):
        n_in, units, W, b = plan.layers[at]
        start -= n * units
        dZ, db = matrix(dA, start, n, units), gradient[b : b + units]
        if at < len(plan.layers) - 1:
            call.dense_backward(dZ, matrix(Z, start, n, units), matrix(A, start, n, units), db, plan.f_constants)
        else:
            for j in range(units):
                db[j] = 0.0
                for i in range(n):
                    db[j] += dZ[i, j]
        before = start - n * n_in
        below = X if at == 0 else matrix(A, before, n, n_in)
        product_of_transposed(below, dZ, matrix(gradient, W, n_in, units), call)
        if at > 0:
            product_with_transposed(dZ, matrix(theta, W, n_in, units), matrix(dA, before, n, n_in), call)


@part
def decay_piece(W: Array, dW: Array, c: float) -> tuple[float, float]:
    """dW += c W; returns |W|^2 and |dW|^2."""
    W_squares = dW_squares = W.dtype.type(0.0)
    for i in range(W.size):
        g = dW[i] + c * W[i]
        dW[i] = g
        W_squares += W[i] * W[i]
        dW_squares += g * g
    return W_squares, dW_squares


@part
def norm(gradient: Array) -> float:
    """|g| of a gradient whose squares overflow its dtype."""
    largest = squares = 0.0
    for g in gradient:
        largest = max(largest, abs(float(g)))
    for g in gradient:
        squares += (g / largest) ** 2
    return largest * math.sqrt(squares)


@part
def penalise(theta: Array, gradient: Array, decaying: int, factor: float) -> tuple[float, float]:
    """g += factor W for the entries that decay; returns |W|^2 and |g|, accumulated in float64 piece by piece."""
    real = theta.dtype.type
    theta_squares = gradient_squares = 0.0
    for start in range(0, decaying, PIECE):
        piece = slice(start, min(start + PIECE, decaying))
        W_squares, dW_squares = decay_piece(theta[piece], gradient[piece], real(factor))
        theta_squares += W_squares
        gradient_squares += dW_squares
    for start in range(decaying, theta.size, PIECE):
        piece = slice(start, start + PIECE)
        gradient_squares += decay_piece(theta[piece], gradient[piece], real(0.0))[1]
    return theta_squares, math.sqrt(gradient_squares) if gradient_squares < math.inf else norm(gradient)


@compiled
def steps(
    X: Array,
    y: Array,
    weight: Array,
    rates: Array,
    t: int,
    theta: Array,
    gradient: Array,
    first: Array,
    second: Array,
    buffers: Array,
    plan: Plan,
    addresses: tuple[int, ...],
) -> tuple[float, float, float]:
    """Take a step for every rate; return the sums of rows * loss, rows * penalty and |gradient|.

    ``buffers`` has a row for A, one for dA, and a third for Z if the derivative of f reads the input of f.
    """
    call: Pointers = functions_at(addresses, theta)  # type: ignore[call-arg]
    losses = penalties = norms = 0.0
    units, k = buffers.shape[1] // plan.size, plan.layers[-1, 1]
    for at in range(len(rates)):
        begin, end = at * plan.size, min((at + 1) * plan.size, len(X))
        n = end - begin
        rows, A, dA = X[begin:end], buffers[0, : n * units], buffers[1, : n * units]
        Z = buffers[2, : n * units] if len(buffers) > 2 else A
        forward(rows, theta, plan, Z, A, call)
        raw, dY = matrix(A, A.size - n * k, n, k), matrix(dA, dA.size - n * k, n, k)
        value = call.loss(y[begin:end], raw, weight[begin:end], dY, plan.loss_constants)
        share = theta.dtype.type(1.0 / n)
        for i in range(n):
            for j in range(k):
                dY[i, j] *= share
        backward(rows, theta, gradient, plan, Z, A, dA, call)
        factor = plan.alpha / (n * plan.mean_weight)
        theta_squares, length = penalise(theta, gradient, plan.decaying, factor)
        if length > plan.clip:
            gradient *= theta.dtype.type(plan.clip / length)
        call.optimizer(theta, gradient, first, second, t + at + 1, rates[at], plan.decaying, plan.optimizer_constants)
        losses += value
        penalties += n * 0.5 * factor * theta_squares
        norms += length
    return losses, penalties, norms


def fused_steps(
    f: str, loss: str, optimizer: str, dtype: np.dtype, plan: Plan
) -> Callable[..., tuple[float, float, float]] | None:
    """`steps` bound to the activation, the loss and the optimiser of these names, and to this `Plan`.

    None if one of the three has no twin.
    """
    call = pointers(f, loss, optimizer, dtype)
    if call is None:
        return None
    addresses = tuple(function.address for function in call)
    units = plan.layers[:, 1].sum()
    buffers = np.empty((3 if plan.keeps_input else 2, plan.size * units), dtype)
    plan = plan._replace(
        f_constants=floats(plan.f_constants),
        loss_constants=floats(plan.loss_constants),
        optimizer_constants=floats(plan.optimizer_constants),
    )
    take_steps = steps_for(dtype)

    def run(
        X: Array,
        y: Array,
        weight: Array | None,
        rates: list[float],
        t: int,
        theta: Array,
        gradient: Array,
        *memory: Array,
    ) -> tuple[float, float, float]:
        weight = np.ones(len(X), dtype) if weight is None else weight
        moments = memory[0], memory[-1]
        return take_steps(X, y, weight, np.array(rates), t, theta, gradient, *moments, buffers, plan, addresses)

    return run


@cache
def steps_for(dtype: np.dtype) -> Callable[..., tuple[float, float, float]]:
    """`steps` compiled for one dtype: checking the types of arguments at every call takes longer than a small step."""
    numbers, vector, matrix = arrays(from_dtype(dtype))
    count, real = types.int64, types.float64
    constants = (numbers,) * 3
    plan = types.NamedTuple((types.Array(count, 2, "C"), *(count,) * 2, *(real,) * 3, types.boolean, *constants), Plan)
    addresses = types.UniTuple(count, len(Pointers._fields))
    return steps.compile((matrix, matrix, vector, numbers, count, *(vector,) * 4, matrix, plan, addresses))


def floats(constants: tuple[Any, ...]) -> Array:
    return np.hstack([*constants, []]).astype(np.float64)


KERNELS = (fused_steps,)
