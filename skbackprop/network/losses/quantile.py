"""The pinball loss, whose minimisers are quantiles: one level or several, for one output or several."""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np

from ...frozen import frozen
from ...ranges import check_real, one_or_several
from .constants import weighted_quantile
from .contract import KernelCall, KernelLoss, RegressionLoss, Units, explained

__all__ = ["QUANTILE_LOSSES", "Quantile"]

Array = np.ndarray


@frozen
class Quantile(KernelLoss):
    """sum over outputs and levels of r ([r > 0] - level), with r = raw - y.

    Its gradient is [r > 0] - level, and 0 where r is 0, so that a constant target is fitted exactly.

    Domain: all real numbers. Link: identity. Best constant: the quantile of y. The target may be shifted and scaled.

    Every output has one raw column per level. ``predict`` gives (n, levels) for one output, (n, outputs) for one level,
    and (n, outputs, levels) for several of both. It sorts the predictions for the levels within each row, so that
    quantiles never cross; this cannot make the loss worse. Training does not sort. The score is D2, the fraction by
    which the loss is below that of the best constant, averaged over outputs and levels.

    Parameters
    ----------
    levels : float or sequence of float, default=0.5
        Between 0 and 1, both excluded; several of them in increasing order.

    Raises
    ------
    TypeError, ValueError
        If a level is not a real number in (0, 1); if the levels do not increase, or there are none (ValueError).

    References
    ----------
    Koenker and Bassett (1978), "Regression quantiles", Econometrica 46. Chernozhukov, Fernandez-Val and Galichon
    (2010), "Quantile and probability curves without crossing", Econometrica 78, for the sorting.

    Examples
    --------
    >>> import numpy as np
    >>> y = np.arange(1.0, 10.0)[:, None]
    >>> Quantile([0.1, 0.5, 0.9]).constant(y, None)
    array([1., 5., 9.])
    >>> Quantile([0.1, 0.5, 0.9]).predict(np.array([[2.0, 1.0, 3.0]]))
    array([[1., 2., 3.]])
    """

    levels: float | tuple[float, ...] = 0.5
    inverse_link: ClassVar[str] = "identity"
    bounded_gradient: ClassVar[bool] = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "levels", one_or_several(self.levels))
        for level in self._each:
            check_real("levels", level, 0, 1, closed="neither")
        if not self._each or any(a >= b for a, b in zip(self._each, self._each[1:], strict=False)):
            raise ValueError(f"`levels` must be a number or several in increasing order, got {self.levels!r}")

    @property
    def _each(self) -> tuple[float, ...]:
        return self.levels if isinstance(self.levels, tuple) else (self.levels,)

    def raw_width(self, y: Array) -> int:
        return y.shape[1] * len(self._each)

    @property
    def kernel(self) -> KernelCall:
        return "quantile", (self._each,)

    def units(self, mean: Array, sd: Array) -> Units:
        gain, offset = sd.repeat(len(self._each)), mean.repeat(len(self._each))
        return Units(shift=mean, scale=sd, gain=gain, offset=offset, worth=gain)

    def rescaled(self, scale: Array) -> Self:
        return self

    def predict(self, raw: Array) -> Array:
        levels = len(self._each)
        if levels == 1:
            return raw
        ordered = np.sort(raw.reshape(len(raw), raw.shape[1] // levels, levels), axis=2)
        return ordered[:, 0] if ordered.shape[1] == 1 else ordered

    def constant(self, y: Array, weight: Array | None) -> Array:
        return np.stack([weighted_quantile(y, level, weight) for level in self._each], axis=1).reshape(-1)

    def score(self, y: Array, raw: Array, weight: Array | None) -> float:
        w, repeated = np.ones(len(y)) if weight is None else weight, y.repeat(len(self._each), axis=1)
        levels = np.tile(self._each, y.shape[1])

        def pinball(prediction: Array) -> Array:
            residual = prediction - repeated
            return w @ (residual * ((residual > 0) - levels))

        return explained(pinball(self.predict(raw).reshape(raw.shape)), pinball(self.constant(y, weight)))

    def check(self, y: Array) -> None:
        pass


QUANTILE_LOSSES: dict[str, RegressionLoss] = {
    "quantile": Quantile(),
}
