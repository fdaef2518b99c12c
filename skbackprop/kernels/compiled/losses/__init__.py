"""Losses and their gradients by the raw prediction, in one pass over rows and outputs; values are summed in float64.

Constants have the dtype of the prediction: a single float64 would turn float32 arithmetic into float64.
"""

from . import classification, location, log_link

KERNELS = (*location.KERNELS, *log_link.KERNELS, *classification.KERNELS)
