"""The arithmetic of the cells: each step against its formula, and each backward against the derivative of its step."""

import numpy as np
import pytest

from skbackprop import kernels
from tests.derivatives import check_gradient

N, U = 5, 3


def s(z):
    return 1.0 / (1.0 + np.exp(-z))


def gru(Z, R, v, H_before):
    A, c, P, H = (np.empty((N, columns), Z.dtype) for columns in (2 * U, U, U, U))
    kernels.gru(Z, R, v, H_before, A, c, P, H)
    return A, c, P, H


def lstm(Z, R, C_before):
    A, C, F, H = Z.copy(), *(np.empty((N, U), Z.dtype) for _ in range(3))
    kernels.lstm(A, R, C_before, C, F, H)
    return A, C, F, H


def test_gru_is_its_formula(rng):
    Z, R, v, H_before = (rng.standard_normal(shape) for shape in ((N, 3 * U), (N, 3 * U), U, (N, U)))
    r, z = s(Z[:, :U] + R[:, :U]), s(Z[:, U : 2 * U] + R[:, U : 2 * U])
    c = np.tanh(Z[:, 2 * U :] + r * (R[:, 2 * U :] + v))
    np.testing.assert_allclose(gru(Z, R, v, H_before)[3], (1 - z) * c + z * H_before, rtol=1e-13, atol=1e-15)


def test_gru_backward_is_the_derivative(rng):
    Z, R, v, H_before, dH = (rng.standard_normal(shape) for shape in ((N, 3 * U), (N, 3 * U), U, (N, U), (N, U)))
    A, c, P, _ = gru(Z, R, v, H_before)
    dZ, dR, carried = np.empty((N, 3 * U)), np.empty((N, 3 * U)), dH.copy()
    kernels.gru_backward(carried, A, c, H_before, P, dZ, dR)
    check_gradient(lambda Z: np.vdot(gru(Z, R, v, H_before)[3], dH), Z, dZ, rng)
    check_gradient(lambda R: np.vdot(gru(Z, R, v, H_before)[3], dH), R, dR, rng)
    check_gradient(lambda v: np.vdot(gru(Z, R, v, H_before)[3], dH), v, dR[:, 2 * U :].sum(axis=0), rng)
    check_gradient(lambda H: np.vdot(gru(Z, R, v, H)[3], dH), H_before, carried, rng)


def test_lstm_is_its_formula(rng):
    Z, R, C_before = (rng.standard_normal(shape) for shape in ((N, 4 * U), (N, 4 * U), (N, U)))
    i, f, o, g = np.split(Z + R, 4, axis=1)
    C = s(f) * C_before + s(i) * np.tanh(g)
    _, C_after, _, H = lstm(Z, R, C_before)
    np.testing.assert_allclose(C_after, C, rtol=1e-13, atol=1e-15)
    np.testing.assert_allclose(H, s(o) * np.tanh(C), rtol=1e-13, atol=1e-15)


def test_lstm_backward_is_the_derivative(rng):
    Z, R, C_before, dH, dC = (rng.standard_normal(shape) for shape in ((N, 4 * U), (N, 4 * U), *[(N, U)] * 3))
    A, _, F, _ = lstm(Z, R, C_before)
    dZ, carried = A, dC.copy()
    kernels.lstm_backward(dH, carried, A, C_before, F, dZ)

    def value(Z, R, C_before):
        _, C, _, H = lstm(Z, R, C_before)
        return np.vdot(H, dH) + np.vdot(C, dC)

    check_gradient(lambda Z: value(Z, R, C_before), Z, dZ, rng)
    check_gradient(lambda R: value(Z, R, C_before), R, dZ, rng)
    check_gradient(lambda C: value(Z, R, C), C_before, carried, rng)


def normalize(Z, epsilon):
    N, scale = np.empty_like(Z), np.empty((len(Z), 1))
    kernels.normalize(Z, N, scale, epsilon)
    return N, scale


@pytest.mark.parametrize("epsilon", [1e-5, 0.3])
def test_normalize_and_its_derivative(epsilon, rng):
    Z, dN = 3 * rng.standard_normal((N, 4)) + 1, rng.standard_normal((N, 4))
    expected = (Z - Z.mean(axis=1, keepdims=True)) / np.sqrt(Z.var(axis=1, keepdims=True) + epsilon)
    normal, scale = normalize(Z, epsilon)
    np.testing.assert_allclose(normal, expected, rtol=1e-12)
    dZ = dN.copy()
    kernels.normalize_backward(dZ, normal, scale, dZ)
    check_gradient(lambda Z: np.vdot(normalize(Z, epsilon)[0], dN), Z, dZ, rng)


def test_a_row_of_one_value_is_normalised_to_zeros():
    normal, scale = normalize(np.full((2, 4), 7.0), 1e-5)
    assert not normal.any()
    assert np.isfinite(scale).all()


@pytest.mark.parametrize("size", [1e3, 1e30])
def test_steps_are_finite_whatever_comes_in(size):
    """Saturated gates are 0, 1 or -1, and nothing overflows on the way."""
    Z = np.resize([-size, size], (N, 4 * U)).astype(np.float32)
    C_before, zeros = np.ones((N, U), np.float32), np.zeros((N, 4 * U), np.float32)
    assert all(np.isfinite(a).all() for a in lstm(Z, zeros, C_before))
    assert all(np.isfinite(a).all() for a in gru(Z[:, : 3 * U], zeros[:, : 3 * U], zeros[0, :U], C_before))


def test_scatter_add_sums_the_rows_of_a_token(rng):
    tokens, dY, out = np.array([4, 0, 4, 2, 0, 4]), rng.standard_normal((6, 3)), np.full((6, 3), 1e6)
    kernels.scatter_add(tokens, dY, out)
    expected = np.zeros((6, 3))
    np.add.at(expected, tokens, dY)
    np.testing.assert_allclose(out, expected, rtol=1e-14, atol=1e-15)


def test_gather_steps_is_time_major_with_zeros_for_padding():
    X = np.arange(24.0).reshape(3, 4, 2)
    out = np.empty((2, 2, 2))
    kernels.gather_steps(X, np.array([2, 0]), 1, None, out)
    np.testing.assert_array_equal(out, X[[2, 0], 1:3].swapaxes(0, 1))
    kernels.gather_steps(X, np.array([2, 0]), np.array([3, 0]), np.array([1, 2]), out)
    np.testing.assert_array_equal(out, [[X[2, 3], X[0, 0]], [[0.0, 0.0], X[0, 1]]])
