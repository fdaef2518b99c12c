"""With ``standardize=False`` and the same seed, the parameters are those of scikit-learn's MLP.

Where scikit-learn has a fault the settings stay clear of it: weights (B7: normalised per batch there),
"invscaling" (B12: counts rows there), early stopping (B6, and another thing is watched), several outputs with
L-BFGS (B2: gradient and loss do not belong together there).
"""

import numpy as np
import pytest
from hypothesis import assume, given, reject, settings
from hypothesis import strategies as st
from sklearn.metrics import mean_poisson_deviance
from sklearn.neural_network import MLPRegressor

from skbackprop import BatchMLPRegressor
from tests.estimators.kinds import PERCEPTRONS, every_perceptron

# A few epochs on raw targets are meant to end early here, and both sides say so.
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

SOLVERS = [
    {"solver": "adam"},
    {"solver": "adam", "beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-4},
    {"solver": "sgd", "momentum": 0.0},
    {"solver": "sgd", "momentum": 0.8, "nesterovs_momentum": False},
    {"solver": "sgd", "momentum": 0.9, "nesterovs_momentum": True},
]


def rows(n, n_outputs, seed, positive=False, kind=PERCEPTRONS["numbers"]):
    """Several outputs only of numbers; another kind makes its target of the first."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 4))
    y = np.sin(X[:, :1]) + X[:, 1:2] * np.arange(1, n_outputs + 1)
    y = np.exp(y / 2) if positive else y
    return X, kind.target(y[:, 0]) if n_outputs == 1 or kind.classes else y


def both(X, y, kind=PERCEPTRONS["numbers"], **parameters):
    ours = kind.make(standardize=False, n_iter_no_change=np.inf, **parameters).fit(X, y)
    theirs = kind.Peer(n_iter_no_change=np.inf, **parameters).fit(X, y)
    return ours, theirs


def assume_stability(X, y, kind, **parameters):
    """Where scikit-learn diverges, or follows the last bit of X, rounding errors grow, and nothing can be compared.

    Adam follows it where gradients are as small as rounding errors: it divides them by their own size.
    """
    peer = kind.Peer(n_iter_no_change=np.inf, **parameters)
    try:
        with np.errstate(all="ignore"):
            losses = peer.fit(X, y).loss_curve_
            before = peer.coefs_ + peer.intercepts_
            after = peer.fit(np.nextafter(X, np.inf), y).coefs_ + peer.intercepts_
    except ValueError:
        reject()
    assume(losses[-1] < 1e3)
    assume(all(np.allclose(a, b, rtol=1e-10, atol=1e-10) for a, b in zip(before, after, strict=True)))


@settings(max_examples=120, deadline=None)
@given(
    kind=st.sampled_from(list(PERCEPTRONS.values())),
    solver=st.sampled_from(SOLVERS),
    activation=st.sampled_from(["identity", "logistic", "tanh", "relu"]),
    hidden=st.lists(st.integers(1, 9), max_size=3),
    n=st.integers(5, 60),
    batch_size=st.integers(1, 60),
    shuffle=st.booleans(),
    alpha=st.sampled_from([0.0, 1e-4, 1.0]),
    n_outputs=st.integers(1, 3),
    seed=st.integers(0, 1000),
)
def test_parameters_equal_after_five_epochs(
    kind, solver, activation, hidden, n, batch_size, shuffle, alpha, n_outputs, seed
):
    X, y = rows(n, n_outputs, seed, kind=kind)
    parameters = solver | {
        "activation": activation,
        "hidden_layer_sizes": tuple(hidden),
        "batch_size": min(batch_size, n),
        "shuffle": shuffle,
        "alpha": alpha,
        "learning_rate_init": 0.01,
        "max_iter": 5,
        "random_state": seed,
    }
    assume_stability(X, y, kind, **parameters)
    ours, theirs = both(X, y, kind, **parameters)
    for mine, other in zip(ours.coefs_ + ours.intercepts_, theirs.coefs_ + theirs.intercepts_, strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(kind.output(ours, X), kind.output(theirs, X), rtol=1e-9, atol=1e-9)
    np.testing.assert_array_equal(getattr(ours, "classes_", None), getattr(theirs, "classes_", None))
    # scikit-learn reports the mean over outputs, but follows the gradient of the sum
    if n_outputs == 1 or kind.classes:
        np.testing.assert_allclose(ours.loss_curve_, theirs.loss_curve_, rtol=1e-9)
    assert (ours.n_iter_, ours.t_, ours.n_layers_, ours.n_outputs_, ours.out_activation_) == (
        theirs.n_iter_,
        theirs.t_,
        theirs.n_layers_,
        theirs.n_outputs_,
        theirs.out_activation_,
    )


def test_the_reported_loss_of_several_outputs_is_the_one_whose_gradient_is_followed():
    X, Y = rows(50, 3, 0)
    model = BatchMLPRegressor(standardize=False, alpha=0, batch_size="full", max_iter=1, n_iter_no_change=np.inf)
    model.set_params(random_state=0, learning_rate_init=1e-12).fit(X, Y)
    assert model.loss_ == pytest.approx(0.5 * np.mean(((model.predict(X) - Y) ** 2).sum(axis=1)), rel=1e-6)


@every_perceptron
@pytest.mark.parametrize("activation", ["logistic", "tanh", "relu"])
def test_lbfgs_predicts_the_same(kind, activation):
    X, y = rows(80, 1, 1, kind=kind)
    ours, theirs = (
        Model(solver="lbfgs", activation=activation, hidden_layer_sizes=(7,), random_state=0, max_iter=15, **extra)
        for Model, extra in ((kind.Estimator, {"standardize": False}), (kind.Peer, {}))
    )
    ours.fit(X, y)
    theirs.fit(X, y)
    # Where a class is all but sure, scikit-learn's 1 - p has no digits left.
    np.testing.assert_allclose(kind.output(ours, X), kind.output(theirs, X), rtol=1e-4, atol=1e-14)
    assert ours.n_iter_ == theirs.n_iter_
    assert ours.loss_ == pytest.approx(theirs.loss_, rel=1e-6)


@every_perceptron
def test_every_parameter_and_attribute_is_there(kind):
    X, y = rows(40, 1, 2, kind=kind)
    ours, theirs = both(X, y, kind, max_iter=2, random_state=0)
    defaults = kind.Peer().get_params()
    assert {name: kind.make().get_params()[name] for name in defaults} == defaults
    fitted = {name for name in vars(theirs) if name.endswith("_") and not name.startswith("_")}
    assert [name for name in fitted if not hasattr(ours, name)] == []


def test_the_loss_of_counts_is_half_the_poisson_deviance():
    X, y = rows(60, 1, 3, positive=True)
    model = BatchMLPRegressor(loss="poisson", standardize=False, alpha=0, batch_size="full", max_iter=1)
    model.set_params(n_iter_no_change=np.inf, learning_rate_init=1e-12, random_state=0).fit(X, y)
    assert model.loss_ == pytest.approx(0.5 * mean_poisson_deviance(y, model.predict(X)), rel=1e-6)


@pytest.mark.skipif(
    "loss" not in MLPRegressor().get_params(), reason="scikit-learn's MLPRegressor has losses from 1.7 on"
)
def test_poisson_has_the_same_parameters():
    X, y = rows(60, 1, 3, positive=True)
    ours, theirs = both(X, y, loss="poisson", max_iter=5, random_state=3, batch_size=7)
    for mine, other in zip(ours.coefs_ + ours.intercepts_, theirs.coefs_ + theirs.intercepts_, strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(ours.loss_curve_, theirs.loss_curve_, rtol=1e-9)
