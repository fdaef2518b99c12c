"""What fit does with every kind of rows and parameters."""

import re
import tracemalloc
import warnings
from contextlib import nullcontext
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skbackprop import (
    ACTIVATIONS,
    INITIALIZERS,
    LBFGS,
    LOSSES,
    OPTIMIZERS,
    SCHEDULES,
    SGD,
    Adam,
    AdamW,
    BatchMLPRegressor,
    Cosine,
    InverseScaling,
    LeakyReLU,
    RMSprop,
    SmallNormal,
    SquaredError,
    Warmup,
)
from tests.estimators.kinds import ENDLESS, KINDS, by_layer, every_estimator, every_kind, every_loss, every_perceptron


def rows(kind=KINDS["numbers"], n=120, d=4, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d))
    return X, kind.target(np.sin(X[:, 0]) + X[:, 1] + 2)


def laid_out(X, order, dtype):
    """X as C- or F-ordered, strided or read-only memory."""
    X = X.astype(dtype)
    if order == "strided":
        wide = np.zeros((2 * X.shape[0], 3 * X.shape[1]), dtype)
        wide[::2, ::3] = X
        return wide[::2, ::3]
    X = np.array(X, order="F" if order == "F" else "C")
    X.flags.writeable = order != "read-only"
    return X


@settings(max_examples=80, deadline=None)
@given(
    kind=st.sampled_from(list(KINDS.values())),
    shape=st.tuples(st.integers(2, 40), st.integers(1, 6)),
    order=st.sampled_from(["C", "F", "strided", "read-only"]),
    dtype=st.sampled_from([np.float32, np.float64, np.int32, np.int64]),
    n_outputs=st.sampled_from([None, 1, 3]),
    weighted=st.booleans(),
    data=st.data(),
    batch_size=st.sampled_from(["auto", "full", 1, 7]),
    dropout=st.sampled_from([0.0, 0.3]),
    seed=st.integers(0, 100),
)
def test_rows_of_any_kind_are_left_alone_and_the_seed_decides(
    kind, shape, order, dtype, n_outputs, weighted, data, batch_size, dropout, seed
):
    rng = np.random.default_rng(seed)
    X = laid_out(rng.normal(size=shape) * 10, order, dtype)
    y = kind.target(rng.normal(size=shape[0]))
    if kind.classes is None and n_outputs is not None:
        y = rng.normal(size=(shape[0], n_outputs))
    weight = None
    if weighted:
        weight = data.draw(hnp.arrays(np.float64, shape[0], elements=st.floats(0, 5)))
        weight[0] = 1.0
    before = X.copy(), y.copy(), None if weight is None else weight.copy()
    options = {"batch_size": batch_size, "dropout": dropout, "hidden_layer_sizes": (3,), "max_iter": 2}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        options |= {**ENDLESS, "random_state": seed}
        a, b = (kind.make(**options).fit(X, y, sample_weight=weight) for _ in range(2))
    np.testing.assert_array_equal(a.theta_, b.theta_)
    assert a.predict(X).shape == y.shape
    assert a.theta_.dtype == (np.float32 if dtype == np.float32 else np.float64)
    for left, right in zip((X, y, weight), before, strict=True):
        np.testing.assert_array_equal(left, right)


@every_estimator
@pytest.mark.parametrize("order", ["F", "strided", "read-only"])
def test_the_layout_in_memory_does_not_matter(kind, order):
    X, y = rows(kind)
    a = kind.make(max_iter=3, batch_size=50, **ENDLESS).fit(X, y)
    b = kind.make(max_iter=3, batch_size=50, **ENDLESS).fit(laid_out(X, order, float), y)
    np.testing.assert_allclose(kind.output(a, X), kind.output(b, laid_out(X, order, float)), rtol=1e-9)


@every_perceptron
@pytest.mark.parametrize("standardize", [True, False])
@pytest.mark.parametrize("options", [{}, {"early_stopping": True}, {"solver": "lbfgs", "max_iter": 10}], ids=str)
def test_sparse_rows_give_the_model_that_dense_rows_give(kind, options, standardize):
    X, y = rows(kind)
    X[np.abs(X) < 0.7] = 0
    X = np.column_stack(
        [X, np.random.default_rng(0).integers(2015, 2021, len(X)), np.full(len(X), 2020.0)]
    )  # columns of which nothing is zero
    options = {"max_iter": 5, "batch_size": 50, "standardize": standardize, **options, **ENDLESS}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        dense = kind.output(kind.make(**options).fit(X, y), X)
        for make in (sparse.csr_matrix, sparse.csc_matrix, sparse.csr_array, sparse.csc_array):
            found = kind.output(kind.make(**options).fit(make(X), y), make(X))
            np.testing.assert_allclose(dense, found, rtol=1e-6, err_msg=make.__name__)


