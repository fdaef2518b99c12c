"""A model is refused what it was not made for: other rows than the first fit's, another network, a step too soon."""

import copy
import inspect
import math

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_matrix
from sklearn.exceptions import NotFittedError

from skbackprop import LBFGS, SGD, Adam, BatchMLPRegressor, Elman, ReLU
from tests.estimators.kinds import ESTIMATORS, PERCEPTRONS
from tests.estimators.refusals import (
    NAMES,
    NARROWER,
    WIDER,
    Unchanged,
    X,
    changed,
    f,
    methods,
    only_numbers,
    only_perceptrons,
    refused,
)

nan = math.nan


def test_an_unfitted_model(kind, net, y):
    model = net()
    for method in (model.predict, getattr(model, kind.method), model.activations):
        with pytest.raises(NotFittedError, match=f"{kind.Estimator.__name__} instance is not fitted yet"):
            method(X)
    with pytest.raises(NotFittedError, match=f"{kind.Estimator.__name__} instance is not fitted yet"):
        model.score(X, y)


@pytest.mark.parametrize("name", ["coefs_", "intercepts_", "theta_", "n_layers_"])
def test_what_is_fitted_is_asked_for_too_soon(name):
    with pytest.raises(NotFittedError, match="not fitted yet"):
        getattr(BatchMLPRegressor(), name)
    assert not hasattr(BatchMLPRegressor(), name)


def test_fitted_attributes_appear_with_the_first_fit(kind, net, y):
    fitted = net(early_stopping=True).fit(pd.DataFrame(X, columns=NAMES), y)
    properties = [name for name, value in inspect.getmembers(kind.Estimator) if isinstance(value, property)]
    names = {name for name in [*vars(fitted), *properties] if name.endswith("_") and not name.startswith("_")}
    assert {"coefs_", "theta_", "loss_curve_", "n_iter_", "feature_names_in_", "best_validation_score_"} <= names
    unfitted = net()
    assert [name for name in sorted(names) if hasattr(unfitted, name)] == []


def test_lbfgs_has_no_partial_fit(kind, net, y):
    for solver in ("lbfgs", LBFGS()):
        assert not hasattr(net(solver=solver), "partial_fit")
        with pytest.raises(AttributeError, match="partial_fit"):
            kind.step(net(solver=solver), X, y)
    assert hasattr(net(), "partial_fit")


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
    with pytest.raises(
        ValueError, match=r"`activations` must have a hidden layer to show, got hidden_layer_sizes=\(\)"
    ):
        net(hidden_layer_sizes=()).fit(X, y).activations(X)


CHANGES = {
    "hidden_layer_sizes": (6,),
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
    expected = f"`y` must have 1 output, as in training, got {outputs}"
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


@methods
@pytest.mark.parametrize("parameters", [{}, {"standardize": False}, {"dropout": 0.3}], ids=str)
def test_divergence_costs_nothing(kind, net, y, method, parameters):
    """It is noticed in the middle of training, when weights, moments, units and history have all moved."""
    model = kind.step(net(**parameters, solver="sgd", batch_size=10, max_iter=20).fit(X, y), X, y)
    with Unchanged(kind, model):
        model.set_params(learning_rate_init=1e200)
        with pytest.raises(ValueError, match=r"training diverged in epoch .*`learning_rate_init` \(now 1e\+200\)"):
            kind.train(model, method, 2 * X + 1, kind.target(3 * f))
