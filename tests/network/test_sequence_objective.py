"""The objective over sequences: its gradient for everything that can be joined, lengths, missing targets, segments."""

import tracemalloc
from dataclasses import dataclass
from itertools import pairwise, product

import numpy as np
import pytest

from skbackprop.network.blocks import sequences_per_block
from skbackprop.network.cells import CELLS, GRU, LSTM
from skbackprop.network.contract import Run, Tape
from skbackprop.network.embedding import Embedding
from skbackprop.network.layers import Dense, Dropout, Standardize
from skbackprop.network.losses import LOSSES, SquaredError
from skbackprop.network.network import Network
from skbackprop.network.penalties import L2
from skbackprop.network.recurrent import Recurrent
from skbackprop.network.sequence_objective import SequenceObjective, steps_that_count
from tests.derivatives import check_gradient, trainable
from tests.network.samples import every_cell, ragged, random_theta, target, weights

N, T, D = 6, 7, 2
LENGTHS = np.array([7, 3, 5, 1, 6, 7])
SHORT = 1e-3  # layer normalisation over three units bends sharply

cells = pytest.mark.parametrize("cell", every_cell().values(), ids=every_cell())
three_cells = pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS)
directions = pytest.mark.parametrize("bidirectional", [False, True], ids=["ahead", "both"])
masked = pytest.mark.parametrize("masked", [False, True], ids=["full", "masked"])
steps_or_last = pytest.mark.parametrize("every_step", [False, True], ids=["last", "steps"])
every_k = pytest.mark.parametrize("k", [1, 2, 3, 6])


@dataclass
class Problem:
    """A network on sequences, a theta, and rows."""

    rng: np.random.Generator
    cell: object
    depth: int = 1
    every_step: bool = True
    bidirectional: bool = False
    masked: bool = True
    loss: object = SquaredError()
    dropout: float = 0.0
    outputs: int = 2
    dtype: type = np.float64

    def __post_init__(self):
        rng, every = self.rng, [True] * (self.depth - 1) + [self.every_step]
        hidden = [Recurrent(self.cell, 3, steps, self.bidirectional, self.dropout) for steps in every]
        rows = N * T if self.every_step else N
        self.y = target(self.loss, rng, rows, self.outputs).astype(self.dtype)
        self.network = Network([Standardize(), *hidden, Dense(self.loss.raw_width(self.y))], (None, D))
        self.theta = random_theta(self.network, rng, self.dtype)
        self.lengths = LENGTHS if self.masked else None
        self.X = rng.standard_normal((N, T, D)).astype(self.dtype)
        self.y = self.y.reshape(N, T, -1) if self.every_step else self.y
        if self.masked:
            self.X = ragged(self.X, LENGTHS)
        self.free = trainable(self.network.parameters)

    def objective(self, **other):
        arguments = {"X": self.X, "y": self.y, "lengths": self.lengths} | other
        return SequenceObjective(self.network, self.loss, arguments.pop("X"), arguments.pop("y"), **arguments)

    def evaluate(self, rows=slice(None), **other):
        value, gradient = self.objective(**other).value_and_gradient(self.theta, rows)
        return value, gradient.copy()

    def length(self, i):
        return T if self.lengths is None else int(self.lengths[i])


def check_objective(problem, rng, rows=slice(None), noise=False, **other):
    def make():
        return problem.objective(rng=np.random.default_rng(1) if noise else None, **other)

    _, gradient = make().value_and_gradient(problem.theta, rows)
    assert not gradient[problem.free == 0].any()
    check_gradient(
        lambda theta: sum(make().value_and_gradient(theta, rows)[0]),
        problem.theta,
        gradient,
        rng,
        free=problem.free,
        h=SHORT,
    )


@cells
@directions
@masked
@steps_or_last
def test_the_gradient_is_the_derivative_of_the_value(cell, bidirectional, masked, every_step, rng):
    """Of one layer and of two, in turns."""
    depth = 1 if masked == every_step else 2
    check_objective(Problem(rng, cell, depth, every_step, bidirectional, masked), rng)


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
@steps_or_last
def test_every_loss_with_weights_penalty_noise_and_missing_targets(loss, every_step, rng):
    problem = Problem(rng, GRU(), 2, every_step, loss=loss, dropout=0.3, outputs=1)
    if every_step:
        problem.y[0, 2] = problem.y[4, :3] = np.nan
    check_objective(problem, rng, np.array([4, 0, 2, 0]), True, weight=weights(rng, N), penalty=L2(0.5))


