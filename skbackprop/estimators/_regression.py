"""What regressors share: targets that are numbers, and predictions of them."""

from __future__ import annotations

import math
from abc import ABCMeta
from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from ..network.layout import on_rows
from ..network.losses import LOSSES, RegressionLoss
from ..ranges import check_flag
from ._advice import warn
from ._base import BatchNetwork
from ._callbacks import with_callbacks
from ._calls import naming_estimator
from ._reading import FLOATS, Data
from ._settings import can_step
from ._targets import NumberTarget

Array = np.ndarray


class BatchRegressor(RegressorMixin, BatchNetwork, metaclass=ABCMeta):
    """A network whose raw output becomes numbers."""

    loss: Any

    @property
    def _losses(self) -> tuple[Mapping[str, Any], type]:
        return LOSSES, RegressionLoss

    def _target_of(self, y: Any, classes: Any = None) -> NumberTarget:
        return NumberTarget.of(y)

    def _predicted(self, raw: Array) -> Array:
        return self._target.write(self._loss.predict(raw))

    def _weigh_classes(self, data: Data, keep: bool) -> None:
        return None

    @available_if(can_step)
    @naming_estimator
    @with_callbacks
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> BatchRegressor:
        """Train on X and y for one epoch, continuing where the last call left off.

        Weights, the optimiser's moments, the generator and the counters continue. With ``standardize=True`` the new
        rows update the running means and standard deviations, and the weights are adapted to them without changing the
        function that the network computes; then the output bias moves part of the way to the level of the new targets.
        Parameters are read anew at each call; ``early_stopping`` and ``learning_rate="adaptive"`` have no effect here.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features), or sequences as in ``fit``
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            With ``return_sequences=True``, (n_samples, n_steps) or (n_samples, n_steps, n_outputs).
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        self : estimator
        """
        return self._safely(self._partial_fit, X, y, sample_weight)

    @naming_estimator
    def predict(self, X: Any, return_std: bool = False) -> Any:
        """Predict the target of every row, or of every step of a sequence, in its natural units.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features), or sequences as in ``fit``
        return_std : bool, default=False
            Whether to return also the standard deviation of y given X; needs a loss that learns it, such as "gaussian".

        Returns
        -------
        y : ndarray of the shape that y had in fit
            With several quantile levels, of shape (n_samples, n_levels) for one output, and (n_samples, n_outputs,
            n_levels) for several. With ``return_sequences=True`` there is an axis of steps after the first, and NaN at
            padding.
        std : ndarray of the same shape
            Only with ``return_std=True``.
        """
        X = self._read_x(X)
        if not self._checked_std(return_std):
            return self._forward(X, then=self._predicted)
        raw = self._forward(X)
        return on_rows(self._predicted, raw), on_rows(self._std, raw)

    def _checked_std(self, return_std: Any) -> bool:
        if not check_flag("return_std", return_std):
            return False
        if not callable(getattr(self._loss, "std", None)):
            raise ValueError(
                f"`return_std` must be False for a loss that learns no standard deviation, as 'gaussian' does, "
                f"got True with loss={self._loss!r}"
            )
        return True

    def _std(self, raw: Array) -> Any:
        return self._target.write(self._loss.std(raw))

    @naming_estimator
    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """How much better than the best constant the predictions are: 1 is perfect, 0 is no better.

        R2, as in ``sklearn.metrics.r2_score`` (for "gaussian", of the mean); for quantiles and expectiles D2, the
        explained share of the best constant's loss, averaged over outputs (and levels).

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features), or sequences as in ``fit``
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            With ``return_sequences=True``, (n_samples, n_steps) or (n_samples, n_steps, n_outputs).
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        score : float
            NaN, with a warning, for fewer than two targets.
        """
        check_is_fitted(self)
        X, y, has_target = self._read_xy(X, y, reset=False, dtype=FLOATS)
        data = self._rows(self._loss, X, y, has_target, sample_weight)
        y, weight = data.targets(data.y, data.weight)
        if len(y) < 2:
            warn("`score` is not defined for fewer than two targets", UndefinedMetricWarning)
            return math.nan
        return self._loss.score(y, data.at_targets(self._forward(data.taken(X))), weight)

    def _refuses_negative_targets(self) -> bool:
        loss: Any = LOSSES.get(self.loss) if isinstance(self.loss, str) else self.loss
        try:
            loss.check(np.array([[-1.0]]))
        except (AttributeError, TypeError):  # not a loss: fit will say so
            return False
        except ValueError:
            return True
        return False

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.target_tags.positive_only = self._refuses_negative_targets()
        return tags
