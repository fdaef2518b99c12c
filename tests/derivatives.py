"""Derivatives checked along one random direction, which costs the same for any number of variables.

A gradient g of f at x is right where <g, d> is the derivative of t -> f(x + t d) at t = 0. With d drawn at random, an
error anywhere in g shows up in that one number.
"""

import math
from types import SimpleNamespace

import numpy as np

from skbackprop.network.layers import Run, Tape
from skbackprop.network.parameters import Parameters


def slope(f, h=1e-2, halvings=8):
    """The derivative of a function of one number at 0, from (f(h) - f(-h)) / 2h for h, h/2, h/4, ...

    The quotients are extrapolated to h = 0, and the value that agrees best with its neighbours is returned. So a
    smooth f is known to about ten digits, and a kink of f that only the longer steps reach does no harm.

    References
    ----------
    Ridders (1982), "Accurate computation of F'(x) and F'(x) F''(x)".
    """
    best, smallest, before = math.nan, math.inf, []
    for _ in range(halvings):
        row = [(f(h) - f(-h)) / (2 * h)]
        for power, coarser in enumerate(before, start=1):
            row.append(row[-1] + (row[-1] - coarser) / (4**power - 1))
            error = max(abs(row[-1] - row[-2]), abs(row[-1] - coarser))
            if error <= smallest:
                best, smallest = row[-1], error
        before, h = row, h / 2
    return best


def check_gradient(f, x, gradient, rng, *, free=1.0, rtol=1e-8, h=1e-2):
    """Assert that ``gradient`` is the derivative of f at the float64 array x.

    ``free`` is 1 for the entries of x that may be varied, 0 for the others; ``h`` is the first step, which is to be
    small where f bends sharply. The error is measured against the length of
    the gradient, which never happens to be small, as <gradient, d> may be.
    """
    direction = rng.standard_normal(x.shape) * free
    direction /= np.linalg.norm(direction)
    numeric = slope(lambda t: f(x + t * direction), h)
    analytic = float(np.vdot(gradient, direction))
    scale = max(float(np.linalg.norm(gradient * free)), abs(numeric))
    assert abs(analytic - numeric) <= rtol * scale, f"<gradient, d> = {analytic!r}, numerically {numeric!r}"


def check_loss(loss, y, raw, weight, rng):
    """Assert that what a loss writes to ``out`` is the derivative of its value by ``raw``."""
    gradient = np.empty_like(raw)
    loss.value_and_gradient(y, raw, weight, gradient)
    check_gradient(lambda r: loss.value_and_gradient(y, r, weight, np.empty_like(r)), raw, gradient, rng)


def check_layer(layer, X, rng):
    """Assert that ``backward`` of a layer is the derivative of its ``forward``, by its slots and by X."""
    parameters = Parameters([layer.slots(X.shape[1:])])
    theta = parameters.initial(np.random.RandomState(0), np.float64)
    theta += 0.1 * rng.standard_normal(theta.size)
    dY = rng.standard_normal((X.shape[0], *layer.output_shape(X.shape[1:])))

    def value(theta, X):
        return float(np.vdot(layer.forward(*parameters.views(theta), X, noisy_run()), dY))

    passed = run_layer(layer, parameters, theta, X, dY)
    check_gradient(lambda X: value(theta, X), X, passed.dX, rng)
    if theta.size:
        free = trainable(parameters)
        assert not np.any(passed.gradient[free == 0])
        if free.any():
            check_gradient(lambda theta: value(theta, X), theta, passed.gradient, rng, free=free)


def run_layer(layer, parameters, theta, X, dY, run=None):
    """One forward and backward pass; copies of Y, of dX, and of the gradient by theta."""
    run = noisy_run() if run is None else run
    gradient = np.zeros_like(theta)
    (p,), (g,) = parameters.views(theta), parameters.views(gradient)
    Y = layer.forward(p, X, run).copy()
    dX = layer.backward(p, g, dY.astype(theta.dtype), run)
    return SimpleNamespace(Y=Y, dX=dX.copy(), gradient=gradient)


def noisy_run(tape=None, seed=0):
    """A training pass whose noise is the same at every call."""
    return Run(tape=Tape() if tape is None else tape, rng=np.random.default_rng(seed))


def trainable(parameters):
    """A vector like theta: 1 for the entries that train, 0 for the others."""
    free = np.zeros(parameters.size)
    for slots, views in zip(parameters.layers, parameters.views(free), strict=True):
        for name, slot in slots.items():
            getattr(views, name)[...] = slot.train
    return free
