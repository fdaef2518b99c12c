"""Fields of the objects that an estimator is given, as parameters of the estimator."""

import numpy as np
import pytest
from scipy.stats import loguniform
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skbackprop import AdamW, BatchMLPRegressor, Cosine, Huber, Warmup
from tests.estimators.kinds import ENDLESS, every_estimator

X = np.random.default_rng(0).normal(size=(60, 3))
QUICK = ENDLESS | {"max_iter": 3}


def test_fields_are_listed_at_any_depth():
    model = BatchMLPRegressor(solver=AdamW(weight_decay=0.1), learning_rate=Warmup(10, Cosine(floor=0.2)))
    deep = {name: value for name, value in model.get_params().items() if "__" in name}
    assert deep["solver__weight_decay"] == 0.1
    assert deep["learning_rate__then__floor"] == 0.2
    assert model.get_params(deep=False).keys() == model.get_params().keys() - deep.keys()


@every_estimator
def test_without_objects_there_are_no_fields(kind):
    assert kind.make().get_params() == kind.make().get_params(deep=False)


def test_setting_a_field_replaces_the_object():
    decayed = AdamW(weight_decay=0.1)
    one, other = BatchMLPRegressor(solver=decayed), BatchMLPRegressor(solver=decayed)
    assert one.set_params(solver__weight_decay=0.5, solver__beta_1=0.8, alpha=0.0) is one
    assert one.solver == AdamW(weight_decay=0.5, beta_1=0.8)
    assert (one.alpha, other.solver) == (0.0, AdamW(weight_decay=0.1))
    schedule = BatchMLPRegressor(learning_rate=Warmup(10, Cosine())).set_params(learning_rate__then__floor=0.3)
    assert schedule.learning_rate == Warmup(10, Cosine(floor=0.3))


def test_an_object_and_its_fields_in_one_call():
    model = BatchMLPRegressor().set_params(loss__delta=2.0, loss=Huber())
    assert model.loss == Huber(2.0)
    assert clone(model).loss == Huber(2.0)


@pytest.mark.parametrize(
    ("parameter", "value", "message"),
    [
        ("solver__rate", 1.0, r"`solver__rate` must set one of the fields of AdamW\(\), beta_1, .*, got 'rate'"),
        ("solver__weight_decay", -1.0, r"`weight_decay` must be a real number in \[0, inf\), got -1.0"),
        ("loss__delta", 1.0, r"`loss__delta` must set a field of an object, .*, got a field of 'squared_error'"),
        ("solver__beta_1__x", 1.0, r"`solver__beta_1__x` must set a field of an object, .*, got a field of 0.9"),
        ("nothing__x", 1.0, "Invalid parameter 'nothing"),
    ],
)
def test_what_is_no_field_is_told(parameter, value, message):
    model = BatchMLPRegressor(solver=AdamW())
    with pytest.raises(ValueError, match=message):
        model.set_params(**{parameter: value})
    assert model.solver == AdamW()


def test_fields_can_be_searched():
    model = BatchMLPRegressor(solver=AdamW(), loss=Huber(), alpha=0, **QUICK)
    search = GridSearchCV(model, {"solver__weight_decay": [0.0, 1e3], "loss__delta": [0.5, 1.5]}, n_jobs=2).fit(
        X, X[:, 0]
    )
    assert search.best_estimator_.solver == AdamW(weight_decay=0.0)
    pipeline = make_pipeline(StandardScaler(), model)
    space = {"batchmlpregressor__solver__weight_decay": loguniform(1e-4, 1e-1)}
    found = RandomizedSearchCV(pipeline, space, n_iter=2, random_state=0).fit(X, X[:, 0])
    assert found.best_estimator_[-1].solver.weight_decay == next(iter(found.best_params_.values()))
