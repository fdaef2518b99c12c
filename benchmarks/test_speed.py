"""A pytest-benchmark suite: kernels, epochs and predictions, with NumPy's kernels and with the compiled ones.

Use it to compare one commit with another on the same machine; `speed.py` compares us with others. With
``--benchmark-disable`` everything runs once. Either way the two backends have to agree.

    python -m pytest benchmarks/test_speed.py --benchmark-autosave
    python -m pytest benchmarks/test_speed.py --benchmark-compare --benchmark-columns=median,iqr
    python -m pytest benchmarks/test_speed.py --benchmark-disable
"""

from contextlib import contextmanager

import numpy as np
import pytest
from speed import BACKENDS, CASES
from threadpoolctl import threadpool_limits

from skbackprop import BatchMLPClassifier, BatchMLPRegressor, kernel_backend, kernels
from skbackprop.network.activations import ACTIVATIONS
from skbackprop.network.layers import BiasedActivation
from skbackprop.network.losses import CLASSIFICATION_LOSSES, LOSSES
from skbackprop.optimize.optimizers import OPTIMIZERS

ROWS, UNITS = 200, 100
every_backend = pytest.mark.parametrize("backend", BACKENDS)
both_dtypes = pytest.mark.parametrize("dtype", ["float32", "float64"])


@pytest.fixture(autouse=True)
def one_blas_thread():
    with threadpool_limits(1):
        yield


@contextmanager
def kernels_of(backend):
    with kernel_backend(backend), kernels.fixed_kernels():
        yield


# The parts of a step, each as a function and the arrays that it reads and writes.


def gather(normal):
    rows = np.random.default_rng(1).integers(0, 20 * ROWS, ROWS)
    return lambda X, out: kernels.gather(X, rows, out), normal(20 * ROWS, UNITS), normal(ROWS, UNITS)


def gather_standardized(normal):
    rows = np.random.default_rng(1).integers(0, 20 * ROWS, ROWS)

    def work(X, shift, inverse_scale, out):
        kernels.gather_standardized(X, rows, shift, inverse_scale, out)

    return work, normal(20 * ROWS, UNITS), normal(UNITS), normal(UNITS), normal(ROWS, UNITS)


def standardize(normal):
    return kernels.standardize, normal(ROWS, UNITS), normal(UNITS), normal(UNITS), normal(ROWS, UNITS)


def forward(name):
    """In place, as in a dense layer, where the activation does not keep its input."""
    f = BiasedActivation(ACTIVATIONS[name])
    if ACTIVATIONS[name].keeps_input:
        return lambda normal: (f.forward, normal(ROWS, UNITS), normal(UNITS), normal(ROWS, UNITS))
    return lambda normal: (lambda Z, b: f.forward(Z, b, Z), normal(ROWS, UNITS), normal(UNITS))


def backward(name):
    f = BiasedActivation(ACTIVATIONS[name])

    def part(normal):
        Z, b = normal(ROWS, UNITS), normal(UNITS)
        A = normal(ROWS, UNITS) if ACTIVATIONS[name].keeps_input else Z
        f.forward(Z, b, A)
        return f.backward, normal(ROWS, UNITS), Z, A, b

    return part


def regression(name):
    return lambda normal: (LOSSES[name].value_and_gradient, normal(ROWS, 1), normal(ROWS, 1), None, normal(ROWS, 1))


def classification(normal):
    y, loss = (normal(ROWS, 1) > 0), CLASSIFICATION_LOSSES["log_loss"]
    return loss.value_and_gradient, y.astype(normal(1).dtype), normal(ROWS, 1), None, normal(ROWS, 1)


def optimizer(name):
    def part(normal):
        theta = normal(144_000)
        state = OPTIMIZERS[name].start(theta, decaying=slice(0, 100_000))
        return lambda theta, gradient: OPTIMIZERS[name].step(theta, gradient, 1e-3, state), theta, normal(144_000)

    return part


def gru(normal):
    wide, one = (normal(64, 3 * UNITS), normal(64, 3 * UNITS), normal(UNITS)), [normal(64, UNITS) for _ in range(4)]
    return kernels.gru, *wide, one[0], normal(64, 2 * UNITS), *one[1:]


