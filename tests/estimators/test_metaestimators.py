"""Inside scikit-learn's meta-estimators and under its inspection tools: in each, a result that only a net can have.

Work goes to other processes where objects, fitted nets or the rows of classes must get there and back; a test that has
other things to show stays in this one.
"""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import loguniform
from sklearn import config_context
from sklearn.base import clone, is_classifier
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor, make_column_selector
from sklearn.ensemble import (
    AdaBoostClassifier,
    AdaBoostRegressor,
    BaggingClassifier,
    BaggingRegressor,
    StackingClassifier,
    StackingRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.inspection import partial_dependence, permutation_importance
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import accuracy_score, balanced_accuracy_score, log_loss, make_scorer, r2_score, roc_auc_score
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    KFold,
    RandomizedSearchCV,
    StratifiedKFold,
    TunedThresholdClassifierCV,
    cross_val_predict,
    cross_validate,
    learning_curve,
)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier, MultiOutputRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.semi_supervised import SelfTrainingClassifier

from skbackprop import (
    AdamW,
    BatchMLPClassifier,
    BatchMLPRegressor,
    BatchRNNClassifier,
    BatchRNNRegressor,
    Cosine,
    Focal,
    LeakyReLU,
)
from tests.estimators.kinds import ENDLESS

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
    return BatchMLPRegressor(**quick | {"learning_rate": "cosine"} | ENDLESS | parameters)


def quick_sequences(**parameters):
    """The same of a recurrent network, which reads the three columns at once."""
    names = BatchRNNRegressor().get_params()
    known = {name: value for name, value in quick_net(**parameters).get_params().items() if name in names}
    return BatchRNNRegressor(**known | {"cell": "elman", "n_channels": 3})


every_net = pytest.mark.parametrize("make", [quick_net, quick_sequences], ids=["perceptron", "recurrent"])

X, y = product()
X_test, y_test = product(seed=1)


def test_data_are_out_of_reach_for_a_linear_model():
    assert LinearRegression().fit(X, y).score(X_test, y_test) < LINEAR_BEST
    assert quick_net().fit(X, y).score(X_test, y_test) > 0.95


@every_net
def test_pipeline(make):
    pipeline = make_pipeline(StandardScaler(), make(standardize=False)).fit(X, y / 10)
    assert pipeline.score(X_test, y_test / 10) > 0.95
    scaled = StandardScaler().fit(X)
    alone = make(standardize=False).fit(scaled.transform(X), y / 10)
    np.testing.assert_array_equal(pipeline.predict(X_test), alone.predict(scaled.transform(X_test)))


@every_net
def test_pipeline_of_a_data_frame_keeps_names(make):
    names = ["a", "b", "c"]
    pipeline = make_pipeline(StandardScaler(), make()).set_output(transform="pandas")
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


@every_net
def test_grid_search_gives_the_same_in_this_process_and_in_others(make):
    search = GridSearchCV(make(max_iter=5), {"hidden_layer_sizes": [(5,), (10, 5)]}, cv=2)
    here = clone(search).fit(X, y)
    elsewhere = clone(search).set_params(n_jobs=2).fit(X, y)
    np.testing.assert_allclose(
        here.cv_results_["mean_test_score"], elsewhere.cv_results_["mean_test_score"], rtol=1e-10
    )


def test_randomized_search():
    distributions = {"learning_rate_init": loguniform(1e-6, 1e-1), "init": ["orthogonal", "he"]}
    search = RandomizedSearchCV(quick_net(), distributions, n_iter=6, cv=2, random_state=0).fit(X, y)
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
        random_state=0,
    ).fit(X, y)
    assert search.n_resources_ == [10, 20, 40]
    assert search.best_estimator_.n_iter_ == 40
    assert search.best_params_["activation"] != "identity"
    assert search.score(X_test, y_test) > 0.95


