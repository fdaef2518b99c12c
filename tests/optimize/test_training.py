"""The loop: what an epoch reports, and that pausing between two of them leaves no trace."""

import math
import pickle
from itertools import islice

import numpy as np
import pytest

from skbackprop.network.activations import Tanh
from skbackprop.network.layers import Dense, Dropout
from skbackprop.network.losses import SquaredError
from skbackprop.network.network import Network
from skbackprop.network.objective import Objective
from skbackprop.network.penalties import L2
from skbackprop.optimize.batches import Batches
from skbackprop.optimize.optimizers import OPTIMIZERS, SGD
from skbackprop.optimize.schedules import SCHEDULES, Constant, Cosine, InverseScaling
from skbackprop.optimize.training import Epoch, SingleStepper, TrainingState, train
from tests.optimize.functions import LeastSquares, Quadratic

PLAIN = SGD(momentum=0.0, nesterov=False)
N, P = 23, 4

every_optimizer = pytest.mark.parametrize("optimizer", OPTIMIZERS.values(), ids=OPTIMIZERS)
both_dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def new_state(optimizer, theta, noise=None):
    return TrainingState(theta, optimizer.start(theta), np.random.RandomState(0), noise)


def regression(rng, dtype=np.float64, **options):
    X = rng.standard_normal((N, P)).astype(dtype)
    y = X @ np.array([1.0, -2.0, 0.5, 3.0], dtype) + 0.1 * rng.standard_normal(N).astype(dtype)
    return LeastSquares(X, y, **options)


def run(
    objective,
    state,
    optimizer=PLAIN,
    schedule=SCHEDULES["constant"],
    *,
    epochs=1,
    size=N,
    rate=0.05,
    clip=math.inf,
    total=None,
):
    """As many epochs over shuffled batches of ``size`` rows."""
    steps, batches = SingleStepper(objective, optimizer, clip), Batches(N, size, state.rng)
    return list(islice(train(steps, state, batches, schedule, rate, total=total), epochs))


@every_optimizer
def test_a_plain_function_is_minimised_without_any_network(optimizer):
    objective = Quadratic(minimum=[1.0, -2.0], curvature=[1.0, 3.0])
    state = TrainingState(np.zeros(2), optimizer.start(np.zeros(2), decaying=slice(0, 0)), np.random.RandomState(0))
    epochs = train(SingleStepper(objective, optimizer), state, Batches(1, 1), Cosine(), 0.05, total=500)
    losses = [epoch.loss for epoch in islice(epochs, 500)]
    assert losses[0] == pytest.approx(0.5 * (1 + 3 * 4))
    assert losses[-1] < 1e-5
    np.testing.assert_allclose(state.theta, objective.minimum, atol=5e-3)


@every_optimizer
@both_dtypes
def test_theta_is_moved_in_place_and_keeps_its_dtype(optimizer, dtype, rng):
    theta = np.zeros(P, dtype)
    state = new_state(optimizer, theta)
    run(regression(rng, dtype), state, optimizer, size=5, epochs=2, clip=1.0)
    assert state.theta is theta
    assert theta.dtype == dtype
    assert theta.all()


def test_nothing_happens_before_the_first_epoch_is_asked_for(rng):
    state = new_state(PLAIN, np.zeros(P))
    epochs = train(SingleStepper(regression(rng), PLAIN), state, Batches(N, 5), Constant(), 0.1)
    assert (state.epochs, state.steps, state.theta.any()) == (0, 0, False)
    next(epochs)
    assert (state.epochs, state.steps, state.rows) == (1, 5, N)
    next(epochs)
    assert (state.epochs, state.steps, state.rows) == (2, 10, 2 * N)


def test_an_epoch_is_numbered_from_one_and_goes_on_counting(rng):
    objective, state = regression(rng), new_state(PLAIN, np.zeros(P))
    assert [epoch.number for epoch in run(objective, state, size=5, epochs=3)] == [1, 2, 3]
    assert [epoch.number for epoch in run(objective, state, size=5, epochs=2)] == [4, 5]
    assert state.rows == 5 * N


def test_an_epoch_reports_means_over_rows_before_each_step(rng):
    """The last batch is short and counts for less; theta is written out step by step here."""
    objective, rate = regression(rng, alpha=0.3), 0.05
    state = new_state(PLAIN, np.ones(P))
    (epoch,) = islice(train(SingleStepper(objective, PLAIN), state, Batches(N, 10), Constant(), rate), 1)
    theta, losses, penalties, norms = np.ones(P), 0.0, 0.0, []
    for rows in (slice(0, 10), slice(10, 20), slice(20, 23)):
        (loss, penalty), gradient = objective.value_and_gradient(theta, rows)
        losses += loss * (rows.stop - rows.start) / N
        penalties += penalty * (rows.stop - rows.start) / N
        norms.append(np.linalg.norm(gradient))
        theta -= rate * gradient
    assert epoch == Epoch(1, pytest.approx(losses), pytest.approx(penalties), rate, pytest.approx(np.mean(norms)))
    np.testing.assert_allclose(state.theta, theta, rtol=1e-13)


