"""A wrong parameter is refused, with one sentence that says which one, and a call that fails costs nothing."""

import math
from itertools import product
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.base import is_regressor
from sklearn.metrics import r2_score

from skbackprop import (
    GRU,
    LBFGS,
    AdamW,
    BatchMLPRegressor,
    Cosine,
    Gaussian,
    Huber,
    LogCosh,
    LogLoss,
    Quantile,
    ReLU,
    SquaredError,
    VarianceScaling,
)
from tests.estimators.kinds import ESTIMATORS, KINDS
from tests.estimators.refusals import Unchanged, X, only_perceptrons

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
    "standardize": [*FLAG, "y"],
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


def test_a_class_in_place_of_a_loss_has_no_say_in_the_tags():
    assert is_regressor(KINDS["numbers"].make(loss=Quantile))


def test_a_class_in_place_of_an_object_is_told():
    with pytest.raises(TypeError, match=r"`loss` must be an object, such as Gaussian\(\), got <class"):
        BatchMLPRegressor(loss=Gaussian).fit([[0.0], [1.0]], [0.0, 1.0])


def test_an_initializer_that_draws_another_shape_is_told():
    class Square:
        def samplers(self, n_in, n_out):
            return lambda rng, shape: np.ones((2, 2)), lambda rng, shape: np.zeros(shape)

    with pytest.raises(ValueError, match=r"an initializer must draw W of shape \(1, 100\), got shape \(2, 2\)"):
        BatchMLPRegressor(init=Square()).fit([[0.0], [1.0]], [0.0, 1.0])


@pytest.mark.parametrize("loss", [Huber((1.0, 2.0)), LogCosh((1.0, 2.0), absolute=True)], ids=str)
def test_as_many_deltas_as_outputs(loss):
    X, y = np.eye(3), np.arange(9.0).reshape(3, 3)
    with pytest.raises(ValueError, match="`delta` must be one number, or one for each of the 3 outputs, got 2"):
        BatchMLPRegressor(loss=loss).fit(X, y)


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


def test_a_schedule_below_zero_is_refused():
    with pytest.raises(ValueError, match=r"`learning_rate\(step, total\)` must be a real number in \[0, inf\), got"):
        BatchMLPRegressor(learning_rate=lambda step, total: -1.0 if step else 1.0).fit([[0.0], [1.0]], [0.0, 1.0])


@pytest.mark.parametrize("factor", [-1.0, "half"])
def test_a_schedule_is_checked_before_a_stream_goes_on(factor):
    model = BatchMLPRegressor().partial_fit([[0.0], [1.0]], [0.0, 1.0])
    model.set_params(learning_rate=lambda step, total: factor)
    with pytest.raises((TypeError, ValueError), match=r"`learning_rate\(step, total\)` must be a real number in"):
        model.partial_fit([[0.0], [1.0]], [0.0, 1.0])


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
    np.testing.assert_array_equal(model.validation_scores_, [nan] * 4)


def test_a_metric_is_no_scorer(kind, net, y):
    with pytest.raises(ValueError, match="`monitor` must be a scorer, as `make_scorer` makes one of a metric"):
        net(monitor=r2_score, early_stopping=True).fit(X, y)


def test_a_monitor_without_weights_says_so(kind, net, y):
    with pytest.raises(ValueError, match=r"`monitor` .* predicts with sample weights, got "):
        net(monitor=lambda estimator, X, y: 1.0, early_stopping=True).fit(X, y, sample_weight=np.ones(len(y)))
