"""The training loop: an endless generator of epochs over a state that can be pickled between any two of them.

It takes several steps per call of a `Stepper` that can do so, otherwise one.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Protocol

import numpy as np

from .. import kernels
from ..ranges import check_real
from .batches import Batches, Rows
from .optimizers import Optimizer
from .schedules import Schedule

__all__ = ["Epoch", "SingleStepper", "Stepper", "TrainingState", "train"]

Array = np.ndarray


class Differentiable(Protocol):
    """What the loop needs of an objective: ((loss, penalty), gradient) over some rows."""

    def value_and_gradient(self, theta: Array, rows: Any) -> tuple[tuple[float, float], Array]: ...


class Epoch(NamedTuple):
    """The record of one pass over the rows.

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
    """Everything that changes from step to step. A run resumed from its pickle equals an uninterrupted one bit for bit.

    Attributes
    ----------
    theta : ndarray
        The parameters.
    moments : dict
        The optimiser's state.
    rng, noise : generators
        For the order of rows, and for layers that draw random numbers.
    steps, epochs, rows : int
        Counted since the start.
    rate_factor : float
        The factor that a rule such as `Plateau` applies to the learning rate.
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

    def over(self, theta: Array) -> TrainingState:
        """A copy of this state that continues from here on ``theta``; both draw from the same generators."""
        return replace(self, theta=theta, moments=copy.deepcopy(self.moments))

    def apart(self) -> TrainingState:
        """The same state with generators of its own."""
        return replace(self, rng=copy.deepcopy(self.rng), noise=copy.deepcopy(self.noise))

    def mark(self) -> tuple[Any, Any]:
        """The states of the generators, for `rewind`; this takes a fifth of the time of copying the generators."""
        return self.rng.get_state(legacy=False), None if self.noise is None else self.noise.bit_generator.state

    def rewind(self, mark: tuple[Any, Any]) -> None:
        """Reset the generators to ``mark``, so that they draw the same numbers again."""
        of_rng, of_noise = mark
        self.rng.set_state(of_rng)
        if self.noise is not None:
            self.noise.bit_generator.state = of_noise


class Stepper(Protocol):
    """A callable that takes a step for each of ``rates``, one per batch of ``rows``, up to ``batches_at_once`` a call.

    It returns the sums of rows * loss, rows * penalty and the lengths of the gradients. It changes ``state.theta`` and
    ``state.moments`` and leaves the rest of the state alone, except that layers may draw from ``state.noise``.
    """

    batches_at_once: int

    def __call__(self, state: TrainingState, rows: Rows, rates: list[float]) -> tuple[float, float, float]: ...


class SingleStepper:
    """One step per call, for any objective and optimiser.

    A gradient longer than ``clip`` is shortened to it (Pascanu, Mikolov and Bengio 2013, "On the difficulty of training
    recurrent neural networks", Algorithm 1).
    """

    batches_at_once = 1

    def __init__(self, objective: Differentiable, optimizer: Optimizer, clip: float = math.inf):
        self.objective, self.optimizer, self.clip = objective, optimizer, clip

    def __call__(self, state: TrainingState, rows: Rows, rates: list[float]) -> tuple[float, float, float]:
        (loss, penalty), gradient = self.objective.value_and_gradient(state.theta, rows)
        norm = kernels.norm(gradient)
        if norm > self.clip:
            gradient *= self.clip / norm
        self.optimizer.step(state.theta, gradient, rates[0], state.moments)
        n = count(rows)
        return n * loss, n * penalty, norm


def factor_at(schedule: Schedule, step: int, total: int | None) -> float:
    """The factor of a schedule, which may be the user's own, at a step.

    Raises
    ------
    TypeError, ValueError
        If the factor is not a finite real number >= 0.
    """
    factor = schedule(step, total)
    if type(factor) is float and 0.0 <= factor < math.inf:
        return factor
    return check_real("learning_rate(step, total)", np.asarray(factor)[()], 0)


def count(rows: Rows) -> int:
    return rows.stop - rows.start if isinstance(rows, slice) else len(rows)


def train(
    stepper: Stepper,
    state: TrainingState,
    batches: Batches,
    schedule: Schedule,
    rate: float,
    *,
    total: int | None = None,
) -> Iterator[Epoch]:
    """Step through the batches and yield an `Epoch` after each pass, for as long as the caller asks for the next.

    The rate of a step is ``rate * schedule(step, total) * state.rate_factor``.
    """
    batches.resume(state.order)
    while True:
        losses = penalties = norms = 0.0
        for rows in batches.epoch(stepper.batches_at_once):
            ahead = range(state.steps, state.steps + math.ceil(count(rows) / batches.size))
            rates = [rate * factor_at(schedule, step, total) * state.rate_factor for step in ahead]
            loss, penalty, norm = stepper(state, rows, rates)
            state.steps = ahead.stop
            losses += loss
            penalties += penalty
            norms += norm
        state.epochs += 1
        state.rows += batches.n
        state.order = batches.order
        yield Epoch(state.epochs, losses / batches.n, penalties / batches.n, rates[-1], norms / len(batches))
