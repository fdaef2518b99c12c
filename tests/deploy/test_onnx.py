"""An ONNX runtime computes what the predictor does."""

import subprocess
import sys
from dataclasses import dataclass, replace

import numpy as np
import onnx
import pytest
from onnxruntime import InferenceSession

from skbackprop import (
    ACTIVATIONS,
    LOSSES,
    BatchMLPClassifier,
    BatchMLPRegressor,
    Gaussian,
    LogLoss,
    Quantile,
    ReLU,
    SquaredError,
)
from tests.estimators.kinds import PERCEPTRONS

CLASSIFIERS = {name: kind for name, kind in PERCEPTRONS.items() if kind.method == "predict_proba"}


def rows(dtype=np.float64):
    return (np.random.default_rng(0).normal(size=(60, 4)) * [1, 10, 0.1, 3] + [0, 5, -1, 2]).astype(dtype)


def fitted(dtype=np.float64, outputs=1, **parameters):
    X = rows(dtype)
    y = np.exp(X[:, :outputs] / 4)
    model = BatchMLPRegressor(hidden_layer_sizes=(20, 10), max_iter=3, n_iter_no_change=np.inf, random_state=0)
    return model.set_params(**parameters).fit(X, y[:, 0] if outputs == 1 else y)


def outputs_of(model, X):
    """What a runtime makes of a model, by name."""
    onnx.checker.check_model(model, full_check=True)
    session = InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, {"X": X}), strict=True))


def assert_same(found, expected):
    assert found.shape == expected.shape
    assert found.dtype == expected.dtype
    tolerance = 1e-5 if expected.dtype == np.float32 else 1e-9
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize("loss", [*LOSSES.values(), Quantile([0.1, 0.5, 0.9]), Gaussian(beta=0.5)], ids=str)
@pytest.mark.filterwarnings("ignore:training ended worse")
def test_a_regressor_with_every_loss(dtype, outputs, loss):
    predictor, X = fitted(dtype, outputs, loss=loss, learning_rate_init=1e-2).predictor(), rows(dtype)
    found = outputs_of(predictor.to_onnx(), X)
    assert_same(found.pop("prediction"), predictor(X))
    if isinstance(loss, Gaussian):
        assert_same(found.pop("std").reshape(len(X), outputs), loss.std(predictor.raw(X)))
    assert not found


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation(name):
    predictor, X = fitted(activation=name).predictor(), rows()
    found = outputs_of(predictor.to_onnx(), X)["prediction"]
    np.testing.assert_allclose(found, predictor(X), rtol=1e-11)


@pytest.mark.parametrize(
    ("kind", "loss"),
    [pytest.param(kind, loss, id=f"{name}-{loss}") for name, kind in CLASSIFIERS.items() for loss in kind.losses],
)
@pytest.mark.parametrize("hidden", [(), (10,)])
@pytest.mark.filterwarnings("ignore:training ended worse")
def test_a_classifier_with_every_loss(kind, loss, hidden):
    X = rows()
    model = kind.make(loss=loss, hidden_layer_sizes=hidden, max_iter=5, n_iter_no_change=np.inf, random_state=0)
    predictor = model.fit(X, kind.target(np.exp(X[:, 0] / 4))).predictor()
    found = outputs_of(predictor.to_onnx(), X)
    np.testing.assert_array_equal(found["label"], predictor(X))
    assert_same(found["probabilities"], predictor.predict_proba(X))


LABELS = [(1.0, -2.0), (False, True), (7, 9, 300), ("no", "yes"), ("a", "b", "c"), np.array([3, 2**63], np.uint64)]
LABELS += [np.array([3, 5], ">i4"), np.array([3.0, 5.0], ">f8")]


@pytest.mark.parametrize("classes", LABELS, ids=str)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_labels_keep_their_type(classes, dtype):
    X = rows(dtype)
    y = np.array(classes)[np.arange(len(X)) % len(classes)]
    model = BatchMLPClassifier(max_iter=2, n_iter_no_change=np.inf, random_state=0).fit(X, y)
    label = outputs_of(model.predictor().to_onnx(), X)["label"]
    np.testing.assert_array_equal(label, model.predict(X))
    assert label.dtype == (object if y.dtype.kind == "U" else y.dtype.newbyteorder("="))