def segment_ends(length, k):
    """The ends of pieces of k steps, counted from the end of a sequence."""
    return [0, *range(length - (length - 1) // k * k, length + 1, k)]


def value_with_states_held(problem, theta, held, k):
    """Row by row and piece by piece, each begun from the states in ``held``, or from those that are to be held."""
    network, p, total = problem.network, problem.network.parameters.views(theta), 0.0
    mean_steps = (LENGTHS.mean() if problem.masked else T) if problem.every_step else 1
    for i in range(N):
        ends = segment_ends(problem.length(i), k)
        states = [None] * len(network.layers)
        for begin, end in pairwise(ends):
            states = held.setdefault((i, begin), states)
            runs = [Run(tape=Tape(), state=state) for state in states]
            raw = network.forward(p, problem.X[i : i + 1, begin:end], runs)
            states = [None if run.tape.state is None else run.tape.state.copy() for run in runs]
            if problem.every_step:
                total += problem.loss.value_and_gradient(problem.y[i, begin:end], raw[0], None, np.empty_like(raw[0]))
            elif end == problem.length(i):
                total += problem.loss.value_and_gradient(problem.y[i : i + 1], raw, None, np.empty_like(raw))
    return total / (N * mean_steps)


# Truncation sees only the states of a cell: with the one that has two, all goes with all; with others, any three.
@pytest.mark.parametrize(
    ("cell", "depth", "masked", "every_step", "k"),
    [
        pytest.param(cell, depth, masked, every_step, k, id=f"{name}-{depth}-{masked}-{every_step}-{k}")
        for name, cell in every_cell().items()
        for depth, masked, every_step, k in product((1, 2), (False, True), (False, True), (1, 3))
        if name == "lstm" or ((depth == 2) ^ masked) == (every_step ^ (k == 3))
    ],
)
def test_truncated_it_is_the_derivative_with_incoming_states_held(cell, depth, masked, every_step, k, rng):
    problem, held = Problem(rng, cell, depth, every_step, masked=masked), {}
    value, gradient = problem.evaluate(truncate=k)
    assert value_with_states_held(problem, problem.theta, held, k) == pytest.approx(value.loss, rel=1e-12)
    check_gradient(
        lambda theta: value_with_states_held(problem, theta, held, k),
        problem.theta,
        gradient,
        rng,
        free=problem.free,
        h=SHORT,
    )


@three_cells
@masked
@steps_or_last
@pytest.mark.parametrize("k", [T, T + 1, 100])
def test_segments_as_long_as_the_sequences_are_full_backpropagation(cell, masked, every_step, k, rng):
    problem = Problem(rng, cell, 2, every_step, masked=masked)
    value, gradient = problem.evaluate()
    cut, cut_gradient = problem.evaluate(truncate=k)
    assert cut == value
    np.testing.assert_array_equal(cut_gradient, gradient)


@three_cells
@masked
@steps_or_last
@every_k
def test_truncation_does_not_change_the_value(cell, masked, every_step, k, rng):
    problem = Problem(rng, cell, 2, every_step, masked=masked)
    assert problem.evaluate(truncate=k)[0].loss == pytest.approx(problem.evaluate()[0].loss, rel=1e-12)


@every_k
def test_where_something_is_put_out_once_the_gradient_goes_through_the_last_k_steps_of_every_row(k, rng):
    """It is the full gradient of the last k steps alone, begun from the states that the steps before have left."""
    problem = Problem(rng, LSTM(), every_step=False)
    _, gradient = problem.evaluate(truncate=k)
    network, expected = problem.network, np.zeros_like(gradient)
    p = network.parameters.views(problem.theta)
    for i, length in enumerate(LENGTHS):
        begin, one = max(length - k, 0), np.zeros_like(gradient)
        runs = [Run(tape=Tape()) for _ in network.layers]
        states = [None] * 3
        if begin:
            network.forward(p, problem.X[i : i + 1, :begin], runs)
            states = [run.tape.state for run in runs]
        runs = [Run(tape=Tape(), state=state) for state in states]
        raw = network.forward(p, problem.X[i : i + 1, begin:length], runs)
        network.backward(p, network.parameters.views(one), raw - problem.y[i : i + 1], runs)
        expected += one / N
    np.testing.assert_allclose(gradient, expected, rtol=1e-9, atol=1e-13)


@three_cells
@steps_or_last
@pytest.mark.parametrize(
    ("k", "bidirectional"),
    [(None, False), (1, False), (2, False), (3, False), (None, True)],  # both ways nothing is truncated
)
def test_a_masked_batch_equals_its_sequences_one_at_a_time(cell, every_step, k, bidirectional, rng):
    problem = Problem(rng, cell, 2, every_step, bidirectional)
    value, gradient = problem.evaluate(truncate=k)
    mean_steps = LENGTHS.mean() if every_step else 1.0
    values, gradients = [], []
    for i, length in enumerate(LENGTHS):
        y = problem.y[i : i + 1, :length] if every_step else problem.y[i : i + 1]
        one = problem.evaluate(X=problem.X[i : i + 1, :length], y=y, lengths=None, mean_steps=mean_steps, truncate=k)
        values.append(one[0].loss)
        gradients.append(one[1])
    assert value.loss == pytest.approx(np.mean(values), rel=1e-12)
    np.testing.assert_allclose(gradient, np.mean(gradients, axis=0), rtol=1e-9, atol=1e-13)


@three_cells
@steps_or_last
@pytest.mark.parametrize("k", [None, 2])
def test_what_stands_in_the_padding_does_not_matter_and_is_not_written(cell, every_step, k, rng):
    problem = Problem(rng, cell, 2, every_step)
    value, gradient = problem.evaluate(truncate=k)
    X = np.where(np.isnan(problem.X), 1e9, problem.X)
    y = ragged(problem.y, LENGTHS) if every_step else problem.y
    X.flags.writeable = y.flags.writeable = False
    mean_steps = LENGTHS.mean() if every_step else None
    other, other_gradient = problem.evaluate(X=X, y=y, truncate=k, mean_steps=mean_steps)
    assert other == value
    np.testing.assert_array_equal(other_gradient, gradient)


def test_steps_without_a_target_do_not_count(rng):
    problem = Problem(rng, GRU())
    problem.y[1, 1], problem.y[2, 0, 1], problem.y[5] = np.nan, np.nan, np.nan
    counts = steps_that_count(problem.y, LENGTHS).sum(axis=1)
    np.testing.assert_array_equal(counts, [7, 2, 4, 1, 6, 0])
    value, _ = problem.evaluate()
    raw = problem.network.forward(
        problem.network.parameters.views(problem.theta), np.nan_to_num(problem.X), [Run(lengths=LENGTHS)] * 3
    )
    counted = (np.arange(T) < LENGTHS[:, None]) & ~np.isnan(problem.y).any(axis=2)
    assert value.loss == pytest.approx(0.5 * np.sum((raw - problem.y)[counted] ** 2) / counts.sum(), rel=1e-12)
    assert problem.objective().mean_loss(problem.theta) == pytest.approx(value.loss, rel=1e-12)


@pytest.mark.parametrize("k", [None, 2])
def test_a_batch_without_any_target_has_a_zero_gradient(k, rng):
    problem = Problem(rng, LSTM())
    problem.y[5] = np.nan
    objective = problem.objective(truncate=k)
    objective.value_and_gradient(problem.theta)
    value, gradient = objective.value_and_gradient(problem.theta, np.array([5]))
    assert value.loss == 0.0
    assert not gradient.any()


@steps_or_last
def test_the_divisor_is_a_constant(every_step, rng):
    """rows * mean_steps: batches of equal size average to the whole, whatever the lengths in them."""
    problem = Problem(rng, GRU(), every_step=every_step)
    objective = problem.objective(weight=weights(rng, N))
    value, gradient = objective.value_and_gradient(problem.theta)
    gradient = gradient.copy()
    parts = [objective.value_and_gradient(problem.theta, rows) for rows in (np.array([1, 3, 0]), slice(4, 6), [2])]
    shares = np.array([3, 2, 1]) / N
    assert np.dot([part.loss for part, _ in parts], shares) == pytest.approx(value.loss, rel=1e-12)
    total = sum(
        share * objective.value_and_gradient(problem.theta, rows)[1].copy()
        for share, rows in zip(shares, (np.array([1, 3, 0]), slice(4, 6), np.array([2])), strict=True)
    )
    np.testing.assert_allclose(total, gradient, rtol=1e-10, atol=1e-14)


@steps_or_last
@pytest.mark.parametrize("alpha", [0.0, 0.8])
def test_integer_weights_equal_repetition_of_rows(every_step, alpha, rng):
    problem = Problem(rng, GRU(), every_step=every_step)
    counts = np.array([1, 0, 3, 2, 1, 1])
    penalty = L2(alpha) if alpha else None
    value, gradient = problem.evaluate(weight=counts / counts.mean(), mean_weight=float(counts.mean()), penalty=penalty)
    again = np.repeat(np.arange(N), counts)
    other, other_gradient = problem.evaluate(
        X=problem.X[again], y=problem.y[again], lengths=LENGTHS[again], penalty=penalty
    )
    assert tuple(other) == pytest.approx(tuple(value), rel=1e-12)
    np.testing.assert_allclose(other_gradient, gradient, rtol=1e-10, atol=1e-14)


@three_cells
@steps_or_last
def test_mean_loss_is_the_value_without_penalty_and_noise(cell, every_step, rng):
    problem = Problem(rng, cell, 2, every_step, dropout=0.5)
    weight = weights(rng, N)
    value, _ = problem.evaluate(weight=weight)
    noisy = problem.objective(weight=weight, penalty=L2(1.0), rng=np.random.default_rng(0))
    assert noisy.mean_loss(problem.theta) == pytest.approx(value.loss, rel=1e-12)
    rows = np.array([3, 1])
    part, _ = problem.evaluate(rows, weight=weight)
    assert noisy.mean_loss(problem.theta, rows) == pytest.approx(part.loss * 2 / weight[rows].sum(), rel=1e-12)


@masked
@pytest.mark.parametrize("k", [None, 2])
def test_weights_of_steps(masked, k, rng):
    """Written out; and weights that are the same all along a row are weights of rows."""
    problem = Problem(rng, GRU(), masked=masked)
    problem.y[1, 1], problem.y[2, 0, 1], problem.y[5] = np.nan, np.nan, np.nan
    counted = (np.arange(T) < (LENGTHS if masked else np.full(N, T))[:, None]) & ~np.isnan(problem.y).any(axis=2)
    weight = rng.uniform(0.0, 3.0, (N, T))
    weight /= weight[counted].mean()
    value, _ = problem.evaluate(weight=weight, truncate=k)
    lengths = LENGTHS if masked else None
    p = problem.network.parameters.views(problem.theta)
    raw = problem.network.forward(p, np.nan_to_num(problem.X), [Run(lengths=lengths)] * 3)
    each = 0.5 * np.sum((raw - problem.y) ** 2, axis=2)
    assert value.loss == pytest.approx(np.average(each[counted], weights=weight[counted]), rel=1e-12)
    objective = problem.objective(weight=weight)
    assert objective.mean_loss(problem.theta) == pytest.approx(value.loss, rel=1e-12)
    some, of_some = np.array([3, 0, 2]), counted[[3, 0, 2]]
    expected = np.average(each[some][of_some], weights=weight[some][of_some])
    assert objective.mean_loss(problem.theta, some) == pytest.approx(expected, rel=1e-12)
    of_rows = weights(rng, N)
    rows, by_row = problem.evaluate(weight=of_rows, truncate=k, mean_steps=5.0)
    steps, by_step = problem.evaluate(weight=np.tile(of_rows[:, None], T), truncate=k, mean_steps=5.0)
    assert tuple(steps) == tuple(rows)
    np.testing.assert_array_equal(by_step, by_row)
    if k is None:
        check_objective(problem, rng, np.array([4, 0, 2, 0]), weight=weight, penalty=L2(0.5))


@pytest.mark.parametrize(("every_step", "shape"), [(True, (N, T + 1)), (True, (N, T, 1)), (False, (N, T))])
def test_weights_that_are_of_neither_rows_nor_steps_are_refused(every_step, shape, rng):
    message = r"`weight` must have shape \(6,\), a number per row(, or \(6, 7\), one per step)?, got \("
    with pytest.raises(ValueError, match=message):
        Problem(rng, GRU(), every_step=every_step).objective(weight=np.ones(shape))


def test_mean_loss_in_many_blocks(rng):
    network = Network([Recurrent(GRU(), 200), Dense(1)], (None, 1))
    assert sequences_per_block(network, 4, 300) < 20
    X, y = rng.standard_normal((40, 300, 1)).astype(np.float32), rng.standard_normal((40, 1)).astype(np.float32)
    lengths = rng.integers(1, 300, 40)
    theta = network.parameters.initial(np.random.RandomState(0), np.float32)
    objective = SequenceObjective(network, SquaredError(), X, y, lengths=lengths)
    assert objective.mean_loss(theta) == pytest.approx(objective.value_and_gradient(theta)[0].loss, rel=1e-4)


@three_cells
@steps_or_last
@pytest.mark.parametrize("k", [None, 3])
def test_many_sequences_go_through_in_parts(cell, every_step, k, rng, monkeypatch):
    problem = Problem(rng, cell, 2, every_step)
    how = {"truncate": k, "weight": weights(rng, N), "penalty": L2(0.1)}
    value, gradient = problem.evaluate(**how)
    monkeypatch.setattr("skbackprop.network.sequence_objective.sequences_per_block", lambda *_: 2)
    parts, gradient_of_parts = problem.evaluate(**how)
    assert sum(parts) == pytest.approx(sum(value), rel=1e-12)
    np.testing.assert_allclose(gradient_of_parts, gradient, rtol=1e-9, atol=1e-13)


def test_a_network_with_a_fixed_number_of_steps_is_refused(rng):
    network = Network([Recurrent(GRU(), 2, return_sequences=True), Dense(1)], (5, 2))
    with pytest.raises(ValueError, match=r"`network` must be for any number of steps, .*, got \(5, 2\)"):
        SequenceObjective(network, SquaredError(), np.zeros((3, 5, 2)), np.zeros((3, 5, 1)))


@three_cells
@steps_or_last
@pytest.mark.parametrize("k", [None, 3])
def test_short_batches_after_full_ones_equal_a_fresh_objective(cell, every_step, k, rng):
    problem = Problem(rng, cell, 2, every_step)
    objective = problem.objective(truncate=k)
    for rows in (np.arange(6), np.array([3]), slice(1, 4), np.array([1, 3]), slice(0, 6)):
        value, gradient = objective.value_and_gradient(problem.theta, rows)
        fresh, fresh_gradient = problem.evaluate(rows, truncate=k)
        assert value == fresh
        np.testing.assert_array_equal(gradient, fresh_gradient)


@three_cells
@steps_or_last
@pytest.mark.parametrize("k", [None, 2])
def test_float32_follows_float64(cell, every_step, k, rng):
    problem = Problem(rng, cell, 2, every_step)
    value, gradient = problem.evaluate(truncate=k)
    narrow = problem.objective(X=problem.X.astype(np.float32), y=problem.y.astype(np.float32), truncate=k)
    narrow_value, narrow_gradient = narrow.value_and_gradient(problem.theta.astype(np.float32))
    assert narrow_gradient.dtype == np.float32
    assert narrow_value.loss == pytest.approx(value.loss, rel=1e-5)
    np.testing.assert_allclose(narrow_gradient, gradient, rtol=1e-3, atol=1e-4)


@steps_or_last
@pytest.mark.parametrize("k", [None, 2])
def test_tokens_are_what_one_hot_channels_are(every_step, k, rng):
    """Padding may be any number: it is not looked at."""
    tokens, u = rng.integers(0, 4, (N, T)), 3
    tokens[np.arange(T) >= LENGTHS[:, None]] = -1
    layers = [Recurrent(LSTM(), 3, every_step), Dense(2)]
    network, other = Network([Embedding(4, u), *layers], (None,)), Network([Dense(u), *layers], (None, 4))
    theta, problem = random_theta(network, rng), Problem(rng, LSTM(), every_step=every_step)
    one_hot = np.zeros(other.parameters.size)
    for p, q in zip(network.parameters.views(theta), other.parameters.views(one_hot), strict=True):
        for name, value in vars(p).items():
            getattr(q, name)[...] = value
    X = ragged(np.eye(4)[tokens], LENGTHS)
    arguments = {"lengths": LENGTHS, "truncate": k}
    value, gradient = SequenceObjective(network, SquaredError(), tokens, problem.y, **arguments).value_and_gradient(
        theta
    )
    expected, dense = SequenceObjective(other, SquaredError(), X, problem.y, **arguments).value_and_gradient(one_hot)
    assert value.loss == pytest.approx(expected.loss, rel=1e-12)
    np.testing.assert_allclose(
        network.parameters.views(gradient)[0].W, other.parameters.views(dense)[0].W, rtol=1e-10, atol=1e-14
    )


def test_labels_are_integers_at_every_step(rng):
    """A target need not be a float; padding of any value does not count."""

    class Count(SquaredError):
        def raw_width(self, y):
            return 2

        def value_and_gradient(self, y, raw, weight, out):
            assert y.dtype == np.int64
            assert (y >= 0).all()
            return super().value_and_gradient(np.eye(2)[y[:, 0]], raw, weight, out)

    problem = Problem(rng, GRU(), loss=SquaredError())
    labels = rng.integers(0, 2, (N, T))
    labels[np.arange(T) >= LENGTHS[:, None]] = -1
    problem.loss = Count()
    value, gradient = problem.evaluate(y=labels[:, :, None])
    problem.loss = SquaredError()
    expected, expected_gradient = problem.evaluate(y=ragged(np.eye(2)[labels], LENGTHS))
    assert value == expected
    np.testing.assert_array_equal(gradient, expected_gradient)


def test_memory_of_truncated_backpropagation_does_not_grow_with_the_steps(rng):
    network = Network([Recurrent(GRU(), 16, True), Dense(1)], (None, 4))
    theta = network.parameters.initial(np.random.RandomState(0), np.float64)

    def peak(T, k):
        X, y = rng.standard_normal((32, T, 4)), rng.standard_normal((32, T, 1))
        objective = SequenceObjective(network, SquaredError(), X, y, truncate=k)
        tracemalloc.start()
        objective.value_and_gradient(theta)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    assert peak(800, 25) < 1.2 * peak(50, 25)
    assert peak(800, None) > 10 * peak(50, None)


@pytest.mark.parametrize(("k", "error"), [(0, ValueError), (2.5, TypeError), (True, TypeError)])
def test_a_bad_truncate_is_named(k, error, rng):
    with pytest.raises(error, match=f"`truncate` must be an integer >= 1, got {k}"):
        Problem(rng, GRU()).objective(truncate=k)


def test_a_bidirectional_network_is_not_truncated(rng):
    with pytest.raises(ValueError, match=r"`truncate` must be None for a bidirectional network, .*, got 3"):
        Problem(rng, GRU(), bidirectional=True).objective(truncate=3)


def test_noise_between_layers_is_part_of_the_function(rng):
    problem = Problem(rng, GRU())
    problem.network = Network([Recurrent(GRU(), 3, True), Dropout(0.4), Recurrent(GRU(), 3, True), Dense(2)], (None, D))
    problem.theta, problem.free = random_theta(problem.network, rng), trainable(problem.network.parameters)
    check_objective(problem, rng, noise=True)


@pytest.mark.parametrize("truncate", [None, 2])
@pytest.mark.parametrize(
    ("lengths", "message"),
    [
        ([7, 7, 7, 7, 7], r"an array of int of shape \(6,\), got int64 of shape \(5,\)"),
        ([7.0, 7, 7, 7, 7, 7], r"an array of int of shape \(6,\), got float64 of shape \(6,\)"),
        ([7, 7, 7, 7, 7, 8], "from 1 to 7, the steps of X, got 7 to 8"),
        ([7, 7, 0, 7, 7, 7], "from 1 to 7, the steps of X, got 0 to 7"),
    ],
)
def test_lengths_that_sequences_cannot_have_are_refused(lengths, message, truncate, rng):
    with pytest.raises(ValueError, match=f"`lengths` must be {message}"):
        Problem(rng, GRU()).objective(lengths=np.array(lengths), truncate=truncate)


@steps_or_last
@pytest.mark.parametrize("truncate", [None, 3])
def test_many_sequences_go_through_in_blocks_and_nothing_changes(every_step, truncate, rng, monkeypatch):
    network = Network([Recurrent(GRU(), 3, every_step), Dense(2)], (None, D))
    X, y = rng.standard_normal((30, T, D)), rng.standard_normal((30, T, 2) if every_step else (30, 2))
    lengths, theta = rng.integers(1, T + 1, 30), random_theta(network, rng, np.float64)
    options = {"lengths": lengths, "truncate": truncate, "weight": rng.uniform(0.5, 1.5, 30)}
    value, gradient = SequenceObjective(network, SquaredError(), X, y, **options).value_and_gradient(theta)
    monkeypatch.setattr("skbackprop.network.sequence_objective.BLOCK", 1)
    assert sequences_per_block(network, 8, T, 1) == 8
    in_blocks, by_block = SequenceObjective(network, SquaredError(), X, y, **options).value_and_gradient(theta)
    assert tuple(in_blocks) == pytest.approx(tuple(value), rel=1e-12)
    np.testing.assert_allclose(by_block, gradient, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("shape", [(3, 4), (3, 5, 1), (3, 1), (2, 4, 1)])
def test_a_target_that_is_not_one_per_step_is_refused(shape):
    network = Network([Recurrent(GRU(), 2, return_sequences=True), Dense(1)], (None, 2))
    with pytest.raises(ValueError, match="`y` must have 3 rows like X, 4 steps, and a column for every output, got"):
        SequenceObjective(network, SquaredError(), np.zeros((3, 4, 2)), np.zeros(shape))
