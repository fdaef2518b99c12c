"""Every loss: gradient, weights, units, best constant, and no overflow; then what each one is."""

import pickle

import numpy as np
import pytest
from sklearn.metrics import mean_poisson_deviance

from skbackprop.network.losses import LOSSES, Poisson, SquaredError, Units
from tests.derivatives import check_loss
from tests.network.samples import accepts, target, weights

CASES = {**LOSSES, "poisson with a low ceiling": Poisson(ceiling=1.0)}
N = 9

every_loss = pytest.mark.parametrize("loss", CASES.values(), ids=CASES)
# A low ceiling is in the units of training, in which it cuts off what is within reach.
registered_loss = pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
outputs = pytest.mark.parametrize("k", [1, 3])
weighted = pytest.mark.parametrize("weighted", [False, True])
both_dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def sample(loss, rng, k, weighted=False, dtype=np.float64):
    y = target(loss, rng, N, k).astype(dtype)
    raw = rng.standard_normal((N, loss.raw_width(y))).astype(dtype)
    weight = weights(rng, N).astype(dtype) if weighted else None
    for array in (y, raw, weight):
        if array is not None:
            array.flags.writeable = False
    return y, raw, weight


def evaluate(loss, y, raw, weight=None):
    gradient = np.full_like(raw, np.nan)
    return loss.value_and_gradient(y, raw, weight, gradient), gradient


def units_of(loss, y):
    return loss.units(y.mean(axis=0), y.std(axis=0))


def magnified(loss, y, factor):
    """The target in other units, where the loss has any."""
    return factor * y if accepts(loss, factor * y) else y


@every_loss
@outputs
@weighted
def test_the_gradient_is_the_derivative_of_the_value(loss, k, weighted, rng):
    check_loss(loss, *sample(loss, rng, k, weighted), rng)


@every_loss
@outputs
@weighted
@both_dtypes
def test_the_gradient_may_be_written_over_raw(loss, k, weighted, dtype, rng):
    y, raw, weight = sample(loss, rng, k, weighted, dtype)
    value, gradient = evaluate(loss, y, raw, weight)
    shared = raw.copy()
    assert loss.value_and_gradient(y, shared, weight, shared) == value
    np.testing.assert_array_equal(shared, gradient)


@every_loss
@outputs
@weighted
def test_float32_follows_float64(loss, k, weighted, rng):
    arrays = sample(loss, rng, k, weighted, np.float32)
    value, gradient = evaluate(loss, *arrays)
    wide, wide_gradient = evaluate(loss, *(None if a is None else a.astype(np.float64) for a in arrays))
    assert isinstance(value, float)
    assert gradient.dtype == np.float32
    assert value == pytest.approx(wide, rel=1e-5)
    np.testing.assert_allclose(gradient, wide_gradient, rtol=1e-5, atol=1e-5)


@every_loss
@outputs
def test_integer_weights_equal_repetition(loss, k, rng):
    y, raw, _ = sample(loss, rng, k)
    counts = np.arange(N) % 4
    value, gradient = evaluate(loss, y, raw, counts.astype(float))
    repeated, _ = evaluate(loss, np.repeat(y, counts, axis=0), np.repeat(raw, counts, axis=0))
    assert value == pytest.approx(repeated, rel=1e-13)
    np.testing.assert_allclose(gradient, counts[:, None] * evaluate(loss, y, raw)[1], rtol=1e-13)


@every_loss
@outputs
@weighted
def test_the_value_is_a_sum_over_rows(loss, k, weighted, rng):
    y, raw, weight = sample(loss, rng, k, weighted)
    rows = [evaluate(loss, y[[i]], raw[[i]], None if weight is None else weight[[i]])[0] for i in range(N)]
    assert evaluate(loss, y, raw, weight)[0] == pytest.approx(sum(rows), rel=1e-13)