@pytest.mark.parametrize("schedule", SCHEDULES.values(), ids=SCHEDULES)
def test_the_rate_is_the_product_of_rate_schedule_and_factor(schedule, rng):
    """An epoch has five steps, and reports the rate of its last one."""
    state = new_state(PLAIN, np.zeros(P))
    state.rate_factor = 0.5
    epochs = run(regression(rng), state, schedule=schedule, size=5, epochs=3, rate=0.1, total=15)
    np.testing.assert_allclose([e.rate for e in epochs], [0.1 * 0.5 * schedule(step, 15) for step in (4, 9, 14)])


def test_the_rate_factor_may_change_between_epochs(rng):
    state = new_state(PLAIN, np.zeros(P))
    epochs = train(SingleStepper(regression(rng), PLAIN), state, Batches(N, 5), Constant(), 0.1)
    assert next(epochs).rate == 0.1
    state.rate_factor = 0.2
    assert next(epochs).rate == pytest.approx(0.02)


def test_a_gradient_longer_than_clip_is_shortened_to_it():
    objective = Quadratic(minimum=[0.0, 0.0], curvature=[1.0, 1.0])
    state = new_state(PLAIN, np.array([30.0, 40.0]))
    (epoch,) = islice(train(SingleStepper(objective, PLAIN, 5.0), state, Batches(1, 1), Constant(), 0.1), 1)
    np.testing.assert_allclose(state.theta, [30.0 - 0.1 * 3.0, 40.0 - 0.1 * 4.0])
    assert epoch.gradient_norm == pytest.approx(50.0)


class Steep:
    """A gradient (3, 4) times ``large`` everywhere, of a value that is not looked at."""

    def __init__(self, large, dtype):
        self.gradient = np.array([3 * large, 4 * large], dtype)

    def value_and_gradient(self, theta, rows=None):
        return (0.0, 0.0), self.gradient.copy()


@pytest.mark.filterwarnings("ignore:overflow encountered")  # as within a fit
@pytest.mark.parametrize(("dtype", "large"), [(np.float32, 1e20), (np.float64, 1e160)])
def test_a_gradient_whose_squares_overflow_is_shortened_in_its_direction(dtype, large):
    state = new_state(PLAIN, np.zeros(2, dtype))
    (epoch,) = islice(train(SingleStepper(Steep(large, dtype), PLAIN, 5.0), state, Batches(1, 1), Constant(), 0.1), 1)
    np.testing.assert_allclose(state.theta, [-0.3, -0.4], rtol=1e-6)
    assert epoch.gradient_norm == pytest.approx(5 * large)


def test_a_gradient_no_longer_than_clip_is_left_as_it_is(rng):
    objective = regression(rng)
    clipped, free = new_state(PLAIN, np.ones(P)), new_state(PLAIN, np.ones(P))
    largest = max(epoch.gradient_norm for epoch in run(objective, free, epochs=5))
    run(objective, clipped, epochs=5, clip=largest)
    np.testing.assert_array_equal(clipped.theta, free.theta)


@every_optimizer
@pytest.mark.parametrize("schedule", [Constant(), InverseScaling(), Cosine(total=100)], ids=repr)
def test_ten_epochs_twice_equal_twenty(optimizer, schedule, rng):
    """One generator of epochs, asked for ten and then for ten more."""
    objective = regression(rng)
    whole, halves = (new_state(optimizer, np.ones(P)) for _ in range(2))
    expected = run(objective, whole, optimizer, schedule, size=5, epochs=20)
    epochs = train(SingleStepper(objective, optimizer), halves, Batches(N, 5, halves.rng), schedule, 0.05)
    assert list(islice(epochs, 10)) + list(islice(epochs, 10)) == expected
    np.testing.assert_array_equal(halves.theta, whole.theta)


def pause_and_compare(start, go_on):
    """Assert that ten epochs, a pickle and ten epochs more are twenty, in all that is reported and kept."""
    whole, paused = start(), start()
    expected, first = go_on(whole, 20), go_on(paused, 10)
    resumed = pickle.loads(pickle.dumps(paused))
    assert first + go_on(resumed, 10) == expected
    return whole, resumed


@every_optimizer
@pytest.mark.parametrize("noisy", [False, True])
def test_ten_epochs_a_pickled_state_and_ten_epochs_equal_twenty_bit_for_bit(optimizer, noisy, rng):
    """The state is all there is to keep: batches and objective are made anew from it."""
    X, y = regression(rng).X, regression(rng).y

    def start():
        return new_state(optimizer, np.ones(P), np.random.default_rng(1) if noisy else None)

    def go_on(state, count):
        return run(LeastSquares(X, y, 0.1, state.noise), state, optimizer, size=5, epochs=count)

    whole, resumed = pause_and_compare(start, go_on)
    np.testing.assert_array_equal(resumed.theta, whole.theta)
    assert (resumed.steps, resumed.epochs, resumed.rows) == (whole.steps, whole.epochs, whole.rows)


