"""Time of a training step against scikit-learn's and against its matrix products alone; latency, memory, import time.

Everything is timed in turns within one run and on one BLAS thread, and told as ratios of medians: the
machine's own speed drifts by more than what is measured here.

    python benchmarks/speed.py [--rounds 9] [--cases S1 S2 ...] [--short]
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
import warnings
from itertools import pairwise
from pathlib import Path

import numpy as np
import sklearn
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPRegressor
from threadpoolctl import threadpool_limits

from skbackprop import BatchMLPRegressor

# rows, inputs, hidden layers, batch, epochs per measurement
CASES = {
    "S1": (20000, 20, (100,), 200, 5),
    "S2": (20000, 20, (100,), 32, 2),
    "S3": (20000, 50, (256, 256), 256, 2),
    "S4": (20000, 50, (256, 256, 256), 32, 1),
    "S5": (8192, 100, (512, 512), 1024, 2),
}
# scikit-learn / ours in float32 and float64 at least, ours / bare products in float32 at most
TARGETS = {"S1": (3.8, 3.3, 3.5), "S2": (4, 3.2, 7), "S3": (2, 1.5, 1.6), "S4": (1.4, 1.4, 4), "S5": (1.25, 1.15, 1.15)}


def fit_seconds(Model, X, y, hidden, batch, epochs, **extra):
    model = Model(hidden_layer_sizes=hidden, batch_size=batch, max_iter=epochs, random_state=0, **extra)
    model.set_params(n_iter_no_change=np.inf)
    start = time.perf_counter()
    model.fit(X, y)
    return time.perf_counter() - start


def products_seconds(n_in, hidden, batch, dtype, steps):
    """Z = A W, dW = A^T dZ, dA = dZ W^T of every layer (the lowest needs no dA), on arrays that are there."""
    rng = np.random.default_rng(0)
    widths = [n_in, *hidden, 1]
    A = [rng.normal(size=(batch, width)).astype(dtype) for width in widths]
    Z, dZ = [a.copy() for a in A], [a.copy() for a in A]
    W = [rng.normal(size=shape).astype(dtype) for shape in pairwise(widths)]
    dW = [w.copy() for w in W]
    start = time.perf_counter()
    for _ in range(steps):
        for at, w in enumerate(W):
            np.dot(A[at], w, out=Z[at + 1])
        for at in reversed(range(len(W))):
            np.dot(A[at].T, dZ[at + 1], out=dW[at])
            if at:
                np.dot(dZ[at + 1], W[at].T, out=A[at])
    return time.perf_counter() - start


def measure_case(name, rounds):
    rows, n_in, hidden, batch, epochs = CASES[name]
    rng = np.random.default_rng(0)
    steps = epochs * -(-rows // batch)
    found = {}
    for dtype in ("float32", "float64"):
        X = rng.normal(size=(rows, n_in)).astype(dtype)
        y = X @ rng.normal(size=n_in).astype(dtype) + rng.normal(size=rows).astype(dtype)
        times = {"ours": [], "scikit-learn": [], "products": []}
        for _ in range(rounds):
            times["ours"].append(fit_seconds(BatchMLPRegressor, X, y, hidden, batch, epochs, standardize=False))
            times["scikit-learn"].append(fit_seconds(MLPRegressor, X, y, hidden, batch, epochs))
            times["products"].append(products_seconds(n_in, hidden, batch, dtype, steps))
        found[dtype] = {who: float(np.median(seconds)) / steps * 1e6 for who, seconds in times.items()}
    return found


def print_cases(names, rounds):
    print("| case | dtype | products, us/step | ours | scikit-learn | scikit-learn / ours | ours / products |")
    print("|---|---|--:|--:|--:|--:|--:|")
    for name in names:
        faster32, faster64, over = TARGETS[name]
        for dtype, t in measure_case(name, rounds).items():
            least = faster32 if dtype == "float32" else faster64
            most = f" (<= {over})" if dtype == "float32" else ""
            print(
                f"| {name} | {dtype} | {t['products']:.0f} | {t['ours']:.0f} | {t['scikit-learn']:.0f} "
                f"| {t['scikit-learn'] / t['ours']:.2f} (>= {least}) | {t['ours'] / t['products']:.2f}{most} |",
                flush=True,
            )


def print_latency(rounds):
    """One row of 20 float64 through a fitted model with the default 100 units."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(2000, 20)), rng.normal(size=2000)
    models = {
        "ours": BatchMLPRegressor(max_iter=5, n_iter_no_change=np.inf).fit(X, y),
        "scikit-learn": MLPRegressor(max_iter=5, n_iter_no_change=np.inf).fit(X, y),
    }
    times = {who: [] for who in models}
    for _ in range(rounds):
        for who, model in models.items():
            start = time.perf_counter()
            for _ in range(200):
                model.predict(X[:1])
            times[who].append((time.perf_counter() - start) / 200 * 1e6)
    ours, theirs = (float(np.median(times[who])) for who in models)
    print(f"predict, one row: ours {ours:.0f} us, scikit-learn {theirs:.0f} us, ratio {ours / theirs:.2f} (<= 0.8)")


