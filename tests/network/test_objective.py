"""The objective as a whole: its gradient by theta for everything that can be joined, and what rows and X may be."""

import tracemalloc
from dataclasses import dataclass, field
from itertools import product

import numpy as np
import pytest
from scipy.sparse import csr_array, csr_matrix

from skbackprop.kernels.training import CACHED
from skbackprop.network.activations import ACTIVATIONS, Tanh
from skbackprop.network.blocks import blocks, rows_per_block
from skbackprop.network.cells import GRU
from skbackprop.network.embedding import Embedding
from skbackprop.network.layers import Dense, Dropout, Standardize
from skbackprop.network.losses import LOSSES, Huber, Quantile, SquaredError
from skbackprop.network.network import Network
from skbackprop.network.objective import Objective
from skbackprop.network.penalties import L2
from skbackprop.network.recurrent import Recurrent
from skbackprop.network.sequence_objective import SequenceObjective
from tests.derivatives import check_gradient, trainable
from tests.network.samples import random_theta, small_network, target, weights

N = 12
ROWS = {
    "all": slice(None),
    "slice": slice(3, 9),
    "from behind": slice(-5, None),
    "every second": slice(0, N, 2),
    "indices": np.array([7, 0, 3, 3, 11]),
}

CASES = {**LOSSES, "quantiles": Quantile([0.1, 0.5, 0.8]), "huber in units of y": Huber(0.7, absolute=True)}

every_loss = pytest.mark.parametrize("loss", CASES.values(), ids=CASES)
every_rows = pytest.mark.parametrize("rows", ROWS.values(), ids=ROWS)
weighted = pytest.mark.parametrize("weighted", [False, True], ids=["unweighted", "weighted"])


@dataclass
class Problem:
    """A small network, a theta, and rows; ``objective`` joins them."""

    loss: object
    rng: np.random.Generator
    outputs: int = 1
    weighted: bool = False
    alpha: float = 0.0
    activation: object = field(default_factory=Tanh)
    dtype: type = np.float64

    def __post_init__(self):
        self.y = target(self.loss, self.rng, N, self.outputs).astype(self.dtype)
        self.network = small_network(self.activation, self.loss.raw_width(self.y))
        self.X = self.rng.standard_normal((N, 4)).astype(self.dtype)
        self.theta = random_theta(self.network, self.rng, self.dtype)
        self.weight = weights(self.rng, N).astype(self.dtype) if self.weighted else None
        self.penalty = L2(self.alpha) if self.alpha else None

    def objective(self, **other):
        arguments = {"X": self.X, "y": self.y, "weight": self.weight, "penalty": self.penalty} | other
        network, X, y = arguments.pop("network", self.network), arguments.pop("X"), arguments.pop("y")
        return Objective(network, self.loss, X, y, **arguments)

    def evaluate(self, rows=slice(None), **other):
        value, gradient = self.objective(**other).value_and_gradient(self.theta, rows)
        return value, gradient.copy()


def check_objective(make, theta, rows, free, rng, name="the gradient"):
    """Assert that the gradient is the derivative; ``make`` gives an objective with the same noise again."""
    _, gradient = make().value_and_gradient(theta, rows)
    check_gradient(
        lambda theta: sum(make().value_and_gradient(theta, rows)[0]), theta, gradient, rng, free=free, name=name
    )


@every_loss
@pytest.mark.parametrize("activation", ACTIVATIONS.values(), ids=ACTIVATIONS)
def test_the_gradient_is_the_derivative_of_the_value(loss, activation, rng):
    """Without weights and with them, for one output and three; of each pair, one has a penalty."""
    for weighted, outputs in product((False, True), (1, 3)):
        problem = Problem(loss, rng, outputs, weighted, 0.7 * (weighted == (outputs == 1)), activation)
        objective, free = problem.objective(), trainable(problem.network.parameters)
        name = f"the gradient for {outputs} outputs, weighted: {weighted}, penalised: {problem.alpha > 0},"
        check_objective(lambda objective=objective: objective, problem.theta, slice(None), free, rng, name)


@every_loss
@every_rows
def test_the_gradient_is_the_derivative_over_some_rows(loss, rows, rng):
    for weighted in (False, True):
        problem = Problem(loss, rng, 2, weighted, alpha=0.5)
        free, name = trainable(problem.network.parameters), f"the gradient, weighted: {weighted},"
        check_objective(problem.objective, problem.theta, rows, free, rng, name)


