"""Many training steps in one call: batches forward and backward through dense layers, and the optimiser's step.

The arithmetic is that of general step-by-step training. Here it is written out for dense layers only, with
buffers made once and views made once per call, so that a small batch spends its time in products and kernels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from .backend import current_kernels
from .optimizers import norm
from .products import product

__all__ = ["fused_steps"]

Array = np.ndarray
CACHED = 1 << 21  # bytes of the widest layer, beyond which a batch is better processed in parts


class Plan(NamedTuple):
    """What stays the same from call to call.

    Parameters
    ----------
    layers : ndarray of int of shape (layers, 4)
        For each layer, the number of inputs, the number of units, and where W and b begin in theta.
    decaying : int
        How many entries of theta, from the first on, decay and are penalised.
    size : int
        Rows per batch.
    alpha : float
        The penalty is alpha / 2 |W|^2 / (rows * mean_weight).
    mean_weight : float
        The mean of the row weights before they were divided by it.
    clip : float
        A longer gradient is shortened to this length.
    keeps_input : bool
        Whether the derivative of f reads the input of f.
    f_constants, loss_constants, optimizer_constants : tuple
        The hyper-parameters of the activation, the loss and the optimiser.
    """

    layers: Array
    decaying: int
    size: int
    alpha: float
    mean_weight: float
    clip: float
    keeps_input: bool
    f_constants: Any
    loss_constants: Any
    optimizer_constants: Any


class Bound(NamedTuple):
    """A dense layer: the views of theta and of the gradient, the buffers, and the kernels with their constants."""

    W: Array
    b: Array
    dW: Array
    db: Array
    Z: Array
    A: Array
    dA: Array
    dense: Callable[..., None]
    dense_backward: Callable[..., None]
    constants: tuple[Any, ...]


def forward(X: Array, layers: Sequence[Bound]) -> Array:
    """A = f(Z), Z = X W + b in every layer, whose A is the X of the next one; return the last A."""
    for layer in layers:
        product(X, layer.W, layer.Z)
        layer.dense(layer.Z, layer.b, layer.A, layer.constants)
        X = layer.A
    return X


def backward(X: Array, layers: Sequence[Bound]) -> None:
    """dZ = dA * f'(Z), written over dA, db = its column sums, dW = X^T dZ, dX = dZ W^T, which is the dA below."""
    for at in range(len(layers) - 1, -1, -1):
        layer = layers[at]
        dZ = layer.dA
        layer.dense_backward(dZ, layer.Z, layer.A, layer.db, layer.constants)
        product((layers[at - 1].A if at else X).T, dZ, layer.dW)
        if at:
            product(dZ, layer.W.T, layers[at - 1].dA)


class FusedSteps:
    """Buffers for a batch and kernels with their constants; a call takes a step for each of ``rates``.

    Only the last batch of a call may be shorter. ``t`` counts the steps before, and ``vectors`` holds the optimiser's
    vectors. A call returns the sums of rows * loss, rows * penalty and |gradient|.
    """

    def __init__(self, f: str, loss: str, optimizer: str, dtype: np.dtype, plan: Plan):
        self.plan, kernels = plan, current_kernels()
        self.l2, self.loss, self.step = kernels["l2"], kernels[loss], kernels[optimizer]
        kinds = [(f, plan.f_constants)] * (len(plan.layers) - 1) + [("identity", ())]
        self.functions: list[tuple[Any, Any, Any]] = [
            (kernels[f"{name}_dense"], kernels[f"{name}_dense_backward"], c) for name, c in kinds
        ]
        self.buffers = [np.empty((3, plan.size, units), dtype) for units in plan.layers[:, 1]]

    def layers(self, theta: Array, gradient: Array, n: int) -> list[Bound]:
        """The layers as views into ``theta`` and ``gradient``, with buffers for n rows."""

        def of(vector: Array, n_in: int, units: int, W: int, b: int) -> tuple[Array, Array]:
            return vector[W : W + n_in * units].reshape(n_in, units), vector[b : b + units]

        layers = []
        for place, buffers, functions in zip(self.plan.layers, self.buffers, self.functions, strict=True):
            Z, A, dA = buffers[:, :n]
            Z = Z if self.plan.keeps_input else A
            layers.append(Bound(*of(theta, *place), *of(gradient, *place), Z, A, dA, *functions))
        return layers

    def __call__(
        self,
        X: Array,
        y: Array,
        weight: Array | None,
        rates: Sequence[float],
        t: int,
        theta: Array,
        gradient: Array,
        *vectors: Array,
    ) -> tuple[float, float, float]:
        plan, losses, penalties, norms = self.plan, 0.0, 0.0, 0.0
        W, dW, layers = theta[: plan.decaying], gradient[: plan.decaying], self.layers(theta, gradient, plan.size)
        for at, rate in enumerate(rates):
            rows = slice(at * plan.size, min((at + 1) * plan.size, len(X)))
            A, n = X[rows], rows.stop - rows.start
            if n < plan.size:
                layers = self.layers(theta, gradient, n)
            raw, dY = forward(A, layers), layers[-1].dA
            losses += self.loss(y[rows], raw, None if weight is None else weight[rows], dY, *plan.loss_constants)
            dY *= 1.0 / n
            backward(A, layers)
            if plan.alpha:
                penalties += n * self.l2(W, dW, plan.alpha / (n * plan.mean_weight))
            length = norm(gradient)
            if length > plan.clip:
                gradient *= plan.clip / length
            self.step(theta, gradient, *vectors, t + at + 1, rate, plan.decaying, *plan.optimizer_constants)
            norms += length
        return losses, penalties, norms


def fused_steps(
    f: str, loss: str, optimizer: str, dtype: np.dtype, plan: Plan
) -> Callable[..., tuple[float, float, float]] | None:
    """A `FusedSteps` of these kernels, or None if a batch is so large that it is better processed in parts."""
    large = plan.size * plan.layers[:, :2].max() * dtype.itemsize > CACHED
    return None if large else FusedSteps(f, loss, optimizer, dtype, plan)
