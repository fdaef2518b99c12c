"""The faults of scikit-learn's multilayer perceptron that this one must not have: B1 ... B24 of docs/differences.md.

B2 and B12 are also met in test_parity.py and the optimiser's tests, B14 and B15 in test_streaming.py, B20 in
test_pickle.py, B24 in test_threads.py. B11 is met in test_classifier.py; its cause, a monitor blind to loss, is here.
"""

import inspect
import tracemalloc
import warnings

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import mean_poisson_deviance, r2_score
from sklearn.model_selection import GridSearchCV

from skbackprop import SGD, AdamW, BatchMLPRegressor, Constant, Elman, Logistic, RMSprop
from tests.estimators.kinds import ENDLESS, ESTIMATORS, KINDS, PERCEPTRONS, every_estimator, every_kind, every_loss


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(1200, 6))
    return X, np.sin(X[:, 0]) + X[:, 1] * X[:, 2] + 0.1 * rng.normal(size=1200)


def test_b1_the_unit_of_the_target_does_not_matter(data):
    X, f = data
    scores = []
    for y in (f, f * 1e-3, f * 1e4, f + 1000):
        model = BatchMLPRegressor(max_iter=60, **ENDLESS).fit(X[:900], y[:900])
        scores.append(model.score(X[900:], y[900:]))
    assert scores[0] > 0.85
    np.testing.assert_allclose(scores, scores[0], atol=5e-4)


def test_b1_with_early_stopping_and_every_solver(data):
    X, f = data
    for options in ({"early_stopping": True}, {"solver": "lbfgs", "max_iter": 50}, {"solver": "sgd"}):
        options = {"max_iter": 40, "random_state": 0, "learning_rate": "cosine"} | options
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # L-BFGS says that 50 iterations were few
            a, b = (BatchMLPRegressor(**options).fit(X[:900], y[:900]) for y in (f, f * 1e4 + 7e7))
        assert abs(a.score(X[900:], f[900:]) - b.score(X[900:], f[900:] * 1e4 + 7e7)) < 2e-3


def test_b2_several_outputs_are_no_other_problem_than_one(data):
    X, y = data
    one = BatchMLPRegressor(solver="lbfgs", hidden_layer_sizes=(), alpha=0, tol=1e-8).fit(X, y)
    three = BatchMLPRegressor(solver="lbfgs", hidden_layer_sizes=(), alpha=0, tol=1e-8).fit(X, np.c_[y, -y, 2 * y])
    assert three.loss_ == pytest.approx(3 * one.loss_, rel=1e-6)
    np.testing.assert_allclose(three.predict(X)[:, 0], one.predict(X), atol=1e-4)


@every_estimator
def test_b3_a_warm_start_does_not_inherit_the_end_of_the_first_fit(kind, data):
    X, f = (rows[:600] for rows in data)
    model = kind.make(warm_start=True, max_iter=500, tol=1e-3, learning_rate_init=0.002, random_state=0).fit(
        X, kind.target(X[:, 0])
    )
    assert model.n_iter_ < 500
    model.fit(X, kind.target(30 * f))
    assert model.n_iter_ > 20
    assert len(model.loss_curve_) == model.n_iter_
    assert model.best_loss_ == min(model.loss_curve_)
    assert model.score(X, kind.target(30 * f)) > 0.7


@every_kind
def test_b4_the_weights_that_are_kept_have_the_score_that_is_reported(kind, data):
    X, y = data[0], kind.target(data[1])
    X_val, y_val = X[900:], y[900:]
    options = {"early_stopping": True, "warm_start": True, "monitor": kind.monitor, **ENDLESS}
    model = kind.make(max_iter=15, **options).fit(X[:900], y[:900], X_val=X_val, y_val=y_val)
    assert model.score(X_val, y_val) == pytest.approx(model.best_validation_score_, abs=1e-9)
    kept = kind.output(model, X_val)
    model.set_params(max_iter=4, learning_rate_init=0.5)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(X[:900], y[:900], X_val=X_val, y_val=y_val)
    assert model.score(X_val, y_val) == pytest.approx(model.best_validation_score_, abs=1e-9)
    assert not np.shares_memory(kept, model.theta_)


