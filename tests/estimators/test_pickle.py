"""A pickle is the weights and little more; what comes out of it goes on exactly like what went in."""

import copy
import math
import pickle
import subprocess
import sys

import joblib
import numpy as np
import pytest
from sklearn.base import clone

from skbackprop import SGD, AdamW, BatchMLPRegressor, LeakyReLU, RMSprop

rng = np.random.RandomState(0)
X = rng.uniform(-1, 1, (1000, 10))
y = X[:, 0] * X[:, 1] + X[:, 2]

VARIANTS = {
    "default": {},
    "noise": {"dropout": 0.3, "early_stopping": True},
    "objects": {
        "solver": AdamW(weight_decay=0.1),
        "activation": (LeakyReLU(0.1), "gelu"),
        "learning_rate": "invscaling",
    },
    "no units": {"standardize": False, "solver": "sgd"},
    "counts": {"loss": "poisson", "solver": "rmsprop", "clip_norm": 1.0},
}
variants = pytest.mark.parametrize("parameters", VARIANTS.values(), ids=VARIANTS)


def net(**parameters):
    quick = {"hidden_layer_sizes": (8, 5), "learning_rate_init": 0.01, "max_iter": 3, "random_state": 0}
    return BatchMLPRegressor(**quick | {"n_iter_no_change": math.inf} | parameters)


def target(model):
    return np.abs(y) if model.loss == "poisson" else y


def size(model):
    return len(pickle.dumps(model))


def allowed(model, vectors=1):
    """``vectors`` times the weights, ten bytes for every number of the history, and 8 kB for all the rest."""
    recorded = sum(len(values) for values in model.history_.values())
    return 1.05 * vectors * model.theta_.nbytes + 10 * recorded + 8192


def reloaded(model):
    return pickle.loads(pickle.dumps(model))


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("solver", ["adam", "sgd"])
def test_size_of_a_large_net(solver, early_stopping):
    model = net(solver=solver, early_stopping=early_stopping, hidden_layer_sizes=(500, 500), max_iter=1, batch_size=500)
    model.fit(X, y)
    assert model.theta_.nbytes > 2_000_000
    assert size(model) <= allowed(model)


@pytest.mark.parametrize("validation", ["none", "held out", "given"])
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_size_of_a_small_net_after_many_epochs(solver, validation):
    """The rows (80 kB) are not in it, nor is anything that grows with the epochs but the history."""
    model = net(solver=solver, max_iter=200, batch_size="full", early_stopping=validation == "held out", tol=0.0)
    rows = {"X_val": X[700:], "y_val": y[700:]} if validation == "given" else {}
    model.fit(X[:700], y[:700], **rows)
    assert model.n_iter_ > 100
    assert size(model) <= allowed(model)


def test_float32_takes_half():
    model = net(hidden_layer_sizes=(300, 300), max_iter=1, batch_size=500).fit(X.astype(np.float32), y)
    assert model.theta_.dtype == np.float32
    assert size(model) <= allowed(model)


@pytest.mark.parametrize(
    ("solver", "moments"),
    [("adam", 2), ("adamw", 2), (AdamW(weight_decay=0.1), 2), (SGD(), 1), ("sgd", 1), (RMSprop(), 1), ("rmsprop", 1)],
)
def test_moments_are_kept_for_partial_fit_only(solver, moments):
    model = net(solver=solver, hidden_layer_sizes=(100, 100))
    weights = model.partial_fit(X, y).theta_.nbytes
    assert (1 + moments) * weights < size(model) <= allowed(model, 1 + moments)
    assert size(model.fit(X, y)) <= allowed(model)
    model.partial_fit(X, y)
    assert (1 + moments) * weights < size(model) <= allowed(model, 1 + moments)


def test_streaming_does_not_make_the_model_grow():
    model = net()
    sizes = []
    for call in range(300):
        rows = slice(call, call + 20)
        model.partial_fit(X[rows], y[rows])
        if call in (9, 299):
            sizes.append(size(model))
    assert model.n_iter_ == 300
    assert sizes[1] <= sizes[0] + 100


@variants
@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_round_trip(parameters, protocol):
    model = net(**parameters)
    model.fit(X, target(model))
    copied = pickle.loads(pickle.dumps(model, protocol=protocol))
    np.testing.assert_array_equal(copied.predict(X), model.predict(X))
    assert copied.get_params() == model.get_params()
    assert copied.history_ == model.history_
    assert all(np.shares_memory(part, copied.theta_) for part in [*copied.coefs_, *copied.intercepts_])


