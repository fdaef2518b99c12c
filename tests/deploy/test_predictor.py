"""The predictor computes what the estimator predicts, travels light, and brings nobody along."""

import pickle

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_matrix
from sklearn.exceptions import NotFittedError

from skbackprop import ACTIVATIONS, LOSSES, BatchMLPRegressor, Dense, Gaussian, Network, Quantile, SquaredError
from skbackprop.deploy.predictor import make_predictor
from skbackprop.network.losses import Units
from skbackprop.network.model import Model
from tests.estimators.kinds import ENDLESS, PERCEPTRONS, one_each, over
from tests.processes import python


def fitted(dtype=np.float64, outputs=1, **parameters):
    rng = np.random.default_rng(0)
    X = (rng.standard_normal((200, 4)) * [1, 10, 0.1, 3] + [0, 5, -1, 2]).astype(dtype)
    y = np.exp(X[:, :outputs] / 4)
    model = BatchMLPRegressor(hidden_layer_sizes=(20, 10), max_iter=3, **ENDLESS)
    return model.set_params(**parameters).fit(X, y[:, 0] if outputs == 1 else y), X


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize("loss", [*LOSSES.values(), Quantile([0.1, 0.5, 0.9]), Gaussian(beta=0.5)], ids=str)
@pytest.mark.filterwarnings("ignore:training ended worse")
def test_it_computes_what_the_estimator_predicts(dtype, outputs, loss):
    """Of every pair of precision and outputs, one is standardised."""
    standardize = (dtype is np.float32) == (outputs == 1)
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


def test_its_classes_are_a_copy_too():
    X, kind = np.random.default_rng(0).standard_normal((200, 4)), PERCEPTRONS["classes"]
    model = kind.make(max_iter=1, **ENDLESS).fit(X, kind.target(X[:, 0]))
    predictor = model.predictor()
    before = predictor(X)
    model.classes_[:] = 0
    np.testing.assert_array_equal(predictor(X), before)


def test_it_answers_in_the_precision_of_its_model_whatever_that_of_the_rows():
    model, X = fitted(np.float32)
    rows = X.astype(np.float64)
    assert model.predictor()(rows).dtype == model.predict(rows).dtype == np.float32


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_table_or_a_list_of_rows_is_made_an_array(dtype):
    model, X = fitted(dtype)
    predict, table = model.predictor(), pd.DataFrame(X, columns=list("abcd"))
    expected = predict(X)
    mixed = table.assign(a=table["a"].astype(object), d=table["d"].astype("Float64"))
    for given in (table, mixed, X.tolist(), tuple(X), csr_matrix(X), np.asfortranarray(X)):
        predicted = predict(given)
        assert (predicted.dtype, predicted.shape) == (dtype, expected.shape)
        np.testing.assert_allclose(predicted, expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("X", "message"),
    [
        ([1.0, 2.0, 3.0, 4.0], r"^`X` must have shape \(n_samples, n_features\), got \(4,\)$"),
        (np.ones(4), r"^`X` must have shape \(n_samples, n_features\), got \(4,\)$"),
        ([[1.0, 2.0], [3.0]], "^`X` must hold numbers, in rows of equal length, got a list: "),
        (pd.DataFrame({"a": ["x"]}), "^`X` must hold numbers, .* got a DataFrame: could not convert string to float"),
        (pd.DataFrame({"a": pd.to_datetime(["2026-01-01"])}), "^`X` must hold .* dtype datetime64"),
        (pd.DataFrame({"a": [pd.NA]}), "^`X` must hold numbers, .* got a DataFrame: float"),
    ],
    ids=["one row", "one row of an array", "ragged", "strings", "dates", "NA"],
)
def test_what_cannot_be_made_an_array_is_refused(X, message):
    model, _ = fitted()
    with pytest.raises(ValueError, match=message):
        model.predictor()(X)


@pytest.mark.parametrize("dtype", ["datetime64[D]", "timedelta64[s]", complex])
def test_an_array_of_what_is_no_real_number_is_refused(dtype):
    model, X = fitted()
    with pytest.raises(ValueError, match="`X` must hold real numbers, got an array of dtype "):
        model.predictor()(X.astype(dtype))


def test_numbers_written_as_text_are_numbers_as_for_the_estimator():
    model, _ = fitted()
    np.testing.assert_allclose(model.predictor()([["1", "2", "3", "4.5"]]), model.predict([[1, 2, 3, 4.5]]))


