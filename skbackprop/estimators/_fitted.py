"""What a fitted network offers: prediction, and the attributes of scikit-learn's MLP, as views of model and history."""

from __future__ import annotations

from abc import ABCMeta, abstractmethod
from types import SimpleNamespace
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ..kernels import fixed_kernels
from ..network.blocks import rows_per_block
from ..network.model import Model, Then
from ._threads import suitable_blas_threads

Array = np.ndarray


class FittedNetwork(metaclass=ABCMeta):
    """Prediction from ``model_``, and views of ``model_`` and ``history_`` as attributes.

    The attributes are not stored, so that they cannot become inconsistent or be pickled twice.
    """

    model_: Model
    history_: dict[str, list]
    n_features_in_: int
    _stops_by_validation: bool

    def activations(self, X: Any, layer: int = -1) -> Array:
        """The output of a hidden layer for X: a learnt representation of X.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features), or sequences as in ``fit``
        layer : int, default=-1
            Index of the hidden layer, counted from 0; a negative one counts from the last.

        Returns
        -------
        A : ndarray of shape (n_samples, hidden_layer_sizes[layer])
            For a recurrent layer that outputs every step, (n_samples, n_steps, hidden_layer_sizes[layer]), with NaN at
            padding; with ``bidirectional=True`` twice as wide.
        """
        X = self._read_x(X)
        *hidden, _ = self._with_biases()
        if not hidden:
            raise ValueError("`activations` must have a hidden layer to show, got hidden_layer_sizes=()")
        is_integer = isinstance(layer, (int, np.integer)) and not isinstance(layer, bool)
        if not is_integer or not -len(hidden) <= layer < len(hidden):
            raise ValueError(f"`layer` must be the number of one of the {len(hidden)} hidden layers, got {layer!r}")
        return self._forward(X, stop=hidden[layer] + 1)

    @abstractmethod
    def _read_x(self, X: Any) -> Any:
        """X for prediction, checked as in fit."""

    @abstractmethod
    def _raw_of(self, model: Model, X: Any, stop: int | None = None, then: Then = None) -> Array:
        """A model's raw output for X, or the output of the layer before index ``stop``, with ``then`` applied to it."""

    @abstractmethod
    def _given(self, X: Any) -> Any:
        """X, once read, in the form in which the user gives it."""

    def _forward(self, X: Any, stop: int | None = None, then: Then = None) -> Array:
        """The output of `model_` as in `_raw_of`, computed with as many BLAS threads as suit a block of rows."""
        network = self.model_.network
        rows = min(X.shape[0], rows_per_block(network, self.theta_.itemsize, X))
        with suitable_blas_threads(network, rows), fixed_kernels():
            return self._raw_of(self.model_, X, stop, then)

    @property
    def _loss(self) -> Any:
        """The model's loss, a `RegressionLoss` or a `ClassificationLoss`."""
        return self.model_.loss

    def __sklearn_is_fitted__(self) -> bool:
        return "model_" in vars(self)

    @property
    def theta_(self) -> Array:
        """All parameters of the network in one flat vector."""
        if not self.__sklearn_is_fitted__():
            check_is_fitted(self)
        return self.model_.theta

    @property
    def coefs_(self) -> tuple[Array, ...]:
        """The weight matrix of every layer, as a view of ``theta_``, in the units of the network.

        To set weights, write into a view: ``model.coefs_[0][...] = W``.
        """
        return tuple(slots.W for slots in self._with_biases().values())

    @property
    def intercepts_(self) -> tuple[Array, ...]:
        """The bias vector of every layer, as a view of ``theta_``."""
        return tuple(slots.b for slots in self._with_biases().values())

    def _with_biases(self) -> dict[int, SimpleNamespace]:
        """The slots, as views of ``theta_``, of every layer that has weights and biases, by its index."""
        theta = self.theta_
        views = enumerate(self.model_.network.parameters.views(theta))
        return {at: slots for at, slots in views if hasattr(slots, "b")}

    @property
    def n_layers_(self) -> int:
        """The number of layers, counting inputs and outputs."""
        return len(self.coefs_) + 1

    @property
    def out_activation_(self) -> str:
        """The function that turns raw output into predictions."""
        return self._loss.inverse_link

    @property
    def loss_curve_(self) -> list[float]:
        """The objective in every epoch, as a running mean over its batches, penalty included."""
        return self.history_.get("loss", [])

    @property
    def learning_rate_curve_(self) -> list[float]:
        """The learning rate at the end of every epoch."""
        return self.history_.get("learning_rate", [])

    @property
    def validation_loss_curve_(self) -> list[float] | None:
        """The loss on the validation rows after every epoch; None without such rows."""
        return self.history_.get("validation_loss")

    @property
    def validation_scores_(self) -> list[float] | None:
        """The monitored score (greater is better) after every epoch; None without validation rows."""
        return self.history_.get("validation_score")

    @property
    def best_validation_score_(self) -> float | None:
        """The greatest of ``validation_scores_``; None without validation rows."""
        return max(self.validation_scores_) if self.validation_scores_ else None

    @property
    def best_loss_(self) -> float | None:
        """The lowest value of ``loss_curve_``; None with early stopping, which does not watch it."""
        curve = self.loss_curve_
        return None if self._stops_by_validation or not curve else min(curve)
