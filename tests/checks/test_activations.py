"""`check_activation` passes what is right, and tells each deliberate fault in a sentence about that fault."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from skbackprop import ACTIVATIONS, INITIALIZERS, Initializer, check_activation


@dataclass(frozen=True)
class Right:
    """Softsign: f = z / (1 + |z|), f' = (1 - |f|)^2."""

    keeps_input: ClassVar[bool] = False
    init: ClassVar[Initializer] = INITIALIZERS["glorot_uniform"]

    def forward(self, Z, A):
        np.divide(Z, 1 + np.abs(Z), out=A)

    def backward(self, dA, Z, A):
        dA *= (1 - np.abs(A)) ** 2


@dataclass(frozen=True)
class NoBackward:
    keeps_input: ClassVar[bool] = False
    init: ClassVar[Initializer] = INITIALIZERS["glorot_uniform"]
    forward = Right.forward


@dataclass(frozen=True)
class NoInit:
    keeps_input: ClassVar[bool] = False
    forward, backward = Right.forward, Right.backward


@dataclass(frozen=True)
class NameForInit(Right):
    init: ClassVar[str] = "glorot_uniform"


@dataclass(frozen=True)
class WordForKeepsInput(Right):
    keeps_input: ClassVar[str] = "no"


@dataclass(frozen=True)
class WrongSlope(Right):
    def backward(self, dA, Z, A):
        dA *= 1 - np.abs(A)


@dataclass(frozen=True)
class WrongFarOut(Right):
    def backward(self, dA, Z, A):
        super().backward(dA, Z, A)
        dA[np.abs(A) > 20 / 21] = 0.0


@dataclass(frozen=True)
class Overwrites(Right):
    def backward(self, dA, Z, A):
        dA[...] = (1 - np.abs(A)) ** 2


@dataclass(frozen=True)
class Returns(Right):
    def forward(self, Z, A):
        A[...] = Z / (1 + np.abs(Z))
        return A


@dataclass(frozen=True)
class ReturnsBackwards(Right):
    def backward(self, dA, Z, A):
        super().backward(dA, Z, A)
        return dA


@dataclass(frozen=True)
class LeavesOut(Right):
    def forward(self, Z, A):
        np.divide(Z[1:], 1 + np.abs(Z[1:]), out=A[1:])


@dataclass(frozen=True)
class WritesInput(Right):
    keeps_input: ClassVar[bool] = True

    def forward(self, Z, A):
        Z /= 1 + np.abs(Z)
        A[...] = Z


@dataclass(frozen=True)
class WritesInputBackwards(Right):
    keeps_input: ClassVar[bool] = True

    def backward(self, dA, Z, A):
        super().backward(dA, Z, A)
        Z += 1.0


@dataclass(frozen=True)
class WritesOutput(Right):
    def backward(self, dA, Z, A):
        np.abs(A, out=A)
        dA *= (1 - A) ** 2


@dataclass(frozen=True)
class ReadsInput(Right):
    def backward(self, dA, Z, A):
        dA /= (1 + np.abs(Z)) ** 2


@dataclass(frozen=True)
class MixesRows(Right):
    def forward(self, Z, A):
        A[...] = Z - Z.mean(axis=0)


@dataclass(frozen=True)
class Overflows(Right):
    keeps_input: ClassVar[bool] = True

    def forward(self, Z, A):
        np.exp(Z, out=A)

    def backward(self, dA, Z, A):
        dA *= A


@dataclass(frozen=True)
class Fails(Right):
    """Both ways fail, as if called with other arguments."""

    def backward(self, dA, Z):
        dA *= 2.0


FAULTS = [
    (Right, r"must be an object, got the class"),
    (NoBackward(), r"must have a method `backward`, it has none"),
    (NoInit(), r"must have an attribute `init`, it has none"),
    (NameForInit(), r"`init` must be an Initializer, got 'glorot_uniform'"),
    (WordForKeepsInput(), r"`keeps_input` must be True or False, got 'no'"),
    (WrongSlope(), r"what backward writes to `dA` must be the derivative of the value"),
    (WrongFarOut(), r"what backward writes to `dA` must be the derivative of the value"),
    (Fails(), r"backward must take 3 arrays of one shape, but raised TypeError"),
    (Overwrites(), r"backward must multiply `dA` by the derivative, not overwrite it"),
    (Returns(), r"forward must write to `A` and return None, got ndarray"),
    (ReturnsBackwards(), r"backward must write to `dA` and return None, got ndarray"),
    (LeavesOut(), r"forward must write every entry of `A`, some are NaN"),
    (WritesInput(), r"forward must not write to `Z`"),
    (WritesInputBackwards(), r"backward must not write to `Z`"),
    (WritesOutput(), r"backward must not write to `A`"),
    (ReadsInput(), r"without `keeps_input` A may be Z itself, but then"),
    (MixesRows(), r"forward must map each entry of Z by itself"),
    (Overflows(), r"A and dZ must be finite at \|Z\| = 1000 in float32"),
]


@pytest.mark.parametrize("f", [Right(), *ACTIVATIONS.values()], ids=repr)
def test_says_nothing_of_what_is_right(f):
    assert check_activation(f) is None


@pytest.mark.parametrize(("f", "sentence"), FAULTS, ids=[type(f).__name__ for f, _ in FAULTS])
def test_tells_the_fault(f, sentence):
    with pytest.raises(AssertionError, match=sentence) as told:
        check_activation(f)
    assert "\n" not in str(told.value)
