"""Value and gradient of every loss: NumPy's kernel against its compiled twin, taking turns, medians; one BLAS thread.

    python benchmarks/kernels.py               # --dtype float32, --weights, --first-use

With ``--first-use`` it times the first calls of the compiled kernels instead; with an empty NUMBA_CACHE_DIR that
includes compiling them.
"""

import argparse
import time

import numpy as np
from threadpoolctl import threadpool_limits

from skbackprop import BrierLoss, Focal, Gaussian, LogLoss, Quantile, kernel_backend, kernels
from skbackprop.kernels import backend
from skbackprop.network.losses import LOSSES

SHAPES = [(32, 1), (200, 3), (200, 10), (1024, 10)]
TURNS = 21
CLASSES = [LogLoss, BrierLoss, Focal]


def cases(shape, dtype, weighted):
    """Name, loss, target, raw prediction and weights."""
    rng, (n, k) = np.random.default_rng(0), shape
    weight = rng.uniform(0.5, 2, n).astype(dtype) if weighted else None
    losses = {**LOSSES, "quantile, three levels": Quantile([0.1, 0.5, 0.9]), "gaussian, beta 0.5": Gaussian(beta=0.5)}
    for name, loss in losses.items():
        y = (rng.poisson(2.0, shape) + 0.5).astype(dtype)
        yield name, loss, y, rng.normal(size=(n, loss.raw_width(y))).astype(dtype), weight
    for loss in CLASSES:
        raw, named = rng.normal(size=shape).astype(dtype), rng.integers(0, k, (n, 1)).astype(dtype)
        yield f"{loss.__name__}, classes", loss(n_classes=k), named, raw, weight
        yield f"{loss.__name__}, columns", loss(), rng.integers(0, 2, shape).astype(dtype), raw, weight


def microseconds(loss, y, raw, weight, out, repeats):
    start = time.perf_counter()
    for _ in range(repeats):
        loss.value_and_gradient(y, raw, weight, out)
    return (time.perf_counter() - start) / repeats * 1e6


def ratio(loss, y, raw, weight):
    out, times = np.empty(raw.shape, raw.dtype), {name: [] for name in backend.BACKENDS}
    for turn in range(TURNS + 1):
        for name in backend.BACKENDS:
            with kernel_backend(name), kernels.fixed_kernels():
                times[name].append(microseconds(loss, y, raw, weight, out, 20 if turn else 2))
    return np.median(times["numpy"][1:]) / np.median(times["numba"][1:])


def first_use(dtype, weighted):
    with kernel_backend("numba"), kernels.fixed_kernels():
        start = time.process_time()
        for _, loss, y, raw, weight in cases(SHAPES[1], dtype, weighted):
            loss.value_and_gradient(y, raw, weight, np.empty(raw.shape, dtype))
        return time.process_time() - start


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dtype", default="float64", type=np.dtype)
    parser.add_argument("--weights", action="store_true")
    parser.add_argument("--first-use", action="store_true")
    chosen = parser.parse_args()
    if chosen.first_use:
        print(f"{first_use(chosen.dtype, chosen.weights):.1f} s of processor time")
        raise SystemExit
    print("| loss |", *(f"{n} x {k} |" for n, k in SHAPES))
    with threadpool_limits(1):
        for columns in zip(*(cases(shape, chosen.dtype, chosen.weights) for shape in SHAPES), strict=True):
            print(f"| {columns[0][0]} |", *(f"{ratio(*column[1:]):.1f} |" for column in columns))
