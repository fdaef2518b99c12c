"""Cells: each is one step of a recurrent layer, forward and backward in the same notation; registry."""

from __future__ import annotations

from types import SimpleNamespace
from typing import ClassVar, Protocol

import numpy as np

from .. import kernels
from ..frozen import frozen
from ..ranges import check_flag, check_object, check_real
from .activations import ReLU, Tanh
from .elementwise import Activation
from .initializers import Orthogonal, Sampler, gate_by_gate, ones, zeros
from .parameters import Slot

__all__ = ["CELLS", "GRU", "LSTM", "Cell", "Elman"]

Array = np.ndarray
States = tuple[Array, ...]
TANH = Tanh()
EPSILON = 1e-5


class Cell(Protocol):
    """A frozen dataclass of hyper-parameters: what one step of a recurrent layer computes.

    A step is a namespace with Z = X W + b, the contribution of the input, and the states ``before`` and ``after`` it,
    H first; R = H_before U is the recurrent product. Z and R have a block of ``units`` columns per gate.

    1. ``forward`` writes the states after the step. It may overwrite Z. What it leaves there, and what it writes to the
       arrays that ``keeps`` asks for by name and width, is available in ``backward``.
    2. ``backward`` gets in ``dS`` the derivatives by the states after the step and replaces them by the derivatives by
       the states before it, without the part through R, which the layer adds. It overwrites Z by dZ and writes dR; the
       two share memory unless ``has_own_dR`` is True, as it must be in a cell that combines Z and R other than as
       Z + R.
    3. ``slots`` are the slots of the recurrence: U, and whatever else the cell needs. ``bias`` draws the initial b.
    4. ``gradient`` assigns the gradient by the slots other than U and gain. It is called once, after the whole backward
       pass, and ``kept`` then holds the rows of all steps.

    With ``layer_norm`` the layer normalises R over all its columns before the cell sees it, R = gain * (R - mean) / sd.

    Examples
    --------
    >>> import numpy as np
    >>> from types import SimpleNamespace
    >>> step = SimpleNamespace(Z=np.array([[0.5, -1.0]]), before=(np.zeros((1, 2)),), after=(np.zeros((1, 2)),))
    >>> Elman().forward(SimpleNamespace(), np.array([[0.5, 0.0]]), step)
    >>> step.after[0].round(4)
    array([[ 0.7616, -0.7616]])
    """

    gates: ClassVar[int]
    has_own_dR: ClassVar[bool]
    states: ClassVar[int]

    @property
    def layer_norm(self) -> bool: ...
    def slots(self, units: int) -> dict[str, Slot]: ...
    def bias(self, units: int) -> Sampler: ...
    def keeps(self, units: int) -> dict[str, int]: ...
    def forward(self, p: SimpleNamespace, R: Array, step: SimpleNamespace) -> None: ...
    def backward(self, p: SimpleNamespace, dS: States, dR: Array, step: SimpleNamespace) -> None: ...
    def gradient(self, g: SimpleNamespace, dR: Array, kept: SimpleNamespace) -> None: ...


def identity(rng: np.random.RandomState, shape: tuple[int, ...]) -> Array:
    """The identity; nothing is drawn."""
    return np.eye(shape[0], shape[1])


def recurrent_slots(cell: Cell, units: int, draw: Sampler | None = None) -> dict[str, Slot]:
    """The slot U, whose blocks start orthogonal or as ``draw`` says, and with ``layer_norm`` the slot of the gain."""
    draw = draw or Orthogonal().samplers(units, units)[0]
    slots = {"U": Slot((units, cell.gates * units), gate_by_gate(draw, cell.gates), decay=True)}
    if cell.layer_norm:
        slots["gain"] = Slot((cell.gates * units,), ones)
    return slots


