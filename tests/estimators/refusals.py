"""What the tests of refusals share: rows, ways to spoil them, and that a call which fails costs nothing."""

import copy

import numpy as np
import pytest

from tests.estimators.kinds import ESTIMATORS, KINDS, PERCEPTRONS, SEQUENCES, saddle

X, f = saddle(40)
NAMES = ["a", "b", "c"]
WIDER, NARROWER = np.column_stack([X, X[:, 0]]), X[:, :2]

methods = pytest.mark.parametrize("method", ["fit", "partial_fit"])


def only(*names):
    return pytest.mark.parametrize("kind", [KINDS[name] for name in names], ids=names, indirect=True)


def only_estimators_of(kinds):
    return only(*[name for name, kind in kinds.items() if kind in ESTIMATORS.values()])


only_numbers, only_classes = only("numbers", "sequences of numbers"), only("classes", "sequences of classes")
only_perceptrons, only_sequences = only_estimators_of(PERCEPTRONS), only_estimators_of(SEQUENCES)


def changed(array, value, at=5):
    """A copy with one wrong value in it."""
    array = np.array(array, dtype=np.result_type(array, type(value)))
    array[at] = value
    return array


class Unchanged:
    """Holds that the model still is what it was: predictions, widths, names, history and the steps that follow."""

    def __init__(self, kind, model, rows=X):
        self.kind, self.model, self.rows, self.names = kind, model, rows, set(vars(model))
        self.twin = copy.deepcopy(model)

    def __enter__(self):
        return self.model

    def __exit__(self, *error):
        kind, model, twin = self.kind, self.model, self.twin
        assert set(vars(model)) == self.names
        np.testing.assert_array_equal(kind.output(model, self.rows), kind.output(twin, self.rows))
        np.testing.assert_array_equal(model.predict(self.rows), twin.predict(self.rows))
        assert model.n_features_in_ == twin.n_features_in_
        assert list(getattr(model, "feature_names_in_", [])) == list(getattr(twin, "feature_names_in_", []))
        assert model.history_ == twin.history_
        assert (model.n_iter_, model.t_, model.loss_) == (twin.n_iter_, twin.t_, twin.loss_)
        if hasattr(model, "partial_fit") and not error[0]:
            model.set_params(**twin.get_params())
            target = kind.target(np.abs(f))
            steps = [kind.step(copy.deepcopy(one), self.rows, target).theta_ for one in (model, twin)]
            np.testing.assert_array_equal(*steps)


def refused(match):
    return pytest.raises((TypeError, ValueError), match=match)
