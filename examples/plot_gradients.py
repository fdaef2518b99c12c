"""Gradients that vanish and explode on their way back through time, and what answers them.

``python examples/plot_gradients.py gradients.png`` saves the figure; without a file name it is shown.

1. A cell reads 100 steps of noise. The derivative of something at the end by the state t steps before is a product of t
   Jacobians (Pascanu, Mikolov and Bengio 2013); its length is drawn against t, for cells as they start.
2. The adding problem, learnt by plain gradient descent: the length of the gradient in every epoch, and what is learnt,
   with and without `clip_norm`.
"""

import sys

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.metrics import mean_squared_error

from skbackprop import GRU, LSTM, BatchRNNRegressor, Elman, Logistic, Network, Recurrent, ReLU, Run, Tanh, Tape

STEPS, UNITS, ROWS = 100, 64, 32
STARTS = {
    # A cell, and the spectral radius of a Gaussian U; None stands for the U that it starts with, orthogonal.
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
    """Numbers and marks, of shape (n, T, 2), and the sum of the two that are marked."""
    X, rows = np.zeros((n, T, 2), np.float32), np.arange(n)
    X[:, :, 0] = rng.random((n, T))
    first, second = rng.integers(0, T // 2, n), rng.integers(T // 2, T, n)
    X[rows, first, 1] = X[rows, second, 1] = 1.0
    return X, X[rows, first, 0] + X[rows, second, 0]


def history(cell, clip, epochs=18):
    """The length of the gradient, and the mean squared error on new rows, after every epoch until it diverges."""
    rng = np.random.default_rng(0)
    (X, y), (X_new, y_new) = adding(2000, 50, rng), adding(500, 50, rng)
    model = BatchRNNRegressor(
        cell=cell, clip_norm=clip, solver="sgd", learning_rate_init=0.06, batch_size=50, random_state=2
    )
    lengths, errors = [], []
    for _ in range(epochs):
        try:
            model.partial_fit(X, y)
        except ValueError as error:
            print(error)
            break
        lengths.append(model.history_["gradient_norm"][-1])
        errors.append(mean_squared_error(y_new, model.predict(X_new)))
    return pd.DataFrame({"length": lengths, "error": errors}, index=1 + np.arange(len(errors)))


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
    print(
        "adding problem: mean length of the gradient in the worst epoch, and the error at the end; guessing has 0.167"
    )
    for name, each in fits.items():
        print(f"{name:20} {len(each):3d} epochs {each['length'].max():10.2g} {each['error'].iloc[-1]:10.2g}")
        each["length"].plot(ax=axes[1], marker=".", label=name)
        each["error"].plot(ax=axes[2], marker=".", label=name)
    axes[1].set(title="adding problem: length before clipping", xlabel="epoch", ylabel="gradient_norm", yscale="log")
    axes[2].axhline(1 / 6, color="grey", linestyle=":", label="mean of all sums")
    axes[2].set(title="adding problem: error on new rows", xlabel="epoch", ylabel="MSE", ylim=(0, 0.3))
    axes[2].legend()
    if len(sys.argv) > 1:
        figure.savefig(sys.argv[1], dpi=120)
    else:
        plt.show()


if __name__ == "__main__":
    main()
