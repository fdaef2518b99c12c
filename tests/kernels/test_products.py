"""Matrix products of the compiled kernels, in tiles and by BLAS, against NumPy's."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skbackprop.kernels import backend

if not backend.numba_is_there():
    pytest.skip("numba is not installed", allow_module_level=True)

from numba import njit

from skbackprop.kernels.compiled import products
from skbackprop.kernels.compiled.pointers import small_products

sizes = st.integers(1, 60) | st.sampled_from([64, 100, 128, 256])
dtypes = st.sampled_from([np.float32, np.float64])


@njit
def call_product(A, B, C, tiles):
    products.product(A, B, C, tiles)


@njit
def call_product_with_transposed(A, B, C, dots):
    products.product_with_transposed(A, B, C, dots)


def product(A, B, C):
    call_product(A, B, C, small_products(C.dtype)[0])


def product_with_transposed(A, B, C):
    call_product_with_transposed(A, B, C, small_products(C.dtype)[1])


def assert_is_product(C, A, B):
    """To rounding, the entries' sums of products of absolute values being what rounding is relative to."""
    scale = np.abs(A).astype(np.float64) @ np.abs(B).astype(np.float64)
    assert np.all(np.abs(C - A.astype(np.float64) @ B) <= A.shape[1] * np.finfo(C.dtype).eps * scale)


@settings(deadline=None)  # the first compiles
@given(sizes, sizes, sizes, dtypes)
def test_products_are_numpys(n, k, m, dtype):
    rng = np.random.default_rng(n * k * m)
    A, B = rng.normal(size=(n, k)).astype(dtype), rng.normal(size=(k, m)).astype(dtype)
    C = np.full((n, m), np.nan, dtype)
    product(A, B, C)
    assert_is_product(C, A, B)
    product(np.ascontiguousarray(A.T).T, B, C)
    assert_is_product(C, A, B)
    product_with_transposed(A, np.ascontiguousarray(B.T), C)
    assert_is_product(C, A, B)


@settings(deadline=None)  # the first compiles
@given(st.integers(1, 20), st.integers(1, 40), st.integers(1, 40), dtypes)
def test_nothing_beside_the_product_is_written(n, k, m, dtype):
    around = np.zeros(n * m + 64, dtype)
    C = around[32 : 32 + n * m].reshape(n, m)
    product(np.ones((n, k), dtype), np.ones((k, m), dtype), C)
    product_with_transposed(np.ones((n, k), dtype), np.ones((m, k), dtype), C)
    np.testing.assert_array_equal(C, k)
    assert not around[:32].any()
    assert not around[32 + n * m :].any()


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_not_finite_is_seen(bad):
    A, B, C = np.ones((8, 12)), np.ones((12, 24)), np.empty((8, 24))
    A[5, 11] = bad
    product(A, B, C)
    np.testing.assert_array_equal(C, A @ B)
    product_with_transposed(A, np.ascontiguousarray(B.T), C)
    np.testing.assert_array_equal(C, A @ B)
