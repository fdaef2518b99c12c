"""L-BFGS: where it gets to, what it reports, and how it is stopped."""

import math
import pickle

import numpy as np
import pytest

from skbackprop.optimize.full_batch import LBFGS
from tests.optimize.functions import LeastSquares, Quadratic, Rosenbrock


class Recorder:
    """Writes down the epochs, and theta as it was then; says stop after ``stop_after`` of them."""

    def __init__(self, theta, stop_after=math.inf):
        self.theta, self.stop_after, self.epochs, self.thetas = theta, stop_after, [], []

    def __call__(self, epoch):
        self.epochs.append(epoch)
        self.thetas.append(self.theta.copy())
        return epoch.number >= self.stop_after


class Counting:
    """Counts how often a function is evaluated, and over which rows."""

    def __init__(self, objective):
        self.objective, self.evaluations, self.rows = objective, 0, []

    def value_and_gradient(self, theta, rows):
        self.evaluations += 1
        self.rows.append(rows)
        return self.objective.value_and_gradient(theta, rows)


def minimize(objective, theta, *, lbfgs=None, max_iter=200, tol=1e-8, stop_after=math.inf, rows=None):
    recorder = Recorder(theta, stop_after)
    converged = (lbfgs or LBFGS()).minimize(objective, theta, rows, recorder, max_iter=max_iter, tol=tol)
    return converged, recorder


QUADRATIC = Quadratic(minimum=[1.0, -2.0, 0.5], curvature=[0.1, 1.0, 30.0])


@pytest.mark.parametrize(("dtype", "atol"), [(np.float64, 1e-6), (np.float32, 1e-3)])
def test_finds_the_minimum_of_a_quadratic(dtype, atol):
    theta = np.zeros(3, dtype)
    converged, _ = minimize(QUADRATIC, theta)
    assert converged
    assert theta.dtype == dtype
    np.testing.assert_allclose(theta, QUADRATIC.minimum, atol=atol)


@pytest.mark.parametrize(("dtype", "atol"), [(np.float64, 1e-5), (np.float32, 2e-2)])
def test_finds_the_minimum_of_rosenbrock(dtype, atol):
    theta = np.array(Rosenbrock.start, dtype)
    minimize(Rosenbrock(), theta)
    assert theta.dtype == dtype
    np.testing.assert_allclose(theta, 1.0, atol=atol)


def test_penalty_and_rows_are_part_of_the_objective(rng):
    X, y, rows = rng.standard_normal((20, 3)), rng.standard_normal(20), slice(0, 15)
    objective, theta = Counting(LeastSquares(X, y, alpha=0.4)), np.zeros(3)
    minimize(objective, theta, rows=rows)
    A, b = X[rows].T @ X[rows] / 15 + 0.4 * np.eye(3), X[rows].T @ y[rows] / 15
    np.testing.assert_allclose(theta, np.linalg.solve(A, b), atol=1e-6)
    assert all(seen is rows for seen in objective.rows)


def test_every_iteration_is_reported_as_an_epoch_of_the_theta_it_reached(rng):
    objective = LeastSquares(rng.standard_normal((20, 3)), rng.standard_normal(20), alpha=0.4)
    _, recorder = minimize(objective, np.zeros(3), rows=slice(None))
    assert [epoch.number for epoch in recorder.epochs] == list(range(1, len(recorder.epochs) + 1))
    for epoch, theta in zip(recorder.epochs, recorder.thetas, strict=True):
        (loss, penalty), gradient = objective.value_and_gradient(theta, slice(None))
        assert (epoch.loss, epoch.penalty) == pytest.approx((loss, penalty))
        assert epoch.gradient_norm == pytest.approx(np.linalg.norm(gradient))
        assert math.isnan(epoch.rate)
    totals = [epoch.loss + epoch.penalty for epoch in recorder.epochs]
    assert (np.diff(totals) <= 0).all()


def test_rosenbrock_s_line_searches_report_the_point_they_end_on():
    """Its valley makes the search try points that it does not take."""
    _, recorder = minimize(counting := Counting(Rosenbrock()), np.array(Rosenbrock.start))
    assert counting.evaluations > len(recorder.epochs) + 1
    for epoch, theta in zip(recorder.epochs, recorder.thetas, strict=True):
        assert epoch.loss == pytest.approx(Rosenbrock().value_and_gradient(theta)[0][0], abs=1e-12)


