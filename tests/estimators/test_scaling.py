"""What becomes of columns that do not vary, or vary by little: units that come from rounding would blow up any row."""

import numpy as np
import pytest
from scipy.sparse import csc_array, csr_array

from skbackprop import BatchMLPRegressor, BatchRNNRegressor, Quantile
from skbackprop.estimators import _scaling
from tests.estimators.kinds import REGRESSORS, by_layer, over

EPS = np.finfo(np.float64).eps
CONSTANTS = [21.3, 0.3, 1 / 3, -2024.7, 1e6 + 0.1, 1.0, 0.0]
every_constant = pytest.mark.parametrize("constant", CONSTANTS)
dense_and_sparse = pytest.mark.parametrize("form", [np.asarray, csr_array, csc_array])
with_and_without_weights = pytest.mark.parametrize("weighted", [False, True])


def rows(n=500, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 3))
    X[rng.random((n, 3)) < 0.5] = 0.0
    return X, X[:, 1] + X[:, 2] ** 2, rng.random(n)


def standardize(model):
    return by_layer(model)[0]


def quick(Estimator=BatchMLPRegressor, **options):
    return Estimator(hidden_layer_sizes=(4,), random_state=0, **options)


@every_constant
@dense_and_sparse
@with_and_without_weights
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_column_that_does_not_vary_is_left_at_zero(constant, form, weighted, dtype):
    X, y, weight = rows()
    X[:, 0] = constant
    model = quick()
    for part in np.split(np.arange(500), [3, 100]):  # the parts are merged
        model.partial_fit(form(X[part].astype(dtype)), y[part], sample_weight=weight[part] if weighted else None)
        assert standardize(model).shift[0] == dtype(constant)
        assert standardize(model).inverse_scale[0] == dtype(
            1 if form is np.asarray or constant == 0 else 1 / abs(constant)
        )


@dense_and_sparse
def test_nor_is_one_that_varies_by_rounding(form):
    X, y, _ = rows()
    X[:, 0] = 21.3 * (1 + EPS * np.tile([0, 1, 1, -1, 2], 100))
    scale = standardize(quick().partial_fit(form(X), y)).inverse_scale[0]
    assert scale == pytest.approx(1 if form is np.asarray else 1 / 21.3)


@dense_and_sparse
@with_and_without_weights
def test_a_small_deviation_from_a_large_mean_is_one(form, weighted):
    X, y, weight = rows(20_000)
    X[:, 0] = 1e6 + 0.01 * np.random.default_rng(1).normal(size=len(X))
    model = quick().partial_fit(form(X), y, sample_weight=weight if weighted else None)
    sd = np.sqrt(np.cov(X[:, 0], ddof=0, aweights=weight if weighted else None))
    np.testing.assert_allclose(standardize(model).inverse_scale[0], 1 / sd, rtol=1e-6)


@pytest.mark.parametrize("form", [csr_array, csc_array])
@with_and_without_weights
def test_zeros_that_are_not_stored_count(form, weighted):
    X, y, weight = rows()
    weights = {"sample_weight": weight} if weighted else {}
    X[0] = 7.0, 0.0, -3.0  # what deviations are taken from
    sparse, dense = quick().partial_fit(form(X), y, **weights), quick().partial_fit(X, y, **weights)
    np.testing.assert_allclose(standardize(sparse).inverse_scale, standardize(dense).inverse_scale, rtol=1e-12)


def test_entries_of_a_sparse_matrix_that_are_stored_twice_are_added():
    X, y, _ = rows(4)
    twice = csr_array((np.repeat(X.ravel() / 2, 2), np.tile(np.repeat([0, 1, 2], 2), 4), np.arange(5) * 6))
    data = twice.data.copy()
    model = quick().partial_fit(twice, y)
    np.testing.assert_allclose(standardize(model).inverse_scale, standardize(quick().partial_fit(X, y)).inverse_scale)
    np.testing.assert_array_equal(twice.data, data)


@every_constant
def test_a_channel_of_sequences_that_does_not_vary_is_not_scaled(constant):
    X = np.random.default_rng(0).normal(size=(500, 7, 2))
    X[:, :, 0] = constant
    X[::3, 4:] = np.nan
    y = X[:, 0, 1]
    model = quick(BatchRNNRegressor, cell="elman")
    for part in np.split(np.arange(500), [3, 100]):
        model.partial_fit(X[part], y[part])
        assert standardize(model).inverse_scale[0] == 1
    assert standardize(model).shift[0] == constant


