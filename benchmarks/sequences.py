"""Real sequences: speakers of Japanese vowels, and the number of sunspots one month ahead.

    python benchmarks/sequences.py --data DIR [--sets vowels sunspots] [--seeds 0 1 2]

DIR holds seq_japanese_vowels.npz (``X_flat``, the steps of all sequences one below the other; ``lengths``; ``y``; and
``n_train``, the number of sequences at the beginning that are for training: the official split) and
seq_sunspots_monthly.npz (``values``, of shape (T, 1)). Sequences are used as measured, unscaled.
"""

import argparse
import os
import platform
import time
from pathlib import Path

import numpy as np
import sklearn
from sklearn.linear_model import LinearRegression
from sklearn.metrics import root_mean_squared_error

from skbackprop import BatchRNNClassifier, BatchRNNRegressor, make_windows, pad_sequences

LAGS = 36
PLANNED = {"learning_rate": "cosine", "learning_rate_init": 0.005, "n_iter_no_change": float("inf")}
VOWELS = {
    "one direction": {},
    "both": {"bidirectional": True},
    "both, cosine": {"bidirectional": True, "batch_size": 32, "max_iter": 60, **PLANNED},
    "both, cosine, dropout": {
        "bidirectional": True,
        "dropout": 0.5,
        "recurrent_dropout": 0.2,
        "batch_size": 32,
        "max_iter": 30,
        **PLANNED,
    },
}
SUNSPOTS = {"defaults": {}, "cosine": {"max_iter": 30, **PLANNED}}


def vowels(folder):
    """Training and test sequences and labels."""
    with np.load(folder / "seq_japanese_vowels.npz") as file:
        n, y = int(file["n_train"]), file["y"]
        X = pad_sequences(np.split(file["X_flat"], np.cumsum(file["lengths"])[:-1]))
    return X[:n], X[n:], y[:n], y[n:]


def sunspots(folder):
    """Windows and the months after them; the last fifth is for testing."""
    with np.load(folder / "seq_sunspots_monthly.npz") as file:
        X, y = make_windows(file["values"][:, 0], LAGS)
    n = len(y) - round(0.2 * len(y))
    return X[:n], X[n:], y[:n], y[n:]


def accuracy(y, predicted):
    return 100 * np.mean(y == predicted)


def measure(Model, parameters, seeds, error, X_train, X_test, y_train, y_test):
    """A row of the table: the measure for every seed, and the mean processor seconds and epochs of a fit."""
    values, epochs, start = [], [], time.process_time()
    for seed in seeds:
        model = Model(random_state=seed, **parameters).fit(X_train, y_train)
        values.append(error(y_test, model.predict(X_test)))
        epochs.append(model.n_iter_)
    seconds = (time.process_time() - start) / len(seeds)
    each = ", ".join(f"{value:.2f}" for value in values)
    return f"{np.median(values):.2f} | {each} | {np.mean(epochs):.0f} | {seconds:.1f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sets", nargs="+", choices=["vowels", "sunspots"], default=["vowels", "sunspots"])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    arguments = parser.parse_args()
    print(f"{platform.machine()}, {os.cpu_count()} cores; numpy {np.__version__}, scikit-learn {sklearn.__version__}\n")
    print("| set | model | median | each seed | epochs | seconds |\n|---|---|--:|--:|--:|--:|")
    if "vowels" in arguments.sets:
        split = vowels(arguments.data)
        for name, parameters in VOWELS.items():
            row = measure(BatchRNNClassifier, parameters, arguments.seeds, accuracy, *split)
            print(f"| vowels, accuracy in % | {name} | {row} |", flush=True)
    if "sunspots" in arguments.sets:
        X_train, X_test, y_train, y_test = split = sunspots(arguments.data)
        linear = LinearRegression().fit(X_train[:, :, 0], y_train).predict(X_test[:, :, 0])
        for name, forecast in {"persistence": X_test[:, -1, 0], f"linear, {LAGS} lags": linear}.items():
            print(f"| sunspots, RMSE | {name} | {root_mean_squared_error(y_test, forecast):.2f} | | | |", flush=True)
        for name, parameters in SUNSPOTS.items():
            row = measure(BatchRNNRegressor, parameters, arguments.seeds, root_mean_squared_error, *split)
            print(f"| sunspots, RMSE | {name} | {row} |", flush=True)


if __name__ == "__main__":
    main()
