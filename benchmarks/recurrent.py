"""A training step of recurrent networks against PyTorch's and against its matrix products alone; growth with the steps.

Forward, backward and Adam on a batch, in float32 and on one thread, with NumPy's kernels and the compiled ones.
Everything is timed in turns within one run, in processor time, and reported as ratios of medians, because the machine's
own speed drifts by more than the differences measured here.

    python benchmarks/recurrent.py [--rounds 41] [--short]
"""

import argparse
import time
import tracemalloc

import numpy as np
from speed import BACKENDS
from threadpoolctl import threadpool_limits
from turns import machine, medians, timed

from skbackprop import CELLS, Adam, Dense, Network, Recurrent, SequenceObjective, SquaredError, kernel_backend
from skbackprop.kernels import fixed_kernels

try:
    import torch
except ImportError:
    torch = None

N, T, D = 64, 50, 16
# The most that ours may take relative to PyTorch at 64 and at 128 units, with NumPy's kernels.
TARGETS = {"elman": (1.0, 1.0), "gru": (1.0, 1.0), "lstm": (1.3, 1.8)}
PRODUCTS_TARGET = 2.5
# The same with compiled kernels at any width; an LSTM may also take this multiple of its products, if that is more.
FAST_TARGETS = {"elman": 0.9, "gru": 0.9, "lstm": 1.3}
FAST_PRODUCTS_TARGET = {"lstm": 1.6}


def rows(steps):
    rng = np.random.default_rng(0)
    return rng.normal(size=(N, steps, D)).astype(np.float32), rng.normal(size=(N, 1)).astype(np.float32)


def our_step(backend, cell, units, steps=T, truncate=None, every_step=False):
    X, y = rows(steps)
    y = np.repeat(y[:, None], steps, axis=1) if every_step else y
    network = Network([Recurrent(CELLS[cell], units, return_sequences=every_step), Dense(1)], (None, D))
    theta = network.parameters.initial(np.random.RandomState(0), np.float32)
    objective, adam = SequenceObjective(network, SquaredError(), X, y, truncate=truncate), Adam()
    state = adam.start(theta)

    def step():
        with kernel_backend(backend), fixed_kernels():
            _, gradient = objective.value_and_gradient(theta)
            adam.step(theta, gradient, 1e-3, state)

    return step


def torch_step(cell, units):
    """The same arithmetic: mean over rows of half the square, Adam without extras."""
    X, y = (torch.tensor(array) for array in rows(T))
    kind = {"elman": torch.nn.RNN, "gru": torch.nn.GRU, "lstm": torch.nn.LSTM}[cell]
    recurrent, dense = kind(D, units, batch_first=True), torch.nn.Linear(units, 1)
    adam = torch.optim.Adam([*recurrent.parameters(), *dense.parameters()], lr=1e-3)

    def step():
        adam.zero_grad()
        H, _ = recurrent(X)
        (0.5 * ((dense(H[:, -1]) - y) ** 2).mean()).backward()
        adam.step()

    return step


def bare_products(cell, units):
    """X W, H U and dZ U^T at every step, H^T dZ and X^T dZ, on arrays that are there."""
    rng, width = np.random.default_rng(0), CELLS[cell].gates * units
    X, H = (rng.normal(size=(T, N, columns)).astype(np.float32) for columns in (D, units))
    W, U = (rng.normal(size=(columns, width)).astype(np.float32) for columns in (D, units))
    Z, dW, dU, UT, R, dH = np.empty((T, N, width), np.float32), W.copy(), U.copy(), U.T.copy(), Z0(width), Z0(units)
    flat = [a.reshape(T * N, -1) for a in (X, H, Z)]

    def step():
        np.dot(flat[0], W, out=flat[2])
        for h in H:
            np.dot(h, U, out=R)
        for z in Z[::-1]:
            np.dot(z, UT, out=dH)
        np.dot(flat[1].T, flat[2], out=dU)
        np.dot(flat[0].T, flat[2], out=dW)

    return step


def Z0(columns):
    return np.zeros((N, columns), np.float32)


def milliseconds(steps, rounds):
    """Of processor time, medians."""
    for step in steps.values():  # compiles, and allocates
        step()
    t = medians({name: timed(step, clock=time.process_time) for name, step in steps.items()}, rounds)
    return {name: 1e3 * seconds for name, seconds in t.items()}


def print_cells(rounds):
    print("| cell | units | products, ms | PyTorch | kernels | ours | ours / products | ours / PyTorch |")
    print("|---|--:|--:|--:|---|--:|--:|--:|")
    for at, units in enumerate((64, 128)):
        for cell in CELLS:
            steps = {backend: our_step(backend, cell, units) for backend in BACKENDS}
            steps["products"] = bare_products(cell, units)
            if torch is not None:
                steps["torch"] = torch_step(cell, units)
            t = milliseconds(steps, rounds)
            for backend in BACKENDS:
                print_row(cell, units, backend, t, targets(cell, at, backend))


def targets(cell, at, backend):
    """Ours over the products and over PyTorch's, at most."""
    if backend == "numpy":
        return PRODUCTS_TARGET, TARGETS[cell][at]
    return FAST_PRODUCTS_TARGET.get(cell), FAST_TARGETS[cell]


def print_row(cell, units, backend, t, most):
    peer = f"{t['torch']:.1f}" if "torch" in t else ""
    each = [
        f"{t[backend] / t[who]:.2f}" + (f" (<= {bound})" if bound else "") if who in t else ""
        for who, bound in zip(("products", "torch"), most, strict=True)
    ]
    row = [cell, units, f"{t['products']:.1f}", peer, backend, f"{t[backend]:.1f}", *each]
    print("|", " | ".join(map(str, row)), "|", flush=True)


def print_growth(rounds):
    print("| steps | full, ms | per step, us | full, MB | truncate=25, ms | MB |")
    print("|--:|--:|--:|--:|--:|--:|")
    for steps in (25, 50, 100, 200, 400):
        found = {}
        for name, truncate in (("full", None), ("cut", 25)):
            growing = BACKENDS[-1], "gru", 64, steps, truncate, True
            found[name] = our_step(*growing), peak_megabytes(our_step(*growing))
        t = milliseconds({name: step for name, (step, _) in found.items()}, max(rounds // 4, 1))
        print(
            f"| {steps} | {t['full']:.1f} | {1e3 * t['full'] / steps:.0f} | {found['full'][1]:.1f} | {t['cut']:.1f} "
            f"| {found['cut'][1]:.1f} |",
            flush=True,
        )


def peak_megabytes(step):
    """Of the first call, above the rows, the weights and Adam's state."""
    tracemalloc.start()
    step()
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most / 2**20


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=41)
    parser.add_argument("--short", action="store_true", help="only show that everything runs")
    arguments = parser.parse_args()
    rounds = 1 if arguments.short else arguments.rounds
    print(f"{machine('torch')}; one thread, medians of {rounds} rounds")
    print(f"{N} sequences of {T} steps and {D} channels, the last state to one output\n")
    if torch is not None:
        torch.set_num_threads(1)
    with threadpool_limits(1):
        print_cells(rounds)
        print(f"\nGRU of 64 units, {N} sequences, an output at every step, {BACKENDS[-1]}\n")
        print_growth(rounds)


if __name__ == "__main__":
    main()
