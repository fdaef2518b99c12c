"""Losses: value and gradient on raw predictions, with their link, domain, units and best constant; registries.

A new one is a frozen dataclass and a line in the registry of its file.
"""

from .classification import CLASSIFICATION_LOSSES, BrierLoss, ClassLoss, Focal, LogLoss
from .contract import LocationLoss, LogLinkLoss, Loss, RegressionLoss, Units
from .location import LOCATION_LOSSES, SquaredError
from .log_link import LOG_LINK_LOSSES, Poisson

__all__ = [
    "CLASSIFICATION_LOSSES",
    "LOSSES",
    "BrierLoss",
    "ClassLoss",
    "Focal",
    "LocationLoss",
    "LogLinkLoss",
    "LogLoss",
    "Loss",
    "Poisson",
    "RegressionLoss",
    "SquaredError",
    "Units",
]

LOSSES: dict[str, RegressionLoss] = {**LOCATION_LOSSES, **LOG_LINK_LOSSES}
