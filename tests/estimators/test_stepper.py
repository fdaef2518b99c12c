"""Many steps in one call, of NumPy or of compiled code, end where one step at a time does, to rounding."""

import signal
import sys
from dataclasses import fields

import numpy as np
import pytest
from sklearn.base import clone

from skbackprop import (
    SGD,
    AdamW,
    BatchMLPClassifier,
    BatchMLPRegressor,
    LeakyReLU,
    RMSprop,
    SquaredError,
    kernel_backend,
)
from skbackprop.estimators._stepper import FusedStepper
from skbackprop.kernels import backend
from skbackprop.network.activations import ACTIVATIONS
from skbackprop.network.losses import CLASSIFICATION_LOSSES, LOSSES
from skbackprop.optimize.optimizers import OPTIMIZERS
from tests.processes import python

BACKENDS = backend.BACKENDS if backend.numba_is_there() else ("numpy",)
N = 230  # with batches of 50, the last is short


def rows_and_target(rng, dtype=np.float64, outputs=1):
    X = rng.standard_normal((N, 6)).astype(dtype)
    y = np.column_stack([np.sin(X[:, k]) + 0.1 * X[:, 5] + 3 for k in range(outputs)]).astype(dtype)
    return X, y[:, 0] if outputs == 1 else y


def step_by_step(solver):
    """The same solver, of a class that has a step of its own: no kernel takes many of those at once."""
    if solver == "lbfgs":
        return solver
    solver = OPTIMIZERS.get(solver, solver) if isinstance(solver, str) else solver

    class Own(type(solver)):
        def step(self, theta, gradient, rate, moments):
            super().step(theta, gradient, rate, moments)

    return Own(**{field.name: getattr(solver, field.name) for field in fields(solver)})


def fit_all(X, y, Model=BatchMLPRegressor, weight=None, **parameters):
    """The estimator fitted step by step in NumPy, then many steps at a time in NumPy and in compiled code."""
    given = {"hidden_layer_sizes": (9, 7), "batch_size": 50, "max_iter": 4, "n_iter_no_change": np.inf}
    given["learning_rate_init"] = 0.03
    model = Model(random_state=0, **(given | parameters))
    with kernel_backend("numpy"):
        single = clone(model).set_params(solver=step_by_step(model.solver))
        models = [single.fit(X, y, sample_weight=weight)]
    for name in BACKENDS:
        with kernel_backend(name):
            models.append(clone(model).fit(X, y, sample_weight=weight))
        assert models[-1].kernel_backend_ == name
    return models


def assert_same(models, rtol=1e-8):
    one, *others = models
    for other in others:
        np.testing.assert_allclose(other.model_.theta, one.model_.theta, rtol=rtol, atol=rtol)
        for name, values in one.history_.items():
            np.testing.assert_allclose(other.history_[name], values, rtol=rtol, atol=rtol, err_msg=name)


@pytest.mark.parametrize(
    "activation", ["relu", "tanh", "logistic", "identity", "elu", "selu", "softplus", "gelu", "mish"]
)
def test_activations(activation, rng):
    assert_same(fit_all(*rows_and_target(rng), activation=activation))


@pytest.fixture
def calls(monkeypatch):
    """Of `FusedStepper`: nobody else tells whether a fit has gone step by step."""
    made = []
    once = FusedStepper.__call__

    def call(self, state, rows, rates):
        made.append(len(rates))
        return once(self, state, rows, rates)

    monkeypatch.setattr(FusedStepper, "__call__", call)
    return made


@pytest.mark.parametrize("loss", LOSSES)
def test_every_loss_of_numbers_takes_many_steps_at_once(loss, calls, rng):
    fit_all(*rows_and_target(rng), loss=loss, max_iter=2)
    assert calls == [5, 5] * len(BACKENDS)


@pytest.mark.parametrize("loss", CLASSIFICATION_LOSSES)
@pytest.mark.parametrize("edges", [[3], [2.7, 3.3]], ids=["two", "three"])
def test_so_is_every_loss_of_classes(loss, edges, calls, rng):
    X, f = rows_and_target(rng)
    fit_all(X, np.digitize(f, edges), BatchMLPClassifier, loss=loss, max_iter=2)
    assert calls == [5, 5] * len(BACKENDS)


@pytest.mark.parametrize("solver", OPTIMIZERS)
def test_so_is_every_optimiser(solver, calls, rng):
    fit_all(*rows_and_target(rng), solver=solver, max_iter=2)
    assert calls == [5, 5] * len(BACKENDS)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_so_is_every_activation(activation, calls, rng):
    fit_all(*rows_and_target(rng), activation=activation, max_iter=2)
    assert calls == [5, 5] * len(BACKENDS)


@pytest.mark.parametrize("loss", ["squared_error", "absolute_error", "expectile", "poisson", "huber", "log_cosh"])
def test_losses_of_numbers(loss, rng):
    assert_same(fit_all(*rows_and_target(rng), loss=loss))


