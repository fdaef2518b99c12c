"""What only the recurrent estimators do: forms of X, padding, targets per step, tokens, steps of a stream."""

import pickle

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_matrix
from sklearn.exceptions import NotFittedError

from skbackprop import LBFGS, BatchRNNClassifier, BatchRNNRegressor, Quantile, make_windows, pad_sequences
from skbackprop.network.cells import CELLS
from tests.estimators.kinds import ENDLESS

QUICK = ENDLESS | {"hidden_layer_sizes": (8,), "learning_rate_init": 0.01, "batch_size": 20}


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


@pytest.mark.parametrize("every_step", [False, True])
def test_truncation_cuts_what_is_longer_and_nothing_else(every_step):
    X, sums = walks()
    y = sums if every_step else sums[:, -1]
    whole, seven, two = (
        BatchRNNRegressor(truncate=steps, return_sequences=every_step, max_iter=2, **QUICK).fit(X, y).theta_
        for steps in (None, 7, 2)
    )
    np.testing.assert_array_equal(seven, whole)
    assert np.any(two != whole)


@pytest.mark.parametrize("cell", ["elman", "gru", "lstm"])
def test_recurrent_dropout_disturbs_training_and_not_prediction(cell):
    """In one batch, whose order no generator decides."""
    X, sums = walks()
    options = QUICK | {"cell": cell, "max_iter": 2, "batch_size": "full"}
    noisy, plain = (BatchRNNRegressor(recurrent_dropout=rate, **options).fit(X, sums[:, -1]) for rate in (0.5, 0.0))
    assert np.any(noisy.theta_ != plain.theta_)
    np.testing.assert_array_equal(noisy.predict(X), noisy.predict(X))


def test_columns_are_steps_with_channels_side_by_side():
    X, sums = walks()
    steps = BatchRNNRegressor(max_iter=3, **QUICK).fit(X, sums[:, -1])
    columns = BatchRNNRegressor(max_iter=3, n_channels=2, **QUICK).fit(X.reshape(len(X), -1), sums[:, -1])
    np.testing.assert_array_equal(steps.predict(X), columns.predict(X.reshape(len(X), -1)))
    assert (steps.n_features_in_, columns.n_features_in_) == (2, 14)


def test_targets_per_step_count_where_they_are():
    X, sums = walks(120)
    X[3, 5:] = np.nan
    y = sums.copy()
    y[5, 2] = np.nan
    other = y.copy()
    other[3, 5:] = [1e6, np.inf]
    options = QUICK | {"return_sequences": True, "max_iter": 40, "learning_rate": "cosine"}
    model = BatchRNNRegressor(**options).fit(X, y)
    np.testing.assert_array_equal(BatchRNNRegressor(**options).fit(X, other).theta_, model.theta_)
    predicted = model.predict(X)
    assert predicted.shape == y.shape
    np.testing.assert_array_equal(np.isnan(predicted), np.isnan(X[:, :, 0]))
    assert model.score(X, y) > 0.8
    bands = BatchRNNRegressor(loss=Quantile([0.1, 0.9]), **options | {"max_iter": 2}).fit(X, y).predict(X)
    assert bands.shape == (120, 7, 2)


def uneven(n=80):
    """Sequences of 1 to 7 steps with a target at every one but the first of the sixth row."""
    X, sums = walks(n)
    X[np.arange(7) >= np.random.default_rng(1).integers(1, 8, n)[:, None]] = np.nan
    sums[5, 0] = np.nan
    return X, sums


# Five epochs on raw targets are no use to anyone, and `fit` says so.
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("options", [{}, {"truncate": 2}, {"solver": "lbfgs"}, {"standardize": False}], ids=str)
def test_integer_weights_of_sequences_equal_repetition(options):
    X, y = uneven()
    weight = np.random.default_rng(0).integers(0, 4, len(X))
    again = np.repeat(X, weight, axis=0), np.repeat(y, weight, axis=0)
    options = QUICK | {"return_sequences": True, "max_iter": 5, "batch_size": "full", "alpha": 1.0} | options
    a = BatchRNNRegressor(**options).fit(X, y, sample_weight=weight)
    b = BatchRNNRegressor(**options).fit(*again)
    np.testing.assert_allclose(a.predict(X), b.predict(X), rtol=1e-6)
    np.testing.assert_allclose(a.loss_curve_, b.loss_curve_, rtol=1e-9)
    assert a.score(X, y, sample_weight=weight) == pytest.approx(b.score(*again))


