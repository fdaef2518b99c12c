"""Layers: what each computes and its derivative, side by side."""

from __future__ import annotations

from functools import cached_property
from types import SimpleNamespace
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix, issparse

from .. import kernels
from ..frozen import frozen
from ..ranges import check_integer, check_object, check_real
from .activations import Activation, Identity
from .contract import Run, Shape
from .elementwise import Elementwise
from .initializers import Initializer, check_init, ones
from .layout import flatten, on_steps, unflatten
from .parameters import Slot
from .products import Shifted, matmul, matmul_transposed

__all__ = ["Dense", "Dropout", "Standardize"]

Array = np.ndarray
IDENTITY = Identity()


class BiasedActivation:
    """The bias and the activation of a dense layer together.

    With kernels of the package the two take one pass in each direction. Any other activation is called after the bias
    has been added; backward, it is called before the column sums that give db.
    """

    def __init__(self, f: Activation):
        self.f, self.keeps_input = f, f.keeps_input
        self.kernel: str | None = None
        self.constants: tuple[float, ...] = ()
        if type(f).forward is Elementwise.forward and type(f).backward is Elementwise.backward:
            self.kernel, self.constants = f.kernel, f.constants  # type: ignore[attr-defined]
            self._forward, self._backward = f"{self.kernel}_dense", f"{self.kernel}_dense_backward"

    def forward(self, Z: Array, b: Array, A: Array) -> None:
        """A = f(Z + b)."""
        if self.kernel is None:
            kernels.add_bias(Z, b)
            if self.f.forward(Z, A) is not None:  # type: ignore[func-returns-value]
                raise TypeError(f"`forward` of {self.f!r} must write to A and return None, it returns something")
        else:
            kernels.current_kernels()[self._forward](Z, b, A, self.constants)

    def backward(self, dA: Array, Z: Array, A: Array, db: Array) -> None:
        """dZ = dA * f'(Z), written over dA, and db = the column sums of dZ."""
        if self.kernel is None:
            self.f.backward(dA, Z, A)
            kernels.column_sums(dA, db)
        else:
            kernels.current_kernels()[self._backward](dA, Z, A, db, self.constants)


@frozen
class Dense:
    """A = f(X W + b), on the last axis of X.

    With dZ = dA * f'(Z): dW = X^T dZ, db = the column sums of dZ, dX = dZ W^T.

    Parameters
    ----------
    units : int
        Columns of A.
    activation : Activation, default=Identity()
        f, elementwise.
    init : Initializer or None, default=None
        Draws the initial W and b; None takes the initializer that suits the activation.

    Raises
    ------
    TypeError, ValueError
        If ``units`` is not an integer of at least 1; if ``activation`` is a name or a class instead of an object
        (TypeError).

    References
    ----------
    Rumelhart, Hinton and Williams (1986), "Learning representations by back-propagating errors", eq. 6 to 9.

    Examples
    --------
    >>> import numpy as np
    >>> from skbackprop import Network
    >>> p = Network([Dense(1)], (2,)).parameters.views(np.array([1.0, 2.0, 0.5]))[0]  # W, then b
    >>> Dense(1).forward(p, np.array([[3.0, 4.0]]), Run())
    array([[11.5]])
    """

    units: int
    activation: Activation = IDENTITY
    init: Initializer | None = None

    def __post_init__(self) -> None:
        check_integer("units", self.units, 1)
        check_object("activation", self.activation, Activation, "Tanh() or ReLU()")
        check_init(self.init)

    @cached_property
    def biased(self) -> BiasedActivation:
        return BiasedActivation(self.activation)

    def __getstate__(self) -> dict[str, Any]:
        """Only the fields: `biased` is made from them."""
        return {name: value for name, value in vars(self).items() if name != "biased"}

    def slots(self, shape: Shape) -> dict[str, Slot]:
        n_in = shape[-1]
        weights, biases = (self.init or self.activation.init).samplers(n_in, self.units)
        return {"W": Slot((n_in, self.units), weights, decay=True), "b": Slot((self.units,), biases)}

    def output_shape(self, shape: Shape) -> Shape:
        return (*shape[:-1], self.units)

    @on_steps
    def forward(self, p: SimpleNamespace, X: Any, run: Run) -> Array:
        shape = X.shape[0], self.units
        Z = run.array("Z", shape, p.W.dtype)
        matmul(X, p.W, Z)
        A = run.array("A", shape, p.W.dtype) if self.activation.keeps_input else Z
        self.biased.forward(Z, p.b, A)
        if run.tape is not None:
            run.tape.X, run.tape.Z, run.tape.A = X, Z, A
        return A

    def backward(
        self, p: SimpleNamespace, g: SimpleNamespace, dY: Array, run: Run, *, need_dX: bool = True
    ) -> Array | None:
        tape = run.tape
        assert tape is not None
        if dY.ndim == 3:
            dX = self.backward(p, g, flatten(dY), run, need_dX=need_dX)
            return None if dX is None else unflatten(dX, len(dY))
        dZ = dY
        self.biased.backward(dZ, tape.Z, tape.A, g.b)
        matmul_transposed(tape.X, dZ, g.W)
        if not need_dX:
            return None
        dX = tape.array("dX", tape.X.shape, dZ.dtype)
        kernels.product(dZ, p.W.T, dX)
        return dX


