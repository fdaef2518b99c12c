"""What it takes beside time to train: the memory of a fit out of core, and the time of an import.

python benchmarks/footprint.py [--rounds 9] [--megabytes 1024] [--short]
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from turns import machine

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

class Watch(skbackprop.Constant):
    def __call__(self, step, total=None):
        global peak
        peak = max(peak, own())
        return 1.0

BatchMLPRegressor(learning_rate=Watch(), batch_size=4096, max_iter=1, n_iter_no_change=np.inf).fit(X, y)
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
        outs = [subprocess.run(command, env=environment, check=True, capture_output=True) for _ in range(rounds + 1)]
    extra = float(np.median([float(out.stdout) for out in outs[1:]])) * 1e3
    print(f"import beyond scikit-learn's: {extra:.0f} ms (< 50)")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--megabytes", type=int, default=1024, help="size of the memory-map to train on")
    parser.add_argument("--short", action="store_true", help="only show that everything runs")
    arguments = parser.parse_args()
    print(f"{machine()}\n")
    print_memory(16 if arguments.short else arguments.megabytes)
    print_import(1 if arguments.short else arguments.rounds)


if __name__ == "__main__":
    main()
