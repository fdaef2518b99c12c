"""Frozen dataclasses: a constructor that is called with something else says in one sentence what it takes."""

import inspect
import pickle
from dataclasses import dataclass, replace

import numpy as np
import pytest

from skbackprop import LBFGS, LSTM, SGD, Adam, AdamW, ClassLoss, Cosine, Dense, LeakyReLU, Quantile, ReLU

RATE = "; the learning rate is a parameter of the estimator, `learning_rate_init`"
OF_ADAM = "takes only beta_1, beta_2, epsilon, weight_decay by name, got"


@pytest.mark.parametrize(
    ("part", "args", "options", "message"),
    [
        (AdamW, (), {"lr": 0.01}, f"`AdamW` {OF_ADAM} lr=0.01{RATE}"),
        (Adam, (0.1,), {}, f"`Adam` {OF_ADAM} 0.1{RATE}"),
        (Adam, (), {"betas": (0.9, 0.99), "beta_1": 0.5}, f"`Adam` {OF_ADAM} betas=(0.9, 0.99){RATE}"),
        (Adam, (), {"eps": 1e-6}, f"`Adam` {OF_ADAM} eps=1e-06{RATE}"),
        (SGD, (0.1, 0.9), {}, f"`SGD` takes only momentum, nesterov, weight_decay by name, got 0.1, 0.9{RATE}"),
        (LBFGS, (), {"lr": 1}, "`LBFGS` takes only max_fun, memory, got lr=1"),
        (Cosine, (), {"T_max": 10}, "`Cosine` takes only floor, total, got T_max=10"),
        (ReLU, (0.1,), {}, "`ReLU` takes no parameters, got 0.1"),
        (LeakyReLU, (0.1, 0.2), {}, "`LeakyReLU` takes only slope, got 0.2"),
        (Quantile, (0.1, 0.9), {}, "`Quantile` takes only levels, got 0.9"),
        (LSTM, (), {"units": 3}, "`LSTM` takes only forget_bias, layer_norm, got units=3"),
        (Dense, (3,), {"actvation": 1}, "`Dense` takes only units, activation, init, got actvation=1"),
    ],
)
def test_what_is_no_field_is_refused_with_the_names_of_those_that_are(part, args, options, message):
    with pytest.raises(TypeError) as caught:
        part(*args, **options)
    assert str(caught.value) == message
    assert caught.value.__suppress_context__


def test_a_large_argument_is_shown_in_short():
    with pytest.raises(TypeError) as caught:
        Quantile([0.1], np.arange(5000.0))
    assert len(str(caught.value)) < 100
    with pytest.raises(TypeError) as caught:
        Quantile(quantiles=np.arange(5000.0))
    assert len(str(caught.value)) < 100


def test_a_constructor_of_ones_own_is_not_blamed_for_what_it_passes_on():
    class Slow(SGD):
        def __init__(self, factor):
            super().__init__(lr=factor)

    class Mine(SGD):
        pass

    with pytest.raises(TypeError, match="`SGD` takes only momentum, nesterov, weight_decay by name, got lr=2"):
        Slow(2)
    with pytest.raises(TypeError, match="`Mine` takes only momentum, nesterov, weight_decay by name, got lr=2"):
        Mine(lr=2)


def test_other_errors_of_a_constructor_are_its_own():
    with pytest.raises(TypeError, match="`beta_1` must be a real number"):
        Adam(beta_1="a")
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'units'"):
        Dense()


def test_the_signature_is_that_of_the_fields():
    assert list(inspect.signature(AdamW).parameters) == ["beta_1", "beta_2", "epsilon", "weight_decay"]
    assert all(parameter.kind is parameter.KEYWORD_ONLY for parameter in inspect.signature(AdamW).parameters.values())
    assert str(inspect.signature(LeakyReLU)) == "(slope: 'float' = 0.01) -> None"
    assert inspect.signature(Adam.__init__).parameters["beta_2"].default == 0.999


def test_a_dataclass_of_ones_own_inherits_as_before():
    @dataclass(frozen=True)
    class Scaled(ClassLoss):
        factor: float = 1.0

    assert replace(Scaled(factor=2.0), n_classes=3) == Scaled(factor=2.0, n_classes=3)
    with pytest.raises(TypeError, match="unexpected keyword argument 'size'"):
        Scaled(size=2.0)
    assert pickle.loads(pickle.dumps(AdamW(beta_1=0.5))) == AdamW(beta_1=0.5)
