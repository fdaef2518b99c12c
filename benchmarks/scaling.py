"""How the cost of training grows: with rows, with the width of a hidden layer, and what a second process brings.

python benchmarks/scaling.py [--rounds 5] [--gigabytes 4] [--short]
"""

import argparse
import time
import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV
from speed import BACKENDS, ours_seconds, print_memory, products_seconds
from threadpoolctl import threadpool_limits

from skbackprop import BatchMLPRegressor


def print_rows(rounds, sizes):
    """Microseconds a row of one epoch, which should be the same for any number of rows."""
    rng = np.random.default_rng(0)
    print("| rows x 20, (100,), batch 200 | epoch, s | a row, us |\n|--:|--:|--:|")
    for rows in (1000, *sizes):  # the first one loads the kernels
        X = rng.normal(size=(rows, 20)).astype(np.float32)
        y = X[:, 0] + 1
        seconds = np.median([ours_seconds(BACKENDS[-1], X, y, (100,), 200, 1) for _ in range(rounds)])
        if rows in sizes:
            print(f"| {rows} | {seconds:.3f} | {seconds / rows * 1e6:.2f} |", flush=True)


def print_widths(rounds, widths):
    """Microseconds a step of 128 rows through two hidden layers, beside the products alone."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(128 * 50, 50)).astype(np.float32)
    y = X[:, 0] + 1
    print(
        "\n| two layers of | products, us |",
        " | ".join(f"{backend}, us" for backend in BACKENDS),
        "| ours / products |",
    )
    print("|--:|--:|" + "--:|" * len(BACKENDS) + "--:|")
    for width in widths:
        times = {who: [] for who in ("products", *BACKENDS)}
        for _ in range(rounds):
            times["products"].append(products_seconds(50, (width, width), 128, "float32", 50))
            for backend in BACKENDS:
                times[backend].append(ours_seconds(backend, X, y, (width, width), 128, 1))
        t = [float(np.median(seconds)) / 50 * 1e6 for seconds in times.values()]
        print(f"| {width} |", " | ".join(f"{each:.0f}" for each in t), f"| {t[-1] / t[0]:.2f} |", flush=True)


def print_processes(rounds, rows, epochs):
    """A grid search by two processes, each with one BLAS thread for its small products, against one.

    It must take seconds: handing a fit to another process costs some hundredths of one.
    """
    rng = np.random.default_rng(0)
    X = rng.normal(size=(rows, 20)).astype(np.float32)
    y = X[:, 0] - X[:, 1] ** 2
    model = BatchMLPRegressor(max_iter=epochs, n_iter_no_change=np.inf, random_state=0)
    times = {1: [], 2: []}
    for at in range(rounds + 1):
        for n_jobs, seconds in times.items():
            search = GridSearchCV(model, {"alpha": [1e-5, 1e-4, 1e-3, 1e-2]}, cv=3, n_jobs=n_jobs, refit=False)
            start = time.perf_counter()
            search.fit(X, y)
            if at:  # the first search starts the workers
                seconds.append(time.perf_counter() - start)
    one, two = (np.median(seconds) for seconds in times.values())
    print(f"\nGridSearchCV of {one:.1f} s with n_jobs=1: {one / two:.2f} x faster with 2 (>= 1.7)")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--gigabytes", type=int, default=0, help="size of a memory-map to train on")
    parser.add_argument("--short", action="store_true", help="only show that everything runs")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    short = arguments.short
    rounds = 1 if short else arguments.rounds
    with threadpool_limits(1):
        print_rows(rounds, (2000, 10_000) if short else (10_000, 100_000, 1_000_000))
        print_widths(rounds, (16, 64) if short else (16, 32, 64, 128, 256, 512, 1024))
    print_processes(rounds, 1000 if short else 20_000, 3 if short else 150)
    if arguments.gigabytes:
        print_memory(arguments.gigabytes * 1024)


if __name__ == "__main__":
    main()