def test_an_unfitted_estimator_can_be_pickled():
    assert reloaded(net(solver=AdamW())).get_params() == net(solver=AdamW()).get_params()


@variants
@pytest.mark.parametrize("before", ["fit", "partial_fit", "both"])
@pytest.mark.parametrize("duplicate", [reloaded, copy.deepcopy, copy.copy], ids=["pickle", "deepcopy", "copy"])
def test_both_go_on_alike(parameters, before, duplicate):
    """The model and its double take the same further steps, bit for bit, and neither moves the other."""
    model = net(**parameters)
    if before != "partial_fit":
        model.fit(X, target(model))
    if before != "fit":
        model.partial_fit(X[:300], target(model)[:300])
    double = duplicate(model)
    start = model.predict(X)
    for part in (slice(300, 600), slice(600, 1000)):
        double.partial_fit(X[part], target(model)[part])
    np.testing.assert_array_equal(model.predict(X), start)
    moved = double.predict(X)
    assert np.any(moved != start)
    for part in (slice(300, 600), slice(600, 1000)):
        model.partial_fit(X[part], target(model)[part])
    np.testing.assert_array_equal(model.predict(X), moved)
    np.testing.assert_array_equal(double.predict(X), moved)
    assert model.history_ == double.history_
    assert (model.n_iter_, model.t_) == (double.n_iter_, double.t_)


def test_without_a_seed_a_paused_stream_goes_on_alike():
    """The generator is part of what `partial_fit` keeps."""
    model = net(random_state=None, dropout=0.2).partial_fit(X, y)
    double = reloaded(model)
    np.testing.assert_array_equal(model.partial_fit(X, y).theta_, double.partial_fit(X, y).theta_)


def test_warm_start_goes_on_alike():
    model = net(warm_start=True, early_stopping=True).fit(X, y)
    double = reloaded(model)
    np.testing.assert_array_equal(model.fit(X, y).predict(X), double.fit(X, y).predict(X))


@variants
@pytest.mark.parametrize("before", ["fit", "partial_fit"])
def test_memory_mapped_model(parameters, before, tmp_path):
    """A read-only model predicts from the file, and training takes a copy and leaves the file alone."""
    model = net(**parameters)
    getattr(model, before)(X, target(model))
    expected = model.predict(X)
    joblib.dump(model, tmp_path / "model.joblib")
    mapped = joblib.load(tmp_path / "model.joblib", mmap_mode="r")
    assert not mapped.theta_.flags.writeable
    np.testing.assert_array_equal(mapped.predict(X), expected)
    np.testing.assert_array_equal(mapped.activations(X), model.activations(X))

    model.partial_fit(X, target(model))
    np.testing.assert_array_equal(mapped.partial_fit(X, target(model)).predict(X), model.predict(X))
    again = joblib.load(tmp_path / "model.joblib", mmap_mode="r")
    np.testing.assert_array_equal(again.predict(X), expected)
    again.set_params(warm_start=True).fit(X, target(model))
    np.testing.assert_array_equal(joblib.load(tmp_path / "model.joblib").predict(X), expected)


def test_another_process_goes_on_alike(tmp_path):
    models = [net(**parameters) for parameters in VARIANTS.values()]
    for model in models:
        model.fit(X, target(model))
    rows, counts = X[:50], np.abs(y[:50])
    joblib.dump((models, rows, counts), tmp_path / "models.joblib")
    script = (
        "import sys, joblib\n"
        "models, X, y = joblib.load(sys.argv[1])\n"
        "before = [model.predict(X) for model in models]\n"
        "joblib.dump((before, [model.partial_fit(X, y).predict(X) for model in models]), sys.argv[2])"
    )
    paths = [str(tmp_path / "models.joblib"), str(tmp_path / "predictions.joblib")]
    subprocess.run([sys.executable, "-W", "error", "-c", script, *paths], check=True)
    for model, before, after in zip(models, *joblib.load(paths[1]), strict=True):
        np.testing.assert_allclose(before, model.predict(rows), rtol=1e-12)
        np.testing.assert_allclose(after, model.partial_fit(rows, counts).predict(rows), rtol=1e-10)


@variants
def test_clone_is_unfitted_and_alike(parameters):
    model = net(**parameters)
    model.fit(X, target(model))
    twin = clone(model)
    assert twin.get_params() == model.get_params()
    assert not hasattr(twin, "model_")
    assert not hasattr(twin, "history_")
    np.testing.assert_array_equal(twin.fit(X, target(model)).predict(X), model.predict(X))
