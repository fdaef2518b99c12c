"""Time of a training step against scikit-learn's, its matrix products alone, and a plain loop in NumPy.

Everything is timed in turns within one run and reported as ratios of medians, because the machine's own speed drifts by
more than the differences measured here. With more than one thread, every contestant may use as many as it sees fit:
BLAS splits large products, and our estimators let it do so only if they are large enough to pay.

PyTorch and JAX are measured, too, if they are installed.

    python benchmarks/speed.py [--rounds 9] [--threads 1] [--cases S1 S2 ...] [--short]
"""

import argparse
import importlib.util
import time
import warnings
from functools import partial

import numpy as np
import peers
from bare import loop_seconds, products_seconds
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPRegressor
from threadpoolctl import threadpool_limits
from turns import machine, medians

from skbackprop import BatchMLPRegressor, kernel_backend

# rows, inputs, hidden layers, batch, epochs per measurement
CASES = {
    "S1": (20000, 20, (100,), 200, 5),
    "S2": (20000, 20, (100,), 32, 2),
    "S3": (20000, 50, (256, 256), 256, 2),
    "S4": (20000, 50, (256, 256, 256), 32, 1),
    "S5": (8192, 100, (512, 512), 1024, 2),
}
# at least scikit-learn / ours in float32 and in float64, at most ours / bare products in float32
TARGETS = {"S1": (3.8, 3.3, 3.5), "S2": (4, 3.2, 7), "S3": (2, 1.5, 1.6), "S4": (1.4, 1.4, 4), "S5": (1.25, 1.15, 1.15)}

# in float32: at most ours / products; at least scikit-learn / ours, PyTorch / ours and JAX / ours
FAST_TARGETS = {
    "S1": (2, 7, 6, 2.5),
    "S2": (3, 9, 9, 1.3),
    "S3": (1.2, 2.1, 1.3, 0.9),
    "S4": (1.5, 3.3, 2.3, 0.85),
    "S5": (1.15, 1.3, 0.85, 1.0),
}
RIVALS = ("scikit-learn", "torch", "jax", "jax, shuffled by NumPy")
BACKENDS = ("numpy", "numba") if importlib.util.find_spec("numba") else ("numpy",)


def fit_seconds(Model, X, y, hidden, batch, epochs, **extra):
    model = Model(hidden_layer_sizes=hidden, batch_size=batch, max_iter=epochs, random_state=0, **extra)
    model.set_params(n_iter_no_change=np.inf)
    start = time.perf_counter()
    model.fit(X, y)
    return time.perf_counter() - start


def floor_seconds(threads, *work):
    with threadpool_limits(threads):
        return products_seconds(*work)


def measure_case(name, rounds, threads):
    """Microseconds a step of everyone who is there, by dtype. The products are done by as many threads as suit them."""
    rows, n_in, hidden, batch, epochs = CASES[name]
    rng = np.random.default_rng(0)
    steps = epochs * -(-rows // batch)
    found = {}
    for dtype in ("float32", "float64"):
        X = rng.normal(size=(rows, n_in)).astype(dtype)
        y = X @ rng.normal(size=n_in).astype(dtype) + rng.normal(size=rows).astype(dtype)
        runs = {backend: partial(ours_seconds, backend, X, y, hidden, batch, epochs) for backend in BACKENDS}
        runs["scikit-learn"] = partial(fit_seconds, MLPRegressor, X, y, hidden, batch, epochs)
        floors = range(1, threads + 1)
        runs |= {floor: partial(floor_seconds, floor, n_in, hidden, batch, dtype, steps) for floor in floors}
        runs["loop"] = partial(loop_seconds, X, y, hidden, batch, epochs)
        for peer, seconds in peers.installed(threads).items():
            runs[peer] = partial(seconds, X, y, hidden, batch, epochs)
        for backend in BACKENDS:  # compiles
            runs[backend]()
        t = medians(runs, rounds, pause=0.3 if threads > 1 else 0.0)
        t["products"] = min(t.pop(floor) for floor in floors)
        found[dtype] = {who: seconds / steps * 1e6 for who, seconds in t.items()}
    return found


def ours_seconds(backend, X, y, hidden, batch, epochs):
    with kernel_backend(backend):
        return fit_seconds(BatchMLPRegressor, X, y, hidden, batch, epochs, standardize=False)


def ratio(t, over, under, target=""):
    """One time as a multiple of another, and what it should be."""
    if over not in t or under not in t:
        return "-"
    return f"{t[over] / t[under]:.2f}" + (f" ({target})" if target else "")


def print_cases(names, rounds, threads):
    everyone, found = ["products", "loop", *BACKENDS, "scikit-learn", *peers.installed(threads)], {}
    print("Microseconds a step\n")
    print("| case | dtype |", " | ".join(everyone), "|\n|---|---|" + "--:|" * len(everyone))
    for name in names:
        found[name] = measure_case(name, rounds, threads)
        for dtype, t in found[name].items():
            print(f"| {name} | {dtype} |", " | ".join(f"{t[who]:.0f}" for who in everyone), "|", flush=True)
    print("\nNumPy kernels\n\n| case | dtype | scikit-learn / ours | ours / products |", end=" ")
    print("scikit-learn / loop | loop / products |\n|---|---|--:|--:|--:|--:|")
    for name in names:
        print_row(name, found[name], TARGETS[name])
    if "numba" in BACKENDS:
        print("\nCompiled kernels\n\n| case | dtype | ours / products |", end=" ")
        print(" | ".join(f"{who} / ours" for who in RIVALS), "|\n|---|---|--:|" + "--:|" * len(RIVALS))
        for name in names:
            print_fast_row(name, found[name], FAST_TARGETS[name])


def print_row(name, found, targets):
    least32, least64, most = targets
    for dtype, least, bound in (("float32", least32, f"<= {most}"), ("float64", least64, "")):
        t = found[dtype]
        each = [ratio(t, "scikit-learn", "numpy", f">= {least}"), ratio(t, "numpy", "products", bound)]
        each += [ratio(t, "scikit-learn", "loop"), ratio(t, "loop", "products")]
        print(f"| {name} | {dtype} |", " | ".join(each), "|")


def print_fast_row(name, t, targets):
    most, *least = targets
    told = [f"<= {most}", *(f">= {number}" for number in least), ""]
    for dtype, bounds in (("float32", told), ("float64", [""] * len(told))):
        pairs = [("numba", "products"), *((rival, "numba") for rival in RIVALS)]
        each = [ratio(t[dtype], *pair, bound) for pair, bound in zip(pairs, bounds, strict=True)]
        print(f"| {name} | {dtype} |", " | ".join(each), "|")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--cases", nargs="*", choices=list(CASES), default=list(CASES))
    parser.add_argument("--short", action="store_true", help="only show that everything runs")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    cases, rounds, threads = arguments.cases, arguments.rounds, arguments.threads
    if arguments.short:
        cases, rounds = ["S2"], 1
    shared = "one BLAS thread" if threads == 1 else f"{threads} BLAS threads"
    print(f"{machine('torch', 'jax')}; {shared}, medians of {rounds} rounds\n")
    with threadpool_limits(threads):
        print_cases(cases, rounds, threads)


if __name__ == "__main__":
    main()
