"""When do more BLAS threads pay? Products of growing size on one thread and on all, idle or busy.

    python benchmarks/blas_threads.py           idle
    python benchmarks/blas_threads.py --busy    while one process per core keeps multiplying matrices

The thresholds in ``skbackprop/estimators/_threads.py`` come from here.
"""

import argparse
import multiprocessing
import os
import time

import numpy as np
from threadpoolctl import ThreadpoolController

SHAPES = [
    (32, 20, 100),
    (200, 20, 100),
    (200, 100, 100),
    (256, 256, 256),
    (512, 256, 256),
    (1024, 256, 256),
    (1024, 512, 512),
    (4096, 512, 512),
]


def keep_busy():
    A = np.random.default_rng(0).normal(size=(500, 500))
    with ThreadpoolController().limit(limits=1):
        while True:
            A @ A


def microseconds(A, B, C, repeats):
    start = time.perf_counter()
    for _ in range(repeats):
        np.dot(A, B, out=C)
    return (time.perf_counter() - start) / repeats * 1e6


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--busy", action="store_true")
    busy = parser.parse_args().busy
    others = [multiprocessing.Process(target=keep_busy, daemon=True) for _ in range(os.cpu_count() if busy else 0)]
    for other in others:
        other.start()
    controller, rng = ThreadpoolController(), np.random.default_rng(0)
    print("| product | Mflop | one thread, us | all threads, us | ratio | worst of all / best of all |")
    print("|---|--:|--:|--:|--:|--:|")
    for m, k, n in SHAPES:
        A, B = rng.normal(size=(m, k)).astype(np.float32), rng.normal(size=(k, n)).astype(np.float32)
        C, repeats = np.empty((m, n), np.float32), max(3, int(4e8 / (m * k * n)))
        one, several = [], []
        for _ in range(7):
            with controller.limit(limits=1, user_api="blas"):
                one.append(microseconds(A, B, C, repeats))
            several.append(microseconds(A, B, C, repeats))
        a, b = np.median(one), np.median(several)
        print(
            f"| {m} x {k} x {n} | {2e-6 * m * k * n:.1f} | {a:.1f} | {b:.1f} | {b / a:.2f} "
            f"| {max(several) / min(several):.1f} |",
            flush=True,
        )
    for other in others:
        other.terminate()


if __name__ == "__main__":
    main()
