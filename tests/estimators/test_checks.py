"""scikit-learn's own checks of an estimator, over several instances."""

import math
import textwrap

import numpy as np
import pytest
import sklearn
from sklearn.utils.estimator_checks import estimator_checks_generator, parametrize_with_checks
from sklearn.utils.fixes import parse_version

from skbackprop import (
    AdamW,
    BatchMLPClassifier,
    BatchMLPRegressor,
    BatchRNNClassifier,
    BatchRNNRegressor,
    Focal,
    LeakyReLU,
    PiecewiseLinearEncoder,
    Warmup,
)
from tests.estimators.kinds import ESTIMATORS, every_estimator
from tests.processes import python

ARRAY_API_CHECK = "check_array_api_input"

small = {"hidden_layer_sizes": (10,), "learning_rate_init": 0.05, "max_iter": 30, "n_iter_no_change": math.inf}
# Losses and solvers share an instance where no check is asked of one and not of the other.
INSTANCES = [
    BatchMLPRegressor(),
    BatchMLPRegressor(**small, solver="sgd", loss="huber"),
    BatchMLPRegressor(**small, solver="lbfgs"),
    BatchMLPRegressor(**small, standardize=False),
    BatchMLPRegressor(**small, standardize="target"),
    BatchMLPRegressor(**small, early_stopping=True),
    BatchMLPRegressor(**small, loss="poisson"),
    BatchMLPRegressor(**small, loss="gamma"),
    # On a dozen rows without noise a learnt variance goes to zero, and rounding errors grow as it does: small steps.
    BatchMLPRegressor(**small | {"learning_rate_init": 0.02}, loss="gaussian"),
    BatchMLPRegressor(
        **small,
        loss="quantile",
        solver=AdamW(weight_decay=0.1),
        activation=LeakyReLU(0.1),
        learning_rate=Warmup(5),
    ),
    BatchMLPClassifier(),
    BatchMLPClassifier(**small, solver="sgd", loss="squared_error"),
    BatchMLPClassifier(**small, solver="lbfgs"),
    BatchMLPClassifier(**small, standardize=False, loss=Focal(gamma=1.0)),
    BatchMLPClassifier(**small, early_stopping=True),
    BatchRNNRegressor(**small, cell="elman"),
    BatchRNNRegressor(**small | {"max_iter": 15}, cell="gru", bidirectional=True),
    BatchRNNClassifier(**small, cell="elman"),
    BatchRNNClassifier(**small | {"max_iter": 15}, cell="lstm", early_stopping=True),
    PiecewiseLinearEncoder(),
]


def name_of(check):
    return check.func.__name__


def applies(estimator, check):
    """Whether what a check asks for exists at all for this instance.

    Where rows are held out, weights do not equal repetition in any estimator: of a row given three times some copies
    can be held out. And one check of several outputs draws negative targets, which no log link takes, whatever the
    tag `positive_only` says. The array API has a test of its own.
    """
    given = estimator.get_params()
    if given.get("early_stopping") and name_of(check).startswith("check_sample_weight_equivalence"):
        return False
    if given.get("loss") in ("poisson", "gamma") and name_of(check) == "check_regressor_multioutput":
        return False
    return name_of(check) != ARRAY_API_CHECK


def all_checks():
    """The parametrisation, without what does not apply. scikit-learn 1.6 gives a generator, pytest 9 wants a list."""
    mark = parametrize_with_checks(INSTANCES).mark
    names, values = mark.args
    values = [value for value in values if applies(*getattr(value, "values", value))]
    return pytest.mark.parametrize(names, values, **mark.kwargs)


# On the toy data of the checks hardly anything converges, and none of them asks whether it did.
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@all_checks()
def test_scikit_learn_check(estimator, check):
    check(estimator)


@pytest.mark.skipif(
    parse_version(sklearn.__version__) < parse_version("1.9"), reason="scikit-learn has this check from 1.9 on"
)
def test_array_api_dispatch_changes_nothing():
    """scikit-learn runs this check only if a variable was set before SciPy was imported, hence in another process."""
    checks = [
        check
        for kind in ESTIMATORS.values()
        for _, check in estimator_checks_generator(kind.make())
        if name_of(check) == ARRAY_API_CHECK
    ]
    assert checks
    script = f"""
        from sklearn.utils.estimator_checks import estimator_checks_generator
        from skbackprop import {", ".join(ESTIMATORS)}

        for Estimator in ({", ".join(ESTIMATORS)}):
            for estimator, check in estimator_checks_generator(Estimator(max_iter=3, n_iter_no_change=float("inf"))):
                if check.func.__name__ == {ARRAY_API_CHECK!r}:
                    check(estimator)
                    print("passed")
        """
    done = python("-W", "error", "-c", textwrap.dedent(script), SCIPY_ARRAY_API="1")
    assert done.stdout.split() == ["passed"] * len(checks)


@every_estimator
@pytest.mark.parametrize("shuffle", [True, False])
def test_with_early_stopping_a_zero_weight_still_equals_an_absent_row(kind, shuffle):
    """What is left of the equivalence of weights and repetition where rows are held out."""
    rng = np.random.RandomState(0)
    X, weight = rng.normal(size=(60, 3)), rng.randint(0, 2, 60)
    y = kind.target(X @ [1.0, -2.0, 0.5])
    estimator = kind.make(early_stopping=True, shuffle=shuffle, max_iter=20, random_state=0)
    estimator.set_params(n_iter_no_change=math.inf)
    with_zeros = kind.output(estimator.fit(X, y, sample_weight=weight), X)
    without = kind.output(estimator.fit(X[weight > 0], y[weight > 0]), X)
    np.testing.assert_allclose(without, with_zeros, rtol=1e-10)
