"""Inside scikit-learn's meta-estimators and under its inspection tools: in each, a result that only a net can have."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy.stats import loguniform
from sklearn import config_context
from sklearn.base import clone
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor, make_column_selector
from sklearn.ensemble import AdaBoostRegressor, BaggingRegressor, StackingRegressor, VotingRegressor
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.inspection import partial_dependence, permutation_importance
from sklearn.linear_model import LinearRegression
from sklearn.metrics import make_scorer, r2_score
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    KFold,
    RandomizedSearchCV,
    cross_validate,
    learning_curve,
)
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from skbackprop import AdamW, BatchMLPRegressor, Cosine, LeakyReLU

LINEAR_BEST = 0.2
"""No linear model gets beyond this R2 on ``product``; `test_data_are_out_of_reach_for_a_linear_model` holds it."""


def product(n=300, seed=0):
    """y = x0 x1, and a third column that does not matter. The columns are neither centred nor of one scale."""
    rng = np.random.RandomState(seed)
    Z = rng.uniform(-1, 1, (n, 3))
    return Z * [1.0, 10.0, 100.0] + [5.0, 0.0, -300.0], 10 * Z[:, 0] * Z[:, 1] + 3


def quick_net(**parameters):
    """A small net whose fit takes some tens of milliseconds and never fewer epochs than it may."""
    quick = {"hidden_layer_sizes": (20,), "batch_size": 25, "max_iter": 40, "learning_rate_init": 0.03}
    quick |= {"learning_rate": "cosine", "n_iter_no_change": math.inf, "random_state": 0}
    return BatchMLPRegressor(**quick | parameters)


X, y = product()
X_test, y_test = product(seed=1)


def test_data_are_out_of_reach_for_a_linear_model():
    assert LinearRegression().fit(X, y).score(X_test, y_test) < LINEAR_BEST
    assert quick_net().fit(X, y).score(X_test, y_test) > 0.95


def test_pipeline():
    pipeline = make_pipeline(StandardScaler(), quick_net(standardize=False)).fit(X, y / 10)
    assert pipeline.score(X_test, y_test / 10) > 0.95
    scaled = StandardScaler().fit(X)
    alone = quick_net(standardize=False).fit(scaled.transform(X), y / 10)
    np.testing.assert_array_equal(pipeline.predict(X_test), alone.predict(scaled.transform(X_test)))


def test_pipeline_of_a_data_frame_keeps_names():
    names = ["a", "b", "c"]
    pipeline = make_pipeline(StandardScaler(), quick_net()).set_output(transform="pandas")
    pipeline.fit(pd.DataFrame(X, columns=names), y)
    assert list(pipeline[-1].feature_names_in_) == names
    assert pipeline.score(pd.DataFrame(X_test, columns=names), y_test) > 0.95


def test_column_transformer():
    """The slope on the number depends on the category, which a linear model of the encoded columns cannot express."""
    rng = np.random.RandomState(0)
    table = pd.DataFrame({"number": rng.uniform(-1, 1, 300), "colour": rng.choice(["red", "green", "blue"], 300)})
    target = table["number"] * table["colour"].map({"red": 3.0, "green": 0.0, "blue": -3.0})
    encode = ColumnTransformer(
        [
            ("categories", OneHotEncoder(sparse_output=False), make_column_selector(dtype_exclude="number")),
            ("numbers", StandardScaler(), make_column_selector(dtype_include="number")),
        ]
    )
    assert make_pipeline(encode, LinearRegression()).fit(table[:200], target[:200]).score(table, target) < LINEAR_BEST
    assert make_pipeline(encode, quick_net()).fit(table[:200], target[:200]).score(table[200:], target[200:]) > 0.95


def test_column_transformer_with_sparse_output():
    rng = np.random.RandomState(0)
    table = pd.DataFrame({"row": rng.choice(list("abcdef"), 400), "column": rng.choice(list("uvwxyz"), 400)})
    effect = pd.Series(rng.choice([-1.0, 1.0], 36), index=[a + b for a in "abcdef" for b in "uvwxyz"])
    target = (table["row"] + table["column"]).map(effect)
    pipeline = make_pipeline(OneHotEncoder(), quick_net(max_iter=80))
    assert pipeline.fit(table, target).score(table, target) > 0.95
    assert make_pipeline(OneHotEncoder(), LinearRegression()).fit(table, target).score(table, target) < 0.5


def test_grid_search_over_objects():
    grid = {
        "activation": ["identity", LeakyReLU(0.1)],
        "solver": [AdamW(weight_decay=0.1)],
        "learning_rate": ["constant", Cosine()],
        "hidden_layer_sizes": [(20,)],
    }
    search = GridSearchCV(quick_net(), grid, cv=3, n_jobs=2).fit(X, y)
    assert search.best_params_["activation"] == LeakyReLU(0.1)
    assert search.best_estimator_.solver == AdamW(weight_decay=0.1)
    assert search.score(X_test, y_test) > 0.95
    by_activation = dict(
        zip(search.cv_results_["param_activation"], search.cv_results_["mean_test_score"], strict=True)
    )
    assert by_activation["identity"] < LINEAR_BEST


def test_grid_search_gives_the_same_in_this_process_and_in_others():
    search = GridSearchCV(quick_net(max_iter=5), {"hidden_layer_sizes": [(5,), (10, 5)]}, cv=2)
    here = clone(search).fit(X, y)
    elsewhere = clone(search).set_params(n_jobs=2).fit(X, y)
    np.testing.assert_allclose(
        here.cv_results_["mean_test_score"], elsewhere.cv_results_["mean_test_score"], rtol=1e-10
    )


def test_randomized_search():
    distributions = {"learning_rate_init": loguniform(1e-6, 1e-1), "init": ["orthogonal", "he"]}
    search = RandomizedSearchCV(quick_net(), distributions, n_iter=6, cv=2, n_jobs=2, random_state=0).fit(X, y)
    assert search.best_params_["learning_rate_init"] > 1e-3
    assert search.score(X_test, y_test) > 0.9


def test_halving_search_with_epochs_as_the_resource():
    search = HalvingGridSearchCV(
        quick_net(),
        {"activation": ["identity", "tanh", LeakyReLU(0.1), "relu"], "solver": ["adam", AdamW(weight_decay=0.1)]},
        resource="max_iter",
        min_resources=10,
        max_resources=40,
        factor=2,
        cv=2,
        n_jobs=2,
        random_state=0,
    ).fit(X, y)
    assert search.n_resources_ == [10, 20, 40]
    assert search.best_estimator_.n_iter_ == 40
    assert search.best_params_["activation"] != "identity"
    assert search.score(X_test, y_test) > 0.95


def test_cross_validate():
    folds = KFold(3, shuffle=True, random_state=0)
    result = cross_validate(
        quick_net(), X, y, cv=folds, scoring=["r2", "neg_mean_absolute_error"], return_estimator=True, n_jobs=2
    )
    assert result["test_r2"].min() > 0.9
    train, _ = next(folds.split(X))
    by_hand = quick_net().fit(X[train], y[train])
    np.testing.assert_allclose(result["estimator"][0].predict(X_test), by_hand.predict(X_test), rtol=1e-10)


def test_transformed_target():
    """The error is even on the scale where the target was put, and predictions come back on the scale it came from."""
    huge = np.exp(y)
    model = TransformedTargetRegressor(quick_net(), func=np.log, inverse_func=np.exp).fit(X, huge)
    np.testing.assert_allclose(model.predict(X_test), np.exp(quick_net().fit(X, y).predict(X_test)), rtol=1e-6)
    assert np.corrcoef(np.log(model.predict(X_test)), y_test)[0, 1] > 0.97


def test_multi_output():
    both = np.column_stack([y, -2 * y + X[:, 2]])
    model = MultiOutputRegressor(quick_net(), n_jobs=2).fit(X, both)
    predicted = model.predict(X_test)
    assert predicted.shape == (len(X_test), 2)
    for column in range(2):
        alone = quick_net().fit(X, both[:, column]).predict(X_test)
        np.testing.assert_allclose(predicted[:, column], alone, rtol=1e-8)
    assert (
        quick_net(max_iter=60).fit(X, both).score(X_test, np.column_stack([y_test, -2 * y_test + X_test[:, 2]])) > 0.95
    )


def test_bagging():
    model = BaggingRegressor(quick_net(), n_estimators=4, n_jobs=2, random_state=0).fit(X, y)
    predictions = [net.predict(X_test) for net in model.estimators_]
    np.testing.assert_allclose(model.predict(X_test), np.mean(predictions, axis=0))
    assert np.std(predictions, axis=0).mean() > 0
    assert model.score(X_test, y_test) > 0.95


def misleading():
    """Twice the rows, half of them with the sign of y turned around, and weights that tell which are right."""
    weight = np.repeat([1.0, 0.0], len(y))
    return np.vstack([X, X]), np.concatenate([y, -y]), weight


def test_bagging_with_weights():
    rows, target, weight = misleading()
    bag = BaggingRegressor(quick_net(), n_estimators=3, random_state=0)
    assert clone(bag).fit(rows, target, sample_weight=weight).score(X_test, y_test) > 0.9
    assert clone(bag).fit(rows, target).score(X_test, y_test) < 0.5


def test_boosting():
    """Each stage alone is too short to learn the product; together they come close."""
    stage = quick_net(max_iter=8)
    boosted = AdaBoostRegressor(stage, n_estimators=8, random_state=0).fit(X, y)
    assert len(boosted.estimators_) == 8
    assert boosted.score(X_test, y_test) > max(0.8, stage.fit(X, y).score(X_test, y_test))


def test_stacking():
    """A line for the trend and a net for the product; the final regression must use the net."""
    model = StackingRegressor([("line", LinearRegression()), ("net", quick_net())], LinearRegression(), cv=2, n_jobs=2)
    model.fit(X, y)
    assert model.score(X_test, y_test) > 0.95
    of_line, of_net = model.final_estimator_.coef_
    assert abs(of_net) > 5 * abs(of_line)


def test_voting():
    model = VotingRegressor([("line", LinearRegression()), ("net", quick_net())], weights=[1, 3]).fit(X, y)
    expected = LinearRegression().fit(X, y).predict(X_test) + 3 * quick_net().fit(X, y).predict(X_test)
    np.testing.assert_allclose(model.predict(X_test), expected / 4)
    assert model.score(X_test, y_test) > 0.85


def test_permutation_importance():
    first, second, none = permutation_importance(
        quick_net().fit(X, y), X_test, y_test, n_repeats=5, n_jobs=2, random_state=0
    ).importances_mean
    assert min(first, second) > 0.5
    assert abs(none) < 0.05


def test_partial_dependence():
    """On average over x1, which is symmetric, y does not depend on x0; where x1 is high, y rises with x0."""
    net = quick_net().fit(X, y)
    high = X_test[X_test[:, 1] > 5]
    curve = partial_dependence(net, high, [0], kind="average", grid_resolution=10)
    (grid,) = curve["grid_values"]
    expected = (grid - 5) * high[:, 1].mean() + 3
    np.testing.assert_allclose(curve["average"][0], expected, atol=1.0)
    flat = partial_dependence(net, X_test, [2], kind="average", grid_resolution=10)["average"]
    assert np.ptp(flat) < 1.0


def test_learning_curve_by_partial_fit():
    """Each size goes on from the one before: the scores are those of `partial_fit` by hand."""
    net = quick_net(learning_rate="constant", batch_size=5)
    (train, test) = next(KFold(2).split(X))
    sizes, _, scores = learning_curve(
        net, X, y, train_sizes=[20, 80, 150], cv=[(train, test)], exploit_incremental_learning=True, shuffle=False
    )
    by_hand, start = [], 0
    for stop in sizes:
        net.partial_fit(X[train[start:stop]], y[train[start:stop]])
        by_hand.append(net.score(X[test], y[test]))
        start = stop
    np.testing.assert_allclose(scores[:, 0], by_hand, rtol=1e-10)
    assert by_hand[-1] > by_hand[0]


@pytest.fixture
def routing():
    with config_context(enable_metadata_routing=True):
        yield


@pytest.mark.usefixtures("routing")
def test_weights_are_routed_through_a_pipeline_in_a_search():
    rows, target, weight = misleading()
    net = quick_net().set_fit_request(sample_weight=True)
    search = GridSearchCV(
        make_pipeline(StandardScaler().set_fit_request(sample_weight=False), net),
        {"batchmlpregressor__alpha": [1e-4, 1e-3]},
        scoring=make_scorer(r2_score).set_score_request(sample_weight=True),
        cv=KFold(2, shuffle=True, random_state=0),
    )
    search.fit(rows, target, sample_weight=weight)
    assert search.best_score_ > 0.9
    assert search.score(X_test, y_test) > 0.9
    assert clone(search).fit(rows, target).score(X_test, y_test) < 0.5


@pytest.mark.usefixtures("routing")
def test_validation_rows_are_transformed_by_a_pipeline_that_is_told_to():
    net = quick_net(max_iter=10)
    net.set_fit_request(X_val=True, y_val=True)
    scaler = StandardScaler().fit(X)

    told = Pipeline([("scale", StandardScaler()), ("net", net)], transform_input=["X_val"])
    told.fit(X, y, X_val=X_test, y_val=y_test)
    alone = clone(net).fit(scaler.transform(X), y, X_val=scaler.transform(X_test), y_val=y_test)
    np.testing.assert_array_equal(told[-1].validation_loss_curve_, alone.validation_loss_curve_)
    assert told[-1].validation_loss_curve_[-1] < 0.5


@pytest.mark.usefixtures("routing")
def test_validation_rows_reach_fit_as_they_are_without_transform_input():
    """The trap that the guide warns of: the raw rows have the right width, so nothing can complain."""
    net = quick_net(max_iter=10)
    net.set_fit_request(X_val=True, y_val=True)
    scaler = StandardScaler().fit(X)

    trapped = Pipeline([("scale", StandardScaler()), ("net", net)])
    trapped.fit(X, y, X_val=X_test, y_val=y_test)
    alone = clone(net).fit(scaler.transform(X), y, X_val=X_test, y_val=y_test)
    np.testing.assert_array_equal(trapped[-1].validation_loss_curve_, alone.validation_loss_curve_)
    right = clone(net).fit(scaler.transform(X), y, X_val=scaler.transform(X_test), y_val=y_test)
    assert trapped[-1].validation_loss_curve_[-1] > 10 * right.validation_loss_curve_[-1]
