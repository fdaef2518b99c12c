"""NumPy's kernels against their compiled twins: the same results to rounding, for everything in the registries."""

import inspect
import os
import threading
from contextlib import contextmanager

import numpy as np
import pytest
from sklearn.base import clone

from skbackprop import (
    BatchMLPRegressor,
    BatchRNNRegressor,
    Elman,
    Gaussian,
    Huber,
    LogCosh,
    Quantile,
    Tweedie,
    kernel_backend,
    kernels,
)
from skbackprop.kernels import backend
from skbackprop.network.activations import ACTIVATIONS, LeakyReLU, ReLU
from skbackprop.network.cells import CELLS
from skbackprop.network.contract import Run, Tape
from skbackprop.network.layers import BiasedActivation
from skbackprop.network.losses import LOSSES
from skbackprop.network.network import Network
from skbackprop.network.recurrent import Recurrent
from skbackprop.optimize.optimizers import OPTIMIZERS, AdamW
from tests.processes import ROOT, python

needs_numba = pytest.mark.skipif(not backend.numba_is_there(), reason="numba is not installed")
both_dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])


@contextmanager
def kernels_of(name):
    with kernel_backend(name), kernels.fixed_kernels():
        yield


def assert_agree(results, dtype, ulps=64):
    """Numbers and arrays of both backends, compared on the scale of the array they are in."""
    for one, other in zip(*results, strict=True):
        scale = max(float(np.max(np.abs(one), initial=0.0)), 1e-30)
        np.testing.assert_allclose(other, one, rtol=0, atol=ulps * np.finfo(dtype).eps * scale)


@needs_numba
@pytest.mark.parametrize("f", [*ACTIVATIONS.values(), LeakyReLU(0.3)], ids=repr)
@pytest.mark.parametrize("rows", [1, 50, 5000])
@both_dtypes
def test_activations_agree(f, rows, dtype, rng):
    Z0, D0 = 8 * rng.standard_normal((2, rows, 7)).astype(dtype)
    b = rng.standard_normal(7).astype(dtype)
    results = []
    for name in backend.BACKENDS:
        Z, dZ, db = Z0.copy(), D0.copy(), np.full(7, np.nan, dtype)
        A = np.empty_like(Z) if f.keeps_input else Z
        with kernels_of(name):
            BiasedActivation(f).forward(Z, b, A)
            BiasedActivation(f).backward(dZ, Z, A, db)
        results.append((Z, A, dZ, db))
    assert_agree(results, dtype)


@needs_numba
@pytest.mark.parametrize("f", ACTIVATIONS.values(), ids=repr)
@both_dtypes
def test_nan_and_infinity_are_not_lost(f, dtype):
    for name in backend.BACKENDS:
        Z = np.array([[np.nan, np.inf, -np.inf, 1e4, -1e4]], dtype)
        A = np.empty_like(Z) if f.keeps_input else Z
        with kernels_of(name), np.errstate(all="ignore"):
            BiasedActivation(f).forward(Z, np.zeros(5, dtype), A)
        assert np.isnan(A[0, 0])
        assert not np.isnan(A[0, 1])
        assert not np.isnan(A[0, 3:]).any()


@needs_numba
@pytest.mark.parametrize("f", ACTIVATIONS.values(), ids=repr)
@both_dtypes
def test_activations_agree_far_out(f, dtype):
    """Where products with exponentials would overflow."""
    results = []
    for name in backend.BACKENDS:
        Z = np.array([[1e10], [1e25]], dtype)
        A, dZ = np.empty_like(Z) if f.keeps_input else Z, np.ones_like(Z)
        with kernels_of(name), np.errstate(over="ignore"):
            BiasedActivation(f).forward(Z, np.zeros(1, dtype), A)
            BiasedActivation(f).backward(dZ, Z, A, np.empty(1, dtype))
        results.append([*A, *dZ])
    assert_agree(results, dtype)


NORMALISED = [type(cell)(layer_norm=True) for cell in CELLS.values()]
SEVERAL = [
    Huber(delta=(0.3, 1.0, 2.0), absolute=True),
    LogCosh(delta=(0.3, 1.0, 2.0), absolute=True),
    Quantile([0.1, 0.5, 0.9]),
    Gaussian(beta=0.5),
    Tweedie(1.0),
    Tweedie(2.0),
    Tweedie(3.0),
]
CLASSES = [
    (f"{loss}_{kind}", parameters)
    for loss, choices in {"log_loss": [(0.0,), (0.1,)], "brier": [()], "focal": [(0.0,), (2.0,)]}.items()
    for kind in ("classes", "columns")
    for parameters in choices
]