@pytest.mark.parametrize("loss", ["quantile", "gamma", "tweedie", "gaussian"])
@pytest.mark.parametrize("weighted", [False, True])
def test_losses_with_columns_of_their_own(loss, weighted, rng):
    weight = rng.uniform(0.5, 2, N) if weighted else None
    assert_same(fit_all(*rows_and_target(rng, outputs=2), loss=loss, weight=weight))


@pytest.mark.parametrize("loss", ["log_loss", "squared_error", "focal"])
@pytest.mark.parametrize("kind", ["two", "three", "labels"])
def test_losses_of_classes(loss, kind, rng):
    X, f = rows_and_target(rng)
    y = {"two": f > 3, "three": np.digitize(f, [2.7, 3.3]), "labels": np.column_stack([f > 3, f > 2.5])}[kind]
    assert_same(fit_all(X, y.astype(int), BatchMLPClassifier, loss=loss))


@pytest.mark.parametrize(
    "solver", ["sgd", "adam", SGD(nesterov=False, weight_decay=0.1), RMSprop(weight_decay=0.1), AdamW()], ids=repr
)
@pytest.mark.parametrize("clip_norm", [None, 0.05])
def test_optimisers_and_clipping(solver, clip_norm, rng):
    """More steps than after which what is negligible is flushed."""
    assert_same(fit_all(*rows_and_target(rng), solver=solver, clip_norm=clip_norm, max_iter=15))


@pytest.mark.parametrize(
    "parameters",
    [
        {"standardize": False},
        {"hidden_layer_sizes": ()},
        {"hidden_layer_sizes": (8, 8, 8), "activation": ["relu", "tanh", "relu"]},
        {"activation": LeakyReLU(0.3)},
        {"alpha": 0.0},
        {"alpha": 3.0},
        {"shuffle": False},
        {"dropout": 0.3},
        {"learning_rate": "cosine"},
        {"early_stopping": True},
        {"batch_size": 1},
        {"batch_size": "full"},
        {"solver": "lbfgs"},
    ],
    ids=repr,
)
@pytest.mark.parametrize("weighted", [False, True])
def test_parameters(parameters, weighted, rng):
    weight = rng.uniform(0.5, 2, N) if weighted else None
    rtol = 1e-4 if "solver" in parameters else 1e-8  # a line search makes more of rounding
    assert_same(fit_all(*rows_and_target(rng), weight=weight, **parameters), rtol)


@pytest.mark.parametrize("outputs", [1, 3])
def test_single_precision(outputs, rng):
    models = fit_all(*rows_and_target(rng, np.float32, outputs), max_iter=2)
    assert {model.model_.theta.dtype for model in models} == {np.dtype(np.float32)}
    assert_same(models, rtol=2e-4)


@pytest.mark.parametrize("standardize", [False, True])
@pytest.mark.parametrize("kind", ["F", "strided", "read-only", "mapped", "float32 mapped"])
def test_rows_of_any_layout_are_read_and_not_written(kind, standardize, rng, tmp_path):
    X, y = rows_and_target(rng, np.float32 if "float32" in kind else np.float64)
    kept = X.copy()
    if "mapped" in kind:
        np.save(tmp_path / "X.npy", X)
        given = np.load(tmp_path / "X.npy", mmap_mode="r")
    else:
        given = {"F": np.asfortranarray(X), "strided": np.repeat(X, 2, axis=0)[::2], "read-only": X}[kind]
    given.flags.writeable = False
    expected, found = (fit_all(rows, y, standardize=standardize)[1:] for rows in (kept, given))
    rtol = 1e-5 if X.dtype == np.float32 else 1e-9
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one.model_.theta, other.model_.theta, rtol=rtol)
    np.testing.assert_array_equal(given, kept)


@pytest.mark.parametrize("hidden", [(), (1,), (20,), (20, 1, 20)])
@pytest.mark.parametrize("columns", [1, 2])
def test_products_with_a_side_of_one(columns, hidden, rng):
    X, y = rows_and_target(rng)
    assert_same(fit_all(X[:, :columns], y, hidden_layer_sizes=hidden))


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_gradient_whose_squares_overflow_is_shortened(rng):
    X, y = rows_and_target(rng, np.float32)
    given = {"standardize": False, "clip_norm": 1.0, "solver": "sgd", "activation": "identity", "alpha": 0.0}
    models = fit_all(1e12 * X, 1e12 * y, **given, max_iter=1)
    assert all(np.isfinite(model.history_["gradient_norm"]).all() for model in models)
    assert_same(models, rtol=1e-3)


class Doubled(SquaredError):
    def value_and_gradient(self, y, raw, weight, out):
        value = super().value_and_gradient(y, raw, weight, out)
        out *= 2.0
        return 2.0 * value


def test_a_loss_of_one_s_own_is_not_passed_over(rng):
    X, y = rows_and_target(rng)
    models = fit_all(X, y, loss=Doubled(), solver="sgd")
    assert_same(models)
    plain = fit_all(X, y, loss=SquaredError(), solver="sgd")[-1]
    assert models[-1].loss_ != pytest.approx(plain.loss_, rel=0.05)