@every_perceptron
def test_a_stream_of_sparse_rows_is_one_of_dense_rows(kind):
    X, y = rows(kind)
    X[np.abs(X) < 0.7] = 0
    X[:, 0] += 1000
    a, b = kind.make(random_state=0), kind.make(random_state=0)
    for part in np.array_split(np.arange(len(X)), 4):
        kind.step(a, X[part], y[part])
        kind.step(b, sparse.csr_array(X[part]), y[part])
    np.testing.assert_allclose(kind.output(a, X), kind.output(b, sparse.csr_array(X)), rtol=1e-6)


@every_perceptron
def test_a_model_of_dense_rows_predicts_sparse_ones_and_goes_on_with_them(kind):
    X, y = rows(kind)
    model = kind.make(max_iter=5, **ENDLESS).fit(X, y)
    np.testing.assert_allclose(kind.output(model, sparse.csr_matrix(X)), kind.output(model, X), rtol=1e-9)
    kind.step(model, sparse.csr_matrix(X), y)
    np.testing.assert_allclose(kind.output(model, sparse.csr_matrix(X)), kind.output(model, X), rtol=1e-9)


@every_estimator
def test_memory_mapped_rows_stay_on_disk(kind, tmp_path):
    X, y = rows(kind, 20000, 50)
    np.save(tmp_path / "X.npy", X.astype(np.float32))
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    model = kind.make(hidden_layer_sizes=(8,), max_iter=1, **ENDLESS)
    tracemalloc.start()
    kind.output(model.fit(mapped, y), mapped)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2e7  # y, its order and blocks of 4 MB in float64, not the 40 MB that a float64 copy would take

    np.testing.assert_allclose(kind.output(model, mapped), kind.output(model, X.astype(np.float32)), rtol=1e-6)


@every_kind
def test_a_data_frame_keeps_its_names(kind):
    X, y = rows(kind)
    frame = pd.DataFrame(X, columns=list("abcd"))
    model = kind.make(early_stopping=True, monitor=kind.monitor, max_iter=3, **ENDLESS).fit(frame, y)
    assert list(model.feature_names_in_) == list("abcd")
    np.testing.assert_array_equal(kind.output(model, frame), kind.output(model, pd.DataFrame(X, columns=list("abcd"))))
    with pytest.raises(ValueError, match="feature names"):
        model.predict(frame.rename(columns={"a": "z"}))


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("weighted", [False, True])
def test_the_output_starts_at_the_best_constant(loss, weighted):
    X, y = rows()
    weight = np.random.default_rng(0).uniform(0, 3, len(y)) if weighted else None
    y = np.c_[y, 100 * y] ** 2
    model = BatchMLPRegressor(loss=loss, max_iter=1, learning_rate_init=1e-13, **ENDLESS)
    predicted = model.fit(X, y, sample_weight=weight).predict(X * 100)
    natural = model.model_.trained_loss.rescaled(1 / model.model_.units.scale)
    constant = natural.predict(natural.constant(y, weight)[None])
    np.testing.assert_allclose(predicted, np.broadcast_to(constant, y.shape), rtol=1e-6)
    if loss in ("squared_error", "expectile", "gaussian", "poisson", "gamma", "tweedie"):
        np.testing.assert_allclose(constant[0], np.average(y, axis=0, weights=weight), rtol=1e-6)


@every_loss
@pytest.mark.parametrize("standardize", [True, False])
def test_integer_weights_equal_repetition(kind, loss, standardize):
    X, y = rows()
    y = kind.target(y**2)
    weight = np.random.default_rng(0).integers(0, 4, len(y))
    options = {"loss": loss, "batch_size": "full", "alpha": 1.0, "standardize": standardize, "max_iter": 20, **ENDLESS}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        a = kind.make(**options).fit(X, y, sample_weight=weight)
        b = kind.make(**options).fit(np.repeat(X, weight, axis=0), np.repeat(y, weight, axis=0))
    np.testing.assert_allclose(kind.output(a, X), kind.output(b, X), rtol=1e-6)
    np.testing.assert_allclose(a.loss_curve_, b.loss_curve_, rtol=1e-9)


