"""A network with its parameters and the units of its input and output: all that prediction needs.

The running means and standard deviations of a stream change. The first and the last layer are then rewritten so that
the function does not change, as van Hasselt et al. (2016), "Learning values across many orders of magnitude", do for
the output (Proposition 1 there). The page on derivations has the algebra in the same notation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .blocks import blocks, rows_per_block, sequences_per_block
from .contract import Run, Tape
from .layout import on_rows
from .losses import Loss, Units
from .network import Network, States
from .parameters import input_weights
from .segments import Segment, gather, valid_steps

__all__ = ["Model"]

Array = np.ndarray
Then = Callable[[Array], Array] | None
Check = Callable[[Any, np.dtype], None]


@dataclass
class Model:
    """raw(X) = gain network(X) + offset, in the natural units of the target.

    Units of the output require that the last layer is a Dense without activation; units of the input, that the first is
    a Standardize, followed by a Dense or Recurrent layer. Without a Standardize, ``shift`` below is empty.
    """

    network: Network
    loss: Loss
    theta: Array
    units: Units

    def copy(self) -> Model:
        """A copy with its own theta; the rest is shared, as it is never written to."""
        return replace(self, theta=self.theta.copy())

    @property
    def trained_loss(self) -> Loss:
        """The loss on the target in the units of training."""
        return self.loss.rescaled(self.units.scale)

    def raw(
        self,
        X: Any,
        stop: int | None = None,
        lengths: Array | None = None,
        then: Then = None,
        check: Check | None = None,
    ) -> Array:
        """Raw predictions in natural units, or the output of the layer before index ``stop``; computed in row blocks.

        For sequences, ``lengths`` says how many steps are valid (None: all). The output at padding is NaN.

        ``then``, a function of raw predictions of shape (rows, columns), is applied block by block, so that the raw
        predictions of all rows are never in memory at once. ``check(rows, dtype)`` may reject a block of X before it
        is converted to that dtype for the network; it is not called for sequences.
        """
        n, out = X.shape[0], np.empty(0)
        if self.network.sequential:
            passes = self._passes_of_sequences(X, stop, lengths)
        else:
            passes = self._passes(X, stop, check)
        # Of a single row, restoring the units costs less than finding out whether that would change anything.
        restores = stop is None and not (n > 1 and self.units.are_natural)
        for block, Y in passes:
            if restores:
                Y *= self.units.gain
                Y += self.units.offset
            if then is not None:
                Y = on_rows(then, Y)
            if len(Y) == n:
                return Y
            if block.start == 0:
                out = np.empty((n, *Y.shape[1:]), Y.dtype)
            out[block] = Y
        return out

    def _passes(self, X: Any, stop: int | None, check: Check | None) -> Iterator[tuple[slice, Array]]:
        """Yield blocks of rows, each with the output of the network for it."""
        p, dtype = self.network.parameters.views(self.theta), self.theta.dtype
        pieces = blocks(X.shape[0], rows_per_block(self.network, dtype.itemsize, X))
        if not pieces:
            yield slice(0), np.empty((0, *self.network.shapes[-1 if stop is None else stop]), dtype)
        for block in pieces:
            rows = X if len(pieces) == 1 else X[block]
            if check is not None:
                check(rows, dtype)
            yield block, self.network.forward(p, rows.astype(dtype, copy=False), stop=stop)

    def step(self, x: Array, states: States = None) -> tuple[Array, States]:
        """Return raw predictions for one more step of sequences, in natural units, and the states for the next call."""
        raw, states = self.network.step(self.network.parameters.views(self.theta), x, states)
        return self.units.restore(raw).astype(raw.dtype, copy=False), states

    def read(self, X: Array, states: States = None) -> tuple[Array, States]:
        """Take several steps at once, X being (n, T, d), or (n, T) of tokens; return what `step` gives after the last.

        All steps but the last go through the layers together, in chunks of about one block of rows.
        """
        n, past = len(X), X.shape[1] - 1
        p = self.network.parameters.views(self.theta)
        size = max(1, rows_per_block(self.network, self.theta.itemsize) // n)
        for begin in range(0, past, size):
            states = self.network.states_after(p, X[:, begin : min(begin + size, past)], states)
        return self.step(X[:, -1], states)

    def _passes_of_sequences(self, X: Array, stop: int | None, lengths: Array | None) -> Iterator[tuple[slice, Array]]:
        p, dtype, (n, T) = self.network.parameters.views(self.theta), self.theta.dtype, X.shape[:2]
        for block in blocks(n, sequences_per_block(self.network, dtype.itemsize, T)):
            counts = None if lengths is None else lengths[block]
            steps = T if counts is None else int(counts.max())
            rows = gather(Tape(), "X", X, block, Segment(0, steps, counts, None))
            rows = rows.astype(dtype, copy=False) if X.ndim == 3 else rows
            Y = self.network.forward(p, rows, [Run(lengths=counts)] * len(p), stop)
            if Y.ndim == 3 and counts is not None:
                Z, Y = Y, np.full((len(Y), T, Y.shape[2]), np.nan, dtype)
                np.copyto(Y[:, :steps], Z, where=valid_steps(steps, counts)[:, :, None])
            yield block, np.ascontiguousarray(Y)

    def set_units(self, shift: Array, inverse_scale: Array, units: Units) -> None:
        """Set the units that training begins with; an empty ``shift`` means that the input has none."""
        self.units = units
        if len(shift):
            standardize = self.network.parameters.views(self.theta)[0]
            standardize.shift[:], standardize.inverse_scale[:] = shift, inverse_scale

    def zero_constant_columns(self, constant: Array) -> None:
        """Set the input weights of constant columns to zero: random ones would add noise once such a column varies."""
        if constant.any() and not constant.all():
            first = self.network.parameters.views(self.theta)[1]
            for W, _ in input_weights(first):
                W[constant] = 0.0

    def start_at_constant(self, y: Array, weight: Array | None) -> None:
        """Make the last layer return the best constant for y (in the units of training) for every input."""
        last = self.network.parameters.views(self.theta)[-1]
        last.W[...] = 0.0
        last.b[...] = self.trained_loss.constant(y, weight)

    def shift_output_bias(self, raw: Array, y: Array, weight: Array | None, share: float) -> None:
        """Move the output bias against the mean gradient on new rows, clipped to [-1, 1] and scaled by ``share``.

        Rewriting for new units keeps the function, and with it the level that it was trained to. If new rows lie at
        another level, training would bend the whole network to shift its output, and that error would dominate the
        optimiser's running averages for a thousand steps. The bias alone gets there in a few calls. ``raw`` is in
        natural units, ``y`` in those of training.
        """
        raw = ((raw - self.units.offset) / self.units.gain).astype(self.theta.dtype)
        gradient = np.empty(raw.shape, raw.dtype)
        self.trained_loss.value_and_gradient(y.astype(raw.dtype), raw, weight, gradient)
        mean = gradient.sum(axis=0) / (len(y) if weight is None else weight.sum())
        self.network.parameters.views(self.theta)[-1].b[...] -= share * np.clip(mean, -1.0, 1.0)

    def move_units(self, shift: Array, inverse_scale: Array, constant: Array, units: Units) -> Array:
        """Switch to new units of input and output; return the factor by which gradients change from now on."""
        if not len(shift):
            return self.move_output(units)
        factor = self.move_input(shift, inverse_scale, constant)
        factor *= self.move_output(units)
        return factor

    def move_input(self, shift: Array, inverse_scale: Array, constant: Array) -> Array:
        """Set a new shift s' and inverse scale c' in the Standardize layer, and adapt the next layer so that Z is kept.

        Z = ((X - s) c) W + b = ((X - s') c') W' + b' for every X, with W' = (c / c') W and b' = b + ((s' - s) c) W. A
        column marked ``constant`` has never varied, so it has no unit to keep: its c is treated as if it had been c'.

        Returns
        -------
        factor : ndarray
            By what gradients are multiplied from now on, for each entry of theta: c' / c for W, else 1.
        """
        factor = np.ones_like(self.theta)
        p, g = self.network.parameters.views(self.theta), self.network.parameters.views(factor)
        standardize = p[0]
        standardize.inverse_scale[constant] = inverse_scale[constant]
        ratio = (standardize.inverse_scale / inverse_scale)[:, None]
        for (W, b), (factor_of_W, _) in zip(input_weights(p[1]), input_weights(g[1]), strict=True):
            b += ((shift - standardize.shift) * standardize.inverse_scale) @ W
            W *= ratio
            factor_of_W /= ratio
        standardize.shift[:], standardize.inverse_scale[:] = shift, inverse_scale
        return factor

    def move_output(self, units: Units) -> Array:
        """Rewrite the last layer so that gain raw + offset stays the same in the new units.

        With r = gain / gain': W' = W r, b' = b r + (offset - offset') / gain'.

        Returns
        -------
        factor : ndarray
            By what gradients are multiplied from now on, for each entry of theta. The value of one unit of the loss
            changes by q = worth / worth', so it is q / r for the last layer, and for the layers below the mean of q
            over the outputs.
        """
        ratio, worth = self.units.gain / units.gain, self.units.worth / units.worth
        factor = np.full_like(self.theta, worth.mean())
        p, g = self.network.parameters.views(self.theta), self.network.parameters.views(factor)
        last = p[-1]
        last.W *= ratio
        last.b *= ratio
        last.b += (self.units.offset - units.offset) / units.gain
        g[-1].W[...] = g[-1].b[...] = worth / ratio
        self.units = units
        return factor
