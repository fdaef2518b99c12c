"""The units at both ends of an estimator's network: set by the first rows, moved by later ones."""

from __future__ import annotations

from abc import ABCMeta

import numpy as np

from ..network.model import Model
from ..optimize.training import TrainingState, factor_at
from ._fitted import FittedNetwork
from ._reading import Data
from ._scaling import Scaling
from ._settings import Settings
from ._targets import Target
from ._threads import suitable_blas_threads

# How far partial_fit moves the output bias towards new rows: half way at this learning rate, given many rows.
SHIFT_RATE = 1e-3
SHIFT_ROWS = 100


class MovingUnits(FittedNetwork, metaclass=ABCMeta):
    """What ``standardize=True`` does in `fit` and `partial_fit`.

    ``_scaling`` holds the statistics behind the units, for the next call.
    """

    _target: Target
    _scaling: Scaling
    learning_rate_init: float

    def _begin_units(self, model: Model, data: Data) -> None:
        """Set the units at both ends from the first data, and start at the best constant prediction in these units."""
        self._scaling = Scaling.of(data, model.network)
        shift, inverse_scale, units = self._scaling.update(data, model.loss)
        model.loss = self._scaling.within_reach(model.loss)
        model.set_units(shift, inverse_scale, units)
        model.start_at_constant(*data.targets(units.standardize(data.y), data.weight))

    def _follow_units(
        self, settings: Settings, model: Model, state: TrainingState, data: Data, scaling: Scaling
    ) -> None:
        """Adapt the units at both ends to the data, and the optimiser's moments to the units.

        A target that has never varied says nothing about its scale. If no output has varied so far and all do now, what
        was learnt means nothing in the new units: the output layer restarts at the best constant for the two targets
        mean - sd and mean + sd.
        """
        X_never_varied, y_never_varied = ~self._scaling.X_has_varied, not self._scaling.y_has_varied.any()
        shift, inverse_scale, units = scaling.update(data, model.loss)
        self._scaling, model.loss = scaling, scaling.within_reach(model.loss)
        factor = model.move_units(shift, inverse_scale, X_never_varied, units)
        if self._target.has_units and y_never_varied and not scaling.y.constant().any():
            model.start_at_constant(units.standardize(scaling.y.mean + scaling.y.sd() * [[-1.0], [1.0]]), None)
            state.moments = settings.moments(model)
        else:
            settings.solver.rescale(state.moments, factor)

    def _shift_output_bias(self, settings: Settings, model: Model, state: TrainingState, data: Data) -> None:
        """Move the output bias towards new rows; further with more rows and with a higher learning rate."""
        rate = self.learning_rate_init * factor_at(settings.schedule, state.steps, None)
        rows = data.n * data.mean_weight()
        share = rate / (rate + SHIFT_RATE) * rows / (rows + SHIFT_ROWS)
        quiet = np.errstate(over="ignore", invalid="ignore")  # training will say that it diverges
        with quiet, suitable_blas_threads(model.network, data.n):
            raw = data.at_targets(self._raw_of(model, data.taken(data.X)))
            model.shift_output_bias(raw, *data.targets(model.units.standardize(data.y), data.weight), share)
