"""Adapters that give all losses, and all optimisers, one signature each, so that the loop can be handed any of them.

Their constants come as an array of float64.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numba import from_dtype, types

from .blas import gemm
from .compiler import pointer
from .dense import BACKWARD, FORWARD
from .losses import classification, location, log_link
from .optimizers import adam, rmsprop, sgd
from .products import by_tiles

ADAPTERS: dict[str, Callable[..., Any]] = {}


def adapter(function: Callable[..., Any]) -> Callable[..., Any]:
    """Known by the name of the kernel that it calls."""
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


def arrays(dtype: np.dtype) -> tuple[Any, Any, Any]:
    """The types of a vector of float64, and of a vector and a matrix of this dtype."""
    real = from_dtype(dtype)
    return tuple(types.Array(kind, n, "C") for kind, n in ((types.float64, 1), (real, 1), (real, 2)))  # type: ignore


class Products(NamedTuple):
    """What makes products, called by its address: small ones, of which one factor may lie in any order, and others."""

    tiles: Any
    gemm: Any


class Pointers(NamedTuple):
    """What is called by its address: a dense layer's two ways with f, the loss, the step, and `Products`."""

    dense: Any
    dense_backward: Any
    loss: Any
    optimizer: Any
    tiles: Any
    gemm: Any


@cache
def products(dtype: np.dtype) -> Products:
    _, _, matrix = arrays(dtype)
    return Products(pointer(by_tiles, types.void(matrix.copy(layout="A"), matrix, matrix)), gemm(dtype))


@cache
def pointers(f: str, loss: str, optimizer: str, dtype: np.dtype) -> Pointers | None:
    """Of an activation, a loss and an optimiser of these names.

    None where one of the three has no twin.
    """
    if f not in FORWARD or loss not in ADAPTERS or optimizer not in ADAPTERS:
        return None
    number, count = types.float64, types.int64
    constants, vector, matrix = arrays(dtype)
    moments = vector, vector, vector, vector
    return Pointers(
        pointer(FORWARD[f], types.void(matrix, vector, matrix, constants)),
        pointer(BACKWARD[f], types.void(matrix, matrix, matrix, vector, constants)),
        pointer(ADAPTERS[loss], number(matrix, matrix, vector, matrix, constants)),
        pointer(ADAPTERS[optimizer], types.void(*moments, count, number, count, constants)),
        *products(dtype),
    )
