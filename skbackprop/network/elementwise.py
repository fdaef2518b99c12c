"""What an activation is: the contract, and the base of those that name a kernel."""

from __future__ import annotations

from typing import ClassVar, Protocol

import numpy as np

from .. import kernels
from .initializers import Initializer, VarianceScaling

Array = np.ndarray

SCIKIT_LEARN = VarianceScaling(1.0, "mean", bias=True)
HE = VarianceScaling(2.0)
LECUN = VarianceScaling(1.0, normal=True)


class Activation(Protocol):
    """A frozen dataclass of hyper-parameters.

    1. ``forward`` writes f(Z) to A; ``backward`` overwrites dA with dA * f'(Z). Z is not written to, unless A is Z.
    2. ``keeps_input`` tells whether ``backward`` reads Z. If it is False, A may share memory with Z.
    3. ``init`` is the initializer that ``init="auto"`` selects for a layer with this activation.

    Examples
    --------
    >>> import numpy as np
    >>> from dataclasses import dataclass
    >>> from skbackprop import INITIALIZERS
    >>> @dataclass(frozen=True)
    ... class Square:
    ...     keeps_input = True
    ...     init = INITIALIZERS["he"]
    ...
    ...     def forward(self, Z, A):
    ...         np.square(Z, out=A)
    ...
    ...     def backward(self, dA, Z, A):
    ...         dA *= 2 * Z
    >>> Z, A, dA = np.array([-1.0, 0.0, 3.0]), np.empty(3), np.ones(3)
    >>> Square().forward(Z, A), Square().backward(dA, Z, A)
    (None, None)
    >>> A, dA
    (array([1., 0., 9.]), array([-2.,  0.,  6.]))
    """

    keeps_input: ClassVar[bool]
    init: ClassVar[Initializer]

    def forward(self, Z: Array, A: Array) -> None: ...
    def backward(self, dA: Array, Z: Array, A: Array) -> None: ...


class Elementwise:
    """Base class of the activations here: calls the kernels named ``kernel``, with ``constants`` as last arguments."""

    kernel: ClassVar[str]

    @property
    def constants(self) -> tuple[float, ...]:
        return ()

    def forward(self, Z: Array, A: Array) -> None:
        kernels.current_kernels()[self.kernel](Z, A, *self.constants)

    def backward(self, dA: Array, Z: Array, A: Array) -> None:
        kernels.current_kernels()[f"{self.kernel}_backward"](dA, Z, A, *self.constants)
