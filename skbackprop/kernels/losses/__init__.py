"""Losses and their gradients by the raw prediction, element by element.

Each is called as ``name(y, raw, weight, out) -> value``, with its constants at the end. The value is the sum over rows
and outputs; the gradient is written to ``out``, which is contiguous and may be ``raw``. ``weight`` is one number per
row, or None.
"""

from .classification import (
    brier_classes,
    brier_columns,
    focal_classes,
    focal_columns,
    log_loss_classes,
    log_loss_columns,
)
from .location import absolute_error, expectile, huber, log_cosh, quantile, squared_error
from .log_link import gamma, gaussian, poisson, tweedie

__all__ = [
    "absolute_error",
    "brier_classes",
    "brier_columns",
    "expectile",
    "focal_classes",
    "focal_columns",
    "gamma",
    "gaussian",
    "huber",
    "log_cosh",
    "log_loss_classes",
    "log_loss_columns",
    "poisson",
    "quantile",
    "squared_error",
    "tweedie",
]