@every_loss
@every_rows
def test_the_gradient_is_the_derivative_with_dropout(loss, rows, rng):
    """With a generator, noise is part of the function; without one there is none."""
    problem = Problem(loss, rng)
    width = loss.raw_width(problem.y)
    layers = [Standardize(), Dense(6, Tanh()), Dropout(0.4), Dense(4, Tanh()), Dropout(0.2), Dense(width)]
    network = Network(layers, (4,))
    theta = random_theta(network, rng)
    for seed in (1, None):

        def make(seed=seed):
            return problem.objective(network=network, rng=None if seed is None else np.random.default_rng(seed))

        check_objective(make, theta, rows, trainable(network.parameters), rng, f"the gradient with seed {seed}")


@every_loss
@pytest.mark.parametrize("sparse", [csr_matrix, csr_array])
def test_sparse_rows_give_what_dense_rows_give(loss, sparse, rng):
    problem = Problem(loss, rng, 2, weighted=True, alpha=0.5)
    X = problem.X * (rng.random(problem.X.shape) < 0.5)
    for shifted, (name, rows) in product((True, False), ROWS.items()):
        problem.network.parameters.views(problem.theta)[0].shift[:] *= shifted
        (value, penalty), gradient = problem.evaluate(rows, X=X)
        (sparse_value, sparse_penalty), sparse_gradient = problem.evaluate(rows, X=sparse(X))
        assert (sparse_value, sparse_penalty) == pytest.approx((value, penalty), rel=1e-12), (shifted, name)
        np.testing.assert_allclose(sparse_gradient, gradient, rtol=1e-11, atol=1e-13, err_msg=f"{shifted}, {name}")


@every_loss
@weighted
def test_the_value_is_the_formula(loss, weighted, rng):
    """1/rows * sum of w loss + penalty / (rows * mean raw weight)."""
    problem = Problem(loss, rng, 3, weighted, alpha=0.5)
    for name, rows in ROWS.items():
        value, _ = problem.evaluate(rows, mean_weight=1.7)
        X, y = problem.X[rows], problem.y[rows]
        weight = None if problem.weight is None else problem.weight[rows]
        raw = problem.network.forward(problem.network.parameters.views(problem.theta), X)
        total = loss.value_and_gradient(y, raw, weight, np.empty_like(raw))
        W = problem.theta[problem.network.parameters.decaying]
        assert value.loss == pytest.approx(total / len(y), rel=1e-12), name
        assert value.penalty == pytest.approx(0.5 / 2 * W @ W / (len(y) * 1.7), rel=1e-12), name


@every_loss
def test_the_penalty_spares_biases_and_units(loss, rng):
    problem = Problem(loss, rng)
    _, gradient = problem.evaluate(penalty=None)
    _, penalised = problem.evaluate(penalty=L2(3.0))
    expected = np.zeros_like(gradient)
    for layer, view in zip(problem.network.layers, problem.network.parameters.views(expected), strict=True):
        if isinstance(layer, Dense):
            view.W[...] = 1.0
    np.testing.assert_allclose(penalised - gradient, expected * problem.theta * 3.0 / N, rtol=1e-9, atol=1e-13)


@every_loss
@weighted
def test_rows_are_the_same_however_they_are_named(loss, weighted, rng):
    problem = Problem(loss, rng, 2, weighted, alpha=0.5)
    whole, part = [slice(None), slice(0, N), np.arange(N)], [slice(3, 9), np.arange(3, 9)]
    for first, *others in (whole, part):
        value, gradient = problem.evaluate(first)
        for named in others:
            other, other_gradient = problem.evaluate(named)
            assert other == value, named
            np.testing.assert_array_equal(other_gradient, gradient, err_msg=str(named))


@pytest.fixture(params=["C", "F", "strided", "reversed", "read-only", "memory-mapped", "columns of more"])
def layout(request, tmp_path):
    """A function that lays the same numbers out in another way."""

    def lay_out(X):
        match request.param:
            case "F":
                return np.asfortranarray(X)
            case "strided":
                return np.repeat(X, 2, axis=0)[::2]
            case "reversed":
                return X[::-1].copy()[::-1]
            case "columns of more":
                return np.hstack([X, X])[:, : X.shape[1]]
            case "memory-mapped":
                path = tmp_path / f"{X.shape[1]} columns.npy"
                np.save(path, X)
                return np.load(path, mmap_mode="r")
        X = X.copy()
        X.flags.writeable = request.param == "C"
        return X

    return lay_out