@frozen
class Elman:
    """H = f(X W + b + H_before U).

    With dZ = dH * f'(Z + R): dR = dZ, so dU = H_before^T dZ and dH_before = dZ U^T.

    Parameters
    ----------
    activation : Activation, default=Tanh()
        f. With `ReLU`, U starts as the identity, which keeps a state until something is added to it.
    layer_norm : bool, default=False
        Whether the recurrent product is normalised.

    Raises
    ------
    TypeError
        If ``activation`` is a name or a class instead of an object; if ``layer_norm`` is not a bool.

    References
    ----------
    Elman (1990), "Finding structure in time". Le, Jaitly and Hinton (2015), "A simple way to initialize recurrent
    networks of rectified linear units". Ba, Kiros and Hinton (2016), "Layer normalization", section 3.1.

    Examples
    --------
    >>> from skbackprop import ReLU
    >>> Elman(ReLU()).slots(2)["U"].init(None, (2, 2))
    array([[1., 0.],
           [0., 1.]])
    """

    activation: Activation = TANH
    layer_norm: bool = False
    gates: ClassVar[int] = 1
    has_own_dR: ClassVar[bool] = False
    states: ClassVar[int] = 1

    def __post_init__(self) -> None:
        check_flag("layer_norm", self.layer_norm)
        check_object("activation", self.activation, Activation, "Tanh() or ReLU()")

    def slots(self, units: int) -> dict[str, Slot]:
        return recurrent_slots(self, units, identity if self.activation == ReLU() else None)

    def bias(self, units: int) -> Sampler:
        return zeros

    def keeps(self, units: int) -> dict[str, int]:
        return {}

    def forward(self, p: SimpleNamespace, R: Array, step: SimpleNamespace) -> None:
        step.Z += R
        self.activation.forward(step.Z, step.after[0])

    def backward(self, p: SimpleNamespace, dS: States, dR: Array, step: SimpleNamespace) -> None:
        (dH,) = dS
        self.activation.backward(dH, step.Z, step.after[0])
        dR[...] = dH
        dH[...] = 0.0

    def gradient(self, g: SimpleNamespace, dR: Array, kept: SimpleNamespace) -> None:
        pass


@frozen
class GRU:
    """H = (1 - z) c + z H_before, with r, z = s(X W + b + H_before U), c = tanh(X W + b + r * (H_before U + v)).

    The reset gate r acts on the recurrent product, as in cuDNN and PyTorch, so that one product serves all gates. The
    columns of W, b and U are r | z | c. v is the bias inside the reset.

    Parameters
    ----------
    layer_norm : bool, default=False
        Whether the recurrent product is normalised.

    Raises
    ------
    TypeError
        If ``layer_norm`` is not a bool.

    References
    ----------
    Cho et al. (2014), "Learning phrase representations using RNN encoder-decoder for statistical machine translation",
    eq. 5 to 8, where r acts on H_before instead, and z and 1 - z are swapped.

    Examples
    --------
    >>> from skbackprop import Recurrent
    >>> layer = Recurrent(GRU(), 4)
    >>> {name: slot.shape for name, slot in layer.slots((None, 3)).items()}, layer.output_shape((None, 3))
    ({'W': (3, 12), 'b': (12,), 'U': (4, 12), 'v': (4,)}, (4,))
    """

    layer_norm: bool = False
    gates: ClassVar[int] = 3
    has_own_dR: ClassVar[bool] = True
    states: ClassVar[int] = 1

    def __post_init__(self) -> None:
        check_flag("layer_norm", self.layer_norm)

    def slots(self, units: int) -> dict[str, Slot]:
        return recurrent_slots(self, units) | {"v": Slot((units,))}

    def bias(self, units: int) -> Sampler:
        return zeros

    def keeps(self, units: int) -> dict[str, int]:
        return {"A": 2 * units, "c": units, "P": units}

    def forward(self, p: SimpleNamespace, R: Array, step: SimpleNamespace) -> None:
        kernels.gru(step.Z, R, p.v, step.before[0], step.A, step.c, step.P, step.after[0])

    def backward(self, p: SimpleNamespace, dS: States, dR: Array, step: SimpleNamespace) -> None:
        kernels.gru_backward(dS[0], step.A, step.c, step.before[0], step.P, step.Z, dR)

    def gradient(self, g: SimpleNamespace, dR: Array, kept: SimpleNamespace) -> None:
        kernels.column_sums(dR[:, -g.v.size :], g.v)