@frozen
class Dropout:
    """Y = X * M, dX = dY * M, with M drawn anew for each batch.

    An entry of M is 0 with probability ``rate``, else 1 / (1 - rate). This keeps the mean, so that inference is Y = X.

    Parameters
    ----------
    rate : float in [0, 1)
        The expected share of the entries of X that are dropped.

    Raises
    ------
    TypeError, ValueError
        If ``rate`` is not a real number in [0, 1).

    References
    ----------
    Srivastava et al. (2014), "Dropout: a simple way to prevent neural networks from overfitting", section 10.

    Examples
    --------
    >>> import numpy as np
    >>> from skbackprop import Run, Tape
    >>> Dropout(0.5).forward(None, np.ones((1, 6)), Run(tape=Tape(), rng=np.random.default_rng(0)))
    array([[2., 0., 0., 0., 2., 2.]])
    """

    rate: float

    def __post_init__(self) -> None:
        check_real("rate", self.rate, 0, 1, closed="left")

    def slots(self, shape: Shape) -> dict[str, Slot]:
        return {}

    def output_shape(self, shape: Shape) -> Shape:
        return shape

    @on_steps
    def forward(self, p: SimpleNamespace, X: Any, run: Run) -> Array:
        if run.tape is None:
            return X
        run.tape.M = None
        if run.rng is None:
            return X
        M = run.tape.M = run.mask(X.shape, X.dtype, self.rate)
        return np.multiply(X, M, out=run.tape.array("Y", X.shape, X.dtype))

    def backward(
        self, p: SimpleNamespace, g: SimpleNamespace, dY: Array, run: Run, *, need_dX: bool = True
    ) -> Array | None:
        assert run.tape is not None
        if run.tape.M is not None:
            dY *= run.tape.M if dY.ndim == 2 else unflatten(run.tape.M, len(dY))
        return dY


@frozen
class Standardize:
    """Y = (X - shift) * inverse_scale, column by column; dX = dY * inverse_scale. The two slots do not train.

    X itself is never written to; each batch gets a standardised copy. A sparse X stays sparse: the vector to subtract
    is passed on with it, and the products of the next layer apply it.

    Examples
    --------
    >>> import numpy as np
    >>> from types import SimpleNamespace
    >>> p = SimpleNamespace(shift=np.array([1.0, 10.0]), inverse_scale=np.array([2.0, 0.1]))
    >>> Standardize().forward(p, np.array([[1.5, 30.0]]), Run())
    array([[1., 2.]])
    """

    def slots(self, shape: Shape) -> dict[str, Slot]:
        return {"shift": Slot(shape[-1:], train=False), "inverse_scale": Slot(shape[-1:], ones, train=False)}

    def output_shape(self, shape: Shape) -> Shape:
        return shape

    @on_steps
    def forward(self, p: SimpleNamespace, X: Any, run: Run) -> Any:
        if issparse(X):
            X = X.tocsr()
            S = csr_matrix((X.data * p.inverse_scale[X.indices], X.indices, X.indptr), shape=X.shape)
            return Shifted(S, -p.shift * p.inverse_scale)
        Y = run.array("Y", X.shape, p.inverse_scale.dtype)
        kernels.standardize(X, p.shift, p.inverse_scale, Y)
        return Y

    def backward(
        self, p: SimpleNamespace, g: SimpleNamespace, dY: Array, run: Run, *, need_dX: bool = True
    ) -> Array | None:
        dY *= p.inverse_scale
        return dY
