"""Rows held out: the loss and the score on them after every epoch."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from ..network.objective import Objective
from ._reading import Data

Array = np.ndarray


class Validation:
    """Measures theta on rows that training does not see.

    Parameters
    ----------
    estimator : estimator
        Able to predict with the theta that is being trained.
    objective : Objective
        Over the X and y that hold the validation rows.
    data : Data
        These rows, in the units of the user.
    scorer : callable, default=None
        What is monitored, greater being better; None stands for the negative loss.
    """

    def __init__(self, estimator: Any, objective: Objective, data: Data, scorer: Any = None):
        self.objective, self.data, self.scorer = objective, data, scorer
        if scorer is not None:
            # Scored on plain arrays: without names there are none to miss.
            self.estimator = copy.copy(estimator)
            vars(self.estimator).pop("feature_names_in_", None)
            self.X, self.y = data.taken(data.X), estimator._target.write(data.taken(data.y))
            self.weight = {} if data.sample_weight is None else {"sample_weight": data.taken(data.sample_weight)}

    def measure(self, theta: Array) -> dict[str, float]:
        loss = self.objective.mean_loss(theta, self.data.rows)
        if self.scorer is None:
            return {"validation_loss": loss, "validation_score": -loss}
        return {"validation_loss": loss, "validation_score": self._score()}

    def _score(self) -> float:
        try:
            return float(self.scorer(self.estimator, self.X, self.y, **self.weight))
        except ValueError as error:
            raise ValueError(
                f"`monitor` must be 'loss' or able to score what loss={self.estimator.loss!r} predicts, "
                f"got {self.estimator.monitor!r}: {error}"
            ) from error
