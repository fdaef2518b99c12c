"""Steps of optimisers on vectors that are walked in pieces."""

import numpy as np
import pytest

from skbackprop import kernels
from skbackprop.kernels import optimizers

NUMBERS = optimizers.PIECE // 4  # of float32 in a piece
STEPS = {
    "sgd": (1, (0.9, False, 0.0)),
    "nesterov": (1, (0.9, True, 0.0)),
    "rmsprop": (1, (0.9, 1e-8, 0.0)),
    "adam": (2, (0.9, 0.999, 1e-8, 0.0)),
}

both_dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])


@pytest.mark.parametrize("name", STEPS)
@both_dtypes
@pytest.mark.parametrize("size", [NUMBERS, NUMBERS + 1, 2 * NUMBERS + 7])
def test_a_long_vector_moves_like_its_parts(name, dtype, size, rng):
    memories, constants = STEPS[name]
    shared = 3, 0.1, 0  # step, rate, decaying
    step = kernels.sgd if name == "nesterov" else getattr(kernels, name)
    theta, gradient, *memory = rng.uniform(0.1, 1.0, (2 + memories, size)).astype(dtype)
    vectors = [theta, gradient, *memory]
    parts = [[v[:1000].copy(), v[1000:].copy()] for v in vectors]
    step(*vectors, *shared, *constants)
    for part in zip(*parts, strict=True):
        step(*part, *shared, *constants)
    for vector, part in zip(vectors, parts, strict=True):
        np.testing.assert_allclose(vector, np.concatenate(part), rtol=1e-6, atol=1e-7)


@both_dtypes
@pytest.mark.parametrize("size", [1, 5, NUMBERS + 3])
def test_add_scaled_adds_in_place(dtype, size, rng):
    x, out = rng.standard_normal((2, size)).astype(dtype)
    expected = out + dtype(0.3) * x
    x.flags.writeable = False
    kernels.add_scaled(x, 0.3, out)
    np.testing.assert_allclose(out, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", STEPS)
@pytest.mark.parametrize("theta_dtype", [np.float32, np.float64])
@pytest.mark.parametrize("gradient_dtype", [np.float32, np.float64])
@pytest.mark.parametrize("every", [1, 2])
def test_theta_moves_whatever_the_dtype_of_the_gradient_and_the_strides(name, theta_dtype, gradient_dtype, every, rng):
    memories, constants = STEPS[name]
    step = kernels.sgd if name == "nesterov" else getattr(kernels, name)
    theta, gradient, *memory = rng.uniform(0.1, 1.0, (2 + memories, 2 * NUMBERS + 7))
    given = [v.astype(theta_dtype)[::every] for v in (theta, gradient, *memory)]
    given[1] = gradient.astype(gradient_dtype)[::every]
    plain = [v.astype(np.float64) for v in given]
    step(*given, 3, 0.1, 0, *constants)
    step(*plain, 3, 0.1, 0, *constants)
    np.testing.assert_allclose(given[0], plain[0], rtol=1e-5, atol=1e-6)


@both_dtypes
def test_flush_clears_what_is_below_the_floor(dtype):
    vector = np.array([0.0, 1e-25, -1e-25, 1e-23, -1e-23, 1.0, -1.0], dtype)
    kernels.flush(vector, 1e-24)
    np.testing.assert_array_equal(vector, np.array([0.0, 0.0, 0.0, 1e-23, -1e-23, 1.0, -1.0], dtype))
    assert vector.dtype == dtype
