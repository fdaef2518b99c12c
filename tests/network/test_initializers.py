"""Where weights start: variance, bounds, biases and reproducibility."""

import math
import pickle

import numpy as np
import pytest

from skbackprop.network.activations import ACTIVATIONS
from skbackprop.network.initializers import INITIALIZERS, Orthogonal, SmallNormal, VarianceScaling

OBJECTS = {**INITIALIZERS, "biased": VarianceScaling(1 / 3, "mean", bias=True), "orthogonal_2": Orthogonal(2.0)}
VARIANCES = {
    "glorot": lambda n_in, n_out: 2 / (n_in + n_out),
    "he": lambda n_in, _: 2 / n_in,
    "lecun": lambda n_in, _: 1 / n_in,
}

every_initializer = pytest.mark.parametrize("init", OBJECTS.values(), ids=OBJECTS)


def draw(init, n_in, n_out, seed=0):
    rng = np.random.RandomState(seed)
    weights, biases = init.samplers(n_in, n_out)
    return weights(rng, (n_in, n_out)), biases(rng, (n_out,))


@every_initializer
@pytest.mark.parametrize(("n_in", "n_out"), [(1, 1), (1, 7), (7, 1), (5, 5), (40, 30)])
def test_shapes_are_those_asked_for_and_numbers_are_finite(init, n_in, n_out):
    W, b = draw(init, n_in, n_out)
    assert W.shape == (n_in, n_out)
    assert b.shape == (n_out,)
    assert np.isfinite(W).all()
    assert np.isfinite(b).all()


@every_initializer
def test_the_generator_alone_decides(init):
    for one, same, other in zip(draw(init, 4, 3), draw(init, 4, 3), draw(init, 4, 3, seed=1), strict=True):
        np.testing.assert_array_equal(one, same)
        assert not one.any() or not np.array_equal(one, other)


@every_initializer
def test_weights_centre_on_zero(init):
    W, _ = draw(init, 120, 80)
    assert abs(W.mean()) < 5 * W.std() / math.sqrt(W.size)


@every_initializer
def test_is_hashable_and_equal_to_its_pickle(init):
    assert len({init, pickle.loads(pickle.dumps(init))}) == 1


@pytest.mark.parametrize("name", [name for name in INITIALIZERS if name.split("_")[0] in VARIANCES])
@pytest.mark.parametrize(("n_in", "n_out"), [(300, 200), (100, 400)])
def test_the_name_tells_the_variance_and_the_law(name, n_in, n_out):
    W, b = draw(INITIALIZERS[name], n_in, n_out)
    variance = VARIANCES[name.split("_")[0]](n_in, n_out)
    assert W.var() == pytest.approx(variance, rel=0.03)
    assert not b.any()
    if name.endswith("uniform"):
        assert np.abs(W).max() == pytest.approx(math.sqrt(3 * variance), rel=1e-3)
    if name.endswith("normal"):
        assert np.abs(W).max() > math.sqrt(3 * variance) * 1.5


def test_short_names_stand_for_the_usual_law():
    assert INITIALIZERS["glorot"] == INITIALIZERS["glorot_uniform"]
    assert INITIALIZERS["he"] == INITIALIZERS["he_normal"]
    assert INITIALIZERS["lecun"] == INITIALIZERS["lecun_normal"]


def test_biases_are_drawn_like_weights_if_asked_for():
    W, b = draw(VarianceScaling(1.0, "mean", bias=True), 10, 2000)
    bound = math.sqrt(6 / 2010)
    assert 0.95 * bound < np.abs(b).max() <= bound
    assert b.std() == pytest.approx(W.std(), rel=0.1)


@pytest.mark.parametrize(("factor", "f"), [(2, "logistic"), (6, "tanh"), (6, "relu"), (6, "identity")])
def test_scikit_learn_starts_from_the_same_numbers(factor, f):
    """MLPRegressor draws W, then b, uniform within sqrt(factor / (inputs + outputs)); factor is 2 for the logistic."""
    rng = np.random.RandomState(0)
    bound = np.sqrt(factor / (5 + 3))
    W, b = draw(ACTIVATIONS[f].init, 5, 3)
    np.testing.assert_allclose(W, rng.uniform(-bound, bound, (5, 3)), rtol=1e-15)
    np.testing.assert_allclose(b, rng.uniform(-bound, bound, 3), rtol=1e-15)


@pytest.mark.parametrize("gain", [1.0, 0.5])
@pytest.mark.parametrize(("n_in", "n_out"), [(6, 4), (4, 6), (5, 5)])
def test_orthogonal_has_orthogonal_rows_or_columns_of_length_gain(gain, n_in, n_out):
    W, b = draw(Orthogonal(gain), n_in, n_out)
    gram = W.T @ W if n_out <= n_in else W @ W.T
    np.testing.assert_allclose(gram, gain**2 * np.eye(min(n_in, n_out)), atol=1e-14)
    assert not b.any()


def test_orthogonal_is_uniform_over_rotations():
    """The signs of R are taken into Q, without which the diagonal of Q would lean to one side."""
    first = [draw(Orthogonal(), 3, 3, seed)[0][0, 0] for seed in range(400)]
    assert abs(np.mean(first)) < 4 / math.sqrt(3 * 400)


def test_small_normal_has_the_standard_deviation_asked_for():
    W, b = draw(SmallNormal(0.05), 300, 200)
    assert W.std() == pytest.approx(0.05, rel=0.02)
    assert not b.any()


@pytest.mark.parametrize(
    ("make", "arguments", "error", "name"),
    [
        (VarianceScaling, {"scale": 0.0}, ValueError, "scale"),
        (VarianceScaling, {"scale": math.nan}, ValueError, "scale"),
        (VarianceScaling, {"scale": "2"}, TypeError, "scale"),
        (VarianceScaling, {"fan": "out"}, ValueError, "fan"),
        (Orthogonal, {"gain": -1.0}, ValueError, "gain"),
        (SmallNormal, {"sd": math.inf}, ValueError, "sd"),
    ],
)
def test_a_bad_hyper_parameter_is_named(make, arguments, error, name):
    with pytest.raises(error, match=f"`{name}` must be "):
        make(**arguments)
