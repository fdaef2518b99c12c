"""What networks on sequences share: how sequences are read, and which layers they pass through."""

from __future__ import annotations

from abc import ABCMeta, abstractmethod
from typing import Any

import numpy as np
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from ..kernels import fixed_kernels
from ..network.activations import Tanh
from ..network.cells import CELLS, Cell
from ..network.contract import Layer
from ..network.embedding import Embedding
from ..network.layers import Dropout
from ..network.model import Model, Then
from ..network.recurrent import Recurrent
from ..network.sequence_objective import SequenceObjective
from ..ranges import check_flag, check_integer, check_real
from ._base import BatchNetwork
from ._reading import FLOATS, Data, check_X_fits
from ._sequences import Form, Sequences, form_of
from ._settings import Architecture, Settings, check_same, is_full_batch, read_hidden, read_init, read_object
from ._threads import suitable_blas_threads

Array = np.ndarray


class RecurrentNetwork(BatchNetwork, metaclass=ABCMeta):
    """A stack of recurrent layers, on the steps of every sequence."""

    cell: Any
    hidden_layer_sizes: Any
    n_channels: int
    bidirectional: bool
    return_sequences: bool
    truncate: int | None
    recurrent_dropout: float
    embedding: int | None
    n_tokens: int | None
    init: Any
    solver: Any
    _form: Form
    _every_step: bool

    @staticmethod
    @abstractmethod
    def _read_row_target(y: Any, X: Sequences) -> Any:
        """Check and return y, of any type, which must have one target for every sequence, not for every step."""

    @staticmethod
    @abstractmethod
    def _read_step_target(y: Any, X: Sequences) -> tuple[Any, Array]:
        """The targets of all steps that have one, one after the other, and an (n, T) mask of these steps."""

    def _architecture(self) -> Architecture:
        cell = read_object("cell", self.cell, CELLS, Cell)
        sizes, init = read_hidden(self.hidden_layer_sizes), read_init(self)
        dropout = check_real("dropout", self.dropout, 0, 1, closed="left")
        state_dropout = check_real("recurrent_dropout", self.recurrent_dropout, 0, 1, closed="left")
        every_step = check_flag("return_sequences", self.return_sequences)
        both_ways = check_flag("bidirectional", self.bidirectional)
        self._check_reading()
        if not sizes:
            raise ValueError("`hidden_layer_sizes` must name at least one recurrent layer, got ()")
        hidden: list[Layer] = []
        for at, units in enumerate(sizes):
            hidden.append(
                Recurrent(
                    cell,
                    units,
                    return_sequences=every_step or at < len(sizes) - 1,
                    bidirectional=both_ways,
                    dropout=state_dropout,
                    init=init,
                )
            )
            if dropout:
                hidden.append(Dropout(dropout))
        kept = ("bidirectional", "return_sequences", "embedding")
        return Architecture(
            fixed={"cell": cell, "hidden_layer_sizes": sizes} | {name: getattr(self, name) for name in kept},
            noise_rates={"dropout": self.dropout, "recurrent_dropout": self.recurrent_dropout},
            hidden=tuple(hidden),
            init=init or Tanh.init,
        )

    def _check_reading(self) -> None:
        """Check the parameters that determine how X is read, and how far back gradients flow."""
        check_integer("n_channels", self.n_channels, 1)
        for name in ("embedding", "n_tokens", "truncate"):
            if getattr(self, name) is not None:
                check_integer(name, getattr(self, name), 1, "None or ")
        if self.n_tokens is not None and self.embedding is None:
            raise ValueError(f"`n_tokens` must be None without `embedding`, which reads tokens, got {self.n_tokens!r}")
        if self.truncate is not None and self.bidirectional:
            raise ValueError(
                f"`truncate` must be None with bidirectional=True, which reads sequences as a whole, "
                f"got {self.truncate!r}"
            )
        if self.truncate is not None and is_full_batch(self.solver):
            raise ValueError(
                f"`truncate` must be None with solver='lbfgs', whose line search needs the whole gradient, "
                f"got {self.truncate!r}"
            )

    def _entrance(self, settings: Settings) -> list[Layer]:
        if self.embedding is not None:
            return [Embedding(self._form.parameters()["n_tokens"], self.embedding)]
        return settings.entrance()

    def _read_xy(self, X: Any, y: Any, reset: bool, dtype: Any) -> tuple[Any, Any, Array | None]:
        if y is None:
            raise ValueError(f"{type(self).__name__} requires y to be passed, but the target y is None")
        if reset:
            self._form = form_of(X, self.n_channels, self.n_tokens, self.embedding is not None)
            self._every_step = self.return_sequences
        X = self._form.read(self, X, reset, dtype)
        if self._every_step:
            return X, *self._read_step_target(y, X)
        y = self._read_row_target(y, X)
        check_consistent_length(X.values, y)
        return X, y, None

    @property
    def embedding_(self) -> Array:
        """The vectors of all tokens, one per row, as a view of ``theta_``; only if X holds tokens."""
        theta, network = self.theta_, self.model_.network
        if not isinstance(network.layers[0], Embedding):
            raise AttributeError("`embedding_` is there only if X holds tokens, and `embedding` is their width")
        return network.parameters.views(theta)[0].W

    def _continue(self, settings: Settings, data: Data, how: str) -> Model:
        said = self._form.parameters()
        check_same(said, {name: getattr(self, name) or value for name, value in said.items()}, how)
        return super()._continue(settings, data, how)

    def _read_x(self, X: Any) -> Sequences:
        check_is_fitted(self)
        return self._form.read(self, X, False, FLOATS)

    def _row_shape(self, X: Sequences) -> tuple[int | None, ...]:
        return (None, *X.shape[2:])

    def _raw_of(self, model: Model, X: Sequences, stop: int | None = None, then: Then = None) -> Array:
        check_X_fits(X.values, model.theta.dtype)
        return model.raw(X.values, stop, X.lengths, then)

    def _given(self, X: Sequences) -> Array:
        return self._form.given(X)

    def _objective(self, model: Model, data: Data, y: Array, **common: Any) -> SequenceObjective:
        return SequenceObjective(
            model.network,
            model.trained_loss,
            data.X.values,
            y,
            lengths=data.X.lengths,
            mean_steps=data.mean_targets(),
            truncate=self.truncate,
            **common,
        )

    def _read_next(self, X: Any, state: Any) -> tuple[Array, Any]:
        """Raw output after further steps of every sequence, and the state to pass to the next call."""
        check_is_fitted(self)
        steps = self._form.of_steps().read(self, X, False, self.theta_.dtype)
        if steps.lengths is not None:
            raise ValueError("`X` must hold no padding in `predict_next`, where all sequences go on, got NaN")
        network = self.model_.network
        if not network.steppable:
            raise ValueError(
                "`predict_next` needs bidirectional=False: going step by step, the future is unknown, got True"
            )
        with suitable_blas_threads(network, len(steps.values)), fixed_kernels():
            return self.model_.read(steps.values, state)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags
