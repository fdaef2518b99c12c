"""Targets, weights and networks for the tests of what joins them."""

from dataclasses import replace

import numpy as np

from skbackprop.checks.targets import accepts, sample_target
from skbackprop.network.activations import GELU, Logistic, ReLU
from skbackprop.network.cells import CELLS, Elman
from skbackprop.network.layers import Dense, Standardize
from skbackprop.network.network import Network

__all__ = ["accepts", "random_theta", "small_network", "target", "weights"]


def target(loss, rng, n, k):
    """An (n, k) target from the domain of the loss."""
    return sample_target(loss, rng, n, k)


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