def call_loss(loss, y, raw, weight, out):
    """A loss, or the kernel of that name with its parameters."""
    if isinstance(loss, tuple):
        return getattr(kernels, loss[0])(y, raw, weight, out, *loss[1])
    return loss.value_and_gradient(y, raw, weight, out)


def loss_case(loss, n, dtype, rng, scale=1.0):
    """Targets of three outputs or five classes, raw predictions and weights."""
    if isinstance(loss, tuple):
        y = rng.integers(0, 5, (n, 1)) if loss[0].endswith("classes") else rng.integers(0, 2, (n, 5))
        width = 5
    else:
        y = rng.poisson(2.0, (n, 3)) + 0.5
        width = loss.raw_width(y)
    raw = scale * rng.standard_normal((n, width))
    return y.astype(dtype), raw.astype(dtype), rng.uniform(0.5, 2, n).astype(dtype)


every_loss = pytest.mark.parametrize("loss", [*LOSSES.values(), *SEVERAL, *CLASSES], ids=repr)


@needs_numba
@every_loss
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("scale", [1.0, 5.0])
@both_dtypes
def test_losses_agree(loss, weighted, scale, dtype, rng):
    """A target in Fortran order is compiled anew: here for one precision with weights, for the other without."""
    y, raw, weight = loss_case(loss, 41, dtype, rng, scale)
    other_y = np.asfortranarray(y) if weighted == (dtype is np.float64) else y
    results = []
    for name in backend.BACKENDS:
        out, in_place = np.empty_like(raw), raw.copy()
        with kernels_of(name):
            value = call_loss(loss, y, raw.copy(), weight if weighted else None, out)
            again = call_loss(loss, other_y, in_place, weight if weighted else None, in_place)
        results.append((value, out, again, in_place))
    assert_agree(results, dtype, ulps=256)


@needs_numba
@every_loss
@both_dtypes
@pytest.mark.parametrize("far", [1e3, 1e8])
def test_losses_agree_far_out(loss, far, dtype, rng):
    y, raw, _ = loss_case(loss, 30, dtype, rng)
    raw = dtype(far) * np.sign(raw)
    results = []
    for name in backend.BACKENDS:
        out = np.empty_like(raw)
        with kernels_of(name):
            results.append((call_loss(loss, y, raw.copy(), None, out), out))
        assert np.isfinite(results[-1][0])
        assert np.isfinite(out).all()
    assert_agree(results, dtype, ulps=2048)


@needs_numba
@every_loss
@pytest.mark.parametrize("weighted", [False, True])
@both_dtypes
def test_a_raw_prediction_of_nan_is_seen_in_the_loss(loss, weighted, dtype, rng):
    y, raw, weight = loss_case(loss, 30, dtype, rng)
    for entry in range(raw.shape[1]):
        spoilt = raw.copy()
        spoilt[17, entry] = np.nan
        for name in backend.BACKENDS:
            with kernels_of(name), np.errstate(invalid="ignore"):
                assert np.isnan(call_loss(loss, y, spoilt, weight if weighted else None, np.empty_like(raw)))


@needs_numba
def test_every_loss_has_a_twin():
    table = backend.compiled_table()
    assert not [name for name in kernels.losses.__all__ if table[name] is backend.NUMPY[name]]


@needs_numba
@pytest.mark.parametrize("optimizer", [*OPTIMIZERS.values(), AdamW(weight_decay=0.1)], ids=repr)
@both_dtypes
def test_optimizers_agree(optimizer, dtype, rng):
    start, gradients = rng.standard_normal(300).astype(dtype), rng.standard_normal((40, 300)).astype(dtype)
    results = []
    for name in backend.BACKENDS:
        theta = start.copy()
        state = optimizer.start(theta, decaying=slice(0, 200))
        with kernels_of(name):
            for gradient in gradients:
                optimizer.step(theta, gradient, 0.01, state)
        results.append((theta,))
    assert_agree(results, dtype, ulps=256)


