"""What is wrong is refused with one sentence that says what, and a call that fails costs nothing."""

import copy
import inspect
import math
import re

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_matrix
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import validate_data

from skbackprop import LBFGS, SGD, Adam, AdamW, BatchMLPRegressor, Cosine, ReLU, SquaredError, VarianceScaling

nan, inf = math.nan, math.inf
FLAG = [1, "True", None, nan]

WRONG = {
    "loss": ["mse", None, 5, SquaredError],
    "hidden_layer_sizes": ["100", 0, -3, (5, 0), 2.5, [3, 2.0], True, None, nan],
    "activation": ["rleu", None, 5, nan, ReLU, ("relu", "tanh"), ()],
    "solver": ["adm", None, 5, nan, AdamW],
    "alpha": [-1, nan, inf, "0.1", None, True],
    "batch_size": [0, -1, 2.5, nan, "all", None, True],
    "learning_rate": ["constnat", 0.1, None, nan, Cosine],
    "learning_rate_init": [0, -0.1, nan, inf, "0.1", None],
    "power_t": [-1, nan, "half", None],
    "max_iter": [0, -1, 2.5, nan, inf, "200", True],
    "shuffle": FLAG,
    "random_state": [-1, "zero", 2.5, nan, np.random.default_rng(0)],
    "tol": [-1e-4, nan, "small", None],
    "verbose": [-1, "yes", None, 0.5],
    "warm_start": FLAG,
    "momentum": [-0.1, 1.5, nan, "0.9", None],
    "nesterovs_momentum": FLAG,
    "early_stopping": FLAG,
    "validation_fraction": [0, 1, 1.5, -0.1, nan, "tenth", None],
    "beta_1": [-0.1, 1.0, nan, "0.9", None],
    "beta_2": [-0.1, 1.0, nan, "0.9", None],
    "epsilon": [0, -1e-8, nan, "", None],
    "n_iter_no_change": [0, -1, 2.5, nan, -inf, "10", None],
    "max_fun": [0, -1, 2.5, nan, inf, None],
    "standardize": FLAG,
    "dropout": [-0.1, 1.0, nan, "0.5", None, True],
    "clip_norm": [0, -1, nan, "1", True],
    "init": ["glorot_unifrom", None, 5, nan, VarianceScaling],
    "monitor": ["accuraccy", None, 5, nan],
}
wrong_parameters = pytest.mark.parametrize(
    ("name", "value"),
    [(name, value) for name, values in WRONG.items() for value in values],
    ids=lambda part: str(part)[:30],
)

rng = np.random.RandomState(0)
X = rng.uniform(-1, 1, (40, 3))
y = X[:, 0] + X[:, 1] * X[:, 2]
NAMES = ["a", "b", "c"]


def net(**parameters):
    quick = {"hidden_layer_sizes": (4,), "learning_rate_init": 0.01, "max_iter": 3, "random_state": 0}
    return BatchMLPRegressor(**quick | {"n_iter_no_change": math.inf} | parameters)


def changed(array, value, at=5):
    """A copy with one wrong value in it."""
    array = np.array(array, dtype=np.result_type(array, type(value)))
    array[at] = value
    return array


class Unchanged:
    """Holds that the model still is what it was: predictions, widths, names, history and the steps that follow."""

    def __init__(self, model, rows=X):
        self.model, self.rows, self.names = model, rows, set(vars(model))
        self.twin = copy.deepcopy(model)

    def __enter__(self):
        return self.model

    def __exit__(self, *error):
        model, twin = self.model, self.twin
        assert set(vars(model)) == self.names
        np.testing.assert_array_equal(model.predict(self.rows), twin.predict(self.rows))
        assert model.n_features_in_ == twin.n_features_in_
        assert list(getattr(model, "feature_names_in_", [])) == list(getattr(twin, "feature_names_in_", []))
        assert model.history_ == twin.history_
        assert (model.n_iter_, model.t_, model.loss_) == (twin.n_iter_, twin.t_, twin.loss_)
        if hasattr(model, "partial_fit") and not error[0]:
            model.set_params(**twin.get_params())
            target = np.abs(y) if model.n_outputs_ == 1 else np.column_stack([y] * model.n_outputs_)
            steps = [copy.deepcopy(one).partial_fit(self.rows, target).theta_ for one in (model, twin)]
            np.testing.assert_array_equal(*steps)


