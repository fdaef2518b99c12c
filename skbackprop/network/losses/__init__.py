"""Losses: value and gradient on raw predictions, with their link, domain, units and best constant; registry.

A new one is a frozen dataclass and a line in the registry of its file.
"""

from .contract import LocationLoss, LogLinkLoss, Loss, RegressionLoss, Units
from .location import LOCATION_LOSSES, SquaredError
from .log_link import LOG_LINK_LOSSES, Poisson

__all__ = ["LOSSES", "LocationLoss", "LogLinkLoss", "Loss", "Poisson", "RegressionLoss", "SquaredError", "Units"]

LOSSES: dict[str, RegressionLoss] = {**LOCATION_LOSSES, **LOG_LINK_LOSSES}