@every_estimator
def test_a_negligible_weight_is_none(kind):
    """Its products with squares would vanish."""
    X, y = rows(kind)
    weight = np.where(np.arange(len(X)) % 3, 1.0, 0.0)
    options = {"max_iter": 3, "random_state": 0, **ENDLESS}
    a, b = (kind.make(**options).fit(X, y, sample_weight=w) for w in (weight, np.maximum(weight, 5e-324)))
    np.testing.assert_array_equal(a.theta_, b.theta_)


@every_estimator
def test_weights_that_sum_to_one_make_alpha_heavy_which_is_told(kind):
    X, y = rows(kind)
    light = {"sample_weight": np.full(len(X), 1 / len(X))}
    with pytest.warns(UserWarning, match=r"`sample_weight` has a mean of 0.0083, so alpha=0.01 acts like 1.2: "):
        kind.make(alpha=0.01, max_iter=2, **ENDLESS).fit(X, y, **light)
    kind.make(alpha=0, max_iter=2, **ENDLESS).fit(X, y, **light)


@pytest.mark.parametrize(("alpha", "told"), [(1e-3, True), (1e-5, False)])
@every_estimator
def test_an_alpha_that_light_weights_leave_below_a_hundredth_is_not_worth_a_word(kind, alpha, told):
    X, y = rows(kind)
    warned = pytest.warns(UserWarning, match="acts like") if told else nullcontext()
    with warned:
        kind.make(alpha=alpha, max_iter=1, **ENDLESS).fit(X, y, sample_weight=np.full(len(X), 1 / len(X)))


@every_estimator
def test_constant_columns_are_left_alone(kind):
    X, y = rows(kind)
    X[:, 2] = 1e6 + 0.1
    model = kind.make(max_iter=20, **kind.side_by_side(4), **ENDLESS).fit(X, y)
    assert by_layer(model)[0].inverse_scale[2] == 1


def test_a_constant_target_is_predicted():
    X, y = rows()
    other = BatchMLPRegressor(max_iter=20, **ENDLESS).fit(X, np.full(len(y), 7.0))
    np.testing.assert_allclose(other.predict(X), 7.0)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation_learns(activation):
    X, y = rows(n=400)
    model = BatchMLPRegressor(activation=activation, learning_rate="cosine", learning_rate_init=0.01, max_iter=30)
    assert model.set_params(random_state=0).fit(X, y).score(X, y) > (0.85 if activation != "logistic" else 0.8)


@pytest.mark.parametrize("init", ["auto", *INITIALIZERS])
def test_every_start_learns(init):
    X, y = rows(n=400)
    model = BatchMLPRegressor(init=init, learning_rate="cosine", learning_rate_init=0.01, max_iter=30, random_state=0)
    assert model.fit(X, y).score(X, y) > 0.9