def test_there_are_two_wrong_values_for_every_parameter():
    assert set(WRONG) == set(BatchMLPRegressor().get_params())
    assert min(map(len, WRONG.values())) >= 2


@wrong_parameters
def test_wrong_parameter(name, value):
    """Neither the constructor nor `set_params` looks; `fit` names the parameter and what came."""
    fresh = BatchMLPRegressor(**{name: value})
    assert fresh.get_params()[name] is value
    with Unchanged(net().fit(X, y)) as fitted:
        fitted.set_params(**{name: value})
        messages = []
        for model in (fresh, fitted):
            for method in (model.fit, model.partial_fit):
                with pytest.raises((TypeError, ValueError)) as caught:
                    method(X, y)
                messages.append(str(caught.value))
    (message,) = set(messages)
    assert message.startswith(f"`{name}` must be ")
    assert repr(value) in message
    assert "\n" not in message
    assert set(vars(fresh)) == set(fresh.get_params())


def test_one_wrong_activation_among_others():
    with pytest.raises(ValueError, match=r"`activation` must be one of .*, got 'rleu'"):
        net(hidden_layer_sizes=(4, 3), activation=["relu", "rleu"]).fit(X, y)


def test_dropout_is_refused_with_lbfgs():
    for solver in ("lbfgs", LBFGS()):
        with pytest.raises(ValueError, match=r"`dropout` must be 0 with solver='lbfgs', .*, got 0.5"):
            net(solver=solver, dropout=0.5).fit(X, y)


def test_lbfgs_has_no_partial_fit():
    for solver in ("lbfgs", LBFGS()):
        assert not hasattr(net(solver=solver), "partial_fit")
        with pytest.raises(AttributeError, match="partial_fit"):
            net(solver=solver).partial_fit(X, y)
    assert hasattr(net(), "partial_fit")


def test_a_schedule_may_be_a_plain_function():
    """All that the message about `learning_rate` asks of an object is that it can be called."""

    def half(step, total):
        return 0.5

    by_function = net(learning_rate=half, n_iter_no_change=10, tol=0.0, learning_rate_init=0.002, max_iter=3)
    by_number = net(learning_rate_init=0.001, max_iter=3)
    with pytest.warns(match="`max_iter`"):
        by_function.fit(X, y)
    np.testing.assert_array_equal(by_function.predict(X), by_number.fit(X, y).predict(X))


BAD_X = {
    "nan": (changed(X, nan), "Input X contains NaN"),
    "inf": (changed(X, inf), "Input X contains infinity"),
    "float32 nan": (changed(X, nan).astype(np.float32), "Input X contains NaN"),
    "sparse nan": (csr_matrix(changed(X, nan)), "Input X contains NaN"),
    "no rows": (X[:0], "Found array with 0 sample"),
    "no columns": (X[:, :0], r"0 feature\(s\)"),
    "one dimension": (X[:, 0], "Expected 2D array, got 1D array"),
    "three dimensions": (X[:, :, None], "array with dim 3"),
    "a number": (1.5, "Expected 2D array, got scalar array"),
    "words": (np.full((40, 3), "word"), "could not convert string to float"),
    "objects": (changed(X.astype(object), {}), r"float\(\) argument"),
    "complex": (X * 1j, "Complex data not supported"),
    "nothing": (None, "Expected 2D array, got scalar array"),
    "ragged": ([[1.0, 2.0, 3.0], [1.0]], "inhomogeneous"),
}
bad_rows = pytest.mark.parametrize(("bad", "match"), BAD_X.values(), ids=BAD_X)

BAD_Y = {
    "nan": (changed(y, nan), "Input y contains NaN"),
    "inf": (changed(y, inf), "Input y contains infinity"),
    "words": (np.full(40, "word"), "`y` must be numeric, got an array of dtype <U"),
    "numbers as words": (y.astype(str), "`y` must be numeric, got an array of dtype <U"),
    "complex": (y * 1j, "Complex data not supported"),
    "too few": (y[:39], r"inconsistent numbers of samples: \[40, 39\]"),
    "no rows": (y[:0], r"0 sample\(s\)"),
    "no outputs": (np.empty((40, 0)), r"0 feature\(s\)"),
    "three dimensions": (y[:, None, None], "array with dim 3"),
    "a number": (1.5, "at least 1 dimension"),
    "sparse": (csr_matrix(y[:, None]), "`y` must be a dense array, got a sparse one"),
    "nothing": (None, "requires y to be passed"),
    "objects": (changed(y.astype(object), {}), r"float\(\) argument"),
}
bad_target = pytest.mark.parametrize(("bad", "match"), BAD_Y.values(), ids=BAD_Y)

