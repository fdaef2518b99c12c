"""Tokens looked up: the same as one-hot rows times W, forward and backward."""

import pickle

import numpy as np
import pytest

from skbackprop.network.contract import Run, Tape
from skbackprop.network.embedding import Embedding
from skbackprop.network.parameters import Parameters

N, T, V, U = 5, 4, 6, 3


@pytest.fixture
def layer():
    return Embedding(V, U)


def start(layer, dtype=np.float64):
    parameters = Parameters([layer.slots((None,))])
    theta = parameters.initial(np.random.RandomState(0), dtype)
    return theta, *parameters.views(theta)


@pytest.mark.parametrize("shape", [(N, T), (N,)], ids=["sequences", "one step"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_it_is_one_hot_times_W_forward_and_backward(layer, shape, dtype, rng):
    theta, p = start(layer, dtype)
    tokens, run = rng.integers(0, V, shape), Run(tape=Tape())
    one_hot = np.eye(V, dtype=dtype)[tokens]
    Y = layer.forward(p, tokens, run)
    assert Y.dtype == dtype
    assert Y.shape == (*shape[:1], *layer.output_shape(shape[1:]))
    np.testing.assert_array_equal(Y, one_hot @ p.W)
    dY = rng.standard_normal(Y.shape).astype(dtype)
    (g,) = Parameters([layer.slots((None,))]).views(np.full_like(theta, 1e6))
    assert layer.backward(p, g, dY.copy(), run) is None
    np.testing.assert_allclose(g.W, one_hot.reshape(-1, V).T @ dY.reshape(-1, U), rtol=1e-5, atol=1e-6)


def test_tokens_are_not_written_and_inference_allocates(layer, rng):
    _, p = start(layer)
    tokens = rng.integers(0, V, (N, T))
    tokens.flags.writeable = False
    first = layer.forward(p, tokens, Run())
    kept = first.copy()
    layer.forward(p, (tokens + 1) % V, Run())
    np.testing.assert_array_equal(first, kept)


@pytest.mark.parametrize("integer", [np.int8, np.uint8, np.int64])
def test_tokens_of_any_integer_type(layer, integer, rng):
    _, p = start(layer)
    tokens = rng.integers(0, V, (N, T))
    np.testing.assert_array_equal(layer.forward(p, tokens.astype(integer), Run()), p.W[tokens])


def test_what_pads_may_be_out_of_range(layer):
    _, p = start(layer)
    run = Run(tape=Tape(), lengths=np.array([1]))
    np.testing.assert_array_equal(layer.forward(p, np.array([[2, -1, 99]]), run)[0, 0], p.W[2])
    g = start(layer)[1]
    layer.backward(p, g, np.array([[[1.0] * U, [0.0] * U, [0.0] * U]]), run)
    np.testing.assert_array_equal(g.W, np.eye(V)[[2]].T * np.ones(U))


def test_slots_and_pickle(layer):
    ((name, slot),) = layer.slots((None,)).items()
    assert (name, slot.shape, slot.decay) == ("W", (V, U), True)
    assert pickle.loads(pickle.dumps(layer)) == layer


@pytest.mark.parametrize(("arguments", "name"), [((0, 3), "n_tokens"), ((3, 0), "units")])
def test_a_bad_hyper_parameter_is_named(arguments, name):
    with pytest.raises(ValueError, match=f"`{name}` must be an integer >= 1, got 0"):
        Embedding(*arguments)


def test_a_name_is_no_initializer():
    with pytest.raises(TypeError, match=r"`init` must be an object such as Orthogonal\(\) .*, got 'he_normal'"):
        Embedding(3, 2, "he_normal")
