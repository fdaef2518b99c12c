"""`check_loss` passes what is right, and tells each deliberate fault in a sentence about that fault."""

import pickle
from dataclasses import dataclass, field, replace
from typing import ClassVar

import numpy as np
import pytest

from skbackprop import (
    CLASSIFICATION_LOSSES,
    LOSSES,
    Gaussian,
    LocationLoss,
    LogLoss,
    Units,
    check_loss,
)
from skbackprop.checks.losses import make_case, two_classes_are_alike


@dataclass(frozen=True)
class Right(LocationLoss):
    """A squared error in plain sight, for the faulty ones to differ from in one thing."""

    degree: ClassVar[int] = 2

    def value_and_gradient(self, y, raw, weight, out):
        residual = raw - y
        w = np.ones(len(y)) if weight is None else weight
        out[...] = w[:, None] * residual
        return 0.5 * float(w @ (residual**2).sum(axis=1))

    def constant(self, y, weight):
        return np.average(y, axis=0, weights=weight)


@dataclass(frozen=True)
class Unhashable(Right):
    levels: list = field(default_factory=list)


@dataclass(frozen=True)
class HoldsAFunction(Right):
    function: object = lambda x: x


class ComparedByIdentity:
    inverse_link = "identity"

    def raw_width(self, y): ...
    def value_and_gradient(self, y, raw, weight, out): ...
    def units(self, mean, sd): ...
    def rescaled(self, scale): ...
    def predict(self, raw): ...
    def constant(self, y, weight): ...
    def check(self, y): ...
    def score(self, y, raw, weight): ...


@dataclass(frozen=True)
class NoConstant(LocationLoss):
    degree: ClassVar[int] = 2
    value_and_gradient = Right.value_and_gradient


@dataclass(frozen=True)
class LinkWithoutName(Right):
    inverse_link: ClassVar[object] = None


@dataclass(frozen=True)
class NoWidth(Right):
    def raw_width(self, y):
        return y.shape[1] / 1


@dataclass(frozen=True)
class ReturnsRows(Right):
    def value_and_gradient(self, y, raw, weight, out):
        super().value_and_gradient(y, raw, weight, out)
        return 0.5 * ((raw - y) ** 2).sum(axis=1)


@dataclass(frozen=True)
class LeavesOut(Right):
    def value_and_gradient(self, y, raw, weight, out):
        first = np.empty_like(raw)
        value = super().value_and_gradient(y, raw, weight, first)
        out[:3] = first[:3]
        return value


@dataclass(frozen=True)
class Raises(Right):
    def value_and_gradient(self, y, raw, weight, out):
        return super().value_and_gradient(y, raw, weight.astype(float), out)


@dataclass(frozen=True)
class WritesTarget(Right):
    def value_and_gradient(self, y, raw, weight, out):
        value = super().value_and_gradient(y, raw, weight, out)
        y *= 2.0
        return value


@dataclass(frozen=True)
class Mean(Right):
    def value_and_gradient(self, y, raw, weight, out):
        value = super().value_and_gradient(y, raw, weight, out)
        out /= len(y)
        return value / len(y)


@dataclass(frozen=True)
class NoWeight(Right):
    def value_and_gradient(self, y, raw, weight, out):
        return super().value_and_gradient(y, raw, None, out)


@dataclass(frozen=True)
class NoWeightInTheGradient(Right):
    def value_and_gradient(self, y, raw, weight, out):
        value = super().value_and_gradient(y, raw, weight, out)
        out[...] = raw - y
        return value


@dataclass(frozen=True)
class Doubled(Right):
    def value_and_gradient(self, y, raw, weight, out):
        value = super().value_and_gradient(y, raw, weight, out)
        out *= 2
        return value


@dataclass(frozen=True)
class WritesTooSoon(Right):
    def value_and_gradient(self, y, raw, weight, out):
        w = np.ones(len(y)) if weight is None else weight
        np.multiply(raw - y, w[:, None], out=out)
        return 0.5 * float(w @ ((raw - y) ** 2).sum(axis=1))