@needs_numba
@pytest.mark.parametrize("cell", [*CELLS.values(), *NORMALISED], ids=repr)
@both_dtypes
def test_cells_agree(cell, dtype, rng):
    network = Network([Recurrent(cell, 9, return_sequences=True)], (None, 3))
    theta = network.parameters.initial(np.random.RandomState(0), dtype)
    X, dY = rng.standard_normal((6, 12, 3)).astype(dtype), rng.standard_normal((6, 12, 9)).astype(dtype)
    results = []
    for name in backend.BACKENDS:
        gradient, runs = np.zeros_like(theta), [Run(Tape())]
        p, g = network.parameters.views(theta), network.parameters.views(gradient)
        with kernels_of(name):
            Y = network.forward(p, X, runs).copy()
            dX = network.layers[0].backward(p[0], g[0], dY.copy(), runs[0])
        results.append((Y, gradient, dX))
    assert_agree(results, dtype, ulps=256)


@needs_numba
@both_dtypes
def test_rows_agree(dtype, rng):
    X, rows = rng.standard_normal((30, 6)).astype(dtype), rng.integers(0, 30, 11)
    shift, scale = rng.standard_normal((2, 6)).astype(dtype)
    for layout in (X, np.asfortranarray(X), X[:, ::2], X.reshape(30, 2, 3), X.astype(np.float16)):
        results = []
        for name in backend.BACKENDS:
            out = np.empty((11, *layout.shape[1:]), dtype)
            with kernels_of(name):
                kernels.gather(layout, rows, out)
                results.append((out.copy(),))
                if out.ndim == 2:
                    units = shift[: out.shape[1]], scale[: out.shape[1]]
                    gathered, slice_of_X = np.empty_like(out), np.empty_like(out)
                    kernels.standardize(out, *units, out)
                    kernels.gather_standardized(layout, rows, *units, gathered)
                    kernels.gather_standardized(layout, slice(4, 15), *units, slice_of_X)
                    results[-1] += (out, gathered, slice_of_X)
        assert_agree(results, dtype)


@pytest.mark.parametrize("name", ["numpy", pytest.param("numba", marks=needs_numba)])
@both_dtypes
def test_log_cosh_does_not_cancel(name, dtype, rng):
    delta, raw = 1e4, rng.standard_normal((100, 3)).astype(dtype)
    y, out = np.zeros_like(raw), np.empty_like(raw)
    rows = np.array([[1e-12, 0.3, 0.99], [1.0, 1.01, 3.0], [50.0, 1e3, 1e6]], dtype)
    with kernels_of(name):
        value = LogCosh(delta, absolute=True).value_and_gradient(y, raw, None, out)
        np.testing.assert_allclose(value, 0.5 * np.sum(raw.astype(float) ** 2), rtol=1e-6)
        np.testing.assert_allclose(out, raw, rtol=1e-5)
        for u in rows.ravel():
            got = LogCosh(1.0, absolute=True).value_and_gradient(y[:1, :1], -u.reshape(1, 1), None, out[:1, :1])
            u = float(u)
            expected = np.log1p(2 * np.sinh(u / 2) ** 2) if u < 50 else u - np.log(2)  # cosh u = 1 + 2 sinh^2 (u / 2)
            np.testing.assert_allclose(got, expected, rtol=8 * np.finfo(dtype).eps)


@needs_numba
def test_every_twin_has_the_name_of_a_kernel():
    assert set(backend.compiled_table()) == set(backend.NUMPY)
    assert set(kernels.__all__) <= set(backend.NUMPY)


@needs_numba
@pytest.mark.parametrize("name", sorted(kernels.__all__))
def test_a_twin_takes_the_arguments_of_its_kernel(name):
    twin = backend.compiled_table()[name]
    twin = getattr(twin, "py_func", twin)
    assert list(inspect.signature(twin).parameters) == list(inspect.signature(backend.NUMPY[name]).parameters)