BAD_WEIGHT = {
    "negative": (changed(np.ones(40), -1.0), "`sample_weight` must be >= 0"),
    "all zero": (np.zeros(40), "`sample_weight` must hold at least one weight > 0"),
    "too few": (np.ones(39), r"`sample_weight` must have shape \(40,\).*got \(39,\)"),
    "two dimensions": (np.ones((40, 1)), r"`sample_weight` must have shape \(40,\).*got \(40, 1\)"),
    "nan": (changed(np.ones(40), nan), "sample_weight contains NaN"),
    "inf": (changed(np.ones(40), inf), "sample_weight contains infinity"),
    "words": (["heavy"] * 40, "could not convert string to float"),
    "negative number": (-1.0, "`sample_weight` must be >= 0"),
    "zero": (0, "`sample_weight` must hold at least one weight > 0"),
    "nan for all": (nan, "sample_weight contains NaN"),
}
bad_weights = pytest.mark.parametrize(("bad", "match"), BAD_WEIGHT.values(), ids=BAD_WEIGHT)

methods = pytest.mark.parametrize("method", ["fit", "partial_fit"])


def refused(match):
    return pytest.raises((TypeError, ValueError), match=match)


@methods
@bad_rows
def test_bad_rows(bad, match, method):
    with Unchanged(net().fit(X, y)) as model, refused(match):
        getattr(model, method)(bad, y)
    fresh = net()
    with refused(match):
        getattr(fresh, method)(bad, y)
    assert set(vars(fresh)) == set(fresh.get_params())


@pytest.mark.parametrize("method", ["predict", "activations"])
@bad_rows
def test_bad_rows_to_predict(bad, match, method):
    with Unchanged(net().fit(X, y)) as model, refused(match):
        getattr(model, method)(bad)


@methods
@bad_target
def test_bad_target(bad, match, method):
    with Unchanged(net().fit(X, y)) as model, refused(match):
        getattr(model, method)(X, bad)
    with refused(match):
        getattr(net(), method)(X, bad)


@methods
@bad_weights
def test_bad_weights(bad, match, method):
    with Unchanged(net().fit(X, y)) as model, refused(match):
        getattr(model, method)(X, y, sample_weight=bad)
    with refused(match):
        getattr(net(early_stopping=True), method)(X, y, sample_weight=bad)


@methods
def test_negative_counts(method):
    expected = f"`y` must be >= 0 for loss 'poisson', got a minimum of {y.min():g}"
    with Unchanged(net(loss="poisson").fit(X, np.abs(y))) as model, refused(expected):
        getattr(model, method)(X, y)