@registered_loss
@outputs
@weighted
def test_the_constant_minimises(loss, k, weighted, rng):
    y, raw, weight = sample(loss, rng, k, weighted)
    constant = loss.constant(y, weight)
    assert constant.shape == (loss.raw_width(y),)
    lowest, _ = evaluate(loss, y, np.tile(constant, (N, 1)), weight)
    for step in 1e-3 * rng.standard_normal((10, raw.shape[1])):
        assert evaluate(loss, y, np.tile(constant + step, (N, 1)), weight)[0] >= lowest * (1 - 1e-12)


@every_loss
@both_dtypes
@weighted
@pytest.mark.parametrize("magnitude", [1e3, -1e3])
def test_far_out_all_is_finite_and_nothing_warns(loss, dtype, weighted, magnitude, rng):
    y, raw, weight = sample(loss, rng, 1, weighted, dtype)
    value, gradient = evaluate(loss, y, np.full_like(raw, magnitude), weight)
    assert np.isfinite(value)
    assert np.isfinite(gradient).all()
    assert np.isfinite(loss.predict(np.full_like(raw, magnitude))).all()


@every_loss
@both_dtypes
def test_predictions_have_the_dtype_of_raw(loss, dtype, rng):
    _, raw, _ = sample(loss, rng, 3, dtype=dtype)
    assert loss.predict(raw).dtype == dtype


@every_loss
@outputs
def test_standardised_targets_stay_in_the_domain(loss, k, rng):
    y, _, _ = sample(loss, rng, k)
    loss.check(units_of(loss, y).standardize(y))


@registered_loss
@outputs
@weighted
def test_units_take_the_gradient_on_standardised_targets_to_the_natural_one(loss, k, weighted, rng):
    """raw = gain raw' + offset and value = worth value' + constant: so gain dvalue/draw = worth dvalue'/draw'."""
    y, raw, weight = sample(loss, rng, k, weighted)
    y = magnified(loss, y, 7.0)
    units = units_of(loss, y)
    _, standardised = evaluate(loss, units.standardize(y), raw, weight)
    _, natural = evaluate(loss, y, units.restore(raw), weight)
    np.testing.assert_allclose(units.worth * standardised, natural * units.gain, rtol=1e-10, atol=1e-12)


@registered_loss
@weighted
def test_units_take_the_value_on_standardised_targets_to_the_natural_one_up_to_a_constant(loss, weighted, rng):
    y, raw, weight = sample(loss, rng, 1, weighted)
    y = magnified(loss, y, 7.0)
    units = units_of(loss, y)
    differences = []
    for step in (0.0, 0.3, -0.4):
        standardised, _ = evaluate(loss, units.standardize(y), raw + step, weight)
        natural, _ = evaluate(loss, y, units.restore(raw + step), weight)
        differences.append(float(units.worth[0]) * standardised - natural)
    np.testing.assert_allclose(differences, differences[0], rtol=1e-9, atol=1e-9)


@registered_loss
@outputs
@weighted
def test_the_constant_is_the_same_in_all_units(loss, k, weighted, rng):
    y, _, weight = sample(loss, rng, k, weighted)
    y = magnified(loss, y, 7.0)
    units = units_of(loss, y)
    np.testing.assert_allclose(
        units.restore(loss.constant(units.standardize(y), weight)), loss.constant(y, weight), rtol=1e-12, atol=1e-12
    )


@registered_loss
@pytest.mark.parametrize("unit", [1e-15, 1e-3, 1.0, 1e3, 1e15])
def test_training_predicts_targets_of_any_magnitude(loss, unit, rng):
    """The best constant on standardised targets predicts the same multiple of the unit, whatever that is."""
    y, _, _ = sample(loss, rng, 1)
    large = magnified(loss, y, unit)
    units = units_of(loss, large)
    raw = units.restore(loss.constant(units.standardize(large), None))
    expected = loss.predict(loss.constant(y, None)) * (1.0 if large is y else unit)
    np.testing.assert_allclose(loss.predict(raw), expected, rtol=1e-9)


@every_loss
def test_is_hashable_and_equal_to_its_pickle(loss):
    assert len({loss, pickle.loads(pickle.dumps(loss))}) == 1


@every_loss
def test_names_its_inverse_link(loss):
    assert isinstance(loss.inverse_link, str)
    assert loss.inverse_link


