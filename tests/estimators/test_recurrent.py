"""The recurrent estimators: forms of X, padding, targets per step, tokens, streams, and scikit-learn's checks."""

import math
import pickle

import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from skbackprop import BatchRNNClassifier, BatchRNNRegressor, Quantile, pad_sequences

ENDLESS = {"n_iter_no_change": math.inf, "random_state": 0}
QUICK = ENDLESS | {"hidden_layer_sizes": (8,), "learning_rate_init": 0.01, "batch_size": 20}
small = {"hidden_layer_sizes": (10,), "learning_rate_init": 0.01, "max_iter": 60, "n_iter_no_change": math.inf}
INSTANCES = [BatchRNNClassifier(cell="elman", **small), BatchRNNRegressor(cell="elman", **small)]


def all_checks():
    """The parametrisation; scikit-learn 1.6 gives a generator, pytest 9 wants a list. The array API needs a process."""
    mark = parametrize_with_checks(INSTANCES).mark
    names, values = mark.args
    values = [v for v in values if getattr(v, "values", v)[1].func.__name__ != "check_array_api_input"]
    return pytest.mark.parametrize(names, values, **mark.kwargs)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@all_checks()
def test_scikit_learn_check(estimator, check):
    check(estimator)


def walks(n=80, T=7, d=2, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, T, d))
    return X, X[:, :, 0].cumsum(axis=1)


@pytest.mark.parametrize("cell", ["elman", "gru", "lstm"])
@pytest.mark.parametrize("options", [{}, {"bidirectional": True}, {"truncate": 3}], ids=str)
def test_what_stands_in_the_padding_changes_nothing(cell, options):
    X, sums = walks()
    lengths = np.random.default_rng(1).integers(1, 8, len(X))
    short = [x[:length] for x, length in zip(X, lengths, strict=True)]
    y = np.array([s[length - 1] for s, length in zip(sums, lengths, strict=True)])
    padded = pad_sequences(short)
    wider = np.concatenate([padded, np.full((len(X), 3, 2), np.nan)], axis=1)
    models = [BatchRNNRegressor(cell=cell, max_iter=3, **QUICK, **options).fit(Z, y) for Z in (padded, wider)]
    np.testing.assert_allclose(models[0].predict(padded), models[1].predict(wider), rtol=1e-9)
    alone = np.concatenate([models[0].predict(x[None]) for x in short])
    np.testing.assert_allclose(alone, models[0].predict(padded), rtol=1e-9)


def test_columns_are_steps_with_channels_side_by_side():
    X, sums = walks()
    steps = BatchRNNRegressor(max_iter=3, **QUICK).fit(X, sums[:, -1])
    columns = BatchRNNRegressor(max_iter=3, n_channels=2, **QUICK).fit(X.reshape(len(X), -1), sums[:, -1])
    np.testing.assert_array_equal(steps.predict(X), columns.predict(X.reshape(len(X), -1)))
    assert (steps.n_features_in_, columns.n_features_in_) == (2, 14)


def test_in_a_pipeline_and_a_search():
    X, sums = walks(60, 5, 1)
    pipeline = make_pipeline(StandardScaler(), BatchRNNRegressor(max_iter=2, **QUICK))
    search = GridSearchCV(pipeline, {"batchrnnregressor__cell": ["elman", "gru"]}, cv=2).fit(X[:, :, 0], sums[:, -1])
    assert len(search.cv_results_["params"]) == 2


def test_targets_per_step_count_where_they_are():
    X, sums = walks(120)
    X[3, 5:] = np.nan
    y = sums.copy()
    y[5, 2] = np.nan
    other = y.copy()
    other[3, 5:] = 1e6
    options = QUICK | {"return_sequences": True, "max_iter": 40, "learning_rate": "cosine"}
    model = BatchRNNRegressor(**options).fit(X, y)
    np.testing.assert_array_equal(BatchRNNRegressor(**options).fit(X, other).theta_, model.theta_)
    predicted = model.predict(X)
    assert predicted.shape == y.shape
    np.testing.assert_array_equal(np.isnan(predicted), np.isnan(X[:, :, 0]))
    assert model.score(X, y) > 0.8
    bands = BatchRNNRegressor(loss=Quantile([0.1, 0.9]), **options | {"max_iter": 2}).fit(X, y).predict(X)
    assert bands.shape == (120, 7, 2)