def test_sequences_to_validate_on():
    """Per step, as the training loss is: whatever the lengths, the two can be compared."""
    X, y = uneven()
    weight = np.random.default_rng(0).integers(0, 4, 20)
    model = BatchRNNRegressor(return_sequences=True, max_iter=3, **QUICK)
    model.fit(X[:60], y[:60], X_val=X[60:], y_val=y[60:], sample_weight_val=weight)
    seen = y[:60][~np.isnan(X[:60, :, 0] + y[:60])]
    errors = weight[:, None] * (model.predict(X[60:]) - y[60:]) ** 2
    expected = 0.5 * np.nansum(errors) / seen.var() / (weight @ (~np.isnan(errors)).sum(axis=1))
    assert model.validation_loss_curve_[-1] == pytest.approx(expected)


@pytest.mark.parametrize("Estimator", [BatchRNNRegressor, BatchRNNClassifier])
def test_a_stream_of_targets_per_step_goes_on_from_a_pickle(Estimator):
    X, y = uneven()
    y = y if Estimator is BatchRNNRegressor else np.where(y > 0, "up", "down")
    said = {} if Estimator is BatchRNNRegressor else {"classes": ["up", "down"]}
    model = Estimator(return_sequences=True, dropout=0.2, **QUICK).partial_fit(X[:40], y[:40], **said)
    twin = pickle.loads(pickle.dumps(model))
    for one in (model, twin):
        one.partial_fit(3 * X[40:] + 1, y[40:])
    np.testing.assert_array_equal(model.theta_, twin.theta_)


def test_labels_per_step_with_a_monitor():
    X, sums = walks(120)
    y = np.where(sums > 0, "up", "down")
    options = QUICK | {"max_iter": 30, "early_stopping": True, "monitor": "accuracy"}
    model = BatchRNNClassifier(return_sequences=True, **options).fit(X, y)
    assert model.predict(X).shape == y.shape
    assert model.predict_proba(X).shape == (*y.shape, 2)
    assert max(model.validation_scores_) > 0.8
    assert model.score(X, y) == pytest.approx(np.mean(model.predict(X) == y))


@pytest.mark.parametrize("monitor", ["accuracy", "neg_log_loss", "roc_auc"])
def test_any_monitor_scores_labels_per_step_of_sequences_of_all_lengths(monitor):
    X, sums = walks(120)
    X[::3, 5:] = np.nan
    options = QUICK | {"max_iter": 3, "early_stopping": True, "monitor": monitor}
    model = BatchRNNClassifier(return_sequences=True, **options).fit(X, np.where(sums > 0, "up", "down"))
    assert np.isfinite(model.validation_scores_).all()


def test_a_monitor_gets_tokens_with_their_padding():
    padded, seen = TOKENS.astype(float), []
    padded[3, 5:] = np.nan

    def monitor(model, X, y):
        seen.append(X)
        return 0.0

    model = BatchRNNClassifier(embedding=4, max_iter=1, monitor=monitor, **QUICK)
    model.fit(padded, TOKENS[:, 0], X_val=padded, y_val=TOKENS[:, 0])
    (rows,) = seen
    np.testing.assert_array_equal(rows, padded)


def test_tokens_in_objects_are_numbers_and_none_is_padding():
    given, y = TOKENS.astype(object), TOKENS[:, 0]
    given[3, 5:] = None
    padded = TOKENS.astype(float)
    padded[3, 5:] = np.nan
    one, other = (BatchRNNClassifier(embedding=4, max_iter=2, **QUICK).fit(tokens, y) for tokens in (given, padded))
    np.testing.assert_array_equal(one.predict_proba(given), other.predict_proba(padded))


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
    with pytest.raises(
        ValueError, match="`X` must hold tokens, whole numbers from 0 to 4, got 9 in sequence 0 at step 1"
    ):
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


@pytest.mark.parametrize("name", CELLS)
def test_the_object_of_a_cell_says_the_same_as_its_name(name):
    X, sums = walks()
    a, b = (BatchRNNRegressor(cell=cell, max_iter=2, **QUICK).fit(X, sums[:, -1]) for cell in (name, CELLS[name]))
    np.testing.assert_array_equal(a.theta_, b.theta_)


