"""partial_fit: units that move without moving the function, and streams that end where fit does."""

import numpy as np
import pytest

from skbackprop import LOSSES, Adam, BatchMLPRegressor, Cosine, Huber, Quantile
from tests.estimators.kinds import ENDLESS, KINDS, by_layer, every_estimator, every_kind


def surface(n, seed=0, kind=KINDS["numbers"]):
    """Inputs in odd units, and a target made of a smooth surface with an offset and a little noise."""
    rng = np.random.default_rng(seed)
    Z = rng.normal(size=(n, 4))
    y = 300 + 50 * (np.sin(Z[:, 0]) + Z[:, 1] * Z[:, 2] + 0.5 * Z[:, 3] ** 2) + 5 * rng.normal(size=n)
    return Z * [1, 10, 0.1, 1] + [0, 5, 0, 100], kind.target(y)


def error(kind, model, X, y):
    return kind.mean_loss(y, kind.output(model, X), y)


@pytest.mark.parametrize("loss", [*LOSSES, Quantile([0.1, 0.5, 0.9]), Huber(30.0, absolute=True)], ids=str)
@pytest.mark.parametrize("n_outputs", [1, 3])
@pytest.mark.parametrize("solver", ["adam", "sgd", "rmsprop", "adamw"])
def test_moving_units_do_not_change_the_function(loss, n_outputs, solver):
    X, y = surface(200)
    Y = np.column_stack([np.abs(y) * (k + 1) for k in range(n_outputs)])
    # Without momentum, or SGD would coast on after its rate has gone.
    model = BatchMLPRegressor(loss=loss, solver=solver, momentum=0.0, random_state=0)
    for _ in range(5):
        model.partial_fit(X, Y)
    grid = surface(50, seed=1)[0]  # further out a log link comes to its limit, which moves
    before, units = model.predict(grid), model.model_.units
    model.set_params(learning_rate_init=1e-30).partial_fit(3 * X + 7, 10 * Y + 100)
    assert (model.model_.units.scale > 2 * units.scale).all()
    np.testing.assert_allclose(model.predict(grid), before, rtol=1e-6)


@every_kind
@pytest.mark.parametrize("solver", ["adam", "sgd", "rmsprop", "adamw"])
def test_moving_units_of_the_inputs_do_not_change_the_function(kind, solver):
    X, y = surface(200, kind=kind)
    model = kind.make(solver=solver, momentum=0.0, random_state=0)
    for _ in range(5):
        kind.step(model, X, y)
    grid = np.random.default_rng(1).normal(size=(50, 4)) * 20
    before, scale = kind.output(model, grid), input_scale(model).copy()
    kind.step(model.set_params(learning_rate_init=1e-13), 3 * X + 7, y)
    assert (input_scale(model) < 0.9 * scale).all()
    np.testing.assert_allclose(kind.output(model, grid), before, rtol=1e-6)


def input_scale(model):
    return by_layer(model)[0].inverse_scale


@every_kind
def test_the_solver_is_told_of_units_that_have_moved(kind):
    factors = []

    class Told(Adam):
        def rescale(self, moments, factor):
            factors.append(factor.copy())
            super().rescale(moments, factor)

    X, y = surface(200, kind=kind)
    model = kind.step(kind.make(solver=Told(), random_state=0), X, y)
    before = input_scale(model).copy()
    kind.step(model, 3 * X + 7, y)
    (factor,) = factors
    W, ratio = by_layer(model, factor)[1].W, input_scale(model) / before
    assert (ratio < 0.9).all()
    np.testing.assert_allclose(W, np.broadcast_to(ratio[:, None], W.shape), rtol=1e-9)


def test_a_robust_unit_of_the_target_waits_for_twenty_rows(rng):
    X, y = rng.normal(size=(30, 3)), rng.normal(size=30)
    model, scales = BatchMLPRegressor(loss="huber", random_state=0), []
    for part in np.split(np.arange(30), 6):
        scales.append(model.partial_fit(X[part], y[part]).model_.units.scale.item())
    assert scales[1:4] == scales[:1] * 3
    assert scales[4] != scales[0]
    assert scales[5] == scales[4]


def test_a_rate_of_zero_leaves_the_level_alone():
    X, y = surface(120)
    model = BatchMLPRegressor(random_state=0).partial_fit(X, y)
    before = model.predict(X)
    model.set_params(learning_rate=lambda step, total: 0.0).partial_fit(X, y + 1000)
    np.testing.assert_allclose(model.predict(X), before, rtol=1e-9)


@every_kind
def test_a_column_that_never_varied_takes_the_first_scale_it_gets(kind):
    X, y = surface(200, kind=kind)
    X[:, 3] = 4.0
    model = kind.step(kind.make(random_state=0, **kind.side_by_side(4)), X, y)
    before, W = kind.output(model, X), model.coefs_[0][3].copy()
    other = X.copy()
    other[:, 3] = np.random.default_rng(0).normal(size=200) * 1e4
    kind.step(model.set_params(learning_rate_init=1e-13), other, y)
    np.testing.assert_allclose(kind.output(model, X), before, rtol=1e-6)
    np.testing.assert_allclose(model.coefs_[0][3], W)


