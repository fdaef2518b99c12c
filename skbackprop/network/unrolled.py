"""A cell unrolled over the steps of a batch: the loop through time, and backpropagation through it, side by side."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from .. import kernels
from .cells import EPSILON, Cell
from .contract import Tape

Array = np.ndarray


class Unrolled:
    """T steps of a cell for n rows.

    All arrays are stored step after step, as (T, n, columns), in buffers of the tape. U are the recurrent weights, G_t
    is H before step t (times the dropout mask M, if there is one), and R_t = G_t U, which layer normalisation replaces
    by gain * (R_t - mean) / sd:

        Z = X W + b                     for all steps at once
        S_t = cell(Z_t, R_t, S_{t-1})   for t = 1 ... T, or in ``reverse``

    Rows that have ended keep their states: S_t = S_{t-1}.

    Parameters
    ----------
    cell : Cell
    u : int
        Columns of each state.
    n, T : int
        Rows and steps.
    tape : Tape
    dtype : dtype
    reverse : bool, default=False
        Whether the steps run from the last to the first.

    Attributes
    ----------
    H : ndarray of shape (T, n, u)
        The first state after every step.
    """

    # What `forward` leaves for `backward`: its X and M, the rows that have ended before each step, and G.
    X: Array
    M: Array | None
    ended: list[Array | None]
    G: Array

    def __init__(self, cell: Cell, u: int, n: int, T: int, tape: Tape, dtype: np.dtype, reverse: bool = False):
        self.cell, self.u, self.n, self.T, self.tape, self.dtype = cell, u, n, T, tape, dtype
        self.order = range(T)[::-1] if reverse else range(T)
        S = [self._steps(f"S{k}", u, T + 1) for k in range(cell.states)]
        before, after = slice(None, -1), slice(1, None)
        if reverse:
            before, after = after, before
        self.H_before, self.H = S[0][before], S[0][after]
        gates = cell.gates * u
        self.Z, self.R = self._steps("Z", gates), tape.array("R", (n, gates), dtype)
        self.dR = self._steps("dR", gates) if cell.has_own_dR else self.Z
        self.dQ = self._steps("dQ", gates) if cell.layer_norm else self.dR
        if cell.layer_norm:
            self.N, self.s = self._steps("N", gates), self._steps("s_R", 1)
        self.kept = {name: self._steps(f"kept {name}", width) for name, width in cell.keeps(u).items()}
        self.steps = [
            SimpleNamespace(
                Z=self.Z[t],
                before=tuple(s[before][t] for s in S),
                after=tuple(s[after][t] for s in S),
                **{name: array[t] for name, array in self.kept.items()},
            )
            for t in range(T)
        ]

    def _steps(self, name: str, width: int, T: int | None = None) -> Array:
        """A (T, n, width) buffer of the tape; a batch of fewer rows or steps uses the same memory."""
        T = self.T if T is None else T
        return self.tape.array(name, (T * self.n, width), self.dtype).reshape(T, self.n, width)

    def forward(
        self, p: SimpleNamespace, X: Array, state: Array | None, lengths: Array | None, M: Array | None
    ) -> None:
        """Run all steps, for X of shape (T n, d), starting from ``state``."""
        self.X, self.M, self.ended = X, M, ended_rows(lengths, self.T)
        Z = self.Z.reshape(-1, self.Z.shape[2])
        kernels.product(X, p.W, Z)
        kernels.add_bias(Z, p.b)
        self._begin(state)
        self.G = self.H_before if M is None else self._steps("G", self.u)
        for t in self.order:
            step = self.steps[t]
            if M is not None:
                np.multiply(step.before[0], M, out=self.G[t])
            self.cell.forward(p, self._product(t, p), step)
            carry(step, self.ended[t])

    def backward(
        self, p: SimpleNamespace, g: SimpleNamespace, dY: Array, every_step: bool, need_dX: bool
    ) -> Array | None:
        """Assign the gradients, and return dX; dY is (T, n, u), or (n, u) if only the last H is the output.

        dH_t = dY_t + dQ_{t+1} U^T (times M, if there is one) + what the cell passes back directly, with Q = G U; dQ is
        dR, or dR taken back through the layer normalisation. dZ overwrites Z.
        """
        dS = tuple(self.tape.array(f"dS{k}", (self.n, self.u), self.dtype) for k in range(self.cell.states))
        for d in dS:
            d[...] = 0.0
        dH, dG = dS[0], self.tape.array("dG", (self.n, self.u), self.dtype)
        UT = self.tape.array("UT", p.U.shape[::-1], self.dtype)
        UT[...] = p.U.T
        if not every_step:
            dH += dY
        for t in reversed(self.order):
            if every_step:
                dH += dY[t]
            held = hold(dS, self.ended[t])
            self.cell.backward(p, dS, self.dR[t], self.steps[t])
            kernels.product(self._product_backward(t, p), UT, dG)
            if self.M is not None:
                dG *= self.M
            dH += dG
            release(dS, self.ended[t], held)
        return self._gradients(p, g, need_dX)

    def _product(self, t: int, p: SimpleNamespace) -> Array:
        """R = G U, or gain * N with N = (G U - mean) / sd."""
        kernels.product(self.G[t], p.U, self.R)
        if self.cell.layer_norm:
            kernels.normalize(self.R, self.N[t], self.s[t], EPSILON)
            np.multiply(self.N[t], p.gain, out=self.R)
        return self.R

    def _product_backward(self, t: int, p: SimpleNamespace) -> Array:
        """dQ, the derivative by Q = G U: dR itself, or gain * dR taken back through the normalisation."""
        dQ = self.dQ[t]
        if self.cell.layer_norm:
            np.multiply(self.dR[t], p.gain, out=dQ)
            kernels.normalize_backward(dQ, self.N[t], self.s[t], dQ)
        return dQ

    def _gradients(self, p: SimpleNamespace, g: SimpleNamespace, need_dX: bool) -> Array | None:
        """dU = sum_t G_t^T dQ_t, dW = sum_t X_t^T dZ_t, db = sum_t dZ_t: one product each. dX = dZ W^T."""
        G, dQ, dR, dZ = (flat(a) for a in (self.G, self.dQ, self.dR, self.Z))
        kernels.product(G.T, dQ, g.U)
        if self.cell.layer_norm:
            kernels.column_sums(dR * flat(self.N), g.gain)
        self.cell.gradient(g, dR, SimpleNamespace(**{name: flat(a) for name, a in self.kept.items()}))
        kernels.product(self.X.T, dZ, g.W)
        kernels.column_sums(dZ, g.b)
        if not need_dX:
            return None
        dX = self.tape.array("dX", self.X.shape, self.dtype)
        kernels.product(dZ, p.W.T, dX)
        return dX

    def _begin(self, state: Array | None) -> None:
        """Write the states before the first step."""
        for k, S in enumerate(self.steps[self.order[0]].before):
            S[...] = 0.0 if state is None else state[:, k * self.u : (k + 1) * self.u]

    def state(self) -> Array:
        """The states after the last step, side by side, from which another `forward` can continue."""
        return np.concatenate(self.steps[self.order[-1]].after, axis=1)


def flat(A: Array) -> Array:
    """(T, n, columns) as (T n, columns)."""
    return A.reshape(-1, A.shape[2])


def ended_rows(lengths: Array | None, T: int) -> list[Array | None]:
    """For every step, the rows that have ended before it, or None if there are none."""
    if lengths is None:
        return [None] * T
    first = int(lengths.min())
    return [None if t < first else np.flatnonzero(lengths <= t) for t in range(T)]


def carry(step: SimpleNamespace, ended: Array | None) -> None:
    """S_t = S_{t-1} in the rows that have ended."""
    if ended is not None:
        for S_before, S in zip(step.before, step.after, strict=True):
            S[ended] = S_before[ended]


def hold(dS: tuple[Array, ...], ended: Array | None) -> list[Array]:
    """Save and zero the derivatives of rows that have ended, so that these take no part in the step."""
    if ended is None:
        return []
    held = [d[ended] for d in dS]
    for d in dS:
        d[ended] = 0.0
    return held


def release(dS: tuple[Array, ...], ended: Array | None, held: list[Array]) -> None:
    """Restore what `hold` saved: S_t = S_{t-1} in those rows, so dS_{t-1} = dS_t."""
    for d, h in zip(dS, held, strict=False):
        d[ended] = h
