"""A pickle is the weights and little more; what comes out of it goes on exactly like what went in."""

import copy
import pickle

import joblib
import numpy as np
import pytest
from sklearn.base import clone

from skbackprop import LSTM, SGD, AdamW, Elman, LeakyReLU, LogLoss, ReLU, RMSprop
from tests.estimators.kinds import ENDLESS, KINDS, every_estimator, saddle
from tests.processes import python

X, f = saddle(1000, 10)

OBJECTS = {"solver": AdamW(weight_decay=0.1), "activation": (LeakyReLU(0.1), "gelu"), "learning_rate": "invscaling"}
VARIANTS = {
    "default": ("numbers", {}),
    "noise": ("numbers", {"dropout": 0.3, "early_stopping": True}),
    "objects": ("numbers", OBJECTS),
    "no units": ("numbers", {"standardize": False, "solver": "sgd"}),
    "counts": ("numbers", {"loss": "poisson", "solver": "rmsprop", "clip_norm": 1.0}),
    "two classes": ("two classes", {"class_weight": "balanced", "early_stopping": True}),
    "classes": ("classes", {"dropout": 0.3, "loss": LogLoss(label_smoothing=0.1), "class_weight": {3: 2.0}}),
    "labels": ("labels", {"loss": "focal", "solver": "sgd"}),
    "steps": ("sequences of numbers", {"cell": "gru", "recurrent_dropout": 0.3, "early_stopping": True}),
    "both ways": ("sequences of labels", {"cell": LSTM(layer_norm=True), "bidirectional": True, "n_channels": 5}),
    "segments": ("sequences of classes", {"cell": Elman(ReLU()), "truncate": 3, "solver": "sgd", "dropout": 0.3}),
}
VARIANTS = {name: (KINDS[kind], parameters) for name, (kind, parameters) in VARIANTS.items()}
variants = pytest.mark.parametrize(("kind", "parameters"), VARIANTS.values(), ids=VARIANTS)


def net(kind, **parameters):
    quick = {"hidden_layer_sizes": (8, 5), "learning_rate_init": 0.01, "max_iter": 3}
    return kind.make(**quick | ENDLESS | parameters)


def target(kind, model):
    return kind.target(np.abs(f) if model.loss == "poisson" else f)


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
@every_estimator
def test_size_of_a_large_net(kind, solver, early_stopping):
    y = kind.target(f)
    model = net(
        kind, solver=solver, early_stopping=early_stopping, hidden_layer_sizes=(500, 500), max_iter=1, batch_size=500
    )
    model.set_params(**kind.side_by_side(10)).fit(X, y)
    assert model.theta_.nbytes > 2_000_000
    assert size(model) <= allowed(model)


@pytest.mark.parametrize("validation", ["none", "held out", "given"])
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@every_estimator
def test_size_of_a_small_net_after_many_epochs(kind, solver, validation):
    """The rows (24 kB) are not in it, nor is anything that grows with the epochs but the history."""
    y = kind.target(f)
    model = net(kind, solver=solver, max_iter=120, batch_size="full", early_stopping=validation == "held out", tol=0.0)
    model.set_params(**kind.side_by_side(10))
    rows = {"X_val": X[300:400], "y_val": y[300:400]} if validation == "given" else {}
    model.fit(X[:300], y[:300], **rows)
    assert model.n_iter_ > 100
    assert size(model) <= allowed(model)


@every_estimator
def test_float32_takes_half(kind):
    y = kind.target(f)
    model = net(kind, hidden_layer_sizes=(300, 300), max_iter=1, batch_size=500).fit(X.astype(np.float32), y)
    assert model.theta_.dtype == np.float32
    assert size(model) <= allowed(model)


@pytest.mark.parametrize(
    ("solver", "moments"),
    [("adam", 2), ("adamw", 2), (AdamW(weight_decay=0.1), 2), (SGD(), 1), ("sgd", 1), (RMSprop(), 1), ("rmsprop", 1)],
)
@every_estimator
def test_moments_are_kept_for_partial_fit_only(kind, solver, moments):
    y = kind.target(f)
    model = net(kind, solver=solver, hidden_layer_sizes=(100, 100), **kind.side_by_side(10))
    weights = kind.step(model, X, y).theta_.nbytes
    assert (1 + moments) * weights < size(model) <= allowed(model, 1 + moments)
    assert size(model.fit(X, y)) <= allowed(model)
    kind.step(model, X, y)
    assert (1 + moments) * weights < size(model) <= allowed(model, 1 + moments)


@every_estimator
def test_streaming_does_not_make_the_model_grow(kind):
    y = kind.target(f)
    model = net(kind, **kind.side_by_side(10))
    sizes = []
    for call in range(100):
        rows = slice(call, call + 20)
        kind.step(model, X[rows], y[rows])
        if call in (9, 99):
            sizes.append(size(model))
    assert model.n_iter_ == 100
    assert sizes[1] <= sizes[0] + 100


@variants
@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_round_trip(kind, parameters, protocol):
    model = net(kind, **parameters)
    model.fit(X, target(kind, model))
    copied = pickle.loads(pickle.dumps(model, protocol=protocol))
    np.testing.assert_array_equal(kind.output(copied, X), kind.output(model, X))
    assert copied.get_params() == model.get_params()
    assert copied.history_ == model.history_
    assert all(np.shares_memory(part, copied.theta_) for part in [*copied.coefs_, *copied.intercepts_])