@pytest.mark.parametrize("random_state", [None, 0])
@every_estimator
def test_b5_a_warm_start_holds_out_the_same_rows(kind, random_state):
    X = np.column_stack([np.arange(200.0), np.random.default_rng(0).normal(size=200)])
    y = kind.target(X[:, 1])
    model = kind.make(early_stopping=True, warm_start=True, random_state=random_state, monitor=kind.monitor, max_iter=2)
    model.set_params(learning_rate_init=1e-9, n_iter_no_change=np.inf)
    scored = []

    def scorer(estimator, X, y):
        scored.append(tuple(X[:, 0]))
        return 0.0

    model.set_params(monitor=scorer).fit(X, y)
    model.fit(X, y)
    assert len(scored) == 4
    assert len(set(scored)) == 1
    assert len(scored[0]) == 20


@every_estimator
def test_b6_without_shuffling_the_last_rows_are_held_out(kind):
    X = np.column_stack([np.arange(60.0), np.random.default_rng(0).normal(size=60)])
    y = kind.target(X[:, 1])
    scored = []

    def scorer(estimator, X, y):
        scored.append(tuple(X[:, 0]))
        return 0.0

    kind.make(shuffle=False, early_stopping=True, monitor=scorer, max_iter=1, **ENDLESS).fit(X, y)
    assert scored == [tuple(range(54, 60))]


@pytest.mark.parametrize("batch_size", [1, 8, 50, "full"])
def test_b7_a_constant_model_reaches_the_weighted_mean_for_every_batch_size(batch_size):
    rng = np.random.default_rng(0)
    X, y = np.zeros((100, 1)), np.r_[np.zeros(95), np.ones(5)][rng.permutation(100)]
    weight = np.where(y == 1, 19.0, 1.0)
    model = BatchMLPRegressor(
        hidden_layer_sizes=(), solver="sgd", momentum=0.0, alpha=0, batch_size=batch_size, max_iter=150
    )
    model.set_params(
        standardize=False, learning_rate="cosine", learning_rate_init=0.3 if batch_size != 1 else 0.005, tol=0
    )
    model.set_params(**ENDLESS).fit(X, y, sample_weight=weight)
    assert model.predict([[0.0]])[0] == pytest.approx(0.5, abs=0.02)


@every_estimator
def test_b8_batches_of_zero_weight_are_no_trouble(kind, data):
    X, y = data[0], kind.target(data[1])
    weight = np.zeros(1200)
    weight[:30] = 1
    options = {"batch_size": 10, "max_iter": 3, "shuffle": False, **ENDLESS}
    model = kind.make(**options).fit(X, y, sample_weight=weight)
    alone = kind.make(**options).fit(X[:30], y[:30])
    np.testing.assert_allclose(kind.output(model, X), kind.output(alone, X), rtol=1e-9)
    assert model.t_ == 90


@pytest.mark.parametrize("Solver", [AdamW, SGD, RMSprop])
def test_b9_decoupled_decay_does_not_depend_on_the_batch(Solver):
    """A constant target is met from the start: all that moves the weights is their decay, here in 240 steps."""
    X = np.random.default_rng(0).normal(size=(1200, 6))
    given = {"solver": Solver(weight_decay=0.5), "alpha": 0, "average": False, **ENDLESS}
    for batch_size, epochs in ((20, 4), (400, 80)):
        model = BatchMLPRegressor(batch_size=batch_size, max_iter=epochs, **given)
        start, end = (
            model.set_params(learning_rate_init=rate).fit(X, np.ones(1200)).coefs_[0] for rate in (1e-30, 0.01)
        )
        np.testing.assert_allclose(end, start * (1 - 0.01 * 0.5) ** 240, rtol=1e-9)


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@every_kind
def test_b10_every_solver_has_the_curves_and_the_loss_is_that_of_the_model(kind, data, solver):
    X, y = data[0], kind.target(data[1])
    model = kind.make(solver=solver, early_stopping=True, random_state=0, max_iter=400)
    model.set_params(learning_rate_init=0.01, alpha=0, batch_size="full")
    model.fit(X[:300], y[:300], X_val=X[300:400], y_val=y[300:400])
    assert len(model.loss_curve_) == len(model.validation_loss_curve_) == len(model.validation_scores_) == model.n_iter_
    assert model.loss_ == model.loss_curve_[model.best_iter_ - 1]
    assert model.best_iter_ == int(np.argmax(model.validation_scores_)) + 1
    expected = kind.mean_loss(y[300:400], kind.output(model, X[300:400]), y[:300])
    assert model.validation_loss_curve_[model.best_iter_ - 1] == pytest.approx(expected)