def test_rows_are_not_chosen_by_a_mask(rng):
    with pytest.raises(
        TypeError, match="`rows` must be a slice or an array of the numbers of rows, got an array of bool"
    ):
        Problem(SquaredError(), rng).evaluate(np.ones(N, bool))


@pytest.mark.parametrize("row", [-1, N])
def test_the_number_of_a_row_that_is_not_there_is_refused(row, rng):
    with pytest.raises(ValueError, match=f"`rows` must be numbers of rows from 0 to {N - 1}, got {row}"):
        Problem(SquaredError(), rng).evaluate(np.array([0, row]))


def test_slices_of_any_kind_are_the_rows_that_they_name_also_in_parts(rng):
    n = 300_000
    X = rng.standard_normal((n, 4))
    problem = Problem(SquaredError(), rng)
    objective = problem.objective(X=X, y=X[:, :1])
    for rows in (slice(0, n, 2), slice(-250_000, None), slice(n, 9, -1)):
        numbers = np.arange(n)[rows]
        (value, _), gradient = objective.value_and_gradient(problem.theta, rows)
        gradient = gradient.copy()
        (other, _), expected = objective.value_and_gradient(problem.theta, numbers)
        assert value == pytest.approx(other, rel=1e-12)
        np.testing.assert_allclose(gradient, expected, rtol=1e-10, atol=1e-12)
        assert objective.mean_loss(problem.theta, rows) == pytest.approx(other, rel=1e-12)


@every_rows
@pytest.mark.parametrize("standardize", [True, False])
def test_the_layout_of_X_and_y_in_memory_does_not_matter(layout, rows, standardize, rng):
    problem = Problem(SquaredError(), rng, 2, weighted=True, alpha=0.5)
    if not standardize:
        problem.network = Network([Dense(5, Tanh()), Dense(2)], (4,))
        problem.theta = random_theta(problem.network, rng)
    value, gradient = problem.evaluate(rows)
    laid_out, other_gradient = problem.evaluate(rows, X=layout(problem.X), y=layout(problem.y))
    assert tuple(laid_out) == pytest.approx(tuple(value), rel=1e-13)
    np.testing.assert_allclose(other_gradient, gradient, rtol=1e-12, atol=1e-14)


@dataclass(frozen=True)
class Watch:
    """The identity, which writes down the dtypes of all that passes through it."""

    dtypes: set = field(default_factory=set, hash=False)

    def slots(self, shape):
        return {}

    def output_shape(self, shape):
        return shape

    def forward(self, p, X, run):
        self.dtypes.add(X.dtype)
        return X

    def backward(self, p, g, dY, run, *, need_dX=True):
        self.dtypes.add(dY.dtype)
        return dY


@dataclass(frozen=True)
class WatchedLoss:
    """A loss that writes down the dtypes of all that it is given."""

    loss: object
    dtypes: set = field(default_factory=set, hash=False)

    def raw_width(self, y):
        return self.loss.raw_width(y)

    def check(self, y):
        self.loss.check(y)

    def value_and_gradient(self, y, raw, weight, out):
        value = self.loss.value_and_gradient(y, raw, weight, out)
        self.dtypes.update(array.dtype for array in (y, raw, weight, out))
        return value


