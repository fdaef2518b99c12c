"""What is wrong is refused with one sentence that says what, and a call that fails costs nothing."""

import copy
import inspect
import math
import re
from contextlib import nullcontext
from itertools import product
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array, csr_matrix
from sklearn.base import is_regressor
from sklearn.exceptions import NotFittedError
from sklearn.metrics import r2_score
from sklearn.utils.validation import validate_data

from skbackprop import (
    GRU,
    LBFGS,
    SGD,
    Adam,
    AdamW,
    BatchMLPClassifier,
    BatchMLPRegressor,
    Cosine,
    Elman,
    Gaussian,
    Huber,
    LogCosh,
    LogLoss,
    Quantile,
    ReLU,
    SquaredError,
    Tweedie,
    VarianceScaling,
)
from tests.estimators.kinds import ESTIMATORS, KINDS, PERCEPTRONS, SEQUENCES

nan, inf = math.nan, math.inf
FLAG = [1, "True", None, nan]

WRONG = {
    "loss": ["mse", None, 5, SquaredError, LogLoss],
    "hidden_layer_sizes": ["100", np.array(3.0), 0, -3, (5, 0), 2.5, [3, 2.0], True, None, nan],
    "activation": ["rleu", None, 5, nan, ReLU, ("relu", "tanh"), ()],
    "solver": ["adm", None, 5, nan, AdamW],
    "alpha": [-1, nan, inf, "0.1", None, True],
    "batch_size": [0, -1, 2.5, nan, "all", None, True],
    "learning_rate": ["constnat", 0.1, None, nan, Cosine],
    "learning_rate_init": [0, -0.1, nan, inf, "0.1", None],
    "power_t": [-1, nan, "half", None],
    "max_iter": [0, -1, 2.5, nan, inf, "200", True],
    "shuffle": FLAG,
    "random_state": [-1, "zero", 2.5, nan, np.random.default_rng(0), np.random],
    "tol": [-1e-4, nan, "small", None],
    "verbose": [-1, "yes", None, 0.5],
    "warm_start": FLAG,
    "momentum": [-0.1, 1.5, nan, "0.9", None],
    "nesterovs_momentum": FLAG,
    "early_stopping": FLAG,
    "validation_fraction": [1, 1.5, -0.1, nan, "tenth", None],
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
    "average": ["yes", None, 1, 0.5, nan],
    "class_weight": ["balance", 5, nan, [1.0, 2.0, 1.0]],
    "cell": ["rnn", None, 5, nan, GRU],
    "n_channels": [0, -1, 2.5, nan, "1", None, True],
    "bidirectional": FLAG,
    "return_sequences": FLAG,
    "truncate": [0, -1, 2.5, nan, inf, "all", True],
    "embedding": [0, -1, 2.5, nan, "8", True],
    "n_tokens": [0, -1, 2.5, nan, "8", True],
    "recurrent_dropout": [-0.1, 1.0, nan, "0.5", None, True],
}


def cases_of_wrong_parameters():
    """Every parameter of the first estimator that has it with all wrong values; of the next ones, with one of them."""
    told = set()
    for estimator, kind in ESTIMATORS.items():
        for name in kind.make().get_params():
            yield pytest.param(kind, name, WRONG[name][:1] if name in told else WRONG[name], id=f"{estimator}-{name}")
            told.add(name)


wrong_parameters = pytest.mark.parametrize(
    ("kind", "name", "values"), list(cases_of_wrong_parameters()), indirect=["kind"]
)


def only(*names):
    return pytest.mark.parametrize("kind", [KINDS[name] for name in names], ids=names, indirect=True)


def only_estimators_of(kinds):
    return only(*[name for name, kind in kinds.items() if kind in ESTIMATORS.values()])


only_numbers, only_classes = only("numbers", "sequences of numbers"), only("classes", "sequences of classes")
only_perceptrons, only_sequences = only_estimators_of(PERCEPTRONS), only_estimators_of(SEQUENCES)

rng = np.random.RandomState(0)
X = rng.uniform(-1, 1, (40, 3))
f = X[:, 0] + X[:, 1] * X[:, 2]
NAMES = ["a", "b", "c"]


@pytest.fixture(params=ESTIMATORS.values(), ids=ESTIMATORS)
def kind(request):
    return request.param


@pytest.fixture
def net(kind):
    def make(**parameters):
        quick = {"hidden_layer_sizes": (4,), "learning_rate_init": 0.01, "max_iter": 3, "random_state": 0}
        return kind.make(**quick | {"n_iter_no_change": math.inf} | parameters)

    return make


@pytest.fixture
def y(kind):
    return kind.target(f)


def changed(array, value, at=5):
    """A copy with one wrong value in it."""
    array = np.array(array, dtype=np.result_type(array, type(value)))
    array[at] = value
    return array


class Unchanged:
    """Holds that the model still is what it was: predictions, widths, names, history and the steps that follow."""

    def __init__(self, kind, model, rows=X):
        self.kind, self.model, self.rows, self.names = kind, model, rows, set(vars(model))
        self.twin = copy.deepcopy(model)

    def __enter__(self):
        return self.model

    def __exit__(self, *error):
        kind, model, twin = self.kind, self.model, self.twin
        assert set(vars(model)) == self.names
        np.testing.assert_array_equal(kind.output(model, self.rows), kind.output(twin, self.rows))
        np.testing.assert_array_equal(model.predict(self.rows), twin.predict(self.rows))
        assert model.n_features_in_ == twin.n_features_in_
        assert list(getattr(model, "feature_names_in_", [])) == list(getattr(twin, "feature_names_in_", []))
        assert model.history_ == twin.history_
        assert (model.n_iter_, model.t_, model.loss_) == (twin.n_iter_, twin.t_, twin.loss_)
        if hasattr(model, "partial_fit") and not error[0]:
            model.set_params(**twin.get_params())
            target = kind.target(np.abs(f))
            steps = [kind.step(copy.deepcopy(one), self.rows, target).theta_ for one in (model, twin)]
            np.testing.assert_array_equal(*steps)


