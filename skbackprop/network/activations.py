"""Activation functions as objects: A = f(Z), dZ = dA * f'(Z), and the initializer that suits them; registry.

To add one, write a frozen dataclass with ``forward`` and ``backward`` in NumPy, and a line in ACTIVATIONS. Those that
have kernels name a kernel instead of defining the two methods.
"""

from __future__ import annotations

from typing import ClassVar

from ..frozen import frozen
from ..ranges import check_real
from .elementwise import HE, LECUN, SCIKIT_LEARN, Activation, Elementwise
from .gated import GELU, Mish, SiLU
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


@frozen
class Identity(Elementwise):
    """f(z) = z, f'(z) = 1.

    Examples
    --------
    >>> import numpy as np
    >>> Z, A = np.array([-1.0, 0.0, 2.0]), np.empty(3)
    >>> Identity().forward(Z, A)
    >>> A
    array([-1.,  0.,  2.])
    """

    kernel: ClassVar[str] = "identity"
    keeps_input: ClassVar[bool] = False
    init: ClassVar[Initializer] = SCIKIT_LEARN


@frozen
class Logistic(Elementwise):
    """f(z) = 1 / (1 + exp(-z)), f'(z) = f (1 - f).

    Examples
    --------
    >>> import numpy as np
    >>> Z, A = np.array([-1.0, 0.0, 2.0]), np.empty(3)
    >>> Logistic().forward(Z, A)
    >>> A.round(3)
    array([0.269, 0.5  , 0.881])
    """

    kernel: ClassVar[str] = "logistic"
    keeps_input: ClassVar[bool] = False
    init: ClassVar[Initializer] = VarianceScaling(1 / 3, "mean", bias=True)


@frozen
class Tanh(Elementwise):
    """f(z) = tanh z, f'(z) = 1 - f^2.

    Examples
    --------
    >>> import numpy as np
    >>> Z, A = np.array([-1.0, 0.0, 2.0]), np.empty(3)
    >>> Tanh().forward(Z, A)
    >>> A.round(3)
    array([-0.762,  0.   ,  0.964])
    """

    kernel: ClassVar[str] = "tanh"
    keeps_input: ClassVar[bool] = False
    init: ClassVar[Initializer] = SCIKIT_LEARN


@frozen
class ReLU(Elementwise):
    """f(z) = max(z, 0), f'(z) = [z > 0].

    References
    ----------
    Nair and Hinton (2010), "Rectified linear units improve restricted Boltzmann machines".

    Examples
    --------
    >>> import numpy as np
    >>> Z, A = np.array([-1.0, 0.0, 2.0]), np.empty(3)
    >>> ReLU().forward(Z, A)
    >>> A
    array([0., 0., 2.])
    """

    kernel: ClassVar[str] = "relu"
    keeps_input: ClassVar[bool] = False
    init: ClassVar[Initializer] = SCIKIT_LEARN


@frozen
class LeakyReLU(Elementwise):
    """f(z) = max(z, slope z), f'(z) = 1 for z > 0, else slope.

    Parameters
    ----------
    slope : float in [0, 1), default=0.01

    Raises
    ------
    TypeError, ValueError
        If ``slope`` is not a real number in [0, 1).

    References
    ----------
    Maas, Hannun and Ng (2013), "Rectifier nonlinearities improve neural network acoustic models".

    Examples
    --------
    >>> import numpy as np
    >>> Z, A = np.array([-1.0, 0.0, 2.0]), np.empty(3)
    >>> LeakyReLU(slope=0.1).forward(Z, A)
    >>> A
    array([-0.1,  0. ,  2. ])
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


@frozen
class ELU(Elementwise):
    """f(z) = z for z > 0, else alpha (exp(z) - 1); f'(z) = 1 for z > 0, else f + alpha.

    Parameters
    ----------
    alpha : float > 0, default=1.0
        Minus the value at which f saturates: f(z) tends to -alpha as z falls.

    Raises
    ------
    TypeError, ValueError
        If ``alpha`` is not a positive, finite real number.

    References
    ----------
    Clevert, Unterthiner and Hochreiter (2016), "Fast and accurate deep network learning by exponential linear units".

    Examples
    --------
    >>> import numpy as np
    >>> Z, A = np.array([-1.0, 0.0, 2.0]), np.empty(3)
    >>> ELU().forward(Z, A)
    >>> A.round(3)
    array([-0.632,  0.   ,  2.   ])
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


@frozen
class SELU(Elementwise):
    """f(z) = l z for z > 0, else l a (exp(z) - 1), with a and l such that mean 0 and variance 1 are a fixed point.

    References
    ----------
    Klambauer et al. (2017), "Self-normalizing neural networks", eq. 2 and 14.

    Examples
    --------
    >>> import numpy as np
    >>> Z, A = np.array([-1.0, 0.0, 2.0]), np.empty(3)
    >>> SELU().forward(Z, A)
    >>> A.round(3)
    array([-1.111,  0.   ,  2.101])
    """

    alpha: ClassVar[float] = 1.6732632423543772
    scale: ClassVar[float] = 1.0507009873554805
    kernel: ClassVar[str] = "elu"
    keeps_input: ClassVar[bool] = False
    init: ClassVar[Initializer] = LECUN

    @property
    def constants(self) -> tuple[float, ...]:
        return self.alpha, self.scale


@frozen
class Softplus(Elementwise):
    """f(z) = log(1 + exp(z)), f'(z) = 1 - exp(-f).

    References
    ----------
    Dugas et al. (2001), "Incorporating second-order functional knowledge for better option pricing".

    Examples
    --------
    >>> import numpy as np
    >>> Z, A = np.array([-1.0, 0.0, 2.0]), np.empty(3)
    >>> Softplus().forward(Z, A)
    >>> A.round(3)
    array([0.313, 0.693, 2.127])
    """

    kernel: ClassVar[str] = "softplus"
    keeps_input: ClassVar[bool] = False
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
