"""The numbered contract of a layer, for every layer, and what is special about each."""

import pickle
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pytest
from scipy.sparse import csr_array, csr_matrix

from skbackprop.checks import check_layer
from skbackprop.network import layers
from skbackprop.network.activations import ACTIVATIONS, ReLU
from skbackprop.network.contract import Run, Tape
from skbackprop.network.initializers import Orthogonal
from skbackprop.network.layers import Dense, Dropout, Standardize
from skbackprop.network.network import Network
from skbackprop.network.parameters import Parameters
from skbackprop.network.products import matmul, matmul_transposed
from tests.derivatives import noisy_run, trainable
from tests.network.samples import Sample, assert_same_pass

CASES = [*(Dense(3, f) for f in ACTIVATIONS.values()), Dropout(0.0), Dropout(0.4), Standardize()]

every_layer = pytest.mark.parametrize("layer", CASES, ids=repr)
sample_of = partial(Sample, shape=(4,))
sparse_kinds = pytest.mark.parametrize("sparse", [csr_matrix, csr_array])


def test_no_layer_is_left_out():
    public = (getattr(layers, name) for name in layers.__all__)
    concrete = {kind for kind in public if hasattr(kind, "backward") and hasattr(kind, "__dataclass_fields__")}
    assert concrete == {type(layer) for layer in CASES}


@every_layer
def test_keeps_the_contract_its_derivatives_included(layer):
    check_layer(layer, (4,))


@every_layer
def test_float32_follows_float64(layer, rng):
    """Dropout is left without noise here: generators draw other numbers in another precision."""
    sample = sample_of(layer, rng, np.float32)
    run = Run(tape=Tape())
    wide = sample_of(layer, rng)
    wide.theta, wide.X, wide.dY = (a.astype(np.float64) for a in (sample.theta, sample.X, sample.dY))
    narrow = sample.passed(run=run)
    assert narrow.Y.dtype == narrow.dX.dtype == narrow.gradient.dtype == np.float32
    assert_same_pass(narrow, wide.passed(run=Run(tape=Tape())), rtol=1e-5, atol=1e-5)


@every_layer
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_short_batch_after_a_full_one_equals_fresh_buffers(layer, dtype, rng):
    sample, tape = sample_of(layer, rng, dtype), Tape()
    sample.passed(run=noisy_run(tape, seed=1))
    short = sample.passed(slice(4, 7), noisy_run(tape, seed=2))
    assert_same_pass(short, sample.passed(slice(4, 7), noisy_run(seed=2)), rtol=0)


@every_layer
def test_a_full_batch_after_a_short_one_equals_fresh_buffers(layer, rng):
    sample, tape = sample_of(layer, rng), Tape()
    sample.passed(slice(0, 2), noisy_run(tape, seed=1))
    full = sample.passed(run=noisy_run(tape, seed=2))
    assert_same_pass(full, sample.passed(run=noisy_run(seed=2)), rtol=0)


@every_layer
def test_buffers_outlive_the_batch(layer, rng):
    """A second batch of the same size takes no new memory: whatever the tape held before, it holds after."""
    sample, tape = sample_of(layer, rng), Tape()
    sample.passed(run=noisy_run(tape))
    before = {name: buffer.ctypes.data for name, buffer in tape.buffers.items()}
    sample.passed(run=noisy_run(tape))
    assert {name: buffer.ctypes.data for name, buffer in tape.buffers.items()} == before