def test_there_are_two_wrong_values_for_every_parameter(kind):
    assert set(WRONG) == {name for kind in KINDS.values() for name in kind.make().get_params()}
    assert min(map(len, WRONG.values())) >= 2


@wrong_parameters
def test_wrong_parameter(kind, net, y, name, values):
    """Neither the constructor nor `set_params` looks; `fit` names the parameter and what came."""
    with Unchanged(kind, net().fit(X, y)) as fitted:
        for value in values:
            fresh = kind.make(**{name: value})
            assert fresh.get_params()[name] is value
            fitted.set_params(**{name: value})
            messages = []
            for model, method in product((fresh, fitted), ("fit", "partial_fit")):
                with pytest.raises((TypeError, ValueError)) as caught:
                    kind.train(model, method, X, y)
                messages.append(str(caught.value))
            (message,) = set(messages)
            assert message.startswith(f"`{name}` must be ")
            assert repr(value) in message
            assert "\n" not in message
            assert set(vars(fresh)) == set(fresh.get_params())


@only_perceptrons
def test_one_wrong_activation_among_others(net, y):
    with pytest.raises(ValueError, match=r"`activation` must be one of .*, got 'rleu'"):
        net(hidden_layer_sizes=(4, 3), activation=["relu", "rleu"]).fit(X, y)


def test_no_rows_held_out(net, y):
    model = net(validation_fraction=0.0).fit(X, y)  # as in scikit-learn: it is of no account here
    with pytest.raises(ValueError, match=r"`validation_fraction` must be a real number in \(0, 1\), got 0.0"):
        model.set_params(early_stopping=True).fit(X, y)


def test_an_object_lacks_what_the_contract_asks_for(net, y):
    halves = {
        "loss": SimpleNamespace(value_and_gradient=None, predict=None),
        "solver": SimpleNamespace(start=None, step=None),
        "activation" if "activation" in net().get_params() else "cell": SimpleNamespace(forward=None, backward=None),
    }
    lacks = {"loss": "inverse_link", "solver": "rescale", "activation": "keeps_input", "cell": "gates"}
    for name, half in halves.items():
        with pytest.raises(
            TypeError, match=rf"`{name}` must be an object as `.*` describes it, got .*, which lacks `{lacks[name]}`"
        ):
            net(**{name: half}).fit(X, y)


def test_dropout_is_refused_with_lbfgs(net, y):
    for solver in ("lbfgs", LBFGS()):
        for name in [name for name in net().get_params() if name.endswith("dropout")]:
            with pytest.raises(ValueError, match=rf"`{name}` must be 0 with solver='lbfgs', .*, got 0.5"):
                net(**{"solver": solver, name: 0.5}).fit(X, y)


def test_lbfgs_has_no_partial_fit(kind, net, y):
    for solver in ("lbfgs", LBFGS()):
        assert not hasattr(net(solver=solver), "partial_fit")
        with pytest.raises(AttributeError, match="partial_fit"):
            kind.step(net(solver=solver), X, y)
    assert hasattr(net(), "partial_fit")


def test_a_schedule_may_be_a_plain_function(kind, net, y):
    """All that the message about `learning_rate` asks of an object is that it can be called."""

    def half(step, total):
        return 0.5

    by_function = net(learning_rate=half, n_iter_no_change=10, tol=0.0, learning_rate_init=0.002, max_iter=3)
    by_number = net(learning_rate_init=0.001, max_iter=3)
    with pytest.warns(match="`max_iter`"):
        by_function.fit(X, y)
    np.testing.assert_array_equal(kind.output(by_function, X), kind.output(by_number.fit(X, y), X))


def test_a_schedule_takes_two_arguments(net, y):
    with pytest.raises(TypeError, match=r"`learning_rate` must be a function of \(step, total\), got <function"):
        net(learning_rate=lambda step: 0.5).fit(X, y)


@pytest.mark.parametrize("factor", [None, "half", nan, 1j, np.ones(2)], ids=repr)
def test_a_schedule_gives_a_number(kind, net, y, factor):
    with Unchanged(kind, net().fit(X, y)) as model:
        model.set_params(learning_rate=lambda step, total: factor)
        with pytest.raises(
            (TypeError, ValueError), match=r"`learning_rate\(step, total\)` must be a real number .*got "
        ):
            model.fit(X, y)
        model.set_params(learning_rate="constant")


def test_its_number_may_be_one_of_numpy_s(net, y):
    by_array = net(learning_rate=lambda step, total: np.where(step < 3, 1.0, 0.5)).fit(X, y)
    by_number = net(learning_rate=lambda step, total: 1 if step < 3 else 0.5).fit(X, y)
    np.testing.assert_array_equal(by_array.theta_, by_number.theta_)


def nothing_to_score(estimator, X, y):
    return estimator.no_such_method(X)


def scored_by_name(estimator, X, y):
    return X["a"].mean()  # rows come as an array


@pytest.mark.parametrize(
    "monitor",
    [nothing_to_score, scored_by_name, lambda: 1.0],
    ids=["a missing method", "names of columns", "no arguments"],
)
def test_a_monitor_that_cannot_score(kind, net, y, monitor):
    with Unchanged(kind, net().fit(X, y)) as model:
        model.set_params(monitor=monitor, early_stopping=True)
        with pytest.raises(ValueError, match="`monitor` must be 'loss' or able to score"):
            model.fit(X, y)
        model.set_params(monitor="loss", early_stopping=False)


