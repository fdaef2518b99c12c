"""Targets, weights and networks for the tests of what joins them."""

from dataclasses import replace

import numpy as np

from skbackprop.network.activations import GELU, Logistic, ReLU
from skbackprop.network.cells import CELLS, Elman
from skbackprop.network.layers import Dense, Standardize
from skbackprop.network.network import Network


def target(loss, rng, n, k):
    """An (n, k) target from the domain of the loss: any real numbers, or else what it does take."""
    positive = rng.gamma(2.0, size=(n, k))
    candidates = (
        rng.standard_normal((n, k)),
        np.where(np.arange(n)[:, None] % 4 == 0, 0.0, positive),
        rng.random((n, k)),
        np.resize([0.0, 1.0], (n, k)),
        np.arange(n * k).reshape(n, k) % 3,
    )
    return next(y for y in candidates if accepts(loss, y))


def accepts(loss, y):
    try:
        loss.check(y)
    except ValueError:
        return False
    return True


def weights(rng, n):
    """Positive, of mean one."""
    weight = rng.uniform(0.2, 3.0, n)
    return weight / weight.mean()


def small_network(activation, outputs, columns=4):
    return Network([Standardize(), Dense(5, activation), Dense(4, activation), Dense(outputs)], (columns,))


def random_theta(network, rng, dtype=np.float64):
    """Initial weights, with shifts, scales and biases that are no longer zero or one."""
    theta = network.parameters.initial(np.random.RandomState(0), np.float64)
    return (theta + 0.2 * rng.standard_normal(theta.size)).astype(dtype)


def every_cell():
    """Cells by name: all of the registry, with and without layer normalisation, and Elman's with other activations."""
    cells = dict(CELLS)
    cells |= {f"{name}, layer norm": replace(cell, layer_norm=True) for name, cell in CELLS.items()}
    return cells | {"elman, relu": Elman(ReLU()), "elman, logistic": Elman(Logistic()), "elman, gelu": Elman(GELU())}


def ragged(X, lengths):
    """A copy of X with NaN from the length of each sequence on."""
    X = X.copy()
    for row, length in zip(X, lengths, strict=True):
        row[length:] = np.nan
    return X