@every_estimator
def test_all_layers_start_where_init_says(kind):
    X, y = rows(kind)
    start = {"init": SmallNormal(1e-8), "standardize": False, "learning_rate_init": 1e-13}
    model = kind.make(hidden_layer_sizes=(6, 5), max_iter=1, **start, **ENDLESS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(X, y)
    assert max(np.abs(W).max() for W in model.coefs_) < 1e-6


@pytest.mark.parametrize("learning_rate", [*SCHEDULES, "adaptive", Warmup(10, Cosine())])
@pytest.mark.parametrize("solver", [*OPTIMIZERS, RMSprop(rho=0.99)])
def test_every_schedule_drives_every_solver(solver, learning_rate):
    X, y = rows(n=400)
    model = BatchMLPRegressor(solver=solver, learning_rate=learning_rate, batch_size=20, max_iter=20, **ENDLESS)
    model.set_params(learning_rate_init=0.01).fit(X, y)
    assert model.score(X, y) > (0.4 if learning_rate == "invscaling" else 0.8)
    if learning_rate in ("cosine", "one_cycle", "step"):
        assert model.learning_rate_curve_[-1] < 2e-3


@pytest.mark.parametrize(
    ("solver", "name", "value", "same"),
    [
        ("sgd", "momentum", 0.5, SGD(momentum=0.5)),
        ("sgd", "nesterovs_momentum", False, SGD(nesterov=False)),
        ("rmsprop", "epsilon", 0.01, RMSprop(epsilon=0.01)),
        ("adam", "beta_1", 0.5, Adam(beta_1=0.5)),
        ("adam", "beta_2", 0.9, Adam(beta_2=0.9)),
        ("adam", "epsilon", 0.01, Adam(epsilon=0.01)),
        ("adamw", "beta_1", 0.5, AdamW(beta_1=0.5)),
        ("adamw", "beta_2", 0.9, AdamW(beta_2=0.9)),
        ("adamw", "epsilon", 0.01, AdamW(epsilon=0.01)),
        ("lbfgs", "max_fun", 4, LBFGS(max_fun=4)),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)
@every_estimator
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_solver_by_name_has_the_numbers_of_the_estimator(kind, solver, name, value, same):
    X, y = rows(kind)
    options = {"max_iter": 6, "batch_size": 50, **ENDLESS}
    by_name = kind.make(solver=solver, **{name: value}, **options).fit(X, y).theta_
    np.testing.assert_array_equal(by_name, kind.make(solver=same, **options).fit(X, y).theta_)
    assert np.any(by_name != kind.make(solver=solver, **options).fit(X, y).theta_)


@every_estimator
def test_power_t_is_that_of_inverse_scaling(kind):
    X, y = rows(kind)
    options = {"max_iter": 2, "batch_size": 50, **ENDLESS}
    by_name = kind.make(learning_rate="invscaling", power_t=0.9, **options).fit(X, y)
    by_object = kind.make(learning_rate=InverseScaling(0.9), **options).fit(X, y)
    np.testing.assert_array_equal(by_name.theta_, by_object.theta_)
    assert by_name.learning_rate_curve_[-1] == pytest.approx(1e-3 * 6**-0.9)


@every_estimator
def test_an_adaptive_rate_is_divided_by_five_until_it_is_negligible(kind):
    """No epoch improves by more than `tol` here: of every two, one sets what is to be beaten and one does not."""
    X, y = rows(kind)
    model = kind.make(learning_rate="adaptive", learning_rate_init=1e-5, tol=1.0, n_iter_no_change=1, random_state=0)
    model.fit(X, y)
    np.testing.assert_allclose(model.learning_rate_curve_, np.repeat([1e-5, 2e-6, 4e-7], 2))


@pytest.mark.parametrize(
    ("learning_rate", "early_stopping", "epochs"), [("constant", False, 2), ("cosine", False, 5), ("cosine", True, 2)]
)
@every_estimator
@pytest.mark.filterwarnings("ignore:early stopping kept weights")
def test_a_planned_end_is_reached_unless_validation_rows_say_stop(kind, learning_rate, early_stopping, epochs):
    X, y = rows(kind)
    model = kind.make(learning_rate=learning_rate, early_stopping=early_stopping, tol=1.0, n_iter_no_change=1)
    assert model.set_params(max_iter=5, random_state=0).fit(X, y).n_iter_ == epochs


@every_estimator
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_patience_does_not_end_lbfgs(kind):
    X, y = rows(kind)
    options = {"solver": "lbfgs", "max_iter": 60, "tol": 1e-3, "random_state": 0}
    impatient, endless = (kind.make(n_iter_no_change=limit, **options).fit(X, y) for limit in (1, np.inf))
    assert impatient.n_iter_ == endless.n_iter_ > 10


@every_loss
def test_objects_say_the_same_as_names(kind, loss):
    X, y = rows()
    y, options = kind.target(y**2), {"max_iter": 3, **ENDLESS}
    a = kind.make(loss=loss, **options).fit(X, y)
    b = kind.make(loss=kind.losses[loss], **options).fit(X, y)
    np.testing.assert_array_equal(a.theta_, b.theta_)


@every_perceptron
def test_the_object_of_an_activation_says_the_same_as_its_name(kind):
    X, y = rows(kind)
    a, b = (kind.make(activation=f, max_iter=3, **ENDLESS).fit(X, y) for f in ("leaky_relu", LeakyReLU()))
    np.testing.assert_array_equal(a.theta_, b.theta_)


@every_perceptron
def test_one_activation_for_every_hidden_layer(kind):
    X, y = rows(kind)
    model = kind.make(hidden_layer_sizes=(5, 6), activation=("relu", LeakyReLU(0.3)), max_iter=2, **ENDLESS)
    model.fit(X, y)
    assert (model.activations(X, 0) >= 0).all()
    assert (model.activations(X, 1) < 0).any()
    assert model.activations(X).shape == (120, 6)


@every_kind
def test_raw_output_is_linear_in_the_last_hidden_layer(kind):
    X, y = rows(kind)
    model = kind.make(hidden_layer_sizes=(5, 6), max_iter=2, **ENDLESS).fit(X, y)
    assert model.activations(X).shape == (120, 6)
    last = model.activations(X) @ model.coefs_[-1] + model.intercepts_[-1]
    units = model.model_.units
    np.testing.assert_allclose(last * units.gain + units.offset, kind.raw_output(model, X))


@every_kind
def test_rows_to_validate_on(kind):
    X, y = rows(kind, n=400)
    model = kind.make(max_iter=5, **ENDLESS).fit(X[:300], y[:300], X_val=X[300:], y_val=y[300:])
    assert model.validation_scores_ == [-loss for loss in model.validation_loss_curve_]
    assert model.best_iter_ == model.n_iter_ == 5
    expected = kind.mean_loss(y[300:], kind.output(model, X[300:]), y[:300])
    assert model.validation_loss_curve_[-1] == pytest.approx(expected)
    weighted = kind.make(max_iter=5, **ENDLESS)
    weight = np.r_[np.ones(50), np.zeros(50)]
    weighted.fit(X[:300], y[:300], X_val=X[300:], y_val=y[300:], sample_weight_val=weight)
    expected = kind.mean_loss(y[300:350], kind.output(model, X[300:350]), y[:300])
    assert weighted.validation_loss_curve_[-1] == pytest.approx(expected)


@every_estimator
def test_without_early_stopping_validation_rows_choose_nothing(kind):
    X, y = rows(kind)
    scores = iter([3.0, 2.0, 1.0])
    model = kind.make(max_iter=3, monitor=lambda model, X, y: next(scores), **ENDLESS)
    model.fit(X, y, X_val=X[:9], y_val=y[:9])
    assert (model.best_iter_, model.loss_) == (3, model.loss_curve_[-1])
    np.testing.assert_array_equal(model.theta_, kind.make(max_iter=3, **ENDLESS).fit(X, y).theta_)


@every_estimator
def test_a_fit_anew_holds_out_other_rows(kind):
    X = np.column_stack([np.arange(200.0), np.random.default_rng(0).normal(size=200)])
    y = kind.target(X[:, 1])
    scored = []

    def scorer(estimator, X, y):
        scored.append(tuple(X[:, 0]))
        return 0.0

    model = kind.make(early_stopping=True, monitor=scorer, max_iter=1, n_iter_no_change=np.inf)
    model.set_params(random_state=np.random.RandomState(0)).fit(X, y).fit(X, y)
    assert len(set(scored)) == len(scored) == 2


@every_estimator
def test_history_is_ready_for_a_data_frame(kind):
    X, y = rows(kind)
    model = kind.make(early_stopping=True, max_iter=4, alpha=1.0, **ENDLESS).fit(X, y)
    history = pd.DataFrame(model.history_)
    assert list(history["epoch"]) == [1, 2, 3, 4]
    assert (history["loss"] > history["data_loss"]).all()
    assert np.isfinite(history.to_numpy(float)).all()


@every_estimator
def test_clipping_bounds_the_step(kind):
    X, y = rows(kind)
    model = kind.make(solver="sgd", momentum=0.0, clip_norm=1e-3, learning_rate_init=1.0, alpha=0.0)
    model.set_params(max_iter=1, batch_size="full", **ENDLESS).fit(X, y)
    start = kind.make(solver="sgd", learning_rate_init=1e-15, max_iter=1, batch_size="full", **ENDLESS).fit(X, y)
    assert np.linalg.norm(model.theta_ - start.theta_) == pytest.approx(1e-3, rel=1e-6)
    assert model.history_["gradient_norm"][0] > 1e-2


@every_estimator
def test_dropout_regularises_and_is_off_in_predict(kind):
    X, y = rows(n=60, d=20)
    y = kind.target(y + np.random.default_rng(1).normal(size=60))
    options = {"hidden_layer_sizes": (100,), "max_iter": 200, "learning_rate_init": 0.01} | kind.side_by_side(20)
    plain = kind.make(**options, **ENDLESS).fit(X, y)
    dropped = kind.make(**options, dropout=0.8, **ENDLESS).fit(X, y)
    of_plain, of_dropped = (kind.mean_loss(y, kind.output(model, X), y) for model in (plain, dropped))
    assert of_plain < 0.005 < of_dropped  # where the target is numbers, 0.005 is an R2 of 0.99
    np.testing.assert_array_equal(kind.output(dropped, X), kind.output(dropped, X))


@every_estimator
def test_the_global_generator_is_neither_used_nor_moved(kind):
    X, y = rows(kind)
    np.random.seed(0)  # noqa: NPY002
    a = kind.make(max_iter=1, n_iter_no_change=np.inf).fit(X, y)
    np.random.seed(0)  # noqa: NPY002
    b = kind.make(max_iter=1, n_iter_no_change=np.inf).fit(X, y)
    assert (a.theta_ != b.theta_).any()
    first = np.random.random()  # noqa: NPY002
    np.random.seed(0)  # noqa: NPY002
    assert first == np.random.random()  # noqa: NPY002


@every_estimator
def test_verbose_prints_a_line_per_epoch(kind, capsys):
    X, y = rows(kind)
    kind.make(verbose=True, early_stopping=True, max_iter=3, **ENDLESS).fit(X, y)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines] == ["epoch 1", "epoch 2", "epoch 3"]
    assert all("validation loss" in line for line in lines)


@every_estimator
def test_lbfgs_stops_early_on_validation_rows(kind):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 20))
    y = kind.target(X[:, 0] + rng.normal(size=60))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = kind.make(solver="lbfgs", early_stopping=True, random_state=0, max_iter=200).fit(X, y)
    assert model.best_iter_ < model.n_iter_ < 200