@pytest.mark.parametrize("score", [nan, inf, -inf])
def test_a_score_that_is_not_finite_stops_early_stopping(kind, net, y, score):
    with Unchanged(kind, net().fit(X, y)) as model:
        model.set_params(monitor=lambda model, X, y: score, early_stopping=True)
        with pytest.raises(ValueError, match=f"finite score, got {score} from monitor=.* after epoch 1;"):
            model.fit(X, y)
        model.set_params(monitor="loss", early_stopping=False)


def test_without_early_stopping_it_is_written_down(kind, net, y):
    model = net(monitor=lambda model, X, y: nan).fit(X, y, X_val=X[:5], y_val=y[:5])
    np.testing.assert_array_equal(model.validation_scores_, [nan] * 3)


@pytest.mark.parametrize("loss", ["gamma", Tweedie(2.5)], ids=str)
def test_a_target_that_float32_takes_for_zero_is_told(loss):
    y = np.exp(f)
    y[3] = 1e-60
    model = BatchMLPRegressor(loss=loss, max_iter=1, n_iter_no_change=inf, random_state=0)
    with pytest.raises(ValueError, match=r"got a minimum of 0 when standardised, in float32; give X as float64, or"):
        model.fit(X.astype(np.float32), y)
    assert model.fit(X, y).n_iter_ == 1


def test_a_validation_loss_that_overflows_stops_early_stopping():
    rows, target = X.astype(np.float32), np.arange(float(len(X)))
    extreme = rows[:5].copy()
    extreme[0] = 3e38
    model = BatchMLPRegressor(early_stopping=True, random_state=0)
    with pytest.raises(ValueError, match=r"got (nan|-inf) from monitor='loss' after epoch 1; look"):
        model.fit(rows, target, X_val=extreme, y_val=target[:5])


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
EMPTY = "`X` must have sequences of at least one step, got only NaN in sequence 5"
BAD_SEQUENCES = {name: case for name, case in BAD_X.items() if name != "three dimensions"} | {
    "nan": (changed(X, nan), EMPTY),
    "float32 nan": (changed(X, nan).astype(np.float32), EMPTY),
    "nan inside": (changed(X, nan, at=(5, 1)), "`X` must have NaN only as padding after the last step of a sequence"),
    "sparse nan": (csr_matrix(changed(X, nan)), "Sparse data was passed for X, but dense data is required"),
    "sparse": (csr_matrix(X), "Sparse data was passed for X, but dense data is required"),
    "four dimensions": (X[:, :, None, None], r"`X` must have shape \(n_samples, n_steps.*, got \(40, 3, 1, 1\)"),
    "ragged": ([[1.0, 2.0, 3.0], [1.0]], "`X` must be one array, got one for each sequence: `pad_sequences`"),
    "other channels": (
        [X, X[:, :2]],
        r"`X` must have the same number of .* got shape \(40, 3\) in sequence 0 and \(40, 2\) in sequence 1",
    ),
}
bad_rows = pytest.mark.parametrize(
    ("kind", "bad", "match"),
    [
        pytest.param(kind, *case, id=f"{estimator}-{name}")
        for estimator, kind in ESTIMATORS.items()
        for name, case in (BAD_X if kind in PERCEPTRONS.values() else BAD_SEQUENCES).items()
    ],
    indirect=["kind"],
)

BAD_Y = {
    "nan": (changed(f, nan), "Input y contains NaN"),
    "inf": (changed(f, inf), "Input y contains infinity"),
    "words": (np.full(40, "word"), "`y` must be numeric, got an array of dtype <U"),
    "numbers as words": (f.astype(str), "`y` must be numeric, got an array of dtype <U"),
    "complex": (f * 1j, "Complex data not supported"),
    "too few": (f[:39], r"inconsistent numbers of samples: \[40, 39\]"),
    "no rows": (f[:0], r"0 sample\(s\)"),
    "no outputs": (np.empty((40, 0)), r"0 feature\(s\)"),
    "three dimensions": (f[:, None, None], "array with dim 3"),
    "a number": (1.5, "at least 1 dimension"),
    "sparse": (csr_matrix(f[:, None]), "`y` must be a dense array, got a sparse one"),
    "nothing": (None, "requires y to be passed"),
    "objects": (changed(f.astype(object), {}), r"float\(\) argument"),
}
c = KINDS["classes"].target(f)
BAD_LABELS = {
    "nan": (changed(c, nan), "Input y contains NaN"),
    "inf": (changed(c, inf), "Input y contains infinity"),
    "continuous": (f, "`y` of a classifier must hold classes, got a target of type 'continuous'"),
    "two continuous": (np.column_stack([f, f]), "must hold classes, got a target of type 'continuous-multioutput'"),
    "two columns": (np.column_stack([c, c]), "got 2 columns of labels .*for which MultiOutputClassifier"),
    "complex": (c * 1j, "Complex data not supported"),
    "too few": (c[:39], r"inconsistent numbers of samples: \[40, 39\]"),
    "no rows": (c[:0], r"0 sample\(s\)"),
    "no labels": (np.empty((40, 0)), r"0 feature\(s\)"),
    "three dimensions": (c[:, None, None], "array with dim 3"),
    "a number": (5, "at least 1 dimension"),
    "nothing": (None, "requires y to be passed"),
    "objects": (changed(c.astype(object), {}), "`y` of a classifier must hold classes, got a target of type 'unknown'"),
    "sets": ([{3, 5}] * 40, "`y` of a classifier must hold classes, got a target of type 'unknown'"),
}
A_TARGET_PER_STEP = {"three dimensions": (f[:, None, None], "`y` must have a target for every sequence, not for")}
A_LABEL_PER_STEP = {
    "integers of steps": (
        np.column_stack([c, c, c]),
        r"`y` must have one label for every sequence, .* \(40, 3\)",
    ),
    "words of steps": (np.full((40, 3), "word"), "for every step, .*: set `return_sequences=True` to learn those"),
}
bad_target = pytest.mark.parametrize(
    ("kind", "bad", "match"),
    [
        pytest.param(KINDS[kind], *case, id=f"{kind}-{name}")
        for kind, cases in {
            "numbers": BAD_Y,
            "classes": BAD_LABELS,
            "sequences of numbers": BAD_Y | A_TARGET_PER_STEP,
            "sequences of classes": BAD_LABELS | A_TARGET_PER_STEP | A_LABEL_PER_STEP,
        }.items()
        for name, case in cases.items()
    ],
    indirect=["kind"],
)