class TestValidationRows:
    """Every message says that it is about them."""

    about_them = "`X_val`|`y_val`"

    def refused(self, match, model=None, names=None, **rows):
        """Both in a first fit, and in a fit of a model that has been fitted."""
        train = X if names is None else pd.DataFrame(X, columns=names)
        parameters = {} if model is None else model.get_params()
        with refused(match) as caught:
            net(**parameters).fit(train, np.abs(y), **rows)
        assert re.search(self.about_them, str(caught.value))
        with Unchanged(net(**parameters).fit(train, np.abs(y)), train) as fitted, refused(match) as again:
            fitted.fit(train, np.abs(y), **rows)
        assert str(again.value) == str(caught.value)

    @bad_rows
    def test_bad_rows(self, bad, match):
        if bad is None:
            match = "`X_val` must be given with the other validation rows, got None"
        self.refused(match, X_val=bad, y_val=y)

    @bad_target
    def test_bad_target(self, bad, match):
        if bad is None:
            match = "`y_val` must be given with the other validation rows, got None"
        self.refused(match, X_val=X, y_val=bad)

    @bad_weights
    def test_bad_weights(self, bad, match):
        self.refused(match, X_val=X, y_val=y, sample_weight_val=bad)

    def test_wrong_width(self):
        self.refused("`X_val`.*X has 2 features, but BatchMLPRegressor is expecting 3", X_val=X[:, :2], y_val=y)

    def test_wrong_names(self):
        table = pd.DataFrame(X, columns=["a", "c", "b"])
        self.refused("`X_val`.*[Ff]eature names", names=NAMES, X_val=table, y_val=y)

    def test_weights_alone(self):
        self.refused("`X_val` must be given", sample_weight_val=np.ones(40))

    def test_another_number_of_outputs(self):
        self.refused("`y_val`", X_val=X, y_val=np.column_stack([y, y]))

    def test_one_output_for_two(self):
        with refused("`y_val`"):
            net().fit(X, np.column_stack([y, y]), X_val=X, y_val=y)

    def test_negative_counts(self):
        self.refused("`y_val`.*`y` must be >= 0", model=net(loss="poisson"), X_val=X, y_val=y)

    def test_their_shape_does_not_decide_the_shape_of_predictions(self):
        rows = {"X_val": X, "y_val": y[:, None]}
        assert net().fit(X, y, **rows).predict(X).shape == (40,)
        rows["y_val"] = y
        assert net().fit(X, y[:, None], **rows).predict(X).shape == (40, 1)


WIDER, NARROWER = np.column_stack([X, X[:, 0]]), X[:, :2]


@pytest.mark.parametrize("bad", [WIDER, NARROWER, csr_matrix(WIDER)], ids=["wider", "narrower", "sparse"])
def test_wrong_width(bad):
    expected = f"X has {bad.shape[1]} features, but BatchMLPRegressor is expecting 3 features as input"
    with Unchanged(net(warm_start=True).fit(X, y)) as model:
        for method in (model.predict, model.activations):
            with refused(expected):
                method(bad)
        for method in (model.fit, model.partial_fit, model.score):
            with refused(expected):
                method(bad, y)
    assert net().fit(X, y).fit(bad, y).n_features_in_ == bad.shape[1]


@pytest.mark.parametrize("names", [["a", "c", "b"], ["a", "b", "x"]], ids=["order", "unknown"])
def test_wrong_names(names):
    good, bad = pd.DataFrame(X, columns=NAMES), pd.DataFrame(X, columns=names)
    with Unchanged(net(warm_start=True).fit(good, y), good) as model:
        for method in (model.predict, model.activations):
            with refused("[Ff]eature names"):
                method(bad)
        for method in (model.fit, model.partial_fit):
            with refused("[Ff]eature names"):
                method(bad, y)


def test_names_in_one_place_only():
    """scikit-learn warns, and so does the short way to a prediction."""
    table = pd.DataFrame(X, columns=NAMES)
    with pytest.warns(UserWarning, match="X does not have valid feature names"):
        net().fit(table, y).predict(X)
    with pytest.warns(UserWarning, match="X has feature names, but BatchMLPRegressor was fitted without"):
        net().fit(X, y).predict(table)


@methods
def test_names_of_a_failed_call_are_forgotten(method):
    table = pd.DataFrame(X, columns=NAMES)
    with Unchanged(net().fit(table, y), table) as model, refused("NaN"):
        getattr(model, method)(table, changed(y, nan))
    with Unchanged(net().fit(X, y)) as model, refused("NaN"):
        model.fit(table, changed(y, nan))
    fresh = net()
    with refused("NaN"):
        getattr(fresh, method)(table, changed(y, nan))
    assert not hasattr(fresh, "feature_names_in_")
    assert not hasattr(fresh, "n_features_in_")


@methods
@pytest.mark.parametrize("parameters", [{"solver": "sgd"}, {"standardize": False, "solver": "sgd"}], ids=str)
def test_divergence_costs_nothing(method, parameters):
    """It is noticed in the middle of training, when weights, moments, units and history have all moved."""
    model = net(**parameters, batch_size=10, max_iter=20).fit(X, y).partial_fit(X, y)
    with Unchanged(model):
        model.set_params(learning_rate_init=1e200)
        with pytest.raises(ValueError, match=r"training diverged in epoch .*`learning_rate_init` \(now 1e\+200\)"):
            getattr(model, method)(2 * X + 1, 3 * y)


