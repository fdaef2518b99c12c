"""Every loss: gradient, weights, units, best constant, and no overflow; then what each one is."""

import re
from dataclasses import fields
from itertools import product

import numpy as np
import pytest
from scipy.special import xlogy
from scipy.stats import norm
from sklearn.metrics import (
    d2_absolute_error_score,
    d2_pinball_score,
    mean_absolute_error,
    mean_gamma_deviance,
    mean_pinball_loss,
    mean_poisson_deviance,
    mean_tweedie_deviance,
    r2_score,
)

from skbackprop import checks
from skbackprop.network.losses import (
    LOSSES,
    AbsoluteError,
    Expectile,
    Gamma,
    Gaussian,
    Huber,
    LocationLoss,
    LogCosh,
    Poisson,
    Quantile,
    SquaredError,
    Tweedie,
    Units,
)
from tests.derivatives import check_loss, differentiable
from tests.network.samples import accepts, target, weights

# Beside the registered ones, with other numbers.
CASES = {
    **LOSSES,
    "huber, narrow": Huber(delta=0.5),
    "huber in units of y": Huber(delta=0.7, absolute=True),
    "huber, one delta per output": Huber(delta=0.7, absolute=True).rescaled(np.array([0.5])),
    "log_cosh in units of y": LogCosh(delta=0.3, absolute=True),
    "quantile 0.9": Quantile(0.9),
    "quantiles": Quantile([0.1, 0.5, 0.8]),
    "expectile 0.8": Expectile(0.8),
    "tweedie 1": Tweedie(1),
    "tweedie 1.1": Tweedie(1.1),
    "tweedie 2": Tweedie(2),
    "tweedie 2.5": Tweedie(2.5),
    "tweedie 3": Tweedie(3.0),
    "gaussian, half weighted": Gaussian(beta=0.5),
    "gaussian, weighted": Gaussian(beta=1.0),
}
N = 9

every_loss = pytest.mark.parametrize("loss", CASES.values(), ids=CASES)
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


def samples(loss, rng, dtype=np.float64):
    """One output and three, each without weights and with them."""
    for k, weighted in product((1, 3), (False, True)):
        yield sample(loss, rng, k, weighted, dtype)


def case(y, weight):
    return f"{y.shape[1]} outputs, {'no ' if weight is None else ''}weights"


def evaluate(loss, y, raw, weight=None):
    gradient = np.full_like(raw, np.nan)
    return loss.value_and_gradient(y, raw, weight, gradient), gradient


def units_of(loss, y):
    return loss.units(y.mean(axis=0), y.std(axis=0))


def trained_and_natural(loss, units):
    """The loss on the standardised target, and that on y which it stands for."""
    trained = loss.rescaled(units.scale)
    return trained, trained.rescaled(1 / units.scale)


def magnified(loss, y, factor):
    """The target in other units, where the loss has any."""
    return factor * y if accepts(loss, factor * y) else y


@every_loss
def test_keeps_the_public_contract(loss):
    """Its gradient is the derivative for one output and three, without weights and with them; sums, constant, units."""
    checks.check_loss(loss)


@every_loss
def test_sums_and_weights_are_right_to_rounding(loss, rng):
    """The contract leaves a loss of one's own more room."""
    counts = np.arange(N) % 4
    for y, raw, weight in samples(loss, rng):
        rows = [evaluate(loss, y[[i]], raw[[i]], None if weight is None else weight[[i]])[0] for i in range(N)]
        value, gradient = evaluate(loss, y, raw, weight)
        assert value == pytest.approx(sum(rows), rel=1e-13), case(y, weight)
        if weight is None:
            weighted, weighted_gradient = evaluate(loss, y, raw, counts.astype(float))
            repeated, _ = evaluate(loss, np.repeat(y, counts, axis=0), np.repeat(raw, counts, axis=0))
            assert weighted == pytest.approx(repeated, rel=1e-13), case(y, weight)
            np.testing.assert_allclose(weighted_gradient, counts[:, None] * gradient, rtol=1e-13)