@dataclass(frozen=True)
class CoarseInFloat32(Right):
    def value_and_gradient(self, y, raw, weight, out):
        value = super().value_and_gradient(y, raw, weight, out)
        return value if raw.dtype == np.float64 else float(np.float16(value * 1.01))


@dataclass(frozen=True)
class Overflows(Right):
    """sum exp(r) - r, unguarded."""

    def value_and_gradient(self, y, raw, weight, out):
        residual = raw - y
        w = np.ones(len(y)) if weight is None else weight
        e = np.exp(residual)
        out[...] = w[:, None] * (e - 1)
        return float(w @ (e - residual).sum(axis=1))


@dataclass(frozen=True)
class PredictsInFloat64(Right):
    def predict(self, raw):
        return raw.astype(np.float64)


@dataclass(frozen=True)
class PredictsOneRow(Right):
    def predict(self, raw):
        return raw.mean(axis=0, keepdims=True)


@dataclass(frozen=True)
class ConstantOfAnotherShape(Right):
    def constant(self, y, weight):
        return np.average(y, weights=None if weight is None else np.tile(weight[:, None], y.shape[1]))


@dataclass(frozen=True)
class Median(Right):
    def constant(self, y, weight):
        return np.median(y, axis=0)


@dataclass(frozen=True)
class WeightlessConstant(Right):
    def constant(self, y, weight):
        return y.mean(axis=0)


@dataclass(frozen=True)
class WrongDegree(Right):
    degree: ClassVar[int] = 1


@dataclass(frozen=True)
class ShortUnits(Right):
    def units(self, mean, sd):
        return Units.natural(len(mean))._replace(worth=np.ones(len(mean) + 1))


@dataclass(frozen=True)
class LeavesTheDomain(Right):
    def check(self, y):
        if y.min() < 0:
            raise ValueError("`y` must be >= 0")


@dataclass(frozen=True)
class WrongFarOut(Right):
    def value_and_gradient(self, y, raw, weight, out):
        value = super().value_and_gradient(y, raw, weight, out)
        out[np.abs(raw - y) > 8] = 0.0
        return value


@dataclass(frozen=True)
class ScoresRows(Right):
    def score(self, y, raw, weight):
        return (raw - y)[:, 0]


@dataclass(frozen=True)
class ScoresNaN(Right):
    def score(self, y, raw, weight):
        return float("nan")


@dataclass(frozen=True)
class CannotScore(Right):
    def score(self, y, raw, weight):
        return super().score(y, raw)


@dataclass(frozen=True)
class OneStd(Right):
    def std(self, raw):
        return 1.0


@dataclass(frozen=True)
class RefusesAll(Right):
    def check(self, y):
        raise ValueError("`y` is never right")