@every_layer
def test_the_gradient_is_the_sum_over_rows(layer, rng):
    sample, run = sample_of(layer, rng), Run(tape=Tape())
    whole = sample.passed(run=run)
    parts = [sample.passed(slice(i, i + 1), run) for i in range(len(sample.X))]
    np.testing.assert_allclose(whole.gradient, sum(part.gradient for part in parts), rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(whole.dX, np.concatenate([part.dX for part in parts]), rtol=1e-12, atol=1e-13)


@every_layer
def test_without_a_tape_the_output_is_not_overwritten_by_the_next_one(layer, rng):
    sample = sample_of(layer, rng)
    first = sample.forward(sample.X)
    kept = first.copy()
    sample.forward(sample.X + 1.0)
    np.testing.assert_array_equal(first, kept)


@every_layer
def test_a_pickle_holds_no_more_after_use(layer, rng):
    sample = sample_of(replace(layer), rng)
    before = pickle.dumps(sample.layer)
    sample.passed()
    assert pickle.dumps(sample.layer) == before


def test_tape_gives_the_same_memory_again_and_cuts_it_for_a_short_batch():
    tape = Tape()
    full = tape.array("Z", (5, 2), np.dtype(np.float32))
    short = tape.array("Z", (3, 2), np.dtype(np.float32))
    assert np.shares_memory(full, short)
    assert short.shape == (3, 2)
    assert short.flags.c_contiguous
    assert tape.array("Z", (6, 2), np.dtype(np.float32)).shape == (6, 2)
    assert not np.shares_memory(full, tape.array("A", (5, 2), np.dtype(np.float32)))


@sparse_kinds
@pytest.mark.parametrize("f", ACTIVATIONS.values(), ids=repr)
def test_dense_takes_sparse_rows(sparse, f, rng):
    sample = sample_of(Dense(3, f), rng)
    X = sample.X * (rng.random(sample.X.shape) < 0.4)
    np.testing.assert_allclose(sample.forward(sparse(X)), sample.forward(X), rtol=1e-12, atol=1e-14)
    assert_same_pass(sample.passed(X=sparse(X)), sample.passed(X=X), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("activation", ACTIVATIONS.values(), ids=repr)
def test_dense_is_the_activation_of_an_affine_map(activation, rng):
    sample = sample_of(Dense(3, activation), rng)
    Z = sample.X @ sample.p().W + sample.p().b
    A = np.empty_like(Z)
    activation.forward(Z, A)
    np.testing.assert_allclose(sample.forward(sample.X), A, rtol=1e-12, atol=1e-14)


def test_dense_lets_weights_decay_and_spares_biases():
    slots = Dense(3).slots((4,))
    assert [(name, slot.shape, slot.decay, slot.train) for name, slot in slots.items()] == [
        ("W", (4, 3), True, True),
        ("b", (3,), False, True),
    ]


@sparse_kinds
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_standardize_takes_sparse_rows(sparse, dtype, rng):
    """What it gives the next layer stays sparse, and is to that what dense rows are."""
    sample = sample_of(Standardize(), rng, dtype)
    sample.theta.flags.writeable = True
    sample.p().shift[:] = 0.5
    X = (sample.X * (rng.random(sample.X.shape) < 0.4)).astype(dtype)
    rows, Y = sparse(X), sample.forward(X)
    shifted = sample.forward(rows)
    assert shifted.S.nnz == rows.nnz
    np.testing.assert_array_equal(rows.toarray(), X)
    W, dZ = (rng.normal(size=(size, 2)).astype(dtype) for size in X.shape[::-1])
    for product, factor, expected in ((matmul, W, Y @ W), (matmul_transposed, dZ, Y.T @ dZ)):
        out = np.empty_like(expected)
        product(shifted, factor, out)
        assert out.dtype == dtype
        np.testing.assert_allclose(out, expected, rtol=1e-5, atol=1e-5 if dtype == np.float32 else 1e-13)


def test_standardize_is_the_formula_and_has_nothing_to_train(rng):
    sample = sample_of(Standardize(), rng)
    p = sample.p()
    np.testing.assert_allclose(sample.forward(sample.X), (sample.X - p.shift) * p.inverse_scale, rtol=1e-15)
    assert not trainable(sample.parameters).any()
    assert sample.parameters.decaying == slice(0, 0)


def test_standardize_starts_as_the_identity(rng):
    X = rng.standard_normal((5, 4))
    parameters = Parameters([Standardize().slots((4,))])
    (p,) = parameters.views(parameters.initial(np.random.RandomState(0), np.float64))
    np.testing.assert_array_equal(Standardize().forward(p, X, Run()), X)


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dropout_drops_its_rate_and_keeps_the_mean(rate, dtype):
    X = np.ones((400, 500), dtype)
    Y = Dropout(rate).forward(None, X, noisy_run())
    assert Y.dtype == dtype
    np.testing.assert_allclose(np.unique(Y), [0.0, 1 / (1 - rate)], rtol=1e-6)
    sd = np.sqrt(rate * (1 - rate) / X.size)
    assert abs(np.mean(Y == 0) - rate) < 4 * sd
    assert abs(Y.mean(dtype=np.float64) - 1.0) < 4 * sd / (1 - rate)


def test_dropout_at_rate_zero_is_the_identity(rng):
    sample = sample_of(Dropout(0.0), rng)
    passed = sample.passed()
    np.testing.assert_array_equal(passed.Y, sample.X)
    np.testing.assert_array_equal(passed.dX, sample.dY)


def test_dropout_drops_backward_what_it_dropped_forward(rng):
    sample = sample_of(Dropout(0.5), rng, rows=50)
    passed = sample.passed()
    np.testing.assert_allclose(passed.dX, sample.dY * (passed.Y / sample.X), rtol=1e-12)


def test_dropout_is_off_without_a_tape(rng):
    X = rng.standard_normal((5, 4))
    np.testing.assert_array_equal(Dropout(0.5).forward(None, X, Run(rng=np.random.default_rng(0))), X)


def test_dropout_is_off_without_a_generator_forward_and_backward(rng):
    sample = sample_of(Dropout(0.5), rng)
    passed = sample.passed(run=Run(tape=Tape()))
    np.testing.assert_array_equal(passed.Y, sample.X)
    np.testing.assert_array_equal(passed.dX, sample.dY)


def test_dropout_remembers_no_mask_from_a_pass_with_noise_in_one_without(rng):
    sample, tape = sample_of(Dropout(0.5), rng), Tape()
    sample.passed(run=noisy_run(tape))
    np.testing.assert_array_equal(sample.passed(run=Run(tape=tape)).dX, sample.dY)


def test_dropout_draws_from_its_own_generator_and_anew_for_each_batch(rng):
    sample = sample_of(Dropout(0.5), rng, rows=50)
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    np.testing.assert_array_equal(sample.passed(run=noisy_run(seed=3)).Y, sample.passed(run=noisy_run(seed=3)).Y)
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002
    run = noisy_run()
    assert not np.array_equal(sample.passed(run=run).Y, sample.passed(run=run).Y)


@dataclass(frozen=True)
class Half:
    """Half of an activation."""

    keeps_input: bool = False


@pytest.mark.parametrize(
    ("make", "value", "error", "message"),
    [
        (Dense, 0, ValueError, "`units` must be an integer >= 1, got 0"),
        (Dense, 2.0, TypeError, "`units` must be an integer >= 1, got 2.0"),
        (Dense, True, TypeError, "`units` must be an integer >= 1, got True"),
        (partial(Dense, 3), "relu", TypeError, "`activation` must be an object such as Tanh.*, got 'relu'"),
        (partial(Dense, 3), Half(), TypeError, "got Half.*, which lacks `init`, `forward` and `backward`"),
        (partial(Dense, 3, ReLU()), "he", TypeError, "`init` must be an object such as Orthogonal.*, got 'he'"),
        (partial(Dense, 3, ReLU()), Orthogonal, TypeError, "`init` must be an object such as Orthogonal.*, got <class"),
        (Dropout, 1.0, ValueError, "`rate` must be a real number in \\[0, 1\\), got 1.0"),
        (Dropout, -0.1, ValueError, "`rate` must be a real number in \\[0, 1\\), got -0.1"),
        (Dropout, "half", TypeError, "`rate` must be a real number in \\[0, 1\\), got 'half'"),
    ],
)
def test_a_bad_hyper_parameter_is_named(make, value, error, message):
    with pytest.raises(error, match=message):
        make(value)


@dataclass(frozen=True)
class Returning(ReLU):
    """Returns what it should have written."""

    def forward(self, Z, A):
        return np.maximum(Z, 0)


def test_an_activation_that_writes_nothing_is_told():
    network = Network([Dense(2, Returning()), Dense(1)], (3,))
    p = network.parameters.views(np.zeros(network.parameters.size))
    with pytest.raises(TypeError, match=r"`forward` of Returning\(\) must write to A and return None"):
        network.forward(p, np.ones((4, 3)))
