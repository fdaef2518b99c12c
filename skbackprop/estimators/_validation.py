"""Held-out rows: the loss and the score on them after every epoch."""

from __future__ import annotations

import copy
import math
from dataclasses import replace
from functools import wraps
from typing import Any

import numpy as np

from ._reading import Data, target_mask

Array = np.ndarray


class HeldOutLoss:
    """Measures theta by the loss on rows that training does not see; the monitored score is its negative.

    Parameters
    ----------
    objective : Objective
        The objective over the X and y that contain these rows.
    rows : ndarray of int or None
        The rows that are held out; None stands for all.
    """

    def __init__(self, objective: Any, rows: Array | None):
        self.objective, self.rows = objective, rows

    def measure(self, theta: Array) -> dict[str, float]:
        loss = self.objective.mean_loss(theta, self.rows)
        return {"validation_loss": loss, "validation_score": -loss}


class HeldOutScore(HeldOutLoss):
    """The same, but the monitored score is that of a scorer: greater is better.

    Parameters
    ----------
    objective, data
        The objective, and the rows that are held out, in the units of the user.
    estimator : estimator
        A fitted one, of which a copy is scored.
    scorer : callable
    """

    def __init__(self, objective: Any, data: Data, estimator: Any, scorer: Any):
        super().__init__(objective, data.rows)
        self.scorer = scorer
        # Scorers get plain arrays, and scikit-learn would warn that these lack the feature names seen in fit.
        self.estimator = self.scored = copy.copy(estimator)
        vars(self.scored).pop("feature_names_in_", None)
        self.X = estimator._given(data.taken(data.X))
        y, weight = data.targets(data.y, data.sample_weight)
        self.y, self.weight = estimator._target.write(y), {} if weight is None else {"sample_weight": weight}
        if data.y.ndim == 3:
            self.estimator = TargetByTarget(self.estimator, target_mask(data.taken(data.y)))

    def measure(self, theta: Array) -> dict[str, float]:
        self.scored.model_ = replace(self.scored.model_, theta=theta)
        return super().measure(theta) | {"validation_score": self._score()}

    def _score(self) -> float:
        try:
            return float(self.scorer(self.estimator, self.X, self.y, **self.weight))
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            how = f"what loss={self.estimator.loss!r} predicts{' with sample weights' if self.weight else ''}"
            got = f"{self.estimator.monitor!r}, which raised: {error}"
            raise ValueError(f"`monitor` must be 'loss' or able to score {how}, got {got}") from error


def finite_score(score: float, monitor: Any, epoch: int) -> float:
    """Return the score if it is finite; by any other, early stopping could neither choose an epoch nor end."""
    if not math.isfinite(score):
        raise ValueError(
            f"early stopping needs a finite score, got {score} from monitor={monitor!r} after epoch {epoch}; look for "
            f"extreme values in the validation rows, or for too few of them"
        )
    return score


class TargetByTarget:
    """Wraps an estimator that predicts every step, and gives its predictions for the ``chosen`` steps as one list.

    scikit-learn's scorers take a list of targets, not a table of rows and steps.
    """

    METHODS = ("predict", "predict_proba", "predict_log_proba", "decision_function")

    def __init__(self, estimator: Any, chosen: Array):
        self.estimator, self.chosen = estimator, chosen

    def __getattr__(self, name: str) -> Any:
        value = getattr(self.estimator, name)
        if name not in self.METHODS:
            return value

        @wraps(value)
        def method(X: Any) -> Array:
            return value(X)[self.chosen]

        return method
