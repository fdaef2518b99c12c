"""The running mean of the weights, and how near to a minimum it is."""

import numpy as np
import pytest

from skbackprop.optimize.averaging import EARLY, SHARE, RunningMean


def means(values, **options):
    mean, theta = RunningMean(**options), np.empty(1)
    for value in values:
        theta[:] = value
        yield mean.update(theta).item()


def test_early_values_stand_alone():
    values = list(range(1, EARLY + 1))
    assert list(means(values)) == values


def test_later_ones_enter_by_their_share():
    values = np.random.default_rng(0).normal(size=100)
    expected = values[0]
    for t, (value, mean) in enumerate(zip(values, means(values), strict=True), start=1):
        expected += max(SHARE, min(1.0, EARLY / t)) * (value - expected)
        assert mean == pytest.approx(expected, abs=1e-12)


def test_a_share_of_one_is_the_vector_itself():
    theta = np.zeros(3)
    assert RunningMean(share=1.0).update(theta) is theta


def test_the_mean_is_a_vector_of_its_own_and_keeps_the_dtype():
    theta, mean = np.zeros(3, np.float32), RunningMean(early=1)
    mean.update(theta)
    theta += 1
    kept = mean.update(theta)
    assert kept is not theta
    assert kept.dtype == np.float32
    assert (theta == 1).all()


def test_the_noise_of_a_constant_rate_is_averaged_out():
    """theta <- theta - rate (theta + noise) goes on around 0; a mean over about seven values is nearer to it."""
    rng, theta, mean = np.random.default_rng(0), np.zeros(2000), RunningMean()
    for _ in range(200):
        theta -= 0.9 * (theta + rng.normal(size=theta.size))
        near = mean.update(theta)
    assert np.std(near) < 0.5 * np.std(theta)
