"""The compiled kernels' matrix products against BLAS's, taking turns, medians; one BLAS thread.

For n rows, k inputs and m units: forward A W, backward A^T dZ and dZ W^T. Both are called by compiled code, which
calls SciPy's BLAS. How that one compares with NumPy's, where each has its own, follows for A^T dZ of larger matrices.

    python benchmarks/products.py [--dtype float32]
"""

import argparse
import time
from functools import partial

import numpy as np
from numba import njit
from scipy.linalg import get_blas_funcs
from threadpoolctl import threadpool_limits
from turns import machine, medians, timed

from skbackprop.kernels.compiled.pointers import small_products
from skbackprop.kernels.compiled.products import product, product_with_transposed

ROUNDS = 15
WORK = 1e7  # multiply-adds a round
SHAPES = [(32, 20, 100), (200, 20, 100), (32, 50, 256), (256, 50, 256)]
LARGE = [(256, 50, 256), (256, 256, 256), (1024, 100, 512), (1024, 512, 512)]
SHAPES += [(n, width, width) for n in (16, 32, 64, 128, 256) for width in (32, 64, 100, 128, 256)]


@njit
def ours(A, B, C, tiles, times):
    for _ in range(times):
        product(A, B, C, tiles)


@njit
def ours_transposed(A, B, C, dots, times):
    for _ in range(times):
        product_with_transposed(A, B, C, dots)


@njit
def blas(A, B, C, _, times):
    for _ in range(times):
        np.dot(A, B, C)


@njit
def blas_transposed(A, B, C, _, times):
    for _ in range(times):
        np.dot(A, B.T, C)


def seconds(run, *arguments):
    start = time.perf_counter()
    run(*arguments)
    return time.perf_counter() - start


def ratio(run, rival, pointer, *matrices):
    """The rival's time as a multiple of ours."""
    times = max(1, round(WORK / (matrices[0].size * matrices[2].shape[1])))
    for each in (run, rival):  # compiles
        each(*matrices, pointer, 1)
    t = medians({each: partial(seconds, each, *matrices, pointer, times) for each in (run, rival)}, ROUNDS)
    return t[rival] / t[run]


def print_two_libraries(dtype):
    """SciPy's BLAS against NumPy's."""
    rng = np.random.default_rng(0)
    print("\n| n | k | m | A^T dZ: SciPy's BLAS / NumPy's |\n|--:|--:|--:|--:|")
    for n, k, m in LARGE:
        A, dZ, dW = (rng.normal(size=shape).astype(dtype) for shape in ((n, k), (n, m), (k, m)))
        (gemm,) = get_blas_funcs(["gemm"], [A])
        times = max(1, round(10 * WORK / (n * k * m)))
        scipy_s = timed(partial(gemm, 1.0, dZ.T, A.T, 0.0, dW.T, trans_b=1, overwrite_c=1), times)
        t = medians({"scipy": scipy_s, "numpy": timed(partial(np.dot, A.T, dZ, out=dW), times)}, ROUNDS)
        print(f"| {n} | {k} | {m} | {t['scipy'] / t['numpy']:.2f} |", flush=True)


def main(dtype):
    rng, (tiles, dots) = np.random.default_rng(0), small_products(np.dtype(dtype))
    print(f"{machine()}, {np.dtype(dtype).name}; BLAS / ours\n")
    print("| n | k | m | multiply-adds | A W | A^T dZ | dZ W^T |\n|--:|--:|--:|--:|--:|--:|--:|")
    for n, k, m in SHAPES:
        A, W, dZ = (rng.normal(size=shape).astype(dtype) for shape in ((n, k), (k, m), (n, m)))
        Z, dW, dA = np.empty_like(dZ), np.empty_like(W), np.empty_like(A)
        each = ratio(ours, blas, tiles, A, W, Z), ratio(ours, blas, tiles, A.T, dZ, dW)
        each += (ratio(ours_transposed, blas_transposed, dots, dZ, W, dA),)
        print(f"| {n} | {k} | {m} | {n * k * m / 2**20:.2f} M |", " | ".join(f"{r:.2f}" for r in each), "|", flush=True)
    print_two_libraries(dtype)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dtype", default="float32", choices=["float32", "float64"])
    with threadpool_limits(1):
        main(parser.parse_args().dtype)
