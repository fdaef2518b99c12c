"""partial_fit: units that move without moving the function, and streams that end where fit does."""

import numpy as np
import pytest

from skbackprop import LOSSES, BatchMLPRegressor, Cosine, Huber, Quantile

ENDLESS = {"n_iter_no_change": np.inf}


def surface(n, seed=0):
    """Inputs in odd units, a smooth target with an offset, and a little noise."""
    rng = np.random.default_rng(seed)
    Z = rng.normal(size=(n, 4))
    y = 300 + 50 * (np.sin(Z[:, 0]) + Z[:, 1] * Z[:, 2] + 0.5 * Z[:, 3] ** 2) + 5 * rng.normal(size=n)
    return Z * [1, 10, 0.1, 1] + [0, 5, 0, 100], y


def rmse(model, X, y):
    return float(np.sqrt(np.mean((model.predict(X) - y) ** 2)))


@pytest.mark.parametrize("loss", [*LOSSES, Quantile([0.1, 0.5, 0.9]), Huber(30.0, absolute=True)], ids=str)
@pytest.mark.parametrize("n_outputs", [1, 3])
@pytest.mark.parametrize("solver", ["adam", "sgd", "rmsprop", "adamw"])
def test_moving_units_do_not_change_the_function(loss, n_outputs, solver):
    rng = np.random.default_rng(1)
    X, y = surface(200)
    Y = np.column_stack([np.abs(y) * (k + 1) for k in range(n_outputs)])
    # Without momentum, or SGD would coast on after its rate has gone.
    model = BatchMLPRegressor(loss=loss, solver=solver, momentum=0.0, random_state=0)
    for _ in range(5):
        model.partial_fit(X, Y)
    grid = rng.normal(size=(50, 4)) * 20
    before, units = model.predict(grid), model.model_.units
    model.set_params(learning_rate_init=1e-30).partial_fit(3 * X + 7, 10 * Y + 100)
    assert (model.model_.units.scale > 2 * units.scale).all()
    np.testing.assert_allclose(model.predict(grid), before, rtol=1e-6)


def test_a_column_that_never_varied_takes_the_first_scale_it_gets():
    X, y = surface(200)
    X[:, 3] = 4.0
    model = BatchMLPRegressor(random_state=0).partial_fit(X, y)
    before, W = model.predict(X), model.coefs_[0][3].copy()
    other = X.copy()
    other[:, 3] = np.random.default_rng(0).normal(size=200) * 1e4
    model.set_params(learning_rate_init=1e-13).partial_fit(other, y)
    np.testing.assert_allclose(model.predict(X), before, rtol=1e-6)
    np.testing.assert_allclose(model.coefs_[0][3], W)


def lowest_targets(X, y):
    return np.argsort(y)[:250]


def lowest_inputs(X, y):
    return np.argsort(X[:, 0])[:250]


def one_row(X, y):
    return np.arange(1)


@pytest.mark.parametrize("first", [lowest_targets, lowest_inputs, one_row])
def test_a_stream_that_starts_in_a_corner_ends_like_fit(first):
    X, y = surface(4000)
    X_test, y_test = surface(1000, seed=1)
    epochs, chunk = 30, 200
    whole = BatchMLPRegressor(random_state=0, max_iter=epochs, **ENDLESS).fit(X, y)
    stream, rng = BatchMLPRegressor(random_state=0), np.random.default_rng(0)
    corner = first(X, y)
    stream.partial_fit(X[corner], y[corner])
    for _ in range(epochs):
        order = rng.permutation(len(X))
        for start in range(0, len(X), chunk):
            rows = order[start : start + chunk]
            stream.partial_fit(X[rows], y[rows])
    assert rmse(stream, X_test, y_test) < 1.1 * rmse(whole, X_test, y_test)


def test_a_stream_in_another_unit_is_the_same_stream():
    X, y = surface(400)
    a, b = BatchMLPRegressor(random_state=0), BatchMLPRegressor(random_state=0)
    for rows in np.split(np.argsort(y), 8):
        a.partial_fit(X[rows], y[rows])
        b.partial_fit(X[rows] * 1000 - 3, y[rows] * 1e-3)
    np.testing.assert_allclose(a.predict(X), b.predict(X * 1000 - 3) * 1e3, rtol=1e-6)


