"""What each cell can remember: the adding problem, and a copy after a lag.

    python benchmarks/long_memory.py [--tasks adding copy] [--cells elman gru ...] [--seeds 0 1 2] [--steps 100]

Adding (Hochreiter and Schmidhuber 1997): two of 100 random numbers are marked, one in each half, and the target is
their sum; always predicting the mean gives a mean squared error of 1/6 = 0.167. Copy: five symbols out of eight, then
blanks until a signal at the 20th step after the last symbol, after which the targets are the symbols in their order;
guessing is wrong 87.5 % of the time. Training ends once the goal is reached on sequences that were not trained on.
"""

import argparse
import time
from typing import NamedTuple

import numpy as np
from sklearn.metrics import mean_squared_error

from skbackprop import BatchRNNClassifier, BatchRNNRegressor, Elman, Logistic

CELLS = {"sigmoid elman": Elman(Logistic()), "elman": "elman", "gru": "gru", "lstm": "lstm"}
COMMON = {"hidden_layer_sizes": (64,), "batch_size": 50, "clip_norm": 1.0}
SYMBOLS, RECALL = 8, 5


def adding(n, T, rng):
    """Numbers and marks, of shape (n, T, 2), and the sum of the two that are marked."""
    X, rows = np.zeros((n, T, 2), np.float32), np.arange(n)
    X[:, :, 0] = rng.random((n, T))
    first, second = rng.integers(0, T // 2, n), rng.integers(T // 2, T, n)
    X[rows, first, 1] = X[rows, second, 1] = 1.0
    return X, X[rows, first, 0] + X[rows, second, 0]


def copy(n, lag, rng):
    """Tokens, of shape (n, RECALL + lag + RECALL), and labels at the last RECALL steps, with NaN before."""
    blank, signal = SYMBOLS, SYMBOLS + 1
    symbols = rng.integers(0, SYMBOLS, (n, RECALL))
    X = np.full((n, lag + 2 * RECALL), blank)
    X[:, :RECALL], X[:, RECALL + lag - 1] = symbols, signal
    y = np.full(X.shape, np.nan)
    y[:, -RECALL:] = symbols
    return X, y


class Task(NamedTuple):
    """What is to be learnt, and when it is."""

    data: object
    model: object
    error: object
    goal: float
    epochs: int
    steps: int
    first: dict


TASKS = {
    "adding": Task(
        adding,
        lambda **cell: BatchRNNRegressor(learning_rate_init=0.003, **cell, **COMMON),
        lambda model, X, y: mean_squared_error(y, model.predict(X)),
        goal=0.01,
        epochs=30,
        steps=100,
        first={},
    ),
    "copy": Task(
        copy,
        lambda **cell: BatchRNNClassifier(
            embedding=16, return_sequences=True, learning_rate_init=0.005, **cell, **COMMON
        ),
        lambda model, X, y: 1 - model.score(X, y),
        goal=0.01,
        epochs=60,
        steps=20,
        first={"classes": np.arange(float(SYMBOLS))},
    ),
}


def solve(task, cell, seed, steps, n=5000):
    """Epochs until the error on new sequences is below the goal, or all; the least error; processor seconds."""
    rng = np.random.default_rng(seed)
    (X, y), (X_new, y_new) = task.data(n, steps, rng), task.data(1000, steps, rng)
    model, errors, start = task.model(cell=cell, random_state=seed), [], time.process_time()
    for _ in range(task.epochs):
        errors.append(task.error(model.partial_fit(X, y, **task.first), X_new, y_new))
        if errors[-1] < task.goal:
            break
    return len(errors), min(errors), time.process_time() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=list(TASKS))
    parser.add_argument("--cells", nargs="+", choices=CELLS, default=list(CELLS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--steps", type=int, help="of the adding problem (100), or the lag of the copy (20)")
    arguments = parser.parse_args()
    print("| task | cell | solved | epochs, each seed | least error, each seed | seconds |\n|---|---|--:|--:|--:|--:|")
    for name in arguments.tasks:
        task = TASKS[name]
        for cell in arguments.cells:
            runs = [solve(task, CELLS[cell], seed, arguments.steps or task.steps) for seed in arguments.seeds]
            epochs, errors, seconds = zip(*runs, strict=True)
            print(
                f"| {name}, {arguments.steps or task.steps} | {cell} "
                f"| {sum(error < task.goal for error in errors)} of {len(errors)} "
                f"| {', '.join(map(str, epochs))} | {', '.join(f'{error:.3f}' for error in errors)} "
                f"| {np.median(seconds):.0f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