X, Y = walks(20)
TOKENS = np.arange(140).reshape(20, 7) % 5
STEPWISE, EMBEDDED = {"return_sequences": True}, {"embedding": 3}
BOTH = (BatchRNNRegressor, BatchRNNClassifier)
WRONG = {
    "truncate both ways": ({"truncate": 3, "bidirectional": True}, X, Y, "`truncate` must be None with bidirectional"),
    "truncate lbfgs": ({"truncate": 3, "solver": "lbfgs"}, X, Y, "`truncate` must be None with solver='lbfgs'"),
    "truncate LBFGS": ({"truncate": 3, "solver": LBFGS()}, X, Y, "`truncate` must be None with solver='lbfgs'"),
    "no embedding": ({"n_tokens": 5}, TOKENS, Y, "`n_tokens` must be None without `embedding`, .* got 5"),
    "no layers": ({"hidden_layer_sizes": ()}, X, Y, "`hidden_layer_sizes` must name at least one recurrent layer"),
    "channels": ({"n_channels": 3}, X[:, :, 0], Y, "`n_channels` must divide the number of columns of X, 7, got 3"),
    "half a step": ({}, np.where(np.arange(2) == 1, np.nan, X), Y, "`X` must have NaN in all channels of a step or"),
    "infinite": ({}, np.where(X > 2, np.inf, X), Y, "Input X contains infinity"),
    "no steps": ({}, X[:, :0], Y, r"`X` must have shape \(n_sequences, n_steps, n_channels\), none of them 0"),
    "tokens of two": (EMBEDDED, X, Y, r"`X` must hold tokens, .* got shape \(20, 7, 2\) and dtype float64"),
    "no tokens": (EMBEDDED, np.zeros((20, 0, 1)), Y, r"`X` must hold tokens, .* got shape \(20, 0\)"),
    "series of rows": ({}, pd.Series(list(X)), Y, "`X` must be one array, got .*: `pad_sequences` fills them up"),
    "frame of rows": ({}, pd.DataFrame({"x": list(X)}), Y, "`X` must be one array, got .*: `pad_sequences` fills them"),
    "words": (EMBEDDED, np.full((20, 7), "word"), Y, "`X` must hold tokens, .* and dtype <U4"),
    "objects": (EMBEDDED, np.full((20, 7), "word", object), Y, "`X` must hold tokens, .* and dtype object"),
    "halves": (EMBEDDED, TOKENS / 2, Y, "`X` must hold tokens, whole .* got 0.5 in sequence 0 at step 1"),
    "negative": (EMBEDDED, TOKENS - 1, Y, "`X` must hold tokens, whole .* got -1 in sequence 0 at step 0"),
    "negative only": (EMBEDDED, TOKENS * 0 - 1, Y, "`X` must hold tokens, whole numbers from 0 to 0, got -1"),
    "too many": (EMBEDDED | {"n_tokens": 4}, TOKENS, Y, "numbers from 0 to 3, got 4 in sequence 0 at step 4"),
    "sparse": ({}, csr_matrix(X[:, :, 0]), Y, "Sparse data was passed for X, but dense data is required"),
    "one target": (STEPWISE, X, Y[:, 0], "`y` must have a target for every step of X with `return_sequences=True`"),
    "too few steps": (STEPWISE, X, Y[:, :3], r"shape \(20, 7\) or \(20, 7, n_outputs\), got \(20, 3\)"),
    "too few rows": (STEPWISE, X, Y[:9], r"`y` must have a target for every step .*, got \(9, 7\)"),
    "no target": (STEPWISE, X, Y * np.nan, "`y` must have a target at one step at least, got none"),
    "all targets": ({}, X, Y[:, :, None], "`y` must have a target for every sequence, not for every step, with"),
}


@pytest.mark.parametrize("Estimator", BOTH)
@pytest.mark.parametrize(("parameters", "rows", "target", "message"), WRONG.values(), ids=WRONG)
def test_wrong_input_is_told_in_a_sentence(Estimator, parameters, rows, target, message):
    y = target if "return_sequences" in parameters or target.ndim == 3 else target[:, -1]
    y = y if Estimator is BatchRNNRegressor else np.where(np.isnan(y), y, y > 0)
    with pytest.raises((TypeError, ValueError), match=message) as caught:
        Estimator(**parameters).fit(rows, y)
    assert "\n" not in str(caught.value)


