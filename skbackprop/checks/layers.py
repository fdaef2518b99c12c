"""The numbered contract of a layer, as a series of small checks."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from ..network.contract import Run, Shape, Tape
from ..network.parameters import Parameters
from .derivatives import check_gradient
from .objects import require, require_object

Array = np.ndarray
ROWS = 7


def check_layer(layer: Any, shape: Shape) -> None:
    """Assert that a layer keeps the contract of ``Layer`` on rows of a given shape.

    It must have all methods and be hashable and picklable; ``backward`` must be the derivative of ``forward`` by the
    slots and by X, assign to ``g``, and leave slots with ``train=False`` alone; X and the parameters must not be
    written to; a pass without a tape must agree with a noise-free pass that has one; a batch must give what its rows
    give one at a time, also after a longer batch, and a sequence what its steps give one by one; and float32 must stay
    float32. Layers that take tokens, such as ``Embedding``, cannot be checked.

    Parameters
    ----------
    layer : Layer
    shape : tuple of int
        The shape of one row of X, without the batch axis.

    Raises
    ------
    AssertionError
        One sentence on the first fault found.

    Examples
    --------
    >>> from skbackprop import Dense, Tanh, check_layer
    >>> check_layer(Dense(3, Tanh()), (4,))
    """
    require_object(layer, ("slots", "output_shape", "forward", "backward"))
    case = Case(layer, tuple(shape))
    forward_gives_the_shape_it_says(case)
    neither_rows_nor_parameters_are_written(case)
    passes_without_a_tape_agree(case)
    gradients_are_assigned(case)
    derivatives_are_right(case)
    batches_equal_their_rows(case)
    buffers_fit_a_short_batch(case)
    steps_make_the_sequence(case)
    float32_stays_float32(case)


class Case:
    """A layer with parameters moved away from their initial values, a batch of rows, and dY."""

    def __init__(self, layer: Any, shape: Shape):
        self.layer, self.rng = layer, np.random.default_rng(0)
        self.parameters = Parameters([layer.slots(shape)])
        self.theta = self.parameters.initial(np.random.RandomState(0), np.float64)
        self.theta += 0.1 * self.rng.standard_normal(self.theta.size)
        self.X = self.rng.standard_normal((ROWS, *shape))
        self.dY = self.rng.standard_normal((ROWS, *layer.output_shape(shape)))

    def forward(self, X: Array, run: Run, theta: Array | None = None) -> Array:
        (p,) = self.parameters.views(self.theta if theta is None else theta)
        return self.layer.forward(p, X, run)

    def passed(self, rows: slice = slice(None), run: Run | None = None) -> SimpleNamespace:
        return run_layer(self.layer, self.parameters, self.theta, self.X[rows], self.dY[rows], run)

    def require(self, condition: Any, sentence: str) -> None:
        require(condition, f"{self.layer!r}: {sentence}")


def run_layer(
    layer: Any, parameters: Parameters, theta: Array, X: Array, dY: Array, run: Run | None = None, before: float = 0.0
) -> SimpleNamespace:
    """Run a forward and a backward pass; return Y, dX and the gradient by theta, which was filled with ``before``."""
    run = noisy_run() if run is None else run
    gradient = np.full_like(theta, before)
    (p,), (g,) = parameters.views(theta), parameters.views(gradient)
    Y = layer.forward(p, X, run).copy()
    try:
        dX = layer.backward(p, g, dY.astype(theta.dtype), run)
    except Exception as error:
        raise AssertionError(f"{layer!r}: backward must take dY of shape {dY.shape}, but raised {error!r}") from error
    require(isinstance(dX, Array), f"{layer!r}: backward must return the derivative by X, got {type(dX).__name__}")
    return SimpleNamespace(Y=Y, dX=dX.copy(), gradient=gradient)


def noisy_run(tape: Tape | None = None, seed: int = 0) -> Run:
    """A training pass whose noise is the same at every call."""
    return Run(tape=Tape() if tape is None else tape, rng=np.random.default_rng(seed))


def trainable(parameters: Parameters) -> Array:
    """A vector like theta: 1 for the entries that train, 0 for the others."""
    free = np.zeros(parameters.size)
    for slots, views in zip(parameters.slots, parameters.views(free), strict=True):
        for name, slot in slots.items():
            getattr(views, name)[...] = slot.train
    return free


def forward_gives_the_shape_it_says(case: Case) -> None:
    try:
        shape = case.forward(case.X, Run()).shape
    except Exception as error:
        raise AssertionError(
            f"{case.layer!r}: forward must take X of real numbers, of shape {case.X.shape}, but raised {error!r}"
        ) from error
    case.require(
        shape == case.dY.shape, f"forward must give the shape {case.dY.shape} that output_shape says, got {shape}"
    )
    shape = case.passed().dX.shape
    case.require(
        shape == case.X.shape, f"backward must return the derivative by X, of shape {case.X.shape}, got {shape}"
    )


def neither_rows_nor_parameters_are_written(case: Case) -> None:
    X, theta = case.X.copy(), case.theta.copy()
    case.forward(case.X, Run())
    case.passed()
    case.require(np.array_equal(case.X, X), "X is read-only, but it was written to")
    case.require(np.array_equal(case.theta, theta), "the parameters are read-only, but they were written to")


def passes_without_a_tape_agree(case: Case) -> None:
    case.require(
        np.allclose(case.forward(case.X, Run()), case.forward(case.X, Run(tape=Tape())), rtol=1e-12),
        "without a tape forward must give what it gives with a tape and without noise",
    )


def gradients_are_assigned(case: Case) -> None:
    free, plain = trainable(case.parameters), case.passed().gradient
    case.require(not plain[free == 0].any(), "the gradient of slots with train=False must be left at zero")
    filled = run_layer(case.layer, case.parameters, case.theta, case.X, case.dY, before=7.0).gradient
    case.require(np.array_equal(filled[free == 1], plain[free == 1]), "backward must assign to `g`, not add to it")
    if not np.any(free):
        return
    (p,), (g,) = case.parameters.views(case.theta), case.parameters.views(gradient := np.zeros_like(case.theta))
    run = noisy_run()
    case.layer.forward(p, case.X, run)
    case.layer.backward(p, g, case.dY.copy(), run, need_dX=False)
    case.require(np.array_equal(gradient, plain), "with need_dX=False the gradient by the slots must stay the same")


def derivatives_are_right(case: Case) -> None:
    passed, free = case.passed(), trainable(case.parameters)

    def value(theta: Array, X: Array) -> float:
        return float(np.vdot(case.forward(X, noisy_run(), theta), case.dY))

    name = f"{case.layer!r}: what backward returns"
    check_gradient(lambda X: value(case.theta, X), case.X, passed.dX, case.rng, name=name)
    if free.any():
        name = f"{case.layer!r}: what backward assigns to `g`"
        check_gradient(lambda theta: value(theta, case.X), case.theta, passed.gradient, case.rng, free=free, name=name)


def batches_equal_their_rows(case: Case) -> None:
    rows = [case.forward(case.X[i : i + 1], Run()).copy() for i in range(ROWS)]
    case.require(
        np.allclose(case.forward(case.X, Run()), np.concatenate(rows), rtol=1e-10, atol=1e-12),
        "the output for a batch must be that for its rows one at a time",
    )


def buffers_fit_a_short_batch(case: Case) -> None:
    tape, short = Tape(), slice(2, 5)  # neither the first nor the last rows of the longer batch
    case.passed(run=noisy_run(tape))
    after, fresh = case.passed(short, noisy_run(tape)), case.passed(short)
    case.require(
        all(np.array_equal(getattr(after, name), getattr(fresh, name)) for name in ("Y", "dX", "gradient")),
        "a short batch after a longer one must give what a new tape gives: ask the tape for arrays by shape",
    )


def steps_make_the_sequence(case: Case) -> None:
    """The output for a sequence, or at its end, must be what `Network.step` gives step by step."""
    if case.X.ndim != 3 or getattr(case.layer, "whole_sequence", False):
        return
    (p,), state, step = case.parameters.views(case.theta), None, getattr(case.layer, "step", None)
    Y = case.forward(case.X, Run())
    for t in range(case.X.shape[1]):
        x = case.X[:, t]
        y, state = (case.forward(x, Run()), None) if step is None else step(p, x, state)
        at_t = Y[:, t] if Y.ndim == 3 else y if t + 1 < case.X.shape[1] else Y
        case.require(
            np.shape(y) == at_t.shape and np.allclose(y, at_t, rtol=1e-10, atol=1e-12),
            f"step {t} of a sequence by itself must give what it gives within: the layer must have `step`, or say "
            "`whole_sequence = True`",
        )


def float32_stays_float32(case: Case) -> None:
    theta, X = case.theta.astype(np.float32), case.X.astype(np.float32)
    passed = run_layer(case.layer, case.parameters, theta, X, case.dY)
    for name, dtype in {"Y": passed.Y.dtype, "dX": passed.dX.dtype}.items():
        case.require(dtype == np.float32, f"{name} must be float32 where X and the parameters are, got {dtype}")