def test_a_loss_that_is_a_subclass_or_an_object_of_ones_own():
    class Clipped(SquaredError):
        """Squared error with its gradient cut at 1."""

        def value_and_gradient(self, y, raw, weight, out):
            residual = raw - y
            np.clip(residual, -1, 1, out=out)
            return float(np.sum(np.where(np.abs(residual) < 1, residual**2 / 2, np.abs(residual) - 0.5)))

    X, y = rows(n=400)
    y[::40] += 1000
    model = BatchMLPRegressor(loss=Clipped(), learning_rate="cosine", max_iter=60, random_state=0).fit(X, y)
    squared = BatchMLPRegressor(learning_rate="cosine", max_iter=60, random_state=0).fit(X, y)
    clean = np.arange(400) % 40 != 0
    error, other = (np.abs(m.predict(X) - y)[clean].mean() for m in (model, squared))
    assert error < other


@every_perceptron
def test_no_activation_for_no_hidden_layer(kind):
    X, y = rows(kind)
    none, one = (kind.make(hidden_layer_sizes=(), activation=f, max_iter=2, **ENDLESS).fit(X, y) for f in ([], "relu"))
    np.testing.assert_array_equal(none.theta_, one.theta_)


@every_estimator
def test_lbfgs_asks_nothing_of_the_learning_rate(kind, capsys):
    X, y = rows(kind)
    watched = {"solver": "lbfgs", "early_stopping": True, "max_iter": 60, "random_state": 0}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        constant, adaptive = (kind.make(learning_rate=rate, **watched).fit(X, y) for rate in ("constant", "adaptive"))
    np.testing.assert_array_equal(constant.theta_, adaptive.theta_)
    assert constant.n_iter_ == adaptive.n_iter_
    for learning_rate in ("constant", "cosine"):
        with pytest.warns(ConvergenceWarning, match="was reached before the loss settled: raise them"):
            kind.make(solver="lbfgs", learning_rate=learning_rate, max_iter=1, verbose=True, random_state=0).fit(X, y)
    assert "nan" not in capsys.readouterr().out


