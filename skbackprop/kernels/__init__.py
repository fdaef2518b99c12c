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
from .dense import DENSE
from .losses import poisson, squared_error
from .optimizers import adam, add_scaled, flush, l2, rmsprop, sgd
from .rows import add_bias, column_sums, gather, standardize

__all__ = [
    "adam",
    "add_bias",
    "add_scaled",
    "column_sums",
    "elu",
    "elu_backward",
    "flush",
    "gather",
    "gelu",
    "gelu_backward",
    "identity",
    "identity_backward",
    "l2",
    "leaky_relu",
    "leaky_relu_backward",
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

NUMPY.update(DENSE)
for _name in __all__:
    globals()[_name] = dispatched(globals()[_name])
