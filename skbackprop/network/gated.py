"""Activation functions that multiply z by a gate, a factor that grows from 0 to 1 with z."""

from __future__ import annotations

from typing import ClassVar

from ..frozen import frozen
from .elementwise import HE, Elementwise
from .initializers import Initializer

__all__ = ["GELU", "Mish", "SiLU"]


@frozen
class GELU(Elementwise):
    """f(z) = z Phi(z), f'(z) = Phi(z) + z phi(z), Phi and phi being the standard normal's distribution and density.

    References
    ----------
    Hendrycks and Gimpel (2016), "Gaussian error linear units (GELUs)".

    Examples
    --------
    >>> import numpy as np
    >>> Z, A = np.array([-1.0, 0.0, 2.0]), np.empty(3)
    >>> GELU().forward(Z, A)
    >>> A.round(3)
    array([-0.159,  0.   ,  1.954])
    """

    kernel: ClassVar[str] = "gelu"
    keeps_input: ClassVar[bool] = True
    init: ClassVar[Initializer] = HE


@frozen
class SiLU(Elementwise):
    """f(z) = z s(z), f'(z) = s + f (1 - s), with the logistic function s.

    References
    ----------
    Elfwing, Uchibe and Doya (2018), "Sigmoid-weighted linear units for neural network function approximation".

    Examples
    --------
    >>> import numpy as np
    >>> Z, A = np.array([-1.0, 0.0, 2.0]), np.empty(3)
    >>> SiLU().forward(Z, A)
    >>> A.round(3)
    array([-0.269,  0.   ,  1.762])
    """

    kernel: ClassVar[str] = "silu"
    keeps_input: ClassVar[bool] = True
    init: ClassVar[Initializer] = HE


@frozen
class Mish(Elementwise):
    """f(z) = z t, f'(z) = t + z (1 - t^2) s, with t = tanh(log(1 + exp(z))) and the logistic function s.

    References
    ----------
    Misra (2020), "Mish: a self regularized non-monotonic activation function".

    Examples
    --------
    >>> import numpy as np
    >>> Z, A = np.array([-1.0, 0.0, 2.0]), np.empty(3)
    >>> Mish().forward(Z, A)
    >>> A.round(3)
    array([-0.303,  0.   ,  1.944])
    """

    kernel: ClassVar[str] = "mish"
    keeps_input: ClassVar[bool] = True
    init: ClassVar[Initializer] = HE
