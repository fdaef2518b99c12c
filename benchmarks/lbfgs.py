"""L-BFGS against scikit-learn's: the same search by the same SciPy, so what differs is the objective.

With `standardize=False` both start from the same weights and make the same evaluations. In float64 their numbers of
evaluations and final losses are checked to agree; in float32 rounding drives them apart after some iterations. So the
time of each run is divided by its own number of evaluations, counted beforehand. Times are medians of processor time,
measured in turns, on one BLAS thread.

    python benchmarks/lbfgs.py [--rounds 9] [--short]
"""

import argparse
import time
import warnings
from functools import partial
from itertools import product
from unittest import mock

import numpy as np
import scipy.optimize
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier, MLPRegressor
from speed import BACKENDS
from threadpoolctl import threadpool_limits
from turns import machine, medians, timed

from skbackprop import BatchMLPClassifier, BatchMLPRegressor, kernel_backend

# rows, inputs, hidden layers, iterations
CASES = {
    "200 x 10, (10,)": (200, 10, (10,), 40),
    "2000 x 20, (100,)": (2000, 20, (100,), 30),
    "20000 x 20, (100,)": (20_000, 20, (100,), 10),
    "20000 x 50, (256, 256)": (20_000, 50, (256, 256), 4),
}


def fit(Model, X, y, hidden, iterations, **extra):
    model = Model(solver="lbfgs", hidden_layer_sizes=hidden, max_iter=iterations, tol=1e-12, random_state=0, **extra)
    return model.fit(X, y)


def ours(backend, Model, *work):
    with kernel_backend(backend):
        return fit(Model, *work, standardize=False)


def evaluations(run):
    """How often a fit calls its objective."""
    found = []

    def minimize(*arguments, **options):
        found.append(original(*arguments, **options))
        return found[-1]

    original = scipy.optimize.minimize
    with (
        mock.patch("scipy.optimize.minimize", minimize),
        mock.patch("skbackprop.optimize.full_batch.minimize", minimize),
    ):
        model = run()
    return found[0].nfev, model.loss_


def rows_and_targets(rows, n_in, dtype):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(rows, n_in)).astype(dtype)
    y = (np.sin(X[:, 0]) + X[:, 1] * X[:, 2] + 0.1 * rng.normal(size=rows)).astype(dtype)
    return X, {(BatchMLPRegressor, MLPRegressor): y, (BatchMLPClassifier, MLPClassifier): np.digitize(y, [-0.5, 0.5])}


def print_case(name, dtype, rounds):
    n, n_in, hidden, iterations = CASES[name]
    X, targets = rows_and_targets(n, n_in, dtype)
    for (Ours, Theirs), y in targets.items():
        work = X, y, hidden, iterations
        runs = {backend: partial(ours, backend, Ours, *work) for backend in BACKENDS}
        runs["scikit-learn"] = partial(fit, Theirs, *work)
        counts, losses = zip(*(evaluations(run) for run in runs.values()), strict=True)
        if dtype == "float64":
            assert len(set(counts)) == 1, counts
            np.testing.assert_allclose(losses, losses[0], rtol=1e-6)
        t = medians({who: timed(run, clock=time.process_time) for who, run in runs.items()}, rounds)
        each = {who: t[who] / count * 1e6 for who, count in zip(runs, counts, strict=True)}
        theirs = each.pop("scikit-learn")
        print(
            f"| {name} | {Ours.__name__.removeprefix('BatchMLP')} | {dtype} | {counts[-1]} | {theirs:.0f} |",
            " | ".join(f"{mine:.0f} | {theirs / mine:.2f}" for mine in each.values()),
            "|",
            flush=True,
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--short", action="store_true", help="only show that everything runs")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    names, rounds = (list(CASES)[:1], 1) if arguments.short else (list(CASES), arguments.rounds)
    print(f"{machine()}; one BLAS thread, medians of {rounds} rounds\n\nMicroseconds an evaluation\n")
    print("| case | | dtype | evaluations | scikit-learn |", end=" ")
    print(" | ".join(f"{backend} | scikit-learn / {backend} (>= 1)" for backend in BACKENDS), "|")
    print("|---|---|---|--:|--:|" + "--:|--:|" * len(BACKENDS))
    with threadpool_limits(1):
        for name, dtype in product(names, ("float32", "float64")):
            print_case(name, dtype, rounds)


if __name__ == "__main__":
    main()
