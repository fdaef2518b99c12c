"""Loops over elements: plain functions on plain arrays, called as ``kernels.name(...)``.

They are reached through this module, never imported by name, so that a compiled twin with the same names and
signatures can stand in for them in this one place.
"""

from .activations import (
    elu,
    elu_backward,
    gelu,
    gelu_backward,
    leaky_relu,
    leaky_relu_backward,
    logistic,
    logistic_backward,
    mish,
    mish_backward,
    relu,
    relu_backward,
    silu,
    silu_backward,
    softplus,
    softplus_backward,
    tanh,
    tanh_backward,
)
from .losses import (
    brier_classes,
    brier_columns,
    focal_classes,
    focal_columns,
    log_loss_classes,
    log_loss_columns,
    poisson,
    squared_error,
)
from .optimizers import adam, add_scaled, flush, rmsprop, sgd
from .rows import add_bias, column_sums, gather, standardize

__all__ = [
    "adam",
    "add_bias",
    "add_scaled",
    "brier_classes",
    "brier_columns",
    "column_sums",
    "elu",
    "elu_backward",
    "flush",
    "focal_classes",
    "focal_columns",
    "gather",
    "gelu",
    "gelu_backward",
    "leaky_relu",
    "leaky_relu_backward",
    "log_loss_classes",
    "log_loss_columns",
    "logistic",
    "logistic_backward",
    "mish",
    "mish_backward",
    "poisson",
    "relu",
    "relu_backward",
    "rmsprop",
    "sgd",
    "silu",
    "silu_backward",
    "softplus",
    "softplus_backward",
    "squared_error",
    "standardize",
    "tanh",
    "tanh_backward",
]