LABELS = {
    "integers": (Y * 2).astype(int),
    "words": np.where(Y > 0, "up", "down"),
    "objects": np.where(Y > 0, "up", "down").astype(object),
}


@pytest.mark.parametrize("y", LABELS.values(), ids=LABELS)
def test_labels_of_every_step_ask_for_return_sequences(y):
    expected = r"`y` must have one label for every sequence, .* \(20, 7\): set `return_sequences=True` to learn those"
    with pytest.raises(ValueError, match=expected):
        BatchRNNClassifier().fit(X, y)
    assert BatchRNNClassifier(max_iter=1, **STEPWISE, **QUICK).fit(X, y).predict(X).shape == y.shape


def test_columns_that_are_as_many_as_steps_may_be_an_indicator_or_several_outputs():
    indicator = (Y > 0).astype(int)
    assert BatchRNNClassifier(max_iter=1, **QUICK).fit(X, indicator).predict_proba(X).shape == Y.shape
    assert BatchRNNRegressor(max_iter=1, **QUICK).fit(X, LABELS["integers"]).predict(X).shape == Y.shape


FORMS = {
    "steps": (X, r"`X` must have shape \(n_samples, n_steps, 2\), as in training, got"),
    "columns": (X[:, :, 0], r"`X` must have shape \(n_samples, n_steps \* 1\), as in training, got"),
}


@pytest.mark.parametrize(("rows", "message"), FORMS.values(), ids=FORMS)
def test_the_form_of_the_first_rows_is_that_of_all(rows, message):
    model = BatchRNNRegressor(max_iter=1, warm_start=True, **QUICK).fit(rows, Y[:, -1])
    for other in (X[:, :, :1], X[:, :, 0] if rows.ndim == 3 else X):
        for call in (model.predict, lambda Z: model.fit(Z, Y[:, -1]), lambda Z: model.partial_fit(Z, Y[:, -1])):
            with pytest.raises(ValueError, match=message):
                call(other)
    model.set_params(warm_start=False).fit(X[:, :, :1], Y[:, -1])
    assert model.n_features_in_ == 1


def test_what_cannot_be_predicted_step_by_step():
    model = BatchRNNRegressor(max_iter=1, **QUICK).fit(X, Y[:, -1])
    with pytest.raises(ValueError, match=r"`X` must hold no padding in `predict_next`, .*, got NaN"):
        model.predict_next(np.where(np.arange(7)[:, None] == 6, np.nan, X))
    with pytest.raises(ValueError, match=r"left for the same rows, of shape \(5, 8\), got \(20, 8\)$"):
        model.predict_next(X[:5], model.predict_next(X)[1])
    for state, told in ((0.0, "an object of type float"), ((None, None), "a tuple of 2")):
        expected = f"^`state` must be None or what the step before returned, a list of 3, got {told}$"
        with pytest.raises(ValueError, match=expected):
            model.predict_next(X, state)
    with pytest.raises(NotFittedError):
        BatchRNNRegressor().predict_next(X)
    both_ways = BatchRNNRegressor(bidirectional=True, max_iter=1, **QUICK).fit(X, Y[:, -1])
    with pytest.raises(
        ValueError, match=r"`predict_next` needs bidirectional=False: .* the future is unknown, got True$"
    ):
        both_ways.predict_next(X)


def test_steps_of_columns_come_with_their_channels():
    model = BatchRNNRegressor(n_channels=2, max_iter=1, **QUICK).fit(X.reshape(20, -1), Y[:, -1])
    expected = model.predict(X.reshape(20, -1))
    _, state = model.predict_next(X[:, :4])
    for last in (X[:, 4:], X[:, 4:].reshape(20, -1)):
        np.testing.assert_allclose(model.predict_next(last, state)[0], expected, rtol=1e-9)
    expected = r"\(n_samples, n_steps, 2\) or \(n_samples, n_steps \* 2\), as in training, got \(20, 1\)$"
    with pytest.raises(ValueError, match=f"^`X` must have shape {expected}"):
        model.predict_next(X[:, 0, :1])


def few_targets(n_known=10):
    """A hundred sequences, of which the first few have targets."""
    X, sums = walks(100, 6, 1)
    sums[n_known:] = np.nan
    return X, sums


