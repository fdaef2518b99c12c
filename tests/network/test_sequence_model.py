"""Models on sequences: raw predictions of any number of steps, padding, streams, and units that move."""

import pickle

import numpy as np
import pytest

from skbackprop.network.blocks import rows_per_block, sequences_per_block
from skbackprop.network.cells import CELLS, GRU, LSTM, Elman
from skbackprop.network.embedding import Embedding
from skbackprop.network.layers import Dense, Dropout, Standardize
from skbackprop.network.losses import SquaredError, Units
from skbackprop.network.model import Model
from skbackprop.network.network import Network
from skbackprop.network.recurrent import Recurrent
from tests.network.samples import ragged, random_theta

N, T, D = 6, 7, 2
LENGTHS = np.array([7, 3, 5, 1, 6, 7])

three_cells = pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS)
steps_or_last = pytest.mark.parametrize("every_step", [False, True], ids=["last", "steps"])
directions = pytest.mark.parametrize("bidirectional", [False, True], ids=["ahead", "both"])


def make_model(rng, cell, every_step, bidirectional=False, dtype=np.float64, hidden=3):
    network = Network([Standardize(), Recurrent(cell, hidden, every_step, bidirectional), Dense(2)], (None, D))
    units = Units(*(rng.uniform(0.5, 2.0, 2) for _ in range(5)))
    return Model(network, SquaredError(), random_theta(network, rng, dtype), units)


@three_cells
@steps_or_last
@directions
def test_padded_rows_are_predicted_as_if_they_were_alone(cell, every_step, bidirectional, rng):
    model = make_model(rng, cell, every_step, bidirectional)
    X = ragged(rng.standard_normal((N, T, D)), LENGTHS)
    X.flags.writeable = False
    raw = model.raw(X, lengths=LENGTHS)
    for i, length in enumerate(LENGTHS):
        alone = model.raw(X[i : i + 1, :length])[0]
        np.testing.assert_allclose(raw[i, :length] if every_step else raw[i], alone, rtol=1e-12, atol=1e-14)
        if every_step:
            assert np.isnan(raw[i, length:]).all()


@steps_or_last
def test_the_number_of_steps_is_free_and_predictions_are_the_callers(every_step, rng):
    model = make_model(rng, GRU(), every_step)
    for steps in (1, 3, 20):
        X = rng.standard_normal((N, steps, D))
        raw = model.raw(X)
        assert raw.shape == ((N, steps, 2) if every_step else (N, 2))
        kept = raw.copy()
        model.raw(X + 1)
        np.testing.assert_array_equal(raw, kept)


@steps_or_last
@pytest.mark.parametrize("masked", [False, True])
def test_many_blocks_of_rows_are_as_one(every_step, masked, rng):
    """Blocks follow the steps of the X at hand."""
    model = make_model(rng, LSTM(), every_step, dtype=np.float32, hidden=48)
    X = rng.standard_normal((60, 600, D)).astype(np.float32)
    lengths = rng.integers(1, 601, 60) if masked else None
    assert sequences_per_block(model.network, 4, 600) < 60
    raw = model.raw(X, lengths=lengths)
    for row in (0, 31, 59):
        one = model.raw(X[row : row + 1], lengths=None if lengths is None else lengths[row : row + 1])
        np.testing.assert_allclose(raw[row : row + 1], one, rtol=1e-4, atol=1e-5)


@steps_or_last
@pytest.mark.parametrize("masked", [False, True])
def test_raw_predictions_are_made_use_of_one_after_the_other(every_step, masked, rng):
    model, lengths = make_model(rng, GRU(), every_step), LENGTHS if masked else None
    X = rng.standard_normal((N, T, D))
    sums = model.raw(X, lengths=lengths, then=lambda raw: raw.sum(axis=1))
    np.testing.assert_array_equal(sums, model.raw(X, lengths=lengths).sum(axis=-1))


def test_blocks_of_sequences_are_small_but_never_empty():
    network = Network([Recurrent(GRU(), 10, True)], (None, 3))
    assert sequences_per_block(network, 8, 100) == (1 << 22) // 8000
    assert sequences_per_block(network, 8, 10**9) == 8


@three_cells
def test_a_stream_is_predicted_step_by_step(cell, rng):
    model = make_model(rng, cell, True)
    X, states = rng.standard_normal((N, T, D)), None
    raw = model.raw(X)
    for t in range(T):
        step, states = model.step(X[:, t], states)
        np.testing.assert_allclose(step, raw[:, t], rtol=1e-12)
    states = pickle.loads(pickle.dumps(states))
    np.testing.assert_allclose(
        model.step(X[:, 0], states)[0], model.raw(np.concatenate([X, X[:, :1]], axis=1))[:, -1], rtol=1e-12
    )