@every_loss
def test_float32_follows_float64_and_may_be_written_over_raw(loss, rng):
    for y, raw, weight in samples(loss, rng, np.float32):
        value, gradient = evaluate(loss, y, raw, weight)
        wide, wide_gradient = evaluate(loss, *(None if a is None else a.astype(np.float64) for a in (y, raw, weight)))
        assert isinstance(value, float)
        assert gradient.dtype == np.float32
        assert value == pytest.approx(wide, rel=1e-5), case(y, weight)
        np.testing.assert_allclose(gradient, wide_gradient, rtol=1e-5, atol=1e-5, err_msg=case(y, weight))
        shared = raw.copy()
        assert loss.value_and_gradient(y, shared, weight, shared) == value, case(y, weight)
        np.testing.assert_array_equal(shared, gradient, err_msg=case(y, weight))


@every_loss
@both_dtypes
def test_far_out_all_is_finite_and_nothing_warns(loss, dtype, rng):
    for y, raw, weight in samples(loss, rng, dtype):
        for magnitude in (1e3, -1e3):
            far = np.full_like(raw, magnitude)
            value, gradient = evaluate(loss, y, far, weight)
            assert np.isfinite(value), (magnitude, case(y, weight))
            assert np.isfinite(gradient).all(), (magnitude, case(y, weight))
            assert np.isfinite(loss.predict(far)).all(), magnitude


@every_loss
def test_units_take_the_gradient_on_standardised_targets_to_the_natural_one(loss, rng):
    """raw = gain raw' + offset and value = worth value' + constant: so gain dvalue/draw = worth dvalue'/draw'."""
    for y, raw, weight in samples(loss, rng):
        y = magnified(loss, y, 7.0)
        units = units_of(loss, y)
        trained, natural_loss = trained_and_natural(loss, units)
        _, standardised = evaluate(trained, units.standardize(y), raw, weight)
        _, natural = evaluate(natural_loss, y, units.restore(raw), weight)
        np.testing.assert_allclose(
            units.worth * standardised, natural * units.gain, rtol=1e-10, atol=1e-12, err_msg=case(y, weight)
        )


@every_loss
@weighted
def test_units_take_the_value_on_standardised_targets_to_the_natural_one_up_to_a_constant(loss, weighted, rng):
    y, raw, weight = sample(loss, rng, 1, weighted)
    y = magnified(loss, y, 7.0)
    units = units_of(loss, y)
    trained, natural_loss = trained_and_natural(loss, units)
    trained, natural_loss = differentiable(trained, raw), differentiable(natural_loss, units.restore(raw))
    differences = []
    for step in (0.0, 0.3, -0.4):
        standardised, _ = evaluate(trained, units.standardize(y), raw + step, weight)
        natural, _ = evaluate(natural_loss, y, units.restore(raw + step), weight)
        differences.append(float(units.worth[0]) * standardised - natural)
    np.testing.assert_allclose(differences, differences[0], rtol=1e-9, atol=1e-9)


@every_loss
def test_the_constant_is_the_same_in_all_units(loss, rng):
    for y, _, weight in samples(loss, rng):
        y = magnified(loss, y, 7.0)
        units = units_of(loss, y)
        trained, natural = trained_and_natural(loss, units)
        np.testing.assert_allclose(
            units.restore(trained.constant(units.standardize(y), weight)),
            natural.constant(y, weight),
            rtol=1e-11,
            atol=1e-11,
            err_msg=case(y, weight),
        )


@every_loss
def test_training_predicts_targets_of_any_magnitude(loss, rng):
    """The best constant on standardised targets predicts the same multiple of the unit, whatever that is."""
    y, _, _ = sample(loss, rng, 1)
    ordinary = units_of(loss, y)
    natural = loss.rescaled(ordinary.scale).rescaled(1 / ordinary.scale)
    expected = loss.predict(natural.constant(y, None)[None])
    for unit in (1e-15, 1e-3, 1.0, 1e3, 1e15):
        large = magnified(loss, y, unit)
        units = units_of(loss, large)
        in_y = 1.0 if large is y else unit
        # A delta in units of y is measured in another unit, too.
        trained = loss.rescaled(units.scale / in_y)
        raw = units.restore(trained.constant(units.standardize(large), None))[None]
        np.testing.assert_allclose(loss.predict(raw), expected * in_y, rtol=1e-9, err_msg=f"unit {unit}")


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
    loss, raw = Poisson(ceiling=10.0), np.array([[9.9], [10.0], [10.1], [15.0]])
    gradients = evaluate(loss, np.zeros((4, 1)), raw)[1].ravel()
    np.testing.assert_allclose(gradients, np.exp([9.9, 10.0, 10.0, 10.0]), rtol=1e-14)
    check_loss(loss, np.ones((3, 1)), raw[[0, 2, 3]], None, np.random.default_rng(0))


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