@pytest.mark.parametrize(
    ("loss", "activation"),
    [*((loss, Tanh()) for loss in CASES.values()), *((SquaredError(), f) for f in ACTIVATIONS.values())],
    ids=[*CASES, *ACTIVATIONS],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_of_theta_is_that_of_every_buffer(loss, activation, dtype, rng):
    """Every loss, and every activation; neither sees which one the other is."""
    for rows in ROWS.values():
        watch, watched = Watch(), WatchedLoss(loss)
        problem = Problem(watched, rng, weighted=True, alpha=0.5, dtype=dtype)
        output = Dense(loss.raw_width(problem.y))
        layers = [Standardize(), watch, Dense(5, activation), watch, Dropout(0.3), watch, output, watch]
        network = Network(layers, (4,))
        theta = random_theta(network, rng, dtype)
        objective = problem.objective(network=network, rng=np.random.default_rng(0))
        _, gradient = objective.value_and_gradient(theta, rows)
        assert watch.dtypes == watched.dtypes == {np.dtype(dtype)}
        assert gradient.dtype == theta.dtype == dtype


@every_loss
def test_float32_follows_float64(loss, rng):
    problem = Problem(loss, rng, 3, weighted=True, alpha=0.5)
    value, gradient = problem.evaluate()
    narrow = {name: getattr(problem, name).astype(np.float32) for name in ("X", "y", "weight")}
    narrow_value, narrow_gradient = problem.objective(**narrow).value_and_gradient(problem.theta.astype(np.float32))
    assert tuple(narrow_value) == pytest.approx(tuple(value), rel=1e-5)
    np.testing.assert_allclose(narrow_gradient, gradient, rtol=1e-4, atol=1e-5)


def test_the_gradient_is_a_buffer_that_the_next_call_overwrites(rng):
    problem = Problem(SquaredError(), rng, alpha=0.5)
    objective = problem.objective()
    _, first = objective.value_and_gradient(problem.theta, slice(0, 6))
    kept = first.copy()
    _, second = objective.value_and_gradient(problem.theta, slice(6, 12))
    assert second is first
    assert not np.array_equal(kept, second)


def test_theta_may_move_in_place_or_be_another_array(rng):
    problem = Problem(SquaredError(), rng, alpha=0.5)
    objective, theta = problem.objective(), problem.theta.copy()
    objective.value_and_gradient(theta)
    theta += 0.1
    moved, gradient = objective.value_and_gradient(theta)
    gradient = gradient.copy()
    other, other_gradient = objective.value_and_gradient(problem.theta + 0.1)
    assert moved == other
    np.testing.assert_array_equal(gradient, other_gradient)


def test_a_short_batch_after_a_full_one_equals_a_fresh_objective(rng):
    problem = Problem(SquaredError(), rng, 2, weighted=True, alpha=0.5)
    objective = problem.objective()
    for rows in (np.arange(8), np.array([9, 2, 5]), slice(0, 12), slice(0, 1), np.arange(12)):
        value, gradient = objective.value_and_gradient(problem.theta, rows)
        fresh, fresh_gradient = problem.evaluate(rows)
        assert value == fresh
        np.testing.assert_array_equal(gradient, fresh_gradient)


@every_loss
def test_nothing_that_was_given_is_written(loss, rng):
    problem = Problem(loss, rng, 2, weighted=True, alpha=0.5)
    for array in (problem.X, problem.y, problem.weight, problem.theta):
        array.flags.writeable = False
    objective = problem.objective()
    for rows in ROWS.values():
        objective.value_and_gradient(problem.theta, rows)
    objective.mean_loss(problem.theta)


@every_loss
@weighted
def test_mean_loss_is_the_value_without_the_penalty_and_over_some_rows_their_weighted_mean(loss, weighted, rng):
    problem = Problem(loss, rng, 3, weighted, alpha=0.5)
    objective = problem.objective()
    value, _ = objective.value_and_gradient(problem.theta)
    assert objective.mean_loss(problem.theta) == pytest.approx(value.loss, rel=1e-12)
    rows = ROWS["indices"]
    total = problem.evaluate(rows)[0].loss * len(rows)
    weight = len(rows) if problem.weight is None else problem.weight[rows].sum()
    assert objective.mean_loss(problem.theta, rows) == pytest.approx(total / weight, rel=1e-12)


def test_mean_loss_has_no_noise(rng):
    problem = Problem(SquaredError(), rng)
    layers = [Dense(6, Tanh()), Dropout(0.5), Dense(1)]
    noisy, plain = Network(layers, (4,)), Network([layers[0], layers[2]], (4,))
    theta, generator = random_theta(noisy, rng), np.random.default_rng(0)
    before = generator.bit_generator.state
    loss = problem.objective(network=noisy, rng=generator).mean_loss(theta)
    assert loss == problem.objective(network=plain).mean_loss(theta)
    assert generator.bit_generator.state == before


@weighted
@pytest.mark.parametrize("chosen", [False, True])
def test_mean_loss_over_many_blocks_is_that_over_one(weighted, chosen, rng):
    """A wide layer makes blocks of 64 rows; 150 rows are three of them, the last one short."""
    network = Network([Dense(1 << 12), Dense(1)], (2,))
    theta = network.parameters.initial(np.random.RandomState(0), np.float32)
    X, y = rng.standard_normal((150, 2)).astype(np.float32), rng.standard_normal((150, 1)).astype(np.float32)
    weight = weights(rng, 150).astype(np.float32) if weighted else None
    objective = Objective(network, SquaredError(), X, y, weight=weight)
    assert rows_per_block(network, 4) == 64
    mean = objective.mean_loss(theta, rng.permutation(150) if chosen else None)
    assert mean == pytest.approx(objective.value_and_gradient(theta)[0].loss, rel=1e-4)


def test_blocks_cover_all_rows_once_and_stay_small():
    size = rows_per_block(Network([Dense(100), Dense(1)], (3,)), 8)
    assert size == (1 << 20) // 800
    pieces = blocks(3 * size + 5, size)
    assert [piece.start for piece in pieces] == [0, size, 2 * size, 3 * size]
    assert pieces[-1].stop == 3 * size + 5
    assert rows_per_block(Network([Dense(10**6)], (3,)), 8) == 64
    assert blocks(0, size) == []


@pytest.mark.parametrize("layers", [[], [Standardize()]], ids=["plain", "standardized"])
def test_of_sparse_rows_entries_count_and_not_columns(layers):
    network, n = Network([*layers, Dense(20), Dense(1)], (10**5,)), 1 << 20
    assert rows_per_block(network, 8) == 64
    assert rows_per_block(network, 8, csr_matrix((n, 10**5))) == n // 160
    crowded = csr_matrix(np.ones((2, 10**5)))
    assert rows_per_block(network, 8, crowded[:, :500]) == n // 4000
    assert rows_per_block(network, 8, crowded) == 64
    assert rows_per_block(network, 8, csr_matrix((0, 10**5))) == n // 160


@every_loss
@pytest.mark.parametrize("alpha", [0.0, 0.8])
def test_integer_weights_equal_repetition_of_rows_penalty_included(loss, alpha, rng):
    problem = Problem(loss, rng, 2, alpha=alpha)
    counts = np.arange(1, N + 1) % 4
    weight, mean = counts / counts.mean(), float(counts.mean())
    value, gradient = problem.evaluate(weight=weight, mean_weight=mean)
    repeated = {"X": np.repeat(problem.X, counts, axis=0), "y": np.repeat(problem.y, counts, axis=0)}
    other, other_gradient = problem.evaluate(**repeated)
    assert tuple(value) == pytest.approx(tuple(other), rel=1e-12)
    np.testing.assert_allclose(gradient, other_gradient, rtol=1e-11, atol=1e-14)


@every_loss
def test_batches_add_up_to_the_whole(loss, rng):
    """The mean over batches of equal size is the value over all rows, for loss and gradient."""
    problem = Problem(loss, rng, 2, weighted=True)
    value, gradient = problem.evaluate()
    order = rng.permutation(N)
    parts = [problem.evaluate(order[start : start + 4]) for start in range(0, N, 4)]
    assert np.mean([part.loss for part, _ in parts]) == pytest.approx(value.loss, rel=1e-12)
    np.testing.assert_allclose(np.mean([g for _, g in parts], axis=0), gradient, rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize(
    ("rows", "n_batches"),
    [(slice(None), 4), (slice(7, 901), 3), (np.arange(999, -1, -2), 2)],
    ids=["all", "some", "indices"],
)
@pytest.mark.parametrize("weighted", [False, True])
def test_many_rows_go_through_in_parts_and_nothing_changes(rows, n_batches, weighted, rng):
    """The batches that they are compared with go through as a whole; a penalty is divided by the number of rows."""
    X, y = rng.standard_normal((1000, 3)), rng.standard_normal((1000, 2))
    network = Network([Dense(700, Tanh()), Dense(2)], (3,))
    theta = network.parameters.initial(np.random.RandomState(0), np.float64)
    weight = rng.uniform(0.5, 1.5, 1000) if weighted else None

    def evaluate(rows, alpha):
        objective = Objective(network, SquaredError(), X, y, weight=weight, penalty=L2(alpha))
        value, gradient = objective.value_and_gradient(theta, rows)
        return np.r_[tuple(value)], gradient

    chosen = np.arange(1000)[rows]
    batches = np.split(chosen, n_batches)
    assert len(batches[0]) < rows_per_block(network, 8, X, CACHED) < len(chosen)
    value, gradient = evaluate(rows, 1.0)
    values, gradients = zip(*[evaluate(batch, 1.0 / n_batches) for batch in batches], strict=True)
    np.testing.assert_allclose(value, np.mean(values, axis=0), rtol=1e-12)
    np.testing.assert_allclose(gradient, np.mean(gradients, axis=0), rtol=1e-10, atol=1e-13)


def test_a_full_batch_takes_little_memory(rng):
    """A pass over 20 000 rows of 200 units would remember 64 MB."""
    X, y = rng.standard_normal((20_000, 4)), rng.standard_normal((20_000, 1))
    network = Network([Dense(200, Tanh()), Dense(1)], (4,))
    theta = network.parameters.initial(np.random.RandomState(0), np.float64)
    tracemalloc.start()
    Objective(network, SquaredError(), X, y).value_and_gradient(theta)
    assert tracemalloc.get_traced_memory()[1] < 10e6
    tracemalloc.stop()


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((N, 1), r"`network` must put out 1 columns for y of shape \(.*, 1\), got 2"),
        ((N - 1, 2), r"`y` must have .* rows like X, and a column for every output, got shape"),
        ((N,), r"`y` must have .* rows like X, and a column for every output, got shape"),
    ],
)
def test_a_target_of_another_shape_is_refused(shape, message):
    with pytest.raises(ValueError, match=message):
        Objective(Network([Dense(2)], (3,)), SquaredError(), np.ones((N, 3)), np.ones(shape))