@frozen
class LSTM:
    """C = f C_before + i g, H = o tanh(C), with i, f, o = s(X W + b + H_before U) and g = tanh(X W + b + H_before U).

    The columns of W, b and U are i | f | o | g.

    Parameters
    ----------
    forget_bias : float, default=1.0
        The initial bias of f: with 1 the state is mostly kept at first, and gradients reach far back.
    layer_norm : bool, default=False
        Whether the recurrent product and, on the way to H, the state C are normalised: H = o tanh(N) with
        N = gain_c * (C - mean) / sd + bias_c.

    Raises
    ------
    TypeError, ValueError
        If ``forget_bias`` is not a finite real number; if ``layer_norm`` is not a bool (TypeError).

    References
    ----------
    Hochreiter and Schmidhuber (1997), "Long short-term memory"; Gers, Schmidhuber and Cummins (2000), "Learning to
    forget"; Jozefowicz, Zaremba and Sutskever (2015), "An empirical exploration of recurrent network architectures",
    for the forget bias; Ba, Kiros and Hinton (2016), "Layer normalization", eq. 20 to 22.

    Examples
    --------
    >>> LSTM().bias(2)(None, (8,))  # i | f | o | g
    array([0., 0., 1., 1., 0., 0., 0., 0.])
    """

    forget_bias: float = 1.0
    layer_norm: bool = False
    gates: ClassVar[int] = 4
    has_own_dR: ClassVar[bool] = False
    states: ClassVar[int] = 2

    def __post_init__(self) -> None:
        check_real("forget_bias", self.forget_bias)
        check_flag("layer_norm", self.layer_norm)

    def slots(self, units: int) -> dict[str, Slot]:
        slots = recurrent_slots(self, units)
        if self.layer_norm:
            slots |= {"gain_c": Slot((units,), ones), "bias_c": Slot((units,))}
        return slots

    def bias(self, units: int) -> Sampler:
        def draw(rng: np.random.RandomState, shape: tuple[int, ...]) -> Array:
            b = np.zeros(shape)
            b[units : 2 * units] = self.forget_bias
            return b

        return draw

    def keeps(self, units: int) -> dict[str, int]:
        return {"F": units, "C_normal": units, "s": 1, "dN": units} if self.layer_norm else {"F": units}

    def forward(self, p: SimpleNamespace, R: Array, step: SimpleNamespace) -> None:
        (_, C_before), (H, C) = step.before, step.after
        if not self.layer_norm:
            kernels.lstm(step.Z, R, C_before, C, step.F, H)
            return
        kernels.lstm_state(step.Z, R, C_before, C)
        kernels.normalize(C, step.C_normal, step.s, EPSILON)
        N = step.C_normal * p.gain_c
        N += p.bias_c
        kernels.lstm_output(step.Z, N, step.F, H)

    def backward(self, p: SimpleNamespace, dS: States, dR: Array, step: SimpleNamespace) -> None:
        (dH, dC), (_, C_before) = dS, step.before
        if self.layer_norm:
            kernels.lstm_output_backward(dH, step.Z, step.F, step.dN)
            dN = step.dN * p.gain_c
            kernels.normalize_backward(dN, step.C_normal, step.s, dN)
            dC += dN
            kernels.lstm_state_backward(dH, dC, step.Z, C_before, step.F, dR)
        else:
            kernels.lstm_backward(dH, dC, step.Z, C_before, step.F, dR)
        dH[...] = 0.0

    def gradient(self, g: SimpleNamespace, dR: Array, kept: SimpleNamespace) -> None:
        if self.layer_norm:
            kernels.column_sums(kept.dN * kept.C_normal, g.gain_c)
            kernels.column_sums(kept.dN, g.bias_c)


CELLS: dict[str, Cell] = {"elman": Elman(), "gru": GRU(), "lstm": LSTM()}
