"""Loops over elements: plain functions on plain arrays, called as ``kernels.name(...)``.

They are reached through this module, never imported by name: what is called is the kernel of that name in the table in
force, NumPy's own or its compiled twin. See `kernel_backend`.
"""

from .activations import (
    elu,
    elu_backward,
    gelu,
    gelu_backward,
    identity,
    identity_backward,
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
from .backend import NUMPY, dispatched
from .backend import in_force as in_force
from .backend import kernel_backend as kernel_backend
from .backend import kernels_in_force as kernels_in_force
from .cells import (
    gru,
    gru_backward,
    lstm,
    lstm_backward,
    lstm_output,
    lstm_output_backward,
    lstm_state,
    lstm_state_backward,
    normalize,
    normalize_backward,
)
from .dense import DENSE
from .losses import (
    absolute_error,
    brier_classes,
    brier_columns,
    expectile,
    focal_classes,
    focal_columns,
    gamma,
    gaussian,
    huber,
    log_cosh,
    log_loss_classes,
    log_loss_columns,
    poisson,
    quantile,
    squared_error,
    tweedie,
)
from .optimizers import adam, add_scaled, flush, l2, rmsprop, sgd
from .rows import add_bias, column_sums, gather, gather_steps, scatter_add, standardize

__all__ = [
    "absolute_error",
    "adam",
    "add_bias",
    "add_scaled",
    "brier_classes",
    "brier_columns",
    "column_sums",
    "elu",
    "elu_backward",
    "expectile",
    "flush",
    "focal_classes",
    "focal_columns",
    "gamma",
    "gather",
    "gather_steps",
    "gaussian",
    "gelu",
    "gelu_backward",
    "gru",
    "gru_backward",
    "huber",
    "identity",
    "identity_backward",
    "l2",
    "leaky_relu",
    "leaky_relu_backward",
    "log_cosh",
    "log_loss_classes",
    "log_loss_columns",
    "logistic",
    "logistic_backward",
    "lstm",
    "lstm_backward",
    "lstm_output",
    "lstm_output_backward",
    "lstm_state",
    "lstm_state_backward",
    "mish",
    "mish_backward",
    "normalize",
    "normalize_backward",
    "poisson",
    "quantile",
    "relu",
    "relu_backward",
    "rmsprop",
    "scatter_add",
    "sgd",
    "silu",
    "silu_backward",
    "softplus",
    "softplus_backward",
    "squared_error",
    "standardize",
    "tanh",
    "tanh_backward",
    "tweedie",
]

NUMPY.update(DENSE)
for _name in __all__:
    globals()[_name] = dispatched(globals()[_name])