@every_estimator
def test_best_loss_is_of_the_fit_not_of_the_parameters(kind):
    X, y = rows(kind)
    model = kind.make(early_stopping=True, max_iter=3, **ENDLESS)
    assert not hasattr(model, "best_loss_")
    assert model.fit(X, y).best_loss_ is None
    assert model.set_params(early_stopping=False).best_loss_ is None
    assert model.fit(X, y).set_params(early_stopping=True).best_loss_ == min(model.loss_curve_)
    assert model.partial_fit(X, y).best_loss_ == model.loss_


@every_estimator
def test_an_interrupted_validation_belongs_to_no_epoch(kind):
    X, y = rows(kind)
    calls = []

    def monitor(estimator, X, y):
        calls.append(0)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return 1.0

    model = kind.make(monitor=monitor, max_iter=9, **ENDLESS)
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, y, X_val=X, y_val=y)
    assert model.n_iter_ == model.best_iter_ == len(model.history_["epoch"]) == 2


@every_estimator
def test_early_stopping_says_when_it_has_learnt_nothing(kind):
    X, y = rows(kind, n=60)
    model = kind.make(early_stopping=True, n_iter_no_change=2, learning_rate_init=1e-6, batch_size=50, random_state=0)
    expected = (
        r"early stopping kept weights that are hardly better than .*: raise `n_iter_no_change` \(now 2\), or lower"
    )
    with pytest.warns(ConvergenceWarning, match=expected):
        model.fit(X, y)


