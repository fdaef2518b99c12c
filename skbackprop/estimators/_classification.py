"""What classifiers share: labels and their weights, and predictions as labels and as probabilities."""

from __future__ import annotations

from abc import ABCMeta
from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils.metaestimators import available_if

from ..network.losses import CLASSIFICATION_LOSSES, ClassificationLoss
from ._base import BatchNetwork
from ._callbacks import with_callbacks
from ._calls import naming_estimator
from ._reading import Data
from ._settings import can_step
from ._targets import ClassTarget, class_counts, read_class_weight

Array = np.ndarray


class BatchClassifier(ClassifierMixin, BatchNetwork, metaclass=ABCMeta):
    """A network whose raw output becomes probabilities of classes."""

    _target: ClassTarget
    classes_: Array
    class_weight: Any

    @property
    def _losses(self) -> tuple[Mapping[str, Any], type]:
        return CLASSIFICATION_LOSSES, ClassificationLoss

    def _target_of(self, y: Any, classes: Any = None) -> ClassTarget:
        target = ClassTarget.of(y, classes)
        self.classes_, self._class_counts = target.classes, np.zeros(len(target.classes))
        return target

    def _predicted(self, raw: Array) -> Array:
        return self._loss.predict(self._target.column_per_class(raw))

    def _log_predicted(self, raw: Array) -> Array:
        return self._loss.log_predict(self._target.column_per_class(raw))

    def _decided(self, raw: Array) -> Array:
        return self._target.write(self._loss.decide(raw))

    def _weigh_classes(self, data: Data, keep: bool) -> Array | None:
        if not self._target.indicator:
            seen = class_counts(data, len(self.classes_))
            self._class_counts = seen + self._class_counts if keep else seen
        if self.class_weight is None:
            return None
        return read_class_weight(self.class_weight, self._target, self._class_counts)

    @available_if(can_step)
    @naming_estimator
    @with_callbacks
    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> BatchClassifier:
        """Train on X and y for one epoch, continuing where the last call left off.

        Weights, the optimiser's moments, the generator and the counters continue. With ``standardize=True`` the new
        rows update the running means and standard deviations of X, and the weights are adapted to them without changing
        the function that the network computes; then the output bias moves part of the way to the class frequencies of
        the new rows. Parameters are read anew at each call; ``early_stopping`` and ``learning_rate="adaptive"`` have no
        effect here.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features), or sequences as in ``fit``
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            Labels, not necessarily of all classes; with ``return_sequences=True`` of shape (n_samples, n_steps).
        classes : array-like of shape (n_classes,), default=None
            All labels that may occur in any call; must be given at the first one, and cannot change.
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        self : estimator
        """
        if classes is None and not self.__sklearn_is_fitted__():
            raise ValueError("`classes` must list all labels at the first call of `partial_fit`, got None")
        if classes is not None and self.__sklearn_is_fitted__():
            self._target.check_same(classes)
        return self._safely(self._partial_fit, X, y, sample_weight, classes)

    @naming_estimator
    def predict(self, X: Any) -> Array:
        """Predict the most probable label of every row or, of an indicator, every label that is more likely than not.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features), or sequences as in ``fit``

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_labels)
            With ``return_sequences=True`` one label for every step, (n_samples, n_steps); those at padding are
            meaningless.
        """
        return self._forward(self._read_x(X), then=self._decided)

    @naming_estimator
    def decision_function(self, X: Any) -> Array:
        """The raw output: log-odds of the second class or of every label, or one score per class.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features), or sequences as in ``fit``

        Returns
        -------
        raw : ndarray of shape (n_samples,) for two classes, else (n_samples, n_classes)
            With ``return_sequences=True`` there is an axis of steps after the first, and NaN at padding.
        """
        raw = self._forward(self._read_x(X))
        return raw[..., 0] if self._target.two_classes else raw

    @naming_estimator
    def predict_proba(self, X: Any) -> Array:
        """The probabilities of the classes, which sum to one, or of every label of an indicator.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features), or sequences as in ``fit``

        Returns
        -------
        p : ndarray of shape (n_samples, n_classes)
            With ``return_sequences=True``, (n_samples, n_steps, n_classes), and NaN at padding.
        """
        return self._forward(self._read_x(X), then=self._predicted)

    @naming_estimator
    def predict_log_proba(self, X: Any) -> Array:
        """The logarithm of `predict_proba`, computed from raw output and so finite however certain the prediction is.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features), or sequences as in ``fit``

        Returns
        -------
        log_p : ndarray of shape (n_samples, n_classes)
            With ``return_sequences=True``, (n_samples, n_steps, n_classes), and NaN at padding.
        """
        return self._forward(self._read_x(X), then=self._log_predicted)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
