"""Epochs as tasks for scikit-learn's callbacks (1.9 and later); with an older scikit-learn, these calls do nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.sparse import issparse
from sklearn.utils import _safe_indexing

try:
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:

    class _NoContext:
        def subcontext(self, **task: Any) -> _NoContext:
            return self

        def call_on_fit_task_begin(self, **values: Any) -> None:
            pass

        def call_on_fit_task_end(self, **values: Any) -> bool:
            return False

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Stands in for the mixin of scikit-learn 1.9: there are no callbacks to call."""

        def _init_callback_context(self, **task: Any) -> _NoContext:
            return _NoContext()

    def with_callbacks(method: Callable) -> Callable:
        return method


__all__ = ["CallbackSupportMixin", "EpochTasks", "with_callbacks"]


class EpochTasks:
    """One task for the fit and, below it, one for every epoch.

    Callbacks get the user's X and y, restricted to the training rows; the rows are selected only if a callback asks.

    Parameters
    ----------
    estimator : estimator with CallbackSupportMixin
    X, y : as given to fit
    weight : ndarray or None
        One weight for every row of X.
    rows : ndarray of int or None
        The training rows; None stands for all.
    max_epochs : int
        The maximum number of epochs.
    """

    def __init__(self, estimator: Any, X: Any, y: Any, weight: Any, rows: np.ndarray | None, max_epochs: int):
        self.values = {
            "estimator": estimator,
            "X": X if rows is None else lambda: _safe_indexing(X.tocsr() if issparse(X) else X, rows),
            "y": y if rows is None else lambda: _safe_indexing(y, rows),
            "metadata": None if weight is None else {"sample_weight": weight if rows is None else weight[rows]},
        }
        self.max_epochs = max_epochs
        self.fit_context = estimator._init_callback_context(max_subtasks=max_epochs)
        self.epoch_context: Any = None

    def begin_fit(self) -> None:
        self.fit_context.call_on_fit_task_begin(**self.values)

    def begin_epoch(self) -> None:
        self.epoch_context = self.fit_context.subcontext(task_name="epoch")
        self.epoch_context.call_on_fit_task_begin(**self.values)

    def end_epoch(self, attributes: Callable[[], dict[str, Any]]) -> bool:
        """Return whether a callback asks to stop.

        ``attributes()`` returns what a shallow copy of the estimator needs in order to predict.
        """
        return self.epoch_context.call_on_fit_task_end(**self.values, reconstruction_attributes=attributes)

    def end_fit(self) -> None:
        self.fit_context.call_on_fit_task_end(**self.values, reconstruction_attributes={})
