"""A running mean of the weights over epochs.

At a constant rate the weights keep moving around a minimum, and their mean is nearer to it than each of them.

Polyak and Juditsky (1992), "Acceleration of stochastic approximation by averaging", SIAM J. Control Optim. 30;
exponentially weighted as in Kingma and Ba (2015), "Adam", section 7.2.
"""

from __future__ import annotations

import numpy as np

__all__ = ["RunningMean"]

Array = np.ndarray

# The newest weights' share of the mean in the long run: about the last seven epochs count.
SHARE = 0.25
# Up to this epoch, the mean is the newest weights alone.
EARLY = 8


class RunningMean:
    """m_t = (1 - a_t) m_{t-1} + a_t theta_t with a_t = max(``share``, min(1, ``early`` / t)).

    a_t is the newest epoch's share of the mean: 1 up to epoch ``early``, then falling as ``early`` / t until it reaches
    ``share``. A ``share`` of 1 means no averaging, and costs nothing.

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
        """Include the weights ``theta`` at the end of another epoch, and return the mean."""
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