@pytest.mark.parametrize(
    ("make", "error", "sentence"),
    [
        (lambda: Poisson(9.0), ValueError, "`ceiling` must be a real number in [10, 60], got 9.0"),
        (lambda: Poisson(61.0), ValueError, "`ceiling` must be a real number in [10, 60], got 61.0"),
        (lambda: Poisson("30"), TypeError, "`ceiling` must be a real number in [10, 60], got '30'"),
        (lambda: Huber(0.0), ValueError, "`delta` must be a real number in (0, inf), got 0.0"),
        (lambda: Huber("1"), TypeError, "`delta` must be a real number in (0, inf), got '1'"),
        (lambda: Huber([1.0, -1.0]), ValueError, "`delta` must be a real number in (0, inf), got -1.0"),
        (lambda: Huber(np.array(1.0)), TypeError, "`delta` must be a real number in (0, inf), got array(1.)"),
        (lambda: LogCosh(absolute=1), TypeError, "`absolute` must be True or False, got 1"),
        (lambda: Quantile(1.0), ValueError, "`levels` must be a real number in (0, 1), got 1.0"),
        (lambda: Quantile(np.array(0.5)), TypeError, "`levels` must be a real number in (0, 1), got array(0.5)"),
        (lambda: Quantile("0.5"), TypeError, "`levels` must be a real number in (0, 1), got '0.5'"),
        (lambda: Quantile([0.5, 0.1]), ValueError, "`levels` must be a number or several in increasing order"),
        (lambda: Quantile([]), ValueError, "`levels` must be a number or several in increasing order, got ()"),
        (lambda: Expectile(0.0), ValueError, "`level` must be a real number in (0, 1), got 0.0"),
        (lambda: Tweedie(0.5), ValueError, "`power` must be a real number in [1, 3], got 0.5"),
        (lambda: Tweedie(1.0001), ValueError, "`power` must be 1 or 0.001 away from it, got 1.0001; use Poisson()"),
        (lambda: Tweedie(1.00099), ValueError, "`power` must be 1 or 0.001 away from it, got 1.00099; use Poisson()"),
        (lambda: Tweedie(1.9999), ValueError, "`power` must be 2 or 0.001 away from it, got 1.9999; use Gamma()"),
        (lambda: Tweedie(2.0001), ValueError, "`power` must be 2 or 0.001 away from it, got 2.0001; use Gamma()"),
        (lambda: Gaussian(1.5), ValueError, "`beta` must be a real number in [0, 1], got 1.5"),
    ],
)
def test_a_bad_hyper_parameter_is_named(make, error, sentence):
    with pytest.raises(error, match=re.escape(sentence)):
        make()


@both_dtypes
def test_the_highest_ceiling_is_finite_too(dtype):
    """At raw = 1e3 in a batch of 200 rows."""
    raw = np.full((200, 1), 1e3, dtype)
    value, gradient = evaluate(Poisson(60.0), np.zeros((200, 1), dtype), raw)
    assert np.isfinite(value)
    assert np.isfinite(gradient).all()


def mean_value(loss, y, raw, weight):
    return evaluate(loss, y, raw, weight)[0] / (len(y) if weight is None else weight.sum())


# What scikit-learn's metric of the prediction is, in terms of the loss.
METRICS = {
    "absolute_error": (AbsoluteError(), 1, mean_absolute_error),
    "quantile": (Quantile(0.2), 1, lambda *args, **weight: mean_pinball_loss(*args, alpha=0.2, **weight)),
    "poisson": (Poisson(), 2, mean_poisson_deviance),
    "gamma": (Gamma(), 2, mean_gamma_deviance),
    **{
        f"tweedie {p}": (Tweedie(p), 2, lambda *args, p=p, **weight: mean_tweedie_deviance(*args, power=p, **weight))
        for p in (1, 1.2, 1.9, 2, 2.5, 3)
    },
}