BAD_WEIGHT = {
    "negative": (changed(np.ones(40), -1.0), "`sample_weight` must be >= 0"),
    "all zero": (np.zeros(40), "`sample_weight` must hold at least one weight > 0"),
    "beyond": (np.full(40, 1e307), r"`sample_weight` must have a finite sum, got weights up to 1e\+307"),
    "too few": (np.ones(39), r"`sample_weight` must have shape \(40,\).*got \(39,\)"),
    "two dimensions": (np.ones((40, 1)), r"`sample_weight` must have shape \(40,\).*got \(40, 1\)"),
    "nan": (changed(np.ones(40), nan), "sample_weight contains NaN"),
    "inf": (changed(np.ones(40), inf), "sample_weight contains infinity"),
    "words": (["heavy"] * 40, "`sample_weight` must hold one finite number per row: could not convert string to float"),
    "a word": ("balanced", "`sample_weight` must hold one finite number per row: could not convert string to float"),
    "negative number": (-1.0, "`sample_weight` must be >= 0"),
    "zero": (0, "`sample_weight` must hold at least one weight > 0"),
    "nan for all": (nan, "sample_weight contains NaN"),
}
bad_weights = pytest.mark.parametrize(("bad", "match"), BAD_WEIGHT.values(), ids=BAD_WEIGHT)

methods = pytest.mark.parametrize("method", ["fit", "partial_fit"])


def refused(match):
    return pytest.raises((TypeError, ValueError), match=match)


@bad_rows
def test_bad_rows(kind, net, y, bad, match):
    fresh = net()
    with Unchanged(kind, net().fit(X, y)) as model:
        for train, method in product((model, fresh), ("fit", "partial_fit")):
            with refused(match):
                kind.train(train, method, bad, y)
    assert set(vars(fresh)) == set(fresh.get_params())


@bad_rows
def test_bad_rows_to_predict(kind, net, y, bad, match):
    with Unchanged(kind, net().fit(X, y)) as model:
        for predict in (model.predict, getattr(model, kind.method), model.activations):
            with refused(match):
                predict(bad)


@bad_target
def test_bad_target(kind, net, y, bad, match):
    with Unchanged(kind, net().fit(X, y)) as model:
        for train, method in product((model, net()), ("fit", "partial_fit")):
            with refused(match):
                kind.train(train, method, X, bad)


@bad_weights
def test_bad_weights(kind, net, y, bad, match):
    with Unchanged(kind, net().fit(X, y)) as model:
        for train, method in product((model, net(early_stopping=True)), ("fit", "partial_fit")):
            with refused(match):
                kind.train(train, method, X, y, sample_weight=bad)


@methods
@only_numbers
def test_a_target_that_single_precision_cannot_hold(kind, net, y, method):
    rows, expected = X.astype(np.float32), r"`y` must be within \+-3.4e\+38 to be learnt in float32, got .*e\+60"
    with Unchanged(kind, net().fit(rows, y), rows) as model, refused(expected):
        getattr(model, method)(rows, 1e60 * y)
    assert np.isfinite(net().fit(X, 1e60 * y).predict(X)).all()
    assert np.isfinite(net().fit(rows, 1e35 * y).predict(rows)).all()


@methods
@only_numbers
def test_negative_counts(kind, net, y, method):
    expected = f"`y` must be >= 0 for loss 'poisson', got a minimum of {y.min():g}"
    with Unchanged(kind, net(loss="poisson").fit(X, np.abs(y))) as model, refused(expected):
        getattr(model, method)(X, y)


