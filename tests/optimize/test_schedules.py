"""Schedules: factors between 0 and 1, known points of each, and who knows the total."""

import math
import pickle
from dataclasses import fields, replace

import numpy as np
import pytest

from skbackprop.optimize.schedules import SCHEDULES, Constant, Cosine, InverseScaling, OneCycle, StepDecay, Warmup

CASES = {
    **SCHEDULES,
    "invscaling with power": InverseScaling(0.9),
    "cosine with floor": Cosine(floor=0.1),
    "one_cycle with shape": OneCycle(rise=0.6, start=0.3, end=0.2),
    "step with stages": StepDecay(stages=5, drop=0.5),
    "warmup": Warmup(10),
    "warmup, then cosine": Warmup(10, Cosine()),
    "warmup, then step": Warmup(7, StepDecay()),
}
PLANNED = {name: schedule for name, schedule in CASES.items() if schedule.ends}
FALLING = {name: schedule for name, schedule in CASES.items() if not isinstance(schedule, OneCycle | Warmup)}
TOTAL = 60

every_schedule = pytest.mark.parametrize("schedule", CASES.values(), ids=CASES)


def factors(schedule, total=TOTAL, steps=TOTAL):
    return np.array([schedule(step, total) for step in range(steps)])


@every_schedule
@pytest.mark.parametrize("total", [1, 2, 7, 60, 1000])
def test_factors_lie_between_zero_and_one(schedule, total):
    """Also beyond the total, as where training goes on after its planned end."""
    series = factors(schedule, total, 2 * total + 20)
    assert (series >= 0).all()
    assert (series <= 1).all()


@every_schedule
def test_the_factor_is_a_float_that_depends_on_the_step_alone(schedule):
    assert all(type(schedule(step, TOTAL)) is float for step in (0, 1, 30, 59, 60))
    np.testing.assert_array_equal(factors(schedule), factors(schedule))


@every_schedule
def test_training_starts_at_a_rate_that_moves(schedule):
    assert schedule(0, TOTAL) > 0


@pytest.mark.parametrize("schedule", FALLING.values(), ids=FALLING)
def test_factors_start_at_one_and_never_rise(schedule):
    series = factors(schedule)
    assert series[0] == 1.0
    assert (np.diff(series) <= 0).all()


@pytest.mark.parametrize("schedule", PLANNED.values(), ids=PLANNED)
def test_a_planned_schedule_stays_at_its_last_factor_beyond_the_total(schedule):
    assert schedule(TOTAL, TOTAL) == schedule(10 * TOTAL, TOTAL)


@pytest.mark.parametrize("schedule", PLANNED.values(), ids=PLANNED)
def test_a_planned_schedule_must_know_its_total(schedule):
    with pytest.raises(ValueError, match=r"must be told its `total` number of steps .* got total=None"):
        schedule(20, None)


@pytest.mark.parametrize("schedule", [s for s in CASES.values() if not s.ends], ids=repr)
def test_other_schedules_need_no_total(schedule):
    np.testing.assert_array_equal([schedule(step, None) for step in range(TOTAL)], factors(schedule))


@pytest.mark.parametrize("schedule", [s for s in PLANNED.values() if "total" in {f.name for f in fields(s)}], ids=repr)
def test_the_total_that_a_schedule_was_given_goes_first(schedule):
    own = replace(schedule, total=TOTAL)
    for total in (None, 7, 1000):
        np.testing.assert_array_equal(factors(own, total), factors(schedule))


@every_schedule
def test_is_hashable_and_equal_to_its_pickle(schedule):
    assert len({schedule, pickle.loads(pickle.dumps(schedule))}) == 1


def test_the_error_names_the_schedule_and_shows_the_remedy():
    with pytest.raises(ValueError, match=r"`learning_rate` Cosine .* as in Cosine\(total=10000\)"):
        Cosine()(0, None)


def test_constant_is_one():
    np.testing.assert_array_equal(factors(Constant()), 1.0)


def test_inverse_scaling_is_a_power_of_the_step():
    np.testing.assert_allclose(factors(InverseScaling(0.5))[[0, 3, 8]], [1, 1 / 2, 1 / 3])
    np.testing.assert_array_equal(factors(InverseScaling(0.0)), 1.0)


def test_cosine_at_known_points():
    np.testing.assert_allclose([Cosine()(step, 6) for step in (0, 2, 3, 4, 6)], [1, 0.75, 0.5, 0.25, 0], atol=1e-15)
    np.testing.assert_allclose([Cosine(0.2)(step, 6) for step in (0, 3, 6)], [1, 0.6, 0.2], atol=1e-15)
    np.testing.assert_array_equal(factors(Cosine(floor=1.0)), 1.0)


