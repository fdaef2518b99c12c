"""A network with its units: moving them leaves the function as it is, and gradients follow by the returned factor."""

import pickle
from itertools import product

import numpy as np
import pytest
from scipy.sparse import csr_array, csr_matrix

from skbackprop.network.activations import ReLU, Tanh
from skbackprop.network.blocks import rows_per_block
from skbackprop.network.layers import Dense, Standardize
from skbackprop.network.losses import LOSSES, Gaussian, Huber, Poisson, Quantile, SquaredError, Units
from skbackprop.network.model import Model
from skbackprop.network.network import Network
from skbackprop.network.objective import Objective
from tests.derivatives import trainable
from tests.network.samples import accepts, random_theta, small_network, target, weights

N = 10

CASES = {
    **LOSSES,
    "quantiles": Quantile([0.1, 0.5, 0.8]),
    "huber in units of y": Huber(0.7, absolute=True),
    "gaussian, half weighted": Gaussian(beta=0.5),
}
OUTPUTS = (1, 3)

every_loss = pytest.mark.parametrize("loss", CASES.values(), ids=CASES)
both_dtypes = pytest.mark.parametrize(("dtype", "rtol"), [(np.float64, 1e-10), (np.float32, 1e-4)])


def make_model(loss, rng, y, dtype=np.float64, layers=None):
    """A model that has seen training: its theta is random, its units those of y."""
    width = loss.raw_width(y)
    network = small_network(Tanh(), width) if layers is None else Network([*layers, Dense(width)], (4,))
    model = Model(network, loss, random_theta(network, rng, dtype), Units.natural(y.shape[1], width))
    model.set_units(rng.standard_normal(4), rng.uniform(0.5, 2.0, 4), loss.units(y.mean(axis=0), y.std(axis=0)))
    return model


def gradient(model, X, y, weight=None):
    """That of the mean loss, in the units of the model, without a penalty."""
    objective = Objective(model.network, model.trained_loss, X, model.units.standardize(y), weight=weight)
    return objective.value_and_gradient(model.theta)[1].copy()


def in_units_of_y(loss, k):
    """The same loss whatever the units: with a width relative to the spread of y it would be another after a move."""
    return loss.rescaled(np.ones(k))


def new_input_units(rng):
    return rng.standard_normal(4), rng.uniform(0.5, 2.0, 4)


def moved_target(loss, rng, y):
    """Another target from the domain, whose mean and standard deviation differ by another factor in each column."""
    moved = y * rng.uniform(2.0, 5.0, y.shape[1])
    moved = moved + 1.0 if accepts(loss, moved + 1.0) else moved
    return moved if accepts(loss, moved) else y


def assert_same_function(model, before, X, rtol):
    np.testing.assert_allclose(model.raw(X), before, rtol=rtol, atol=rtol * np.abs(before).max())


@every_loss
@both_dtypes
@pytest.mark.parametrize(
    "layers", [None, [Standardize()], [Standardize(), Dense(6, ReLU())]], ids=["deep", "linear", "one"]
)
def test_moving_both_ends_does_not_change_the_function(loss, dtype, rtol, layers, rng):
    for k in OUTPUTS:
        y = target(loss, rng, N, k)
        model = make_model(loss, rng, y, dtype, layers)
        X = 2 * rng.standard_normal((50, 4)).astype(dtype)
        before, theta = model.raw(X), model.theta
        model.move_input(*new_input_units(rng), constant=np.zeros(4, bool))
        assert_same_function(model, before, X, rtol)
        z = moved_target(loss, rng, y)
        units = loss.units(z.mean(axis=0), z.std(axis=0))
        model.move_output(units)
        assert_same_function(model, before, X, rtol)
        assert model.units is units
        assert model.theta is theta
        assert theta.dtype == dtype


@every_loss
def test_moving_input_units_sets_the_slots(loss, rng):
    model = make_model(loss, rng, target(loss, rng, N, 1))
    shift, scale = new_input_units(rng)
    model.move_input(shift, scale, np.zeros(4, bool))
    standardize = model.network.parameters.views(model.theta)[0]
    np.testing.assert_array_equal(standardize.shift, shift)
    np.testing.assert_array_equal(standardize.inverse_scale, scale)


