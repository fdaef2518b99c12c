"""Targets, weights and networks for the tests of what joins them."""

from dataclasses import replace

import numpy as np

from skbackprop.checks.targets import accepts, sample_target
from skbackprop.network.activations import GELU, Logistic, ReLU
from skbackprop.network.cells import CELLS, Elman
from skbackprop.network.contract import Run
from skbackprop.network.layers import Dense, Standardize
from skbackprop.network.network import Network
from skbackprop.network.parameters import Parameters
from tests.derivatives import run_layer

__all__ = ["Sample", "accepts", "assert_same_pass", "random_theta", "small_network", "target", "weights"]


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


class Sample:
    """A layer with a theta and a batch of rows of this shape, which are read-only, and dY."""

    def __init__(self, layer, rng, dtype=np.float64, rows=7, *, shape):
        self.layer, self.parameters = layer, Parameters([layer.slots(shape)])
        self.theta = self.parameters.initial(np.random.RandomState(0), dtype)
        self.theta += (0.2 * rng.standard_normal(self.theta.size)).astype(dtype)
        self.X = rng.standard_normal((rows, *shape)).astype(dtype)
        self.dY = rng.standard_normal((rows, *layer.output_shape(shape))).astype(dtype)
        self.X.flags.writeable = self.theta.flags.writeable = False

    def p(self):
        return self.parameters.views(self.theta)[0]

    def forward(self, X, run=None):
        return self.layer.forward(self.p(), X, Run() if run is None else run)

    def passed(self, rows=slice(None), run=None, X=None, dY=None):
        X, dY = self.X[rows] if X is None else X, self.dY[rows] if dY is None else dY
        return run_layer(self.layer, self.parameters, self.theta, X, dY, run)


def assert_same_pass(one, other, **tolerance):
    for name in ("Y", "dX", "gradient"):
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), err_msg=name, **tolerance)
