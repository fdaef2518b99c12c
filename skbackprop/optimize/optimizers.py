"""First-order optimisers, which keep moments in plain arrays and move theta in place, and their registry."""

from __future__ import annotations

from dataclasses import KW_ONLY
from typing import Any, ClassVar, Protocol

import numpy as np

from .. import kernels
from ..frozen import frozen
from ..ranges import check_flag, check_real

__all__ = ["OPTIMIZERS", "SGD", "Adam", "AdamW", "Optimizer", "RMSprop"]

Array = np.ndarray
Moments = dict[str, Any]
EVERYTHING = slice(None)


class Optimizer(Protocol):
    """A frozen dataclass of hyper-parameters, which moves a vector theta by one gradient after the other.

    1. ``start(theta, decaying=...)`` returns the first moments: a dict of plain arrays and numbers, so that it pickles.
       ``decaying`` is the slice of theta, starting at its first entry, to which the optimiser's own weight decay
       applies, if it has one.
    2. ``step(theta, gradient, rate, moments)`` moves theta in place and leaves ``gradient`` as it is.
    3. ``rescale(moments, factor)`` adapts the moments to a change of units: from now on gradients are multiplied by
       ``factor``, entry by entry, so what the moments keep of earlier gradients must be multiplied, too.

    Examples
    --------
    >>> import numpy as np
    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class Signs:
    ...     def start(self, theta, *, decaying=slice(None)):
    ...         return {}
    ...
    ...     def step(self, theta, gradient, rate, moments):
    ...         theta -= rate * np.sign(gradient)
    ...
    ...     def rescale(self, moments, factor):
    ...         pass
    >>> theta = np.zeros(2)
    >>> Signs().step(theta, np.array([3.0, -0.2]), 0.1, {})
    >>> theta
    array([-0.1,  0.1])
    """

    def start(self, theta: Array, *, decaying: slice = EVERYTHING) -> Moments: ...
    def step(self, theta: Array, gradient: Array, rate: float, moments: Moments) -> None: ...
    def rescale(self, moments: Moments, factor: Array) -> None: ...


class KernelOptimizer:
    """The base class of the optimisers here, whose whole step is one kernel.

    ``kernel`` is its name, ``vectors`` maps the name of each vector among the moments to the power of the gradient that
    the vector sums, and ``constants`` are the hyper-parameters in the order in which the kernel takes them.
    """

    hint: ClassVar[str] = "the learning rate is a parameter of the estimator, `learning_rate_init`"
    kernel: ClassVar[str]
    vectors: ClassVar[dict[str, int]]

    @property
    def constants(self) -> tuple[float, ...]:
        raise NotImplementedError

    def start(self, theta: Array, *, decaying: slice = EVERYTHING) -> Moments:
        vectors = {name: np.zeros_like(theta) for name in self.vectors}
        return {"steps": 0, **vectors, "decaying": decaying.indices(theta.size)[1]}

    def step(self, theta: Array, gradient: Array, rate: float, moments: Moments) -> None:
        moments["steps"] += 1
        vectors = [moments[name] for name in self.vectors]
        kernel = kernels.current_kernels()[self.kernel]
        kernel(theta, gradient, *vectors, moments["steps"], rate, moments["decaying"], *self.constants)

    def rescale(self, moments: Moments, factor: Array) -> None:
        for name, power in self.vectors.items():
            moments[name] *= factor**power


@frozen
class SGD(KernelOptimizer):
    """Stochastic gradient descent with (Nesterov) momentum.

    v = momentum v - rate g; theta += v, or with ``nesterov`` theta += momentum v - rate g.

    Parameters
    ----------
    momentum : float in [0, 1], default=0.9
        The share of the last step v that is kept.
    nesterov : bool, default=True
        Whether to use Nesterov momentum, the second form above.
    weight_decay : float, default=0.0
        Decoupled: theta -= rate * weight_decay * theta, whatever the batch; biases do not decay.

    Raises
    ------
    TypeError, ValueError
        If ``momentum`` is not a real number in [0, 1], or ``weight_decay`` is not a finite real number >= 0; if
        ``nesterov`` is not a bool (TypeError).

    References
    ----------
    Sutskever et al. (2013), "On the importance of initialization and momentum in deep learning", eq. 3 and 4 (here in
    the form whose gradient is taken at theta).

    Examples
    --------
    >>> import numpy as np
    >>> theta, sgd = np.array([1.0]), SGD(momentum=0.5, nesterov=False)
    >>> moments = sgd.start(theta)
    >>> for _ in range(2):
    ...     sgd.step(theta, np.array([1.0]), 0.1, moments)
    >>> theta
    array([0.75])
    """

    _: KW_ONLY
    momentum: float = 0.9
    nesterov: bool = True
    weight_decay: float = 0.0
    kernel: ClassVar[str] = "sgd"
    vectors: ClassVar[dict[str, int]] = {"velocity": 1}

    def __post_init__(self) -> None:
        check_real("momentum", self.momentum, 0, 1)
        check_flag("nesterov", self.nesterov)
        check_real("weight_decay", self.weight_decay, 0)

    @property
    def constants(self) -> tuple[float, ...]:
        return self.momentum, self.nesterov, self.weight_decay


