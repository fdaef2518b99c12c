"""What the tests take from the package's own checks, and the check of one gradient of a loss on given arrays."""

import numpy as np

from skbackprop.checks.derivatives import check_gradient, slope
from skbackprop.checks.layers import noisy_run, run_layer, trainable
from skbackprop.checks.losses import differentiable

__all__ = ["check_gradient", "check_loss", "differentiable", "noisy_run", "run_layer", "slope", "trainable"]


def check_loss(loss, y, raw, weight, rng):
    """Assert that what a loss writes to ``out`` is the derivative of its value by ``raw``."""
    gradient = np.empty_like(raw)
    loss.value_and_gradient(y, raw, weight, gradient)
    held = differentiable(loss, raw)
    check_gradient(lambda r: held.value_and_gradient(y, r, weight, np.empty_like(r)), raw, gradient, rng)