def lstm(normal):
    return kernels.lstm, normal(64, 4 * UNITS), normal(64, 4 * UNITS), *(normal(64, UNITS) for _ in range(4))


PARTS = {
    "gather": gather,
    "gather_standardized": gather_standardized,
    "standardize": standardize,
    **{name: forward(name) for name in ("relu", "tanh", "gelu")},
    **{f"{name} backward": backward(name) for name in ("relu", "tanh", "gelu")},
    **{name: regression(name) for name in ("squared_error", "huber", "quantile")},
    "log_loss": classification,
    **{name: optimizer(name) for name in ("adam", "adamw", "rmsprop", "sgd")},
    "gru": gru,
    "lstm": lstm,
}


@pytest.mark.parametrize("part", PARTS)
@both_dtypes
@every_backend
def test_kernel(benchmark, part, backend, dtype):
    rng = np.random.default_rng(0)
    kernel, *arrays = PARTS[part](lambda *shape: rng.standard_normal(shape).astype(dtype))

    def fresh():
        """Copies, for what works in place would come to nothing in the course of many rounds."""
        return [None if array is None else array.copy() for array in arrays], {}

    benchmark.group = f"{part}, {dtype}"
    with kernels_of(backend):
        benchmark.pedantic(kernel, setup=fresh, rounds=300, warmup_rounds=5)


@pytest.mark.parametrize("part", PARTS)
@both_dtypes
def test_kernels_agree(part, dtype):
    results = []
    for backend in BACKENDS:
        rng = np.random.default_rng(0)
        kernel, *arrays = PARTS[part](lambda *shape, rng=rng: rng.standard_normal(shape).astype(dtype))
        with kernels_of(backend):
            kernel(*arrays)
        results.append(arrays)
    for one, other in zip(results[0], results[-1], strict=True):
        if one is not None:
            np.testing.assert_allclose(other, one, rtol=0, atol=256 * np.finfo(dtype).eps * np.abs(one).max())


@pytest.mark.parametrize("case", ["S1", "S2"])
@both_dtypes
@every_backend
def test_epoch(benchmark, case, backend, dtype):
    """A fit of one epoch on so many rows, of `speed.py`."""
    rows, n_in, hidden, batch, _ = CASES[case]
    X = np.random.default_rng(0).normal(size=(rows, n_in)).astype(dtype)
    model = BatchMLPRegressor(hidden_layer_sizes=hidden, batch_size=batch, max_iter=1, random_state=0)
    model.set_params(standardize=False, n_iter_no_change=np.inf)
    benchmark.group = f"one epoch of {case}, {dtype}"
    with kernel_backend(backend):
        benchmark.pedantic(model.fit, (X, X[:, 0]), rounds=10, warmup_rounds=1)
    assert model.kernel_backend_ == backend


@pytest.mark.parametrize("Model", [BatchMLPRegressor, BatchMLPClassifier])
def test_fits_agree(Model):
    """With either backend the same rows give the same predictions."""
    X = np.random.default_rng(0).normal(size=(500, 8))
    f = X[:, 0] - X[:, 1] ** 2
    model = Model(max_iter=20, n_iter_no_change=np.inf, random_state=0)
    found = []
    for backend in BACKENDS:
        with kernel_backend(backend):
            model.fit(X, f if Model is BatchMLPRegressor else np.digitize(f, [-1, 0]))
            found.append(model.predict(X) if Model is BatchMLPRegressor else model.predict_proba(X))
    np.testing.assert_allclose(found[0], found[-1], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("Model", [BatchMLPRegressor, BatchMLPClassifier])
@pytest.mark.parametrize("way", ["predict", "predictor"])
@pytest.mark.parametrize("rows", [1, 10_000])
@both_dtypes
def test_prediction(benchmark, Model, way, rows, dtype):
    X = np.random.default_rng(0).normal(size=(rows, 20)).astype(dtype)
    some = np.random.default_rng(1).normal(size=(500, 20)).astype(dtype)
    y = some[:, 0] if Model is BatchMLPRegressor else some[:, 0] > 0
    model = Model(max_iter=1, n_iter_no_change=np.inf, random_state=0).fit(some, y)
    benchmark.group = f"{rows} rows, {Model.__name__}, {dtype}"
    found = benchmark(model.predict if way == "predict" else model.predictor(), X)
    assert found.shape == (rows,)