def test_early_stopping_has_nothing_to_say_of_a_target_that_does_not_vary():
    X = np.random.default_rng(0).normal(size=(100, 3))
    BatchMLPRegressor(early_stopping=True, random_state=0).fit(X, np.ones(100))


def test_a_tolerance_too_coarse_for_the_units_of_a_score_is_told():
    X = np.random.default_rng(0).normal(size=(1000, 3))
    model = BatchMLPRegressor(early_stopping=True, monitor="neg_mean_squared_error", random_state=0)
    with pytest.warns(ConvergenceWarning, match="while monitor='neg_mean_squared_error' still improved: lower `tol`"):
        model.fit(X, 1e-3 * np.sin(X[:, 0]))


@pytest.mark.parametrize("tol", [100.0, 3000.0])
def test_a_tolerance_in_units_of_a_score_is_not_taken_for_one_of_losses(tol):
    X = np.random.default_rng(0).normal(size=(1000, 3))
    model = BatchMLPRegressor(early_stopping=True, monitor="neg_mean_absolute_error", tol=tol, random_state=0)
    with pytest.warns(ConvergenceWarning, match=rf"still improved: lower `tol` \(now {tol:g}\)"):
        model.fit(X, 1e4 * np.sin(X[:, 0]))


@every_perceptron
def test_validation_rows_in_other_units_are_told(kind):
    X, y = rows(kind)
    model = kind.make(early_stopping=True, learning_rate_init=0.1, random_state=0, max_iter=20)
    with pytest.warns(ConvergenceWarning, match=r"the validation rows are predicted worse .* look whether `X_val`"):
        model.fit(X, y, X_val=30 * X + 50, y_val=y)


def test_rows_held_out_of_X_are_not_said_to_be_in_other_units(rng):
    """Of the same rows, given to validate on, it is said."""
    X = rng.normal(size=(300, 3))
    y = X[:, 0] * np.where(np.arange(300) < 240, 1.0, -1.0)
    model = BatchMLPRegressor(early_stopping=True, shuffle=False, validation_fraction=0.2, learning_rate_init=0.05)
    model.set_params(random_state=0).fit(X, y)
    with pytest.warns(ConvergenceWarning, match=r"the validation rows are predicted worse .* look whether `X_val`"):
        model.fit(X[:240], y[:240], X_val=X[240:], y_val=y[240:])


@pytest.mark.parametrize(("excess", "told"), [(0.2, True), (0.05, False)])
def test_a_fit_is_of_no_use_where_its_loss_is_a_tenth_above_that_of_the_constant(excess, told, rng):
    """It predicts zero for a target of variance one and of mean sqrt(excess)."""
    X, y = rng.normal(size=(500, 2)), rng.normal(size=500)
    y = (y - y.mean()) / y.std() + np.sqrt(excess)
    start = {"init": SmallNormal(1e-8), "standardize": False, "learning_rate_init": 1e-13}
    model = BatchMLPRegressor(hidden_layer_sizes=(), max_iter=1, **start, **ENDLESS)
    with pytest.warns(ConvergenceWarning, match="worse than the best constant") if told else nullcontext():
        model.fit(X, y)


