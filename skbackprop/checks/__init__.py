"""Does a part of one's own keep its contract? Derivatives first; each failure is an AssertionError of one sentence."""

from .activations import check_activation
from .derivatives import check_gradient
from .layers import check_layer
from .losses import check_loss

__all__ = ["check_activation", "check_gradient", "check_layer", "check_loss"]
