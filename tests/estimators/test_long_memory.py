"""The adding problem: what gates remember over a hundred steps, and a sigmoid without them does not."""

import numpy as np
import pytest
from sklearn.metrics import mean_squared_error

from skbackprop import BatchRNNRegressor, Elman, Logistic

GUESSING = 1 / 6


def adding(n, T, rng):
    """Numbers and marks, of shape (n, T, 2), and the sum of the two that are marked, one in each half."""
    X, rows = np.zeros((n, T, 2), np.float32), np.arange(n)
    X[:, :, 0] = rng.random((n, T))
    first, second = rng.integers(0, T // 2, n), rng.integers(T // 2, T, n)
    X[rows, first, 1] = X[rows, second, 1] = 1.0
    return X, X[rows, first, 0] + X[rows, second, 0]


def least_error(cell, T, n, epochs):
    """The least mean squared error on new sequences after any epoch; the first below 0.01 is enough."""
    rng = np.random.default_rng(0)
    (X, y), (X_new, y_new) = adding(n, T, rng), adding(500, T, rng)
    model = BatchRNNRegressor(cell=cell, hidden_layer_sizes=(24,), learning_rate_init=0.01, batch_size=25)
    model.set_params(random_state=0)
    least = np.inf
    for _ in range(epochs):
        least = min(least, mean_squared_error(y_new, model.partial_fit(X, y).predict(X_new)))
        if least < 0.01:
            break
    return least


@pytest.mark.parametrize(("cell", "T"), [("gru", 100), ("lstm", 50)])
def test_gates_solve_it(cell, T):
    assert least_error(cell, T, 2000, 8) < 0.01


def test_a_sigmoid_without_gates_does_no_better_than_guessing():
    assert least_error(Elman(Logistic()), 100, 2000, 6) > 0.8 * GUESSING
