"""`check_layer` passes what is right, and tells each deliberate fault in a sentence about that fault."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from skbackprop import Dense, Dropout, Embedding, Network, Standardize, Tanh, check_gradient, check_layer
from skbackprop.network.parameters import Slot


def start(rng, shape):
    return rng.uniform(0.5, 1.5, shape)


@dataclass(frozen=True)
class Right:
    """Y = X * c, with one factor per column: dc = column sums of X * dY, dX = dY * c."""

    def slots(self, shape):
        return {"c": Slot(shape, start)}

    def output_shape(self, shape):
        return shape

    def forward(self, p, X, run):
        if run.tape is not None:
            run.tape.X = X
        return np.multiply(X, p.c, out=run.array("Y", X.shape, X.dtype))

    def backward(self, p, g, dY, run, *, need_dX=True):
        g.c[...] = (run.tape.X * dY).sum(axis=0)
        dY *= p.c
        return dY


@dataclass(frozen=True)
class NoBackward:
    slots, output_shape, forward = Right.slots, Right.output_shape, Right.forward


@dataclass(frozen=True)
class SaysAnotherShape(Right):
    def output_shape(self, shape):
        return (shape[0] + 1,)


@dataclass(frozen=True)
class WritesRows(Right):
    def forward(self, p, X, run):
        X += 1.0
        return super().forward(p, X, run)


@dataclass(frozen=True)
class WritesParameters(Right):
    def backward(self, p, g, dY, run, *, need_dX=True):
        dY = super().backward(p, g, dY, run)
        p.c *= 2.0
        return dY


@dataclass(frozen=True)
class AnotherInference(Right):
    def forward(self, p, X, run):
        Y = super().forward(p, X, run)
        return Y if run.tape is None else np.multiply(Y, 2.0, out=Y)


@dataclass(frozen=True)
class Accumulates(Right):
    def backward(self, p, g, dY, run, *, need_dX=True):
        g.c[...] += (run.tape.X * dY).sum(axis=0)
        return dY * p.c


@dataclass(frozen=True)
class MovesWhatIsFixed(Right):
    def slots(self, shape):
        return {"c": Slot(shape, start, train=False)}


@dataclass(frozen=True)
class WrongByRows(Right):
    def backward(self, p, g, dY, run, *, need_dX=True):
        super().backward(p, g, dY.copy(), run)
        return dY


@dataclass(frozen=True)
class WrongBySlots(Right):
    def backward(self, p, g, dY, run, *, need_dX=True):
        dX = super().backward(p, g, dY, run)
        g.c *= 0.5
        return dX


@dataclass(frozen=True)
class MixesRows(Right):
    """Y = (X - mean) * c."""

    def forward(self, p, X, run):
        return super().forward(p, X - X.mean(axis=0), run)

    def backward(self, p, g, dY, run, *, need_dX=True):
        dX = super().backward(p, g, dY, run)
        return dX - dX.mean(axis=0)


@dataclass(frozen=True)
class StaleBuffer(Right):
    """Its own buffer keeps the length of the first batch, and backward reads the end of it."""

    def forward(self, p, X, run):
        if run.tape is None:
            return X * p.c
        if not hasattr(run.tape, "own"):
            run.tape.own = np.zeros_like(X)
        run.tape.own[: len(X)] = X
        return X * p.c

    def backward(self, p, g, dY, run, *, need_dX=True):
        g.c[...] = (run.tape.own[-len(dY) :] * dY).sum(axis=0)
        return dY * p.c


@dataclass(frozen=True)
class Widens(Right):
    def forward(self, p, X, run):
        return super().forward(p, X, run).astype(np.float64)


@dataclass(frozen=True)
class WidensBackwards(Right):
    def backward(self, p, g, dY, run, *, need_dX=True):
        return super().backward(p, g, dY, run).astype(np.float64)


@dataclass(frozen=True)
class Changes:
    """Y_t = X_t - X_{t-1} along a sequence."""

    slots, output_shape = Dropout.slots, Right.output_shape

    def forward(self, p, X, run):
        return np.diff(X, axis=-2, prepend=0.0 * X[..., :1, :]) if X.ndim == 3 else X.copy()

    def backward(self, p, g, dY, run, *, need_dX=True):
        dX = dY.copy()
        dX[:, :-1] -= dY[:, 1:]
        return dX


@dataclass(frozen=True)
class ChangesAsItSays(Changes):
    whole_sequence: ClassVar[bool] = True


@dataclass(frozen=True)
class ReturnsNothing(Right):
    def backward(self, p, g, dY, run, *, need_dX=True):
        super().backward(p, g, dY, run)


@dataclass(frozen=True)
class ReturnsAnotherShape(Right):
    def backward(self, p, g, dY, run, *, need_dX=True):
        return super().backward(p, g, dY, run)[:, :-1]


@dataclass(frozen=True)
class DoesNothingWithoutNeed(Right):
    def backward(self, p, g, dY, run, *, need_dX=True):
        return super().backward(p, g, dY, run) if need_dX else None


@dataclass(frozen=True)
class TakesLess(Right):
    def backward(self, p, g, dY, run):
        return super().backward(p, g, dY)


FAULTS = [
    (Right, r"must be an object, got the class"),
    (NoBackward(), r"must have a method `backward`, it has none"),
    (ReturnsNothing(), r"backward must return the derivative by X, got NoneType"),
    (ReturnsAnotherShape(), r"backward must return the derivative by X, of shape \(7, 4\), got \(7, 3\)"),
    (DoesNothingWithoutNeed(), r"with need_dX=False the gradient by the slots must stay the same"),
    (TakesLess(), r"backward must take dY of shape \(7, 4\), but raised TypeError"),
    (SaysAnotherShape(), r"forward must give the shape \(7, 5\) that output_shape says, got \(7, 4\)"),
    (WritesRows(), r"X is read-only, but it was written to"),
    (WritesParameters(), r"the parameters are read-only, but they were written to"),
    (AnotherInference(), r"without a tape forward must give what it gives with a tape and without noise"),
    (Accumulates(), r"backward must assign to `g`, not add to it"),
    (MovesWhatIsFixed(), r"the gradient of slots with train=False must be left at zero"),
    (WrongByRows(), r"what backward returns must be the derivative of the value"),
    (WrongBySlots(), r"what backward assigns to `g` must be the derivative of the value"),
    (MixesRows(), r"the output for a batch must be that for its rows one at a time"),
    (StaleBuffer(), r"a short batch after a longer one must give what a new tape gives"),
    (Widens(), r"Y must be float32 where X and the parameters are, got float64"),
    (WidensBackwards(), r"dX must be float32 where X and the parameters are, got float64"),
    (Embedding(5, 3), r"forward must take X of real numbers, of shape \(7, 4\), but raised TypeError"),
]
LAYERS = [Right(), Dense(3, Tanh()), Dropout(0.3), Standardize()]


@pytest.mark.parametrize("layer", LAYERS, ids=repr)
def test_says_nothing_of_what_is_right(layer):
    assert check_layer(layer, (4,)) is None


@pytest.mark.parametrize(("layer", "sentence"), FAULTS, ids=[type(layer).__name__ for layer, _ in FAULTS])
def test_tells_the_fault(layer, sentence):
    with pytest.raises(AssertionError, match=sentence) as told:
        check_layer(layer, (4,))
    assert "\n" not in str(told.value)


def test_a_layer_that_mixes_steps_has_to_say_so():
    assert check_layer(ChangesAsItSays(), (5, 2)) is None
    with pytest.raises(AssertionError, match="step 1 of a sequence by itself must give what it gives within"):
        check_layer(Changes(), (5, 2))
    assert not Network([ChangesAsItSays()], (None, 2)).steppable


def test_a_gradient_of_anything_can_be_checked(rng):
    x = rng.standard_normal((4, 3))
    check_gradient(lambda x: float((x**3).sum()), x, 3 * x**2)
    check_gradient(lambda x: float((x**3).sum()), x, 3 * x**2, rng, free=x > 0)
    with pytest.raises(
        AssertionError, match="my gradient must be the derivative of the value: along a random direction"
    ):
        check_gradient(lambda x: float((x**3).sum()), x, x**2, rng, name="my gradient")


@pytest.mark.parametrize("entry", [np.inf, np.nan])
def test_a_gradient_that_is_not_finite_is_told(entry):
    x = np.array([1.0, 2.0, 3.0])
    with pytest.raises(AssertionError, match="my gradient and the value must be finite"):
        check_gradient(lambda x: float(x @ x), x, np.array([entry, 4.0, 6.0]), name="my gradient")
    with pytest.raises(AssertionError, match="my gradient"):
        check_gradient(lambda x: entry if x[0] > 1 else 0.0, x, 2 * x, name="my gradient")