class Counting(SGD):
    """An optimiser of the package that remembers one vector more than its step takes."""

    def start(self, theta, *, decaying=slice(None)):
        return {"before": theta.copy(), **super().start(theta, decaying=decaying), "after": theta.copy()}


def test_an_optimiser_is_handed_its_own_vectors(rng):
    X, y = rows_and_target(rng)
    assert_same([*fit_all(X, y, solver=Counting()), *fit_all(X, y, solver=SGD())])


def test_a_call_takes_no_more_rows_than_its_buffer(rng):
    """Rows that need many calls, each of several batches."""
    X = rng.standard_normal((3000, 200))
    y = X[:, 0] + X[:, 1]
    assert_same(fit_all(X, y, max_iter=2))


def test_a_batch_beyond_the_cache_goes_through_numpy_in_parts(calls, rng):
    """700 rows of 500 float64 are more than the 2 MB that a pass keeps; of 200 they are less."""
    X = rng.standard_normal((1000, 6))
    made = []
    for units in (200, 500):
        with kernel_backend("numpy"):
            BatchMLPRegressor(hidden_layer_sizes=units, batch_size=700, max_iter=2, n_iter_no_change=np.inf).fit(
                X, X[:, 0]
            )
        made.append(len(calls))
    assert made == [2, 2]


def test_an_interrupted_stream_goes_on_as_if_nothing_had_been(rng):
    X, y = rows_and_target(rng)
    with kernel_backend(BACKENDS[-1]):
        whole, parts = (BatchMLPRegressor(batch_size=50, random_state=0, shuffle=False) for _ in range(2))
        for _ in range(4):
            whole.partial_fit(X, y)
        for _ in range(2):
            parts.partial_fit(X, y)
        with kernel_backend("numpy"):
            parts.partial_fit(X, y)
        parts.partial_fit(X, y)
    np.testing.assert_allclose(parts.model_.theta, whole.model_.theta, rtol=1e-9, atol=1e-10)


CTRL_C = """
import os, signal, threading
import numpy as np
from skbackprop import BatchMLPRegressor
X = np.random.default_rng(0).normal(size=(20_000, 20))
model = BatchMLPRegressor(hidden_layer_sizes=(50,), max_iter=10**6, n_iter_no_change=np.inf, random_state=0)
model.set_params(max_iter=2).fit(X, X[:, 0]).set_params(max_iter=10**6)
signal.signal(signal.SIGINT, signal.default_int_handler)  # where a shell runs this in the background it is ignored
threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
try:
    model.fit(X, X[:, 0])
except KeyboardInterrupt:
    print(model.kernel_backend_, model.n_iter_ > 2, model.score(X, X[:, 0]) > 0.9, flush=True)
    model.partial_fit(X, X[:, 0])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="on Windows a process cannot send itself SIGINT")
def test_ctrl_c_is_heard_between_two_calls():
    """A real signal, in a process of its own: compiled code does not look for one."""
    run = python("-c", CTRL_C, timeout=60)
    assert (run.stdout, run.stderr) == (f"{BACKENDS[-1]} True True\n", "")


ANY_MOMENT = """
import random, signal
import numpy as np
from skbackprop import BatchMLPRegressor

def interrupt(*signal_and_frame):
    raise KeyboardInterrupt

X = np.random.default_rng(0).normal(size=(300, 4))
model = BatchMLPRegressor(max_iter=2, n_iter_no_change=np.inf, random_state=0).fit(X, X[:, 0])
model.set_params(max_iter=10**6)
signal.signal(signal.SIGALRM, interrupt)
ends = set()
for _ in range(150):
    try:
        signal.setitimer(signal.ITIMER_REAL, random.uniform(1e-3, 2e-2))
        model.fit(X, X[:, 0])
    except BaseException as error:
        ends.add((type(error).__name__, hasattr(model, "model_")))
print(model.kernel_backend_, ends)
"""


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system has no timer that sends signals")
def test_ctrl_c_at_any_moment_is_what_it_is():
    """Compiled code must not make another error of it."""
    run = python("-c", ANY_MOMENT, timeout=100)
    assert (run.stdout, run.stderr) == (f"{BACKENDS[-1]} {{('KeyboardInterrupt', True)}}\n", "")


@pytest.mark.parametrize("name", BACKENDS)
def test_divergence_is_told(name, rng):
    X, y = rows_and_target(rng)
    model = BatchMLPRegressor(solver="sgd", learning_rate_init=1e6, batch_size=50, random_state=0)
    with kernel_backend(name), pytest.raises(ValueError, match="training diverged in epoch 1"):
        model.fit(X, y)


class Uphill(SGD):
    """Overrides the step for which one kernel would otherwise be called."""

    def step(self, theta, gradient, rate, moments):
        super().step(theta, -gradient, rate, moments)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_an_optimiser_of_one_s_own_is_not_passed_over(rng):
    X, y = rows_and_target(rng)
    given = {"learning_rate_init": 0.001, "max_iter": 2}
    models = fit_all(X, y, solver=Uphill(), **given)
    assert_same(models)
    assert models[-1].loss_ > 1.001 * fit_all(X, y, solver=SGD(), **given)[-1].loss_
