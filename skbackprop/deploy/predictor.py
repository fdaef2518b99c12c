"""Fast prediction: the scaling is folded into the weights, and inputs are not checked."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from ..network.answers import Labels, Numbers
from ..network.elementwise import Activation
from ..network.layers import Dense, Dropout, Standardize
from ..network.losses import ClassificationLoss, Loss
from ..network.model import Model

if TYPE_CHECKING:
    import onnx

__all__ = ["ClassPredictor", "NumberPredictor", "Predictor", "make_predictor"]

Array = np.ndarray


class Folded:
    """A dense layer whose weights include the scaling, as `fold` makes it."""

    def __init__(self, W: Array, b: Array, f: Activation):
        self.W, self.b, self.f = W, b, f


@dataclass(frozen=True, eq=False)
class Predictor(ABC):
    """Predicts like a network of dense layers, without checks: X must be a float array of the right width.

    A DataFrame or a list of rows is made one, which takes longer than predicting a row; column names are not compared.
    It holds plain arrays and the objects for activation and loss, so its pickle is small, and unpickling imports
    neither scikit-learn nor numba. Calling it is the same as ``predict``. X is not centred first: in float32, a column
    whose mean is thousands of times its standard deviation loses precision by the same factor.

    Attributes
    ----------
    layers : tuple
        For every layer ``W``, ``b`` and the activation ``f``.
    loss : Loss
        Its inverse link turns raw output into predictions.
    """

    layers: tuple[Folded, ...]
    loss: Loss

    def raw(self, X: Array) -> Array:
        """The raw output, in the natural units of the target, with as many columns as the loss requires."""
        dtype = self.layers[0].W.dtype
        if not hasattr(X, "dtype") or X.ndim != 2:
            X = array_of(X, dtype)
        elif X.dtype != dtype:
            X = as_real(X).astype(dtype)
        for layer in self.layers:
            Z = X.dot(layer.W)
            Z += layer.b
            X = np.empty_like(Z) if layer.f.keeps_input else Z
            layer.f.forward(Z, X)
        return X

    @abstractmethod
    def predict(self, X: Array) -> Array:
        """The same as the estimator's ``predict``."""

    def __call__(self, X: Array) -> Array:
        return self.predict(X)

    def to_onnx(self, dtype: Any = None) -> onnx.ModelProto:
        """The same as an ONNX model, for runtimes in other languages and on other devices (opset 13).

        Its input is ``X`` (n, n_features). A regressor's outputs are ``prediction``, of the shape that ``predict``
        gives, and with ``loss="gaussian"`` also ``std``; a classifier's are ``label`` and ``probabilities``.

        Parameters
        ----------
        dtype : {float32, float64}, default=None
            Of X, the weights and the predictions; None is that of the weights.

        Returns
        -------
        model : onnx.ModelProto
            ``onnx.save(model, "model.onnx")`` writes it to a file.

        Raises
        ------
        ImportError
            If the package onnx is not installed.
        TypeError
            If an activation or the loss is not this package's own, or if labels are neither numbers nor strings.
        ValueError
            If ``dtype`` is another one, or float32 and a weight is beyond it.

        Examples
        --------
        >>> import numpy as np
        >>> from skbackprop import BatchMLPClassifier
        >>> X = np.arange(40.0).reshape(20, 2)
        >>> y = np.where(X[:, 0] > 20, "high", "low")
        >>> model = BatchMLPClassifier(learning_rate="cosine", learning_rate_init=0.1, random_state=0).fit(X, y)
        >>> onnx_model = model.predictor().to_onnx()
        >>> [output.name for output in onnx_model.graph.output]
        ['label', 'probabilities']
        """
        try:
            from .onnx_model import onnx_model
        except ImportError as error:
            raise ImportError(f"`to_onnx` needs the package onnx (pip install onnx): {error}") from error

        return onnx_model(self, dtype)


@dataclass(frozen=True, eq=False)
class NumberPredictor(Numbers, Predictor):
    """The predictor of a regressor. If its loss learns a standard deviation, ``loss.std(raw(X))`` gives that.

    Attributes
    ----------
    flat : bool
        Whether a single column of predictions is returned with shape (n,).

    Examples
    --------
    >>> import numpy as np
    >>> from skbackprop import BatchMLPRegressor
    >>> X = np.arange(40.0).reshape(20, 2)
    >>> model = BatchMLPRegressor(max_iter=5, n_iter_no_change=np.inf, random_state=0).fit(X, X[:, 0])
    >>> predict = model.predictor()
    >>> bool(np.allclose(predict(X), model.predict(X)))
    True
    """

    def predict(self, X: Array) -> Array:
        return self.write(self.loss.predict(self.raw(X)))


