"""Columns as pieces: what each one is, what the transformer refuses, and that a network learns more from them."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from skbackprop import BatchMLPClassifier, BatchMLPRegressor, PiecewiseLinearEncoder
from tests.estimators.kinds import KINDS, over

PLANNED = {"learning_rate": "cosine", "learning_rate_init": 0.01, "max_iter": 60, "random_state": 0}


def test_a_piece_is_how_much_of_its_bin_has_been_passed(rng):
    X = rng.normal(size=(200, 3))
    encoder = PiecewiseLinearEncoder(n_bins=5, scale=0.5).fit(X)
    Z = encoder.transform(X).reshape(200, 3, 6)
    np.testing.assert_allclose(Z[:, :, 0], StandardScaler().fit_transform(X), rtol=1e-12, atol=1e-14)
    for column, edges, pieces in zip(X.T, encoder.edges_, Z[:, :, 1:].transpose(1, 0, 2), strict=True):
        np.testing.assert_allclose(edges, np.quantile(column, np.linspace(0, 1, 6), method="inverted_cdf"))
        for low, high, piece in zip(edges, edges[1:], pieces.T, strict=False):
            np.testing.assert_allclose(piece, 0.5 * np.clip((column - low) / (high - low), 0, 1), atol=1e-14)


def test_beyond_the_rows_of_fit_only_the_standardised_column_goes_on():
    encoder = PiecewiseLinearEncoder(n_bins=4, scale=1.0).fit(np.arange(101.0)[:, None])
    below, above = encoder.transform([[-50.0], [150.0]])
    assert (below[1:] == 0).all()
    assert (above[1:] == 1).all()
    assert below[0] == -above[0]


def test_few_values_make_few_pieces(rng):
    X = np.column_stack([np.full(90, 3.0), np.arange(90) % 2, np.arange(90) % 3, np.maximum(np.arange(90) - 80, 0)])
    encoder = PiecewiseLinearEncoder().fit(X)
    assert [len(edges) for edges in encoder.edges_] == [0, 0, 3, 3]
    Z = encoder.transform(X)
    assert Z.shape == (90, 8)
    assert (Z[:, 0] == 0).all()


def test_rounding_noise_makes_no_pieces():
    """A column that is constant up to rounding is constant: its noise would be spread over all bins."""
    X = np.column_stack([0.1 + np.arange(90) % 7 * 1e-17, np.arange(90.0)])
    assert len(np.unique(X[:, 0])) > 3
    encoder = PiecewiseLinearEncoder(n_bins=4).fit(X)
    assert [len(edges) for edges in encoder.edges_] == [0, 5]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_far_beyond_the_edges_pieces_are_complete(dtype):
    greatest = np.finfo(dtype).max
    X = np.r_[np.linspace(0, 1e-7, 89), 1][:, None].astype(dtype)
    encoder = PiecewiseLinearEncoder(n_bins=2, scale=1.0).fit(X)
    greatest /= 20  # in units of sd, that is half of what there is
    pieces = encoder.transform(np.array([[-greatest], [greatest]], dtype))[:, 1:]
    np.testing.assert_array_equal(pieces, [[0, 0], [1, 1]])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_stays_and_X_too(dtype, rng):
    X = rng.normal(size=(50, 2)).astype(dtype)
    X.flags.writeable = False
    Z = PiecewiseLinearEncoder().fit_transform(X)
    assert Z.dtype == dtype
    np.testing.assert_allclose(Z, PiecewiseLinearEncoder().fit_transform(X.astype(float)), rtol=1e-4, atol=1e-6)


def test_scales_are_those_of_a_network_that_standardises(rng):
    """Of a column that is mostly zero that is not the standard deviation."""
    X = np.column_stack([rng.normal(5, 2, 300), rng.random(300) < 0.02])
    encoder = PiecewiseLinearEncoder().fit(X)
    model = BatchMLPRegressor(max_iter=1, n_iter_no_change=np.inf).fit(X, X[:, 0])
    first = model.model_.network.parameters.views(model.theta_)[0]
    np.testing.assert_allclose(encoder.mean_, first.shift)
    np.testing.assert_allclose(1 / encoder.scale_, first.inverse_scale)


def test_names_of_columns(rng):
    X = pd.DataFrame({"age": rng.normal(size=40), "member": np.arange(40) % 2})
    encoder = PiecewiseLinearEncoder(n_bins=2).set_output(transform="pandas")
    assert list(encoder.fit_transform(X)) == ["age", "age_bin_1", "age_bin_2", "member"]


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"n_bins": 1}, ValueError, "`n_bins` must be an integer >= 2, got 1"),
        ({"n_bins": 2.5}, TypeError, "`n_bins` must be an integer >= 2, got 2.5"),
        ({"scale": 0}, ValueError, r"`scale` must be a real number in \(0, inf\), got 0"),
        ({"scale": "small"}, TypeError, r"`scale` must be a real number in \(0, inf\), got 'small'"),
    ],
)
def test_wrong_parameters(parameters, error, message):
    with pytest.raises(error, match=message):
        PiecewiseLinearEncoder(**parameters).fit(np.eye(3))


def test_scale_is_read_anew_by_transform():
    encoder = PiecewiseLinearEncoder(scale=1.0).fit(np.arange(9.0)[:, None])
    before = encoder.transform([[3.3]])
    half = encoder.set_params(scale=0.5).transform([[3.3]])
    np.testing.assert_allclose(half[:, 1:], before[:, 1:] / 2)
    with pytest.raises(ValueError, match=r"`scale` must be a real number in \(0, inf\), got -1"):
        encoder.set_params(scale=-1).transform([[3.3]])


def test_wrong_data():
    encoder = PiecewiseLinearEncoder()
    with pytest.raises(NotFittedError):
        encoder.transform(np.eye(3))
    with pytest.raises(TypeError, match="`X` must hold numbers, got datetime64"):
        encoder.fit(np.array([["2020-01-01"], ["2020-01-02"]], "datetime64[D]"))
    with pytest.raises(ValueError, match="NaN"):
        encoder.fit([[np.nan], [1.0]])
    encoder.fit(np.eye(3))
    with pytest.raises(ValueError, match="expecting 3 features"):
        encoder.transform(np.eye(2))


def test_a_failed_fit_loses_nothing(rng):
    X = rng.normal(size=(40, 2))
    encoder = PiecewiseLinearEncoder().fit(X)
    before = encoder.transform(X)
    with pytest.raises(ValueError, match="`X` must be in units"):
        encoder.fit(np.column_stack([X, X[:, 0] * 1e200]))
    np.testing.assert_array_equal(encoder.transform(X), before)


def kinked(n=1500):
    """A target with steps and kinks in single columns."""
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.uniform(0, 24, n), rng.lognormal(size=n)])
    return X, 100 * (np.sin(X[:, 0]) + (X[:, 0] > 17)) + 20 * np.minimum(X[:, 1], 2) + rng.normal(0, 5, n)


def test_a_network_learns_more_from_pieces():
    X, y = kinked()
    plain = BatchMLPRegressor(**PLANNED).fit(X[:1000], y[:1000]).score(X[1000:], y[1000:])
    network = BatchMLPRegressor(standardize="target", **PLANNED)
    encoded = make_pipeline(PiecewiseLinearEncoder(), network).fit(X[:1000], y[:1000]).score(X[1000:], y[1000:])
    assert encoded > 0.95 > 0.9 > plain


def test_in_a_column_transformer_beside_categories():
    X, y = kinked(600)
    frame = pd.DataFrame({"hour": X[:, 0], "price": X[:, 1], "kind": np.where(X[:, 0] > 12, "late", "early")})
    encode = make_column_transformer((PiecewiseLinearEncoder(), ["hour", "price"]), (OneHotEncoder(), ["kind"]))
    model = make_pipeline(encode, BatchMLPClassifier(standardize="target", **PLANNED))
    assert model.fit(frame, y > np.median(y)).score(frame, y > np.median(y)) > 0.9


@over(KINDS)
def test_standardize_target_leaves_inputs_alone_and_does_the_rest(kind):
    """A model of inputs that are standardised already is the same, whether they are standardised again or not."""
    X = StandardScaler().fit_transform(np.random.default_rng(0).normal(3, 5, size=(120, 4)))
    y = kind.target(np.exp(X[:, 0] / 2) * 1000)
    made = kind.make(max_iter=4, n_iter_no_change=np.inf, random_state=0)
    both, target = (clone(made).set_params(standardize=which).fit(X, y) for which in (True, "target"))
    np.testing.assert_allclose(kind.output(target, X), kind.output(both, X), rtol=1e-6)
    assert len(target.model_.network.layers) == len(both.model_.network.layers) - 1
    for model in (both, target):
        model.partial_fit(X, y)
    np.testing.assert_allclose(kind.output(target, X), kind.output(both, X), rtol=1e-6)


def test_a_target_whose_scale_comes_late_is_followed():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 3))
    y = 1e4 * X[:, 0]
    model = BatchMLPRegressor(standardize="target", learning_rate_init=1e-2, random_state=0)
    model.partial_fit(X[:20], y[:20] / 1e4)
    for _ in range(100):
        model.partial_fit(X, y)
    assert model.score(X, y) > 0.99


def test_a_model_goes_on_with_the_inputs_as_it_began(rng):
    X = rng.normal(size=(60, 2))
    model = BatchMLPRegressor(standardize="target", max_iter=2, n_iter_no_change=np.inf).fit(X, X[:, 0])
    before = model.predict(X)
    with pytest.raises(ValueError, match="standardize was 'target' and cannot change, got True"):
        model.set_params(standardize=True).partial_fit(X, X[:, 0])
    np.testing.assert_array_equal(model.predict(X), before)
