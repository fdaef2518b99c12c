"""The fitted attributes of scikit-learn's MLP, read off the model and the history rather than kept beside them."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray


class FittedAttributes:
    """Views of ``model_`` and ``history_``: nothing here is stored, so nothing can fall out of step or be pickled twice."""

    model_: Any
    history_: dict[str, list]
    early_stopping: bool

    @property
    def theta_(self) -> Array:
        """All parameters of the network in one flat vector."""
        return self.model_.theta

    @property
    def coefs_(self) -> list[Array]:
        """The weight matrix of every layer, as a view of ``theta_``; in the units of the network, see ``model_.units``."""
        return [p.W for p in self.model_.network.parameters.views(self.theta_) if hasattr(p, "W")]

    @property
    def intercepts_(self) -> list[Array]:
        """The bias vector of every layer, as a view of ``theta_``."""
        return [p.b for p in self.model_.network.parameters.views(self.theta_) if hasattr(p, "b")]

    @property
    def n_layers_(self) -> int:
        """Layers, counting inputs and outputs."""
        return len(self.coefs_) + 1

    @property
    def out_activation_(self) -> str:
        """The function that turns raw output into predictions."""
        return self.model_.loss.inverse_link

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
        """What is monitored, greater being better, after every epoch; None without validation rows."""
        return self.history_.get("validation_score")

    @property
    def best_validation_score_(self) -> float | None:
        """The greatest of ``validation_scores_``; None without validation rows."""
        return max(self.validation_scores_) if self.validation_scores_ else None

    @property
    def best_loss_(self) -> float | None:
        """The least of ``loss_curve_``; None with early stopping, which does not watch it."""
        return None if self.early_stopping or not self.loss_curve_ else min(self.loss_curve_)
