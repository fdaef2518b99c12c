"""The predictor computes what the estimator predicts, travels light, and brings nobody along."""

import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import skbackprop
from skbackprop import ACTIVATIONS, BatchMLPRegressor, Dense, Network, SquaredError
from skbackprop.deploy.predictor import Predictor
from skbackprop.network.losses import Units
from skbackprop.network.model import Model


def fitted(dtype=np.float64, outputs=1, **parameters):
    rng = np.random.default_rng(0)
    X = (rng.standard_normal((200, 4)) * [1, 10, 0.1, 3] + [0, 5, -1, 2]).astype(dtype)
    y = np.exp(X[:, :outputs] / 4)
    model = BatchMLPRegressor(hidden_layer_sizes=(20, 10), max_iter=3, n_iter_no_change=np.inf, random_state=0)
    return model.set_params(**parameters).fit(X, y[:, 0] if outputs == 1 else y), X


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize("loss", ["squared_error", "poisson"])
@pytest.mark.parametrize("standardize", [True, False])
@pytest.mark.filterwarnings("ignore:training ended worse")
def test_it_computes_what_the_estimator_predicts(dtype, outputs, loss, standardize):
    model, X = fitted(dtype, outputs, loss=loss, standardize=standardize, dropout=0.1, learning_rate_init=1e-2)
    expected, predicted = model.predict(X), model.predictor()(X)
    assert predicted.shape == expected.shape
    assert predicted.dtype == expected.dtype
    tolerance = 1e-4 if dtype is np.float32 else 1e-11
    np.testing.assert_allclose(predicted, expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_it_knows_every_activation(activation):
    model, X = fitted(activation=activation)
    np.testing.assert_allclose(model.predictor()(X), model.predict(X), rtol=1e-11)


def test_it_is_a_copy_and_leaves_its_input_alone():
    model, X = fitted()
    predict = model.predictor()
    before = predict(X)
    model.theta_[:] = 0
    X.flags.writeable = False
    np.testing.assert_array_equal(predict(X), before)


def test_unpickling_it_imports_neither_scikit_learn_nor_numba(tmp_path):
    model, _ = fitted()
    path = tmp_path / "predictor.pickle"
    path.write_bytes(pickle.dumps(model.predictor()))
    assert path.stat().st_size < 1.05 * model.theta_.nbytes + 4096
    code = (
        "import pickle, sys; predict = pickle.load(open(sys.argv[1], 'rb')); import numpy as np; "
        "print(predict(np.ones((1, 4)))[0], 'sklearn' in sys.modules, 'numba' in sys.modules)"
    )
    environment = os.environ | {"PYTHONPATH": str(Path(skbackprop.__file__).parents[1])}
    command = [sys.executable, "-c", code, path]
    out = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.split()
    assert float(out[0]) == pytest.approx(model.predict(np.ones((1, 4)))[0], rel=1e-11)
    assert out[1:] == ["False", "False"]


class Doubling:
    """A layer that the predictor does not know."""

    def slots(self, shape):
        return {}

    def output_shape(self, shape):
        return shape

    def forward(self, p, X, run):
        return 2 * X


def test_a_network_of_other_layers_is_refused():
    network = Network([Doubling(), Dense(1)], (2,))
    model = Model(network, SquaredError(), np.zeros(network.parameters.size), Units.natural(1))
    with pytest.raises(TypeError, match="a predictor is made of dense layers, got a Doubling layer"):
        Predictor.of(model, True)