def test_one_cycle_at_known_points():
    cycle = OneCycle(rise=0.25, start=0.2, end=0.1)
    known = {0: 0.2, 5: 0.6, 10: 1.0, 25: 0.55, 40: 0.1}
    np.testing.assert_allclose([cycle(step, 40) for step in known], list(known.values()), atol=1e-14)


def test_one_cycle_rises_then_falls():
    differences = np.diff(factors(OneCycle(rise=0.5)))
    assert (differences[:29] > 0).all()
    assert (differences[30:] < 0).all()


def test_one_cycle_is_continuous_at_its_top():
    assert np.abs(np.diff(factors(OneCycle(), 10_000, 10_000))).max() < 1e-3


@pytest.mark.parametrize("stages", [1, 2, 3, 7, 10, 49, 100])
@pytest.mark.parametrize("length", [1, 2, 13])
def test_step_decay_has_stages_of_equal_length(stages, length):
    total = stages * length
    series = factors(StepDecay(stages=stages, drop=0.9), total, total)
    np.testing.assert_allclose(series, 0.9 ** (np.arange(total) // length), rtol=1e-12)


def test_step_decay_at_known_points():
    np.testing.assert_allclose([StepDecay()(step, 9) for step in range(9)], [1] * 3 + [0.1] * 3 + [0.01] * 3)
    np.testing.assert_array_equal(factors(StepDecay(drop=1.0)), 1.0)


def test_warmup_rises_in_a_line_to_one():
    np.testing.assert_allclose(factors(Warmup(4), steps=6), [0.25, 0.5, 0.75, 1, 1, 1])


@pytest.mark.parametrize("then", SCHEDULES.values(), ids=SCHEDULES)
def test_after_the_warmup_the_other_clock_starts_and_ends_with_the_total(then):
    schedule = Warmup(10, then)
    assert schedule.ends == then.ends
    np.testing.assert_array_equal(factors(schedule)[10:], factors(then, TOTAL - 10, TOTAL - 10))


def test_a_warmup_as_long_as_the_total_or_longer_is_all_there_is():
    for steps in (TOTAL, 2 * TOTAL):
        np.testing.assert_allclose(factors(Warmup(steps, Cosine())), np.arange(1, TOTAL + 1) / steps)
    assert math.isfinite(Warmup(10, Cosine())(12, 5))


def test_what_follows_a_warmup_says_at_the_first_step_that_it_lacks_a_total():
    with pytest.raises(ValueError, match="Cosine must be told its `total`"):
        Warmup(1000, Cosine())(0, None)
    assert Warmup(10, Cosine(total=20))(0, None) == 0.1


def test_any_function_may_follow_a_warmup():
    schedule = Warmup(2, lambda step, total: 1 / (1 + step))
    np.testing.assert_allclose(factors(schedule, steps=4), [0.5, 1, 1, 0.5])
    assert not schedule.ends


def test_warmups_may_be_nested():
    np.testing.assert_allclose(factors(Warmup(2, Warmup(2)), steps=5), [0.5, 1, 0.5, 1, 1])


@pytest.mark.parametrize(
    ("make", "arguments", "error", "name"),
    [
        (InverseScaling, {"power": -0.5}, ValueError, "power"),
        (Cosine, {"floor": 1.5}, ValueError, "floor"),
        (Cosine, {"total": 0}, ValueError, "total"),
        (Cosine, {"total": 10.0}, TypeError, "total"),
        (OneCycle, {"rise": 0.0}, ValueError, "rise"),
        (OneCycle, {"rise": 1.0}, ValueError, "rise"),
        (OneCycle, {"start": -0.1}, ValueError, "start"),
        (OneCycle, {"end": 2.0}, ValueError, "end"),
        (OneCycle, {"total": -1}, ValueError, "total"),
        (StepDecay, {"stages": 0}, ValueError, "stages"),
        (StepDecay, {"drop": 0.0}, ValueError, "drop"),
        (StepDecay, {"drop": 1.1}, ValueError, "drop"),
        (StepDecay, {"total": True}, TypeError, "total"),
        (Warmup, {"steps": 0}, ValueError, "steps"),
        (Warmup, {"steps": 1.5}, TypeError, "steps"),
        (Warmup, {"steps": 5, "then": "cosine"}, TypeError, "then"),
        (Warmup, {"steps": 5, "then": Cosine}, TypeError, "then"),
    ],
)
def test_a_bad_hyper_parameter_is_named(make, arguments, error, name):
    with pytest.raises(error, match=f"`{name}` must be "):
        make(**arguments)