def test_raw_output_has_what_predict_leaves_out():
    model, X = fitted(outputs=3, loss="gaussian", learning_rate_init=1e-2)
    predictor = model.predictor()
    np.testing.assert_allclose(predictor.loss.std(predictor.raw(X)), model.predict(X, return_std=True)[1], rtol=1e-11)


@pytest.mark.parametrize("hidden", [(), (20, 10)])
@pytest.mark.parametrize("standardize", [True, False])
@pytest.mark.parametrize(
    ("kind", "loss"),
    [pytest.param(kind, loss, id=f"{name}-{loss}") for name, kind in PERCEPTRONS.items() for loss in kind.losses],
)
@pytest.mark.filterwarnings("ignore:training ended worse")
def test_every_method_it_shares_with_its_estimator_gives_the_same(kind, loss, standardize, hidden):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((200, 4)) * [1, 10, 0.1, 3] + [0, 5, -1, 2]
    model = kind.make(loss=loss, standardize=standardize, hidden_layer_sizes=hidden, learning_rate_init=1e-3)
    model.set_params(max_iter=5, **ENDLESS).fit(X, kind.target(np.exp(X[:, 0] / 4)))
    predictor = model.predictor()
    for method in {"predict", kind.method}:
        expected, predicted = getattr(model, method)(X), getattr(predictor, method)(X)
        assert predicted.dtype == expected.dtype
        if expected.dtype.kind == "f":
            np.testing.assert_allclose(predicted, expected, rtol=1e-10, atol=1e-12)
        else:
            np.testing.assert_array_equal(predicted, expected)
    np.testing.assert_array_equal(predictor(X), predictor.predict(X))


def test_small_probabilities_keep_their_digits():
    """Of two classes the first one's is not 1 - p."""
    X = np.arange(40.0)[:, None]
    kind = PERCEPTRONS["two classes"]
    model = kind.make(hidden_layer_sizes=(), max_iter=200, **ENDLESS)
    model.fit(X, np.where(X[:, 0] > 20, "yes", "no"))
    expected = model.predict_proba(X * 1000)
    assert 0 < expected[-1, 0] < 1e-100
    np.testing.assert_allclose(model.predictor().predict_proba(X * 1000), expected, rtol=1e-9)


@over(one_each(PERCEPTRONS))
def test_only_what_is_fitted_can_leave(kind):
    with pytest.raises(NotFittedError):
        kind.make().predictor()


def test_unpickling_it_imports_neither_scikit_learn_nor_numba(tmp_path):
    X, one = np.random.default_rng(0).standard_normal((200, 4)), np.ones((1, 4))
    kinds = PERCEPTRONS.values()
    models = [kind.make(max_iter=3, **ENDLESS).fit(X, kind.target(X[:, 0])) for kind in kinds]
    for model in models:
        assert len(pickle.dumps(model.predictor())) < 1.05 * model.theta_.nbytes + 4096
    path = tmp_path / "predictors.pickle"
    path.write_bytes(
        pickle.dumps([(model.predictor(), kind.method) for model, kind in zip(models, kinds, strict=True)])
    )
    code = (
        "import pickle, sys; predictors = pickle.load(open(sys.argv[1], 'rb')); import numpy as np\n"
        "X = np.ones((1, 4))\n"
        "for predictor, method in predictors: print(getattr(predictor, method)(X).flat[0], predictor(X).flat[0])\n"
        "print(*{'sklearn', 'numba'} & set(sys.modules))"
    )
    *lines, loaded = python("-c", code, path).stdout.split("\n")[:-1]
    assert loaded == ""
    for line, model, kind in zip(lines, models, kinds, strict=True):
        number, prediction = line.split()
        assert float(number) == pytest.approx(kind.output(model, one).flat[0], rel=1e-11)
        assert kind.method == "predict" or prediction == str(model.predict(one).flat[0])


class Doubling:
    """A layer that the predictor does not know."""

    def slots(self, shape):
        return {}

    def output_shape(self, shape):
        return shape

    def forward(self, p, X, run):
        return 2 * X

    def backward(self, p, g, dY, run, *, need_dX=True):
        return 2 * dY


def test_a_network_of_other_layers_is_refused():
    network = Network([Doubling(), Dense(1)], (2,))
    model = Model(network, SquaredError(), np.zeros(network.parameters.size), Units.natural(1))
    with pytest.raises(TypeError, match="a predictor is made of dense layers, got a Doubling layer"):
        make_predictor(model)