class TestValidationRows:
    """Every message says that it is about them."""

    about_them = "`X_val`|`y_val`"

    @pytest.fixture(autouse=True)
    def estimator(self, kind, net):
        self.kind, self.net, self.y = kind, net, kind.target(np.abs(f))

    def refused(self, match, model=None, names=None, **rows):
        """Both in a first fit, and in a fit of a model that has been fitted."""
        kind, net, y = self.kind, self.net, self.y
        train = X if names is None else pd.DataFrame(X, columns=names)
        parameters = {} if model is None else model.get_params()
        with refused(match) as caught:
            net(**parameters).fit(train, y, **rows)
        assert re.search(self.about_them, str(caught.value))
        with Unchanged(kind, net(**parameters).fit(train, y), train) as fitted, refused(match) as again:
            fitted.fit(train, y, **rows)
        assert str(again.value) == str(caught.value)

    @bad_rows
    def test_bad_rows(self, bad, match):
        if bad is None:
            match = "`X_val` must be given with the other validation rows, got None"
        self.refused(match, X_val=bad, y_val=self.y)

    @bad_target
    def test_bad_target(self, bad, match):
        if bad is None:
            match = "`y_val` must be given with the other validation rows, got None"
        self.refused(match, X_val=X, y_val=bad)

    @bad_weights
    def test_bad_weights(self, bad, match):
        self.refused(match, X_val=X, y_val=self.y, sample_weight_val=bad)

    def test_wrong_width(self):
        self.refused(
            f"`X_val`.*X has 2 features, but {self.kind.Estimator.__name__} is expecting 3",
            X_val=X[:, :2],
            y_val=self.y,
        )

    def test_wrong_names(self):
        table = pd.DataFrame(X, columns=["a", "c", "b"])
        self.refused("`X_val`.*[Ff]eature names", names=NAMES, X_val=table, y_val=self.y)

    @only_sequences
    def test_wrong_form(self):
        self.refused(r"`X_val`.*`X` must have shape \(n_samples, n_steps \* 1\)", X_val=X[:, :, None], y_val=self.y)

    def test_weights_alone(self):
        self.refused("`X_val` must be given", sample_weight_val=np.ones(40))

    @only_numbers
    def test_another_number_of_outputs(self):
        self.refused("`y_val`", X_val=X, y_val=np.column_stack([f, f]))

    @only_numbers
    def test_one_output_for_two(self, net):
        with refused("`y_val`"):
            net().fit(X, np.column_stack([f, f]), X_val=X, y_val=f)

    @only_numbers
    def test_negative_counts(self, net):
        self.refused("`y_val`.*`y` must be >= 0", model=net(loss="poisson"), X_val=X, y_val=f)

    @only_classes
    def test_another_label(self):
        expected = r"`y_val`.*`y` must hold only the classes that the model was begun with, \[.*\], got"
        self.refused(expected, X_val=X, y_val=changed(self.y, 4))

    @only_classes
    def test_an_indicator_for_labels(self):
        self.refused("`y_val`.*one column of labels, as in the first fit", X_val=X, y_val=KINDS["labels"].target(f))

    @only_numbers
    def test_their_shape_does_not_decide_the_shape_of_predictions(self, net, y):
        rows = {"X_val": X, "y_val": y[:, None]}
        assert net().fit(X, y, **rows).predict(X).shape == (40,)
        rows["y_val"] = y
        assert net().fit(X, y[:, None], **rows).predict(X).shape == (40, 1)


WIDER, NARROWER = np.column_stack([X, X[:, 0]]), X[:, :2]


@pytest.mark.parametrize("bad", [WIDER, NARROWER], ids=["wider", "narrower"])
def test_wrong_width(kind, net, y, bad):
    check_wrong_width(kind, net, y, bad)


@only_perceptrons
def test_wrong_width_of_sparse_rows(kind, net, y):
    check_wrong_width(kind, net, y, csr_matrix(WIDER))


def check_wrong_width(kind, net, y, bad):
    expected = f"X has {bad.shape[1]} features, but {kind.Estimator.__name__} is expecting 3 features as input"
    with Unchanged(kind, net(warm_start=True).fit(X, y)) as model:
        for method in (model.predict, getattr(model, kind.method), model.activations):
            with refused(expected):
                method(bad)
        for method in (model.fit, model.partial_fit, model.score):
            with refused(expected):
                method(bad, y)
    assert net().fit(X, y).fit(bad, y).n_features_in_ == bad.shape[1]


@pytest.mark.parametrize("names", [["a", "c", "b"], ["a", "b", "x"]], ids=["order", "unknown"])
def test_wrong_names(kind, net, y, names):
    good, bad = pd.DataFrame(X, columns=NAMES), pd.DataFrame(X, columns=names)
    with Unchanged(kind, net(warm_start=True).fit(good, y), good) as model:
        for method in (model.predict, model.activations):
            with refused("[Ff]eature names"):
                method(bad)
        for method in (model.fit, model.partial_fit):
            with refused("[Ff]eature names"):
                method(bad, y)


def test_names_in_one_place_only(kind, net, y):
    """scikit-learn warns, and so does the short way to a prediction."""
    table = pd.DataFrame(X, columns=NAMES)
    with pytest.warns(UserWarning, match="X does not have valid feature names"):
        net().fit(table, y).predict(X)
    with pytest.warns(UserWarning, match=f"X has feature names, but {kind.Estimator.__name__} was fitted without"):
        net().fit(X, y).predict(table)


@methods
def test_names_of_a_failed_call_are_forgotten(kind, net, y, method):
    table = pd.DataFrame(X, columns=NAMES)
    with Unchanged(kind, net().fit(table, y), table) as model, refused("NaN"):
        kind.train(model, method, table, changed(y, nan))
    with Unchanged(kind, net().fit(X, y)) as model, refused("NaN"):
        model.fit(table, changed(y, nan))
    fresh = net()
    with refused("NaN"):
        kind.train(fresh, method, table, changed(y, nan))
    assert not hasattr(fresh, "feature_names_in_")
    assert not hasattr(fresh, "n_features_in_")


@methods
@pytest.mark.parametrize("parameters", [{}, {"standardize": False}, {"dropout": 0.3}], ids=str)
def test_divergence_costs_nothing(kind, net, y, method, parameters):
    """It is noticed in the middle of training, when weights, moments, units and history have all moved."""
    model = kind.step(net(**parameters, solver="sgd", batch_size=10, max_iter=20).fit(X, y), X, y)
    with Unchanged(kind, model):
        model.set_params(learning_rate_init=1e200)
        with pytest.raises(ValueError, match=r"training diverged in epoch .*`learning_rate_init` \(now 1e\+200\)"):
            kind.train(model, method, 2 * X + 1, kind.target(3 * f))