def test_a_column_that_never_varied_has_no_unit_to_keep(rng):
    """Its weights stay as they are, and the function stays the same on rows where it has its one value."""
    model = make_model(SquaredError(), rng, target(SquaredError(), rng, N, 1))
    standardize, first = model.network.parameters.views(model.theta)[:2]
    X = rng.standard_normal((50, 4))
    X[:, 2] = standardize.shift[2]
    before, row = model.raw(X), first.W[2].copy()
    shift, scale = new_input_units(rng)
    factor = model.move_input(shift, scale, np.array([False, False, True, False]))
    assert_same_function(model, before, X, 1e-10)
    np.testing.assert_array_equal(first.W[2], row)
    np.testing.assert_array_equal(model.network.parameters.views(factor)[1].W[2], 1.0)


def test_the_same_units_again_change_nothing(rng):
    y = target(SquaredError(), rng, N, 2)
    model = make_model(SquaredError(), rng, y)
    before, standardize = model.theta.copy(), model.network.parameters.views(model.theta)[0]
    moves = (
        model.move_input(standardize.shift.copy(), standardize.inverse_scale.copy(), np.zeros(4, bool)),
        model.move_output(model.units),
    )
    for factor in moves:
        np.testing.assert_array_equal(factor, 1.0)
    np.testing.assert_allclose(model.theta, before, rtol=1e-15)


@every_loss
def test_gradients_by_the_first_weights_follow_the_input_scale(loss, rng):
    """The shift stays: where it moves, the gradient by W also takes up some of that by b."""
    for k in OUTPUTS:
        X, y = rng.standard_normal((N, 4)), target(loss, rng, N, k)
        model = make_model(loss, rng, y)
        before = gradient(model, X, y)
        shift = model.network.parameters.views(model.theta)[0].shift.copy()
        factor = model.move_input(shift, rng.uniform(0.5, 2.0, 4), np.zeros(4, bool))
        after = gradient(model, X, y)
        np.testing.assert_allclose(after, factor * before, rtol=1e-9, atol=1e-12, err_msg=f"{k} outputs")


@every_loss
def test_gradients_by_all_but_the_first_weights_do_not_feel_the_input_units(loss, rng):
    for k in OUTPUTS:
        X, y = rng.standard_normal((N, 4)), target(loss, rng, N, k)
        model = make_model(loss, rng, y)
        before = gradient(model, X, y)
        factor = model.move_input(*new_input_units(rng), np.zeros(4, bool))
        others = trainable(model.network.parameters).astype(bool)
        first = np.zeros(model.theta.size, bool)
        model.network.parameters.views(first)[1].W[...] = True
        others &= ~first
        np.testing.assert_array_equal(factor[others], 1.0, err_msg=f"{k} outputs")
        after = gradient(model, X, y)[others]
        np.testing.assert_allclose(after, before[others], rtol=1e-9, atol=1e-12, err_msg=f"{k} outputs")


@every_loss
def test_gradients_follow_the_output_units_where_these_move_alike(loss, rng):
    """Every output gets the same factor on its spread, and a shift of its own where the loss has shifts."""
    for k, weighted in product(OUTPUTS, (False, True)):
        X, y = rng.standard_normal((N, 4)), target(loss, rng, N, k)
        weight = weights(rng, N) if weighted else None
        model = make_model(in_units_of_y(loss, k), rng, y)
        before = gradient(model, X, y, weight)
        mean, sd = y.mean(axis=0), y.std(axis=0)
        shifted = loss.units(3.0 * mean + np.arange(k), 3.0 * sd)
        units = shifted if np.ptp(model.units.worth / shifted.worth) < 1e-12 else loss.units(3.0 * mean, 3.0 * sd)
        factor, case = model.move_output(units), f"{k} outputs, weighted: {weighted}"
        after = gradient(model, X, y, weight)
        np.testing.assert_allclose(after, factor * before, rtol=1e-9, atol=1e-12, err_msg=case)


