"""Recurrent layers: a cell applied step after step, as a layer among others."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from ..frozen import frozen
from ..ranges import check_flag, check_integer, check_object, check_real
from .cells import Cell
from .contract import Run, Shape, Tape
from .initializers import INITIALIZERS, Initializer, check_init, gate_by_gate
from .layout import flatten, unflatten
from .parameters import BACK, Slot
from .unrolled import Unrolled

__all__ = ["Recurrent"]

Array = np.ndarray
GLOROT = INITIALIZERS["glorot_uniform"]


@frozen
class Recurrent:
    """For t = 1 ... T: S_t = cell(X_t W + b, S_{t-1}), where H_t, the first of the states S_t, is what is put out.

    Backwards from t = T, dH_t = dY_t + dR_{t+1} U^T (and what the cell hands down) gives dR_t and dZ_t; after the last
    step backward dU = sum_t H_{t-1}^T dR_t, dW = sum_t X_t^T dZ_t, db = sum_t dZ_t and dX_t = dZ_t W^T, each one
    product over all steps.

    X is (n, T, d). Y is (n, T, units), or of each row the state after its last valid step, (n, units). `Run.lengths`
    says how many steps of each row are valid: through the others the state is carried, so that nothing depends on
    what X holds there, as long as it is finite. `Run.state` is the state to begin with, (n, states * units), zeros if
    None; no derivative goes into it. The state in the end is left in ``tape.state``.

    Parameters
    ----------
    cell : Cell
    units : int
        Columns of H.
    return_sequences : bool, default=False
        Whether Y has all steps, or the last one alone.
    bidirectional : bool, default=False
        Whether a second cell, with slots of its own, reads each row from its last valid step to its first. Y then has
        2 * units columns, and there is no stepping and no state to carry.
    dropout : float in [0, 1), default=0.0
        Which share of H_{t-1} is dropped on its way into the product with U: the same entries at all steps of a
        sequence, drawn where the state starts anew.
    init : Initializer or None, default=None
        Where W starts, a gate at a time; None takes Glorot's uniform.

    Raises
    ------
    TypeError, ValueError
        For ``units`` that are no integer, or below 1; for a ``dropout`` that is no real number, or is outside [0, 1);
        for a ``cell`` that is a name or a class, or a flag that is no bool (a TypeError).
    ValueError
        By a pass or a step, for a state of another shape, or for any if the layer is bidirectional, which has no step.

    References
    ----------
    Werbos (1990), "Backpropagation through time: what it does and how to do it". Schuster and Paliwal (1997),
    "Bidirectional recurrent neural networks". Gal and Ghahramani (2016), "A theoretically grounded application of
    dropout in recurrent neural networks".

    Examples
    --------
    >>> import numpy as np
    >>> from skbackprop import GRU, Dense, Network, Recurrent
    >>> network = Network([Recurrent(GRU(), 8), Dense(1)], (None, 3))
    >>> p = network.parameters.views(network.parameters.initial(np.random.RandomState(0), np.float64))
    >>> X = np.random.default_rng(0).normal(size=(4, 10, 3))
    >>> network.forward(p, X).shape
    (4, 1)

    A step at a time:

    >>> states = None
    >>> for t in range(10):
    ...     y, states = network.step(p, X[:, t], states)
    >>> bool(np.allclose(y, network.forward(p, X)))
    True
    """

    cell: Cell
    units: int
    return_sequences: bool = False
    bidirectional: bool = False
    dropout: float = 0.0
    init: Initializer | None = None

    def __post_init__(self) -> None:
        check_object("cell", self.cell, Cell, "GRU() or LSTM()")
        check_integer("units", self.units, 1)
        check_flag("return_sequences", self.return_sequences)
        check_flag("bidirectional", self.bidirectional)
        check_real("dropout", self.dropout, 0, 1, closed="left")
        check_init(self.init)

    @property
    def whole_sequence(self) -> bool:
        """Whether what is put out at a step depends on later ones."""
        return self.bidirectional

    def slots(self, shape: Shape) -> dict[str, Slot]:
        d, cell, u = shape[-1], self.cell, self.units
        weights = gate_by_gate((self.init or GLOROT).samplers(d, u)[0], cell.gates)
        slots = {"W": Slot((d, cell.gates * u), weights, decay=True), "b": Slot((cell.gates * u,), cell.bias(u))}
        slots |= cell.slots(u)
        if self.bidirectional:
            slots |= {name + BACK: slot for name, slot in slots.items()}
        return slots

    def output_shape(self, shape: Shape) -> Shape:
        width = 2 * self.units if self.bidirectional else self.units
        return (*shape[:-1], width) if self.return_sequences else (width,)

    def forward(self, p: SimpleNamespace, X: Any, run: Run) -> Array:
        if not self.bidirectional:
            return self._forward(p, X, run)
        if run.state is not None:
            raise ValueError("a bidirectional layer reads whole sequences: it cannot go on from a `state`")
        ahead = self._forward(p, X, run)
        back = self._forward(backward_slots(p), X, within(run), reverse=True)
        Y = run.array("Y", (ahead.size // self.units, 2 * self.units), ahead.dtype)
        Y = unflatten(Y, len(X)) if self.return_sequences else Y
        Y[..., : self.units], Y[..., self.units :] = ahead, back
        return Y

    def backward(
        self, p: SimpleNamespace, g: SimpleNamespace, dY: Array, run: Run, *, need_dX: bool = True
    ) -> Array | None:
        if not self.bidirectional:
            return self._backward(p, g, dY, run, need_dX)
        ahead, back = dY[..., : self.units], dY[..., self.units :]
        dX = self._backward(p, g, ahead, run, need_dX)
        other = self._backward(backward_slots(p), backward_slots(g), back, within(run), need_dX)
        if dX is not None:
            dX += other
        return dX

    def step(self, p: SimpleNamespace, x: Array, state: Array | None = None) -> tuple[Array, Array]:
        """One step of every row, x being (n, d): what is put out, and the state that the next step takes."""
        if self.bidirectional:
            raise ValueError("a bidirectional layer reads whole sequences: it cannot go step by step")
        self._check_state(state, len(x))
        one = Unrolled(self.cell, self.units, len(x), 1, Tape(), p.U.dtype)
        one.forward(p, x, state, None, None)
        return one.H[0], one.state()

    def _forward(self, p: SimpleNamespace, X: Array, run: Run, reverse: bool = False) -> Array:
        """One direction of reading."""
        tape = Tape() if run.tape is None else run.tape
        n, T = X.shape[:2]
        self._check_state(run.state, n)
        self._draw(run, n, p.U.dtype)
        # Buffers on a tape within the tape: in a circle of references they would wait for the garbage collector.
        steps = tape.unrolled = Unrolled(self.cell, self.units, n, T, tape.part("steps"), p.U.dtype, reverse)
        steps.forward(p, flatten(X), run.state, run.lengths, tape.M)
        tape.state = steps.state()
        return steps.H.swapaxes(0, 1) if self.return_sequences else steps.H[steps.order[-1]]

    def _backward(self, p: SimpleNamespace, g: SimpleNamespace, dY: Array, run: Run, need_dX: bool) -> Array | None:
        """The way back of `_forward`: backpropagation through time in one direction."""
        assert run.tape is not None
        steps = run.tape.unrolled
        dY = dY.swapaxes(0, 1) if self.return_sequences else dY
        dX = steps.backward(p, g, dY, self.return_sequences, need_dX)
        return None if dX is None else unflatten(dX, steps.n)

    def _check_state(self, state: Array | None, n: int) -> None:
        shape = (n, self.cell.states * self.units)
        if state is not None and np.shape(state) != shape:
            raise ValueError(
                f"`state` must be what the step before left for the same rows, of shape {shape}, got {np.shape(state)}"
            )

    def _draw(self, run: Run, n: int, dtype: np.dtype) -> None:
        """Draw the mask M of the sequences, 0 or 1 / (1 - dropout); one that goes on from a state keeps its own."""
        if run.tape is None:
            return
        if run.rng is None or self.dropout == 0:
            run.tape.M = None
        elif run.state is None or run.tape.M is None:
            run.tape.M = run.mask((n, self.units), dtype, self.dropout)


def backward_slots(p: SimpleNamespace) -> SimpleNamespace:
    """The slots of the cell that reads backwards, under the names that a cell knows."""
    return SimpleNamespace(**{name.removesuffix(BACK): a for name, a in vars(p).items() if name.endswith(BACK)})


def within(run: Run) -> Run:
    """The same pass, remembered on a tape within the tape."""
    return run if run.tape is None else run._replace(tape=run.tape.part("back"))
