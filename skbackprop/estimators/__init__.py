"""scikit-learn's face: an estimator joins a network to an optimiser, and is the only code that knows scikit-learn."""

from ._classifier import BatchMLPClassifier
from ._regressor import BatchMLPRegressor

__all__ = ["BatchMLPClassifier", "BatchMLPRegressor"]