def test_the_constant_that_a_fit_is_compared_with_is_weighted():
    """Of 0 and 10 with weights 9 and 1 the mean is 1, and half the variance 4.5."""
    X, y = np.random.default_rng(0).normal(size=(100, 2)), np.tile([1000.0, 1010.0], 50)
    model = BatchMLPRegressor(standardize=False, max_iter=2, **ENDLESS)
    expected = r"worse than the best constant would do \(loss .*, constant 4\.5\)"
    with pytest.warns(ConvergenceWarning, match=expected):
        model.fit(X, y, sample_weight=np.tile([1.8, 0.2], 50))


@every_estimator
@pytest.mark.parametrize(
    "around",
    [
        lambda net: net,
        lambda net: make_pipeline(FunctionTransformer(), net),
        lambda net: GridSearchCV(net, {"alpha": [0.1]}, cv=2),
    ],
    ids=["alone", "pipeline", "grid search"],
)
def test_a_warning_names_the_line_that_called_fit(kind, around):
    X, y = rows(kind)
    with pytest.warns(ConvergenceWarning, match="`max_iter`") as told:
        around(kind.make(max_iter=2)).fit(X, y)
    assert {warning.filename for warning in told} == {__file__}


@every_estimator
def test_a_warning_that_is_raised_costs_no_model(kind):
    X, y = rows(kind)
    model = kind.make(max_iter=2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ConvergenceWarning, match="`max_iter`"):
            model.fit(X, y)
    assert model.n_iter_ == 2
    assert np.isfinite(model.score(X, y))


@every_estimator
def test_ctrl_c_after_the_last_epoch_costs_no_model(kind):
    """A loss is asked for its constant twice: for where training starts, and for what a fit must be better than."""
    calls, Loss = [], type(kind.losses["squared_error"])

    class PressesCtrlC(Loss):
        def constant(self, y, weight):
            calls.append(len(y))
            if len(calls) == 2:
                raise KeyboardInterrupt
            return super().constant(y, weight)

    X, y = rows(kind)
    model = kind.make(loss=PressesCtrlC(), max_iter=2)
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, y)
    assert (len(calls), model.n_iter_) == (2, 2)


@every_estimator
@pytest.mark.parametrize(
    "dates",
    [
        lambda X: (1e6 * X).astype("M8[s]"),
        lambda X: (1e6 * X).astype("m8[D]"),
        lambda X: pd.DataFrame((1e6 * X).astype("M8[ns]")),
        lambda X: pd.DataFrame({"number": X[:, 0], "date": pd.date_range("2026-01-01", periods=len(X), tz="UTC")}),
    ],
    ids=["dates", "durations", "data frame", "a column"],
)
def test_dates_are_no_numbers(kind, dates):
    X, y = rows(kind)
    with pytest.raises(TypeError, match=r"`X` must hold numbers, got (datetime64|timedelta64)"):
        kind.make().fit(dates(X), y)
    model = kind.make(max_iter=1, n_iter_no_change=np.inf).fit(X, y)
    with pytest.raises(TypeError, match=r"`X` must hold numbers, got (datetime64|timedelta64)"):
        model.predict(dates(X))


class Table:
    """A table of another library than pandas: columns with types of its own, and numbers if it is asked for an array.

    ``types`` are in ``dtypes``, as in polars, or else in a schema, as in Arrow.
    """

    def __init__(self, X, types, in_schema):
        self.X, self.shape, self.columns = X, X.shape, [f"column {k}" for k in range(X.shape[1])]
        if in_schema:
            self.schema = SimpleNamespace(types=types)
        else:
            self.dtypes = types

    def __array__(self, dtype=None, copy=None):
        return np.array(self.X, dtype)

    def __len__(self):
        return len(self.X)


@every_estimator
@pytest.mark.parametrize("in_schema", [False, True])
def test_tables_of_other_libraries(kind, in_schema):
    X, y = rows(kind)
    for types in (["Float64", "Date"], ["timestamp[ns]"], ["Duration(time_unit='us')"], ["Time"]):
        with pytest.raises(TypeError, match=f"`X` must hold numbers, got {re.escape(types[-1])}"):
            kind.make().fit(Table(X, types, in_schema), y)
    table = Table(X, ["Float64"] * X.shape[1], in_schema)
    expected = kind.make(max_iter=2, **ENDLESS).fit(X, y).predict(X)
    np.testing.assert_array_equal(kind.make(max_iter=2, **ENDLESS).fit(table, y).predict(table), expected)
