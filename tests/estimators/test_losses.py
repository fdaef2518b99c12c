"""What regressors do with every loss: shapes, scores, standard deviations, units, searches."""

import pickle
import warnings

import numpy as np
import pytest
from sklearn.base import RegressorMixin, clone
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import d2_absolute_error_score, d2_pinball_score, make_scorer, mean_pinball_loss, r2_score
from sklearn.model_selection import GridSearchCV
from sklearn.utils import get_tags

from skbackprop import LOSSES, BatchMLPRegressor, Expectile, Gaussian, Huber, LogCosh, LogLoss, Quantile, Tweedie
from tests.estimators.kinds import REGRESSORS

OBJECTS = [
    Quantile([0.1, 0.5, 0.9]),
    Quantile(0.9),
    Expectile(0.8),
    Huber(2.0, absolute=True),
    LogCosh(0.5),
    Tweedie(1.2),
    Gaussian(beta=0.5),
]
every_loss = pytest.mark.parametrize("loss", [*LOSSES, *OBJECTS], ids=str)
outputs = pytest.mark.parametrize("k", [1, 2])


def rows(n=200, k=1, seed=0):
    """Positive targets whose level and spread both depend on the first column."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 3))
    level = 30 + 10 * np.sin(X[:, [0]]) * np.arange(1, k + 1)
    Y = np.maximum(level + (1 + np.abs(X[:, [0]])) * rng.normal(size=(n, k)), 0.5)
    return X, Y[:, 0] if k == 1 else Y


@pytest.fixture(params=REGRESSORS.values(), ids=REGRESSORS)
def model(request):
    def make(loss, **parameters):
        quick = {"max_iter": 15, "learning_rate": "cosine", "learning_rate_init": 0.01, "random_state": 0}
        return request.param.make(loss=loss, hidden_layer_sizes=(20,), **quick | parameters)

    return make


def levels(loss):
    return len(loss.levels) if isinstance(loss, Quantile) and isinstance(loss.levels, tuple) else 1


# Every pair of network, solver and number of outputs.
@every_loss
@pytest.mark.parametrize(
    ("model", "solver", "k"),
    [
        pytest.param(kind, solver, 1 + ((solver == "lbfgs") != recurrent), id=f"{name}-{solver}")
        for recurrent, (name, kind) in enumerate(REGRESSORS.items())
        for solver in ("adam", "lbfgs")
    ],
    indirect=["model"],
)
def test_beats_the_constant_and_predicts_in_the_shape_of_y(model, loss, solver, k):
    X, y = rows(300, k)
    fitted = model(loss, solver=solver, max_iter=30, n_iter_no_change=np.inf).fit(X[:200], y[:200])
    shape = y[200:].shape if levels(loss) == 1 else (*y[200:].shape, levels(loss))
    assert fitted.predict(X[200:]).shape == shape
    assert fitted.score(X[200:], y[200:]) > 0.1


@every_loss
@outputs
def test_the_score_is_that_of_scikit_learn(model, loss, k):
    X, y = rows(k=k)
    fitted = model(loss, max_iter=3).fit(X, y)
    for weight in (None, np.random.default_rng(1).uniform(0.5, 2, len(y))):
        score = fitted.score(X, y, sample_weight=weight)
        assert isinstance(score, float)
        if isinstance(loss, Quantile) or loss == "quantile":
            if weight is None and levels(loss) == 1:
                level = 0.5 if loss == "quantile" else loss.levels
                # The best constant of scikit-learn is interpolated; a true minimiser can only be better.
                expected = d2_pinball_score(y, fitted.predict(X), alpha=level)
                assert expected - 1e-3 < score <= expected + 1e-12
        elif not isinstance(loss, Expectile):
            expected = RegressorMixin.score(fitted, X, y, sample_weight=weight)
            assert score == pytest.approx(expected, rel=1e-9)


def test_the_median_is_scored_by_d2(model):
    X, y = rows()
    fitted = model("quantile", max_iter=3).fit(X, y)
    assert fitted.score(X, y) == pytest.approx(d2_absolute_error_score(y, fitted.predict(X)), rel=1e-12)


def test_a_score_needs_two_rows_and_as_many_outputs_as_the_fit(model):
    X, y = rows(k=2)
    fitted = model("squared_error").fit(X, y)
    with pytest.warns(UndefinedMetricWarning, match="`score` is not defined for fewer than two"):
        assert np.isnan(fitted.score(X[:1], y[:1]))
    with pytest.raises(ValueError, match="`y` must have 2 outputs, as in training, got 1"):
        fitted.score(X, y[:, 0])
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        fitted.score(X, y[:-1])


@outputs
def test_the_gaussian_predicts_mean_and_standard_deviation(model, k):
    X, y = rows(3000, k)
    fitted = model("gaussian", max_iter=20, learning_rate_init=0.02).fit(X, y)
    mean, std = fitted.predict(X, return_std=True)
    assert mean.shape == std.shape == y.shape
    np.testing.assert_array_equal(mean, fitted.predict(X))
    true = 1 + np.abs(X[:, 0])
    assert np.corrcoef(std.reshape(len(y), k)[:, 0], true)[0, 1] > 0.85
    assert abs(np.mean(np.abs(y - mean) < std) - 0.683) < 0.03


@pytest.mark.parametrize("shape", [(200,), (200, 1), (200, 2)], ids=str)
def test_a_standard_deviation_has_the_shape_and_the_unit_of_y(model, shape):
    X, y = rows(k=shape[-1] if len(shape) == 2 else 1)
    y = y.reshape(shape)
    mean, std = model("gaussian").fit(X, y).predict(X, return_std=True)
    assert mean.shape == std.shape == shape
    coarse = model("gaussian").fit(X, y / 1024)
    np.testing.assert_allclose(1024 * coarse.predict(X, return_std=True)[1], std, rtol=1e-6)


def test_other_losses_say_that_they_have_no_standard_deviation(model):
    X, y = rows()
    fitted = model("huber").fit(X, y)
    with pytest.raises(ValueError, match=r"`return_std` must be False .* as 'gaussian' does, got True with loss=Huber"):
        fitted.predict(X, return_std=True)
    with pytest.raises(TypeError, match="`return_std` must be True or False, got 1"):
        fitted.predict(X, return_std=1)


def test_quantiles_do_not_cross_and_cover_what_they_say(model):
    X, y = rows(3000)
    fitted = model(Quantile([0.05, 0.5, 0.95]), max_iter=40).fit(X[:2000], y[:2000])
    low, middle, high = fitted.predict(X[2000:]).T
    assert (low <= middle).all()
    assert (middle <= high).all()
    assert abs(np.mean((low < y[2000:]) & (y[2000:] < high)) - 0.9) < 0.04


@pytest.mark.parametrize("loss", ["absolute_error", "huber", "log_cosh", "quantile", "expectile", "gaussian"])
def test_the_units_of_y_do_not_matter(model, loss):
    X, y = rows()
    reference = model(loss).fit(X, y).predict(X)
    np.testing.assert_allclose(model(loss).fit(X, y / 1024 - 3).predict(X), reference / 1024 - 3, rtol=1e-6)


@pytest.mark.parametrize("loss", ["gamma", "tweedie", "poisson"])
def test_the_scale_of_y_does_not_matter(model, loss):
    X, y = rows()
    np.testing.assert_allclose(
        model(loss).fit(X, y / 1024).predict(X) * 1024, model(loss).fit(X, y).predict(X), rtol=1e-6
    )


def test_a_delta_in_units_of_y_is_in_units_of_y(model):
    """Half the delta on half the target is the same fit; and an outlier far beyond it hardly moves the others."""
    X, y = rows()
    one = model(Huber(2.0, absolute=True)).fit(X, y).predict(X)
    np.testing.assert_allclose(2 * model(Huber(1.0, absolute=True)).fit(X, y / 2).predict(X), one, rtol=1e-6)
    y[0] = 1e5
    plain, robust = (model(loss, max_iter=100).fit(X, y).predict(X[1:]) for loss in ("squared_error", Huber(2.0, True)))
    assert np.median(np.abs(robust - y[1:])) < 0.2 * np.median(np.abs(plain - y[1:]))


@pytest.mark.parametrize(
    "loss", ["absolute_error", "huber", "log_cosh", Huber(3.0, absolute=True), Quantile(0.5)], ids=str
)
def test_a_sentinel_in_y_does_no_harm_to_a_bounded_loss(model, loss):
    X, y = rows()
    spoilt = y.copy()
    spoilt[0] = 999999.0
    plain, robust = (model(loss, max_iter=60).fit(X, target) for target in (y, spoilt))
    errors = [np.abs(fitted.predict(X[1:]) - y[1:]).mean() for fitted in (plain, robust)]
    assert errors[1] < 1.1 * errors[0]


@pytest.mark.parametrize("begin", ["fit", "partial_fit"])
def test_a_sentinel_is_not_what_a_stream_goes_on_from(model, begin):
    """Nor are those that come later."""
    X, y = rows(400)
    spoilt = y.copy()
    spoilt[::50] = 999999.0
    fitted = getattr(model("huber", max_iter=60, learning_rate="constant", n_iter_no_change=np.inf), begin)(X, spoilt)
    for _ in range(60 if begin == "partial_fit" else 2):
        for start in range(0, 400, 100):
            fitted.partial_fit(X[start : start + 100], spoilt[start : start + 100])
    assert fitted.model_.units.scale < 2 * y.std()
    assert r2_score(y[1:50], fitted.predict(X[1:50])) > 0.8


def test_a_sentinel_among_few_rows_is_told_by_those_before():
    X, y = rows(400)
    spoilt = y.copy()
    spoilt[52::50] = 999999.0
    fitted = BatchMLPRegressor(loss="huber", hidden_layer_sizes=(20,), learning_rate_init=0.01, random_state=0)
    for _ in range(10):
        for start in range(0, 400, 5):
            fitted.partial_fit(X[start : start + 5], spoilt[start : start + 5])
    assert 0.5 * y.std() < fitted.model_.units.scale < 2 * y.std()
    assert r2_score(y[1:50], fitted.predict(X[1:50])) > 0.8


def test_an_output_that_does_not_vary_leaves_the_gaussian_of_another_alone(model):
    X, y = rows()
    both = np.column_stack([y, np.full(len(y), 4.0)])
    alone, beside = (model("gaussian", max_iter=60).fit(X, target) for target in (y, both))
    mean, std = beside.predict(X, return_std=True)
    assert np.corrcoef(mean[:, 0], y)[0, 1] > np.corrcoef(alone.predict(X), y)[0, 1] - 0.05
    assert (std[:, 1] > 0).all()
    assert beside.loss_ > -20


@every_loss
@outputs
def test_float32_stays_float32(model, loss, k):
    X, y = rows(k=k)
    fitted = model(loss, max_iter=3).fit(X.astype(np.float32), y.astype(np.float32))
    assert fitted.theta_.dtype == fitted.predict(X.astype(np.float32)).dtype == np.float32


@every_loss
@outputs
def test_goes_on_with_warm_start_and_partial_fit(model, loss, k):
    X, y = rows(k=k)
    fitted = model(loss, learning_rate="constant", warm_start=True, max_iter=3, n_iter_no_change=np.inf)
    fitted = fitted.fit(X, y).fit(X, y)
    copy = pickle.loads(pickle.dumps(fitted.partial_fit(X, 2 * y)))
    np.testing.assert_array_equal(copy.partial_fit(X, y).predict(X), fitted.partial_fit(X, y).predict(X))


@every_loss
def test_can_be_cloned_and_searched(model, loss):
    X, y = rows(90)
    estimator = model(loss, max_iter=2, n_iter_no_change=np.inf)
    assert clone(estimator).loss == loss
    search = GridSearchCV(estimator, {"loss": [loss, "squared_error"]}, cv=2).fit(X, y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


@pytest.mark.parametrize("loss", ["gamma", Tweedie(1.5), "poisson"], ids=str)
def test_positive_targets_are_a_tag(model, loss):
    assert get_tags(model(loss)).target_tags.positive_only
    assert not get_tags(model("huber")).target_tags.positive_only


def test_a_scorer_that_fits_the_quantiles_can_be_monitored_and_one_that_does_not_is_named(model):
    X, y = rows()

    def pinball(y, quantiles):
        return np.mean([mean_pinball_loss(y, q, alpha=level) for level, q in zip((0.1, 0.9), quantiles.T, strict=True)])

    scorer = make_scorer(pinball, greater_is_better=False)
    watched = model(Quantile([0.1, 0.9]), monitor=scorer, early_stopping=True).fit(X, y)
    assert max(watched.validation_scores_) == watched.best_validation_score_ < 0
    with pytest.raises(ValueError, match=r"`monitor` must be 'loss' or able to score what loss=Quantile.* got 'r2'"):
        model(Quantile([0.1, 0.9]), monitor="r2", early_stopping=True).fit(X, y)


def test_a_negative_loss_is_no_cause_for_alarm(model):
    """Of noise that is narrower than 1 in its own units: the best constant has a negative loss, and is all there is."""
    X, y = np.random.default_rng(0).normal(size=(2, 3000, 1))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        narrow = model("gaussian", standardize=False, max_iter=100).fit(X, 0.1 * y[:, 0])
    constant = 0.5 * (np.log((0.1 * y).var()) + 1)
    assert 1.1 * constant < narrow.loss_ < constant + 0.01 < -1


def test_a_loss_of_classes_is_refused(model):
    with pytest.raises(
        TypeError,
        match=r"`loss` must be .* `RegressionLoss` .*, got LogLoss\(.*, which lacks `score`",
    ):
        model(LogLoss()).fit([[0.0], [1.0]], [0.0, 1.0])


@pytest.mark.parametrize("loss", ["poisson", "gamma", "tweedie"])
def test_a_misprint_in_a_row_is_no_error_beyond_all_measure(loss):
    """Neither by the model nor by its predictor is more than ten times the greatest target so far predicted."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 2))
    y = np.exp(1.0 + X[:, 0])
    model = BatchMLPRegressor(loss=loss, random_state=0, max_iter=30, n_iter_no_change=np.inf).fit(X[:200], y[:200])
    far = np.array([[1e6, 0.0]])
    assert model.predict(far)[0] == pytest.approx(10 * y[:200].max())
    np.testing.assert_allclose(model.predictor()(far), model.predict(far))
    y[-1] = 100 * y.max()
    assert model.partial_fit(X[200:], y[200:]).predict(far)[0] <= 10 * y.max() * (1 + 1e-9)
    assert model.model_.loss.highest == (pytest.approx(np.log(10 * y.max())),)
    assert model.partial_fit(X[:200], y[:200]).model_.loss.highest == (pytest.approx(np.log(10 * y.max())),)
    as_it_is = BatchMLPRegressor(loss=loss, standardize=False).partial_fit(X, y / y.max())
    assert as_it_is.model_.loss.highest == 80.0