def test_labels_per_step_with_a_monitor():
    X, sums = walks(120)
    y = np.where(sums > 0, "up", "down")
    options = QUICK | {"max_iter": 30, "early_stopping": True, "monitor": "accuracy"}
    model = BatchRNNClassifier(return_sequences=True, **options).fit(X, y)
    assert model.predict(X).shape == y.shape
    assert model.predict_proba(X).shape == (*y.shape, 2)
    assert max(model.validation_scores_) > 0.8
    assert model.score(X, y) == pytest.approx(np.mean(model.predict(X) == y))
    with pytest.raises(ValueError, match="`class_weight` must be None with return_sequences=True"):
        BatchRNNClassifier(return_sequences=True, class_weight="balanced").fit(X, y)


def test_tokens_and_a_stream_of_them():
    tokens = np.arange(400).reshape(20, 20) % 5
    y = (tokens + 1) % 5
    model = BatchRNNClassifier(embedding=4, return_sequences=True, max_iter=40, **QUICK).fit(tokens, y)
    assert model.theta_.dtype == np.float32
    assert model.score(tokens, y) > 0.95
    written, state = [0], None
    for _ in range(9):
        p, state = model.predict_next([[written[-1]]], state)
        written.append(int(model.classes_[p[0].argmax()]))
    assert written == [0, 1, 2, 3, 4, 0, 1, 2, 3, 4]
    with pytest.raises(ValueError, match="`X` must hold tokens, whole numbers from 0 to 4, got values from 0 to 9"):
        model.predict([[0, 9]])


@pytest.mark.parametrize("cell", ["elman", "gru", "lstm"])
def test_a_stream_in_pieces_is_the_sequence(cell):
    X, sums = walks()
    model = BatchRNNRegressor(cell=cell, max_iter=2, **QUICK).fit(X, sums[:, -1])
    _, state = model.predict_next(X[:, :3])
    pieces, _ = model.predict_next(X[:, 3:], state)
    np.testing.assert_allclose(pieces, model.predict(X), rtol=1e-9)


def test_moving_units_do_not_change_the_function():
    X, sums = walks()
    model = BatchRNNRegressor(bidirectional=True, max_iter=2, **QUICK).partial_fit(X[:40], sums[:40, -1])
    before = model.predict(X)
    model.set_params(learning_rate_init=1e-13).partial_fit(5 + 3 * X[40:], 100 + 10 * sums[40:, -1])
    np.testing.assert_allclose(model.predict(X), before, rtol=1e-6, atol=1e-6)


def test_float32_and_pickles():
    X, sums = walks()
    model = BatchRNNRegressor(max_iter=2, **QUICK).fit(X.astype(np.float32), sums[:, -1])
    assert model.theta_.dtype == model.predict(X.astype(np.float32)).dtype == np.float32
    copied = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(copied.predict(X), model.predict(X))


X, Y = walks(20)
WRONG = {
    "cell": ({"cell": "rnn"}, X, "`cell` must be one of 'elman', 'gru', 'lstm'"),
    "truncate both ways": (
        {"truncate": 3, "bidirectional": True},
        X,
        "`truncate` must be None with bidirectional",
    ),
    "truncate lbfgs": ({"truncate": 3, "solver": "lbfgs"}, X, "`truncate` must be None with solver='lbfgs'"),
    "no layers": ({"hidden_layer_sizes": ()}, X, "`hidden_layer_sizes` must name at least one recurrent layer"),
    "channels": ({"n_channels": 3}, X[:, :, 0], "`n_channels` must divide the number of columns of X, 7, got 3"),
    "inner NaN": ({}, np.where(np.arange(7)[:, None] == 2, np.nan, X), "`X` must have NaN only as padding"),
    "half a step": (
        {},
        np.where(np.arange(2) == 1, np.nan, X),
        "`X` must have NaN in all channels of a step or",
    ),
}


@pytest.mark.parametrize(("parameters", "rows", "message"), WRONG.values(), ids=WRONG)
def test_wrong_input_is_told_in_a_sentence(parameters, rows, message):
    with pytest.raises(ValueError, match=message) as caught:
        BatchRNNRegressor(**parameters).fit(rows, Y[:, -1])
    assert "\n" not in str(caught.value)


def test_a_target_per_step_must_have_the_steps_of_x():
    with pytest.raises(ValueError, match="`y` must have a target for every step of X with `return_sequences=True`"):
        BatchRNNRegressor(return_sequences=True).fit(X, Y[:, :3])