@steps_or_last
@directions
def test_moving_units_at_both_ends_does_not_change_the_function(every_step, bidirectional, rng):
    model = make_model(rng, LSTM(), every_step, bidirectional)
    X = rng.standard_normal((N, T, D))
    before, b = model.raw(X), "b_back" if bidirectional else "b"
    factor = model.move_input(rng.standard_normal(D), rng.uniform(0.5, 2.0, D), np.zeros(D, bool))
    model.move_output(Units(*(rng.uniform(0.5, 2.0, 2) for _ in range(5))))
    np.testing.assert_allclose(model.raw(X), before, rtol=1e-10)
    first = model.network.parameters.views(factor)[1]
    assert not np.any(vars(first)[b.replace("b", "W", 1)] == 1.0)
    assert np.all(vars(first)[b] == 1.0)


def test_tokens_are_predicted_and_stepped_whatever_pads(rng):
    network = Network([Embedding(5, 3), Recurrent(GRU(), 4, True), Dense(2)], (None,))
    model = Model(network, SquaredError(), random_theta(network, rng, np.float32), Units.natural(2))
    tokens = rng.integers(0, 5, (N, T))
    tokens[np.arange(T) >= LENGTHS[:, None]] = -1
    raw, states = model.raw(tokens, lengths=LENGTHS), None
    assert raw.dtype == np.float32
    for t in range(T):
        step, states = model.step(tokens[:, t], states)
        valid = t < LENGTHS
        np.testing.assert_allclose(step[valid], raw[valid, t], rtol=1e-5, atol=1e-6)
        assert np.isnan(raw[~valid, t]).all()


def test_what_a_hidden_layer_puts_out_can_be_had(rng):
    model = make_model(rng, GRU(), True)
    X = ragged(rng.standard_normal((N, T, D)), LENGTHS)
    A = model.raw(X, stop=2, lengths=LENGTHS)
    assert A.shape == (N, T, 3)
    np.testing.assert_array_equal(np.isnan(A).any(axis=2), np.arange(T) >= LENGTHS[:, None])


def test_a_model_takes_other_floats_than_it_was_trained_in(rng):
    model = make_model(rng, GRU(), False, dtype=np.float32)
    X = rng.standard_normal((N, T, D))
    np.testing.assert_array_equal(model.raw(X), model.raw(X.astype(np.float32)))


def test_network_shapes_have_free_steps(rng):
    network = Network(
        [Standardize(), Recurrent(GRU(), 5, True), Recurrent(LSTM(), 3, bidirectional=True), Dense(2)], (None, D)
    )
    assert network.shapes == [(None, 2), (None, 2), (None, 5), (6,), (2,)]
    assert (network.widest, network.sequential, network.every_step, network.steppable) == (6, True, False, False)
    plain = Network([Dense(2)], (3,))
    assert (plain.sequential, plain.every_step, plain.steppable) == (False, False, True)
    copy = pickle.loads(pickle.dumps(network))
    assert (copy.layers, copy.shapes) == (network.layers, network.shapes)


@pytest.mark.parametrize("cell", [Elman(), GRU(), LSTM(layer_norm=True)], ids=str)
def test_many_steps_at_once_are_as_many_single_ones(cell, rng):
    """In pieces of three steps, as rows are so wide, and of what is left."""
    n, wide = 20, 2100
    layers = [Recurrent(cell, 4, return_sequences=True), Dropout(0.5), Recurrent(cell, 3), Dense(2)]
    network = Network(layers, (None, wide))
    assert rows_per_block(network, 8) // n == 3
    theta = network.parameters.initial(np.random.RandomState(0), np.float64)
    model = Model(network, SquaredError(), theta, Units.natural(2, 2))
    X, states = rng.standard_normal((n, 12, wide)), None
    for x in X.swapaxes(0, 1):
        raw, states = model.step(x, states)
    read, after = model.read(X[:, 4:], model.read(X[:, :4])[1])
    np.testing.assert_allclose(read, raw, rtol=1e-9)
    for one, other in zip(after, states, strict=True):
        assert (one is None) == (other is None)
        if one is not None:
            np.testing.assert_allclose(one, other, rtol=1e-9)