@needs_numba
@pytest.mark.parametrize("standardize", [True, False])
@both_dtypes
def test_fits_agree(standardize, dtype, rng):
    X = rng.standard_normal((300, 5)).astype(dtype)
    y = X[:, 0] - X[:, 1] ** 2
    model = BatchMLPRegressor(
        hidden_layer_sizes=(20, 10),
        batch_size=64,
        learning_rate_init=0.01,
        max_iter=5,
        n_iter_no_change=np.inf,
        random_state=0,
    ).set_params(standardize=standardize)
    fitted = []
    for name in backend.BACKENDS:
        with kernel_backend(name):
            fitted.append(clone(model).fit(X, y))
        assert fitted[-1].kernel_backend_ == name
    tolerance = 1e-3 if dtype is np.float32 else 1e-9
    np.testing.assert_allclose(fitted[0].predict(X), fitted[1].predict(X), rtol=tolerance, atol=tolerance)


class Watched(ReLU):
    """Notes which kernels it is called under, and asks for NumPy's in the middle of it."""

    seen: list = []  # noqa: RUF012

    def forward(self, Z, A):
        with kernel_backend("numpy"):
            self.seen.append(backend.current_kernels() is backend.NUMPY)
            super().forward(Z, A)


@needs_numba
def test_a_choice_holds_for_the_whole_fit_and_for_its_thread_only():
    Watched.seen.clear()
    X, y = np.arange(20.0).reshape(10, 2), np.arange(10.0)
    model = BatchMLPRegressor(activation=Watched(), max_iter=2, n_iter_no_change=np.inf)
    with kernel_backend("numba"):
        model.fit(X, y)
    assert Watched.seen
    assert not any(Watched.seen)
    with kernel_backend("numpy"):
        thread = threading.Thread(target=model.fit, args=(X, y))
        thread.start()
        thread.join()
    assert model.kernel_backend_ == "numba"


@needs_numba
def test_a_choice_holds_for_every_prediction():
    X, y = np.arange(20.0).reshape(10, 2), np.arange(10.0)
    model = BatchRNNRegressor(cell=Elman(Watched()), max_iter=2, n_iter_no_change=np.inf).fit(X, y)
    for predict, rows in [(model.predict, X), (model.activations, X), (model.predict_next, X[:, :, None])]:
        Watched.seen.clear()
        with kernel_backend("numba"):
            predict(rows)
        assert Watched.seen
        assert not any(Watched.seen)


def test_an_activation_that_overrides_a_method_is_called_for_both():
    assert BiasedActivation(ReLU()).kernel == "relu"
    assert BiasedActivation(Watched()).kernel is None


def test_an_unknown_backend_is_told():
    with pytest.raises(ValueError, match="`name` must be one of 'numpy', 'numba', got 'fast'"), kernel_backend("fast"):
        pass


FITS = """
import warnings
from skbackprop import BatchMLPRegressor, kernel_backend

with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always", RuntimeWarning)
    warnings.simplefilter("ignore", UserWarning)
    for _ in range(2):
        print(BatchMLPRegressor(max_iter=1).fit([[0.0], [1.0]], [0.0, 1.0]).kernel_backend_)
print(*[each.message for each in caught])
try:
    with kernel_backend("numba"):
        BatchMLPRegressor(max_iter=1).fit([[0.0], [1.0]], [0.0, 1.0])
except ImportError as error:
    print(error)
"""


def test_numba_that_is_not_installed_is_missed_only_by_who_asks_for_it():
    as_if = "import sys; sys.modules['numba'] = None\n"
    assert python("-c", as_if + FITS).stdout.splitlines() == [
        "numpy",
        "numpy",
        "",
        "kernel_backend('numba') needs numba, which is not installed: pip install numba",
    ]


def test_numba_that_cannot_be_imported_is_told_once_and_does_not_stop_a_fit(tmp_path):
    broken = tmp_path / "numba"
    broken.mkdir()
    (broken / "__init__.py").write_text("raise ImportError('too new a NumPy')\n", encoding="utf-8")
    done = python("-c", FITS, PYTHONPATH=os.pathsep.join([str(tmp_path), str(ROOT)]))
    assert done.stdout.splitlines() == [
        "numpy",
        "numpy",
        "numba is installed but cannot be imported, so the slower kernels of NumPy are used: too new a NumPy",
        "too new a NumPy",
    ]


@needs_numba
def test_a_processor_that_cannot_be_told_has_vectors_as_most_have(monkeypatch):
    from skbackprop.kernels.compiled import tiles

    def unknown():
        raise RuntimeError("unknown processor")

    monkeypatch.setattr(tiles.llvm, "get_host_cpu_features", unknown)
    assert tiles.vector_bytes() == 32