@pytest.mark.parametrize("shuffle", [True, False])
def test_rows_without_a_target_are_as_good_as_absent(shuffle):
    X, y = few_targets()
    options = QUICK | {"return_sequences": True, "early_stopping": True, "shuffle": shuffle, "max_iter": 4}
    model, alone = BatchRNNRegressor(**options).fit(X, y), BatchRNNRegressor(**options).fit(X[:10], y[:10])
    np.testing.assert_allclose(model.predict(X), alone.predict(X), rtol=1e-9)
    np.testing.assert_allclose(model.loss_curve_, alone.loss_curve_, rtol=1e-9)
    np.testing.assert_allclose(model.validation_loss_curve_, alone.validation_loss_curve_, rtol=1e-9)
    assert min(model.validation_loss_curve_) > 0


@pytest.mark.parametrize("Estimator", BOTH)
def test_no_target_with_a_weight_is_told_in_a_sentence(Estimator):
    X, y = few_targets()
    y = y if Estimator is BatchRNNRegressor else np.where(np.isnan(y), y, y > 0)
    weight = np.r_[np.zeros(10), np.ones(90)]
    model = Estimator(return_sequences=True, max_iter=1, **QUICK)
    with pytest.raises(ValueError, match="`y` must have a target in a row of weight > 0, got none"):
        model.fit(X, y, sample_weight=weight)
    with pytest.raises(ValueError, match=r"^validation rows \(.*\): `y_val` must have a target in a row of weight > 0"):
        model.fit(X[:10], y[:10], X_val=X, y_val=y, sample_weight_val=weight)


def test_the_steps_of_rows_held_out_do_not_count_in_the_training_loss():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(40, 30, 1)), rng.normal(size=(40, 30))
    X[20:, 1:] = np.nan
    options = QUICK | {"return_sequences": True, "shuffle": False, "max_iter": 3}
    model = BatchRNNRegressor(early_stopping=True, validation_fraction=0.5, **options).fit(X, y)
    alone = BatchRNNRegressor(**options).fit(X[:20], y[:20])
    np.testing.assert_allclose(model.history_["data_loss"], alone.history_["data_loss"], rtol=1e-9)


def test_several_steps_ahead_of_several_series():
    windows, y = make_windows(walks(60, T=1)[0][:, 0], n_steps=5, horizon=3)
    model = BatchRNNRegressor(max_iter=1, **QUICK).fit(windows, y)
    assert model.predict(windows).shape == y.shape == (53, 6)


@pytest.mark.parametrize("Estimator", BOTH)
@pytest.mark.parametrize("every_step", [False, True])
def test_a_setting_changed_after_fit_waits_for_the_next_fit(Estimator, every_step):
    y = (Y if every_step else Y[:, -1]) > 0
    y = y.astype(float) if Estimator is BatchRNNRegressor else y
    model = Estimator(return_sequences=every_step, max_iter=1, **QUICK).fit(X, y)
    score = model.score(X, y)
    assert model.set_params(return_sequences=not every_step).score(X, y) == score
    assert model.fit(X, (Y[:, -1] if every_step else Y) > 0).predict(X).shape == (Y[:, -1] if every_step else Y).shape


def test_labels_of_every_step_may_stand_in_a_column_of_their_own():
    a, b = (BatchRNNClassifier(max_iter=1, **STEPWISE, **QUICK).fit(X, y) for y in (Y > 0, (Y > 0)[:, :, None]))
    np.testing.assert_array_equal(a.theta_, b.theta_)
    assert b.score(X, (Y > 0)[:, :, None]) == a.score(X, Y > 0)


@pytest.mark.parametrize("missing", [np.nan, None, pd.NA], ids=str)
@pytest.mark.parametrize("labels", [[1, 2], ["up", "down"]], ids=str)
def test_labels_among_which_some_are_missing(labels, missing):
    y = np.array(labels, object)[(Y > 0).astype(int)]
    without, y[:, 0] = y.copy(), missing
    model = BatchRNNClassifier(max_iter=1, **STEPWISE, **QUICK).fit(X, y)
    assert model.classes_.tolist() == sorted(labels)
    assert model.score(X, y) == np.mean((model.predict(X) == without)[:, 1:])


