"""Losses: value and gradient by raw predictions, with their link, domain, units and best constant; registries.

To add one, write a frozen dataclass and a line in the registry of its file.
"""

from .classification import CLASSIFICATION_LOSSES, BrierLoss, ClassLoss, Focal, LogLoss
from .constants import stationary_constant, weighted_quantile
from .contract import ClassificationLoss, Loss, RegressionLoss, Units
from .contract import KernelLoss as KernelLoss
from .gaussian import GAUSSIAN_LOSSES, Gaussian
from .location import LOCATION_LOSSES, AbsoluteError, Expectile, LocationLoss, SquaredError
from .log_link import LOG_LINK_LOSSES, Gamma, LogLinkLoss, Poisson, Tweedie
from .quantile import QUANTILE_LOSSES, Quantile
from .robust import ROBUST_LOSSES, Huber, LogCosh, RobustLoss

__all__ = [
    "CLASSIFICATION_LOSSES",
    "LOSSES",
    "AbsoluteError",
    "BrierLoss",
    "ClassLoss",
    "ClassificationLoss",
    "Expectile",
    "Focal",
    "Gamma",
    "Gaussian",
    "Huber",
    "LocationLoss",
    "LogCosh",
    "LogLinkLoss",
    "LogLoss",
    "Loss",
    "Poisson",
    "Quantile",
    "RegressionLoss",
    "RobustLoss",
    "SquaredError",
    "Tweedie",
    "Units",
    "stationary_constant",
    "weighted_quantile",
]

LOSSES: dict[str, RegressionLoss] = {
    **LOCATION_LOSSES,
    **ROBUST_LOSSES,
    **QUANTILE_LOSSES,
    **LOG_LINK_LOSSES,
    **GAUSSIAN_LOSSES,
}