def test_an_unfitted_model(kind, net, y):
    model = net()
    for method in (model.predict, getattr(model, kind.method), model.activations):
        with pytest.raises(NotFittedError, match=f"{kind.Estimator.__name__} instance is not fitted yet"):
            method(X)
    with pytest.raises(NotFittedError, match=f"{kind.Estimator.__name__} instance is not fitted yet"):
        model.score(X, y)


def test_fitted_attributes_appear_with_the_first_fit(kind, net, y):
    fitted = net(early_stopping=True).fit(pd.DataFrame(X, columns=NAMES), y)
    properties = [name for name, value in inspect.getmembers(kind.Estimator) if isinstance(value, property)]
    names = {name for name in [*vars(fitted), *properties] if name.endswith("_") and not name.startswith("_")}
    assert {"coefs_", "theta_", "loss_curve_", "n_iter_", "feature_names_in_", "best_validation_score_"} <= names
    unfitted = net()
    assert [name for name in sorted(names) if hasattr(unfitted, name)] == []


@pytest.mark.parametrize("layer", [2, -3, 100, 1.0, "first", None, nan, (0,), True])
def test_no_such_layer(net, y, layer):
    model = net(hidden_layer_sizes=(4, 3)).fit(X, y)
    with pytest.raises(ValueError, match="`layer` must be the number of one of the 2 hidden layers") as caught:
        model.activations(X, layer)
    assert repr(layer) in str(caught.value)


def test_layers_that_there_are(net, y):
    model = net(hidden_layer_sizes=(4, 3)).fit(X, y)
    widths = {layer: model.activations(X, layer).shape[-1] for layer in (0, 1, -1, -2, np.int64(1))}
    assert widths == {0: 4, 1: 3, -1: 3, -2: 4}


@only_perceptrons
def test_no_layers_at_all(net, y):
    with pytest.raises(ValueError, match=r"`layer` must be .* of the 0 hidden layers, got -1"):
        net(hidden_layer_sizes=()).fit(X, y).activations(X)


CHANGES = {
    "hidden_layer_sizes": (5,),
    "solver": "sgd",
    "loss": None,  # any other
    "standardize": False,
}
CHANGES_OF_PERCEPTRONS = {"activation": "tanh"}
CHANGES_OF_SEQUENCES = {"cell": "gru", "bidirectional": True, "n_channels": 3}


@methods
@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        pytest.param(kind, name, value, id=f"{estimator}-{name}")
        for estimator, kind in ESTIMATORS.items()
        for name, value in (
            CHANGES | (CHANGES_OF_PERCEPTRONS if kind in PERCEPTRONS.values() else CHANGES_OF_SEQUENCES)
        ).items()
    ],
    indirect=["kind"],
)
def test_another_network_cannot_go_on(kind, net, name, value, method):
    positive = kind.target(np.abs(f))
    model = net(warm_start=True).fit(X, positive)
    if value is None:
        value = next(other for other in kind.losses if other != model.loss)
    how = "warm_start=True" if method == "fit" else "partial_fit"
    with Unchanged(kind, model):
        before = model.get_params()[name]
        model.set_params(**{name: value})
        with pytest.raises(ValueError, match=f"`{how}` continues .*{name} was ") as caught:
            kind.train(model, method, X, positive)
        message = str(caught.value)
        assert "\n" not in message
        assert "`warm_start=False`" in message
        if name in ("hidden_layer_sizes", "solver", "standardize"):
            assert {"sgd": "'SGD'"}.get(value, repr(value)) in message
            assert {"adam": "'Adam'"}.get(before, repr(before)) in message
    model.set_params(**{name: value, "warm_start": False}, max_iter=30, learning_rate_init=0.1).fit(X, positive)


@methods
@only_numbers
@pytest.mark.parametrize("outputs", [2, 3])
def test_another_number_of_outputs_cannot_go_on(kind, net, y, outputs, method):
    expected = f"`y` must have 1 output, as in the first fit, got {outputs}"
    with Unchanged(kind, net(warm_start=True).fit(X, y)) as model, refused(expected):
        kind.train(model, method, X, np.column_stack([y] * outputs))


def test_from_small_steps_to_lbfgs_and_back(kind, net, y):
    with Unchanged(kind, net(warm_start=True, solver="lbfgs").fit(X, y)) as model:
        model.set_params(solver="adam")
        with pytest.raises(ValueError, match="solver was 'LBFGS' and cannot change, got 'Adam'"):
            kind.step(model, X, y)
        model.set_params(solver="lbfgs")


@methods
def test_the_same_in_other_words_can_go_on(kind, net, y, method):
    """A name and the object it stands for, a number and a tuple of it."""
    model = net(warm_start=True, hidden_layer_sizes=4).fit(X, y)
    twin = copy.deepcopy(model)
    model.set_params(hidden_layer_sizes=[4], solver=Adam(), loss=kind.losses[model.loss])
    model.set_params(**{"activation": [ReLU()]} if kind in PERCEPTRONS.values() else {"cell": Elman()})
    np.testing.assert_array_equal(kind.train(model, method, X, y).theta_, kind.train(twin, method, X, y).theta_)


