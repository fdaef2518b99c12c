"""Every optimiser: where it gets to, that it is the textbook's, and what its state is like."""

import math
import pickle

import numpy as np
import pytest

from skbackprop.optimize.optimizers import OPTIMIZERS, SGD, Adam, AdamW, RMSprop
from skbackprop.optimize.schedules import Cosine
from tests.optimize.functions import Quadratic, Rosenbrock

CASES = {
    **OPTIMIZERS,
    "sgd without nesterov": SGD(nesterov=False),
    "sgd without momentum": SGD(momentum=0.0),
    "sgd without both": SGD(momentum=0.0, nesterov=False),
    "sgd with decay": SGD(weight_decay=0.1),
    "rmsprop with rho": RMSprop(rho=0.99),
    "rmsprop with decay": RMSprop(weight_decay=0.1),
    "adam with betas": Adam(beta_1=0.5, beta_2=0.9),
    "adam without memory": Adam(beta_1=0.0, beta_2=0.0),
    "adam with decay": Adam(weight_decay=0.1),
    "adamw with epsilon": AdamW(epsilon=1e-3, weight_decay=0.2),
}
NOTHING = slice(0, 0)

every_optimizer = pytest.mark.parametrize("optimizer", CASES.values(), ids=CASES)
both_dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def textbook(optimizer, theta, gradients, rate, decays):
    """All steps of an optimiser as its paper has them: no buffers, no pieces, no rearrangement."""
    theta, zero = theta.copy(), np.zeros_like(theta)
    velocity, m, v = zero, zero, zero
    for t, g in enumerate(gradients, start=1):
        theta = theta - rate * optimizer.weight_decay * decays * theta
        match optimizer:
            case SGD():
                velocity = optimizer.momentum * velocity - rate * g
                theta = theta + (optimizer.momentum * velocity - rate * g if optimizer.nesterov else velocity)
            case RMSprop():
                v = optimizer.rho * v + (1 - optimizer.rho) * g**2
                theta = theta - rate * g / (np.sqrt(v) + optimizer.epsilon)
            case Adam():
                m = optimizer.beta_1 * m + (1 - optimizer.beta_1) * g
                v = optimizer.beta_2 * v + (1 - optimizer.beta_2) * g**2
                rate_t = rate * math.sqrt(1 - optimizer.beta_2**t) / (1 - optimizer.beta_1**t)
                theta = theta - rate_t * m / (np.sqrt(v) + optimizer.epsilon)
            case _:
                pytest.fail(f"{optimizer!r} needs its steps written out here")
    return theta


def descend(optimizer, objective, theta, rate, steps):
    """As many steps at a rate that falls to zero; weights do not decay."""
    state, schedule = optimizer.start(theta, decaying=NOTHING), Cosine()
    for step in range(steps):
        _, gradient = objective.value_and_gradient(theta)
        optimizer.step(theta, gradient, rate * schedule(step, steps), state)
    return objective.value_and_gradient(theta)[0][0]


def arrays(state):
    return {name: value for name, value in state.items() if isinstance(value, np.ndarray)}


@every_optimizer
def test_minimises_a_quadratic(optimizer):
    objective = Quadratic(minimum=[1.0, -2.0, 0.5, 0.0], curvature=[0.5, 1.0, 3.0, 5.0])
    theta = np.array([3.0, 3.0, -3.0, -3.0])
    assert descend(optimizer, objective, theta, 0.05, 1000) < 1e-6
    np.testing.assert_allclose(theta, objective.minimum, atol=1e-3)


@every_optimizer
def test_goes_far_down_the_valley_of_rosenbrock(optimizer):
    """From 24 at the start, by the best of three rates: at others, the walls of the valley throw some out."""
    with np.errstate(over="ignore", invalid="ignore"):
        reached = [
            descend(optimizer, Rosenbrock(), np.array(Rosenbrock.start), rate, 2000) for rate in (1e-3, 3e-3, 3e-2)
        ]
    assert np.nanmin(reached) < 0.1


@every_optimizer
@pytest.mark.parametrize("g", [3.0, -1e-3])
def test_step_one_is_the_formula(optimizer, g):
    theta, rate = np.array([2.0]), 0.1
    optimizer.step(theta, np.array([g]), rate, optimizer.start(theta))
    np.testing.assert_allclose(theta, textbook(optimizer, np.array([2.0]), [g], rate, 1.0), rtol=1e-14)


