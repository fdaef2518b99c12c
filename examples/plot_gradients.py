"""Gradients that vanish or explode on their way back through time, and the remedies.

``python examples/plot_gradients.py gradients.png`` saves the figure; without a file name it is shown.

1. A cell reads 100 steps of noise. The derivative of something at the end by the state t steps before is a product of t
   Jacobians (Pascanu, Mikolov and Bengio 2013); its length is drawn against t, for cells before any training.
2. The adding problem, learnt by gradient descent with momentum: the length of the gradient in every step, and the error
   on new rows, with and without `clip_norm`. Without it the gradient of the plain cell explodes within the first
   hundred steps, and the fit diverges; in which step depends on rounding, and so on the machine. With clipping, the fit
   runs to its end, mostly without learning anything. The GRU learns.
"""

import sys

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.metrics import mean_squared_error

from skbackprop import (
    GRU,
    LSTM,
    BatchRNNRegressor,
    Cosine,
    Elman,
    Logistic,
    Network,
    Recurrent,
    ReLU,
    Run,
    Tanh,
    Tape,
)

STEPS, UNITS, ROWS = 100, 64, 32
EPOCHS, BATCH = 12, 50
STARTS = {
    # A cell, and the spectral radius of a Gaussian U; None keeps the U that the cell starts with, which is orthogonal.
    "sigmoid Elman, radius 1": (Elman(Logistic()), 1.0),
    "sigmoid Elman, radius 6": (Elman(Logistic()), 6.0),
    "tanh Elman, radius 0.9": (Elman(Tanh()), 0.9),
    "tanh Elman, radius 1.5": (Elman(Tanh()), 1.5),
    "tanh Elman, radius 3": (Elman(Tanh()), 3.0),
    "tanh Elman, orthogonal": (Elman(Tanh()), None),
    "relu Elman, identity": (Elman(ReLU()), None),
    "GRU": (GRU(), None),
    "LSTM, forget bias 0": (LSTM(forget_bias=0.0), None),
    "LSTM, forget bias 1": (LSTM(), None),
}
FITS = {
    "tanh Elman": (Elman(), None),
    "tanh Elman, clipped": (Elman(), 1.0),
    "GRU, clipped": (GRU(), 1.0),
}


def slots_of(cell, radius, rng):
    """A layer with a small input, and the views of its weights."""
    layer = Recurrent(cell, UNITS)
    network = Network([layer], (None, 1))
    (p,) = network.parameters.views(network.parameters.initial(np.random.RandomState(0), np.float64))
    p.W *= 0.1
    if radius is not None:
        U = rng.normal(size=p.U.shape)
        p.U[...] = radius * U / np.abs(np.linalg.eigvals(U)).max()
    return layer, p


def lengths_back(cell, radius):
    """The mean length of the derivative by the states, 0, 1, ... STEPS steps back from the end."""
    rng = np.random.default_rng(0)
    layer, p = slots_of(cell, radius, rng)
    run = Run(tape=Tape())
    layer.forward(p, rng.normal(size=(ROWS, STEPS, 1)), run)
    dS = [np.zeros((ROWS, UNITS)) for _ in range(cell.states)]
    dS[0][...] = rng.normal(size=UNITS) / np.sqrt(UNITS)
    lengths = []
    for step in reversed(run.tape.unrolled.steps):
        lengths.append(np.linalg.norm(np.hstack(dS), axis=1).mean())
        dR = np.empty_like(step.Z)
        cell.backward(p, tuple(dS), dR, step)
        dS[0] += dR @ p.U.T
    return np.array(lengths)


def adding(n, T, rng):
    """Numbers and marks, of shape (n, T, 2), and the sum of the two that are marked; all of mean 0 and variance 1."""
    number, mark, rows = rng.random((n, T)), np.zeros((n, T)), np.arange(n)
    first, second = rng.integers(0, T // 2, n), rng.integers(T // 2, T, n)
    mark[rows, first] = mark[rows, second] = 1.0
    y = number[rows, first] + number[rows, second]
    X = np.stack([(number - 0.5) * np.sqrt(12), (mark - 2 / T) / np.sqrt(2 / T * (1 - 2 / T))], axis=2)
    return X.astype(np.float32), (y - 1) * np.sqrt(6)


def history(cell, clip):
    """The length of the gradient in every step, and the mean squared error on new rows after every epoch."""
    rng = np.random.default_rng(0)
    (X, y), (X_new, y_new) = adding(2000, 50, rng), adding(500, 50, rng)
    steps_per_epoch = len(X) // BATCH
    model = BatchRNNRegressor(
        cell=cell,
        clip_norm=clip,
        solver="sgd",
        learning_rate=Cosine(total=EPOCHS * steps_per_epoch),
        learning_rate_init=0.1,
        batch_size=BATCH,
        standardize=False,
        random_state=0,
    )
    lengths, errors = [], []
    try:
        for _ in range(EPOCHS):
            for start in range(0, len(X), BATCH):  # a call for every step, to see each gradient
                model.partial_fit(X[start : start + BATCH], y[start : start + BATCH])
                lengths.append(model.history_["gradient_norm"][-1])
            errors.append(mean_squared_error(y_new, model.predict(X_new)))
    except ValueError as error:
        print(f"{cell}, gradients clipped to {clip}: {error}")
    return pd.Series(lengths), pd.Series(errors, 1 + np.arange(len(errors)), dtype=float)


def main():
    figure, axes = plt.subplots(1, 3, figsize=(15, 4.8), layout="constrained")
    back = {name: lengths_back(*start) for name, start in STARTS.items()}
    table = pd.DataFrame(back).loc[[0, 10, 30, 99]].T
    print("length of the derivative by the state, steps back")
    print(table.to_string(float_format="{:.0e}".format), "\n")
    styles = {"sigmoid": ":", "tanh": "--", "relu": "-.", "GRU": "-", "LSTM": "-"}
    for name, lengths in back.items():
        axes[0].plot(lengths, styles[name.split()[0].strip(",")], label=name)
    axes[0].set(title="derivative by the state", xlabel="steps back", ylabel="length", yscale="log", ylim=(1e-12, 1e18))
    axes[0].legend(fontsize="x-small", ncols=2)

    fits = {name: history(cell, clip) for name, (cell, clip) in FITS.items()}
    print("adding problem: the greatest length of the gradient, and the error at the end (guessing: 1)")
    for name, (lengths, errors) in fits.items():
        end = f"error {errors.iloc[-1]:.3f}" if len(errors) == EPOCHS else "diverged"
        print(f"{name:20} {len(lengths):3d} steps {lengths.max():10.1g}   {end}")
        lengths.plot(ax=axes[1], linewidth=0.8, label=name)
        errors.plot(ax=axes[2], marker=".", label=name)
    axes[1].set(title="adding problem: length before clipping", xlabel="step", yscale="log", ylim=(1e-2, 1e8))
    axes[2].axhline(1, color="grey", linestyle=":", label="guessing the mean")
    axes[2].set(
        title="adding problem: error on new rows", xlabel="epoch", ylabel="MSE", xlim=(0, EPOCHS), ylim=(0, 1.5)
    )
    axes[2].legend()
    if len(sys.argv) > 1:
        figure.savefig(sys.argv[1], dpi=120)
    else:
        plt.show()


if __name__ == "__main__":
    main()
