"""Check the contracts of user-defined parts, above all their derivatives; a fault is a one-sentence AssertionError."""

from .activations import check_activation
from .derivatives import check_gradient
from .layers import check_layer
from .losses import check_loss

__all__ = ["check_activation", "check_gradient", "check_layer", "check_loss"]
