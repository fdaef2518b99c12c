"""The estimators that share one set of promises, each with a kind of target: what a test must know to hold them to it.

A test makes its rows and a column of numbers that depends on them; the kind turns the column into a target, and knows
which prediction to compare. To recurrent networks the columns of a row are steps, of one channel each. A new estimator,
or another kind of target, is an entry of PERCEPTRONS or SEQUENCES; what only one of the two promises is asked of it
alone, all else of both.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from sklearn.neural_network import MLPClassifier, MLPRegressor

from skbackprop import (
    CLASSIFICATION_LOSSES,
    LOSSES,
    BatchMLPClassifier,
    BatchMLPRegressor,
    BatchRNNClassifier,
    BatchRNNRegressor,
    Elman,
)

ENDLESS = {"n_iter_no_change": math.inf, "random_state": 0}
"""Parameters of fits that take all of their epochs, and alike every time."""


def saddle(n, d=3):
    """Columns between -1 and 1, and x0 x1 + x2, of which no line comes near."""
    X = np.random.RandomState(0).uniform(-1, 1, (n, d))
    return X, X[:, 0] * X[:, 1] + X[:, 2]


def by_layer(model, vector=None):
    """The parameters of each layer, or the part of another vector that is theirs; the first layer standardises."""
    return model.model_.network.parameters.views(model.theta_ if vector is None else vector)


@dataclass(frozen=True)
class Kind:
    """An estimator and what it learns.

    Parameters
    ----------
    Estimator : class
    losses : dict
        What ``loss`` may name.
    target : callable
        Makes y from a column of numbers; of classes, about as many of each.
    method : str
        The prediction that tells most: it is compared number by number.
    raw : str
        The prediction that is linear in the last hidden layer.
    monitor : str
        A scorer, greater being better.
    mean_loss : callable
        (y, prediction, y of training) to what ``validation_loss_curve_`` holds for the default loss.
    activated : callable
        Makes the parameters that let all hidden units go through an activation.
    classes : sequence, default=None
        What the first ``partial_fit`` must be told.
    Peer : class, default=None
        scikit-learn's of the same parameters, where it has one.
    quick : dict, default={}
        Parameters that make it small, unless a test says otherwise.
    side_by_side : callable
        Makes the parameters with which so many columns are read at once, each in its own unit.
    """

    Estimator: type
    losses: dict[str, Any]
    target: Callable
    method: str
    raw: str
    monitor: str
    mean_loss: Callable
    activated: Callable
    classes: Any = None
    Peer: type | None = None
    quick: dict[str, Any] = field(default_factory=dict)
    side_by_side: Callable = lambda columns: {}

    def make(self, **parameters):
        return self.Estimator(**self.quick | parameters)

    def output(self, model, X):
        return getattr(model, self.method)(X)

    def raw_output(self, model, X):
        raw = getattr(model, self.raw)(X)
        return raw.reshape(len(raw), -1)

    def step(self, model, X, y, **weights):
        """``partial_fit``, told of all classes where there are classes."""
        said = {} if self.classes is None else {"classes": self.classes}
        return model.partial_fit(X, y, **said, **weights)

    def train(self, model, method, X, y, **weights):
        """``fit`` or ``partial_fit``."""
        return model.fit(X, y, **weights) if method == "fit" else self.step(model, X, y, **weights)


def numbers(f):
    return f


def two_classes(f):
    return np.where(f > np.median(f), "yes", "no")


def three_classes(f):
    return np.array([3, 5, 8])[np.searchsorted(np.quantile(f, [1 / 3, 2 / 3]), f)]


def labels(f):
    """Two that depend on each other and one that is their opposite."""
    return np.column_stack([f > np.quantile(f, 0.3), f > np.quantile(f, 0.6), f < np.median(f)]).astype(int)


def half_squared_error(y, predicted, y_train):
    return 0.5 * np.mean((predicted - y) ** 2) / y_train.var()


def cross_entropy(y, p, y_train):
    """Of the class that is the case; of an indicator, summed over the columns."""
    if y.ndim == 2:
        return -np.mean(np.log(np.where(y, p, 1 - p)).sum(axis=1))
    return -np.mean(np.log(p[np.arange(len(y)), np.searchsorted(np.unique(y_train), y)]))


REGRESSOR = {
    "losses": LOSSES,
    "target": numbers,
    "method": "predict",
    "raw": "predict",
    "monitor": "r2",
    "mean_loss": half_squared_error,
}
CLASSIFIER = {
    "losses": CLASSIFICATION_LOSSES,
    "method": "predict_proba",
    "raw": "decision_function",
    "monitor": "accuracy",
    "mean_loss": cross_entropy,
}
TWO = {"target": two_classes, "classes": ["no", "yes"]}
LABELS = {"target": labels, "classes": [0, 1, 2]}
THREE = {"target": three_classes, "classes": [3, 5, 8]}

FOR_NUMBERS = {"Estimator": BatchMLPRegressor, "Peer": MLPRegressor, "activated": lambda f: {"activation": f}}
FOR_CLASSES = {"Estimator": BatchMLPClassifier, "Peer": MLPClassifier, "activated": lambda f: {"activation": f}}
PERCEPTRONS = {
    "numbers": Kind(**FOR_NUMBERS, **REGRESSOR),
    "two classes": Kind(**FOR_CLASSES, **CLASSIFIER, **TWO),
    "labels": Kind(**FOR_CLASSES, **CLASSIFIER, **LABELS),
    "classes": Kind(**FOR_CLASSES, **CLASSIFIER, **THREE),
}
RECURRENT = {
    "activated": lambda f: {"cell": Elman(f)},
    "quick": {"cell": "elman", "hidden_layer_sizes": (16,)},
    "side_by_side": lambda columns: {"n_channels": columns},
}
SEQUENCES = {
    "sequences of numbers": Kind(BatchRNNRegressor, **RECURRENT, **REGRESSOR),
    "sequences of labels": Kind(BatchRNNClassifier, **RECURRENT, **CLASSIFIER, **LABELS),
    "sequences of classes": Kind(BatchRNNClassifier, **RECURRENT, **CLASSIFIER, **THREE),
}
KINDS = PERCEPTRONS | SEQUENCES
REGRESSORS = {name: kind for name, kind in KINDS.items() if kind.classes is None}
CLASSIFIERS = {name: kind for name, kind in KINDS.items() if kind.classes is not None}


def one_each(kinds):
    """For what has nothing to do with the kind of target: one for every estimator, the last of each."""
    return {kind.Estimator.__name__: kind for kind in kinds.values()}


def over(kinds):
    """A test for each of the kinds, told by name."""
    return pytest.mark.parametrize("kind", kinds.values(), ids=kinds)


ESTIMATORS = one_each(KINDS)
every_kind, every_perceptron, every_estimator = over(KINDS), over(PERCEPTRONS), over(ESTIMATORS)
every_loss = pytest.mark.parametrize(
    ("kind", "loss"),
    [pytest.param(kind, loss, id=f"{name}-{loss}") for name, kind in KINDS.items() for loss in kind.losses],
)