@pytest.mark.parametrize(("loss", "factor", "metric"), METRICS.values(), ids=METRICS)
@weighted
def test_is_the_metric_of_scikit_learn(loss, factor, metric, weighted, rng):
    y, raw, weight = sample(loss, rng, 1, weighted)
    expected = metric(y[:, 0], loss.predict(raw)[:, 0], sample_weight=weight)
    assert factor * mean_value(loss, y, raw, weight) == pytest.approx(expected, rel=1e-11)


def test_tweedie_takes_a_power_that_is_as_near_as_may_be():
    assert [Tweedie(power).power for power in (1.001, 1.999, 2.001)] == [1.001, 1.999, 2.001]


@pytest.mark.parametrize(("one", "other"), [(Tweedie(1), Poisson()), (Tweedie(2), Gamma())])
@pytest.mark.parametrize("near", [0.0, 1e-3])
def test_tweedie_has_poisson_and_gamma_at_its_powers_1_and_2(one, other, near, rng):
    y, raw, weight = sample(Gamma(), rng, 2, weighted=True)
    value, gradient = evaluate(Tweedie(one.power + 1.5 * near), y, raw, weight)
    expected, expected_gradient = evaluate(other, y, raw, weight)
    assert value == pytest.approx(expected, rel=1e-2 if near else 1e-14)
    np.testing.assert_allclose(gradient, expected_gradient, rtol=2e-2 if near else 1e-7)


def test_expectile_and_wide_huber_and_log_cosh_are_the_squared_error(rng):
    y, raw, weight = sample(SquaredError(), rng, 2, weighted=True)
    expected, expected_gradient = evaluate(SquaredError(), y, raw, weight)
    for loss, rel in ((Expectile(0.5), 1e-13), (Huber(1e6), 1e-13), (LogCosh(1e6), 1e-9)):
        value, gradient = evaluate(loss, y, raw, weight)
        assert value == pytest.approx(expected, rel=rel)
        np.testing.assert_allclose(gradient, expected_gradient, rtol=rel)


@pytest.mark.parametrize("loss", [Huber(0.3), LogCosh(), Expectile(0.9)], ids=repr)
def test_constants_of_many_outputs_are_sought_side_by_side(loss, rng):
    evaluations = []

    class Counted(type(loss)):
        def value_and_gradient(self, y, raw, weight, out):
            evaluations.append(len(y))
            return super().value_and_gradient(y, raw, weight, out)

    y = np.c_[rng.standard_cauchy((200, 30)), np.full(200, 7.0)]
    alone = np.concatenate([loss.constant(y[:, k : k + 1], None) for k in range(31)])
    together = Counted(**{field.name: getattr(loss, field.name) for field in fields(loss)}).constant(y, None)
    np.testing.assert_allclose(together, alone, rtol=1e-9)
    assert 0 < len(evaluations) < 80


def test_the_constant_of_an_expectile_balances_deviations(rng):
    y, _, weight = sample(Expectile(0.8), rng, 1, weighted=True)
    below = np.maximum(y[:, 0] - Expectile(0.8).constant(y, weight), 0)
    above = np.maximum(Expectile(0.8).constant(y, weight) - y[:, 0], 0)
    assert 0.8 * weight @ below == pytest.approx(0.2 * weight @ above, rel=1e-12)