@every_optimizer
@both_dtypes
@pytest.mark.parametrize("noisy", [False, True])
@pytest.mark.parametrize("schedule", [Constant(), Cosine(total=100)], ids=repr)
def test_a_state_pickled_with_its_batches_resumes_bit_for_bit(optimizer, dtype, noisy, schedule, rng):
    """State and batches share one generator, and still do after they were pickled together."""
    X, y = regression(rng, dtype).X, regression(rng, dtype).y

    def start():
        state = new_state(optimizer, np.ones(P, dtype), np.random.default_rng(1) if noisy else None)
        return state, Batches(N, 5, state.rng)

    def go_on(paused, count):
        state, batches = paused
        objective = LeastSquares(X, y, 0.1, state.noise)
        return list(islice(train(SingleStepper(objective, optimizer), state, batches, schedule, 0.05), count))

    (whole, _), (resumed, _) = pause_and_compare(start, go_on)
    np.testing.assert_array_equal(resumed.theta, whole.theta)


@every_optimizer
def test_a_network_with_dropout_resumes_bit_for_bit(optimizer, rng):
    X, y = regression(rng).X, regression(rng).y[:, None]
    network = Network([Dense(6, Tanh()), Dropout(0.5), Dense(1)], (P,))
    decaying = network.parameters.decaying

    def start():
        theta = network.parameters.initial(np.random.RandomState(0), np.float64)
        moments, noise = optimizer.start(theta, decaying=decaying), np.random.default_rng(1)
        state = TrainingState(theta, moments, np.random.RandomState(0), noise)
        return state, Batches(N, 5, state.rng)

    def go_on(paused, count):
        state, batches = paused
        objective = Objective(network, SquaredError(), X, y, penalty=L2(0.1), rng=state.noise)
        return list(islice(train(SingleStepper(objective, optimizer), state, batches, Constant(), 0.01), count))

    (whole, _), (resumed, _) = pause_and_compare(start, go_on)
    np.testing.assert_array_equal(resumed.theta, whole.theta)


@pytest.mark.parametrize("bits", [np.random.MT19937, np.random.PCG64])
def test_a_state_over_another_theta_costs_the_first_nothing(bits):
    """Whatever the generator is made of, and however deep the optimiser keeps its moments."""
    rng = np.random.RandomState(bits(0))
    state = TrainingState(np.zeros(2), {"steps": 3, "of a layer": [np.ones(2)]}, rng, np.random.default_rng(0), steps=3)
    theta = np.ones(2)
    other, mark = state.over(theta), state.mark()
    assert other.theta is theta
    assert other.steps == 3
    drawn = other.rng.rand(), other.noise.random()
    other.moments["of a layer"][0][:] = 5.0
    assert (state.moments["of a layer"][0] == 1.0).all()
    state.rewind(mark)
    assert (state.rng.rand(), state.noise.random()) == drawn


def test_full_batches_resume_without_any_order(rng):
    objective = regression(rng)
    whole, paused = new_state(PLAIN, np.ones(P)), new_state(PLAIN, np.ones(P))
    expected, first = run(objective, whole, epochs=20), run(objective, paused, epochs=10)
    assert first + run(objective, pickle.loads(pickle.dumps(paused)), epochs=10) == expected


def test_the_number_of_batches_does_not_change_what_a_flat_objective_reports():
    """Chosen rows, given as indices, are counted like slices."""

    class Flat:
        def value_and_gradient(self, theta, rows):
            return (2.0, 0.5), np.zeros_like(theta)

    rows = np.array([4, 9, 1, 7, 3])
    for batches in (Batches(5, 2), Batches(5, 5), Batches(rows, 2), Batches(rows, 3, np.random.RandomState(0))):
        state = new_state(PLAIN, np.zeros(2))
        (epoch,) = islice(train(SingleStepper(Flat(), PLAIN), state, batches, Constant(), 0.1), 1)
        assert epoch == Epoch(1, pytest.approx(2.0), pytest.approx(0.5), 0.1, 0.0)
        assert state.rows == 5


def test_a_loss_that_is_no_number_is_reported_not_hidden():
    class Diverged:
        def value_and_gradient(self, theta, rows):
            return (math.nan, 0.0), np.full_like(theta, math.nan)

    (epoch,) = islice(
        train(SingleStepper(Diverged(), PLAIN, 1.0), new_state(PLAIN, np.zeros(2)), Batches(1, 1), Constant(), 0.1), 1
    )
    assert math.isnan(epoch.loss)
    assert math.isnan(epoch.gradient_norm)
