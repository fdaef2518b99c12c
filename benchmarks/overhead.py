"""Where the processor time of a training step goes: products and kernels, and the Python in between.

Kernels are timed one by one in a separate run, less the cost of timing them. Products are timed on their own, unless
compiled kernels contain them. Apart from the products, times are processor time, because other processes may use the
core between steps.

    python benchmarks/overhead.py
"""

import time

import numpy as np
from bare import products_seconds
from speed import CASES
from threadpoolctl import threadpool_limits

from skbackprop import Adam, Dense, Network, Objective, ReLU, SquaredError
from skbackprop.estimators._stepper import make_stepper
from skbackprop.kernels import backend
from skbackprop.network.penalties import L2
from skbackprop.optimize.batches import Batches
from skbackprop.optimize.schedules import SCHEDULES
from skbackprop.optimize.training import TrainingState, train

EPOCHS = 15
SPENT = [0.0, 0]  # seconds inside kernels, calls of them


def step_seconds(table, case):
    """Of one step with these kernels, the best epoch of several."""
    rows, n_in, hidden, batch, _ = CASES[case]
    rng = np.random.default_rng(0)
    X, y = (rng.normal(size=(rows, k)).astype(np.float32) for k in (n_in, 1))
    network = Network([*(Dense(units, ReLU()) for units in hidden), Dense(1)], (n_in,))
    theta = network.parameters.initial(np.random.RandomState(0), np.float32)
    objective, adam = Objective(network, SquaredError(), X, y, penalty=L2(1e-4)), Adam()
    state = TrainingState(theta, adam.start(theta), np.random.RandomState(0))
    batches = Batches(rows, batch, state.rng)
    token, times = backend.current_table.set(table), []
    epochs = train(make_stepper(objective, adam, np.inf, batches, state), state, batches, SCHEDULES["constant"], 1e-3)
    for _ in range(EPOCHS):
        SPENT[:] = 0.0, 0
        start = time.thread_time()
        next(epochs)
        times.append((time.thread_time() - start, *SPENT))
    backend.current_table.reset(token)
    whole, inside, calls = min(times[1:])
    return whole / len(batches), (inside - calls * timing()) / len(batches)


def timed(kernel):
    def measured(*arguments):
        start = time.thread_time()
        result = kernel(*arguments)
        SPENT[0] += time.thread_time() - start
        SPENT[1] += 1
        return timed(result) if callable(result) else result

    return measured


def timing():
    """What `timed` takes for a kernel for itself."""
    SPENT[:] = 0.0, 0
    nothing = timed(lambda *arguments: None)
    for _ in range(10_000):
        nothing(1, 2, 3)
    return SPENT[0] / SPENT[1]


def main():
    tables = {"NumPy": backend.NUMPY}
    if backend.numba_is_there():
        tables["compiled"] = backend.compiled_table()
    print("| microseconds a step | all | products and kernels | the Python in between |\n|---|--:|--:|--:|")
    with threadpool_limits(1):
        for case in ("S1", "S2"):
            _, n_in, hidden, batch, _ = CASES[case]
            products = min(products_seconds(n_in, hidden, batch, "float32", 50) for _ in range(50)) / 50
            for name, table in tables.items():
                whole, _ = step_seconds(table, case)
                # NumPy's are the Python in between.
                whose = {key: timed(k) if key != "fused_steps" or name == "compiled" else k for key, k in table.items()}
                _, inside = step_seconds(whose, case)
                inside += products if name == "NumPy" else 0.0
                parts = [part * 1e6 for part in (whole, inside, whole - inside)]
                print(f"| {case}, {name} |", " | ".join(f"{part:.1f}" for part in parts), "|")


if __name__ == "__main__":
    main()
