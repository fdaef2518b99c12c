"""A running mean of the weights over epochs.

With a constant rate the steps go on around a minimum, and the mean of where they lead is nearer to it than each is.

Polyak and Juditsky (1992), "Acceleration of stochastic approximation by averaging", SIAM J. Control Optim. 30;
exponentially weighted as in Kingma and Ba (2015), "Adam", section 7.2.
"""

from __future__ import annotations

import numpy as np

__all__ = ["RunningMean"]

Array = np.ndarray

# The newest weights' share of the mean once it runs: about the last seven epochs count.
SHARE = 0.25
# Epochs that are too early to be part of any mean.
EARLY = 8


class RunningMean:
    """m_t = (1 - a_t) m_{t-1} + a_t theta_t with a_t = max(``share``, min(1, ``early`` / t)).

    Epoch t counts for a_t: alone until ``early``, then for less and less, down to ``share``. A share of 1 is no mean at
    all, and costs nothing.

    Examples
    --------
    >>> import numpy as np
    >>> theta, mean = np.zeros(1), RunningMean(share=0.5, early=1)
    >>> for value in (4.0, 2.0, 5.0):
    ...     theta[:] = value
    ...     print(mean.update(theta))
    [4.]
    [3.]
    [4.]
    """

    def __init__(self, share: float = SHARE, early: int = EARLY):
        self.share, self.early = share, early
        self.epochs = 0
        self.mean: Array | None = None

    def update(self, theta: Array) -> Array:
        """The mean, now that another epoch has ended at ``theta``."""
        if self.share == 1.0:
            return theta
        self.epochs += 1
        newest = max(self.share, min(1.0, self.early / self.epochs))
        if self.mean is None:
            self.mean = theta.copy()
        else:
            self.mean *= 1.0 - newest
            self.mean += newest * theta
        return self.mean