@every_estimator
def test_an_unfitted_estimator_can_be_pickled(kind):
    assert reloaded(net(kind, solver=AdamW())).get_params() == net(kind, solver=AdamW()).get_params()


# Every pair of variant, beginning and way to a double: the ways take turns.
@pytest.mark.parametrize(
    ("kind", "parameters", "before", "duplicate"),
    [
        pytest.param(*variant, before, (reloaded, copy.deepcopy, copy.copy)[(i + j) % 3], id=f"{name}-{before}")
        for i, (name, variant) in enumerate(VARIANTS.items())
        for j, before in enumerate(["fit", "partial_fit", "both"])
    ],
)
def test_both_go_on_alike(kind, parameters, before, duplicate):
    """The model and its double take the same further steps, bit for bit, and neither moves the other."""
    model = net(kind, **parameters)
    if before != "partial_fit":
        model.fit(X, target(kind, model))
    if before != "fit":
        kind.step(model, X[:300], target(kind, model)[:300])
    double = duplicate(model)
    start = kind.output(model, X)
    for part in (slice(300, 600), slice(600, 1000)):
        kind.step(double, X[part], target(kind, model)[part])
    np.testing.assert_array_equal(kind.output(model, X), start)
    moved = kind.output(double, X)
    assert np.any(moved != start)
    for part in (slice(300, 600), slice(600, 1000)):
        kind.step(model, X[part], target(kind, model)[part])
    np.testing.assert_array_equal(kind.output(model, X), moved)
    np.testing.assert_array_equal(kind.output(double, X), moved)
    assert model.history_ == double.history_
    assert (model.n_iter_, model.t_) == (double.n_iter_, double.t_)


@every_estimator
def test_without_a_seed_a_paused_stream_goes_on_alike(kind):
    """The generator is part of what `partial_fit` keeps."""
    y = kind.target(f)
    model = kind.step(net(kind, random_state=None, dropout=0.2), X, y)
    double = reloaded(model)
    np.testing.assert_array_equal(kind.step(model, X, y).theta_, kind.step(double, X, y).theta_)


@every_estimator
def test_warm_start_goes_on_alike(kind):
    y = kind.target(f)
    model = net(kind, warm_start=True, early_stopping=True).fit(X, y)
    double = reloaded(model)
    np.testing.assert_array_equal(kind.output(model.fit(X, y), X), kind.output(double.fit(X, y), X))


@variants
@pytest.mark.parametrize("before", ["fit", "partial_fit"])
def test_memory_mapped_model(kind, parameters, before, tmp_path):
    """A read-only model predicts from the file, and training takes a copy and leaves the file alone."""
    model = net(kind, **parameters)
    kind.train(model, before, X, target(kind, model))
    expected = kind.output(model, X)
    joblib.dump(model, tmp_path / "model.joblib")
    mapped = joblib.load(tmp_path / "model.joblib", mmap_mode="r")
    assert not mapped.theta_.flags.writeable
    np.testing.assert_array_equal(kind.output(mapped, X), expected)
    np.testing.assert_array_equal(mapped.activations(X), model.activations(X))

    kind.step(model, X, target(kind, model))
    np.testing.assert_array_equal(kind.output(kind.step(mapped, X, target(kind, model)), X), kind.output(model, X))
    again = joblib.load(tmp_path / "model.joblib", mmap_mode="r")
    np.testing.assert_array_equal(kind.output(again, X), expected)
    again.set_params(warm_start=True).fit(X, target(kind, model))
    np.testing.assert_array_equal(kind.output(joblib.load(tmp_path / "model.joblib"), X), expected)


def test_another_process_goes_on_alike(tmp_path):
    kinds = [kind for kind, _ in VARIANTS.values()]
    models = [net(kind, **parameters) for kind, parameters in VARIANTS.values()]
    targets = [target(kind, model) for kind, model in zip(kinds, models, strict=True)]
    for model, y in zip(models, targets, strict=True):
        model.fit(X, y)
    jobs = [(model, kind.method, y[:50]) for model, kind, y in zip(models, kinds, targets, strict=True)]
    joblib.dump((X[:50], jobs), tmp_path / "models.joblib")
    script = (
        "import sys, joblib\n"
        "X, jobs = joblib.load(sys.argv[1])\n"
        "before = [getattr(model, method)(X) for model, method, _ in jobs]\n"
        "after = [getattr(model.partial_fit(X, y), method)(X) for model, method, y in jobs]\n"
        "joblib.dump((before, after), sys.argv[2])"
    )
    paths = [tmp_path / "models.joblib", tmp_path / "predictions.joblib"]
    python("-W", "error", "-c", script, *paths)
    for (model, method, y), before, after in zip(jobs, *joblib.load(paths[1]), strict=True):
        np.testing.assert_allclose(before, getattr(model, method)(X[:50]), rtol=1e-12)
        np.testing.assert_allclose(after, getattr(model.partial_fit(X[:50], y), method)(X[:50]), rtol=1e-10)


@variants
def test_clone_is_unfitted_and_alike(kind, parameters):
    model = net(kind, **parameters)
    model.fit(X, target(kind, model))
    twin = clone(model)
    assert twin.get_params() == model.get_params()
    assert not hasattr(twin, "model_")
    assert not hasattr(twin, "history_")
    np.testing.assert_array_equal(kind.output(twin.fit(X, target(kind, model)), X), kind.output(model, X))
