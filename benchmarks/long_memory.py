"""What each cell can remember: the adding problem, and a copy after a lag.

    python benchmarks/long_memory.py [--seeds 0 1 2] [--tasks adding copy] [--cells elman gru lstm] [--steps 100]

Adding (Hochreiter and Schmidhuber 1997): of 100 random numbers two are marked, one in each half; their sum is wanted at
the end. Copy: five symbols out of eight, twenty blanks, a signal to begin, and the symbols are wanted in their order.
Both are measured on sequences that were not trained on.
"""

import argparse
import time

import numpy as np
from sklearn.metrics import mean_squared_error

from skbackprop import BatchRNNClassifier, BatchRNNRegressor, Elman, Logistic

CELLS = {"sigmoid Elman": Elman(Logistic()), "tanh Elman": "elman", "GRU": "gru", "LSTM": "lstm"}
COMMON = {"hidden_layer_sizes": (64,), "batch_size": 50, "clip_norm": 1.0, "n_iter_no_change": float("inf")}
EPOCHS = {"adding": 20, "copy": 50}
SYMBOLS, RECALL = 8, 5


def adding(n, T, rng):
    """Numbers and marks, of shape (n, T, 2), and the sum of the two that are marked."""
    X = np.zeros((n, T, 2), np.float32)
    X[:, :, 0] = rng.random((n, T))
    first, second = rng.integers(0, T // 2, n), rng.integers(T // 2, T, n)
    rows = np.arange(n)
    X[rows, first, 1] = X[rows, second, 1] = 1.0
    return X, X[rows, first, 0] + X[rows, second, 0]


def copy(n, lag, rng):
    """Tokens, of shape (n, RECALL + lag + RECALL); and labels at the last RECALL steps, NaN before."""
    blank, signal = SYMBOLS, SYMBOLS + 1
    symbols = rng.integers(0, SYMBOLS, (n, RECALL))
    X = np.full((n, lag + 2 * RECALL), blank)
    X[:, :RECALL], X[:, RECALL + lag - 1] = symbols, signal
    y = np.full(X.shape, np.nan)
    y[:, -RECALL:] = symbols
    return X, y


def solve_adding(cell, seed, T=100, n=5000, epochs=EPOCHS["adding"]):
    """The mean squared error on new sequences after every epoch; 1/6 is that of the mean."""
    rng = np.random.default_rng(seed)
    (X, y), (X_val, y_val) = adding(n, T, rng), adding(1000, T, rng)
    model = BatchRNNRegressor(cell=cell, learning_rate_init=0.003, max_iter=epochs, random_state=seed, **COMMON)
    model.fit(X, y, X_val=X_val, y_val=y_val)
    return 2 * model.model_.units.worth[0] * np.array(model.validation_loss_curve_), model.score(X_val, y_val)


if __name__ == "__main__":
    import sys

    for name in sys.argv[1:]:
        start = time.process_time()
        print(name, solve_adding(CELLS[name], 0), time.process_time() - start, flush=True)
