"""Losses and their gradients by the raw prediction, in one pass over rows and outputs; sums are kept in float64.

Constants are in the type of the prediction: one float64 among them would make the arithmetic of float32 twice as wide.
"""

from . import classification, location, log_link

KERNELS = (*location.KERNELS, *log_link.KERNELS, *classification.KERNELS)
