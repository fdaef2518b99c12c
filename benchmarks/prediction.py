"""Predictions: how long one row takes, beside scikit-learn's, and many, beside the matrix products alone.

python benchmarks/prediction.py [--rounds 27] [--short]
"""

import argparse
import warnings
from functools import partial

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier, MLPRegressor
from threadpoolctl import threadpool_limits
from turns import machine, medians, timed

from skbackprop import BatchMLPClassifier, BatchMLPRegressor

# Two epochs: the weights only have to exist, not to be good.
HASTY = {"max_iter": 2, "n_iter_no_change": np.inf, "random_state": 0}
CALLS = 200


def print_latency(rounds):
    """One row of 20 through a fitted model with the default 100 units, in float64; the predictor in float32, too."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(2000, 20))
    kinds = {
        "regressor": (BatchMLPRegressor, MLPRegressor, X[:, 0]),
        "two classes": (BatchMLPClassifier, MLPClassifier, X[:, 0] > 0),
        "five classes": (BatchMLPClassifier, MLPClassifier, np.digitize(X[:, 0], [-1, -0.3, 0.3, 1])),
        "three labels": (BatchMLPClassifier, MLPClassifier, (X[:, :3] > 0).astype(int)),
    }
    print("| one row, us | scikit-learn | `predict` | ratio (<= 0.5) | `predictor()` | float32 (regressor <= 8) |")
    print("|---|--:|--:|--:|--:|--:|")
    for name, (Ours, Theirs, y) in kinds.items():
        ours = Ours(**HASTY).fit(X, y)
        small = Ours(**HASTY).fit(X.astype(np.float32), y).predictor()
        calls = {
            "scikit-learn": partial(Theirs(**HASTY).fit(X, y).predict, X[:1]),
            "ours": partial(ours.predict, X[:1]),
            "predictor": partial(ours.predictor(), X[:1]),
            "float32": partial(small, X[:1].astype(np.float32)),
        }
        t = medians({who: timed(call, CALLS) for who, call in calls.items()}, rounds)
        theirs, mine, *alone = (1e6 * seconds for seconds in t.values())
        print(
            f"| {name} | {theirs:.0f} | {mine:.0f} | {mine / theirs:.2f} |",
            " | ".join(f"{each:.1f}" for each in alone),
            "|",
        )


def print_bulk(rounds, rows):
    """Many rows of 50 in float32, against the products of the same layers on blocks of 1024 rows."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(rows, 50)).astype(np.float32)
    for hidden in ((100,), (256, 256)):
        model = BatchMLPRegressor(hidden_layer_sizes=hidden, **HASTY).fit(X[:2000], X[:2000, 0])
        model.predict(X[:100])
        runs = {"ours": partial(model.predict, X), "products": partial(products, X, model.coefs_)}
        t = medians({who: timed(run) for who, run in runs.items()}, rounds)
        rate = t["products"] / t["ours"]
        print(f"predict, {rows} rows of 50, {hidden}: {rate:.2f} of the rate of the products (>= 0.8)")


def products(X, weights):
    outs = [np.empty((1024, W.shape[1]), np.float32) for W in weights]
    for at in range(0, len(X), 1024):
        A = X[at : at + 1024]
        for W, out in zip(weights, outs, strict=True):
            A = A.dot(W, out[: len(A)])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=27)
    parser.add_argument("--short", action="store_true", help="only show that everything runs")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    rounds, rows = (1, 10_000) if arguments.short else (arguments.rounds, 1_000_000)
    print(f"{machine()}; one BLAS thread, medians of {rounds} rounds\n")
    with threadpool_limits(1):
        print_latency(rounds)
        print()
        print_bulk(-(-rounds // 3), rows)


if __name__ == "__main__":
    main()
