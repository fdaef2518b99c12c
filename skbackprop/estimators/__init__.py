"""The estimators: they join networks to optimisers behind scikit-learn's interface, and only they know scikit-learn.

Each is loaded on first access (PEP 562), so that using one does not load the layers of another.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._encoder import PiecewiseLinearEncoder
    from ._mlp_classifier import BatchMLPClassifier
    from ._mlp_regressor import BatchMLPRegressor
    from ._rnn_classifier import BatchRNNClassifier
    from ._rnn_regressor import BatchRNNRegressor

__all__ = [
    "BatchMLPClassifier",
    "BatchMLPRegressor",
    "BatchRNNClassifier",
    "BatchRNNRegressor",
    "PiecewiseLinearEncoder",
]

_MODULES = {
    "BatchMLPClassifier": "_mlp_classifier",
    "BatchMLPRegressor": "_mlp_regressor",
    "BatchRNNClassifier": "_rnn_classifier",
    "BatchRNNRegressor": "_rnn_regressor",
    "PiecewiseLinearEncoder": "_encoder",
}


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return getattr(import_module(f".{_MODULES[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