def test_step_one_of_each_by_hand():
    """At theta = 1 with g = 2 and rate 0.1; epsilon is too small to be seen."""
    expected = {
        SGD(momentum=0.9): 1 - (1 + 0.9) * 0.1 * 2,
        SGD(momentum=0.9, nesterov=False): 1 - 0.1 * 2,
        SGD(momentum=0.0, weight_decay=0.5): (1 - 0.1 * 0.5) * 1 - 0.1 * 2,
        RMSprop(rho=0.75): 1 - 0.1 * 2 / math.sqrt(0.25 * 4),
        Adam(): 1 - 0.1,
        AdamW(weight_decay=0.5): (1 - 0.1 * 0.5) * 1 - 0.1,
    }
    for optimizer, after in expected.items():
        theta = np.array([1.0])
        optimizer.step(theta, np.array([2.0]), 0.1, optimizer.start(theta))
        np.testing.assert_allclose(theta, after, rtol=1e-7, err_msg=repr(optimizer))


@pytest.mark.parametrize(
    "optimizer", [case for case in CASES.values() if isinstance(case, SGD | RMSprop | Adam)], ids=repr
)
@pytest.mark.parametrize("decaying", [slice(0, 12), slice(0, 5), NOTHING], ids=["all", "five", "none"])
def test_many_steps_are_the_textbook_s(optimizer, decaying, rng):
    theta, gradients = rng.standard_normal(12), rng.standard_normal((300, 12)) * np.logspace(-6, 6, 12)
    decays = np.zeros(12)
    decays[decaying] = 1.0
    expected = textbook(optimizer, theta, gradients, 0.01, decays)
    state = optimizer.start(theta, decaying=decaying)
    for gradient in gradients:
        optimizer.step(theta, gradient, 0.01, state)
    np.testing.assert_allclose(theta, expected, rtol=1e-10, atol=1e-12)


@every_optimizer
@both_dtypes
@pytest.mark.parametrize("pause", [1, 3, 256, 300])
def test_resuming_from_a_pickle_equals_no_pause_bit_for_bit(optimizer, dtype, pause, rng):
    theta, gradients = rng.standard_normal(7).astype(dtype), rng.standard_normal((520, 7)).astype(dtype)
    paused, state = theta.copy(), optimizer.start(theta, decaying=slice(0, 4))
    resumed = optimizer.start(paused, decaying=slice(0, 4))
    for at, gradient in enumerate(gradients):
        if at == pause:
            optimizer, paused, resumed = pickle.loads(pickle.dumps((optimizer, paused, resumed)))
        optimizer.step(theta, gradient, 0.01, state)
        optimizer.step(paused, gradient, 0.01, resumed)
    np.testing.assert_array_equal(paused, theta)
    for name, array in arrays(state).items():
        np.testing.assert_array_equal(resumed[name], array)


@every_optimizer
def test_the_state_is_plain_and_belongs_to_the_caller(optimizer):
    theta = np.zeros(3)
    one, other = optimizer.start(theta), optimizer.start(theta)
    optimizer.step(theta, np.ones(3), 0.1, one)
    assert isinstance(one, dict)
    assert all(isinstance(value, int | float | slice | np.ndarray) for value in one.values())
    assert not any(array.any() for array in arrays(other).values())


@every_optimizer
def test_the_gradient_is_left_as_it_is(optimizer, rng):
    theta, gradient = rng.standard_normal((2, 7))
    gradient.flags.writeable = False
    state = optimizer.start(theta)
    for _ in range(3):
        optimizer.step(theta, gradient, 0.1, state)


@every_optimizer
def test_decay_touches_only_what_decays(optimizer):
    """Where the gradient is zero, the decay is all that moves theta."""
    theta, rate, steps = np.full(6, 2.0), 0.1, 3
    state = optimizer.start(theta, decaying=slice(0, 4))
    for _ in range(steps):
        optimizer.step(theta, np.zeros(6), rate, state)
    np.testing.assert_array_equal(theta[4:], 2.0)
    np.testing.assert_allclose(theta[:4], 2.0 * (1 - rate * optimizer.weight_decay) ** steps, rtol=1e-14)


def test_adamw_is_adam_with_a_decay(rng):
    one, other = rng.standard_normal((2, 5))
    other[:] = one
    adamw, adam = AdamW(), Adam(weight_decay=AdamW().weight_decay)
    state, other_state = adamw.start(one), adam.start(other)
    for gradient in rng.standard_normal((20, 5)):
        adamw.step(one, gradient, 0.1, state)
        adam.step(other, gradient, 0.1, other_state)
    np.testing.assert_array_equal(one, other)
    assert AdamW().weight_decay > 0
    assert Adam().weight_decay == 0