@frozen
class RMSprop(KernelOptimizer):
    """v = rho v + (1 - rho) g^2; theta -= rate g / (sqrt(v) + epsilon).

    Parameters
    ----------
    rho : float in [0, 1), default=0.9
        Decay of the running mean v of squared gradients.
    epsilon : float > 0, default=1e-8
        Keeps the divisor away from 0.
    weight_decay : float, default=0.0
        Decoupled, as in `SGD`.

    Raises
    ------
    TypeError, ValueError
        If a parameter is not a real number in its range.

    References
    ----------
    Tieleman and Hinton (2012), "Lecture 6.5: RMSprop", Coursera.

    Examples
    --------
    At first v = (1 - rho) g^2, so an entry moves by rate / sqrt(1 - rho), whatever its gradient:

    >>> import numpy as np
    >>> theta, rmsprop = np.zeros(2), RMSprop(rho=0.75)
    >>> rmsprop.step(theta, np.array([1e-3, -50.0]), 0.1, rmsprop.start(theta))
    >>> theta.round(3)
    array([-0.2,  0.2])
    """

    _: KW_ONLY
    rho: float = 0.9
    epsilon: float = 1e-8
    weight_decay: float = 0.0
    kernel: ClassVar[str] = "rmsprop"
    vectors: ClassVar[dict[str, int]] = {"squares": 2}

    def __post_init__(self) -> None:
        check_real("rho", self.rho, 0, 1, closed="left")
        check_real("epsilon", self.epsilon, 0, closed="neither")
        check_real("weight_decay", self.weight_decay, 0)

    @property
    def constants(self) -> tuple[float, ...]:
        return self.rho, self.epsilon, self.weight_decay


@frozen
class Adam(KernelOptimizer):
    """m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g^2; theta -= rate_t m / (sqrt(v) + epsilon).

    rate_t = rate sqrt(1 - b2^t) / (1 - b1^t) corrects both averages for their start at zero.

    Parameters
    ----------
    beta_1 : float in [0, 1), default=0.9
        Decay of the running mean m of gradients.
    beta_2 : float in [0, 1), default=0.999
        Decay of the running mean v of squared gradients.
    epsilon : float > 0, default=1e-8
        Keeps the divisor away from 0.
    weight_decay : float, default=0.0
        Decoupled: theta -= rate * weight_decay * theta before the step; biases do not decay. On by default in `AdamW`.

    Raises
    ------
    TypeError, ValueError
        If a parameter is not a real number in its range.

    References
    ----------
    Kingma and Ba (2015), "Adam: a method for stochastic optimization", Algorithm 1 in the order of computation given at
    the end of section 2; Loshchilov and Hutter (2019), "Decoupled weight decay regularization", Algorithm 2.

    Examples
    --------
    In the first step, every entry moves by ``rate``, whatever its gradient:

    >>> import numpy as np
    >>> theta, adam = np.zeros(2), Adam()
    >>> adam.step(theta, np.array([1e-3, -50.0]), 0.1, adam.start(theta))
    >>> theta.round(3)
    array([-0.1,  0.1])
    """

    _: KW_ONLY
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8
    weight_decay: float = 0.0
    kernel: ClassVar[str] = "adam"
    vectors: ClassVar[dict[str, int]] = {"sums": 1, "squares": 2}

    def __post_init__(self) -> None:
        check_real("beta_1", self.beta_1, 0, 1, closed="left")
        check_real("beta_2", self.beta_2, 0, 1, closed="left")
        check_real("epsilon", self.epsilon, 0, closed="neither")
        check_real("weight_decay", self.weight_decay, 0)

    @property
    def constants(self) -> tuple[float, ...]:
        return self.beta_1, self.beta_2, self.epsilon, self.weight_decay


@frozen
class AdamW(Adam):
    """`Adam` with its decoupled weight decay switched on: a decay that depends on neither batch nor gradient.

    Parameters
    ----------
    beta_1, beta_2, epsilon : float, default=0.9, 0.999, 1e-8
        As in `Adam`.
    weight_decay : float >= 0, default=0.01
        theta -= rate * weight_decay * theta before every step; biases do not decay. Give the estimator ``alpha=0``;
        otherwise its penalty shrinks the weights as well.

    Raises
    ------
    TypeError, ValueError
        As in `Adam`.

    References
    ----------
    Loshchilov and Hutter (2019), "Decoupled weight decay regularization", Algorithm 2.

    Examples
    --------
    >>> AdamW(beta_2=0.95)
    AdamW(beta_2=0.95)
    """

    _: KW_ONLY
    weight_decay: float = 1e-2


OPTIMIZERS: dict[str, Optimizer] = {
    "sgd": SGD(),
    "rmsprop": RMSprop(),
    "adam": Adam(),
    "adamw": AdamW(),
}