@every_net
def test_cross_validate(make):
    folds = KFold(3, shuffle=True, random_state=0)
    result = cross_validate(
        make(), X, y, cv=folds, scoring=["r2", "neg_mean_absolute_error"], return_estimator=True, n_jobs=2
    )
    assert result["test_r2"].min() > 0.9
    train, _ = next(folds.split(X))
    by_hand = make().fit(X[train], y[train])
    np.testing.assert_allclose(result["estimator"][0].predict(X_test), by_hand.predict(X_test), rtol=1e-10)


def test_transformed_target():
    """The error is even on the scale where the target was put, and predictions come back on the scale it came from."""
    huge = np.exp(y)
    model = TransformedTargetRegressor(quick_net(), func=np.log, inverse_func=np.exp).fit(X, huge)
    np.testing.assert_allclose(model.predict(X_test), np.exp(quick_net().fit(X, y).predict(X_test)), rtol=1e-6)
    assert np.corrcoef(np.log(model.predict(X_test)), y_test)[0, 1] > 0.97


@every_net
def test_multi_output(make):
    both = np.column_stack([y, -2 * y + X[:, 2]])
    model = MultiOutputRegressor(make()).fit(X, both)
    predicted = model.predict(X_test)
    assert predicted.shape == (len(X_test), 2)
    for column in range(2):
        alone = make().fit(X, both[:, column]).predict(X_test)
        np.testing.assert_allclose(predicted[:, column], alone, rtol=1e-8)
    assert make(max_iter=60).fit(X, both).score(X_test, np.column_stack([y_test, -2 * y_test + X_test[:, 2]])) > 0.95


def test_bagging():
    model = BaggingRegressor(quick_net(), n_estimators=4, random_state=0).fit(X, y)
    predictions = [net.predict(X_test) for net in model.estimators_]
    np.testing.assert_allclose(model.predict(X_test), np.mean(predictions, axis=0))
    assert np.std(predictions, axis=0).mean() > 0
    assert model.score(X_test, y_test) > 0.95


def misleading():
    """Twice the rows, half of them with the sign of y turned around, and weights that tell which are right."""
    weight = np.repeat([1.0, 0.0], len(y))
    return np.vstack([X, X]), np.concatenate([y, -y]), weight


@every_net
def test_bagging_with_weights(make):
    rows, target, weight = misleading()
    bag = BaggingRegressor(make(), n_estimators=3, random_state=0)
    assert clone(bag).fit(rows, target, sample_weight=weight).score(X_test, y_test) > 0.9
    assert clone(bag).fit(rows, target).score(X_test, y_test) < 0.5


def test_boosting():
    """Each stage alone is too short to learn the product; together they come close."""
    stage = quick_net(max_iter=8)
    boosted = AdaBoostRegressor(stage, n_estimators=8, random_state=0).fit(X, y)
    assert len(boosted.estimators_) == 8
    assert boosted.score(X_test, y_test) > max(0.8, stage.fit(X, y).score(X_test, y_test))


@every_net
def test_stacking(make):
    """A line for the trend and a net for the product; the final regression must use the net."""
    model = StackingRegressor([("line", LinearRegression()), ("net", make())], LinearRegression(), cv=2)
    model.fit(X, y)
    assert model.score(X_test, y_test) > 0.95
    of_line, of_net = model.final_estimator_.coef_
    assert abs(of_net) > 5 * abs(of_line)


def test_voting():
    model = VotingRegressor([("line", LinearRegression()), ("net", quick_net())], weights=[1, 3]).fit(X, y)
    expected = LinearRegression().fit(X, y).predict(X_test) + 3 * quick_net().fit(X, y).predict(X_test)
    np.testing.assert_allclose(model.predict(X_test), expected / 4)
    assert model.score(X_test, y_test) > 0.85