@every_optimizer
@both_dtypes
def test_rescaling_the_state_is_as_if_gradients_had_always_come_in_the_new_units(optimizer, dtype, rng):
    factor = rng.uniform(0.2, 5.0, 7).astype(dtype)
    gradients = rng.standard_normal((30, 7)).astype(dtype)
    theta, other = np.zeros((2, 7), dtype)
    state, always = optimizer.start(theta), optimizer.start(other)
    for gradient in gradients:
        optimizer.step(theta, gradient, 0.01, state)
        optimizer.step(other, factor * gradient, 0.01, always)
    optimizer.rescale(state, factor)
    rtol = 1e-4 if dtype == np.float32 else 1e-12
    for name, array in arrays(always).items():
        assert state[name].dtype == dtype
        np.testing.assert_allclose(state[name], array, rtol=rtol, atol=rtol * np.abs(array).max())
    assert state.get("steps") == always.get("steps")


@every_optimizer
@both_dtypes
def test_rescaling_moves_theta_by_as_much_as_before(optimizer, dtype, rng):
    """theta itself is left to the caller: only what comes next is in the new units."""
    theta = rng.standard_normal(7).astype(dtype)
    state, before = optimizer.start(theta), theta.copy()
    optimizer.rescale(state, np.full(7, 3.0, dtype))
    np.testing.assert_array_equal(theta, before)


@every_optimizer
@both_dtypes
def test_the_dtype_of_theta_stays_everywhere(optimizer, dtype, rng):
    theta, gradients = rng.standard_normal(7).astype(dtype), rng.standard_normal((260, 7)).astype(dtype)
    state = optimizer.start(theta, decaying=slice(0, 3))
    for gradient in gradients:
        optimizer.step(theta, gradient, 0.01, state)
    assert theta.dtype == dtype
    assert {array.dtype for array in arrays(state).values()} == {np.dtype(dtype)}


@every_optimizer
def test_float32_follows_float64(optimizer, rng):
    narrow = rng.standard_normal(7).astype(np.float32)
    wide, gradients = narrow.astype(np.float64), rng.standard_normal((50, 7)).astype(np.float32)
    state, wide_state = optimizer.start(narrow), optimizer.start(wide)
    for gradient in gradients:
        optimizer.step(narrow, gradient, 0.01, state)
        optimizer.step(wide, gradient.astype(np.float64), 0.01, wide_state)
    np.testing.assert_allclose(narrow, wide, rtol=1e-4, atol=1e-5)


@every_optimizer
@both_dtypes
def test_dead_entries_do_not_become_denormal(optimizer, dtype):
    """Gradients of all sizes for a while, then zeros, as of units that have died: 5000 steps on, and on the way."""
    magnitudes = np.logspace(-8, 4, 49).astype(dtype)
    theta, zeros = np.zeros(49, dtype), np.zeros(49, dtype)
    state, smallest = optimizer.start(theta), np.finfo(dtype).smallest_normal
    denormal = set()
    for step in range(5000):
        optimizer.step(theta, magnitudes if step < 10 else zeros, 1e-3, state)
        for name, array in arrays(state).items():
            if ((array != 0) & (np.abs(array) < smallest)).any():
                denormal.add((name, step))
    assert sorted(step for _, step in denormal) == []


@every_optimizer
def test_is_hashable_and_equal_to_its_pickle(optimizer):
    assert len({optimizer, pickle.loads(pickle.dumps(optimizer))}) == 1


@pytest.mark.parametrize(
    ("make", "arguments", "error", "name"),
    [
        (SGD, {"momentum": 1.1}, ValueError, "momentum"),
        (SGD, {"momentum": "0.9"}, TypeError, "momentum"),
        (SGD, {"nesterov": 1}, TypeError, "nesterov"),
        (SGD, {"weight_decay": -1e-3}, ValueError, "weight_decay"),
        (RMSprop, {"rho": 1.0}, ValueError, "rho"),
        (RMSprop, {"epsilon": 0.0}, ValueError, "epsilon"),
        (RMSprop, {"weight_decay": math.inf}, ValueError, "weight_decay"),
        (Adam, {"beta_1": 1.0}, ValueError, "beta_1"),
        (Adam, {"beta_2": -0.1}, ValueError, "beta_2"),
        (Adam, {"beta_2": math.nan}, ValueError, "beta_2"),
        (Adam, {"epsilon": 0}, ValueError, "epsilon"),
        (AdamW, {"weight_decay": None}, TypeError, "weight_decay"),
    ],
)
def test_a_bad_hyper_parameter_is_named(make, arguments, error, name):
    with pytest.raises(error, match=f"`{name}` must be "):
        make(**arguments)
