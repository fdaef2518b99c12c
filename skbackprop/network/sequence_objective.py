"""What is minimised for sequences: their steps, their lengths, and backpropagation through segments of them.

A network has an output at every step, or once per sequence. Either way, the loss gets an array of predictions: those at
the valid steps, or those of the sequences that end.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike

from ..ranges import check_integer
from .blocks import Rows, blocks, rows_and_count, sequences_per_block
from .contract import Run, Tape
from .layout import flatten, unflatten
from .losses import Loss
from .network import Network
from .objective import Value, check_rows
from .parameters import Point
from .penalties import Penalty
from .segments import Segment, gather, segments, valid_steps

__all__ = ["SequenceObjective"]

Array = np.ndarray
BLOCK = 1 << 25  # bytes of the widest layer, over all steps of the rows that are processed at once


def steps_that_count(y: Array, lengths: Array | None) -> Array:
    """An (n, T) mask of the valid steps at which no entry of an (n, T, k) target is NaN."""
    n, T = y.shape[:2]
    valid = np.ones((n, T), bool) if lengths is None else valid_steps(T, lengths)
    if y.dtype.kind == "f":
        valid &= ~np.isnan(y).any(axis=2)
    return valid


def check_lengths(lengths: Array, n: int, T: int) -> None:
    lengths = np.asarray(lengths)
    if lengths.shape != (n,) or lengths.dtype.kind not in "iu":
        raise ValueError(
            f"`lengths` must be an array of int of shape ({n},), got {lengths.dtype} of shape {lengths.shape}"
        )
    if n and not 1 <= lengths.min() <= lengths.max() <= T:
        raise ValueError(f"`lengths` must be from 1 to {T}, the steps of X, got {lengths.min()} to {lengths.max()}")


class SequenceObjective:
    """Mean loss of a network over sequences, plus a penalty: the `Objective` for sequences.

    If the network has an output at every step, with weights w of mean one over the training set:

        value = 1/(rows * mean_steps) * sum_i w_i sum_t loss(y_it, raw_it) + penalty(theta) / (rows * mean raw weight)

    where the inner sum is over the steps t that are valid and have a target. ``mean_steps`` is their mean number per
    training row, a constant, so that a step counts the same in a batch of short sequences as in one of long ones.
    Weights w_it of single steps take the place of w_i; they are of mean one over the steps that count. If the network
    has one output per sequence, the inner sum is its loss, and ``mean_steps`` is 1.

    With ``truncate=k`` sequences are read in segments of k steps. States are carried from segment to segment;
    derivatives are not. The gradient is the sum over segments, each with its incoming states held fixed, so the memory
    for one update does not grow with the length of the sequences. With one output per sequence, the gradient goes
    through the last k valid steps of every row. Dropout on states drops the same entries in all segments of a sequence;
    `Dropout` layers draw new ones for each segment.

    Parameters
    ----------
    network : Network
        Of shape (None, d), or (None,) for tokens.
    loss : Loss
    X : ndarray of shape (n, T, d), or (n, T) for tokens
        Neither copied as a whole nor written to: the steps of a segment are gathered, with zeros as padding.
    y : ndarray of shape (n, T, k) or (n, k)
        Target at every step, or of every row, in the units that the network is trained in. Steps at which any entry
        is NaN do not count. Padding is ignored.
    lengths : ndarray of int of shape (n,), default=None
        The number of valid steps of every row, at least 1; the others are padding. None means all.
    weight : ndarray of shape (n,) or (n, T), default=None
        One number per row, for all its steps, of mean one over the training rows; or one for every step, if the network
        has an output there.
    mean_weight : float, default=1.0
        The mean of the weights before they were scaled to mean one.
    mean_steps : float, default=None
        See above; None takes the weighted mean over all rows. If only some are used, give the mean over those. With
        weights of single steps, it is the mean of their sum over a row.
    penalty : Penalty, default=None
    rng : numpy.random.Generator, default=None
        For layers that draw random numbers; None switches their noise off.
    truncate : int, default=None
        Steps per segment; None means all.

    Raises
    ------
    TypeError, ValueError
        If ``truncate`` is not an integer of at least 1.
    ValueError
        If ``truncate`` is given with a bidirectional network; if ``network`` has a fixed number of steps; if
        ``lengths`` does not hold one number from 1 to T for each sequence; and as for `Objective`.

    References
    ----------
    Williams and Peng (1990), "An efficient gradient-based algorithm for on-line training of recurrent network
    trajectories", for truncation.

    Examples
    --------
    >>> import numpy as np
    >>> from skbackprop import GRU, Dense, Network, Recurrent, SquaredError
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(6, 40, 1))
    >>> network = Network([Recurrent(GRU(), 4, return_sequences=True), Dense(1)], (None, 1))
    >>> objective = SequenceObjective(network, SquaredError(), X, X.cumsum(axis=1), truncate=10)
    >>> theta = network.parameters.initial(np.random.RandomState(0), np.float64)
    >>> value, gradient = objective.value_and_gradient(theta, np.array([3, 1]))
    >>> gradient.shape == theta.shape
    True
    """

    def __init__(
        self,
        network: Network,
        loss: Loss,
        X: Array,
        y: ArrayLike,
        *,
        lengths: Array | None = None,
        weight: ArrayLike | None = None,
        mean_weight: float = 1.0,
        mean_steps: float | None = None,
        penalty: Penalty | None = None,
        rng: np.random.Generator | None = None,
        truncate: int | None = None,
    ):
        if not network.sequential:
            raise ValueError(
                f"`network` must be for any number of steps, of shape (None, d) or (None,), got {network.shapes[0]}"
            )
        y, weight = check_rows(network, loss, X, y, weight)
        if lengths is not None:
            check_lengths(lengths, *X.shape[:2])
        self.network, self.loss, self.X, self.y, self.lengths, self.weight = network, loss, X, y, lengths, weight
        self.mean_weight, self.penalty = mean_weight, penalty
        self.truncate = None if truncate is None else check_integer("truncate", truncate, 1)
        if self.truncate is not None and not network.steppable:
            raise ValueError(
                f"`truncate` must be None for a bidirectional network, which reads sequences as a whole, got {truncate}"
            )
        self._some_missing = network.every_step and y.dtype.kind == "f" and bool(np.isnan(y).any())
        self.mean_steps = self._mean_steps() if mean_steps is None else mean_steps
        self._runs = [Run(tape=Tape(), rng=rng) for _ in network.layers]
        self._batch = Tape()
        self._point: Point | None = None

    def value_and_gradient(self, theta: Array, rows: Rows | None = None) -> tuple[Value, Array]:
        """The objective over ``rows`` and its derivative by theta, in a buffer that the next call overwrites.

        Many rows go through in parts, so that the memory of a pass is bounded. Parameters and returns are those of
        `Objective.value_and_gradient`; if X holds tokens, theta is float32 or float64.
        """
        point, rows = self._point_at(theta), self._numbered(rows)
        n, loss = len(rows), 0.0
        total = self._batch.array("total", theta.shape, theta.dtype)
        total[...] = 0.0
        steps = min(self.X.shape[1], self.truncate or self.X.shape[1])
        for block in blocks(n, sequences_per_block(self.network, theta.itemsize, steps, BLOCK)):
            loss += self._pass(point, rows[block], 1.0 / (n * self.mean_steps), total)
        penalty = 0.0
        if self.penalty is not None:
            dW = total[self.network.parameters.decaying]
            penalty = self.penalty.add(point.W, dW, 1.0 / (n * self.mean_weight))
        return Value(loss, penalty), total

    def _pass(self, point: Point, rows: Array, scale: float, total: Array) -> float:
        """Run segment by segment. Return ``scale`` times the summed loss, and add its gradient to ``total``."""
        loss, n = 0.0, len(rows)
        states: list[Array | None] = [None] * len(self._runs)
        for segment in self._segments(rows, self.truncate):
            pairs = zip(self._runs, states, strict=True)
            runs = [run._replace(lengths=segment.counts, state=state) for run, state in pairs]
            raw = self.network.forward(point.p, gather(self._batch, "X", self.X, rows, segment), runs)
            states = [run.tape.state for run in self._runs if run.tape is not None]
            raw = flatten(raw) if self.network.every_step else raw
            dY = self._batch.array("dY", raw.shape, raw.dtype)
            segment_loss = self._loss_of(self._batch, raw, rows, segment, dY)
            if segment_loss is None:
                continue
            loss += segment_loss * scale
            dY *= scale
            self.network.backward(point.p, point.g, unflatten(dY, n) if self.network.every_step else dY, runs)
            total += point.gradient
        return loss

    def mean_loss(self, theta: Array, rows: Rows | None = None) -> float:
        """As `Objective.mean_loss`, but divided by ``mean_steps``; without truncation."""
        point, chosen = self._point_at(theta), self._numbered(rows)
        total, total_weight = 0.0, 0.0
        for block in blocks(len(chosen), sequences_per_block(self.network, theta.itemsize, self.X.shape[1])):
            some, memory = chosen[block], Tape()
            for segment in self._segments(some, None):
                runs = [Run(lengths=segment.counts)] * len(self._runs)
                raw = self.network.forward(point.p, gather(memory, "X", self.X, some, segment), runs)
                raw = flatten(raw) if self.network.every_step else raw
                total += self._loss_of(memory, raw, some, segment, np.empty(raw.shape, raw.dtype)) or 0.0
            total_weight += self._total_weight(some)
        return total / total_weight

    def _mean_steps(self) -> float:
        """The mean number of steps that count per row, or the mean sum of their weights."""
        if not self.network.every_step:
            return 1.0
        count = steps_that_count(self.y, self.lengths)
        if self.weight is not None and self.weight.ndim == 2:
            return float((count * self.weight).sum(axis=1).mean())
        return float(np.average(count.sum(axis=1), weights=self.weight))

    def _total_weight(self, rows: Array) -> float:
        """What the summed loss of these rows is divided by."""
        weight = None if self.weight is None else self.weight[rows]
        if weight is not None and weight.ndim == 2:
            lengths = None if self.lengths is None else self.lengths[rows]
            return float((steps_that_count(self.y[rows], lengths) * weight).sum())
        return self.mean_steps * (len(rows) if weight is None else float(weight.sum()))

    def _point_at(self, theta: Array) -> Point:
        if self._point is None or theta is not self._point.theta:
            self._point = Point(self.network.parameters, theta)
        return self._point

    def _numbered(self, rows: Rows | None) -> Array:
        rows, _ = rows_and_count(rows, len(self.y))
        return np.arange(rows.start, rows.stop) if isinstance(rows, slice) else rows

    def _segments(self, rows: Array, k: int | None) -> Iterator[Segment]:
        """The segments of these rows, up to the last valid step of the longest."""
        if self.lengths is None:
            return segments(self.X.shape[1], None, k)
        lengths = self.lengths[rows]
        return segments(int(lengths.max()), lengths, k)

    def _loss_of(self, memory: Tape, raw: Array, rows: Array, segment: Segment, dY: Array) -> float | None:
        """Return the loss of the predictions that count, or None if none do; write its derivative to ``dY``."""
        weight = self._weight_of(memory, rows, segment)
        if self.network.every_step:
            y = flatten(gather(memory, "y", self.y, rows, segment))
            positions = self._target_positions(y, len(rows), segment)
        else:
            y, positions = self.y[rows], segment.ends
        if positions is None:
            return self.loss.value_and_gradient(y, raw, weight, dY)
        dY[...] = 0.0
        if len(positions) == 0:
            return None
        chosen = raw[positions]
        out = np.empty(chosen.shape, chosen.dtype)
        loss = self.loss.value_and_gradient(y[positions], chosen, None if weight is None else weight[positions], out)
        dY[positions] = out
        return loss

    def _weight_of(self, memory: Tape, rows: Array, segment: Segment) -> Array | None:
        """The weights of the predictions for these rows: one each, or those of the segment, step after step."""
        if self.weight is None:
            return None
        if self.weight.ndim == 2:
            return flatten(gather(memory, "weight", self.weight, rows, segment))
        return np.tile(self.weight[rows], segment.steps if self.network.every_step else 1)

    def _target_positions(self, y: Array, n: int, segment: Segment) -> Array | None:
        """The indices, step after step, of the predictions that are valid and have a target; None means all."""
        if segment.counts is None and not self._some_missing:
            return None
        positions = np.ones((segment.steps, n), bool)
        if segment.counts is not None:
            positions &= valid_steps(segment.steps, segment.counts).T
        if self._some_missing:
            positions &= ~np.isnan(y).any(axis=1).reshape(positions.shape)
        return np.flatnonzero(positions)