@every_constant
@with_and_without_weights
def test_a_target_that_does_not_vary_is_not_scaled(constant, weighted):
    X, _, weight = rows(5000)
    y = np.full(5000, constant)
    model = quick().partial_fit(X, y, sample_weight=weight if weighted else None)
    assert model.model_.units.scale == 1
    np.testing.assert_array_equal(model.predict(X), y)


@pytest.mark.parametrize("loss", ["squared_error", "absolute_error", "huber", Quantile([0.1, 0.9])], ids=str)
@pytest.mark.parametrize("constant", [1e-6, 1e-9])
def test_a_target_that_does_not_vary_is_met_exactly(loss, constant):
    X, y, _ = rows()
    predicted = quick(loss=loss).fit(X, np.full(len(X), constant)).predict(X)
    np.testing.assert_array_equal(predicted, np.full(predicted.shape, constant))
    if loss != Quantile([0.1, 0.9]):
        beside = quick(loss=loss, max_iter=5, n_iter_no_change=np.inf).fit(X, np.c_[y, np.full(len(X), constant)])
        np.testing.assert_allclose(beside.predict(X)[:, 1], constant, rtol=1e-9)


@over(REGRESSORS)
@pytest.mark.parametrize("loss", ["absolute_error", "huber", "log_cosh", "quantile"])
def test_where_outliers_do_not_count_the_unit_is_the_spread_of_the_middle(kind, loss):
    """As a multiple of a Gaussian's; and a standard deviation of five times the middle's still counts as a spread."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(4000, 3)), rng.normal(7.0, 3.0, size=4000)
    spoilt, wide = y.copy(), y.copy()
    spoilt[::100] = 999999.0
    wide[::100] += 150.0
    assert 4 * 3.0 < wide.std() < 6 * 3.0
    of_spoilt, of_wide = (
        kind.make(loss=loss, random_state=0).partial_fit(X, target).model_.units.scale.item()
        for target in (spoilt, wide)
    )
    assert of_spoilt == pytest.approx(3.0, rel=0.05)
    assert of_wide == pytest.approx(wide.std(), rel=1e-9)


@pytest.mark.parametrize("factor", [1e-170, 1e154, 1e200])
@pytest.mark.parametrize("Estimator", [BatchMLPRegressor, BatchRNNRegressor])
@pytest.mark.parametrize("loss", ["squared_error", "huber"])
def test_units_in_which_squares_overflow_or_vanish_are_refused(factor, Estimator, loss):
    X, y, _ = rows()
    model = quick(Estimator, loss=loss)
    with pytest.raises(ValueError, match=r"`y` must be in units in which columns vary by some 1e-150 to 1e150, got"):
        model.fit(X, y * factor)
    with pytest.raises(ValueError, match=r"`X` must be in units .*, got column"):
        model.fit(X * factor, y)


@every_constant
def test_a_target_per_step_that_does_not_vary_is_not_scaled(constant):
    X = np.random.default_rng(0).normal(size=(100, 7, 2))
    y = np.full((100, 7), constant)
    y[::2, 3] = np.nan
    model = quick(BatchRNNRegressor, cell="elman", return_sequences=True).partial_fit(X, y)
    assert model.model_.units.scale == 1


def test_a_row_far_from_a_column_that_did_not_vary_is_told_within_reason():
    X, y, _ = rows()
    X[:, 0] = 21.3
    model = quick(max_iter=20, learning_rate="cosine").fit(X, y)
    other = X.copy()
    other[:, 0] = 22.0
    assert np.abs(model.predict(other) - model.predict(X)).max() < 1


@dense_and_sparse
def test_a_stream_that_begins_with_a_constant_column_is_learnt(form):
    model = BatchMLPRegressor(random_state=0)
    for k in range(50):
        X, y, _ = rows(seed=k)
        X[:, 0] = 0.3 if k == 0 else X[:, 0] + 0.3
        model.partial_fit(form(X), y)
    assert model.score(form(X), y) > 0.9


@pytest.mark.parametrize("solver", ["adam", "lbfgs", "sgd"])
@pytest.mark.parametrize("form", [np.asarray, csr_array])
def test_a_column_that_did_not_vary_in_fit_has_no_say(form, solver):
    """Its weights would be random where no penalty removes them."""
    X, y, _ = rows()
    X[:, 0] = 2024.0
    model = quick(solver=solver, alpha=0.0, max_iter=5, n_iter_no_change=np.inf).fit(form(X), y)
    np.testing.assert_allclose(model.predict(form(X + np.array([5.0, 0, 0]))), model.predict(form(X)), rtol=1e-12)


def test_a_sequence_s_channel_neither():
    X = np.random.default_rng(0).normal(size=(50, 6, 2))
    X[:, :, 1] = 7.0
    for both_ways in (False, True):
        model = quick(BatchRNNRegressor, bidirectional=both_ways, alpha=0.0, max_iter=2, n_iter_no_change=np.inf)
        model.fit(X, X[:, :, 0].sum(axis=1))
        np.testing.assert_allclose(model.predict(X + np.array([0.0, 5.0])), model.predict(X), rtol=1e-12)


def test_wide_sparse_rows_are_read_many_at_a_time():
    """However wide they are, they count with what they store."""
    read = []

    class Watched(csr_array):
        def __getitem__(self, rows):
            read.append(rows)
            return csr_array(self)[rows]

    _scaling.RunningMoments(1 << 20).update(
        Watched((np.ones(500), (np.arange(500), np.arange(500))), shape=(500, 1 << 20))
    )
    (rows,) = read
    assert len(range(500)[rows]) == 500


def test_moments_of_two_parts_at_different_levels_are_those_of_the_whole():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(40, 2)), rng.normal([1000.0, -7.0], 5.0, size=(25, 2)).astype(np.float32)
    one, other, empty = (_scaling.RunningMoments(2) for _ in range(3))
    one.update(a)
    other.update(b)
    for merged, first in ((one, a), (empty, a[:0])):
        merged.add(other)
        whole = np.r_[first, b]
        np.testing.assert_allclose(merged.mean, whole.mean(axis=0), rtol=1e-12)
        np.testing.assert_allclose(merged.sd(), whole.std(axis=0), rtol=1e-12)
        assert merged.resolution == 10 * np.finfo(np.float32).eps


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("Model", [BatchMLPRegressor, BatchRNNRegressor])
def test_a_column_that_is_constant_in_one_of_several_fits_keeps_its_weights(Model, rng):
    """Warm starts on rows in which a column does not vary, and on rows in which it does, at no rate to speak of."""
    X = rng.normal(size=(90, 3))
    y = X[:, 0] + X[:, 1]
    X *= [1e4, 1.0, 1.0]
    if Model is BatchRNNRegressor:  # columns are channels
        X = X[:, None]
    still = X * [0.0, 1.0, 1.0]
    model = Model(hidden_layer_sizes=(10,), max_iter=30, n_iter_no_change=31, warm_start=True, random_state=0)
    expected = model.fit(X, y).predict(X)
    model.set_params(max_iter=1, learning_rate_init=1e-12, average=False)
    for rows, target in ((still, y), (X, y), (X, np.ones(90)), (X, y)):
        model.fit(rows, target)
    np.testing.assert_allclose(model.predict(X), expected, atol=1e-6)


@dense_and_sparse
@with_and_without_weights
def test_a_column_that_is_mostly_zero_is_scaled_by_its_other_values(form, weighted):
    """By (1 - 2 share of others) times their root mean square, where that is more than the standard deviation."""
    rng = np.random.default_rng(0)
    X, w = np.zeros((1000, 4)), rng.integers(1, 4, 1000) if weighted else np.ones(1000, int)
    X[:3, 0] = 1.0  # a rare category
    X[::20, 1] = rng.gamma(2.0, 30.0, size=len(X[::20]))
    X[rng.random(1000) < 0.35, 2] = 1.0  # a common category
    X[:, 3] = rng.normal(size=1000)
    seen = _scaling.RunningMoments(4)
    for part in np.split(np.arange(1000), [2, 500]):  # the parts are merged
        seen.update(form(X[part]), w[part].astype(float))
    X = X.repeat(w, axis=0)
    share, rms = (X != 0).mean(axis=0), np.sqrt((X**2).sum(axis=0) / (X != 0).sum(axis=0))
    np.testing.assert_allclose(seen.sd(), X.std(axis=0), rtol=1e-12)
    np.testing.assert_allclose(seen.scale()[:2], ((1 - 2 * share) * rms)[:2], rtol=1e-12)
    np.testing.assert_allclose(seen.scale()[2:], X.std(axis=0)[2:], rtol=1e-12)


@pytest.mark.parametrize("form", [np.asarray, csr_array])
def test_rare_categories_are_learnt_beside_common_ones(form):
    """Scaled by their standard deviations, they would leave an R2 of 0.84."""
    rng = np.random.default_rng(0)
    often = 1 / np.arange(1, 801)
    category, x = rng.choice(800, 6000, p=often / often.sum()), rng.normal(size=(6000, 2))
    X, y = np.c_[np.eye(800)[category], x], rng.normal(size=800)[category] + np.sin(2 * x[:, 0]) + x[:, 1]
    model = BatchMLPRegressor(early_stopping=True, random_state=0).fit(form(X[:4000]), y[:4000])
    assert model.score(form(X[4000:]), y[4000:]) > 0.93