@pytest.mark.parametrize("shape", [(N - 1,), (N, 1), ()])
def test_weights_of_another_shape_are_refused(shape):
    with pytest.raises(ValueError, match=rf"`weight` must have shape \({N},\), a number per row, got"):
        Objective(Network([Dense(2)], (3,)), SquaredError(), np.ones((N, 3)), np.ones((N, 2)), weight=np.ones(shape))


@pytest.mark.parametrize("size", [7, 9])
def test_a_theta_of_another_network_is_refused(size):
    objective = Objective(Network([Dense(2)], (3,)), SquaredError(), np.ones((N, 3)), np.ones((N, 2)))
    for method in (objective.value_and_gradient, objective.mean_loss):
        with pytest.raises(ValueError, match=rf"`theta` must have shape \(8,\) for this network, got \({size},\)"):
            method(np.zeros(size))


@pytest.mark.parametrize("rows", [slice(3, 3), slice(N, None), np.array([], int), []])
def test_no_rows_have_no_mean(rows):
    objective = Objective(Network([Dense(2)], (3,)), SquaredError(), np.ones((N, 3)), np.ones((N, 2)))
    for method in (objective.value_and_gradient, objective.mean_loss):
        with pytest.raises(ValueError, match=f"`rows` must be at least one of the {N} rows, got none"):
            method(np.zeros(8), rows)


