"""Penalties add to the value and to the gradient of what decays."""

import pickle

import numpy as np
import pytest

from skbackprop.network.penalties import L2
from tests.derivatives import check_gradient


@pytest.mark.parametrize("strength", [1.0, 0.05])
def test_the_gradient_is_the_derivative_of_the_value(strength, rng):
    W, gradient = rng.standard_normal(20), np.zeros(20)
    L2(0.3).add(W, gradient, strength)
    check_gradient(lambda W: L2(0.3).add(W, np.zeros(20), strength), W, gradient, rng)


def test_l2_is_half_alpha_times_the_square(rng):
    W = rng.standard_normal(20)
    assert L2(0.3).add(W, np.zeros(20), 0.1) == pytest.approx(0.3 / 2 * W @ W * 0.1, rel=1e-14)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_l2_adds_to_a_slice_of_the_gradient_in_place_and_leaves_the_weights(dtype, rng):
    theta, gradient = rng.standard_normal((2, 30)).astype(dtype)
    before, expected = theta.copy(), gradient.copy()
    expected[:20] += dtype(0.3 * 0.1) * theta[:20]
    theta.flags.writeable = False
    value = L2(0.3).add(theta[:20], gradient[:20], 0.1)
    np.testing.assert_allclose(gradient, expected, rtol=1e-6)
    np.testing.assert_array_equal(theta, before)
    assert isinstance(value, float)


def test_l2_of_nothing_is_nothing():
    """A network whose layers have no weights has nothing that decays."""
    assert L2(0.3).add(np.zeros(0), np.zeros(0), 1.0) == 0.0


def test_is_hashable_and_equal_to_its_pickle():
    assert len({L2(0.3), pickle.loads(pickle.dumps(L2(0.3)))}) == 1