@methods
@pytest.mark.parametrize(("before", "after"), [(0.0, 0.5), (0.5, 0.0), (0.2, 0.8)])
def test_another_dropout_is_heeded(kind, net, y, before, after, method):
    """Parameters are read anew at each call, and dropout moves no shapes."""
    model = kind.step(net(warm_start=True, dropout=before, hidden_layer_sizes=(50,)).fit(X, y), X, y)
    twin = copy.deepcopy(model)
    model.set_params(dropout=after)
    assert np.any(kind.train(model, method, X, y).theta_ != kind.train(twin, method, X, y).theta_)
    if after == 0:
        undisturbed = [copy.deepcopy(model).set_params(random_state=seed, batch_size="full") for seed in (1, 2)]
        np.testing.assert_array_equal(*[kind.train(one, method, X, y).theta_ for one in undisturbed])


@methods
@pytest.mark.parametrize("parameters", [{"learning_rate_init": 0.1}, {"solver": SGD(momentum=0.0)}], ids=str)
def test_numbers_may_change(kind, net, y, parameters, method):
    model = net(warm_start=True, solver="sgd").fit(X, y)
    twin = copy.deepcopy(model)
    model.set_params(**parameters)
    assert np.any(kind.train(model, method, X, y).theta_ != kind.train(twin, method, X, y).theta_)


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
@only_perceptrons
def test_the_short_way_to_a_prediction_says_the_same(kind, net, y, bad):
    """Plain arrays skip scikit-learn's validation; what is wrong with one is told in scikit-learn's words."""
    model = net().fit(X, y)
    with pytest.raises((TypeError, ValueError)) as short:
        kind.output(model, bad)
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
    "subclass": X.view(np.recarray),
}


@pytest.mark.parametrize("rows", SAME_ROWS.values(), ids=SAME_ROWS)
def test_the_short_and_the_long_way_end_in_the_same_place(kind, net, y, rows):
    model = net().fit(X, y)
    expected = kind.output(model, X)
    if rows is None:
        model, rows = net().fit(pd.DataFrame(X, columns=NAMES), y), pd.DataFrame(X, columns=NAMES)
    np.testing.assert_allclose(kind.output(model, rows), expected, rtol=1e-12, atol=1e-14)


@only_perceptrons
def test_sparse_rows_end_there_too(kind, net, y):
    model = net().fit(X, y)
    np.testing.assert_allclose(kind.output(model, csr_matrix(X)), kind.output(model, X), rtol=1e-12, atol=1e-14)


def test_finite_rows_whose_squares_overflow_are_fine(kind, net, y):
    """Whether X is finite is told from a sum of squares, and where that overflows, from every number."""
    model = net().fit(X, y)
    huge = np.full((40, 3), 1e307)
    one_by_one = np.concatenate([kind.output(model, huge[row : row + 1]) for row in range(40)])
    assert np.isfinite(one_by_one).all()
    np.testing.assert_allclose(kind.output(model, huge), one_by_one)


@only_perceptrons
@pytest.mark.parametrize(("value", "got"), [(nan, "NaN"), (inf, "infinity"), (-inf, "infinity")], ids=str)
@pytest.mark.parametrize("row", [0, 40_000, 79_999])
def test_a_fault_anywhere_in_many_rows_is_found(kind, net, y, tmp_path, row, value, got):
    """Rows are looked at a block at a time, those of a memory-mapped file too."""
    model = net().fit(X, y)
    many = np.tile(X, (80_000 // len(X), 1)).astype(np.float32)
    many[row, 1] = value
    many.tofile(tmp_path / "X")
    for rows in (many, np.asfortranarray(many), np.memmap(tmp_path / "X", np.float32, "r").reshape(many.shape)):
        with pytest.raises(ValueError, match=f"Input X contains {got}"):
            kind.output(model, rows)


@pytest.mark.parametrize("dtype", [np.float32, np.float16, int, np.uint8, bool], ids=lambda dtype: dtype.__name__)
def test_other_numbers_are_read_as_floats(kind, net, y, dtype):
    rows = (10 * X).astype(dtype)
    model = net().fit(X, y)
    np.testing.assert_array_equal(kind.output(model, rows), kind.output(model, rows.astype(np.float64)))


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (None, "`y` must have no missing values, got None in row 5"),
        (inf, "`y` must be finite, got inf"),
        ("a", "`y` must be numeric, got an array of objects: could not convert string to float: 'a'"),
    ],
)
def test_numbers_among_objects(bad, message):
    objects = X[:, 0].astype(object)
    objects[5] = bad
    kind = KINDS["numbers"]
    model = kind.make(max_iter=2, n_iter_no_change=inf).fit(X, X[:, 0])
    with pytest.raises(ValueError, match=re.escape(message)):
        model.fit(X, objects)
    with pytest.raises(ValueError, match=re.escape(message)):
        model.score(X, objects)


def test_a_missing_date_is_no_class():
    dates = np.where(f > 0, "2026-01-01", "NaT").astype("M8[D]")
    with pytest.raises(ValueError, match=f"`y` must have no missing values, got NaT in row {(f <= 0).argmax()}"):
        KINDS["classes"].make().fit(X, dates)


def test_a_class_in_place_of_a_loss_has_no_say_in_the_tags():
    assert is_regressor(KINDS["numbers"].make(loss=Quantile))


def test_a_metric_is_no_scorer(kind, net, y):
    with pytest.raises(ValueError, match="`monitor` must be a scorer, as `make_scorer` makes one of a metric"):
        net(monitor=r2_score, early_stopping=True).fit(X, y)


def test_a_monitor_without_weights_says_so(kind, net, y):
    with pytest.raises(ValueError, match=r"`monitor` .* predicts with sample weights, got "):
        net(monitor=lambda estimator, X, y: 1.0, early_stopping=True).fit(X, y, sample_weight=np.ones(len(y)))