@dataclass(frozen=True, eq=False)
class ClassPredictor(Labels, Predictor):
    """The predictor of a classifier: ``predict`` gives labels, ``predict_proba`` probabilities, as the classifier does.

    Attributes
    ----------
    classes : ndarray
        Labels, in the order of the columns of ``predict_proba``.
    indicator : bool
        Whether a row may have any number of labels, each with its own probability; ``predict`` gives an indicator then.

    Examples
    --------
    >>> import numpy as np
    >>> from skbackprop import BatchMLPClassifier
    >>> X = np.arange(40.0).reshape(20, 2)
    >>> y = np.where(X[:, 0] > 20, "high", "low")
    >>> model = BatchMLPClassifier(learning_rate="cosine", learning_rate_init=0.1, random_state=0).fit(X, y)
    >>> predict = model.predictor()
    >>> predict(X[-1:])
    array(['high'], dtype='<U4')
    >>> bool(np.allclose(predict.predict_proba(X), model.predict_proba(X)))
    True
    """

    loss: ClassificationLoss

    def predict(self, X: Array) -> Array:
        return self.write(self.loss.decide(self.raw(X)))

    def predict_proba(self, X: Array) -> Array:
        """The probabilities of the classes, which sum to one in a row, or of every label of an indicator."""
        return self.loss.predict(self.column_per_class(self.raw(X)))


def array_of(X: Any, dtype: np.dtype) -> Array:
    """The rows of a table or of a list as an array; anything else is refused."""
    try:
        rows = as_real(np.asarray(X)).astype(dtype)
    except (TypeError, ValueError) as error:
        raise ValueError(f"`X` must hold numbers, in rows of equal length, got a {type(X).__name__}: {error}") from None
    if rows.ndim != 2:
        raise ValueError(f"`X` must have shape (n_samples, n_features), got {rows.shape}")
    return rows


def as_real(X: Any) -> Any:
    """X, unless it holds dates, durations or complex numbers, which ``astype`` would make real ones."""
    if X.dtype.kind in "mMc":
        raise ValueError(f"`X` must hold real numbers, got an array of dtype {X.dtype}")
    return X


def make_predictor(
    model: Model, *, flat: bool = False, classes: Array | None = None, indicator: bool = False
) -> Predictor:
    """A predictor that copies ``model``, for numbers or, given ``classes``, for labels.

    Raises
    ------
    TypeError
        If the network has layers that cannot be folded.
    """
    layers, loss = tuple(fold(model)), cast(Any, model.loss)
    if classes is None:
        return NumberPredictor(layers, loss, flat)
    return ClassPredictor(layers, loss, classes.copy(), indicator)


def fold(model: Model) -> Iterator[Folded]:
    """The dense layers of ``model``, rewritten so that the first takes X unscaled and the last gives natural units.

    ((X - s) c) W + b = X W' + b' with W' = c W and b' = b - s W'; gain (A W + b) + offset = A (W gain) + b gain +
    offset. Both are computed in float64.

    Raises
    ------
    TypeError
        If the network has layers other than Standardize, Dense and Dropout.
    """
    dtype, units = model.theta.dtype, model.units
    shift, inverse_scale = np.zeros(()), np.ones(())
    last = len(model.network.layers) - 1
    for at, (layer, p) in enumerate(
        zip(model.network.layers, model.network.parameters.views(model.theta), strict=True)
    ):
        if type(layer) is Dropout:
            continue
        if type(layer) is Standardize:
            shift, inverse_scale = p.shift.astype(float), p.inverse_scale.astype(float)
        elif type(layer) is Dense:
            W = p.W * inverse_scale.reshape(-1, 1)
            b = p.b - np.broadcast_to(shift, len(W)) @ W
            if at == last:
                W, b = W * units.gain, b * units.gain + units.offset
            yield Folded(W.astype(dtype), b.astype(dtype), layer.activation)
            shift, inverse_scale = np.zeros(()), np.ones(())
        else:
            raise TypeError(f"a predictor is made of dense layers, got a {type(layer).__name__} layer")