FAULTS = [
    (Right, r"must be an object, got the class: call it"),
    (NoConstant(), r"must have a method `constant`, it has none"),
    (Unhashable(), r"must be hashable, but unhashable type: 'list': make it a frozen dataclass"),
    (HoldsAFunction(), r"must be picklable, but .*<lambda>"),
    (ComparedByIdentity(), r"must be equal to its pickle"),
    (LinkWithoutName(), r"`inverse_link` must be a name, got None"),
    (NoWidth(), r"raw_width must return an int, got 1\.0"),
    (RefusesAll(), r"`check` must accept some target"),
    (ReturnsRows(), r"value_and_gradient must return a float, got ndarray"),
    (LeavesOut(), r"must write the derivative to every entry of `out`, some are NaN"),
    (Raises(), r"with weights and without, but raised AttributeError"),
    (WritesTarget(), r"value_and_gradient must not write to `y`"),
    (Mean(), r"the value must be the sum over rows: 9 rows come to \S+ together, and to \S+ one at a time"),
    (NoWeight(), r"a weight must count like repetition of its row: with weights the value is \S+, with repeated rows"),
    (NoWeightInTheGradient(), r"each row of `out` must be multiplied by the weight of that row"),
    (
        Doubled(),
        r"what is written to `out` must be the derivative of the value: along a random direction it is \S+, but",
    ),
    (WrongFarOut(), r"what is written to `out` must be the derivative of the value"),
    (WritesTooSoon(), r"`out` may be `raw` itself, but then value or gradient are others"),
    (CoarseInFloat32(), r"in float32 it must be what it is in float64, but the value is \S+ and \S+"),
    (Overflows(), r"must be finite at raw = 1000 in float32"),
    (PredictsInFloat64(), r"predict must return one float32 row per row of raw, .* got float64 of shape \(9, 1\)"),
    (PredictsOneRow(), r"predict must return one float32 row per row of raw, .* got float32 of shape \(1, 1\)"),
    (ScoresRows(), r"score must return a finite float, got ndarray"),
    (ScoresNaN(), r"score must return a finite float, got nan"),
    (CannotScore(), r"score must take y, raw and weight, but raised TypeError"),
    (OneStd(), r"std must have the shape of a prediction, \(9, 1\), got \(\)"),
    (ConstantOfAnotherShape(), r"constant must have shape \(1,\), got \(\)"),
    (Median(), r"constant must minimise the loss among constants: its value is \S+, and \S+ nearby"),
    (WeightlessConstant(), r"constant must minimise the loss among constants"),
    (WrongDegree(), r"`units` must belong together: worth times the gradient"),
    (ShortUnits(), r"`units` must have a worth of shape \(1,\), got \(2,\)"),
    (LeavesTheDomain(), r"a target standardised by `units` must be one that `check` accepts"),
]


MANY_CLASSES = [replace(loss, n_classes=n) for loss in CLASSIFICATION_LOSSES.values() for n in (5, 6, 20)]


@pytest.mark.parametrize("loss", [Right(), *MANY_CLASSES], ids=repr)
def test_says_nothing_of_what_is_right(loss):
    """The losses of the package are all held to it in tests/network; here the targets are made for many classes."""
    assert check_loss(loss) is None


@pytest.mark.parametrize(("loss", "sentence"), FAULTS, ids=[type(loss).__name__ for loss, _ in FAULTS])
# It is the fault that warns here, and the check that says it better.
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_tells_the_fault(loss, sentence):
    with pytest.raises(AssertionError, match=sentence) as told:
        check_loss(loss)
    assert "\n" not in str(told.value)


@dataclass(frozen=True)
class ComplementaryLogLog(LogLoss):
    """A link of its own, p = 1 - exp(-exp(raw)), of which -raw does not tell the other class."""

    def predict(self, raw):
        return -np.expm1(-np.exp(raw))


def test_the_other_of_two_classes_is_told_from_minus_raw():
    with pytest.raises(AssertionError, match=r"predict\(raw\) \+ predict\(-raw\) must be 1"):
        two_classes_are_alike(make_case(ComplementaryLogLog(), np.ones((9, 1)), weighted=False))


def test_takes_a_target_of_ones_own(rng):
    check_loss(LOSSES["gamma"], rng.gamma(2.0, size=12))
    check_loss(LOSSES["gamma"], rng.gamma(2.0, size=(12, 2)).tolist())
    with pytest.raises(AssertionError, match="derivative"):
        check_loss(Doubled(), rng.standard_normal(12))


def test_a_factor_held_fixed_is_told_from_a_wrong_gradient():
    check_loss(Gaussian(beta=0.5))

    @dataclass(frozen=True)
    class Forgets(Gaussian):
        def held_at(self, raw):
            return self

    Forgets.__module__ = "__main__"  # as if typed in at a prompt, where a pickle finds it
    with pytest.raises(AssertionError, match="must be the derivative of the value"):
        check_loss(Forgets(beta=0.5))


def test_a_class_inside_a_function_cannot_be_pickled_and_is_told():
    @dataclass(frozen=True)
    class Local(Right):
        pass

    with pytest.raises((AttributeError, pickle.PicklingError)):
        pickle.dumps(Local())
    with pytest.raises(AssertionError, match="must be picklable"):
        check_loss(Local())