def test_an_unfitted_model():
    model = net()
    for method in (model.predict, model.activations):
        with pytest.raises(NotFittedError, match="BatchMLPRegressor instance is not fitted yet"):
            method(X)
    with pytest.raises(NotFittedError, match="BatchMLPRegressor instance is not fitted yet"):
        model.score(X, y)


def test_fitted_attributes_appear_with_the_first_fit():
    fitted = net(early_stopping=True).fit(pd.DataFrame(X, columns=NAMES), y)
    properties = [name for name, value in inspect.getmembers(BatchMLPRegressor) if isinstance(value, property)]
    names = {name for name in [*vars(fitted), *properties] if name.endswith("_") and not name.startswith("_")}
    assert {"coefs_", "theta_", "loss_curve_", "n_iter_", "feature_names_in_", "best_validation_score_"} <= names
    unfitted = net()
    assert [name for name in sorted(names) if hasattr(unfitted, name)] == []


@pytest.mark.parametrize("layer", [2, -3, 100, 1.0, "first", None, nan, (0,)])
def test_no_such_layer(layer):
    model = net(hidden_layer_sizes=(4, 3)).fit(X, y)
    with pytest.raises(ValueError, match="`layer` must be the number of one of the 2 hidden layers") as caught:
        model.activations(X, layer)
    assert repr(layer) in str(caught.value)


def test_layers_that_there_are():
    model = net(hidden_layer_sizes=(4, 3)).fit(X, y)
    widths = {layer: model.activations(X, layer).shape[1] for layer in (0, 1, -1, -2, np.int64(1))}
    assert widths == {0: 4, 1: 3, -1: 3, -2: 4}


def test_no_layers_at_all():
    with pytest.raises(ValueError, match=r"`layer` must be .* of the 0 hidden layers, got -1"):
        net(hidden_layer_sizes=()).fit(X, y).activations(X)


CHANGES = {
    "hidden_layer_sizes": (5,),
    "activation": "tanh",
    "solver": "sgd",
    "loss": "poisson",
    "standardize": False,
}


@methods
@pytest.mark.parametrize(("name", "value"), CHANGES.items(), ids=CHANGES)
def test_another_network_cannot_go_on(name, value, method):
    positive = np.abs(y)
    model = net(warm_start=True).fit(X, positive)
    how = "warm_start=True" if method == "fit" else "partial_fit"
    with Unchanged(model):
        before = model.get_params()[name]
        model.set_params(**{name: value})
        with pytest.raises(ValueError, match=f"`{how}` continues .*{name} was ") as caught:
            getattr(model, method)(X, positive)
        message = str(caught.value)
        assert "\n" not in message
        assert "`warm_start=False`" in message
        if name in ("hidden_layer_sizes", "solver", "standardize"):
            assert {"sgd": "'SGD'"}.get(value, repr(value)) in message
            assert {"adam": "'Adam'"}.get(before, repr(before)) in message
    model.set_params(**{name: value, "warm_start": False}, max_iter=30, learning_rate_init=0.1).fit(X, positive)


@methods
@pytest.mark.parametrize("outputs", [2, 3])
def test_another_number_of_outputs_cannot_go_on(outputs, method):
    expected = f"`y` must have 1 output, as in the first fit, got {outputs}"
    with Unchanged(net(warm_start=True).fit(X, y)) as model, refused(expected):
        getattr(model, method)(X, np.column_stack([y] * outputs))


def test_from_small_steps_to_lbfgs_and_back():
    with Unchanged(net(warm_start=True, solver="lbfgs").fit(X, y)) as model:
        model.set_params(solver="adam")
        with pytest.raises(ValueError, match="solver was 'LBFGS' and cannot change, got 'Adam'"):
            model.partial_fit(X, y)
        model.set_params(solver="lbfgs")


@methods
def test_the_same_in_other_words_can_go_on(method):
    """A name and the object it stands for, a number and a tuple of it."""
    model = net(warm_start=True, hidden_layer_sizes=4).fit(X, y)
    twin = copy.deepcopy(model)
    model.set_params(hidden_layer_sizes=[4], activation=[ReLU()], solver=Adam(), loss=SquaredError())
    np.testing.assert_array_equal(getattr(model, method)(X, y).theta_, getattr(twin, method)(X, y).theta_)


