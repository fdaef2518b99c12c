"""Judges of a series of numbers: when they lose patience, and what they remember."""

import math

import numpy as np
import pytest

from skbackprop.optimize.progress import BestSoFar, Patience, Plateau


def exhausted_at(judge, series):
    """The number of values, from 1, at which patience ends; None if it does not."""
    return next((at for at, value in enumerate(series, start=1) if judge.exhausted_by(value)), None)


@pytest.mark.parametrize("limit", [1, 2, 10])
@pytest.mark.parametrize("tol", [0.0, 1e-4])
def test_a_flat_series_ends_after_limit_values_that_followed_the_first(limit, tol):
    assert exhausted_at(Patience(limit, tol), [3.0] * 50) == limit + 1


def test_a_falling_series_never_ends():
    assert exhausted_at(Patience(3, 1e-4), np.linspace(1, 0, 1000)) is None


def test_a_fall_by_more_than_tol_starts_the_waiting_anew():
    series = [1.0, 1.0, 1.0, 0.9, 0.9, 0.9, 0.9]
    assert exhausted_at(Patience(3, 0.05), series) == 7
    assert exhausted_at(Patience(3, 0.5), series) == 4


def test_a_fall_by_tol_or_less_is_none():
    assert exhausted_at(Patience(3, 0.25), [1.0, 0.75, 0.5, 0.25]) == 4
    assert exhausted_at(Patience(3, 0.25), [1.0, 0.7, 0.4, 0.1]) is None


def test_small_falls_still_lower_the_best():
    """So a slow creep does not add up to an improvement."""
    patience = Patience(10, 0.5)
    assert exhausted_at(patience, 1 - 0.01 * np.arange(100)) == 11
    assert patience.best == pytest.approx(0.9)


def test_waiting_is_over_at_the_first_bad_value_again_if_nobody_listens():
    patience = Patience(2, 0.0)
    assert [patience.exhausted_by(1.0) for _ in range(5)] == [False, False, True, True, True]


def test_an_infinite_limit_never_ends():
    assert exhausted_at(Patience(math.inf, 0.0), [1.0] * 1000) is None


def test_negative_values_and_scores_turned_around_are_fine():
    assert exhausted_at(Patience(2, 0.0), [-0.1, -0.5, -0.4, -0.4]) == 4


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_value_that_is_no_number_is_no_improvement(bad):
    assert exhausted_at(Patience(2, 0.0), [1.0, bad, bad]) == 3
    patience = Patience(5, 0.0)
    exhausted_at(patience, [1.0, bad])
    assert patience.best == 1.0


def test_restart_forgets_the_best_and_the_waiting():
    patience = Patience(2, 0.0)
    exhausted_at(patience, [1.0, 1.0])
    patience.restart()
    assert exhausted_at(patience, [5.0, 5.0, 5.0]) == 3


def test_patience_leaves_the_rate_alone():
    patience = Patience(1, 0.0)
    exhausted_at(patience, [1.0] * 5)
    assert patience.factor == 1.0


def test_a_plateau_cuts_the_rate_where_patience_ends_and_goes_on():
    plateau = Plateau(Patience(2, 0.0), rate=0.1)
    seen = []
    for _ in range(7):
        assert not plateau.exhausted_by(1.0)
        seen.append(plateau.factor)
    np.testing.assert_allclose(seen, [1, 1, 1 / 5, 1 / 5, 1 / 5, 1 / 25, 1 / 25])


def test_after_a_cut_the_best_starts_anew():
    """One lucky value below all that follows costs one cut, not one after the other."""
    plateau = Plateau(Patience(2, 0.0), rate=0.1)
    assert exhausted_at(plateau, [0.1, 9.0, 9.0]) is None
    assert plateau.factor == pytest.approx(1 / 5)
    assert exhausted_at(plateau, [8.0, 7.0, 6.0, 5.0, 4.0, 3.0]) is None
    assert plateau.factor == pytest.approx(1 / 5)


def test_a_plateau_gives_up_at_the_smallest_rate():
    """0.01 is cut to 1e-3, 1e-4 and 1e-5, each time after one value to beat and one that does not; then it is over."""
    plateau = Plateau(Patience(1, 0.0), rate=0.01, divisor=10.0, smallest=1.5e-5)
    assert exhausted_at(plateau, [1.0] * 50) == 8
    assert plateau.factor == pytest.approx(1e-3)


def test_a_rate_below_the_smallest_is_not_cut_at_all():
    plateau = Plateau(Patience(1, 0.0), rate=1e-7)
    assert exhausted_at(plateau, [1.0] * 50) == 2
    assert plateau.factor == 1.0


def test_a_plateau_does_nothing_while_values_fall():
    plateau = Plateau(Patience(2, 0.0), rate=0.1)
    assert exhausted_at(plateau, np.linspace(1, 0, 100)) is None
    assert plateau.factor == 1.0


def test_best_so_far_keeps_the_first_of_the_smallest():
    best, theta = BestSoFar(), np.zeros(2)
    for epoch, value in enumerate([3.0, 1.0, 2.0, 1.0], start=1):
        theta[:] = epoch
        best.update(epoch, value, theta)
    assert (best.epoch, best.value) == (2, 1.0)
    np.testing.assert_array_equal(best.theta, [2.0, 2.0])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_best_so_far_is_a_copy_that_keeps_its_memory(dtype):
    best, theta = BestSoFar(), np.ones(2, dtype)
    best.update(1, 3.0, theta)
    memory = best.theta
    assert not np.shares_memory(memory, theta)
    theta[:] = 7.0
    np.testing.assert_array_equal(best.theta, [1.0, 1.0])
    best.update(2, 2.0, theta)
    assert best.theta is memory
    assert best.theta.dtype == dtype
    np.testing.assert_array_equal(best.theta, [7.0, 7.0])


def test_best_so_far_has_seen_nothing_at_first_and_ignores_nan():
    best = BestSoFar()
    best.update(1, math.nan, np.ones(2))
    assert (best.epoch, best.value, best.theta) == (None, math.inf, None)


def test_of_equals_the_one_of_the_lower_tie_is_best():
    best = BestSoFar()
    for epoch, (value, tie) in enumerate([(1.0, 5.0), (1.0, 4.0), (1.0, 4.5), (2.0, 0.0)], 1):
        best.update(epoch, value, np.array([epoch]), tie=tie)
    assert (best.epoch, best.theta.tolist()) == (2, [2])
