"""Class weights where every step has a label: they weigh the steps of a class, as they weigh rows elsewhere."""

import math

import numpy as np
import pytest
from sklearn.utils.class_weight import compute_class_weight

from skbackprop import BatchRNNClassifier

OPTIONS = {"hidden_layer_sizes": (6,), "learning_rate_init": 0.01, "batch_size": 20, "max_iter": 4}
OPTIONS |= {"n_iter_no_change": math.inf, "random_state": 0}
CLASSES = ["odd", "rare", "usual"]


def labelled(n=80, T=7, missing=True, seed=0, noise=0.5):
    """Sequences of unequal length with a label at most of their steps; y is of dtype object where some are missing."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, T, 2))
    f = X[:, :, 0] + noise * rng.normal(size=(n, T))
    y = np.where(f > 1.3, "rare", np.where(f > 0.5, "odd", "usual")).astype(object)
    if missing:
        X[np.arange(T) >= rng.integers(2, T + 1, n)[:, None]] = np.nan
        y[rng.random((n, T)) < 0.2] = None
    return X, y


def net(class_weight=None, **options):
    return BatchRNNClassifier(return_sequences=True, class_weight=class_weight, **OPTIONS | options)


def known(X, y):
    return ~np.isnan(X[:, :, 0]) & (y != None)  # noqa: E711


@pytest.mark.parametrize("class_weight", ["balanced", {"rare": 5.0}, {"rare": 3, "odd": 0, "usual": 0.5}], ids=str)
@pytest.mark.parametrize("options", [{}, {"early_stopping": True, "shuffle": False}, {"solver": "lbfgs"}], ids=str)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_of_sequences_of_one_step_they_are_those_of_rows(class_weight, options, weighted):
    """Without units of X, whose mean and spread are those of all steps, whatever their class."""
    X, y = labelled(200, 1, missing=False)
    weight = np.random.default_rng(1).uniform(0.1, 2, 200) if weighted else None
    options = OPTIONS | options | {"standardize": False, "alpha": 0.1, "class_weight": class_weight}
    steps = BatchRNNClassifier(return_sequences=True, **options).fit(X, y, weight)
    rows = BatchRNNClassifier(**options).fit(X, y[:, 0], weight)
    np.testing.assert_allclose(steps.theta_, rows.theta_, rtol=1e-9)
    np.testing.assert_allclose(steps.loss_curve_, rows.loss_curve_, rtol=1e-9)
    if rows.validation_loss_curve_:
        np.testing.assert_allclose(steps.validation_loss_curve_, rows.validation_loss_curve_, rtol=1e-9)


@pytest.mark.parametrize("class_weight", ["balanced", {"rare": 5.0, "odd": 2.0}, {"odd": 0.0}], ids=str)
@pytest.mark.parametrize("truncate", [None, 3])
def test_the_losses_are_means_over_weighted_steps(class_weight, truncate):
    """On the rows trained on, at weights that do not move, and on others."""
    (X, y), (X_val, y_val) = labelled(), labelled(50, seed=1)
    weight, weight_val = np.random.default_rng(2).uniform(0.1, 2, 80), np.random.default_rng(3).uniform(0.1, 2, 50)
    options = {"alpha": 0.0, "batch_size": "full", "learning_rate_init": 1e-12, "truncate": truncate, "max_iter": 1}
    model = net(class_weight, **options).fit(X, y, weight, X_val=X_val, y_val=y_val, sample_weight_val=weight_val)
    if class_weight == "balanced":
        sums = np.array([((y == label) & known(X, y)).sum(axis=1) @ weight for label in CLASSES])
        each = dict(zip(CLASSES, sums.sum() / (3 * sums), strict=True))
    else:
        each = dict.fromkeys(CLASSES, 1.0) | class_weight

    def mean_loss(X, y, weight):
        at = known(X, y)
        of_steps = np.repeat(weight, at.sum(axis=1)) * [each[label] for label in y[at]]
        column = [CLASSES.index(label) for label in y[at]]
        return np.average(-model.predict_log_proba(X)[at][np.arange(len(column)), column], weights=of_steps)

    assert model.history_["data_loss"][0] == pytest.approx(mean_loss(X, y, weight), rel=1e-6)
    assert model.validation_loss_curve_[0] == pytest.approx(mean_loss(X_val, y_val, weight_val), rel=1e-6)


@pytest.mark.parametrize("standardize", [True, False])
@pytest.mark.parametrize("options", [{}, {"early_stopping": True, "monitor": "accuracy"}], ids=str)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_steps_of_weight_zero_count_as_steps_without_a_label(standardize, options):
    X, y = labelled()
    y[:5, :] = "odd"  # of whole sequences
    a = net({"odd": 0.0}, standardize=standardize, **options).fit(X, y)
    without = np.where(y == "odd", None, y)
    without[0, 0], weight = "odd", np.r_[0.0, np.ones(79)]  # so that the class is known
    b = net(standardize=standardize, **options).fit(X, without, weight)
    if not standardize:  # else X of the five sequences is seen by one only
        np.testing.assert_allclose(a.theta_, b.theta_, rtol=1e-6)
    assert a.classes_.tolist() == b.classes_.tolist() == CLASSES


def test_balanced_weights_find_the_rare():
    X, y = labelled(300, missing=False, noise=1.0)
    y[y != "rare"] = "usual"
    found = [
        np.mean(net(w, max_iter=30).fit(X[:200], y[:200]).predict(X[200:])[y[200:] == "rare"] == "rare")
        for w in (None, "balanced")
    ]
    assert found[0] < 0.6
    assert found[1] > 0.75


def test_balanced_over_all_steps_of_a_stream():
    """The second call weighs its steps by the counts of both."""
    X, y = labelled()
    a, b, parts = net("balanced"), net(), (slice(0, 30), slice(30, 80))
    for part in parts:
        seen = slice(0, part.stop)
        labels = y[seen][known(X[seen], y[seen])].astype(str)
        each = compute_class_weight("balanced", classes=np.array(CLASSES), y=labels)
        a.partial_fit(X[part], y[part], CLASSES)
        b.set_params(class_weight=dict(zip(CLASSES, each, strict=True))).partial_fit(X[part], y[part], CLASSES)
        np.testing.assert_allclose(a.theta_, b.theta_, rtol=1e-9)


def test_what_leaves_no_step_is_refused():
    X, y = labelled()
    with pytest.raises(ValueError, match="`class_weight` must leave training rows of weight > 0, got none"):
        net(dict.fromkeys(CLASSES, 0)).fit(X, y)
    with pytest.raises(ValueError, match="`class_weight` must be None for a multilabel indicator, got 'balanced'"):
        net("balanced").fit(X[:, :2], np.ones((80, 2, 3), int))