def test_lists_will_do():
    objective = Objective(Network([Dense(1)], (2,)), SquaredError(), np.eye(2), [[1.0], [2.0]], weight=[1.0, 3.0])
    assert objective.value_and_gradient(np.zeros(3))[0].loss == (0.5 * 1 + 3 * 0.5 * 4) / 2
    assert objective.value_and_gradient(np.zeros(3), np.array([1]))[0].loss == 6.0


@pytest.mark.parametrize("loss", ["squared_error", SquaredError])
def test_a_loss_that_is_no_object_is_refused(loss):
    with pytest.raises(TypeError, match=r"`loss` must be an object such as SquaredError\(\), got"):
        Objective(Network([Dense(1)], (2,)), loss, np.eye(2), np.ones((2, 1)))


@pytest.mark.parametrize("dtypes", [(np.float32, np.float64), (np.float64, np.float32)])
def test_theta_may_come_in_another_dtype(dtypes, rng):
    """Tokens ask for none; the buffers follow theta."""
    network = Network([Embedding(3, 2), Recurrent(GRU(), 2), Dense(1)], (None,))
    objective = SequenceObjective(network, SquaredError(), np.array([[0, 1, 2], [2, 2, 0]]), [[1.0], [2.0]])
    theta = network.parameters.initial(np.random.RandomState(0), np.float64)
    for dtype in dtypes:
        value, gradient = objective.value_and_gradient(theta.astype(dtype))
        assert gradient.dtype == dtype
        assert value.loss == pytest.approx(objective.mean_loss(theta.astype(dtype)), rel=1e-6)
