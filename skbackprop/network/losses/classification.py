"""Losses on class probabilities: by a softmax if classes exclude one another, else by a logistic function for each."""

from __future__ import annotations

from dataclasses import field
from typing import Self

import numpy as np
from scipy.special import expit, log_expit, log_softmax, softmax

from ...frozen import frozen
from ...ranges import check_real
from .constants import roots
from .contract import ClassificationLoss, KernelCall, KernelLoss, Units

__all__ = ["BrierLoss", "ClassLoss", "Focal", "LogLoss"]

Array = np.ndarray


@frozen
class ClassLoss(KernelLoss):
    """The base of losses on classes; the target is not standardised.

    With ``n_classes`` = K > 0, the classes exclude one another: y is an (n, 1) array of their numbers 0 ... K - 1, and
    the K raw columns go through a softmax. With 0, every column of y holds zeros and ones, a single column for two
    classes or one per label, and each raw column goes through a logistic function separately.

    A concrete loss is a frozen dataclass that defines ``kernel`` or ``value_and_gradient``, and ``constant``. One with
    a link of its own must also override `predict`, `log_predict` and `decide`. In a logistic column the other class
    has -raw, so such a link must satisfy predict(-raw) = 1 - predict(raw).

    Parameters
    ----------
    n_classes : int, default=0
        Classes under a softmax, or 0 for logistic columns; keyword only. The estimator sets it.

    Raises
    ------
    ValueError
        By ``check``, if y holds anything but class numbers, or zeros and ones.

    Examples
    --------
    >>> import numpy as np
    >>> classes, columns, raw = ClassLoss(n_classes=3), ClassLoss(), np.log([[0.5, 0.3, 0.2]])
    >>> classes.predict(raw).round(3), classes.decide(raw)
    (array([[0.5, 0.3, 0.2]]), array([[0]]))
    >>> columns.predict(raw).round(3), columns.decide(raw)
    (array([[0.333, 0.231, 0.167]]), array([[False, False, False]]))
    """

    n_classes: int = field(default=0, kw_only=True)

    @property
    def inverse_link(self) -> str:
        return "softmax" if self.n_classes else "logistic"

    def raw_width(self, y: Array) -> int:
        return self.n_classes or y.shape[1]

    def units(self, mean: Array, sd: Array) -> Units:
        return Units.natural(len(mean), self.n_classes or len(mean))

    def rescaled(self, scale: Array) -> Self:
        return self

    def predict(self, raw: Array) -> Array:
        """The probability of every class, or that a column is 1."""
        return softmax(raw, axis=1) if self.n_classes else expit(raw)

    def log_predict(self, raw: Array) -> Array:
        """The logarithm of `predict`, finite however confident the prediction is."""
        return log_softmax(raw, axis=1) if self.n_classes else log_expit(raw)

    def decide(self, raw: Array) -> Array:
        """The number of the most probable class, (n, 1), or which columns are more likely 1 than 0.

        Both links are increasing, and the logistic function is 1/2 at 0, so the raw scores suffice.
        """
        return raw.argmax(axis=1)[:, None] if self.n_classes else raw > 0.0

    def check(self, y: Array) -> None:
        top = (self.n_classes or 2) - 1
        if y.size and not ((y >= 0) & (y <= top) & (y == np.floor(y))).all():
            raise ValueError(f"`y` must hold whole numbers from 0 to {top}, got {np.unique(y)[:10]}")


def frequencies(y: Array, weight: Array | None, n_classes: int) -> Array:
    """The share of every class, or of ones in every column, kept half a row away from 0 and 1."""
    w = np.ones(len(y)) if weight is None else weight
    floor = 0.5 * w.mean() / w.sum()
    if n_classes:
        share = np.maximum(np.bincount(y[:, 0].astype(np.intp), w, n_classes) / w.sum(), floor)
        return share / share.sum()
    return np.clip(np.average(y, axis=0, weights=w), floor, 1 - floor)


def raw_of(probability: Array, n_classes: int) -> Array:
    """The raw prediction that the inverse link takes to ``probability``."""
    return np.log(probability) - (0.0 if n_classes else np.log1p(-probability))


@frozen
class LogLoss(ClassLoss):
    """Cross-entropy: -sum_k t_k log p_k through a softmax, -t log p - (1 - t) log(1 - p) in every logistic column.

    Its gradient is p - t. The target t is the one-hot class, moved towards equal shares by ``label_smoothing``:
    t = (1 - s) onehot + s / K, with K = 2 in a logistic column. The loss is computed from raw scores by log-sum-exp,
    so that confident scores do not overflow. Best constant: the (smoothed) frequencies.

    Parameters
    ----------
    label_smoothing : float in [0, 1), default=0.0
        s, the share of the target that is spread evenly over the classes.
    n_classes : int, default=0
        Classes under a softmax, or 0 for logistic columns; keyword only. The estimator sets it.

    Raises
    ------
    TypeError, ValueError
        If ``label_smoothing`` is not a real number in [0, 1).
    ValueError
        By ``check``, as in `ClassLoss`.

    References
    ----------
    Bridle (1990), "Probabilistic interpretation of feedforward classification network outputs"; Szegedy et al. (2016),
    "Rethinking the Inception architecture for computer vision", section 7.

    Examples
    --------
    >>> import numpy as np
    >>> raw, out = np.log([[0.5, 0.3, 0.2]]), np.empty((1, 3))
    >>> value = LogLoss(n_classes=3).value_and_gradient(np.array([[1.0]]), raw, None, out)
    >>> round(value, 3), out.round(3)        # -log 0.3
    (1.204, array([[ 0.5, -0.7,  0.2]]))
    """

    label_smoothing: float = 0.0

    def __post_init__(self) -> None:
        check_real("label_smoothing", self.label_smoothing, 0, 1, closed="left")

    @property
    def kernel(self) -> KernelCall:
        return "log_loss_classes" if self.n_classes else "log_loss_columns", (self.label_smoothing,)

    def constant(self, y: Array, weight: Array | None) -> Array:
        s = self.label_smoothing
        share = (1 - s) * frequencies(y, weight, self.n_classes) + s / (self.n_classes or 2)
        return raw_of(share, self.n_classes)


