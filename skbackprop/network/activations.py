"""Activation functions as objects: A = f(Z), dZ = dA * f'(Z), and the start that suits them; registry.

A new one is a frozen dataclass with these two methods, written in NumPy right here, and a line in ACTIVATIONS. Those
that have kernels name them instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np

from .. import kernels
from ..ranges import check_real
from .initializers import Initializer, VarianceScaling

__all__ = [
    "ACTIVATIONS",
    "ELU",
    "GELU",
    "SELU",
    "Activation",
    "Identity",
    "LeakyReLU",
    "Logistic",
    "Mish",
    "ReLU",
    "SiLU",
    "Softplus",
    "Tanh",
]

Array = np.ndarray

SCIKIT_LEARN = VarianceScaling(1.0, "mean", bias=True)
HE = VarianceScaling(2.0)
LECUN = VarianceScaling(1.0, normal=True)


class Activation(Protocol):
    """A frozen dataclass of hyper-parameters.

    1. ``forward`` writes f(Z) to A; ``backward`` overwrites dA with dA * f'(Z). Z is not written to, unless A is Z.
    2. ``keeps_input`` tells whether ``backward`` reads Z. If it does not, A may share its memory with Z.
    3. ``init`` is the initializer that ``init="auto"`` takes for a layer with this activation.
    """

    keeps_input: ClassVar[bool]
    init: ClassVar[Initializer]

    def forward(self, Z: Array, A: Array) -> None: ...
    def backward(self, dA: Array, Z: Array, A: Array) -> None: ...


def check_object(activation: object) -> None:
    """Layers and cells take objects; it is the estimators that know names."""
    if isinstance(activation, (str, type)) or not callable(getattr(activation, "backward", None)):
        raise TypeError(f"`activation` must be an object such as Tanh() or ReLU(), got {activation!r}")


class Elementwise:
    """What the activations here share: kernels of the name ``kernel``, called with the ``constants`` at the end."""

    kernel: ClassVar[str]

    @property
    def constants(self) -> tuple[float, ...]:
        return ()

    def forward(self, Z: Array, A: Array) -> None:
        getattr(kernels, self.kernel)(Z, A, *self.constants)

    def backward(self, dA: Array, Z: Array, A: Array) -> None:
        getattr(kernels, f"{self.kernel}_backward")(dA, Z, A, *self.constants)


class Biased:
    """An activation with the bias before it, as a dense layer has it.

    Those that have kernels have one for both together; others are called after the bias, and before its sums.
    """

    def __init__(self, f: Activation):
        self.f = f
        self.keeps_input, self.constants = f.keeps_input, ()
        self.kernel: str | None = None
        if type(f).forward is Elementwise.forward and type(f).backward is Elementwise.backward:
            self.kernel, self.constants = f.kernel, f.constants  # type: ignore[attr-defined]
        self._forward, self._backward = f"{self.kernel}_dense", f"{self.kernel}_dense_backward"

    def forward(self, Z: Array, b: Array, A: Array) -> None:
        """A = f(Z + b)."""
        if self.kernel is None:
            kernels.add_bias(Z, b)
            self.f.forward(Z, A)
        else:
            kernels.in_force()[self._forward](Z, b, A, self.constants)

    def backward(self, dA: Array, Z: Array, A: Array, db: Array) -> None:
        """dZ = dA * f'(Z), written over dA, and db = the column sums of dZ."""
        if self.kernel is None:
            self.f.backward(dA, Z, A)
            kernels.column_sums(dA, db)
        else:
            kernels.in_force()[self._backward](dA, Z, A, db, self.constants)


@dataclass(frozen=True)
class Identity(Elementwise):
    """f(z) = z, f'(z) = 1."""

    kernel: ClassVar[str] = "identity"
    keeps_input: ClassVar[bool] = False
    init: ClassVar[Initializer] = SCIKIT_LEARN


@dataclass(frozen=True)
class Logistic(Elementwise):
    """f(z) = 1 / (1 + exp(-z)), f'(z) = f (1 - f)."""

    kernel: ClassVar[str] = "logistic"
    keeps_input: ClassVar[bool] = False
    init: ClassVar[Initializer] = VarianceScaling(1 / 3, "mean", bias=True)


@dataclass(frozen=True)
class Tanh(Elementwise):
    """f(z) = tanh z, f'(z) = 1 - f^2."""

    kernel: ClassVar[str] = "tanh"
    keeps_input: ClassVar[bool] = False
    init: ClassVar[Initializer] = SCIKIT_LEARN