def test_labels_in_an_array_of_objects():
    X = rows()
    y = np.array(["no", "yes"], object)[np.arange(len(X)) % 2]
    predictor = BatchMLPClassifier(max_iter=2, n_iter_no_change=np.inf, random_state=0).fit(X, y).predictor()
    np.testing.assert_array_equal(outputs_of(predictor.to_onnx(), X)["label"], predictor(X))
    others = [np.array(["2020-01-01", "2020-01-02"], "datetime64[D]"), np.array([b"no", b"yes"])]
    if np.dtype(np.longdouble).itemsize > 8:
        others.append(np.arange(2, dtype=np.longdouble))
    for classes in others:
        with pytest.raises(TypeError, match="labels must be numbers or strings for an ONNX model, got array"):
            replace(predictor, classes=classes).to_onnx()


def test_it_takes_any_number_of_rows():
    predictor = fitted().predictor()
    for n in (1, 7):
        assert_same(outputs_of(predictor.to_onnx(), rows()[:n])["prediction"], predictor(rows()[:n]))


def test_it_can_be_in_another_precision_than_the_weights():
    predictor = fitted().predictor()
    found = outputs_of(predictor.to_onnx(np.float32), rows(np.float32))["prediction"]
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, predictor(rows()), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("dtype", [int, np.float16, "model.onnx", object()])
def test_no_other_precision_is_known(dtype):
    with pytest.raises(ValueError, match=r"`dtype` must be float32 or float64, got "):
        fitted().predictor().to_onnx(dtype)


def test_weights_beyond_float32_are_refused_in_it():
    X = rows()
    model = BatchMLPRegressor(max_iter=2, n_iter_no_change=np.inf, random_state=0).fit(X, 1e50 * X[:, 0])
    predictor = model.predictor()
    assert_same(outputs_of(predictor.to_onnx(), X)["prediction"] / 1e50, predictor(X) / 1e50)
    with pytest.raises(ValueError, match=r"`dtype` must be float64 for a number as large as .*e[+].*, got float32"):
        predictor.to_onnx("float32")


def test_a_file_of_it_is_the_weights_and_little_more(tmp_path):
    model = fitted(np.float32, hidden_layer_sizes=(200, 200))
    onnx.save(model.predictor().to_onnx(), tmp_path / "model.onnx")
    assert (tmp_path / "model.onnx").stat().st_size < model.theta_.nbytes + 4096


class Doubled(ReLU):
    """An activation of the user's own."""


@dataclass(frozen=True)
class Squares(SquaredError):
    """A loss of the user's own whose predictions are not the raw ones."""

    def predict(self, raw):
        return raw**2


class Spread(Gaussian):
    """A loss of the user's own that predicts another standard deviation."""

    def std(self, raw):
        return 2 * super().std(raw)


class Doubtful(LogLoss):
    """A loss of the user's own that decides in another way."""

    def decide(self, raw):
        return raw > 3.0


def test_a_loss_that_predicts_or_decides_in_another_way_is_refused():
    with pytest.raises(TypeError, match=r"can have this package's own losses only, got Spread"):
        fitted(loss=Spread()).predictor().to_onnx()
    X = rows()
    model = BatchMLPClassifier(loss=Doubtful(), max_iter=2, n_iter_no_change=np.inf).fit(X, X[:, 0] > 0)
    with pytest.raises(TypeError, match=r"can have this package's own losses only, got Doubtful"):
        model.predictor().to_onnx()


def test_what_onnx_cannot_express_is_named():
    with pytest.raises(TypeError, match=r"can have this package's own activations only, got Doubled\(\)"):
        fitted(activation=Doubled()).predictor().to_onnx()
    with pytest.raises(TypeError, match=r"can have this package's own losses only, got Squares\(\)"):
        fitted(loss=Squares()).predictor().to_onnx()


def test_without_onnx_one_sentence_says_what_is_missing():
    code = (
        "import sys; sys.modules['onnx'] = None\n"
        "import numpy as np; from skbackprop import BatchMLPRegressor\n"
        "model = BatchMLPRegressor(max_iter=1, n_iter_no_change=np.inf).fit(np.eye(4), np.arange(4.0))\n"
        "try: model.predictor().to_onnx()\n"
        "except ImportError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("`to_onnx` needs the package onnx (pip install onnx): ")