def lowest_targets(X, y):
    return np.argsort(y)[:250]


def lowest_inputs(X, y):
    return np.argsort(X[:, 0])[:250]


def one_row(X, y):
    return np.arange(1)


@pytest.mark.parametrize(
    ("kind", "first"),
    [
        *[(KINDS["numbers"], first) for first in (lowest_targets, lowest_inputs, one_row)],
        *[(KINDS["classes"], first) for first in (lowest_targets, one_row)],
        *[(KINDS["sequences of numbers"], first) for first in (lowest_targets, one_row)],
    ],
    ids=lambda part: getattr(part, "__name__", ""),
)
def test_a_stream_that_starts_in_a_corner_ends_like_fit(kind, first):
    """Of classes, the rows of the lowest targets are all of one."""
    X, y = surface(2000, kind=kind)
    X_test, y_test = surface(1000, seed=1, kind=kind)
    epochs, chunk = 30, 200
    options = {"learning_rate_init": 0.003, "random_state": 0} | kind.side_by_side(4)
    whole = kind.make(max_iter=epochs, **options | ENDLESS).fit(X, y)
    stream, rng = kind.make(**options), np.random.default_rng(0)
    corner = first(X, y)
    kind.step(stream, X[corner], y[corner])
    for _ in range(epochs):
        order = rng.permutation(len(X))
        for start in range(0, len(X), chunk):
            rows = order[start : start + chunk]
            kind.step(stream, X[rows], y[rows])
    assert error(kind, stream, X_test, y_test) < 1.1**2 * error(kind, whole, X_test, y_test)


def test_a_stream_in_another_unit_is_the_same_stream():
    X, y = surface(400)
    a, b = BatchMLPRegressor(random_state=0), BatchMLPRegressor(random_state=0)
    for rows in np.split(np.argsort(y), 8):
        a.partial_fit(X[rows], y[rows])
        b.partial_fit(X[rows] * 1000 - 3, y[rows] * 1e-3)
    np.testing.assert_allclose(a.predict(X), b.predict(X * 1000 - 3) * 1e3, rtol=1e-6)


@every_kind
def test_a_stream_of_inputs_in_another_unit_is_the_same_stream(kind):
    X, y = surface(400, kind=kind)
    a, b = kind.make(random_state=0), kind.make(random_state=0)
    for rows in np.split(np.argsort(X[:, 0]), 8):
        kind.step(a, X[rows], y[rows])
        kind.step(b, X[rows] * 1000 - 3, y[rows])
    np.testing.assert_allclose(kind.output(a, X), kind.output(b, X * 1000 - 3), rtol=1e-6)


# Six epochs on inputs in odd units are no use to anyone, and `fit` says so.
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@every_kind
@pytest.mark.parametrize("options", [{"shuffle": False, "batch_size": 17}, {"batch_size": "full"}])
def test_pieces_make_the_same_model_as_fit(kind, options):
    X, y = surface(100)
    y = kind.target((y - y.mean()) / y.std())
    options = options | {"standardize": False, "random_state": 0}
    whole = kind.make(max_iter=6, **options | ENDLESS).fit(X / 10, y)
    pieces = kind.make(**options)
    for _ in range(6):
        kind.step(pieces, X / 10, y)
    np.testing.assert_array_equal(pieces.theta_, whole.theta_)
    assert (pieces.n_iter_, pieces.t_) == (whole.n_iter_, whole.t_) == (6, 600)


@every_estimator
def test_every_call_shuffles_anew(kind):
    X, y = surface(60, kind=kind)
    seen = []

    class Spy(np.random.RandomState):
        def shuffle(self, x):
            super().shuffle(x)
            seen.append(tuple(x))

    model = kind.make(batch_size=20, random_state=Spy(0))
    for _ in range(4):
        kind.step(model, X, y)
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


@every_estimator
def test_history_holds_the_last_epoch_and_counters_go_on(kind):
    X, y = surface(100, kind=kind)
    model = kind.make(random_state=0)
    for call in range(1, 4):
        kind.step(model, X, y)
        assert (model.n_iter_, model.t_, model.history_["epoch"]) == (call, 100 * call, [call])
        assert model.loss_curve_ == [model.loss_]


@every_estimator
def test_counters_go_on_from_fit(kind):
    X, y = surface(120, kind=kind)
    model = kind.make(max_iter=3, **ENDLESS).fit(X, y).partial_fit(X, y)
    assert (model.n_iter_, model.t_) == (4, 4 * 120)