@dataclass(frozen=True)
class ReLU(Elementwise):
    """f(z) = max(z, 0), f'(z) = [z > 0].

    References
    ----------
    Nair and Hinton (2010), "Rectified linear units improve restricted Boltzmann machines".
    """

    kernel: ClassVar[str] = "relu"
    keeps_input: ClassVar[bool] = False
    init: ClassVar[Initializer] = SCIKIT_LEARN


@dataclass(frozen=True)
class LeakyReLU(Elementwise):
    """f(z) = max(z, slope z), f'(z) = 1 for z > 0, else slope.

    Parameters
    ----------
    slope : float in [0, 1), default=0.01

    References
    ----------
    Maas, Hannun and Ng (2013), "Rectifier nonlinearities improve neural network acoustic models".
    """

    slope: float = 0.01
    kernel: ClassVar[str] = "leaky_relu"
    keeps_input: ClassVar[bool] = False
    init: ClassVar[Initializer] = HE

    def __post_init__(self) -> None:
        check_real("slope", self.slope, 0, 1, closed="left")

    @property
    def constants(self) -> tuple[float, ...]:
        return (self.slope,)


@dataclass(frozen=True)
class ELU(Elementwise):
    """f(z) = z for z > 0, else alpha (exp(z) - 1); f'(z) = 1 for z > 0, else f + alpha.

    Parameters
    ----------
    alpha : float > 0, default=1.0
        Where it saturates: f(z) goes to -alpha.

    References
    ----------
    Clevert, Unterthiner and Hochreiter (2016), "Fast and accurate deep network learning by exponential linear units".
    """

    alpha: float = 1.0
    kernel: ClassVar[str] = "elu"
    keeps_input: ClassVar[bool] = False
    init: ClassVar[Initializer] = HE

    def __post_init__(self) -> None:
        check_real("alpha", self.alpha, 0, closed="neither")

    @property
    def constants(self) -> tuple[float, ...]:
        return self.alpha, 1.0


@dataclass(frozen=True)
class SELU(Elementwise):
    """f(z) = l z for z > 0, else l a (exp(z) - 1), with a and l such that mean 0 and variance 1 are a fixed point.

    References
    ----------
    Klambauer et al. (2017), "Self-normalizing neural networks", eq. 2 and 14.
    """

    alpha: ClassVar[float] = 1.6732632423543772
    scale: ClassVar[float] = 1.0507009873554805
    kernel: ClassVar[str] = "elu"
    keeps_input: ClassVar[bool] = False
    init: ClassVar[Initializer] = LECUN

    @property
    def constants(self) -> tuple[float, ...]:
        return self.alpha, self.scale


@dataclass(frozen=True)
class Softplus(Elementwise):
    """f(z) = log(1 + exp(z)), f'(z) = 1 - exp(-f).

    References
    ----------
    Dugas et al. (2001), "Incorporating second-order functional knowledge for better option pricing".
    """

    kernel: ClassVar[str] = "softplus"
    keeps_input: ClassVar[bool] = False
    init: ClassVar[Initializer] = HE


@dataclass(frozen=True)
class GELU(Elementwise):
    """f(z) = z Phi(z), f'(z) = Phi(z) + z phi(z), Phi and phi being the standard normal's distribution and density.

    References
    ----------
    Hendrycks and Gimpel (2016), "Gaussian error linear units (GELUs)".
    """

    kernel: ClassVar[str] = "gelu"
    keeps_input: ClassVar[bool] = True
    init: ClassVar[Initializer] = HE


@dataclass(frozen=True)
class SiLU(Elementwise):
    """f(z) = z s(z), f'(z) = s + f (1 - s), with the logistic function s.

    References
    ----------
    Elfwing, Uchibe and Doya (2018), "Sigmoid-weighted linear units for neural network function approximation".
    """

    kernel: ClassVar[str] = "silu"
    keeps_input: ClassVar[bool] = True
    init: ClassVar[Initializer] = HE


@dataclass(frozen=True)
class Mish(Elementwise):
    """f(z) = z t, f'(z) = t + z (1 - t^2) s, with t = tanh(log(1 + exp(z))) and the logistic function s.

    References
    ----------
    Misra (2020), "Mish: a self regularized non-monotonic activation function".
    """

    kernel: ClassVar[str] = "mish"
    keeps_input: ClassVar[bool] = True
    init: ClassVar[Initializer] = HE


ACTIVATIONS: dict[str, Activation] = {
    "identity": Identity(),
    "logistic": Logistic(),
    "tanh": Tanh(),
    "relu": ReLU(),
    "leaky_relu": LeakyReLU(),
    "elu": ELU(),
    "selu": SELU(),
    "softplus": Softplus(),
    "gelu": GELU(),
    "silu": SiLU(),
    "mish": Mish(),
}
