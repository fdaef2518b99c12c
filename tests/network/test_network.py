"""Layers in a row: shapes, order, and how far down the derivative goes."""

import pickle
from dataclasses import dataclass, field

import numpy as np
import pytest

from skbackprop.network.activations import ReLU, Tanh
from skbackprop.network.contract import Run, Tape
from skbackprop.network.layers import Dense, Dropout, Standardize
from skbackprop.network.network import Network
from skbackprop.network.parameters import Slot


def test_no_layers_are_no_network():
    with pytest.raises(ValueError, match="`layers` must hold at least one layer, got none"):
        Network([], (3,))


@dataclass(frozen=True)
class Witness:
    """The identity, with a slot that trains or not; it writes down whether a derivative by its input was wanted."""

    train: bool
    wanted: list = field(default_factory=list)

    def slots(self, shape):
        return {"nothing": Slot((1,), train=self.train)}

    def output_shape(self, shape):
        return shape

    def forward(self, p, X, run):
        return X

    def backward(self, p, g, dY, run, *, need_dX=True):
        self.wanted.append(need_dX)
        return dY if need_dX else None


def make(layers, columns=4, seed=0):
    network = Network(layers, (columns,))
    theta = network.parameters.initial(np.random.RandomState(seed), np.float64)
    return network, theta


def runs(network):
    return [Run(tape=Tape(), rng=np.random.default_rng(0)) for _ in network.layers]


def backward(network, theta, X):
    passes, p = runs(network), network.parameters.views(theta)
    gradient = np.zeros_like(theta)
    Y = network.forward(p, X, passes)
    network.backward(p, network.parameters.views(gradient), np.ones_like(Y), passes)
    return gradient


def test_shapes_follow_the_layers():
    network, theta = make([Standardize(), Dense(5, ReLU()), Dropout(0.1), Dense(2)])
    assert network.shapes == [(4,), (4,), (5,), (5,), (2,)]
    assert (network.widest, network.widest_made) == (5, 5)
    assert theta.shape == (network.parameters.size,) == (4 + 4 + 4 * 5 + 5 + 5 * 2 + 2,)


def test_the_widest_may_be_the_input():
    for layers in ([Dense(5)], [Standardize(), Dense(5)]):
        network = make(layers, columns=9)[0]
        assert (network.widest, network.widest_made) == (9, 5)
    assert make([Standardize()])[0].widest_made == 1


def test_forward_applies_one_layer_after_the_other(rng):
    network, theta = make([Standardize(), Dense(5, Tanh()), Dense(2)])
    p, X = network.parameters.views(theta), rng.standard_normal((6, 4))
    hidden = np.tanh((X - p[0].shift) * p[0].inverse_scale @ p[1].W + p[1].b)
    np.testing.assert_allclose(network.forward(p, X), hidden @ p[2].W + p[2].b, rtol=1e-13)


def test_parameters_of_another_network_are_refused(rng):
    network = Network([Dense(3), Dense(1)], (2,))
    theta = network.parameters.initial(np.random.RandomState(0), float)
    with pytest.raises(ValueError, match="shorter"):
        network.forward(network.parameters.views(theta)[:1], np.ones((4, 2)))


def test_stop_gives_what_the_layer_before_puts_out(rng):
    layers = [Standardize(), Dense(5, Tanh()), Dense(3, ReLU()), Dense(2)]
    network, theta = make(layers)
    p, X = network.parameters.views(theta), rng.standard_normal((6, 4))
    Y = X
    for at, layer in enumerate(layers):
        np.testing.assert_array_equal(network.forward(p, X, stop=at), Y)
        Y = layer.forward(p[at], Y, Run())
    np.testing.assert_array_equal(network.forward(p, X, stop=len(layers)), Y)
    np.testing.assert_array_equal(network.forward(p, X), Y)


def test_training_passes_are_remembered_layer_by_layer(rng):
    network, theta = make([Dense(5, Tanh()), Dense(2)])
    passes, p = runs(network), network.parameters.views(theta)
    X = rng.standard_normal((6, 4))
    np.testing.assert_array_equal(network.forward(p, X, passes), network.forward(p, X))
    assert all(vars(run.tape).keys() > {"buffers"} for run in passes)


def test_a_pickle_is_the_layers_and_the_shape(rng):
    network, theta = make([Standardize(), Dense(5, Tanh()), Dropout(0.1), Dense(2)])
    stored = pickle.dumps(network)
    copy, X = pickle.loads(stored), rng.standard_normal((6, 4))
    assert copy.layers == network.layers
    assert copy.shapes == network.shapes
    np.testing.assert_array_equal(
        copy.forward(copy.parameters.views(theta), X), network.forward(network.parameters.views(theta), X)
    )
    assert len(stored) < 1500


def test_backward_ends_at_the_lowest_layer_that_trains(rng):
    below, lowest, above = Witness(train=False), Witness(train=True), Witness(train=False)
    network, theta = make([below, Dropout(0.5), lowest, above, Dense(2)])
    backward(network, theta, rng.standard_normal((6, 4)))
    assert below.wanted == []
    assert lowest.wanted == [False]
    assert above.wanted == [True]


def test_backward_has_nothing_to_do_where_nothing_trains(rng):
    layers = [Witness(train=False), Witness(train=False)]
    network, theta = make(layers)
    assert not backward(network, theta, rng.standard_normal((6, 4))).any()
    assert [layer.wanted for layer in layers] == [[], []]


def test_standardising_is_skipped_backward_and_gets_no_gradient(rng):
    network, theta = make([Standardize(), Dense(5, Tanh()), Dense(2)])
    gradient = backward(network, theta, rng.standard_normal((6, 4)))
    slots = network.parameters.views(gradient)
    assert not slots[0].shift.any()
    assert not slots[0].inverse_scale.any()
    assert slots[1].W.all()
    assert slots[2].W.all()


@pytest.mark.parametrize("n", [1, 3, 200])
def test_any_number_of_rows_goes_through(n, rng):
    network, theta = make([Standardize(), Dense(5, Tanh()), Dense(2)])
    assert network.forward(network.parameters.views(theta), rng.standard_normal((n, 4))).shape == (n, 2)


@pytest.mark.parametrize("layer", [Dense, "dense", 3])
def test_a_layer_that_is_none_is_told_by_its_place(layer):
    with pytest.raises(TypeError, match=r"`layers\[1\]` must be an object such as Dense\(1\), got"):
        Network([Dense(2), layer], (4,))
