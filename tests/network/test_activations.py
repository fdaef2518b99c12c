"""Every activation function, as itself and with other hyper-parameters than the default ones."""

import pickle

import numpy as np
import pytest
from scipy.special import expit

from skbackprop.network.activations import ACTIVATIONS, ELU, LeakyReLU
from tests.derivatives import check_gradient, slope

CASES = [*ACTIVATIONS.values(), LeakyReLU(0.3), LeakyReLU(0.0), ELU(0.7), ELU(2.5)]

each = pytest.mark.parametrize("f", CASES, ids=repr)
both_dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def read_only(array):
    array.flags.writeable = False
    return array


def value(f, Z):
    A = np.empty_like(Z)
    f.forward(Z, A)
    return A


def derivative(f, Z, dA=None):
    dZ = np.ones_like(Z) if dA is None else dA.copy()
    f.backward(dZ, Z, value(f, Z))
    return dZ


@each
def test_the_derivative_is_the_numerical_one_along_a_random_direction(f, rng):
    Z, dA = 3 * rng.standard_normal((2, 20, 3))
    check_gradient(lambda Z: float(np.vdot(value(f, Z), dA)), Z, derivative(f, Z, dA), rng)


@each
@pytest.mark.parametrize(("dtype", "rtol", "atol"), [(np.float32, 2e-6, 2e-6), (np.float64, 1e-7, 1e-10)])
def test_the_derivative_is_the_numerical_one_at_every_point(f, dtype, rtol, atol):
    Z = np.linspace(-12.1, 12.1, 80).astype(dtype)
    numeric = [slope(lambda t, z=z: float(value(f, np.array([float(z) + t]))[0])) for z in Z]
    np.testing.assert_allclose(derivative(f, Z), numeric, rtol=rtol, atol=atol)


@each
@both_dtypes
def test_both_dtypes_agree(f, dtype, rng):
    Z = (3 * rng.standard_normal((20, 3))).astype(dtype)
    np.testing.assert_allclose(value(f, Z), value(f, Z.astype(np.float64)), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("columns", [1, 65536, 65537])
def test_relu_takes_rows_of_any_width(columns):
    Z = np.resize([-1.0, 2.0], (3, columns))
    np.testing.assert_array_equal(value(ACTIVATIONS["relu"], Z), np.maximum(Z, 0.0))


@pytest.mark.parametrize(("dtype", "rtol"), [(np.float32, 5e-7), (np.float64, 1e-15)])
def test_small_values_of_the_logistic_function_keep_their_digits(dtype, rtol):
    Z = np.linspace(-80, 80, 1001).astype(dtype)
    np.testing.assert_allclose(value(ACTIVATIONS["logistic"], Z), expit(Z.astype(np.float64)), rtol=rtol)


@each
@both_dtypes
def test_far_out_all_is_finite_and_nothing_warns(f, dtype):
    Z = np.array([-1e3, -1e2, -0.0, 0.0, 1e2, 1e3], dtype)
    assert np.isfinite(value(f, Z)).all()
    assert np.isfinite(derivative(f, Z)).all()


@each
@both_dtypes
def test_far_out_the_derivative_is_the_slope_of_the_asymptote(f, dtype):
    Z = np.array([-1e3, 1e3], dtype)
    nearby = np.array([-1001.0, 1001.0], dtype)
    chord = (value(f, nearby) - value(f, Z)) / (nearby - Z)
    np.testing.assert_allclose(derivative(f, Z), chord, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("f", [f for f in CASES if not f.keeps_input], ids=repr)
@both_dtypes
def test_without_keeps_input_the_output_may_be_written_over_the_input(f, dtype, rng):
    Z, dA = (3 * rng.standard_normal((2, 20, 3))).astype(dtype)
    shared = Z.copy()
    f.forward(shared, shared)
    dZ = dA.copy()
    f.backward(dZ, shared, shared)
    np.testing.assert_array_equal(shared, value(f, Z))
    np.testing.assert_array_equal(dZ, derivative(f, Z, dA))


@each
@both_dtypes
def test_only_the_arrays_that_are_named_are_written_and_dtypes_stay(f, dtype, rng):
    Z, A, dA = (3 * rng.standard_normal((3, 20, 3))).astype(dtype)
    before = Z.copy()
    assert f.forward(read_only(Z), A) is None
    kept = A.copy()
    assert f.backward(dA, Z, read_only(A)) is None
    np.testing.assert_array_equal(Z, before)
    np.testing.assert_array_equal(A, kept)
    assert A.dtype == dA.dtype == dtype


@each
def test_is_hashable_and_equal_to_its_pickle(f):
    copy = pickle.loads(pickle.dumps(f))
    assert copy == f
    assert hash(copy) == hash(f)
    assert len({f, copy}) == 1


@each
@pytest.mark.parametrize("n_in", [3, 50])
def test_its_own_initializer_draws_finite_weights(f, n_in):
    weights, biases = f.init.samplers(n_in, 4)
    rng = np.random.RandomState(0)
    for drawn, shape in ((weights(rng, (n_in, 4)), (n_in, 4)), (biases(rng, (4,)), (4,))):
        assert drawn.shape == shape
        assert np.isfinite(drawn).all()


@pytest.mark.parametrize(
    ("make", "value", "error"),
    [
        (LeakyReLU, -0.1, ValueError),
        (LeakyReLU, 1.0, ValueError),
        (LeakyReLU, np.nan, ValueError),
        (LeakyReLU, "0.1", TypeError),
        (ELU, 0.0, ValueError),
        (ELU, np.inf, ValueError),
        (ELU, None, TypeError),
    ],
)
def test_a_bad_hyper_parameter_is_named(make, value, error):
    with pytest.raises(error, match="must be a real number in"):
        make(value)