@pytest.mark.parametrize("options", [{"shuffle": False, "batch_size": 17}, {"batch_size": "full"}])
def test_pieces_make_the_same_model_as_fit(options):
    X, y = surface(100)
    y = (y - y.mean()) / y.std()
    options |= {"standardize": False, "random_state": 0}
    whole = BatchMLPRegressor(max_iter=6, **ENDLESS, **options).fit(X / 10, y)
    pieces = BatchMLPRegressor(**options)
    for _ in range(6):
        pieces.partial_fit(X / 10, y)
    np.testing.assert_array_equal(pieces.theta_, whole.theta_)
    assert (pieces.n_iter_, pieces.t_) == (whole.n_iter_, whole.t_) == (6, 600)


def test_every_call_shuffles_anew():
    X, y = surface(60)
    seen = []

    class Spy(np.random.RandomState):
        def shuffle(self, x):
            super().shuffle(x)
            seen.append(tuple(x))

    model = BatchMLPRegressor(batch_size=20, random_state=Spy(0))
    for _ in range(4):
        model.partial_fit(X, y)
    assert len(set(seen)) == len(seen) > 0


def test_parameters_are_read_at_every_call():
    X, y = surface(100)
    model = BatchMLPRegressor(standardize=False, random_state=0).partial_fit(X / 100, y / 100)
    W = model.coefs_[0].copy()
    model.set_params(learning_rate_init=1e-13).partial_fit(X / 100, y / 100)
    np.testing.assert_allclose(model.coefs_[0], W, rtol=1e-9)


def test_dropout_may_be_switched_on_and_off_between_calls():
    X, y = surface(100)
    options = {"standardize": False, "random_state": 0, "batch_size": "full", "learning_rate_init": 1e-3}
    plain = BatchMLPRegressor(**options).partial_fit(X / 100, y / 100)
    noisy = BatchMLPRegressor(**options).partial_fit(X / 100, y / 100)
    noisy.set_params(dropout=0.5).partial_fit(X / 100, y / 100)
    assert (plain.partial_fit(X / 100, y / 100).theta_ != noisy.theta_).any()
    np.testing.assert_array_equal(noisy.predict(X), noisy.predict(X))
    noisy.set_params(dropout=0.0).partial_fit(X / 100, y / 100)


def test_history_holds_the_last_epoch_and_counters_go_on():
    X, y = surface(100)
    model = BatchMLPRegressor(random_state=0)
    for call in range(1, 4):
        model.partial_fit(X, y)
        assert (model.n_iter_, model.t_, model.history_["epoch"]) == (call, 100 * call, [call])
        assert model.loss_curve_ == [model.loss_]


def test_partial_fit_goes_on_from_fit_also_after_early_stopping():
    X, y = surface(500)
    model = BatchMLPRegressor(early_stopping=True, random_state=0, max_iter=300).fit(X, y)
    epochs, before = model.n_iter_, rmse(model, X, y)
    model.set_params(learning_rate_init=1e-4)
    for _ in range(5):
        model.partial_fit(X, y)
    assert model.n_iter_ == epochs + 5
    assert rmse(model, X, y) < 1.1 * before


def test_a_schedule_with_an_end_must_be_told_its_total():
    X, y = surface(50)
    with pytest.raises(ValueError, match=r"Cosine must be told its `total`"):
        BatchMLPRegressor(learning_rate="cosine").partial_fit(X, y)
    model = BatchMLPRegressor(learning_rate=Cosine(total=10)).partial_fit(X, y)
    assert model.learning_rate_curve_ == [pytest.approx(1e-3)]


def test_sample_weights_move_the_units_too():
    X, y = surface(300)
    weight = np.random.default_rng(0).integers(0, 3, 300)
    a = BatchMLPRegressor(batch_size="full", random_state=0)
    b = BatchMLPRegressor(batch_size="full", random_state=0)
    for _ in range(3):
        a.partial_fit(X, y, sample_weight=weight)
        b.partial_fit(np.repeat(X, weight, axis=0), np.repeat(y, weight))
    np.testing.assert_allclose(a.predict(X), b.predict(X), rtol=1e-6)
