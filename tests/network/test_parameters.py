"""One flat vector and the named slices of it."""

import pickle

import numpy as np
import pytest

from skbackprop.network.initializers import ones
from skbackprop.network.parameters import Parameters, Slot


def uniform(rng, shape):
    return rng.uniform(size=shape)


LAYERS = [
    {"shift": Slot((2,), train=False), "inverse_scale": Slot((2,), ones, train=False)},
    {"W": Slot((2, 3), uniform, decay=True), "b": Slot((3,), uniform)},
    {},
    {"W": Slot((3, 1), uniform, decay=True), "b": Slot((1,), uniform)},
]


@pytest.fixture
def parameters():
    return Parameters(LAYERS)


def test_the_size_is_that_of_all_slots(parameters):
    assert parameters.size == 2 + 2 + 6 + 3 + 3 + 1


def test_a_slot_knows_its_size():
    assert Slot((2, 3, 4)).size == 24
    assert Slot(()).size == 1


def test_views_have_the_shapes_of_the_slots_and_cover_theta_once(parameters):
    theta = np.zeros(parameters.size)
    for slots, views in zip(LAYERS, parameters.views(theta), strict=True):
        assert vars(views).keys() == slots.keys()
        for name, slot in slots.items():
            view = getattr(views, name)
            assert view.shape == slot.shape
            view += 1.0
    np.testing.assert_array_equal(theta, 1.0)


def test_views_are_views_in_both_directions(parameters):
    theta = np.zeros(parameters.size)
    views = parameters.views(theta)
    views[1].W[0, 2] = 7.0
    assert np.count_nonzero(theta == 7.0) == 1
    theta[:] = 3.0
    np.testing.assert_array_equal(views[3].b, [3.0])
    assert all(np.shares_memory(view, theta) for layer in views for view in vars(layer).values())


def test_decaying_slots_come_first_in_one_slice(parameters):
    chosen = np.zeros(parameters.size)
    chosen[parameters.decaying] = 1.0
    for slots, views in zip(LAYERS, parameters.views(chosen), strict=True):
        for name, slot in slots.items():
            np.testing.assert_array_equal(getattr(views, name), float(slot.decay))
    assert parameters.decaying == slice(0, 9)


def test_what_does_not_train_does_not_decay():
    slots = {"W": Slot((2,), decay=True), "fixed": Slot((3,), decay=True, train=False)}
    assert Parameters([slots]).decaying == slice(0, 2)


def test_nothing_decays_where_no_slot_does():
    assert Parameters([{"b": Slot((3,))}]).decaying == slice(0, 0)


def test_no_layers_make_an_empty_vector():
    parameters = Parameters([])
    assert parameters.size == 0
    assert parameters.initial(np.random.RandomState(0), np.float32).shape == (0,)


def test_initial_values_are_drawn_in_the_order_of_the_layers(parameters):
    """Where a slot lies in theta, weights before biases, does not change what is drawn first."""
    theta, rng = parameters.initial(np.random.RandomState(5), np.float64), np.random.RandomState(5)
    for slots, views in zip(LAYERS, parameters.views(theta), strict=True):
        for name, slot in slots.items():
            np.testing.assert_array_equal(getattr(views, name), slot.init(rng, slot.shape))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_initial_values_have_the_dtype_asked_for_and_are_the_same_draws(parameters, dtype):
    theta = parameters.initial(np.random.RandomState(0), dtype)
    assert theta.dtype == dtype
    np.testing.assert_array_equal(theta, parameters.initial(np.random.RandomState(0), np.float64).astype(dtype))


def test_a_pickle_lays_theta_out_in_the_same_way(parameters):
    copy = pickle.loads(pickle.dumps(parameters))
    theta = np.arange(parameters.size)
    for one, other in zip(parameters.views(theta), copy.views(theta), strict=True):
        assert vars(one).keys() == vars(other).keys()
        for name in vars(one):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
