"""Adapters that give all losses one signature, and all optimisers another, so that the loop accepts any of them.

Their constants come as a float64 array. The loop is passed addresses, which it turns into functions: numba also accepts
the functions themselves, but then runs Python code at every call, and a Ctrl-C that arrives during that is lost.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba import from_dtype, types
from numba.core import cgutils
from numba.extending import intrinsic

from .blas import gemm, signature_of_gemm
from .compiler import pointer
from .dense import BACKWARD, FORWARD
from .losses import classification, location, log_link
from .optimizers import adam, rmsprop, sgd
from .products import by_tiles

ADAPTERS: dict[str, Callable[..., Any]] = {}


def adapter(function: Callable[..., Any]) -> Callable[..., Any]:
    """Register an adapter under the name of the kernel that it calls."""
    ADAPTERS[function.__name__.removesuffix("_")] = function
    return function


@adapter
def squared_error_(y, raw, weight, out, c):
    return location.squared_error(y, raw, weight, out)


@adapter
def absolute_error_(y, raw, weight, out, c):
    return location.absolute_error(y, raw, weight, out)


@adapter
def huber_(y, raw, weight, out, c):
    return location.huber(y, raw, weight, out, c.astype(raw.dtype))


@adapter
def log_cosh_(y, raw, weight, out, c):
    return location.log_cosh(y, raw, weight, out, c.astype(raw.dtype))


@adapter
def expectile_(y, raw, weight, out, c):
    return location.expectile(y, raw, weight, out, c[0])


@adapter
def quantile_(y, raw, weight, out, c):
    return location.quantile(y, raw, weight, out, c.astype(raw.dtype))


@adapter
def poisson_(y, raw, weight, out, c):
    return log_link.poisson(y, raw, weight, out, c[0])


@adapter
def gamma_(y, raw, weight, out, c):
    return log_link.gamma(y, raw, weight, out, c[0])


@adapter
def tweedie_(y, raw, weight, out, c):
    return log_link.tweedie(y, raw, weight, out, c[0], c[1])


@adapter
def gaussian_(y, raw, weight, out, c):
    return log_link.gaussian(y, raw, weight, out, c[0], c[1])


@adapter
def log_loss_classes_(y, raw, weight, out, c):
    return classification.log_loss_classes(y, raw, weight, out, c[0])


@adapter
def log_loss_columns_(y, raw, weight, out, c):
    return classification.log_loss_columns(y, raw, weight, out, c[0])


@adapter
def brier_classes_(y, raw, weight, out, c):
    return classification.brier_classes(y, raw, weight, out)


@adapter
def brier_columns_(y, raw, weight, out, c):
    return classification.brier_columns(y, raw, weight, out)


@adapter
def focal_classes_(y, raw, weight, out, c):
    return classification.focal_classes(y, raw, weight, out, c[0])


@adapter
def focal_columns_(y, raw, weight, out, c):
    return classification.focal_columns(y, raw, weight, out, c[0])


@adapter
def sgd_(theta, gradient, velocity, unused, t, rate, decaying, c):
    sgd(theta, gradient, velocity, t, rate, decaying, c[0], c[1] != 0.0, c[2])


@adapter
def rmsprop_(theta, gradient, squares, unused, t, rate, decaying, c):
    rmsprop(theta, gradient, squares, t, rate, decaying, c[0], c[1], c[2])


@adapter
def adam_(theta, gradient, sums, squares, t, rate, decaying, c):
    adam(theta, gradient, sums, squares, t, rate, decaying, c[0], c[1], c[2], c[3])


def arrays(real: Any) -> tuple[Any, Any, Any]:
    """The types of a float64 vector, and of a vector and a matrix with numbers of type ``real``."""
    return tuple(types.Array(kind, n, "C") for kind, n in ((types.float64, 1), (real, 1), (real, 2)))  # type: ignore


class Products(NamedTuple):
    """Functions that compute matrix products, called by address.

    ``tiles`` computes small ones, whose first factor may have any memory order, and ``gemm`` the others.
    """

    tiles: Any
    gemm: Any


class Pointers(NamedTuple):
    """Functions that the loop calls by address: a dense layer both ways, the loss, the step, and `Products`."""

    dense: Any
    dense_backward: Any
    loss: Any
    optimizer: Any
    tiles: Any
    gemm: Any


def signatures(real: Any) -> Pointers:
    """The signatures of these functions for numbers of type ``real``."""
    number, count = types.float64, types.int64
    constants, vector, matrix = arrays(real)
    moments = vector, vector, vector, vector
    return Pointers(
        types.void(matrix, vector, matrix, constants),
        types.void(matrix, matrix, matrix, vector, constants),
        number(matrix, matrix, vector, matrix, constants),
        types.void(*moments, count, number, count, constants),
        types.void(matrix.copy(layout="A"), matrix, matrix),
        signature_of_gemm(real),
    )


@cache
def products(dtype: np.dtype) -> Products:
    return Products(pointer(by_tiles, signatures(from_dtype(dtype)).tiles), gemm(dtype))


@cache
def pointers(f: str, loss: str, optimizer: str, dtype: np.dtype) -> Pointers | None:
    """The pointers for an activation, a loss and an optimiser of these names.

    None if one of the three has no twin.
    """
    if f not in FORWARD or loss not in ADAPTERS or optimizer not in ADAPTERS:
        return None
    of = signatures(from_dtype(dtype))
    return Pointers(
        pointer(FORWARD[f], of.dense),
        pointer(BACKWARD[f], of.dense_backward),
        pointer(ADAPTERS[loss], of.loss),
        pointer(ADAPTERS[optimizer], of.optimizer),
        *products(dtype),
    )


@intrinsic
def functions_at(typing: Any, addresses: Any, theta: Any) -> Any:
    """Turn addresses into `Pointers` to functions, for arrays of the dtype of ``theta``."""
    made = types.NamedTuple([types.FunctionType(signature) for signature in signatures(theta.dtype)], Pointers)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        functions = []
        for at, kind in enumerate(made.types):
            address = builder.inttoptr(builder.extract_value(arguments[0], at), cgutils.voidptr_t)
            nothing = ir.Constant(context.get_value_type(kind), None)
            functions.append(builder.insert_value(nothing, address, 0))
        return context.make_tuple(builder, made, functions)

    return made(addresses, theta), generate
