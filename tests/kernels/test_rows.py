"""What is done to rows, against one line of NumPy each."""

import numpy as np
import pytest

from skbackprop import kernel_backend, kernels
from skbackprop.kernels import backend

both_dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])
shapes = pytest.mark.parametrize("shape", [(1, 1), (1, 5), (7, 1), (7, 5), (300, 40)])


def test_every_name_is_a_plain_function_with_a_docstring():
    for name in kernels.__all__:
        assert getattr(kernels, name).__name__ == name
        assert getattr(kernels, name).__doc__


@both_dtypes
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("trailing", [(), (4,), (3, 2)])
def test_gather_takes_rows_in_their_order(dtype, order, trailing, rng):
    X = np.asarray(rng.standard_normal((9, *trailing)).astype(dtype), order=order)
    rows = np.array([8, 0, 3, 3])
    out = np.empty((4, *trailing), dtype)
    kernels.gather(X, rows, out)
    np.testing.assert_array_equal(out, X[rows])


@pytest.mark.parametrize("X", [np.arange(12).reshape(4, 3), np.arange(12, dtype=np.float32).reshape(4, 3)])
def test_gather_takes_rows_of_another_dtype(X):
    out = np.empty((2, 3))
    kernels.gather(X, np.array([3, 1]), out)
    np.testing.assert_array_equal(out, X[[3, 1]])


@both_dtypes
@shapes
def test_standardize_shifts_then_scales(dtype, shape, rng):
    X = rng.standard_normal(shape).astype(dtype)
    shift, scale = rng.standard_normal((2, shape[1])).astype(dtype)
    out = np.empty_like(X)
    X.flags.writeable = False
    kernels.standardize(X, shift, scale, out)
    np.testing.assert_array_equal(out, (X - shift) * scale)


@pytest.mark.parametrize("name", ["numpy", "numba"])
@pytest.mark.parametrize("rows", [np.array([3, 0, 3]), slice(1, 4)], ids=["numbers", "slice"])
@both_dtypes
def test_gathered_rows_are_standardised_and_X_stays(name, rows, dtype, rng):
    if name == "numba" and not backend.numba_is_there():
        pytest.skip("numba is not installed")
    X, (shift, scale) = rng.standard_normal((5, 3)).astype(dtype), rng.standard_normal((2, 3)).astype(dtype)
    for layout in (X, np.asfortranarray(X), X.astype(float)):
        layout.flags.writeable = False
        out = np.empty((3, 3), dtype)
        with kernel_backend(name), kernels.fixed_kernels():
            kernels.gather_standardized(layout, rows, shift, scale, out)
        np.testing.assert_allclose(out, (X[rows] - shift) * scale, rtol=1e-5, atol=1e-6)


@both_dtypes
@shapes
def test_add_bias_adds_to_every_row_in_place(dtype, shape, rng):
    Z, b = rng.standard_normal(shape).astype(dtype), rng.standard_normal(shape[1]).astype(dtype)
    expected = Z + b
    kernels.add_bias(Z, b)
    np.testing.assert_allclose(Z, expected, rtol=1e-6)


@both_dtypes
def test_add_bias_takes_the_first_rows_of_a_longer_buffer(dtype, rng):
    Z, b = rng.standard_normal((7, 5)).astype(dtype), rng.standard_normal(5).astype(dtype)
    expected = Z.copy()
    expected[:3] += b
    kernels.add_bias(Z[:3], b)
    np.testing.assert_allclose(Z, expected, rtol=1e-6)


@both_dtypes
@pytest.mark.parametrize("order", ["every second column", "column after column"])
def test_add_outer_adds_to_any_matrix(dtype, order, rng):
    Z = np.zeros((4, 6), dtype)[:, ::2] if order == "every second column" else np.zeros((4, 3), dtype, "F")
    a, b = rng.standard_normal(4).astype(dtype), rng.standard_normal(3).astype(dtype)
    kernels.add_outer(Z, a, b)
    np.testing.assert_allclose(Z, np.outer(a, b), rtol=1e-6)


@both_dtypes
@shapes
def test_column_sums_are_sums_over_rows(dtype, shape, rng):
    dZ, out = rng.standard_normal(shape).astype(dtype), np.full(shape[1], np.nan, dtype)
    dZ.flags.writeable = False
    kernels.column_sums(dZ, out)
    np.testing.assert_allclose(out, dZ.sum(axis=0, dtype=np.float64), rtol=1e-5, atol=2e-5)
