"""How the cost of training grows: with rows, with the width of a hidden layer, and what a second process brings.

python benchmarks/scaling.py [--rounds 5] [--gigabytes 4] [--plot docs/scaling.svg] [--short]
"""

import argparse
import time
import warnings
from functools import partial

import numpy as np
from bare import products_seconds
from footprint import print_memory
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV
from speed import BACKENDS, ours_seconds
from threadpoolctl import threadpool_limits
from turns import machine, medians

from skbackprop import BatchMLPRegressor

BATCH, STEPS = 128, 50  # rows of a step, and steps of an epoch, where the width grows


def print_rows(rounds, sizes):
    """Seconds of one epoch and microseconds a row of it, which should be the same for any number of rows."""
    rng, found = np.random.default_rng(0), {}
    print("| rows x 20, (100,), batch 200 | epoch, s | a row, us |\n|--:|--:|--:|")
    for rows in (1000, *sizes):  # the first one loads the kernels
        X = rng.normal(size=(rows, 20)).astype(np.float32)
        y = X[:, 0] + 1
        t = medians({"epoch": partial(ours_seconds, BACKENDS[-1], X, y, (100,), 200, 1)}, rounds)
        if rows in sizes:
            found[rows] = t["epoch"] / rows * 1e6
            print(f"| {rows} | {t['epoch']:.3f} | {found[rows]:.2f} |", flush=True)
    return found


def print_widths(rounds, widths):
    """Microseconds a step through two hidden layers, beside the products alone."""
    rng, found = np.random.default_rng(0), {}
    X = rng.normal(size=(BATCH * STEPS, 50)).astype(np.float32)
    y = X[:, 0] + 1
    everyone = " | ".join(f"{who}, us" for who in ("products", *BACKENDS))
    print(f"\n| two layers of | {everyone} | ours / products |\n|--:|--:|" + "--:|" * len(BACKENDS) + "--:|")
    for width in widths:
        hidden, epochs = (width, width), max(1, 512 // width)  # if steps are short, a fit's fixed cost shows
        steps = epochs * STEPS
        runs = {"products": partial(products_seconds, 50, hidden, BATCH, "float32", steps)}
        runs |= {backend: partial(ours_seconds, backend, X, y, hidden, BATCH, epochs) for backend in BACKENDS}
        found[width] = t = {who: seconds / steps * 1e6 for who, seconds in medians(runs, rounds).items()}
        each = " | ".join(f"{microseconds:.0f}" for microseconds in t.values())
        print(f"| {width} | {each} | {t[BACKENDS[-1]] / t['products']:.2f} |", flush=True)
    return found


def plot(path, by_rows, by_width):
    """Both tables as a picture, on logarithmic axes."""
    import matplotlib as mpl

    mpl.use("Agg")
    mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "scaling", "font.size": 9})
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(8, 3.2), layout="constrained")
    looks = {"products": ("k--", "matrix products alone"), "numpy": ("C0o-", "NumPy"), "numba": ("C1s-", "compiled")}
    for who in ("products", *BACKENDS):
        style, label = looks[who]
        left.loglog(list(by_width), [t[who] for t in by_width.values()], style, markersize=4, label=label)
    left.set_xticks(list(by_width), [str(width) for width in by_width])
    left.minorticks_off()
    left.set(xlabel=f"units in each of two hidden layers, {BATCH} rows", ylabel="microseconds a step")
    left.legend(frameon=False)
    right.semilogx(list(by_rows), list(by_rows.values()), looks[BACKENDS[-1]][0], markersize=4)
    right.set(xlabel="rows of X", ylabel="microseconds a row of an epoch", ylim=(0, None))
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, metadata={"Date": None} if str(path).endswith("svg") else None)


def print_processes(rounds, rows, epochs):
    """A grid search by two processes, each with one BLAS thread for its small products, against one.

    It must take seconds: joblib's own work takes a fifth of one in a search, whatever the estimator does.
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
    parser.add_argument("--plot", metavar="FILE", help="draw the first two tables (with the extra `plot`)")
    parser.add_argument("--short", action="store_true", help="only show that everything runs")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    short = arguments.short
    rounds = 1 if short else arguments.rounds
    print(f"{machine()}; one BLAS thread, medians of {rounds} rounds\n")
    with threadpool_limits(1):
        by_rows = print_rows(rounds, (2000, 10_000) if short else (10_000, 30_000, 100_000, 300_000, 1_000_000))
        by_width = print_widths(rounds, (16, 64) if short else (16, 32, 64, 128, 256, 512, 1024))
    if arguments.plot:
        plot(arguments.plot, by_rows, by_width)
    print_processes(rounds, 1000 if short else 20_000, 3 if short else 450)
    if arguments.gigabytes:
        print_memory(arguments.gigabytes * 1024)


if __name__ == "__main__":
    main()
