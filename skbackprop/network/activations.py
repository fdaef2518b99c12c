"""Activation functions as objects: A = f(Z), dZ = dA * f'(Z), and the start that suits them; registry.

A new one is a frozen dataclass with these two methods, written in NumPy right here, and a line in ACTIVATIONS.
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


@dataclass(frozen=True)
class Identity:
    """f(z) = z, f'(z) = 1."""

    keeps_input: ClassVar[bool] = False
    init: ClassVar[Initializer] = SCIKIT_LEARN

    def forward(self, Z: Array, A: Array) -> None:
        if A is not Z:
            A[...] = Z

    def backward(self, dA: Array, Z: Array, A: Array) -> None:
        pass


@dataclass(frozen=True)
class Logistic:
    """f(z) = 1 / (1 + exp(-z)), f'(z) = f (1 - f)."""

    keeps_input: ClassVar[bool] = False
    init: ClassVar[Initializer] = VarianceScaling(1 / 3, "mean", bias=True)

    def forward(self, Z: Array, A: Array) -> None:
        kernels.logistic(Z, A)

    def backward(self, dA: Array, Z: Array, A: Array) -> None:
        kernels.logistic_backward(dA, Z, A)


@dataclass(frozen=True)
class Tanh:
    """f(z) = tanh z, f'(z) = 1 - f^2."""

    keeps_input: ClassVar[bool] = False
    init: ClassVar[Initializer] = SCIKIT_LEARN

    def forward(self, Z: Array, A: Array) -> None:
        kernels.tanh(Z, A)

    def backward(self, dA: Array, Z: Array, A: Array) -> None:
        kernels.tanh_backward(dA, Z, A)


@dataclass(frozen=True)
class ReLU:
    """f(z) = max(z, 0), f'(z) = [z > 0].

    References
    ----------
    Nair and Hinton (2010), "Rectified linear units improve restricted Boltzmann machines".
    """

    keeps_input: ClassVar[bool] = False
    init: ClassVar[Initializer] = SCIKIT_LEARN

    def forward(self, Z: Array, A: Array) -> None:
        kernels.relu(Z, A)

    def backward(self, dA: Array, Z: Array, A: Array) -> None:
        kernels.relu_backward(dA, Z, A)


@dataclass(frozen=True)
class LeakyReLU:
    """f(z) = max(z, slope z), f'(z) = 1 for z > 0, else slope, with 0 <= slope < 1.

    References
    ----------
    Maas, Hannun and Ng (2013), "Rectifier nonlinearities improve neural network acoustic models".
    """

    slope: float = 0.01
    keeps_input: ClassVar[bool] = False
    init: ClassVar[Initializer] = HE

    def __post_init__(self) -> None:
        check_real("slope", self.slope, 0, 1, closed="left")

    def forward(self, Z: Array, A: Array) -> None:
        kernels.leaky_relu(Z, A, self.slope)

    def backward(self, dA: Array, Z: Array, A: Array) -> None:
        kernels.leaky_relu_backward(dA, Z, A, self.slope)


@dataclass(frozen=True)
class ELU:
    """f(z) = z for z > 0, else alpha (exp(z) - 1); f'(z) = 1 for z > 0, else f + alpha.

    References
    ----------
    Clevert, Unterthiner and Hochreiter (2016), "Fast and accurate deep network learning by exponential linear units".
    """

    alpha: float = 1.0
    keeps_input: ClassVar[bool] = False
    init: ClassVar[Initializer] = HE

    def __post_init__(self) -> None:
        check_real("alpha", self.alpha, 0, closed="neither")

    def forward(self, Z: Array, A: Array) -> None:
        kernels.elu(Z, A, self.alpha, 1.0)

    def backward(self, dA: Array, Z: Array, A: Array) -> None:
        kernels.elu_backward(dA, Z, A, self.alpha, 1.0)


@dataclass(frozen=True)
class SELU:
    """f(z) = l z for z > 0, else l a (exp(z) - 1), with a and l such that mean 0 and variance 1 are a fixed point.

    References
    ----------
    Klambauer et al. (2017), "Self-normalizing neural networks", eq. 2 and 14.
    """

    alpha: ClassVar[float] = 1.6732632423543772
    scale: ClassVar[float] = 1.0507009873554805
    keeps_input: ClassVar[bool] = False
    init: ClassVar[Initializer] = LECUN

    def forward(self, Z: Array, A: Array) -> None:
        kernels.elu(Z, A, self.alpha, self.scale)

    def backward(self, dA: Array, Z: Array, A: Array) -> None:
        kernels.elu_backward(dA, Z, A, self.alpha, self.scale)


@dataclass(frozen=True)
class Softplus:
    """f(z) = log(1 + exp(z)), f'(z) = 1 - exp(-f).

    References
    ----------
    Dugas et al. (2001), "Incorporating second-order functional knowledge for better option pricing".
    """

    keeps_input: ClassVar[bool] = False
    init: ClassVar[Initializer] = HE

    def forward(self, Z: Array, A: Array) -> None:
        kernels.softplus(Z, A)

    def backward(self, dA: Array, Z: Array, A: Array) -> None:
        kernels.softplus_backward(dA, Z, A)


@dataclass(frozen=True)
class GELU:
    """f(z) = z Phi(z), f'(z) = Phi(z) + z phi(z), Phi and phi being the standard normal's distribution and density.

    References
    ----------
    Hendrycks and Gimpel (2016), "Gaussian error linear units (GELUs)".
    """

    keeps_input: ClassVar[bool] = True
    init: ClassVar[Initializer] = HE

    def forward(self, Z: Array, A: Array) -> None:
        kernels.gelu(Z, A)

    def backward(self, dA: Array, Z: Array, A: Array) -> None:
        kernels.gelu_backward(dA, Z, A)


@dataclass(frozen=True)
class SiLU:
    """f(z) = z s(z), f'(z) = s + f (1 - s), with the logistic function s.

    References
    ----------
    Elfwing, Uchibe and Doya (2018), "Sigmoid-weighted linear units for neural network function approximation".
    """

    keeps_input: ClassVar[bool] = True
    init: ClassVar[Initializer] = HE

    def forward(self, Z: Array, A: Array) -> None:
        kernels.silu(Z, A)

    def backward(self, dA: Array, Z: Array, A: Array) -> None:
        kernels.silu_backward(dA, Z, A)


@dataclass(frozen=True)
class Mish:
    """f(z) = z t, f'(z) = t + z (1 - t^2) s, with t = tanh(log(1 + exp(z))) and the logistic function s.

    References
    ----------
    Misra (2020), "Mish: a self regularized non-monotonic activation function".
    """

    keeps_input: ClassVar[bool] = True
    init: ClassVar[Initializer] = HE

    def forward(self, Z: Array, A: Array) -> None:
        kernels.mish(Z, A)

    def backward(self, dA: Array, Z: Array, A: Array) -> None:
        kernels.mish_backward(dA, Z, A)


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