@pytest.mark.parametrize("stop_after", [1, 3])
def test_stops_when_after_epoch_says_so_with_theta_as_it_is_then(stop_after):
    theta = np.array(Rosenbrock.start)
    ended, recorder = minimize(Rosenbrock(), theta, stop_after=stop_after)
    assert len(recorder.epochs) == stop_after
    np.testing.assert_array_equal(theta, recorder.thetas[-1])
    assert ended


def test_max_iter_is_the_number_of_epochs_at_most():
    theta = np.array(Rosenbrock.start)
    ended, recorder = minimize(Rosenbrock(), theta, max_iter=4)
    assert not ended
    assert len(recorder.epochs) == 4
    np.testing.assert_array_equal(theta, recorder.thetas[-1])


def test_max_fun_is_the_number_of_evaluations_about_at_most():
    """SciPy finishes the line search it is in."""
    counting = Counting(Rosenbrock())
    ended, _ = minimize(counting, np.array(Rosenbrock.start), lbfgs=LBFGS(max_fun=10))
    assert not ended
    assert counting.evaluations <= 20


def test_a_larger_tolerance_ends_the_search_earlier():
    loose, strict = (minimize(Rosenbrock(), np.array(Rosenbrock.start), tol=tol)[1] for tol in (1.0, 1e-8))
    assert len(loose.epochs) < len(strict.epochs)


def test_a_start_at_the_minimum_is_one_epoch_and_stays():
    theta = QUADRATIC.minimum.copy()
    converged, recorder = minimize(QUADRATIC, theta)
    assert converged
    assert [epoch.number for epoch in recorder.epochs] == [1]
    assert recorder.epochs[0].loss == 0.0
    np.testing.assert_array_equal(theta, QUADRATIC.minimum)


def test_a_search_that_fails_ends_where_its_last_epoch_was():
    """From the twelfth evaluation on the gradient has the wrong sign, so that no step along it goes down."""

    class TurnsWrong(Counting):
        def value_and_gradient(self, theta, rows):
            value, gradient = super().value_and_gradient(theta, rows)
            return value, gradient if self.evaluations < 12 else -gradient

    theta = np.array(Rosenbrock.start)
    _, recorder = minimize(TurnsWrong(Rosenbrock()), theta)
    np.testing.assert_array_equal(theta, recorder.thetas[-1])
    assert Rosenbrock().value_and_gradient(theta)[0][0] == min(epoch.loss for epoch in recorder.epochs)


def test_a_search_that_cannot_begin_reports_its_start():
    class Cliff:
        def value_and_gradient(self, theta, rows):
            return ((2.0 if (theta == 1).all() else 5.0), 0.0), 2 * theta

    epochs, theta = [], np.ones(2)
    LBFGS().minimize(Cliff(), theta, slice(None), epochs.append, max_iter=10, tol=1e-8)
    assert [epoch.loss for epoch in epochs] == [2.0]
    np.testing.assert_array_equal(theta, 1.0)


def test_memory_is_handed_on():
    paths = [minimize(Rosenbrock(), np.array(Rosenbrock.start), lbfgs=LBFGS(memory=m))[1] for m in (1, 10)]
    assert len(paths[0].epochs) != len(paths[1].epochs)


def test_is_hashable_and_equal_to_its_pickle():
    assert len({LBFGS(memory=5), pickle.loads(pickle.dumps(LBFGS(memory=5)))}) == 1


@pytest.mark.parametrize(
    ("arguments", "error", "name"),
    [
        ({"max_fun": 0}, ValueError, "max_fun"),
        ({"max_fun": 1e4}, TypeError, "max_fun"),
        ({"memory": 0}, ValueError, "memory"),
    ],
)
def test_a_bad_hyper_parameter_is_named(arguments, error, name):
    with pytest.raises(error, match=f"`{name}` must be an integer >= 1, got"):
        LBFGS(**arguments)


class Interrupted(Counting):
    """Ctrl-C in an evaluation that ends no iteration, which are those right after an iteration has ended."""

    def value_and_gradient(self, theta, rows):
        if len(self.recorder.epochs) == 3:
            raise KeyboardInterrupt
        return super().value_and_gradient(theta, rows)


def test_an_interrupted_line_search_leaves_the_last_point_accepted():
    theta = np.array([-1.2, 1.0])
    objective, recorder = Interrupted(Rosenbrock()), Recorder(theta)
    objective.recorder = recorder
    with pytest.raises(KeyboardInterrupt):
        LBFGS().minimize(objective, theta, None, recorder, max_iter=200, tol=1e-8)
    np.testing.assert_array_equal(theta, recorder.thetas[-1])