def test_gradients_follow_the_units_of_both_ends_at_once(rng):
    """Of inputs the scale alone moves, as above; of inputs without units, tokens say, there is nothing to move."""
    X, y = rng.standard_normal((N, 4)), target(SquaredError(), rng, N, 1)
    units = SquaredError().units(y.mean(axis=0) + 1.0, 3.0 * y.std(axis=0))
    for with_inputs in (True, False):
        model = make_model(SquaredError(), rng, y)
        before, values = gradient(model, X, y), model.raw(X)
        shift = model.network.parameters.views(model.theta)[0].shift.copy() if with_inputs else np.empty(0)
        factor = model.move_units(shift, rng.uniform(0.5, 2.0, 4), np.zeros(4, bool), units)
        assert_same_function(model, values, X, 1e-10)
        np.testing.assert_allclose(gradient(model, X, y), factor * before, rtol=1e-9, atol=1e-12)


@every_loss
def test_gradients_by_the_last_layer_follow_the_output_units_however_these_move(loss, rng):
    X, y = rng.standard_normal((N, 4)), target(loss, rng, N, 3)
    model = make_model(in_units_of_y(loss, 3), rng, y)
    before = gradient(model, X, y)
    moved = moved_target(loss, rng, y)
    factor = model.move_output(loss.units(moved.mean(axis=0), moved.std(axis=0)))
    last = np.zeros(model.theta.size, bool)
    views = model.network.parameters.views(last)[-1]
    views.W[...] = views.b[...] = True
    np.testing.assert_allclose(gradient(model, X, y)[last], (factor * before)[last], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("loss", [SquaredError(), Gaussian(), Poisson()], ids=repr)
@both_dtypes
def test_many_rows_in_blocks_equal_one_pass(loss, dtype, rtol, rng):
    """A wide layer makes blocks of 64 rows; 150 rows are three of them, the last one short."""
    model = make_model(loss, rng, target(loss, rng, N, 2), dtype, [Standardize(), Dense(1 << 12, Tanh())])
    X = rng.standard_normal((150, 4)).astype(dtype)
    assert rows_per_block(model.network, model.theta.itemsize) < 150
    p = model.network.parameters.views(model.theta)
    for stop in (None, 0, 1, 2):
        expected = model.network.forward(p, X, stop=stop)
        expected = model.units.restore(expected) if stop is None else expected
        blocked = model.raw(X, stop)
        assert blocked.dtype == dtype
        np.testing.assert_allclose(
            blocked, expected, rtol=rtol, atol=rtol * np.abs(expected).max(), err_msg=f"stop={stop}"
        )


def test_what_is_made_of_raw_predictions_is_made_block_by_block(rng):
    model = make_model(SquaredError(), rng, target(SquaredError(), rng, N, 2), layers=[Standardize(), Dense(1 << 12)])
    X, seen = rng.standard_normal((150, 4)), []

    def greatest(raw):
        seen.append(len(raw))
        return raw.argmax(axis=1)

    np.testing.assert_array_equal(model.raw(X, then=greatest), model.raw(X).argmax(axis=1))
    assert seen == [64, 64, 22]


@every_loss
def test_raw_is_what_the_network_puts_out_in_natural_units(loss, rng):
    for k in OUTPUTS:
        model = make_model(loss, rng, target(loss, rng, N, k))
        X = rng.standard_normal((N, 4))
        network = model.network.forward(model.network.parameters.views(model.theta), X)
        np.testing.assert_allclose(model.raw(X), network * model.units.gain + model.units.offset, rtol=1e-14)


def test_natural_units_are_known(rng):
    """There are none to go back from, which many rows are spared."""
    natural, y = Units.natural(2), rng.standard_normal((N, 2))
    assert natural.are_natural
    assert not SquaredError().units(y.mean(axis=0), y.std(axis=0)).are_natural
    assert not natural._replace(offset=np.array([0.0, 1.0])).are_natural
    model, X = make_model(SquaredError(), rng, y), rng.standard_normal((N, 4))
    model.units = natural
    p = model.network.parameters.views(model.theta)
    np.testing.assert_array_equal(model.raw(X), model.network.forward(p, X))


def test_stop_gives_the_hidden_layer_in_its_own_units(rng):
    model = make_model(SquaredError(), rng, target(SquaredError(), rng, N, 1))
    X = rng.standard_normal((N, 4))
    p = model.network.parameters.views(model.theta)
    np.testing.assert_allclose(model.raw(X, stop=1), (X - p[0].shift) * p[0].inverse_scale, rtol=1e-15)
    np.testing.assert_array_equal(model.raw(X, stop=3), model.network.forward(p, X, stop=3))


@pytest.mark.parametrize("sparse", [csr_matrix, csr_array])
@pytest.mark.parametrize("n", [5, 150])
def test_sparse_rows_give_what_dense_rows_give(sparse, n, rng):
    model = make_model(SquaredError(), rng, target(SquaredError(), rng, N, 2), layers=[Standardize(), Dense(1 << 12)])
    X = rng.standard_normal((n, 4)) * (rng.random((n, 4)) < 0.5)
    np.testing.assert_allclose(model.raw(sparse(X)), model.raw(X), rtol=1e-10)


@both_dtypes
def test_rows_of_another_dtype_are_taken_in_that_of_theta(dtype, rtol, rng):
    model = make_model(SquaredError(), rng, target(SquaredError(), rng, N, 2), dtype)
    X = rng.integers(-3, 4, (N, 4))
    assert model.raw(X).dtype == dtype
    np.testing.assert_array_equal(model.raw(X), model.raw(X.astype(dtype)))


def test_no_rows_give_no_predictions(rng):
    model = make_model(SquaredError(), rng, target(SquaredError(), rng, N, 2))
    assert model.raw(np.empty((0, 4))).shape == (0, 2)
    assert model.raw(np.empty((0, 4)), stop=2).shape == (0, 5)


def test_rows_are_not_written(rng):
    model = make_model(SquaredError(), rng, target(SquaredError(), rng, N, 1))
    X = rng.standard_normal((N, 4))
    X.flags.writeable = False
    for stop in (None, 0, 1, 2):
        model.raw(X, stop)


@every_loss
def test_the_start_at_the_constant_puts_out_the_constant(loss, rng):
    for k, weighted in product(OUTPUTS, (False, True)):
        y = target(loss, rng, N, k)
        model, weight = make_model(loss, rng, y), weights(rng, N) if weighted else None
        model.start_at_constant(model.units.standardize(y), weight)
        natural = model.trained_loss.rescaled(1 / model.units.scale)
        expected, raw = np.tile(natural.constant(y, weight), (N, 1)), model.raw(rng.standard_normal((N, 4)))
        case = f"{k} outputs, weighted: {weighted}"
        np.testing.assert_allclose(raw, expected, rtol=1e-12, atol=1e-12, err_msg=case)


@every_loss
@pytest.mark.parametrize("share", [0.1, 1.0])
def test_leaning_moves_the_output_bias_against_its_mean_gradient_and_nothing_else(loss, share, rng):
    """By at most ``share`` per column; the first is so far out here that most losses would have it go further."""
    for k, weighted in product(OUTPUTS, (False, True)):
        X, y = rng.standard_normal((N, 4)), target(loss, rng, N, k)
        model, weight = make_model(loss, rng, y), weights(rng, N) if weighted else None
        last = model.network.parameters.views(model.theta)[-1].b
        last[0] += 20.0
        before, theta = last.copy(), model.theta.copy()
        slope = model.network.parameters.views(gradient(model, X, y, weight))[-1].b
        model.shift_output_bias(model.raw(X), model.units.standardize(y), weight, share)
        expected, case = before - share * np.clip(slope, -1, 1), f"{k} outputs, weighted: {weighted}"
        np.testing.assert_allclose(last, expected, rtol=1e-12, err_msg=case)
        last[:] = before
        np.testing.assert_array_equal(model.theta, theta, err_msg=case)


def test_a_copy_has_a_theta_of_its_own(rng):
    y = target(SquaredError(), rng, N, 1)
    model = make_model(SquaredError(), rng, y)
    copy, X = model.copy(), rng.standard_normal((N, 4))
    before = copy.raw(X)
    model.move_input(*new_input_units(rng), np.zeros(4, bool))
    model.move_output(model.loss.units(y.mean(axis=0) + 1, 2 * y.std(axis=0)))
    model.theta[:] = 0.0
    np.testing.assert_array_equal(copy.raw(X), before)


@every_loss
def test_a_pickle_predicts_the_same(loss, rng):
    model = make_model(loss, rng, target(loss, rng, N, 2))
    X = rng.standard_normal((N, 4))
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).raw(X), model.raw(X))