@pytest.mark.parametrize(("n", "steps"), [(10, 1), (100, 4), (500, 10), (2100, 11)])
def test_few_sequences_are_taken_in_small_batches(n, steps):
    """A last layer that starts at zero does not learn in ten epochs of one step each."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(n, 2, 1)), rng.normal(size=n)
    rates = []
    model = BatchRNNRegressor(learning_rate=lambda step, total: rates.append(total) or 1.0, max_iter=2, **ENDLESS)
    model.fit(X, y)
    assert rates[-1] == 2 * steps


def test_the_standard_deviation_goes_step_by_step_too():
    model = BatchRNNRegressor(loss="gaussian", max_iter=2, **QUICK).fit(X, Y[:, -1])
    _, state = model.predict_next(X[:, :3])
    (y, std), _ = model.predict_next(X[:, 3:], state, return_std=True)
    np.testing.assert_allclose((y, std), model.predict(X, return_std=True), rtol=1e-9)
    with pytest.raises(ValueError, match="`return_std` must be False for a loss that learns no standard deviation"):
        BatchRNNRegressor(max_iter=1, **QUICK).fit(X, Y[:, -1]).predict_next(X, return_std=True)


def test_what_says_how_X_is_read_may_be_said_again_but_not_otherwise():
    model = BatchRNNRegressor(max_iter=1, **ENDLESS).fit(X, Y[:, 0]).set_params(n_channels=2)
    model.partial_fit(X, Y[:, 0])  # X has three dimensions, which say it themselves
    columns = X.reshape(len(X), -1)
    model = BatchRNNRegressor(n_channels=2, max_iter=1, **ENDLESS).fit(columns, Y[:, 0]).set_params(n_channels=7)
    with pytest.raises(ValueError, match="in which n_channels was 2 and cannot change, got 7"):
        model.partial_fit(columns, Y[:, 0])
    model = BatchRNNRegressor(embedding=2, max_iter=1, **ENDLESS).fit(TOKENS, Y[:, 0])
    model.set_params(n_tokens=int(TOKENS.max()) + 1).partial_fit(TOKENS, Y[:, 0])
    with pytest.raises(ValueError, match=r"in which n_tokens was \d and cannot change, got 99"):
        model.set_params(n_tokens=99).partial_fit(TOKENS, Y[:, 0])


def test_targets_per_step_with_gaps_are_told_from_one_each():
    with pytest.raises(ValueError, match="of which some are missing: set `return_sequences=True` to learn those"):
        BatchRNNRegressor().fit(X, np.where(Y > 0, Y, np.nan))


def test_a_state_may_have_been_a_list():
    model = BatchRNNRegressor(max_iter=1, **ENDLESS).fit(X, Y[:, 0])
    _, state = model.predict_next(X)
    lists = [None if part is None else part.tolist() for part in state]
    np.testing.assert_array_equal(model.predict_next(X, lists)[0], model.predict_next(X, state)[0])


@pytest.mark.parametrize("method", ["predict", "score"])
def test_numbers_that_single_precision_cannot_hold(method, rng):
    X = rng.normal(size=(50, 6, 1))
    y = X[:, -1, 0]
    model = BatchRNNRegressor(hidden_layer_sizes=(4,), max_iter=1, **ENDLESS).fit(X.astype(np.float32), y)
    X[3, 2] = 1e300
    with pytest.raises(ValueError, match=r"`X` must be within \+-3.4e\+38 for a model fitted to float32, got 1e\+300"):
        getattr(model, method)(*(X, y)[: 1 + (method == "score")])


@pytest.mark.parametrize("bidirectional", [False, True])
def test_weights_and_biases_belong_together_and_tokens_have_vectors(bidirectional):
    model = BatchRNNRegressor(
        hidden_layer_sizes=(5, 3), embedding=2, bidirectional=bidirectional, max_iter=1, **ENDLESS
    ).fit(TOKENS, Y[:, 0])
    assert [W.shape[1] for W in model.coefs_] == [len(b) for b in model.intercepts_]
    assert len(model.coefs_) == 3
    assert model.n_layers_ == 4
    assert model.embedding_.shape == (TOKENS.max() + 1, 2)
    assert np.shares_memory(model.embedding_, model.theta_)
    assert model.set_params(embedding=None).embedding_.shape[1] == 2
    assert not hasattr(BatchRNNRegressor(max_iter=1, **ENDLESS).fit(X, Y[:, 0]), "embedding_")
    with pytest.raises(NotFittedError):
        _ = BatchRNNRegressor().embedding_
