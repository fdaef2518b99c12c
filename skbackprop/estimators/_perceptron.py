"""What networks on plain rows share: how rows are read, and which layers they pass through."""

from __future__ import annotations

from abc import ABCMeta
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import issparse
from sklearn.utils import assert_all_finite
from sklearn.utils.validation import check_is_fitted, validate_data

from ..network.activations import ACTIVATIONS
from ..network.contract import Layer
from ..network.layers import Dense, Dropout
from ..network.model import Model, Then
from ..network.objective import Objective
from ..ranges import check_real
from ._base import BatchNetwork
from ._reading import FLOATS, Data, check_X_fits, naming_rows, refuse_dates, refuse_missing
from ._settings import Architecture, Settings, read_activations, read_hidden, read_init

if TYPE_CHECKING:
    from ..deploy.predictor import Predictor

Array = np.ndarray
PLAIN = np.ndarray, np.memmap


class Perceptron(BatchNetwork, metaclass=ABCMeta):
    """A stack of dense layers, on the rows of a dense or sparse matrix."""

    hidden_layer_sizes: Any
    activation: Any
    init: Any

    def predictor(self) -> Predictor:
        """A standalone copy of this model that predicts from plain arrays, without checks, in a fraction of the time.

        Returns
        -------
        predict : Predictor
            Calling it, or its ``predict``, with a float array of shape (n_samples, n_features) returns what `predict`
            returns; a classifier's also has ``predict_proba``. It does not change when this model does, and unpickling
            it needs neither scikit-learn nor numba.
        """
        from ..deploy.predictor import make_predictor

        check_is_fitted(self)
        return make_predictor(self.model_, **self._target.written)

    def _architecture(self) -> Architecture:
        dropout = check_real("dropout", self.dropout, 0, 1, closed="left")
        sizes, init = read_hidden(self.hidden_layer_sizes), read_init(self)
        activations = read_activations(self.activation, len(sizes))
        hidden: list[Layer] = []
        for units, f in zip(sizes, activations, strict=False):
            hidden.append(Dense(units, f, init))
            if dropout:
                hidden.append(Dropout(dropout))
        return Architecture(
            fixed={"hidden_layer_sizes": sizes, "activation": activations},
            noise_rates={"dropout": self.dropout},
            hidden=tuple(hidden),
            # The output layer is initialised as if it had the last hidden activation, as in scikit-learn.
            init=init or (activations or (ACTIVATIONS["relu"],))[-1].init,
        )

    def _entrance(self, settings: Settings) -> list[Layer]:
        return settings.entrance()

    def _read_xy(self, X: Any, y: Any, reset: bool, dtype: Any) -> tuple[Any, Any, None]:
        dtypes = dtype if isinstance(dtype, tuple) else (dtype,)
        plain = not reset and is_plain_as_before(self, X) and is_plain_target(y, len(X))
        if plain and X.dtype in dtypes and X.flags.forc:  # checking the values of any other X would copy it
            self._check_block(X, X.dtype)
            return np.asarray(X), y, None
        refuse_dates(X)
        refuse_missing(y)
        with naming_rows():
            X, y = validate_data(self, X, y, reset=reset, accept_sparse="csr", dtype=dtype, multi_output=True)
        return X, y, None

    def _read_x(self, X: Any) -> Any:
        """X for prediction. Its values are checked block by block, so that a large X is read from memory only once."""
        if "model_" not in vars(self):
            check_is_fitted(self)
        if is_plain_as_before(self, X):
            return np.asarray(X)
        refuse_dates(X)
        with naming_rows():
            X = validate_data(self, X, reset=False, accept_sparse="csr", dtype=FLOATS)
        check_X_fits(X.data if issparse(X) else X, self.model_.theta.dtype)
        return X

    def _row_shape(self, X: Any) -> tuple[int, ...]:
        return X.shape[1:]

    def _raw_of(self, model: Model, X: Any, stop: int | None = None, then: Then = None) -> Array:
        return model.raw(X, stop, then=then, check=self._check_block)

    def _check_block(self, X: Any, dtype: np.dtype) -> None:
        """Refuse NaN and numbers beyond the model's dtype; if the sum of squares is within it, there are none."""
        if issparse(X):  # already checked by ``validate_data``
            return
        x = X.ravel(order="K")
        if not np.vdot(x, x) <= np.finfo(dtype).max:
            assert_all_finite(X, estimator_name=type(self).__name__, input_name="X")
            check_X_fits(X, dtype)

    def _given(self, X: Any) -> Any:
        return X

    def _objective(self, model: Model, data: Data, y: Array, **common: Any) -> Objective:
        return Objective(model.network, model.trained_loss, data.X, y, **common)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


def is_plain_as_before(estimator: Any, X: Any) -> bool:
    """Whether X is a plain array of the form that the first one had: only its values are to be checked.

    It then skips ``validate_data``, which takes longer than a small forward pass.
    """
    return (
        type(X) in PLAIN
        and X.ndim == 2
        and X.dtype in FLOATS
        and X.shape[1] == estimator.n_features_in_
        and X.shape[0] > 0
        and "feature_names_in_" not in vars(estimator)
    )


def is_plain_target(y: Any, n: int) -> bool:
    """Whether y is a plain array of n finite numbers, or of n rows of them."""
    plain = type(y) in PLAIN and y.dtype.kind in "biuf" and y.ndim in (1, 2)
    return plain and len(y) == n and y.size > 0 and bool(np.isfinite(y).all())
