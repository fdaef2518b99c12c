"""Matrix products of the compiled kernels, in tiles and by one BLAS or the other, against NumPy's."""

import numpy as np
import pytest
import threadpoolctl
from hypothesis import given, settings
from hypothesis import strategies as st

from skbackprop.kernels import backend

if not backend.numba_is_there():
    pytest.skip("numba is not installed", allow_module_level=True)

from numba import njit

from skbackprop.kernels.compiled import blas, openblas, products, tiles
from skbackprop.kernels.compiled.compiler import pointer
from skbackprop.kernels.compiled.pointers import products as products_of

sizes = st.integers(1, 5) | st.integers(1, 60) | st.sampled_from([64, 100, 128, 256])
dtypes = st.sampled_from([np.float32, np.float64])


def caller(function):
    """A part of a kernel as a kernel."""

    @njit
    def call(A, B, C, by):
        function(A, B, C, by)

    return call


product, product_of_transposed, product_with_transposed = map(
    caller, (products.product, products.product_of_transposed, products.product_with_transposed)
)


def each_blas(dtype):
    """With NumPy's, if it was found, and with the one that stands in for it."""
    found = products_of(np.dtype(dtype))
    yield found
    if isinstance(found.gemm, blas.Foreign):
        yield found._replace(gemm=pointer(blas.by_numba, found.gemm.signature()))


BY = {dtype: list(each_blas(dtype)) for dtype in (np.float32, np.float64)}


def assert_is_product(C, A, B):
    """To rounding, the entries' sums of products of absolute values being what rounding is relative to."""
    scale = np.abs(A).astype(np.float64) @ np.abs(B).astype(np.float64)
    assert np.all(np.abs(C - A.astype(np.float64) @ B) <= A.shape[1] * np.finfo(C.dtype).eps * scale)


@settings(deadline=None)  # the first compiles
@given(sizes, sizes, sizes, dtypes)
def test_products_are_numpys(n, k, m, dtype):
    rng = np.random.default_rng(n * k * m)
    A, B = rng.normal(size=(n, k)).astype(dtype), rng.normal(size=(k, m)).astype(dtype)
    for by in BY[dtype]:
        C = np.full((n, m), np.nan, dtype)
        product(A, B, C, by)
        assert_is_product(C, A, B)
        product_of_transposed(np.ascontiguousarray(A.T), B, C, by)
        assert_is_product(C, A, B)
        product_with_transposed(A, np.ascontiguousarray(B.T), C, by)
        assert_is_product(C, A, B)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("n", "k", "m"), [(32, 128, 256), (48, 100, 300), (5, 256, 256)])
def test_few_rows_times_a_large_matrix_transposed(n, k, m, dtype):
    rng = np.random.default_rng(0)
    A, B = rng.normal(size=(n, k)).astype(dtype), rng.normal(size=(m, k)).astype(dtype)
    C = np.full((n, m), np.nan, dtype)
    product_with_transposed(A, B, C, BY[dtype][0])
    assert_is_product(C, A, B.T)


@njit
def transpose(A, C):
    products.transpose(A, C)


def test_a_transpose_is_one():
    A, C = np.arange(35.0).reshape(5, 7), np.full((7, 5), np.nan)
    transpose(A, C)
    np.testing.assert_array_equal(C, A.T)


@njit
def by_tiles(A, B, C, by):
    by.tiles(A, B, C)


@settings(deadline=None)  # the first compiles
@given(st.integers(tiles.ROWS, 60), sizes, st.integers(tiles.BYTES // 4, 120), dtypes)
def test_tiles_have_every_product_that_is_as_large_as_one_even_if_blas_does_the_small_ones(n, k, m, dtype):
    rng = np.random.default_rng(n * k * m)
    A, B = rng.normal(size=(n, k)).astype(dtype), rng.normal(size=(k, m)).astype(dtype)
    C = np.full((n, m), np.nan, dtype)
    for first in (A, np.asfortranarray(A)):
        by_tiles(first, B, C, BY[dtype][0])
        assert_is_product(C, A, B)


def test_small_products_are_left_to_a_blas_that_has_kernels_for_them():
    architectures = {each.get("architecture") for each in threadpoolctl.threadpool_info()}
    assert openblas.suits_small_products() == bool(architectures & {"SkylakeX", "Cooperlake", "SapphireRapids"})


@settings(deadline=None)  # the first compiles
@given(st.integers(1, 20), st.integers(1, 40), st.integers(1, 40), dtypes)
def test_nothing_beside_the_product_is_written(n, k, m, dtype):
    around = np.zeros(n * m + 64, dtype)
    C = around[32 : 32 + n * m].reshape(n, m)
    for by in BY[dtype]:
        product(np.ones((n, k), dtype), np.ones((k, m), dtype), C, by)
        product_of_transposed(np.ones((k, n), dtype), np.ones((k, m), dtype), C, by)
        product_with_transposed(np.ones((n, k), dtype), np.ones((m, k), dtype), C, by)
    np.testing.assert_array_equal(C, k)
    assert not around[:32].any()
    assert not around[32 + n * m :].any()


def test_numpy_s_own_blas_is_found_where_its_wheels_have_one():
    built = np.show_config(mode="dicts")["Build Dependencies"]["blas"]["name"]
    assert isinstance(blas.gemm(np.dtype(np.float32)), blas.Foreign) or built != "scipy-openblas"


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_not_finite_is_seen(bad):
    A, B, C = np.ones((8, 12)), np.ones((12, 24)), np.empty((8, 24))
    A[5, 11] = bad
    for by in BY[np.float64]:
        product(A, B, C, by)
        np.testing.assert_array_equal(C, A @ B)
        product_with_transposed(A, np.ascontiguousarray(B.T), C, by)
        np.testing.assert_array_equal(C, A @ B)
