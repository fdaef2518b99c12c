"""Windows of a series: what is in them, step by step and channel by channel, and what is refused in one sentence."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import TimeSeriesSplit

from skbackprop import BatchRNNRegressor, last_window, make_windows

nan = np.nan


@given(st.integers(1, 4), st.integers(1, 3), st.integers(0, 5))
def test_windows_are_what_the_docstring_says(n_steps, horizon, more):
    series = np.arange(float(n_steps + horizon + more))
    X, y = make_windows(series, n_steps, horizon)
    assert X.shape == (more + 1, n_steps, 1)
    assert y.shape == ((more + 1,) if horizon == 1 else (more + 1, horizon))
    for i in range(more + 1):
        np.testing.assert_array_equal(X[i, :, 0], series[i : i + n_steps])
        np.testing.assert_array_equal(np.atleast_1d(y[i]), series[i + n_steps : i + n_steps + horizon])


def test_windows_of_several_series_and_exogenous_channels(rng):
    series, exog = rng.standard_normal((20, 2)), rng.standard_normal(20)
    X, y = make_windows(series, 5, exog=exog)
    assert (X.shape, y.shape) == ((15, 5, 3), (15, 2))
    np.testing.assert_array_equal(X[3, :, :2], series[3:8])
    np.testing.assert_array_equal(X[3, :, 2], exog[3:8])
    np.testing.assert_array_equal(y, series[5:])
    X, y = make_windows(series.astype(np.float32), 5, horizon=4, exog=rng.standard_normal((20, 3)))
    assert (X.shape, y.shape, X.dtype) == ((12, 5, 5), (12, 8), np.float32)
    np.testing.assert_array_equal(y.reshape(12, 4, 2)[2], series[7:11].astype(np.float32))


def test_windows_take_no_memory_and_cannot_write_the_series():
    series = np.zeros(100)
    X, y = make_windows(series, 10)
    assert np.shares_memory(X, series)
    assert not X.flags.writeable
    assert y.flags.writeable
    assert not np.shares_memory(y, series)


def test_with_a_gap_no_target_of_a_test_is_one_of_training():
    horizon = 3
    X, y = make_windows(np.arange(60.0), 6, horizon)
    for train, test in TimeSeriesSplit(4, gap=horizon - 1).split(X):
        assert y[train].max() < y[test].min()


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((np.ones(5), 5), ValueError, r"`series` must have at least n_steps \+ horizon = 6 steps, got 5"),
        ((np.ones(5), 0), ValueError, "`n_steps` must be an integer >= 1, got 0"),
        ((np.ones(5), 2.0), TypeError, "`n_steps` must be an integer >= 1, got 2.0"),
        ((np.ones(5), 2, 0), ValueError, "`horizon` must be an integer >= 1, got 0"),
        ((np.ones(5), 2, 1, np.ones(4)), ValueError, "`exog` must have as many steps as `series`, 5, got 4"),
        (([1.0, nan, 2.0], 1), ValueError, "`series` must be finite, got NaN or infinity at step 1"),
        ((np.ones((2, 2, 2)), 1), ValueError, "`series` must have shape"),
        (([[1.0], [2.0, 3.0]], 1), ValueError, "`series` must be an array of numbers .* inhomogeneous"),
        ((np.ones(5, np.float32), 2, 1, np.full(5, 1e300)), ValueError, "`exog` must be finite in float32, got"),
        ((np.arange(5).astype("m8[s]"), 1), ValueError, "`series` must be an array of numbers .* timedelta64"),
        ((np.ones(5), 2, 1, [nan] * 5), ValueError, "`exog` must be finite in float64, got NaN or infinity at step 0"),
        (
            (np.ones(5), 2, 2, None, np.ones(6)),
            ValueError,
            "`future_exog` must have as many steps as `series`, 5, or horizon = 2 more, got 6",
        ),
        (
            (np.ones(5), 2, 1, None, [nan] * 5),
            ValueError,
            "`future_exog` must be finite in float64, got NaN or infinity at step 0",
        ),
    ],
)
def test_windows_that_cannot_be_cut_are_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        make_windows(*arguments)


@given(st.integers(1, 4), st.integers(1, 3), st.integers(0, 5), st.integers(1, 2), st.booleans())
def test_a_step_knows_ahead_what_belongs_to_its_horizon(n_steps, horizon, more, f, with_exog):
    """Channels in the order of the docstring, for every window, step, step ahead and column."""
    T = n_steps + horizon + more
    series, exog = np.arange(2.0 * T).reshape(T, 2), 1000.0 + np.arange(T)
    known = -1.0 - np.arange(float(T * f)).reshape(T, f)
    X, y = make_windows(series, n_steps, horizon, exog if with_exog else None, known)
    own = 2 + with_exog
    assert X.shape == (more + 1, n_steps, own + (horizon + 1) * f)
    np.testing.assert_array_equal(y, make_windows(series, n_steps, horizon)[1])
    for i in range(more + 1):
        for s in range(n_steps):
            np.testing.assert_array_equal(X[i, s, :2], series[i + s])
            assert not with_exog or X[i, s, 2] == exog[i + s]
            for ahead in range(horizon + 1):
                at = own + ahead * f
                np.testing.assert_array_equal(X[i, s, at : at + f], known[i + s + ahead])
        of_targets = X[i, -1, own + f :].reshape(horizon, f)  # after the window, as the target is
        np.testing.assert_array_equal(of_targets, known[i + n_steps : i + n_steps + horizon])
        np.testing.assert_array_equal(y[i].reshape(horizon, 2), series[i + n_steps : i + n_steps + horizon])


@pytest.mark.parametrize("horizon", [1, 3])
def test_the_last_window_is_the_next_one_that_would_be_cut(rng, horizon):
    """With the steps to forecast appended, whatever their values, it is the last of all windows."""
    series, exog, known = rng.standard_normal((30, 2)), rng.standard_normal(30), rng.standard_normal((30, 3))
    past = series[:-horizon], 5, horizon, exog[:-horizon]
    for future in (None, known):
        X, _ = make_windows(series, 5, horizon, exog, future)
        last = last_window(*past, future)
        np.testing.assert_array_equal(last, X[-1:])
        assert not np.shares_memory(last, series)
    longer, same = (make_windows(*past, future) for future in (known, known[:-horizon]))
    np.testing.assert_array_equal(longer[0], same[0])
    np.testing.assert_array_equal(longer[1], same[1])


def test_all_channels_have_the_dtype_of_the_series(rng):
    series, more = rng.standard_normal(20).astype(np.float32), rng.standard_normal(20)
    X, y = make_windows(series, 5, exog=more, future_exog=np.arange(20))
    assert X.dtype == y.dtype == last_window(series[:-1], 5, 1, more[:-1], more).dtype == np.float32
    assert not X.flags.writeable


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((np.ones(4), 5), ValueError, "`series` must have at least n_steps = 5 steps, got 4"),
        ((np.ones(4), 0), ValueError, "`n_steps` must be an integer >= 1, got 0"),
        ((np.ones(4), 2, 0), ValueError, "`horizon` must be an integer >= 1, got 0"),
        ((np.ones(4), 2, 1, np.ones(5)), ValueError, "`exog` must have as many steps as `series`, 4, got 5"),
        (
            (np.ones(4), 2, 3, None, np.ones(4)),
            ValueError,
            "`future_exog` must have horizon = 3 steps more than `series`, 7, got 4",
        ),
    ],
)
def test_a_last_window_that_cannot_be_cut_is_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        last_window(*arguments)


def test_a_calendar_known_ahead_makes_the_forecast_better(rng):
    """Sales double on days that follow no rule, but are known before."""
    sale = (rng.random(300) < 0.3).astype(float)
    series = 10 + 10 * sale + rng.normal(size=300)
    options = {"hidden_layer_sizes": 8, "solver": "lbfgs", "max_iter": 40, "tol": 1e-2, "random_state": 0}
    scores = []
    for known in (None, sale):
        X, y = make_windows(series, 4, 2, future_exog=known)
        scores.append(BatchRNNRegressor(**options).fit(X[:200], y[:200]).score(X[201:], y[201:]))
    assert scores[0] < 0.1
    assert scores[1] > 0.85