@every_net
def test_permutation_importance(make):
    first, second, none = permutation_importance(
        make().fit(X, y), X_test, y_test, n_repeats=5, random_state=0
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


@every_net
@pytest.mark.usefixtures("routing")
def test_weights_are_routed_through_a_pipeline_in_a_search(make):
    rows, target, weight = misleading()
    net = make().set_fit_request(sample_weight=True)
    search = GridSearchCV(
        make_pipeline(StandardScaler().set_fit_request(sample_weight=False), net),
        {f"{type(net).__name__.lower()}__alpha": [1e-3]},
        scoring=make_scorer(r2_score).set_score_request(sample_weight=True),
        cv=KFold(2, shuffle=True, random_state=0),
    )
    search.fit(rows, target, sample_weight=weight)
    assert search.best_score_ > 0.9
    assert search.score(X_test, y_test) > 0.9
    assert clone(search).fit(rows, target).score(X_test, y_test) < 0.5


@every_net
@pytest.mark.usefixtures("routing")
def test_validation_rows_are_transformed_by_a_pipeline_that_is_told_to(make):
    net = make(max_iter=10)
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


def quick_classifier(**parameters):
    return BatchMLPClassifier(**quick_net().get_params() | {"loss": "log_loss"} | parameters)


def quick_classifier_of_sequences(**parameters):
    return BatchRNNClassifier(**quick_sequences().get_params() | {"loss": "log_loss"} | parameters)


every_classifier = pytest.mark.parametrize(
    "make", [quick_classifier, quick_classifier_of_sequences], ids=["perceptron", "recurrent"]
)


def signs(numbers):
    """The sign of the product x0 x1: no line tells it, and no line does better than a coin."""
    return np.where(numbers > 3, "plus", "minus")


def quadrants(rows):
    """Which of the four quadrants of x0 and x1."""
    return (rows[:, 0] > 5) + 2 * (rows[:, 1] > 0)


COIN = 0.65
s, s_test = signs(y), signs(y_test)
q, q_test = quadrants(X), quadrants(X_test)


class TestClassifiers:
    def test_data_are_out_of_reach_for_a_linear_model(self):
        assert make_pipeline(StandardScaler(), LogisticRegression()).fit(X, s).score(X_test, s_test) < COIN
        assert quick_classifier().fit(X, s).score(X_test, s_test) > 0.93
        assert quick_classifier().fit(X, q).score(X_test, q_test) > 0.93
        assert is_classifier(quick_classifier())

    @every_classifier
    def test_pipeline(self, make):
        pipeline = make_pipeline(StandardScaler(), make(standardize=False)).fit(X, s)
        scaled = StandardScaler().fit(X)
        alone = make(standardize=False).fit(scaled.transform(X), s)
        np.testing.assert_array_equal(pipeline.predict_proba(X_test), alone.predict_proba(scaled.transform(X_test)))
        np.testing.assert_array_equal(pipeline.classes_, ["minus", "plus"])
        assert pipeline.score(X_test, s_test) > 0.93

    @every_classifier
    @pytest.mark.parametrize("method", ["sigmoid", "isotonic"])
    def test_calibration(self, make, method):
        """The focal loss leaves a net less sure than it may be; calibrated, it says what is the case more clearly."""
        net = make(loss=Focal(gamma=5.0))
        calibrated = CalibratedClassifierCV(net, method=method, cv=3).fit(X, s)
        np.testing.assert_array_equal(calibrated.classes_, ["minus", "plus"])
        p, alone = calibrated.predict_proba(X_test), net.fit(X, s).predict_proba(X_test)
        np.testing.assert_allclose(p.sum(axis=1), 1.0)
        assert log_loss(s_test, p) < 0.8 * log_loss(s_test, alone)
        assert calibrated.score(X_test, s_test) > 0.9

    def test_voting(self):
        forms = [("line", LogisticRegression()), ("net", quick_classifier()), ("other", quick_classifier(dropout=0.1))]
        model = VotingClassifier(forms, voting="soft", weights=[1, 3, 3]).fit(X / [1, 10, 100], s)
        expected = sum(
            weight * form.fit(X / [1, 10, 100], s).predict_proba(X_test / [1, 10, 100])
            for weight, (_, form) in zip([1, 3, 3], forms, strict=True)
        )
        np.testing.assert_allclose(model.predict_proba(X_test / [1, 10, 100]), expected / 7)
        assert model.score(X_test / [1, 10, 100], s_test) > 0.9

    def test_stacking(self):
        """The final regression must listen to the net, not to the line."""
        line = make_pipeline(StandardScaler(), LogisticRegression())
        model = StackingClassifier([("line", line), ("net", quick_classifier())], LogisticRegression(), cv=3)
        assert model.fit(X, s).score(X_test, s_test) > 0.93
        ((of_line, of_net),) = model.final_estimator_.coef_
        assert abs(of_net) > 3 * abs(of_line)

    @every_classifier
    def test_one_versus_rest(self, make):
        model = OneVsRestClassifier(make()).fit(X, q)
        assert len(model.estimators_) == 4
        each = np.column_stack(
            [make().fit(X, (q == label).astype(int)).predict_proba(X_test)[:, 1] for label in range(4)]
        )
        np.testing.assert_allclose(model.predict_proba(X_test), each / each.sum(axis=1, keepdims=True), rtol=1e-9)
        assert model.score(X_test, q_test) > 0.9

    def test_chain(self):
        """The second label is the first one turned around where x2 is low: the chain hands the first one on."""
        low, low_test = X[:, 2] < -300, X_test[:, 2] < -300
        first, first_test = s == "plus", s_test == "plus"
        Y = np.column_stack([first, first ^ low]).astype(int)
        chain = ClassifierChain(quick_classifier(), order=[0, 1]).fit(X, Y)
        assert chain.estimators_[1].n_features_in_ == 4
        Y_test = np.column_stack([first_test, first_test ^ low_test])
        assert (chain.predict(X_test) == Y_test).mean(axis=0).min() > 0.85
        by_hand = quick_classifier().fit(np.column_stack([X, Y[:, 0]]), Y[:, 1])
        given_first = np.column_stack([X_test, chain.predict(X_test)[:, 0]])
        np.testing.assert_allclose(chain.predict_proba(X_test)[:, 1], by_hand.predict_proba(given_first)[:, 1])

    def test_a_net_for_every_column_of_labels(self):
        """What the refusal of several columns of labels advises."""
        both = np.column_stack([q, s == "plus"]).astype(int)
        model = MultiOutputClassifier(quick_classifier()).fit(X, both)
        expected = np.column_stack([quick_classifier().fit(X, column).predict(X_test) for column in both.T])
        np.testing.assert_array_equal(model.predict(X_test), expected)

    def test_self_training(self):
        """Two dozen labels do less well alone than with the rows that the net is sure of."""
        partial = np.where(np.arange(300) < 60, (s == "plus").astype(int), -1)
        model = SelfTrainingClassifier(quick_classifier(max_iter=30), threshold=0.9, max_iter=5).fit(X, partial)
        assert (model.labeled_iter_ > 0).sum() > 100
        taught = model.transduction_[model.labeled_iter_ > 0]
        assert (taught == (s == "plus")[model.labeled_iter_ > 0]).mean() > 0.85
        assert model.score(X_test, (s_test == "plus").astype(int)) > 0.85

    @every_classifier
    def test_cross_val_predict(self, make):
        folds = StratifiedKFold(3, shuffle=True, random_state=0)
        p = cross_val_predict(make(), X, q, cv=folds, method="predict_proba", n_jobs=2)
        train, test = next(folds.split(X, q))
        by_hand = make().fit(X[train], q[train]).predict_proba(X[test])
        np.testing.assert_allclose(p[test], by_hand, rtol=1e-9)
        assert accuracy_score(q, p.argmax(axis=1)) > 0.9

    @every_classifier
    def test_roc_auc_in_cross_validate(self, make):
        result = cross_validate(make(), X, s == "plus", scoring=["roc_auc", "neg_log_loss", "average_precision"], cv=3)
        assert result["test_roc_auc"].min() > 0.95
        assert result["test_neg_log_loss"].min() > -0.35
        several = cross_validate(make(), X, q, scoring="roc_auc_ovr", cv=3)
        assert several["test_score"].min() > 0.95

    def test_roc_auc_in_a_search(self):
        grid = {"activation": ["identity", LeakyReLU(0.1)], "loss": ["log_loss", "squared_error"]}
        search = GridSearchCV(quick_classifier(), grid, scoring="roc_auc", cv=3).fit(X, s)
        assert search.best_params_["activation"] == LeakyReLU(0.1)
        assert search.best_score_ > 0.95
        scores = zip(search.cv_results_["param_activation"], search.cv_results_["mean_test_score"], strict=True)
        assert max(score for activation, score in scores if activation == "identity") < COIN
        assert search.score(X_test, s_test) == roc_auc_score(s_test == "plus", search.predict_proba(X_test)[:, 1])

    def test_tuned_threshold(self):
        """Where one class is rare, the threshold for balanced accuracy lies far below one half."""
        rare, rare_test = y > 8, y_test > 8
        net = quick_classifier(max_iter=10, learning_rate_init=0.01)
        tuned = TunedThresholdClassifierCV(net, scoring="balanced_accuracy", cv=3, random_state=0).fit(X, rare)
        assert tuned.best_threshold_ < 0.4
        np.testing.assert_array_equal(
            tuned.predict(X_test), tuned.estimator_.predict_proba(X_test)[:, 1] >= tuned.best_threshold_
        )
        of_tuned, of_net = (balanced_accuracy_score(rare_test, m.predict(X_test)) for m in (tuned, net.fit(X, rare)))
        assert of_tuned > of_net + 0.05

    def test_bagging(self):
        model = BaggingClassifier(quick_classifier(), n_estimators=4, random_state=0).fit(X, q)
        each = [net.predict_proba(X_test) for net in model.estimators_]
        np.testing.assert_allclose(model.predict_proba(X_test), np.mean(each, axis=0))
        assert np.std(each, axis=0).mean() > 0
        assert model.score(X_test, q_test) > 0.9

    def test_boosting(self):
        """Each stage alone is too short; the weights of the rows that it gets wrong reach the next one."""
        stage = quick_classifier(max_iter=6, learning_rate_init=0.01, alpha=0)  # the weights sum to 1
        boosted = AdaBoostClassifier(stage, n_estimators=12, random_state=0).fit(X, s)
        assert len(boosted.estimators_) == 12
        assert boosted.score(X_test, s_test) > stage.fit(X, s).score(X_test, s_test) + 0.05

    @every_classifier
    @pytest.mark.usefixtures("routing")
    def test_weights_are_routed_through_a_pipeline_in_a_search(self, make):
        """Half of the rows have the wrong label and weigh nothing."""
        rows, labels = np.vstack([X, X]), np.concatenate([s, signs(6 - y)])
        weight, net = np.repeat([1.0, 0.0], len(s)), make().set_fit_request(sample_weight=True)
        search = GridSearchCV(
            make_pipeline(StandardScaler().set_fit_request(sample_weight=False), net),
            {f"{type(net).__name__.lower()}__alpha": [1e-3]},
            scoring=make_scorer(accuracy_score).set_score_request(sample_weight=True),
            cv=KFold(2, shuffle=True, random_state=0),
        )
        assert search.fit(rows, labels, sample_weight=weight).best_score_ > 0.9
        assert search.score(X_test, s_test) > 0.9
        assert clone(search).fit(rows, labels).score(X_test, s_test) < 0.75

    @every_classifier
    @pytest.mark.usefixtures("routing")
    def test_classes_are_routed_to_partial_fit(self, make):
        """``classes`` and ``sample_weight`` are what a router may hand to ``partial_fit``."""
        net = make().set_partial_fit_request(classes=True, sample_weight=True)
        requests = net.get_metadata_routing().partial_fit.requests
        assert requests == {"classes": True, "sample_weight": True}

    @pytest.mark.usefixtures("routing")
    def test_validation_rows_are_transformed_by_a_pipeline_that_is_told_to(self):
        net = quick_classifier(max_iter=10, early_stopping=True).set_fit_request(X_val=True, y_val=True)
        told = Pipeline([("scale", StandardScaler()), ("net", net)], transform_input=["X_val"])
        told.fit(X, s, X_val=X_test, y_val=s_test)
        scaler = StandardScaler().fit(X)
        alone = clone(net).fit(scaler.transform(X), s, X_val=scaler.transform(X_test), y_val=s_test)
        np.testing.assert_array_equal(told[-1].validation_loss_curve_, alone.validation_loss_curve_)
