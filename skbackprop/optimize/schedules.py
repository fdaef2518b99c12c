"""Schedules, which map a step and the total number of steps to a factor on the learning rate, and their registry.

A schedule is a function of the step alone; rules that react to the loss are in ``progress.py``. ``step`` counts from 0.
``total`` is None if it is unknown, as under ``partial_fit``; a ``total`` given to the schedule itself takes precedence.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar, Protocol

from ..frozen import frozen
from ..ranges import check_integer, check_real

__all__ = ["SCHEDULES", "Constant", "Cosine", "InverseScaling", "OneCycle", "Schedule", "StepDecay", "Warmup"]


class Schedule(Protocol):
    """A frozen dataclass, or any function, that is called with (step, total).

    A schedule with a true attribute ``ends`` is planned up to its last step. Reaching ``max_iter`` then raises no
    convergence warning, a flat training loss does not stop the fit early, and ``average="auto"`` means False.

    Examples
    --------
    >>> def halving(step, total):
    ...     return 0.5 ** (step / 1000)
    >>> [Warmup(1000, halving)(step, None) for step in (499, 999, 2000, 3000)]
    [0.5, 1.0, 0.5, 0.25]
    """

    def __call__(self, step: int, total: int | None) -> float: ...


def known_total(schedule: Any, total: int | None) -> int:
    """The number of steps to plan for: ``schedule.total`` if given, else ``total``; one of them must be known."""
    total = total if schedule.total is None else schedule.total
    if total is None:
        name = type(schedule).__name__
        raise ValueError(
            f"`learning_rate` {name} must be told its `total` number of steps under `partial_fit`, "
            f"as in {name}(total=10000), got total=None"
        )
    return total


def elapsed(schedule: Any, step: int, total: int | None) -> float:
    """The share of the schedule that has passed, at most 1."""
    return min(step / known_total(schedule, total), 1.0)


def check_total(total: int | None) -> None:
    if total is not None:
        check_integer("total", total, 1)


@frozen
class Constant:
    """factor = 1.

    Examples
    --------
    >>> [Constant()(step, None) for step in (0, 1000)]
    [1.0, 1.0]
    """

    ends: ClassVar[bool] = False

    def __call__(self, step: int, total: int | None) -> float:
        return 1.0


@frozen
class InverseScaling:
    """factor = 1 / (step + 1)^power.

    Parameters
    ----------
    power : float >= 0, default=0.5
        With 0 the rate is constant.

    Raises
    ------
    TypeError, ValueError
        If ``power`` is not a finite real number >= 0.

    References
    ----------
    Robbins and Monro (1951), "A stochastic approximation method": converges for powers in (1/2, 1].

    Examples
    --------
    >>> [round(InverseScaling()(step, None), 2) for step in (0, 3, 99)]
    [1.0, 0.5, 0.1]
    """

    power: float = 0.5
    ends: ClassVar[bool] = False

    def __post_init__(self) -> None:
        check_real("power", self.power, 0)

    def __call__(self, step: int, total: int | None) -> float:
        return (step + 1) ** -self.power


@frozen
class Cosine:
    """factor = floor + (1 - floor) (1 + cos(pi step / total)) / 2: from 1 down to ``floor``.

    Parameters
    ----------
    floor : float in [0, 1], default=0.0
        The factor at the end.
    total : int or None, default=None
        Total number of steps (batches). None: ``fit`` supplies it; required under ``partial_fit``.

    Raises
    ------
    TypeError, ValueError
        If ``floor`` is not a real number in [0, 1], or ``total`` is neither None nor an integer >= 1.
    ValueError
        On a call, if neither this ``total`` nor the caller's is known.

    References
    ----------
    Loshchilov and Hutter (2017), "SGDR: stochastic gradient descent with warm restarts", eq. 5 without restarts.

    Examples
    --------
    >>> [round(Cosine()(step, 4), 2) for step in range(5)]
    [1.0, 0.85, 0.5, 0.15, 0.0]
    """

    floor: float = 0.0
    total: int | None = None
    ends: ClassVar[bool] = True

    def __post_init__(self) -> None:
        check_real("floor", self.floor, 0, 1)
        check_total(self.total)

    def __call__(self, step: int, total: int | None) -> float:
        return self.floor + (1 - self.floor) * (1 + math.cos(math.pi * elapsed(self, step, total))) / 2


@frozen
class OneCycle:
    """Up from ``start`` to 1 over the share ``rise`` of the steps, then down to ``end``, both along half a cosine.

    Parameters
    ----------
    rise : float in (0, 1), default=0.3
        The share of the steps in which the factor rises.
    start : float in [0, 1], default=0.04
        The factor at the first step.
    end : float in [0, 1], default=1e-4
        The factor at the end.
    total : int or None, default=None
        Total number of steps (batches). None: ``fit`` supplies it; required under ``partial_fit``.

    Raises
    ------
    TypeError, ValueError
        If ``rise``, ``start`` or ``end`` is not a real number in its range, or ``total`` is neither None nor an
        integer >= 1.
    ValueError
        On a call, if neither this ``total`` nor the caller's is known.

    References
    ----------
    Smith and Topin (2019), "Super-convergence: very fast training of neural networks using large learning rates".

    Examples
    --------
    >>> [round(OneCycle(rise=0.5, start=0.2, end=0.0)(step, 4), 2) for step in range(5)]
    [0.2, 0.6, 1.0, 0.5, 0.0]
    """

    rise: float = 0.3
    start: float = 0.04
    end: float = 1e-4
    total: int | None = None
    ends: ClassVar[bool] = True

    def __post_init__(self) -> None:
        check_real("rise", self.rise, 0, 1, closed="neither")
        check_real("start", self.start, 0, 1)
        check_real("end", self.end, 0, 1)
        check_total(self.total)

    def __call__(self, step: int, total: int | None) -> float:
        t = elapsed(self, step, total)
        rising = t < self.rise
        low = self.start if rising else self.end
        up = t / self.rise if rising else (1 - t) / (1 - self.rise)
        return low + (1 - low) * (1 - math.cos(math.pi * up)) / 2


@frozen
class StepDecay:
    """factor = drop^k, where k grows by one after each of the ``stages`` of equal length.

    Parameters
    ----------
    stages : int >= 1, default=3
        Number of stages into which the steps are divided; the first has the factor 1.
    drop : float in (0, 1], default=0.1
        What the factor is multiplied by from one stage to the next.
    total : int or None, default=None
        Total number of steps (batches). None: ``fit`` supplies it; required under ``partial_fit``.

    Raises
    ------
    TypeError, ValueError
        If ``stages`` is not an integer >= 1, ``total`` is neither None nor an integer >= 1, or ``drop`` is not a real
        number in (0, 1].
    ValueError
        On a call, if neither this ``total`` nor the caller's is known.

    Examples
    --------
    >>> [StepDecay(stages=2)(step, 4) for step in range(4)]
    [1.0, 1.0, 0.1, 0.1]
    """

    stages: int = 3
    drop: float = 0.1
    total: int | None = None
    ends: ClassVar[bool] = True

    def __post_init__(self) -> None:
        check_integer("stages", self.stages, 1)
        check_real("drop", self.drop, 0, 1, closed="right")
        check_total(self.total)

    def __call__(self, step: int, total: int | None) -> float:
        return self.drop ** min(step * self.stages // known_total(self, total), self.stages - 1)


@frozen
class Warmup:
    """factor = (step + 1) / steps in the first ``steps``, then ``then``, which counts from the end of the warm-up.

    Parameters
    ----------
    steps : int >= 1
        Number of steps (batches, not epochs) of the warm-up. A fit with fewer steps ends during it.
    then : Schedule, default=Constant()
        The schedule that follows. Under ``partial_fit`` the ``total`` of a schedule that needs one counts the steps
        after the warm-up.

    Raises
    ------
    TypeError, ValueError
        If ``steps`` is not an integer >= 1; if ``then`` cannot be called, or is a class (TypeError).
    ValueError
        On a call, if ``then`` needs a total and none is known.

    Examples
    --------
    >>> [Warmup(2, Cosine())(step, 6) for step in range(4)]
    [0.5, 1.0, 1.0, 0.8535533905932737]
    """

    steps: int
    then: Schedule = Constant()

    def __post_init__(self) -> None:
        check_integer("steps", self.steps, 1)
        if not callable(self.then) or isinstance(self.then, type):
            raise TypeError(f"`then` must be a schedule, as in Warmup(100, Cosine()), got {self.then!r}")

    @property
    def ends(self) -> bool:
        return getattr(self.then, "ends", False)

    def __call__(self, step: int, total: int | None) -> float:
        # Asked during the warm-up, too: what it lacks, such as a total, is then told at the first step.
        after = self.then(max(step - self.steps, 0), None if total is None else max(total - self.steps, 1))
        return (step + 1) / self.steps if step < self.steps else after


SCHEDULES: dict[str, Schedule] = {
    "constant": Constant(),
    "invscaling": InverseScaling(),
    "cosine": Cosine(),
    "one_cycle": OneCycle(),
    "step": StepDecay(),
}
