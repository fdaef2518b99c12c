"""Recurrent layers: a cell applied step after step, with the interface of any other layer."""

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
    """For t = 1 ... T: S_t = cell(X_t W + b, S_{t-1}), with H_t, the first of the states S_t, as output.

    Backwards from t = T, without dropout and layer normalisation, dH_t = dY_t + dR_{t+1} U^T (plus what the cell passes
    back directly) gives dR_t and dZ_t; after the last step backward dU = sum_t H_{t-1}^T dR_t, dW = sum_t X_t^T dZ_t,
    db = sum_t dZ_t and dX_t = dZ_t W^T, each in one product over all steps.

    X is (n, T, d). Y is (n, T, units), or H after the last valid step of each row, (n, units). `Run.lengths` says how
    many steps of each row are valid. The state is carried unchanged through the others, so that nothing depends on the
    values of X there, as long as they are finite. `Run.state` is the initial state, (n, states * units), zeros if None;
    no derivative is taken by it. The final state is left in ``tape.state``.

    Parameters
    ----------
    cell : Cell
    units : int
        Columns of H.
    return_sequences : bool, default=False
        Whether Y has all steps, or only the last one.
    bidirectional : bool, default=False
        Whether a second cell, with slots of its own, reads each row from its last valid step to its first. Y then has
        2 * units columns, and neither `step` nor an initial state can be used.
    dropout : float in [0, 1), default=0.0
        The expected share of H_{t-1} that is dropped in the product with U: the same entries at all steps of a
        sequence, drawn whenever a sequence starts.
    init : Initializer or None, default=None
        Draws the initial W, one gate at a time; None takes "glorot_uniform".

    Raises
    ------
    TypeError, ValueError
        If ``units`` is not an integer of at least 1; if ``dropout`` is not a real number in [0, 1); if ``cell`` is a
        name or a class instead of an object, or a flag is not a bool (TypeError).
    ValueError
        By a pass or `step`, if the state has the wrong shape; if the layer is bidirectional, for any state and any
        step.

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

    One step at a time:

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
        """Whether the output at a step depends on later steps."""
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
        """Run one step of every row, x being (n, d); return the output and the state for the next step."""
        if self.bidirectional:
            raise ValueError("a bidirectional layer reads whole sequences: it cannot go step by step")
        self._check_state(state, len(x))
        one = Unrolled(self.cell, self.units, len(x), 1, Tape(), p.U.dtype)
        one.forward(p, x, state, None, None)
        return one.H[0], one.state()

    def _forward(self, p: SimpleNamespace, X: Array, run: Run, reverse: bool = False) -> Array:
        """The forward pass in one direction."""
        tape = Tape() if run.tape is None else run.tape
        n, T = X.shape[:2]
        self._check_state(run.state, n)
        self._draw(run, n, p.U.dtype)
        # Buffers on a nested tape: in a reference cycle, only the garbage collector would free them.
        steps = tape.unrolled = Unrolled(self.cell, self.units, n, T, tape.part("steps"), p.U.dtype, reverse)
        steps.forward(p, flatten(X), run.state, run.lengths, tape.M)
        tape.state = steps.state()
        return steps.H.swapaxes(0, 1) if self.return_sequences else steps.H[steps.order[-1]]

    def _backward(self, p: SimpleNamespace, g: SimpleNamespace, dY: Array, run: Run, need_dX: bool) -> Array | None:
        """Backpropagation through time in one direction."""
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
        """Draw the dropout mask M of new sequences, 0 or 1 / (1 - dropout); with a state, the old mask is kept."""
        if run.tape is None:
            return
        if run.rng is None or self.dropout == 0:
            run.tape.M = None
        elif run.state is None or run.tape.M is None:
            run.tape.M = run.mask((n, self.units), dtype, self.dropout)


def backward_slots(p: SimpleNamespace) -> SimpleNamespace:
    """The slots of the cell that reads backwards, under the names that the cell uses."""
    return SimpleNamespace(**{name.removesuffix(BACK): a for name, a in vars(p).items() if name.endswith(BACK)})


def within(run: Run) -> Run:
    """The same pass, recorded on a tape within the tape."""
    return run if run.tape is None else run._replace(tape=run.tape.part("back"))