def test_b11_early_stopping_watches_the_loss_or_what_one_asks_for(data):
    X, y = data
    model = BatchMLPRegressor(early_stopping=True, max_iter=30, **ENDLESS).fit(X, y)
    assert model.validation_scores_ == [-loss for loss in model.validation_loss_curve_]
    model = BatchMLPRegressor(early_stopping=True, monitor="neg_mean_absolute_error", max_iter=5)
    model.set_params(**ENDLESS).fit(X, y * 1e4, X_val=X[:50], y_val=y[:50] * 1e4)
    error = np.abs(model.predict(X[:50]) - y[:50] * 1e4).mean()
    assert model.best_validation_score_ == pytest.approx(-error)


def test_b12_inverse_scaling_counts_steps_not_rows(data):
    X, y = data
    for solver in ("sgd", "adam"):
        model = BatchMLPRegressor(solver=solver, learning_rate="invscaling", batch_size=100, max_iter=3, **ENDLESS)
        model.fit(X, y)
        np.testing.assert_allclose(model.learning_rate_curve_, [1e-3 / np.sqrt(steps) for steps in (12, 24, 36)])


def test_b13_an_early_low_loss_does_not_cut_the_rate_of_a_falling_one(data):
    X, y = data
    options = {"solver": "sgd", "learning_rate": "adaptive", "n_iter_no_change": 5, "warm_start": True}
    model = BatchMLPRegressor(max_iter=30, tol=1e-5, random_state=0, standardize=False, **options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(X, y * 1e-3)
        model.set_params(max_iter=60).fit(X, y)
    falling = np.diff(model.loss_curve_) < -1e-5
    assert falling.mean() > 0.9
    assert model.learning_rate_curve_[-1] == pytest.approx(1e-3)


@every_estimator
def test_b16_partial_fit_is_there_for_the_solvers_that_can(kind, data):
    for solver in ("sgd", "rmsprop", "adam", "adamw", AdamW()):
        assert hasattr(kind.make(solver=solver), "partial_fit")
    assert not hasattr(kind.make(solver="lbfgs"), "partial_fit")


def arrays_in(thing, seen=None):
    """All arrays that can be reached from an object through attributes, dicts and lists."""
    seen = set() if seen is None else seen
    if id(thing) in seen:
        return
    seen.add(id(thing))
    if isinstance(thing, np.ndarray):
        yield thing
    elif isinstance(thing, dict):
        for value in thing.values():
            yield from arrays_in(value, seen)
    elif isinstance(thing, (list, tuple)):
        for value in thing:
            yield from arrays_in(value, seen)
    elif hasattr(thing, "__dict__"):
        yield from arrays_in(vars(thing), seen)


@pytest.mark.parametrize("solver", ["adam", "sgd", "rmsprop", "adamw", "lbfgs"])
@pytest.mark.parametrize("activation", ["relu", "tanh", "gelu", "mish", "elu", "leaky_relu"])
@pytest.mark.parametrize("loss", ["squared_error", "poisson"])
def test_b17_float32_is_float32_to_the_last_array(solver, activation, loss):
    check_float32(KINDS["numbers"], loss, solver, activation)


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@every_loss
def test_b17_float32_is_float32_for_every_loss(kind, loss, solver):
    check_float32(kind, loss, solver, "relu")


def check_float32(kind, loss, solver, activation):
    """An activation looks at every array that passes through the network."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 3)).astype(np.float32)
    y = kind.target(np.exp(X[:, 0].astype(np.float64)))
    seen = set()

    class Watch:
        keeps_input = True

        def __init__(self):
            from skbackprop import ACTIVATIONS

            self.f = ACTIVATIONS[activation]
            self.init = self.f.init

        def forward(self, Z, A):
            seen.update((Z.dtype, A.dtype))
            self.f.forward(Z, A)

        def backward(self, dA, Z, A):
            seen.update((dA.dtype, Z.dtype, A.dtype))
            self.f.backward(dA, Z, A)

    model = kind.make(solver=solver, loss=loss, max_iter=2, hidden_layer_sizes=(5,), **kind.activated(Watch()))
    model.set_params(dropout=0.2 if solver != "lbfgs" else 0.0, clip_norm=1.0, **ENDLESS)
    model.fit(X, y, sample_weight=np.ones(60))
    assert (
        kind.output(model, X).dtype
        == kind.output(model, X.astype(np.float64)).dtype
        == model.theta_.dtype
        == np.float32
    )
    assert model.activations(X).dtype == np.float32
    if solver != "lbfgs":
        kind.step(model, X, y)
        long = [array for array in arrays_in(vars(model)) if array.size == model.theta_.size]
        assert len(long) > 1  # the moments are there
        assert {array.dtype for array in long} == {np.dtype(np.float32)}
    assert seen == {np.dtype(np.float32)}


@every_estimator
def test_b18_the_constructor_is_keyword_only(kind):
    parameters = inspect.signature(kind.Estimator).parameters.values()
    assert all(p.kind is inspect.Parameter.KEYWORD_ONLY for p in parameters)


OTHER_NETWORKS = [
    ({"hidden_layer_sizes": (10,)}, {"hidden_layer_sizes": (50,)}),
    ({"hidden_layer_sizes": (10,)}, {"hidden_layer_sizes": (10, 10)}),
    ({"solver": "lbfgs"}, {"solver": "adam"}),
    ({"standardize": True}, {"standardize": False}),
]
OTHER_PERCEPTRONS = [({"activation": "relu"}, {"activation": "tanh"})]
OTHER_SEQUENCES = [
    ({"cell": "elman"}, {"cell": "gru"}),
    ({"cell": "elman"}, {"cell": Elman(Logistic())}),
    ({"bidirectional": False}, {"bidirectional": True}),
    ({"n_channels": 1}, {"n_channels": 2}),
]


@pytest.mark.parametrize(
    ("kind", "first", "second"),
    [
        pytest.param(kind, *networks, id=f"{name}-{networks[1]}")
        for name, kind in ESTIMATORS.items()
        for networks in OTHER_NETWORKS + (OTHER_PERCEPTRONS if kind in PERCEPTRONS.values() else OTHER_SEQUENCES)
    ],
)
def test_b19_a_warm_start_with_another_network_says_so(kind, data, first, second):
    X, y = data[0], kind.target(data[1])
    model = kind.make(warm_start=True, max_iter=3, random_state=0, **first)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        before = kind.output(model.fit(X, y), X)
    (name,) = second
    with pytest.raises(ValueError, match=rf"warm_start=True.*{name}"):
        model.set_params(**second).fit(X, y)
    np.testing.assert_array_equal(kind.output(model, X), before)


@every_estimator
def test_b19_early_stopping_may_be_switched_on_later(kind, data):
    X, y = data[0], kind.target(data[1])
    model = kind.make(warm_start=True, max_iter=3, **ENDLESS).fit(X, y)
    model.set_params(early_stopping=True).fit(X, y)
    assert len(model.validation_scores_) == 3


@every_estimator
def test_b21_prediction_takes_little_memory(kind):
    rng = np.random.default_rng(0)
    model = kind.make(hidden_layer_sizes=(100,), max_iter=1, **ENDLESS).fit(
        rng.normal(size=(300, 4)), kind.target(np.arange(300.0))
    )
    X = rng.normal(size=(50_000, 4))
    tracemalloc.start()
    kind.output(model, X)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 30e6


@every_estimator
def test_b22_patience_lasts_as_long_as_it_says(kind, data):
    X, y = data[0], kind.target(data[1])
    model = kind.make(n_iter_no_change=10, learning_rate_init=1e-13, max_iter=100, random_state=0).fit(X, y)
    assert model.n_iter_ == 11  # the first epoch sets the best, ten do not better it
    with pytest.warns(ConvergenceWarning, match=r"`max_iter` \(3\) was reached"):
        kind.make(max_iter=3, random_state=0).fit(X, y)
    kind.make(max_iter=3, learning_rate="cosine").fit(X, y)  # an end that was planned


def test_b23_poisson_checks_its_domain_and_guards_its_exponential(data):
    X, y = data
    with pytest.raises(ValueError, match="`y` must be >= 0 for loss 'poisson', got a minimum of -"):
        BatchMLPRegressor(loss="poisson").fit(X, y)
    counts = np.random.default_rng(0).poisson(np.exp(y)).astype(float)
    model = BatchMLPRegressor(loss="poisson", early_stopping=True, random_state=0).fit(X[:900] * 1000, counts[:900])
    predicted = model.predict(X[900:] * 1000)
    assert predicted.max() < 50 * counts.max()
    constant = np.full(300, counts[:900].mean())
    assert mean_poisson_deviance(counts[900:], predicted) < 0.6 * mean_poisson_deviance(counts[900:], constant)
    assert np.isfinite(model.predict(X * 1e9)).all()


@every_estimator
def test_ctrl_c_keeps_the_best_so_far_and_goes_on_up(kind, data):
    X, y = data[0], kind.target(data[1])
    calls = []

    def scorer(estimator, X, y):
        calls.append(kind.output(estimator, X))
        if len(calls) == 6:
            raise KeyboardInterrupt
        return [0.1, 0.9, 0.3, 0.2, 0.1][len(calls) - 1]

    model = kind.make(early_stopping=True, monitor=scorer, random_state=0)
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, y, X_val=X[:20], y_val=y[:20])
    assert model.best_iter_ == 2
    np.testing.assert_array_equal(kind.output(model, X[:20]), calls[1])
    assert len(model.loss_curve_) == 5
    kind.step(model, X, y)

    calls.clear()
    search = GridSearchCV(kind.make(early_stopping=True, monitor=scorer), {"alpha": [1e-4, 1e-3]}, cv=2)
    with pytest.raises(KeyboardInterrupt):
        search.fit(X, y)
    assert len(calls) == 6


def test_ctrl_c_is_not_lost_in_a_fit_that_has_just_diverged(data):
    class Interrupt(Constant):
        def __call__(self, step, total=None):
            if step == 2:
                raise KeyboardInterrupt
            return 1e300

    net = BatchMLPRegressor(solver="sgd", learning_rate=Interrupt(), dropout=0.1, random_state=0)
    search = GridSearchCV(net, {"alpha": [1e-4, 1e-3]}, cv=2, error_score=np.nan)
    with pytest.raises(KeyboardInterrupt):
        search.fit(*data)
    with pytest.raises(KeyboardInterrupt):
        net.fit(*data)
    assert not hasattr(net, "model_")


@pytest.mark.parametrize(
    ("standardize", "advice"),
    [
        (True, "or look for extreme values"),
        ("target", "or standardise X, or look for extreme values"),
        (False, "or set `standardize=True`, or look for extreme values"),
    ],
)
def test_a_fit_that_fails_says_so(data, standardize, advice):
    X, y = data
    model = BatchMLPRegressor(max_iter=5, standardize=standardize, **ENDLESS).fit(X, y)
    before = model.predict(X)
    with pytest.raises(ValueError, match=rf"diverged in epoch .*lower `learning_rate_init` \(now 100\), .*, {advice}"):
        model.set_params(solver="sgd", learning_rate_init=100.0).fit(X, y)
    np.testing.assert_array_equal(model.predict(X), before)


SLOWER = r"lower `learning_rate_init` \(now 3\), or raise"


@pytest.mark.parametrize(
    ("options", "advice"),
    [
        ({"standardize": False}, "set `standardize=True`, or raise"),
        ({"standardize": "target", "learning_rate_init": 3.0}, f"standardise X, or {SLOWER}"),
        ({"learning_rate_init": 3.0}, SLOWER),
    ],
    ids=str,
)
def test_a_fit_that_is_worse_than_a_constant_says_so(data, options, advice):
    X, y = data
    with pytest.warns(ConvergenceWarning, match=f"worse than the best constant .*: {advice}"):
        BatchMLPRegressor(max_iter=20, random_state=0, average=False, **options).fit(X, y + 1000)


def test_a_rough_ride_to_good_weights_raises_no_alarm(data):
    """The running loss of an epoch may be high while the weights at its end, which are kept, are good."""
    rng = np.random.RandomState(0)
    X = rng.uniform(-1, 1, (100, 3))
    y = X[:, 0] * X[:, 1] + X[:, 2]
    model = BatchMLPRegressor(hidden_layer_sizes=(5,), learning_rate_init=1.0, max_iter=8, batch_size=20)
    model.set_params(early_stopping=True, **ENDLESS).fit(X, y)
    assert model.history_["data_loss"][model.best_iter_ - 1] > 0.55
    assert model.score(X, y) > 0


def test_the_shape_of_the_target_comes_back(data):
    X, y = data
    for target in (y, y[:, None], np.c_[y, y]):
        model = BatchMLPRegressor(max_iter=2, **ENDLESS).fit(X, target)
        assert model.predict(X).shape == target.shape
        assert np.isfinite(r2_score(target, model.predict(X)))