FIT_MEMORY_MAP = """
import sys, json
import numpy as np
import skbackprop
from skbackprop import BatchMLPRegressor

def own():  # anonymous memory in MB: the pages of the mapped file belong to the page cache
    with open("/proc/self/status") as status:
        fields = dict(line.split(":", 1) for line in status)
    return int(fields["RssAnon"].split()[0]) / 1024

X = np.memmap(sys.argv[1], np.float32, "r").reshape(-1, 100)
y = np.asarray(X[:, 0]) + 1
BatchMLPRegressor(max_iter=1, n_iter_no_change=np.inf).fit(X[:1000], y[:1000])
before, peak = own(), 0.0

class Watch(skbackprop.SquaredError):
    def value_and_gradient(self, y, raw, weight, out):
        global peak
        peak = max(peak, own())
        return super().value_and_gradient(y, raw, weight, out)

BatchMLPRegressor(loss=Watch(), batch_size=4096, max_iter=1, n_iter_no_change=np.inf).fit(X, y)
print(json.dumps({"above": max(peak, own()) - before, "X": X.nbytes / 2**20}))
"""


def print_memory(megabytes):
    """Anonymous memory of a fit on a mapped file, above that of a small fit before it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "X.f32"
        rng, rows = np.random.default_rng(0), megabytes * 2**20 // 400
        with path.open("wb") as file:
            for start in range(0, rows, 100_000):
                rng.normal(size=(min(100_000, rows - start), 100)).astype(np.float32).tofile(file)
        out = subprocess.run(
            [sys.executable, "-c", FIT_MEMORY_MAP, str(path)], check=True, capture_output=True, text=True
        )
    found = json.loads(out.stdout)
    print(f"fit on a memory-map of {found['X']:.0f} MB: {found['above']:.0f} MB above baseline (< 150 for 1 GB)")


IMPORT = """
import time
import sklearn.neural_network
start = time.perf_counter()
from skbackprop import BatchMLPRegressor
print(time.perf_counter() - start)
"""


def print_import(rounds):
    """With the bytecode there that an installation writes, whatever this process is told about writing it."""
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"PYTHONPYCACHEPREFIX": folder, "PYTHONDONTWRITEBYTECODE": ""}
        command = [sys.executable, "-c", IMPORT]
        outs = [subprocess.run(command, env=environment, check=True, capture_output=True) for _ in range(rounds + 1)][
            1:
        ]
    extra = float(np.median([float(out.stdout) for out in outs])) * 1e3
    print(f"import beyond scikit-learn's: {extra:.0f} ms (< 50)")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--cases", nargs="*", choices=list(CASES), default=list(CASES))
    parser.add_argument("--short", action="store_true", help="only show that everything runs")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    cases, rounds, megabytes = arguments.cases, arguments.rounds, 1024
    if arguments.short:
        cases, rounds, megabytes = ["S2"], 1, 16
    print(
        f"{os.cpu_count()} cores, Python {platform.python_version()}, NumPy {np.__version__}, "
        f"scikit-learn {sklearn.__version__}; one BLAS thread, medians of {rounds} rounds\n"
    )
    with threadpool_limits(1):
        print_cases(cases, rounds)
        print()
        print_latency(rounds * 3)
    print_memory(megabytes)
    print_import(rounds)


if __name__ == "__main__":
    main()
