"""A call with arguments that `fit` does not take is answered in the name of the user's own estimator."""

import inspect

import numpy as np
import pytest

from skbackprop import BatchMLPRegressor
from tests.estimators.kinds import KINDS, over

X = np.arange(40.0).reshape(20, 2)


@over(KINDS)
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_wrong_arguments_name_the_estimator(kind, method):
    model = kind.make()
    called = f"^{type(model).__name__}.{method}\\(\\) "
    with pytest.raises(TypeError, match=f"{called}got an unexpected keyword argument 'weights'"):
        getattr(model, method)(X, X[:, 0], weights=1)
    with pytest.raises(TypeError, match=f"{called}missing 1 required positional argument: 'y'"):
        getattr(model, method)(X)
    with pytest.raises(TypeError, match=f"{called}takes from 3 to . positional arguments but 7 were given"):
        getattr(model, method)(X, X[:, 0], None, None, None, None)
    assert not vars(model).keys() & {"model_", "n_features_in_"}


def test_a_subclass_is_named_and_other_errors_are_their_own():
    class Mine(BatchMLPRegressor):
        pass

    with pytest.raises(TypeError, match=r"^Mine\.fit\(\) got an unexpected"):
        Mine().fit(X, X[:, 0], epochs=3)
    with pytest.raises(TypeError, match=r"^`max_iter` must be an integer >= 1, got 'many'"):
        Mine(max_iter="many").fit(X, X[:, 0])


def test_the_signature_is_that_of_the_method():
    parameters = ["self", "X", "y", "sample_weight", "X_val", "y_val", "sample_weight_val"]
    assert list(inspect.signature(BatchMLPRegressor.fit).parameters) == parameters
