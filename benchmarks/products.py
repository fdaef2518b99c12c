"""The compiled kernels' matrix products against BLAS's, taking turns, medians; one BLAS thread.

For n rows, k inputs and m units: forward A W, backward A^T dZ and dZ W^T, all called from compiled code. Ours use tiles
for small A W and A^T dZ, else NumPy's BLAS. The other BLAS is the one that numba calls: SciPy's.

    python benchmarks/products.py [--dtype float32]
"""

import argparse
import time
from functools import partial

import numpy as np
from numba import njit
from threadpoolctl import threadpool_limits
from turns import machine, medians

from skbackprop.kernels.compiled.blas import PLAIN, TRANSPOSED, Foreign, by_blas
from skbackprop.kernels.compiled.pointers import products
from skbackprop.kernels.compiled.products import product, product_of_transposed, product_with_transposed

ROUNDS = 15
WORK = 1e7  # multiply-adds a round
SHAPES = [
    (32, 20, 100),
    (200, 20, 100),
    (32, 256, 256),
    (256, 50, 256),
    (256, 256, 256),
    (1024, 100, 512),
    (1024, 512, 512),
]
SHAPES += [(n, width, width) for n in (16, 32, 64, 128, 256) for width in (32, 64, 128)]


def repeated(function):
    @njit
    def run(A, B, C, by, times):
        for _ in range(times):
            function(A, B, C, by)

    return run


@njit
def numpy_s(A, B, C, by):
    by_blas(A.shape[1], A, PLAIN, B, PLAIN, C, by.gemm)


@njit
def numpy_s_of_transposed(A, B, C, by):
    by_blas(A.shape[0], A, TRANSPOSED, B, PLAIN, C, by.gemm)


@njit
def numpy_s_with_transposed(A, B, C, by):
    by_blas(A.shape[1], A, PLAIN, B, TRANSPOSED, C, by.gemm)


@njit
def scipy_s(A, B, C, _):
    np.dot(A, B, C)


@njit
def scipy_s_of_transposed(A, B, C, _):
    np.dot(A.T, B, C)


@njit
def scipy_s_with_transposed(A, B, C, _):
    np.dot(A, B.T, C)


OURS = [repeated(each) for each in (product, product_of_transposed, product_with_transposed)]
NUMPY_S = [repeated(each) for each in (numpy_s, numpy_s_of_transposed, numpy_s_with_transposed)]
SCIPY_S = [repeated(each) for each in (scipy_s, scipy_s_of_transposed, scipy_s_with_transposed)]


def seconds(run, *arguments):
    start = time.perf_counter()
    run(*arguments)
    return time.perf_counter() - start


def ratios(by, *matrices):
    """The time of NumPy's BLAS, and that of SciPy's, as multiples of ours."""
    A, _, Z = matrices[0]
    times = max(1, round(WORK / (A.size * Z.shape[1])))
    shown = []
    for kind, (A, B, C) in enumerate(matrices):
        runs = [runs[kind] for runs in (OURS, NUMPY_S, SCIPY_S)]
        for run in runs:  # compiles
            run(A, B, C, by, 1)
        t = medians({run: partial(seconds, run, A, B, C, by, times) for run in runs}, ROUNDS)
        shown += [f"{t[rival] / t[runs[0]]:.2f}" for rival in runs[1:]]
    return shown


def main(dtype):
    rng, by = np.random.default_rng(0), products(np.dtype(dtype))
    if not isinstance(by.gemm, Foreign):
        print("NumPy's BLAS was not found: what is called so is SciPy's")
    print(f"{machine()}, {np.dtype(dtype).name}; NumPy's BLAS / ours, and SciPy's BLAS / ours\n")
    columns = ["n", "k", "m", "multiply-adds"]
    columns += [f"{of}, {whose}" for of in ("A W", "A^T dZ", "dZ W^T") for whose in ("NumPy's", "SciPy's")]
    print("|", " | ".join(columns), "|\n|" + "--:|" * len(columns))
    for n, k, m in SHAPES:
        A, W, dZ = (rng.normal(size=shape).astype(dtype) for shape in ((n, k), (k, m), (n, m)))
        Z, dW, dA = np.empty_like(dZ), np.empty_like(W), np.empty_like(A)
        found = ratios(by, (A, W, Z), (A, dZ, dW), (dZ, W, dA))
        print("|", " | ".join([str(n), str(k), str(m), f"{n * k * m / 2**20:.2f} M", *found]), "|", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dtype", default="float32", choices=["float32", "float64"])
    with threadpool_limits(1):
        main(parser.parse_args().dtype)
