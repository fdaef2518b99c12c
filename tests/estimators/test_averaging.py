"""Weights averaged over epochs: where, what is validated and kept, and where there is no mean."""

import warnings

import numpy as np
import pytest

from skbackprop import BatchMLPRegressor, Cosine, Warmup
from skbackprop.optimize.averaging import RunningMean
from tests.estimators.kinds import ENDLESS, every_estimator

rng = np.random.default_rng(0)
X = rng.normal(size=(120, 4))
f = np.sin(X[:, 0]) + X[:, 1] * X[:, 2]
EPOCHS = 20


def net(kind, **parameters):
    quick = {"hidden_layer_sizes": (6,), "max_iter": EPOCHS, "learning_rate_init": 0.02}
    return kind.make(**quick | ENDLESS | parameters)


def thetas(kind, **parameters):
    """theta after each epoch, from fits of 1, 2, ... epochs that do not average."""
    return [
        net(kind, average=False, max_iter=k, **parameters).fit(X, kind.target(f)).theta_ for k in range(1, EPOCHS + 1)
    ]


@every_estimator
def test_fit_ends_with_the_mean_of_its_epochs(kind):
    mean = RunningMean()
    for theta in thetas(kind):
        expected = mean.update(theta)
    model = net(kind).fit(X, kind.target(f))
    np.testing.assert_allclose(model.theta_, expected, rtol=0, atol=1e-12)
    np.testing.assert_array_equal(net(kind, average=True).fit(X, kind.target(f)).theta_, model.theta_)


@every_estimator
def test_no_mean_where_something_else_calms_the_steps_or_scikit_learn_is_followed(kind):
    y = kind.target(f)
    for options in (
        {"standardize": False},
        {"learning_rate": "cosine"},
        {"learning_rate": Warmup(5, Cosine())},
        {"solver": "lbfgs"},
        {"max_iter": 8},
    ):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # L-BFGS in so few iterations
            auto, without = (net(kind, average=a, **options).fit(X, y).theta_ for a in ("auto", False))
        np.testing.assert_array_equal(auto, without, str(options))


@every_estimator
def test_a_mean_that_is_asked_for_is_made(kind):
    y = kind.target(f)
    for options in ({"standardize": False}, {"learning_rate": "cosine"}):
        averaged, without = (net(kind, average=a, **options).fit(X, y).theta_ for a in (True, False))
        assert np.abs(averaged - without).max() > 1e-6


@every_estimator
@pytest.mark.parametrize("monitored", [False, True])
def test_what_is_validated_is_what_would_be_kept(kind, monitored):
    y = kind.target(f)
    watched = {"early_stopping": True, "monitor": kind.monitor if monitored else "loss"}
    model = net(kind, **watched).fit(X[:80], y[:80], X_val=X[80:], y_val=y[80:])
    best = model.best_iter_
    again = net(kind, max_iter=best).fit(X[:80], y[:80], X_val=X[80:], y_val=y[80:])
    np.testing.assert_array_equal(again.theta_, model.theta_)
    if monitored:
        assert model.score(X[80:], y[80:]) == pytest.approx(model.validation_scores_[best - 1], rel=1e-9)


@every_estimator
def test_a_stream_has_no_mean(kind):
    y = kind.target(f)
    streams = [net(kind, average=average) for average in (True, False)]
    for stream in streams:
        for _ in range(EPOCHS):
            kind.step(stream, X, y)
    np.testing.assert_array_equal(streams[0].theta_, streams[1].theta_)


@every_estimator
def test_ctrl_c_leaves_the_mean_so_far(kind):
    """It comes in the thirteenth epoch; an epoch is one step here."""

    def until(step, total):
        if step == 12:
            raise KeyboardInterrupt
        return 1.0

    y, options = kind.target(f), {"batch_size": "full", "max_iter": 12}
    model = net(kind, batch_size="full", learning_rate=until)
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, y)
    np.testing.assert_array_equal(model.theta_, net(kind, **options).fit(X, y).theta_)
    assert np.any(model.theta_ != net(kind, average=False, **options).fit(X, y).theta_)


def test_lbfgs_refuses_a_mean():
    with pytest.raises(ValueError, match=r"`average` must be 'auto' or False with solver='lbfgs', .*, got True"):
        BatchMLPRegressor(solver="lbfgs", average=True).fit(X, f)


def test_the_mean_is_nearer_to_the_minimum():
    """Least squares on noisy rows, by single steps: the mean has less than half of the excess loss."""
    A = np.random.default_rng(1).normal(size=(500, 5))
    b = A.sum(axis=1) + np.random.default_rng(2).normal(size=500)
    exact = np.linalg.lstsq(np.c_[A, np.ones(500)], b)[0]
    least = np.mean((np.c_[A, np.ones(500)] @ exact - b) ** 2)
    options = {"hidden_layer_sizes": (), "alpha": 0, "batch_size": 10, "learning_rate_init": 0.02}
    excess = {}
    for average in (True, False):
        fitted = [
            BatchMLPRegressor(**options, average=average, max_iter=40, random_state=s).fit(A, b) for s in range(5)
        ]
        excess[average] = np.mean([np.mean((model.predict(A) - b) ** 2) - least for model in fitted])
    assert excess[True] < 0.5 * excess[False]