def test_natural_units_change_nothing(rng):
    y, units = rng.standard_normal((5, 3)), Units.natural(3)
    np.testing.assert_array_equal(units.standardize(y), y)
    np.testing.assert_array_equal(units.restore(y), y)
    np.testing.assert_array_equal(units.worth, np.ones(3))


@weighted
def test_squared_error_is_half_the_sum_over_outputs_and_rows(weighted, rng):
    y, raw, weight = sample(SquaredError(), rng, 3, weighted)
    w = np.ones(N) if weight is None else weight
    value, gradient = evaluate(SquaredError(), y, raw, weight)
    assert value == pytest.approx(0.5 * (w[:, None] * (raw - y) ** 2).sum(), rel=1e-13)
    np.testing.assert_allclose(gradient, w[:, None] * (raw - y), rtol=1e-13)


def test_squared_error_predicts_raw_and_its_constant_is_the_mean(rng):
    y, raw, weight = sample(SquaredError(), rng, 3, weighted=True)
    np.testing.assert_array_equal(SquaredError().predict(raw), raw)
    np.testing.assert_allclose(SquaredError().constant(y, weight), weight @ y / weight.sum(), rtol=1e-13)


@weighted
def test_poisson_is_half_the_deviance(weighted, rng):
    y, raw, weight = sample(Poisson(), rng, 1, weighted)
    assert (y == 0).any()
    value, _ = evaluate(Poisson(), y, raw, weight)
    deviance = mean_poisson_deviance(y[:, 0], np.exp(raw[:, 0]), sample_weight=weight)
    assert value / N == pytest.approx(deviance / 2, rel=1e-12)


def test_poisson_predicts_the_exponential_and_its_constant_is_the_log_of_the_mean(rng):
    y, raw, weight = sample(Poisson(), rng, 3, weighted=True)
    np.testing.assert_allclose(Poisson().predict(raw), np.exp(raw), rtol=1e-15)
    np.testing.assert_allclose(Poisson().constant(y, weight), np.log(weight @ y / weight.sum()), rtol=1e-13)


def test_poisson_goes_on_as_a_tangent_above_its_ceiling():
    """The gradient is continuous there and constant above, so the value is convex."""
    raw = np.array([[0.9], [1.0], [1.1], [5.0]])
    gradients = evaluate(Poisson(ceiling=1.0), np.zeros((4, 1)), raw)[1].ravel()
    np.testing.assert_allclose(gradients, np.exp([0.9, 1.0, 1.0, 1.0]), rtol=1e-14)


def test_poisson_takes_a_target_of_zeros():
    y = np.zeros((4, 2))
    constant, units = Poisson().constant(y, None), Poisson().units(y.mean(axis=0), y.std(axis=0))
    assert np.isfinite(constant).all()
    assert (Poisson().predict(constant) < 1e-10).all()
    np.testing.assert_array_equal(units.scale, 1.0)


def test_poisson_says_what_its_domain_is():
    Poisson().check(np.array([[0.0], [2.5]]))
    with pytest.raises(ValueError, match=r"`y` must be >= 0 for loss 'poisson', got a minimum of -1\.5"):
        Poisson().check(np.array([[3.0], [-1.5]]))


def test_squared_error_takes_all_real_numbers():
    SquaredError().check(np.array([[-1e300], [1e300]]))


@pytest.mark.parametrize(("ceiling", "error"), [(-1.0, ValueError), (61.0, ValueError), ("30", TypeError)])
def test_a_bad_hyper_parameter_is_named(ceiling, error):
    with pytest.raises(error, match="`ceiling` must be a real number in"):
        Poisson(ceiling)


@both_dtypes
def test_the_highest_ceiling_is_finite_too(dtype):
    """At raw = 1e3 in a batch of 200 rows."""
    raw = np.full((200, 1), 1e3, dtype)
    value, gradient = evaluate(Poisson(60.0), np.zeros((200, 1), dtype), raw)
    assert np.isfinite(value)
    assert np.isfinite(gradient).all()