@every_kind
def test_partial_fit_goes_on_from_fit_also_after_early_stopping(kind):
    X, y = surface(500, kind=kind)
    model = kind.make(early_stopping=True, n_iter_no_change=30, random_state=0, max_iter=1000).fit(X, y)
    epochs, before = model.n_iter_, error(kind, model, X, y)
    model.set_params(learning_rate_init=1e-4)
    for _ in range(5):
        model.partial_fit(X, y)
    assert model.n_iter_ == epochs + 5
    assert error(kind, model, X, y) < 1.1**2 * before


@every_kind
def test_a_model_stays_in_its_precision(kind):
    X, y = surface(50, kind=kind)
    single, double = X.astype(np.float32), X.astype(np.float32).astype(float)
    a, b = (kind.step(kind.make(random_state=0), single, y) for _ in range(2))
    kind.step(a, single, y)
    kind.step(b, double, y)
    assert a.theta_.dtype == b.theta_.dtype == np.float32
    np.testing.assert_array_equal(a.theta_, b.theta_)


@every_estimator
def test_a_schedule_with_an_end_must_be_told_its_total(kind):
    X, y = surface(50, kind=kind)
    with pytest.raises(ValueError, match=r"Cosine must be told its `total`"):
        kind.step(kind.make(learning_rate="cosine"), X, y)
    model = kind.step(kind.make(learning_rate=Cosine(total=10), batch_size="full"), X, y)
    assert model.learning_rate_curve_ == [pytest.approx(1e-3)]


@every_kind
def test_sample_weights_move_the_units_too(kind):
    X, y = surface(300, kind=kind)
    weight = np.random.default_rng(0).integers(0, 3, 300)
    a = kind.make(batch_size="full", random_state=0)
    b = kind.make(batch_size="full", random_state=0)
    for _ in range(3):
        kind.step(a, X, y, sample_weight=weight)
        kind.step(b, np.repeat(X, weight, axis=0), np.repeat(y, weight, axis=0))
    np.testing.assert_allclose(kind.output(a, X), kind.output(b, X), rtol=1e-6)


def in_pieces(model, X, y, rows=20, passes=3):
    for _ in range(passes):
        for start in range(0, len(X), rows):
            model.partial_fit(X[start : start + rows], y[start : start + rows])
    return model


@pytest.mark.parametrize("rows", [1, 20])
@pytest.mark.parametrize("loss", ["poisson", "tweedie"])
def test_a_stream_of_counts_may_begin_with_zeros(loss, rows):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(1000, 3))
    y = rng.poisson(np.exp(X[:, 0] - 0.5)).astype(float)
    first = np.flatnonzero(y == 0)[:20]
    order = np.r_[first, np.setdiff1d(np.arange(len(y)), first)]
    plain, zeros_first = (
        in_pieces(BatchMLPRegressor(loss=loss, random_state=0), X[at], y[at], rows) for at in (slice(None), order)
    )
    assert zeros_first.score(X, y) > plain.score(X, y) - 0.05


@pytest.mark.parametrize("first", [1, 10])
@pytest.mark.parametrize("loss", ["gaussian", "squared_error", "absolute_error", "quantile"])
def test_a_stream_may_begin_with_a_target_that_does_not_vary(loss, first):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(1000, 3))
    y = 3 * X[:, 0] + np.sin(3 * X[:, 1]) + 0.3 * rng.normal(size=1000)
    plain, constant_first = (BatchMLPRegressor(loss=loss, random_state=0) for _ in range(2))
    constant_first.partial_fit(X[:first], np.full(first, 0.5))
    assert in_pieces(constant_first, X, y).score(X, y) > in_pieces(plain, X, y).score(X, y) - 0.03


def test_a_warm_start_takes_off_from_a_target_that_did_not_vary():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(500, 3))
    y = rng.poisson(np.exp(X[:, 0])).astype(float)
    model = BatchMLPRegressor(loss="poisson", warm_start=True, max_iter=50, **ENDLESS)
    assert model.fit(X, 0 * y).fit(X, y).score(X, y) > 0.5


def test_streams_that_share_a_generator_differ(rng):
    """Linear models begin alike, and see all rows at once in their first call: the order of the second differs."""
    X = rng.normal(size=(30, 3))
    shared, predictions = np.random.RandomState(0), []
    models = [BatchMLPRegressor(hidden_layer_sizes=(), random_state=shared) for _ in range(2)]
    for batch_size in ("full", 1):
        for model in models:
            model.set_params(batch_size=batch_size).partial_fit(X, X[:, 0])
        predictions.append([model.predict(X) for model in models])
    np.testing.assert_array_equal(*predictions[0])
    assert not np.array_equal(*predictions[1])


@every_estimator
def test_a_stream_does_not_feel_what_others_draw_from_its_generator(kind):
    X, y = surface(120, kind=kind)
    thetas = []
    for disturbed in (False, True):
        shared = np.random.RandomState(0)
        model = kind.step(kind.make(batch_size=20, random_state=shared), X, y)
        if disturbed:
            shared.random_sample(100)
        thetas.append(kind.step(model, X, y).theta_)
    np.testing.assert_array_equal(*thetas)