def test_a_class_in_place_of_an_object_is_told():
    with pytest.raises(TypeError, match=r"`loss` must be an object, such as Gaussian\(\), got <class"):
        BatchMLPRegressor(loss=Gaussian).fit([[0.0], [1.0]], [0.0, 1.0])


def test_a_schedule_below_zero_is_refused():
    with pytest.raises(ValueError, match=r"`learning_rate\(step, total\)` must be a real number in \[0, inf\), got"):
        BatchMLPRegressor(learning_rate=lambda step, total: -1.0 if step else 1.0).fit([[0.0], [1.0]], [0.0, 1.0])


@pytest.mark.parametrize("factor", [-1.0, "half"])
def test_a_schedule_is_checked_before_a_stream_goes_on(factor):
    model = BatchMLPRegressor().partial_fit([[0.0], [1.0]], [0.0, 1.0])
    model.set_params(learning_rate=lambda step, total: factor)
    with pytest.raises((TypeError, ValueError), match=r"`learning_rate\(step, total\)` must be a real number in"):
        model.partial_fit([[0.0], [1.0]], [0.0, 1.0])


@pytest.mark.parametrize("name", ["coefs_", "intercepts_", "theta_", "n_layers_"])
def test_what_is_fitted_is_asked_for_too_soon(name):
    with pytest.raises(NotFittedError, match="not fitted yet"):
        getattr(BatchMLPRegressor(), name)
    assert not hasattr(BatchMLPRegressor(), name)


@pytest.mark.parametrize("far", [csr_array([[1e300, 0.0]]), [[1e300, 0.0]], np.array([[1e300, 0.0]])])
def test_rows_beyond_the_precision_of_the_model_are_refused(far):
    X = np.random.default_rng(0).normal(size=(20, 2)).astype(np.float32)
    model = BatchMLPRegressor(max_iter=1, n_iter_no_change=np.inf).fit(X, X[:, 0])
    with pytest.raises(ValueError, match=r"`X` must be within \+-3.4e\+38 for a model fitted to float32, got 1e\+300"):
        model.predict(far)


@pytest.mark.parametrize("loss", [Huber((1.0, 2.0)), LogCosh((1.0, 2.0), absolute=True)], ids=str)
def test_as_many_deltas_as_outputs(loss):
    X, y = np.eye(3), np.arange(9.0).reshape(3, 3)
    with pytest.raises(ValueError, match="`delta` must be one number, or one for each of the 3 outputs, got 2"):
        BatchMLPRegressor(loss=loss).fit(X, y)


@pytest.mark.parametrize(
    ("offset", "dtype", "coarse"), [(1.7e9, np.float32, True), (1.7e9, np.float64, False), (0.0, np.float32, False)]
)
def test_a_target_between_whose_numbers_float32_has_no_others_is_told(offset, dtype, coarse):
    X = np.random.default_rng(0).normal(size=(40, 2))
    model = BatchMLPRegressor(max_iter=1, n_iter_no_change=np.inf)
    told = pytest.warns(match=r"predictions in float32 come in steps of 2e.02") if coarse else nullcontext()
    with told:
        model.fit(X.astype(dtype), X[:, 0] + offset)


@pytest.mark.parametrize(("steps", "coarse"), [(5, True), (20, False)])
def test_a_target_is_coarse_below_ten_steps_of_its_precision(steps, coarse):
    """Around 1 / (steps * eps) float32 has a number every 1 / steps; the target has a standard deviation of one."""
    X = np.random.default_rng(0).normal(size=(40, 2)).astype(np.float32)
    y = X[:, 0] / X[:, 0].std().astype(float) + 1 / (steps * np.finfo(np.float32).eps)
    with pytest.warns(match="predictions in float32 come in steps of") if coarse else nullcontext():
        BatchMLPRegressor(max_iter=1, n_iter_no_change=np.inf).fit(X, y)


NOT_THERE = {
    "NA": pd.Series(["a", "b", "a"], dtype="string").mask([False, True, False]),
    "NaN": np.array(["a", np.nan, "a"], object),
    "None": np.array(["a", None, "b"], object),
}


@pytest.mark.parametrize("y", NOT_THERE.values(), ids=NOT_THERE)
def test_a_missing_label_is_told(y):
    with pytest.raises(ValueError, match=r"`y` must have no missing values, got .* in row 1"):
        BatchMLPClassifier().fit(np.eye(3), y)


def test_classes_to_come_are_of_one_kind_and_as_many_as_columns():
    X = np.eye(3)
    with pytest.raises(TypeError, match="`classes` must be labels of one kind, got"):
        BatchMLPClassifier().partial_fit(X, ["a", "b", "a"], classes=["a", None, "b"])
    indicator = np.array([[1, 0], [1, 1], [0, 1]])
    with pytest.raises(ValueError, match="`classes` must have an entry for each of the 2 columns of y, got 4"):
        BatchMLPClassifier().partial_fit(X, indicator, classes=["a", "b", "c", "d"])
    model = BatchMLPClassifier().partial_fit(X, indicator, classes=["a", "b"])
    with pytest.raises(ValueError, match="`classes` must have an entry for each of the 2 columns of y, got 1"):
        model.partial_fit(X, indicator, classes=["a"])


def test_an_initializer_that_draws_another_shape_is_told():
    class Square:
        def samplers(self, n_in, n_out):
            return lambda rng, shape: np.ones((2, 2)), lambda rng, shape: np.zeros(shape)

    with pytest.raises(ValueError, match=r"an initializer must draw W of shape \(1, 100\), got shape \(2, 2\)"):
        BatchMLPRegressor(init=Square()).fit([[0.0], [1.0]], [0.0, 1.0])
