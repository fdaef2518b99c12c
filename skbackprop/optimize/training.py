"""The loop: an endless generator of epochs over a state that can be pickled between any two of them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np

from .batches import Batches
from .optimizers import Optimizer
from .schedules import Schedule

__all__ = ["Epoch", "TrainingState", "train"]

Array = np.ndarray


class Differentiable(Protocol):
    """What the loop needs of an objective: ((loss, penalty), gradient) over some rows."""

    def value_and_gradient(self, theta: Array, rows: Any) -> tuple[tuple[float, float], Array]: ...


class Epoch(NamedTuple):
    """What one pass over the rows was like.

    ``loss`` and ``penalty`` are running means over the batches, ``rate`` is the last learning rate,
    ``gradient_norm`` the mean length of the gradient before clipping.
    """

    number: int
    loss: float
    penalty: float
    rate: float
    gradient_norm: float


@dataclass
class TrainingState:
    """All that changes from step to step. Pickling it is pausing; a resumed run is bit-equal to an uninterrupted one.

    Attributes
    ----------
    theta : ndarray
        The parameters.
    moments : dict
        What the optimiser keeps.
    rng, noise : generators
        For the order of rows, and for the layers that draw.
    steps, epochs, rows : int
        Counted since the start.
    rate_factor : float
        What progress has made of the learning rate.
    order : ndarray of int or None
        The order of rows in the last epoch, which the next one permutes; None before the first, and without shuffling.
    """

    theta: Array
    moments: dict[str, Any]
    rng: np.random.RandomState
    noise: np.random.Generator | None = None
    steps: int = 0
    epochs: int = 0
    rows: int = 0
    rate_factor: float = 1.0
    order: Array | None = None


def train(
    objective: Differentiable,
    state: TrainingState,
    batches: Batches,
    optimizer: Optimizer,
    schedule: Schedule,
    rate: float,
    *,
    total: int | None = None,
    clip: float = math.inf,
) -> Iterator[Epoch]:
    """Step through the batches and yield an `Epoch` after each pass, for as long as the caller asks for the next.

    The rate of a step is ``rate * schedule(steps, total) * state.rate_factor``; a gradient longer than ``clip`` is
    shortened to it (Pascanu, Mikolov and Bengio 2013, "On the difficulty of training recurrent neural networks",
    Algorithm 1).
    """
    theta = state.theta
    batches.resume(state.order)
    while True:
        losses = penalties = norms = 0.0
        for rows in batches.epoch():
            (loss, penalty), gradient = objective.value_and_gradient(theta, rows)
            norm = math.sqrt(gradient.dot(gradient))
            if norm > clip:
                gradient *= clip / norm
            step_rate = rate * schedule(state.steps, total) * state.rate_factor
            optimizer.step(theta, gradient, step_rate, state.moments)
            state.steps += 1
            n = rows.stop - rows.start if isinstance(rows, slice) else len(rows)
            losses += n * loss
            penalties += n * penalty
            norms += norm
        state.epochs += 1
        state.rows += batches.n
        state.order = batches.order
        yield Epoch(state.epochs, losses / batches.n, penalties / batches.n, step_rate, norms / len(batches))
