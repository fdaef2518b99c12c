"""One call of `partial_fit` against scikit-learn's, which checks less, moves no units and is changed by a failed call.

The default network on 20 columns, with pieces of 1 to 5000 rows. Times are medians of processor time, measured in
turns, on one BLAS thread.

    python benchmarks/streams.py [--rounds 15] [--short]
"""

import argparse
import time
from functools import partial

import numpy as np
from sklearn.neural_network import MLPRegressor
from threadpoolctl import threadpool_limits
from turns import machine, medians, timed

from skbackprop import BatchMLPRegressor

MODELS = {
    "scikit-learn": MLPRegressor,
    "ours": BatchMLPRegressor,
    "`standardize=False`": partial(BatchMLPRegressor, standardize=False),
}
PIECES = (1, 30, 200, 1000, 5000)
CALLS = 20


def print_pieces(n, rounds):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, 20))
    y = np.sin(X[:, 0]) + X[:, 1]
    models = [model(random_state=0).partial_fit(X, y) for model in MODELS.values()]
    calls = (timed(partial(model.partial_fit, X, y), CALLS, time.process_time) for model in models)
    theirs, *ours = medians(dict(zip(MODELS, calls, strict=True)), rounds).values()
    print(f"| {n} | {theirs * 1e6:.0f} |", end="")
    print("".join(f" {mine * 1e6:.0f} | {theirs / mine:.2f} |" for mine in ours), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--short", action="store_true", help="only show that everything runs")
    arguments = parser.parse_args()
    pieces, rounds = (PIECES[:2], 1) if arguments.short else (PIECES, arguments.rounds)
    print(f"{machine()}; one BLAS thread, medians of {rounds} rounds\n\nMicroseconds a call\n")
    theirs, *ours = MODELS
    print(f"| rows | {theirs} |", " | ".join(f"{name} | {theirs} / {name}" for name in ours), "|")
    print("|--:|--:|" + "--:|--:|" * len(ours))
    with threadpool_limits(1):
        for n in pieces:
            print_pieces(n, rounds)


if __name__ == "__main__":
    main()