@methods
@pytest.mark.parametrize(("before", "after"), [(0.0, 0.5), (0.5, 0.0), (0.2, 0.8)])
def test_another_dropout_is_heeded(before, after, method):
    """Parameters are read anew at each call, and dropout moves no shapes."""
    model = net(warm_start=True, dropout=before, hidden_layer_sizes=(50,)).fit(X, y).partial_fit(X, y)
    twin = copy.deepcopy(model)
    model.set_params(dropout=after)
    assert np.any(getattr(model, method)(X, y).theta_ != getattr(twin, method)(X, y).theta_)
    if after == 0:
        undisturbed = [copy.deepcopy(model).set_params(random_state=seed, batch_size="full") for seed in (1, 2)]
        np.testing.assert_array_equal(*[getattr(one, method)(X, y).theta_ for one in undisturbed])


@methods
@pytest.mark.parametrize("parameters", [{"learning_rate_init": 0.1}, {"solver": SGD(momentum=0.0)}], ids=str)
def test_numbers_may_change(parameters, method):
    model = net(warm_start=True, solver="sgd").fit(X, y)
    twin = copy.deepcopy(model)
    model.set_params(**parameters)
    assert np.any(getattr(model, method)(X, y).theta_ != getattr(twin, method)(X, y).theta_)


SEVERAL_FAULTS = {
    "wider": WIDER,
    "narrower": NARROWER,
    "wider and nan": changed(WIDER, nan),
    "narrower and nan": changed(NARROWER, nan),
    "no rows": X[:0],
    "no rows and narrower": X[:0, :2],
}


@pytest.mark.parametrize(
    "bad", [*(bad for bad, _ in BAD_X.values()), *SEVERAL_FAULTS.values()], ids=[*BAD_X, *SEVERAL_FAULTS]
)
def test_the_short_way_to_a_prediction_says_the_same(bad):
    """Plain arrays skip scikit-learn's validation; what is wrong with one is told in scikit-learn's words."""
    model = net().fit(X, y)
    with pytest.raises((TypeError, ValueError)) as short:
        model.predict(bad)
    with pytest.raises((TypeError, ValueError)) as long:
        validate_data(model, bad, reset=False, accept_sparse="csr", dtype=[np.float64, np.float32])
    assert (type(short.value), str(short.value)) == (type(long.value), str(long.value))


READ_ONLY = X.copy()
READ_ONLY.flags.writeable = False
SAME_ROWS = {
    "list": X.tolist(),
    "data frame": None,
    "Fortran order": np.asfortranarray(X),
    "every other row": np.repeat(X, 2, axis=0)[::2],
    "other columns between": np.repeat(X, 2, axis=1)[:, ::2],
    "backwards": X[::-1][::-1],
    "read-only": READ_ONLY,
    "objects": X.astype(object),
    "sparse": csr_matrix(X),
    "subclass": X.view(np.recarray),
}


@pytest.mark.parametrize("rows", SAME_ROWS.values(), ids=SAME_ROWS)
def test_the_short_and_the_long_way_end_in_the_same_place(rows):
    model = net().fit(X, y)
    expected = model.predict(X)
    if rows is None:
        model, rows = net().fit(pd.DataFrame(X, columns=NAMES), y), pd.DataFrame(X, columns=NAMES)
    np.testing.assert_allclose(model.predict(rows), expected, rtol=1e-12, atol=1e-14)


def test_finite_rows_whose_sum_is_not_finite_are_fine():
    """Whether X is finite is told from its sum, and where that overflows, from every number."""
    model = net().fit(X, y)
    huge = np.full((40, 3), 1e307)
    one_by_one = np.concatenate([model.predict(huge[row : row + 1]) for row in range(40)])
    assert np.isfinite(one_by_one).all()
    np.testing.assert_allclose(model.predict(huge), one_by_one)


@pytest.mark.parametrize("dtype", [np.float32, np.float16, int, np.uint8, bool], ids=lambda dtype: dtype.__name__)
def test_other_numbers_are_read_as_floats(dtype):
    rows = (10 * X).astype(dtype)
    model = net().fit(X, y)
    np.testing.assert_array_equal(model.predict(rows), model.predict(rows.astype(np.float64)))
