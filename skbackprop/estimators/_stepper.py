"""Many steps of training in one call, where the current kernels can do it: here network and optimiser meet.

One call trains as many batches as fit a buffer and take about a tenth of a second, because Ctrl-C is noticed only
between two calls.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import kernels
from ..kernels.training import Plan
from ..network.activations import Identity
from ..network.layers import BiasedActivation, Dense, Standardize
from ..network.losses import KernelLoss
from ..network.network import Network
from ..network.objective import Objective
from ..network.penalties import L2
from ..optimize.batches import Batches, Rows
from ..optimize.optimizers import KernelOptimizer
from ..optimize.training import SingleStepper, Stepper, TrainingState, count

Array = np.ndarray
BUFFER = 1 << 20  # bytes of X
WORK = 1 << 29  # rows times parameters, about a tenth of a second


class FusedStepper:
    """Takes many steps in one call, with the results of `SingleStepper` up to rounding.

    Parameters
    ----------
    run : callable
        Returned by the kernel ``fused_steps``.
    objective : Objective
    state : TrainingState
    vectors : list of str
        The names of the one or two vectors that the optimiser keeps in the moments of ``state``.
    size : int
        Rows per batch.
    """

    def __init__(
        self, run: Callable[..., Any], objective: Objective, state: TrainingState, vectors: list[str], size: int
    ):
        self.run, self.objective, self.vectors = run, objective, vectors
        (n, n_in), dtype = objective.X.shape, state.theta.dtype
        self.batches_at_once = max(1, min(BUFFER // (n_in * dtype.itemsize), WORK // state.theta.size) // size)
        rows = min(n, self.batches_at_once * size)
        self.X, self.y = np.empty((rows, n_in), dtype), np.empty((rows, objective.y.shape[1]), dtype)
        self.weight = None if objective.weight is None else np.empty(rows, dtype)
        self.gradient = np.zeros_like(state.theta)
        places = objective.network.parameters.places[0]
        self.units = [places[name] for name in ("shift", "inverse_scale") if name in places]

    def __call__(self, state: TrainingState, rows: Rows, rates: list[float]) -> tuple[float, float, float]:
        X, y, weight = self.gathered(rows, state.theta)
        moments, vectors = state.moments, [state.moments[name] for name in self.vectors]
        sums = self.run(X, y, weight, rates, moments["steps"], state.theta, self.gradient, *vectors)
        moments["steps"] += len(rates)
        return sums

    def gathered(self, rows: Rows, theta: Array) -> tuple[Array, Array, Array | None]:
        """The rows of X, in the units of the first dense layer, of y and of the weights, if any."""
        n, o = count(rows), self.objective
        X, y = self.X[:n], self.y[:n]
        if self.units:
            shift, inverse_scale = (theta[place] for place in self.units)
            kernels.gather_standardized(o.X, rows, shift, inverse_scale, X)
        else:
            kernels.gather(o.X, rows, X)
        kernels.gather(o.y, rows, y)
        if o.weight is None or self.weight is None:
            return X, y, None
        weight = self.weight[:n]
        kernels.gather(o.weight, rows, weight)
        return X, y, weight


def make_stepper(objective: Any, optimizer: Any, clip: float, batches: Batches, state: TrainingState) -> Stepper:
    """`FusedStepper` if they can do all that is asked for, else `SingleStepper`."""
    f = hidden_activation(objective.network)
    if f is not None and f.kernel is not None and len(batches) > 1 and can_be_fused(objective, optimizer):
        run = fused_run(f, objective, optimizer, clip, batches, state)
        if run is not None:
            return FusedStepper(run, objective, state, [*optimizer.vectors], batches.size)
    return SingleStepper(objective, optimizer, clip)


def can_be_fused(objective: Any, optimizer: Any) -> bool:
    """Whether objective, loss, penalty and optimiser compute as this package's own do, and X is a dense matrix."""
    return (
        type(objective) is Objective
        and isinstance(objective.X, Array)
        and objective.X.ndim == 2
        and type(objective.loss).value_and_gradient is KernelLoss.value_and_gradient
        and type(objective.penalty) in (L2, type(None))
        and type(optimizer).step is KernelOptimizer.step
    )


def hidden_activation(network: Network) -> BiasedActivation | None:
    """The activation, with bias, that all hidden layers share if the network is dense and its last layer has none.

    None for other networks. A `Standardize` may come first.
    """
    first = 1 if isinstance(network.layers[0], Standardize) else 0
    layers = network.layers[first:]
    if not layers or not all(type(layer) is Dense for layer in layers):
        return None
    *hidden, last = (layer.activation for layer in layers)  # type: ignore[attr-defined]
    f = hidden[0] if hidden else Identity()
    return BiasedActivation(f) if last == Identity() and all(other == f for other in hidden) else None


def fused_run(
    f: Any, objective: Any, optimizer: Any, clip: float, batches: Batches, state: TrainingState
) -> Callable[..., Any] | None:
    """What the kernel ``fused_steps`` returns for this training: the call that runs it, or None."""
    network = objective.network
    loss, loss_constants = objective.loss.kernel_in(state.theta.dtype)
    shapes, starts = network.shapes, [{slot: at.start for slot, at in own.items()} for own in network.parameters.places]
    plan = Plan(
        layers=np.array([(*shapes[at], *shapes[at + 1], s["W"], s["b"]) for at, s in enumerate(starts) if "W" in s]),
        decaying=network.parameters.decaying.stop,
        size=batches.size,
        alpha=float(objective.penalty.alpha) if objective.penalty else 0.0,
        mean_weight=float(objective.mean_weight),
        clip=float(clip),
        keeps_input=f.keeps_input,
        f_constants=f.constants,
        loss_constants=loss_constants,
        optimizer_constants=optimizer.constants,
    )
    return kernels.fused_steps(f.kernel, loss, optimizer.kernel, state.theta.dtype, plan)