@pytest.mark.parametrize("level", [0.1, 0.25, 0.5, 0.9])
@pytest.mark.parametrize("n", [1, 2, 9, 10, 20])
def test_the_constant_of_a_quantile_minimises_exactly_and_takes_weights_for_repetition(level, n, rng):
    y, counts = np.round(rng.standard_normal((n, 2)), 1), rng.integers(1, 4, n)
    repeated = y.repeat(counts, axis=0)
    constant = Quantile(level).constant(y, counts.astype(float))
    np.testing.assert_array_equal(constant, Quantile(level).constant(repeated, None))
    for column, value in enumerate(constant):
        pinball = [
            mean_pinball_loss(y[:, column], np.full(n, c), alpha=level, sample_weight=counts) for c in y[:, column]
        ]
        own = mean_pinball_loss(y[:, column], np.full(n, value), alpha=level, sample_weight=counts)
        assert own == pytest.approx(min(pinball), rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("loss", [AbsoluteError(), Huber(), LogCosh(), Quantile([0.2, 0.7]), Expectile(0.3)], ids=repr)
def test_weights_equal_repetition_in_the_constant(loss, rng):
    y, counts = rng.standard_normal((12, 2)), rng.integers(0, 4, 12)
    weighted, repeated = loss.constant(y, counts.astype(float)), loss.constant(y.repeat(counts, axis=0), None)
    np.testing.assert_allclose(weighted, repeated, rtol=1e-11, atol=1e-13)


@every_loss
def test_a_target_that_does_not_vary_has_a_constant(loss):
    y = np.full((5, 2), 3.0)
    loss.check(y)
    np.testing.assert_allclose(loss.predict(loss.constant(y, None)[None]).reshape(2, -1), 3.0, rtol=1e-12)


def test_quantiles_have_a_column_for_every_output_and_level_and_are_sorted_when_predicted():
    loss = Quantile([0.1, 0.5, 0.9])
    assert loss.levels == (0.1, 0.5, 0.9)
    raw = np.array([[3.0, 1.0, 2.0, 10.0, 30.0, 20.0]])
    assert loss.raw_width(np.empty((1, 2))) == 6
    np.testing.assert_array_equal(loss.predict(raw), [[[1.0, 2.0, 3.0], [10.0, 20.0, 30.0]]])
    np.testing.assert_array_equal(loss.predict(raw[:, :3]), [[1.0, 2.0, 3.0]])
    assert loss.predict(raw[:0]).shape == (0, 2, 3)
    assert Quantile(0.5).predict(raw).shape == Quantile([0.5]).predict(raw).shape == (1, 6)
    y = np.arange(11.0)[:, None] * [1.0, 10.0]
    np.testing.assert_allclose(loss.constant(y, None), [1, 5, 9, 10, 50, 90], rtol=1e-12)


def test_several_quantiles_are_the_sum_of_each(rng):
    loss = Quantile([0.1, 0.5, 0.8])
    y, raw, weight = sample(loss, rng, 2, weighted=True)
    each = [evaluate(Quantile(q), y, raw[:, at::3], weight) for at, q in enumerate(loss.levels)]
    value, gradient = evaluate(loss, y, raw, weight)
    assert value == pytest.approx(sum(part for part, _ in each), rel=1e-13)
    for at, (_, part) in enumerate(each):
        np.testing.assert_array_equal(gradient[:, at::3], part)


@weighted
def test_the_score_of_quantiles_is_the_mean_d2(weighted, rng):
    """At levels and row counts where scikit-learn's interpolated quantile minimises, too."""
    y, loss = rng.standard_normal((11, 1)), Quantile([0.1, 0.5, 0.8])
    raw, weight = np.sort(rng.standard_normal((11, 3)), axis=1), np.ones(11) if weighted else None
    each = [d2_pinball_score(y, raw[:, [at]], alpha=q, sample_weight=weight) for at, q in enumerate(loss.levels)]
    assert loss.score(y, raw, weight) == pytest.approx(np.mean(each), rel=1e-9)
    assert loss.score(y, raw[:, [2, 0, 1]], weight) == loss.score(y, raw, weight)
    assert Quantile().score(y, raw[:, [1]], weight) == pytest.approx(d2_absolute_error_score(y, raw[:, 1]), rel=1e-12)


@every_loss
def test_the_score_is_r2_or_zero_for_the_best_constant(loss, rng):
    for y, raw, weight in samples(loss, rng):
        prediction = loss.predict(raw)
        if not isinstance(loss, Quantile | Expectile):
            expected = r2_score(y, prediction, sample_weight=weight)
            assert loss.score(y, raw, weight) == pytest.approx(expected, rel=1e-12), case(y, weight)
        natural = loss.rescaled(np.ones(y.shape[1]))
        constant = np.tile(natural.constant(y, weight), (N, 1))
        if isinstance(loss, Quantile | Expectile | SquaredError | Gaussian | Poisson | Gamma | Tweedie):
            assert loss.score(y, constant, weight) == pytest.approx(0.0, abs=1e-12), case(y, weight)


def test_the_score_of_an_expectile_is_the_share_of_the_loss_of_the_best_constant_that_is_saved(rng):
    y, raw = rng.standard_normal((2, 12, 1))

    def total(prediction):
        residual = prediction - y
        return (np.where(residual > 0, 0.2, 0.8) * residual**2).sum(axis=0)

    least = total(np.linspace(y.min(), y.max(), 100_001)).min()
    assert Expectile(0.8).score(y, raw, None) == pytest.approx(1 - total(raw).item() / least, rel=1e-8)


@pytest.mark.parametrize("loss", [SquaredError(), Quantile([0.1, 0.9]), Expectile(0.3)], ids=repr)
def test_the_score_on_a_target_that_does_not_vary_is_one_or_zero(loss):
    y = np.full((4, 1), 2.0)
    exact = np.full((4, loss.raw_width(y)), 2.0)
    assert (loss.score(y, exact, None), loss.score(y, exact + 1, None)) == (1.0, 0.0)


def test_delta_relative_to_the_target_is_absolute_in_the_units_of_training():
    relative, absolute = Huber(1.35), Huber(30.0, absolute=True)
    assert relative.rescaled(np.array([10.0, 20.0])) == Huber(1.35, absolute=True)
    assert absolute.rescaled(np.array([10.0, 20.0])) == Huber((3.0, 1.5), absolute=True)
    assert absolute.rescaled(np.array([10.0, 20.0])).rescaled(1 / np.array([10.0, 20.0])).delta == (30.0, 30.0)


@pytest.mark.parametrize("loss", [Gamma(), Tweedie(2), Tweedie(1.5)], ids=repr)
def test_positive_losses_say_what_their_domain_is(loss):
    loss.check(np.array([[0.5]]))
    with pytest.raises(ValueError, match=r"`y` must be >=? 0 for loss '(gamma|tweedie)'.*, got a minimum of -1"):
        loss.check(np.array([[-1.0]]))
    if loss != Tweedie(1.5):
        with pytest.raises(ValueError, match=r"`y` must be > 0 for loss .* got a minimum of 0"):
            loss.check(np.array([[0.0]]))


@weighted
@pytest.mark.parametrize("k", [1, 2])
def test_gaussian_is_the_negative_log_density(weighted, k, rng):
    y, raw, weight = sample(Gaussian(), rng, k, weighted)
    w = np.ones(N) if weight is None else weight
    density = norm.logpdf(y, raw[:, :k], np.exp(raw[:, k:] / 2)) + np.log(2 * np.pi) / 2
    assert evaluate(Gaussian(), y, raw, weight)[0] == pytest.approx(-w @ density.sum(axis=1), rel=1e-12)
    np.testing.assert_allclose(Gaussian().std(raw), np.exp(raw[:, k:] / 2), rtol=1e-14)


def test_beta_weighs_the_gradient_and_leaves_the_value(rng):
    """With beta = 1 the mean has the gradient of the squared error."""
    y, raw, weight = sample(Gaussian(), rng, 2, weighted=True)
    value, gradient = evaluate(Gaussian(), y, raw, weight)
    for beta in (0.5, 1.0):
        same, weighed = evaluate(Gaussian(beta), y, raw, weight)
        assert same == value
        np.testing.assert_allclose(weighed, gradient * np.exp(beta * np.tile(raw[:, 2:], 2)), rtol=1e-13)
    _, squared = evaluate(SquaredError(), y, raw[:, :2], weight)
    np.testing.assert_allclose(weighed[:, :2], squared, rtol=1e-13)
    held, held_gradient = evaluate(Gaussian(0.5).held_at(raw), y, raw, weight)
    np.testing.assert_allclose(held_gradient, evaluate(Gaussian(0.5), y, raw, weight)[1], rtol=1e-13)
    assert held != value


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("far", np.array([[1e3, 1e3], [1e3, -1e3], [-1e3, 1e3], [-1e3, -1e3]]).tolist())
@pytest.mark.parametrize("beta", [0.0, 0.5, 1.0])
def test_gaussian_is_finite_wherever_mean_and_variance_are(dtype, far, beta, rng):
    y, raw = rng.standard_normal((200, 1)).astype(dtype), np.tile(np.array(far, dtype), (200, 1))
    value, gradient = evaluate(Gaussian(beta), y, raw)
    assert np.isfinite(value)
    assert np.isfinite(gradient).all()
    assert np.isfinite(Gaussian(beta).std(raw)).all()


@weighted
def test_is_the_loss_of_pytorch(weighted, rng):
    """Value and gradient of those that both have; ``python -m pytest`` where PyTorch is installed runs this."""
    torch = pytest.importorskip("torch", reason="PyTorch, the peer to compare with, is not installed")
    f = torch.nn.functional
    pairs = {
        SquaredError(): lambda raw, y: 0.5 * f.mse_loss(raw, y, reduction="none"),
        AbsoluteError(): lambda raw, y: f.l1_loss(raw, y, reduction="none"),
        Huber(0.7, absolute=True): lambda raw, y: f.huber_loss(raw, y, reduction="none", delta=0.7),
        Huber(1.0): lambda raw, y: f.smooth_l1_loss(raw, y, reduction="none"),
        Poisson(): lambda raw, y: f.poisson_nll_loss(raw, y, log_input=True, reduction="none"),
        Gaussian(): lambda raw, y: f.gaussian_nll_loss(raw[:, :2], y, raw[:, 2:].exp(), reduction="none"),
    }
    for loss, theirs in pairs.items():
        y, raw, weight = sample(loss, rng, 2, weighted)
        value, gradient = evaluate(loss, y, raw, weight)
        if isinstance(loss, Poisson):  # theirs leaves out what does not depend on raw
            w = np.ones(N) if weight is None else weight
            value -= w @ (xlogy(y, y) - y).sum(axis=1)
        leaf = torch.tensor(raw, requires_grad=True)
        terms = theirs(leaf, torch.tensor(y))
        terms = terms if weight is None else terms * torch.tensor(weight)[:, None]
        terms.sum().backward()
        assert value == pytest.approx(float(terms.sum().detach()), rel=1e-6)
        np.testing.assert_allclose(gradient, leaf.grad.numpy(), rtol=1e-6, atol=1e-12)


def test_a_location_loss_says_what_it_lacks():
    class NoDegree(LocationLoss):
        kernel = "squared_error", ()

    class NoValue(LocationLoss):
        degree = 2

    with pytest.raises(TypeError, match="degree"):
        NoDegree()
    with pytest.raises(NotImplementedError, match="NoValue must have a `kernel`, or a `value_and_gradient` of its own"):
        NoValue().value_and_gradient(np.zeros((1, 1)), np.zeros((1, 1)), None, np.zeros((1, 1)))


@pytest.mark.parametrize("loss", [Poisson(), Gamma(), Tweedie(1.5)], ids=str)
def test_a_target_beyond_what_is_ever_predicted_is_refused(loss):
    loss.check(np.array([[5e34]]))
    with pytest.raises(ValueError, match=r"`y` must be at most 5.5e\+34 for loss .*, got 6e\+34; give y in other"):
        loss.check(np.array([[1.0], [6e34]]))


@pytest.mark.parametrize("loss", [Poisson(), Gamma(), Tweedie(1.5)], ids=str)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_mean_within_reach_of_the_greatest_target(loss, dtype):
    limited = loss.within_reach(np.array([3.0, 0.0, 1e300]))
    prediction = limited.predict(np.array([[0.0, 0.0, 0.0], [500.0, 500.0, 500.0]], dtype))
    assert prediction.dtype == dtype
    np.testing.assert_allclose(prediction, [[1, 1, 1], [30.0, np.exp(80), np.exp(80)]], rtol=1e-5)
    assert loss.within_reach(np.array([2.0])).within_reach(np.array([3.0])) == loss.within_reach(np.array([3.0]))
    assert limited.value_and_gradient(np.ones((1, 3)), np.ones((1, 3)), None, np.empty((1, 3))) == (
        loss.value_and_gradient(np.ones((1, 3)), np.ones((1, 3)), None, np.empty((1, 3)))
    )


@pytest.mark.parametrize(
    "loss", [Quantile([0.1, 0.5, 0.8]), Expectile(0.8), SquaredError(), Gaussian(), LogCosh()], ids=repr
)
def test_weighted_scores_are_those_of_repeated_rows(loss, rng):
    y, counts = rng.standard_normal((12, 2)), rng.integers(0, 4, 12)
    raw = rng.standard_normal((12, loss.raw_width(y)))
    repeated = loss.score(y.repeat(counts, axis=0), raw.repeat(counts, axis=0), None)
    assert loss.score(y, raw, counts.astype(float)) == pytest.approx(repeated, rel=1e-9)
