"""What all tests share: a generator that starts the same in each of them, and helpers whose assertions explain."""

import numpy as np
import pytest

pytest.register_assert_rewrite("tests.processes", "tests.estimators.refusals")


@pytest.fixture
def rng():
    return np.random.default_rng(20240229)
