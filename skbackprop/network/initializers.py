"""Initial weights and biases: an initializer draws both, given the widths that a layer joins; registry."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Protocol

import numpy as np

from ..frozen import frozen
from ..ranges import check_name, check_object, check_real

__all__ = ["INITIALIZERS", "Initializer", "Orthogonal", "SmallNormal", "VarianceScaling"]

Array = np.ndarray
Sampler = Callable[[np.random.RandomState, tuple[int, ...]], Array]


def zeros(rng: np.random.RandomState, shape: tuple[int, ...]) -> Array:
    """All zero; nothing is drawn."""
    return np.zeros(shape)


def ones(rng: np.random.RandomState, shape: tuple[int, ...]) -> Array:
    """All one; nothing is drawn."""
    return np.ones(shape)


def gate_by_gate(draw: Sampler, gates: int) -> Sampler:
    """A sampler of (d, G u) matrices that draws the (d, u) block of each gate separately."""

    def sampler(rng: np.random.RandomState, shape: tuple[int, ...]) -> Array:
        d, width = shape
        return np.concatenate([draw(rng, (d, width // gates)) for _ in range(gates)], axis=1)

    return sampler


class Initializer(Protocol):
    """A frozen dataclass. ``samplers`` returns one function for the weights and one for the biases.

    Each is called as ``draw(rng, shape)``, with a ``numpy.random.RandomState``. ``n_in`` and ``n_out`` are the widths
    that the layer joins.

    Examples
    --------
    >>> import numpy as np
    >>> from dataclasses import dataclass
    >>> from skbackprop import Dense, Network
    >>> @dataclass(frozen=True)
    ... class Averaging:
    ...     def samplers(self, n_in, n_out):
    ...         return lambda rng, shape: np.full(shape, 1 / n_in), lambda rng, shape: np.zeros(shape)
    >>> Network([Dense(1, init=Averaging())], (4,)).parameters.initial(np.random.RandomState(0), float)
    array([0.25, 0.25, 0.25, 0.25, 0.  ])
    """

    def samplers(self, n_in: int, n_out: int) -> tuple[Sampler, Sampler]: ...


def check_init(init: Initializer | None) -> None:
    """Refuse an ``init`` that is neither an Initializer nor None, which leaves the choice to the layer."""
    if init is not None:
        check_object("init", init, Initializer, "Orthogonal() or SmallNormal()")


@frozen
class VarianceScaling:
    """Weights of mean zero and variance ``scale / n``.

    n is the number of inputs of the layer, or with ``fan="mean"`` the mean of its inputs and outputs. They are
    uniform on (-a, a) with a = sqrt(3 scale / n), or with ``normal=True`` normal. The biases are zero, or with
    ``bias=True`` drawn like the weights.

    Parameters
    ----------
    scale : float, default=1.0
    fan : {"in", "mean"}, default="in"
    normal : bool, default=False
    bias : bool, default=False

    Raises
    ------
    TypeError, ValueError
        If ``scale`` is not a positive, finite real number; if ``fan`` is neither "in" nor "mean" (ValueError).

    References
    ----------
    scale 1, fan "mean": Glorot and Bengio (2010), "Understanding the difficulty of training deep feedforward neural
    networks", eq. 16. scale 2: He et al. (2015), "Delving deep into rectifiers", eq. 10. scale 1: LeCun et al.
    (1998), "Efficient backprop", eq. 16. With ``bias=True`` and fan "mean", scale 1 (1/3 for the logistic function)
    is the initialisation of scikit-learn's ``MLPRegressor``.

    Examples
    --------
    >>> import numpy as np
    >>> weights, biases = VarianceScaling(2.0, normal=True).samplers(50, 100)
    >>> W = weights(np.random.RandomState(0), (50, 100))
    >>> round(float(W.std()), 2)
    0.2
    """

    scale: float = 1.0
    fan: str = "in"
    normal: bool = False
    bias: bool = False

    def __post_init__(self) -> None:
        check_real("scale", self.scale, 0, closed="neither")
        check_name("fan", self.fan, ("in", "mean"))

    def samplers(self, n_in: int, n_out: int) -> tuple[Sampler, Sampler]:
        variance = self.scale / (n_in if self.fan == "in" else (n_in + n_out) / 2)

        def draw(rng: np.random.RandomState, shape: tuple[int, ...]) -> Array:
            if self.normal:
                return rng.normal(0.0, math.sqrt(variance), shape)
            bound = math.sqrt(3 * variance)
            return rng.uniform(-bound, bound, shape)

        return draw, draw if self.bias else zeros


@frozen
class Orthogonal:
    """Weights with orthogonal rows or columns (whichever are fewer) of length ``gain``; biases zero.

    Parameters
    ----------
    gain : float > 0, default=1.0

    Raises
    ------
    TypeError, ValueError
        If ``gain`` is not a positive, finite real number.

    References
    ----------
    Saxe, McClelland and Ganguli (2014), "Exact solutions to the nonlinear dynamics of learning in deep linear neural
    networks".

    Examples
    --------
    >>> import numpy as np
    >>> weights, _ = Orthogonal(gain=2.0).samplers(3, 2)
    >>> W = weights(np.random.RandomState(0), (3, 2))
    >>> np.abs(W.T @ W).round(6)
    array([[4., 0.],
           [0., 4.]])
    """

    gain: float = 1.0

    def __post_init__(self) -> None:
        check_real("gain", self.gain, 0, closed="neither")

    def samplers(self, n_in: int, n_out: int) -> tuple[Sampler, Sampler]:
        def draw(rng: np.random.RandomState, shape: tuple[int, ...]) -> Array:
            normal = rng.normal(size=(max(shape), min(shape)))
            Q, R = np.linalg.qr(normal)
            Q *= self.gain * np.sign(np.diag(R))
            return Q if shape[0] >= shape[1] else Q.T

        return draw, zeros


@frozen
class SmallNormal:
    """Weights close to zero, normal with standard deviation ``sd``; biases zero.

    Parameters
    ----------
    sd : float > 0, default=0.01

    Raises
    ------
    TypeError, ValueError
        If ``sd`` is not a positive, finite real number.

    References
    ----------
    Krizhevsky, Sutskever and Hinton (2012), "ImageNet classification with deep convolutional neural networks",
    section 5, which initialises the weights in this way.

    Examples
    --------
    >>> import numpy as np
    >>> weights, biases = SmallNormal().samplers(2, 2)
    >>> weights(np.random.RandomState(0), (2, 2)).round(3), biases(None, (2,))
    (array([[0.018, 0.004],
           [0.01 , 0.022]]), array([0., 0.]))
    """

    sd: float = 0.01

    def __post_init__(self) -> None:
        check_real("sd", self.sd, 0, closed="neither")

    def samplers(self, n_in: int, n_out: int) -> tuple[Sampler, Sampler]:
        return lambda rng, shape: rng.normal(0.0, self.sd, shape), zeros


INITIALIZERS: dict[str, Initializer] = {
    "glorot_uniform": VarianceScaling(1.0, "mean"),
    "glorot_normal": VarianceScaling(1.0, "mean", normal=True),
    "he_uniform": VarianceScaling(2.0),
    "he_normal": VarianceScaling(2.0, normal=True),
    "lecun_uniform": VarianceScaling(1.0),
    "lecun_normal": VarianceScaling(1.0, normal=True),
    "orthogonal": Orthogonal(),
    "small_normal": SmallNormal(),
}
INITIALIZERS["glorot"] = INITIALIZERS["glorot_uniform"]
INITIALIZERS["he"] = INITIALIZERS["he_normal"]
INITIALIZERS["lecun"] = INITIALIZERS["lecun_normal"]
