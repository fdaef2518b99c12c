"""An estimator of each sort, small and quick, for tests that say ``kind``, ``net`` and ``y``."""

import pytest

from tests.estimators.kinds import ENDLESS, ESTIMATORS
from tests.estimators.refusals import f


@pytest.fixture(params=ESTIMATORS.values(), ids=ESTIMATORS)
def kind(request):
    return request.param


@pytest.fixture
def net(kind):
    """Makes a small estimator of four epochs, unless told otherwise."""
    quick = {"hidden_layer_sizes": (5,), "learning_rate_init": 0.02, "max_iter": 4, "batch_size": 20}
    return lambda **parameters: kind.make(**quick | ENDLESS | parameters)


@pytest.fixture
def y(kind):
    """The target for the rows of `refusals`."""
    return kind.target(f)
