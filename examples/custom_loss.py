"""A loss of your own: written, checked, cloned, pickled, and compared with the built-in ones in a grid search.

``python examples/custom_loss.py`` prints the results. The data are Friedman's first function, with one training target
in twenty far off; the test rows are clean.
"""

import pickle
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.datasets import make_friedman1
from sklearn.metrics import mean_absolute_error
from sklearn.model_selection import GridSearchCV, train_test_split

from skbackprop import BatchMLPRegressor, RobustLoss, check_loss


@dataclass(frozen=True)
class Charbonnier(RobustLoss):
    """sum_k delta^2 (sqrt(1 + (r_k / delta)^2) - 1), with r = raw - y; its gradient is r / sqrt(1 + (r / delta)^2).

    The family of robust losses brings the rest: delta, link, units, best constant, score.
    """

    def value_and_gradient(self, y, raw, weight, out):
        residual, delta = raw - y, np.array(self.delta, raw.dtype)  # read raw before writing out, which may be raw
        root = np.sqrt(1 + (residual / delta) ** 2)
        np.divide(residual, root, out=out)
        terms = delta**2 * (root - 1)
        if weight is None:
            return float(terms.sum())
        out *= weight[:, None]
        return float(weight @ terms.sum(axis=1))


@dataclass(frozen=True)
class Slip(Charbonnier):
    """The same with a slip of the pen in the gradient."""

    def value_and_gradient(self, y, raw, weight, out):
        value = super().value_and_gradient(y, raw, weight, out)
        out *= 2
        return value


def check():
    check_loss(Charbonnier(0.5))
    print("check_loss has nothing to say of Charbonnier(0.5)")
    try:
        check_loss(Slip(0.5))
    except AssertionError as error:
        print(f"check_loss of the slip: {error}\n")


def data():
    X, y = make_friedman1(n_samples=1500, noise=1.0, random_state=0)
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    far = np.random.default_rng(0).random(len(y_train)) < 0.05
    return X_train, X_test, np.where(far, y_train + 100, y_train), y_test


def main():
    check()
    X_train, X_test, y_train, y_test = data()
    model = BatchMLPRegressor(
        loss=Charbonnier(0.1), hidden_layer_sizes=(50,), learning_rate_init=0.01, learning_rate="cosine", max_iter=60
    )
    model.set_params(random_state=0)
    assert clone(model).loss == model.loss

    losses = ["squared_error", "huber", "absolute_error", *(Charbonnier(delta) for delta in (0.03, 0.1, 0.3, 1.0))]
    search = GridSearchCV(model, {"loss": losses}, scoring="neg_median_absolute_error", cv=3).fit(X_train, y_train)
    rows = {
        str(loss): {
            "median |error| in the search": -score,
            "mean |error| on test rows": mean_absolute_error(
                y_test, clone(model).set_params(loss=loss).fit(X_train, y_train).predict(X_test)
            ),
        }
        for loss, score in zip(losses, search.cv_results_["mean_test_score"], strict=True)
    }
    print(pd.DataFrame(rows).T.to_string(float_format="{:.3f}".format))
    print(f"\nchosen: {search.best_params_['loss']}")

    again = pickle.loads(pickle.dumps(search.best_estimator_))
    assert np.array_equal(again.predict(X_test), search.predict(X_test))
    print("pickled and read again: the same predictions")


if __name__ == "__main__":
    main()