@frozen
class BrierLoss(ClassLoss):
    """Half the squared error of probabilities, 1/2 sum_k (p_k - y_k)^2, with y as zeros and ones.

    Its gradient is (p - y) p (1 - p) through a logistic function, and p * ((p - y) - sum_k (p_k - y_k) p_k) through a
    softmax. The loss is bounded, so that mislabelled rows weigh little; but if a confident score is wrong, the gradient
    vanishes. Best constant: the frequencies.

    Parameters
    ----------
    n_classes : int, default=0
        Classes under a softmax, or 0 for logistic columns; keyword only. The estimator sets it.

    Raises
    ------
    ValueError
        By ``check``, as in `ClassLoss`.

    References
    ----------
    Brier (1950), "Verification of forecasts expressed in terms of probability"; Rumelhart, Hinton and Williams (1986),
    "Learning representations by back-propagating errors", eq. 3.

    Examples
    --------
    >>> import numpy as np
    >>> out = np.empty((1, 1))
    >>> BrierLoss().value_and_gradient(np.array([[1.0]]), np.array([[0.0]]), None, out), out
    (0.125, array([[-0.125]]))
    """

    @property
    def kernel(self) -> KernelCall:
        return "brier_classes" if self.n_classes else "brier_columns", ()

    def constant(self, y: Array, weight: Array | None) -> Array:
        return raw_of(frequencies(y, weight, self.n_classes), self.n_classes)


@frozen
class Focal(ClassLoss):
    """-(1 - q)^gamma log q, where q is the probability of the true outcome; gamma = 0 is the log loss.

    Rows that are already predicted well count less, in favour of the hard ones. With
    h = q f'(q) = gamma q (1 - q)^(gamma - 1) log q - (1 - q)^gamma the gradient is h (onehot - p) through a softmax,
    and h (1 - q), with the sign of the label, through a logistic function. The best constant probabilities are less
    extreme than the frequencies.

    Parameters
    ----------
    gamma : float >= 0, default=2.0
        How fast a row loses weight as its prediction improves.
    n_classes : int, default=0
        Classes under a softmax, or 0 for logistic columns; keyword only. The estimator sets it.

    Raises
    ------
    TypeError, ValueError
        If ``gamma`` is not a finite real number of at least 0.
    ValueError
        By ``check``, as in `ClassLoss`.

    References
    ----------
    Lin et al. (2017), "Focal loss for dense object detection", eq. 4.

    Examples
    --------
    >>> import numpy as np
    >>> focal, y, out = Focal(), np.array([[1.0], [1.0]]), np.empty((2, 1))
    >>> _ = focal.value_and_gradient(y, np.array([[3.0], [-1.0]]), None, out)
    >>> out.round(3)        # the row that is wrong moves, the one that is right hardly does
    array([[-0.   ],
           [-0.768]])
    """

    gamma: float = 2.0

    def __post_init__(self) -> None:
        check_real("gamma", self.gamma, 0)

    @property
    def kernel(self) -> KernelCall:
        return "focal_classes" if self.n_classes else "focal_columns", (self.gamma,)

    def constant(self, y: Array, weight: Array | None) -> Array:
        """Solve for equal share_k f'(p_k) over all classes k, or over the two sides of a column; f' is increasing."""
        share = frequencies(y, weight, self.n_classes)
        if self.n_classes:
            return np.log(self._probabilities(share))
        ends = np.minimum(raw_of(share, 0), 0.0), np.maximum(raw_of(share, 0), 0.0)
        return roots(lambda r: share * self._slope(log_expit(r)) - (1 - share) * self._slope(log_expit(-r)), *ends)

    def _probabilities(self, share: Array) -> Array:
        """The probabilities with share_k f'(p_k) = -m, where m is such that they sum to one."""

        def log_p(log_m: Array) -> Array:
            m = np.exp(log_m)
            low = np.log(np.minimum(share / m, 1.0)) - (1 + self.gamma) * np.log(2)
            return roots(lambda log_p: share * self._slope(log_p) + m, low, np.full(share.shape, -1e-15))

        def lacking(log_m: Array) -> Array:
            return np.array([1 - np.exp(log_p(log_m)).sum()])

        most = np.log1p(self.gamma)  # f'(p) p > -(1 + gamma) for every p
        p = np.exp(log_p(roots(lacking, np.array([most - 200.0]), np.array([most]))))
        return p / p.sum()

    def _slope(self, log_p: Array) -> Array:
        """f'(p) = gamma (1 - p)^(gamma - 1) log p - (1 - p)^gamma / p, of f = -(1 - p)^gamma log p."""
        rest = -np.expm1(log_p)
        return rest**self.gamma * (self.gamma * log_p / rest - np.exp(-log_p))


CLASSIFICATION_LOSSES: dict[str, ClassificationLoss] = {
    "log_loss": LogLoss(),
    "squared_error": BrierLoss(),
    "focal": Focal(),
}
