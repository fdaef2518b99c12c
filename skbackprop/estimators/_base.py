"""What all estimators share: fit = validate, build, train, listen; partial_fit, warm_start, prediction."""

from __future__ import annotations

import copy
from abc import ABCMeta, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.sparse import issparse
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.metaestimators import available_if

from ..kernels import kernels_in_force
from ..network.losses import Loss, Units
from ..network.model import Model
from ..network.network import Network
from ..optimize.full_batch import LBFGS
from ..optimize.training import TrainingState
from ._callbacks import CallbackSupportMixin, EpochTasks, with_callbacks
from ._fitted import FittedNetwork
from ._reading import FLOATS, Data, drop_zero_weights, read_weight, read_xy, set_aside
from ._scaling import Scaling
from ._session import Session
from ._settings import Settings, check_same, is_name, read_settings

Array = np.ndarray

# How far partial_fit lets the output bias lean towards new rows: half way at this rate and many rows.
LEAN_RATE = 1e-3
LEAN_ROWS = 100


@contextmanager
def nothing_lost(estimator: Any) -> Iterator[None]:
    """If the body fails, the estimator is again what it was before."""
    before = dict(vars(estimator))
    try:
        yield
    except BaseException:
        # What scikit-learn has hung on the estimator for its callbacks is scikit-learn's to remove.
        callbacks = {name: value for name, value in vars(estimator).items() if "callback" in name}
        vars(estimator).clear()
        vars(estimator).update(before | callbacks)
        raise


def can_step(estimator: Any) -> bool:
    """Whether the solver goes forward one pass at a time, as ``partial_fit`` does."""
    if is_name(estimator.solver, "lbfgs") or isinstance(estimator.solver, LBFGS):
        raise AttributeError("`partial_fit` needs a solver that takes small steps, got solver='lbfgs'")
    return True


class BatchNetwork(FittedNetwork, CallbackSupportMixin, BaseEstimator, metaclass=ABCMeta):
    """A network, an optimiser and the loop between them, behind scikit-learn's methods.

    A leaf names its losses and says how its target is read; `model_` is all that its prediction needs.
    """

    # Kept for the next call: what the units come from, what partial_fit goes on from, which rows are held out.
    _scaling: Scaling | None = None
    _state: TrainingState | None = None
    _split_seed: int | None = None

    @property
    @abstractmethod
    def _losses(self) -> dict[str, Loss]:
        """What ``loss`` may name."""

    @abstractmethod
    def _read_target(self, y: Array, fresh: bool) -> Array:
        """y as a loss takes it: a float array of shape (n, k). A ``fresh`` one decides what predictions look like."""

    @with_callbacks
    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
    ) -> BatchNetwork:
        """Train on X and y until the loss no longer falls, or for ``max_iter`` epochs.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training rows. float32 is computed with as float32, everything else as float64.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Target, in its natural units.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights >= 0. An integer weight counts like so many equal rows.
        X_val, y_val, sample_weight_val : default=None
            Rows to validate on. Without them ``early_stopping=True`` sets ``validation_fraction`` of the training rows
            aside. A pipeline hands ``X_val`` over as it is: see the guide on ``transform_input``.

        Returns
        -------
        self : estimator
            After Ctrl-C it is fitted with the best weights so far, and the interruption goes on.
        """
        with nothing_lost(self), kernels_in_force() as self.kernel_backend_:
            interruption = self._fit(X, y, sample_weight, X_val, y_val, sample_weight_val)
        if interruption is not None:
            raise interruption
        return self

    @available_if(can_step)
    @with_callbacks
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> BatchNetwork:
        """Go through X and y once, from where the last call left off.

        Weights, the optimiser's moments, the generator and the counters continue. With ``standardize=True`` the running
        means and standard deviations take in the new rows, and the network is rewritten for them without changing the
        function it computes. Parameters are read anew at each call; ``early_stopping`` has no effect here.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        self : estimator
        """
        with nothing_lost(self), kernels_in_force() as self.kernel_backend_:
            interruption = self._partial_fit(X, y, sample_weight)
        if interruption is not None:
            raise interruption
        return self

    def _fit(self, X: Any, y: Any, weight: Any, X_val: Any, y_val: Any, weight_val: Any) -> KeyboardInterrupt | None:
        settings = read_settings(self, self._losses)
        fresh = not (self.warm_start and self.__sklearn_is_fitted__())
        data = self._read(settings, X, y, weight, fresh, FLOATS if fresh else self.theta_.dtype)
        held_out = self._read_held_out(settings, X_val, y_val, weight_val, data.X.dtype, data.y.shape[1])
        rng = self._generator()
        model = self._build(settings, data, rng) if fresh else self._continue(settings, data, "warm_start=True")
        if held_out is None and self.early_stopping:
            if fresh or self._split_seed is None:
                self._split_seed = int(rng.randint(np.iinfo(np.int32).max))
            data, held_out = set_aside(data, self.validation_fraction, self._split_seed if self.shuffle else None)
        state = self._begin(settings, model, rng)
        self._set_units(settings, model, state, data, fresh, Scaling(data.X.shape[1], data.y.shape[1]))
        self._state = None
        tasks = EpochTasks(self, X, y, data.weight, data.rows, self.max_iter)
        return Session(self, settings, model, state, data, held_out, tasks, self.max_iter, planned=True).run()

    def _partial_fit(self, X: Any, y: Any, weight: Any) -> KeyboardInterrupt | None:
        settings = read_settings(self, self._losses)
        fresh = not self.__sklearn_is_fitted__()
        data = self._read(settings, X, y, weight, fresh, FLOATS if fresh else self.theta_.dtype)
        rng = self._generator()
        model = self._build(settings, data, rng) if fresh else self._continue(settings, data, "partial_fit")
        if fresh or self._state is None:
            state = self._begin(settings, model, rng)
            state.epochs, state.rows = (0, 0) if fresh else (self.n_iter_, self.t_)
        else:
            state = copy.deepcopy(self._state)
            state.theta, state.noise = model.theta, state.noise or self._noise(rng)
        scaling = Scaling(data.X.shape[1], data.y.shape[1]) if fresh else copy.deepcopy(self._scaling)
        self._set_units(settings, model, state, data, fresh, scaling)
        if settings.standardize and not fresh:
            rate = self.learning_rate_init * settings.schedule(state.steps, None) * state.rate_factor
            rows = data.n * data.mean_weight()
            share = rate / (rate + LEAN_RATE) * rows / (rows + LEAN_ROWS)
            target = model.units.standardize(data.taken(data.y))
            model.lean(data.taken(data.X), target, data.taken(data.weight), share)
        self._state = state
        tasks = EpochTasks(self, X, y, data.weight, data.rows, 1)
        return Session(self, settings, model, state, data, None, tasks, 1, planned=False).run()

    def _generator(self) -> np.random.RandomState:
        """The source of all randomness; never NumPy's global one, which nobody could pickle with the model."""
        return np.random.RandomState() if self.random_state is None else check_random_state(self.random_state)

    def _read(self, settings: Settings, X: Any, y: Any, sample_weight: Any, fresh: bool, dtype: Any) -> Data:
        X, y = read_xy(self, X, y, reset=fresh, dtype=dtype)
        weight = read_weight(sample_weight, X.shape[0])
        y = self._read_target(y, fresh)
        settings.loss.check(y)
        return drop_zero_weights(X, y, weight)

    def _read_held_out(
        self, settings: Settings, X: Any, y: Any, sample_weight: Any, dtype: Any, n_outputs: int
    ) -> Data | None:
        if X is None and y is None and sample_weight is None:
            return None
        if X is None or y is None:
            raise ValueError(
                f"`{'X_val' if X is None else 'y_val'}` must be given with the other validation rows, got None"
            )
        try:
            held_out = self._read(settings, X, y, sample_weight, False, dtype)
        except (TypeError, ValueError) as error:
            raise type(error)(f"validation rows (`X_val`, `y_val`, `sample_weight_val`): {error}") from None
        if held_out.y.shape[1] != n_outputs:
            raise ValueError(f"`y_val` must have {n_outputs} outputs like `y`, got {held_out.y.shape[1]}")
        return held_out

    def _build(self, settings: Settings, data: Data, rng: np.random.RandomState) -> Model:
        """A new network for these data, its weights drawn, its target in natural units."""
        width = settings.loss.raw_width(data.y)
        network = Network(settings.layers(width), data.X.shape[1:])
        theta = network.parameters.initial(rng, data.X.dtype)
        self.n_outputs_, self._signature, self._split_seed = data.y.shape[1], settings.signature(width), None
        return Model(network, settings.loss, theta, Units.natural(data.y.shape[1], width))

    def _continue(self, settings: Settings, data: Data, how: str) -> Model:
        """The fitted model to go on from, with the dropout of today, which has no part in theta.

        Its theta is a copy, so that a call that fails costs nothing.
        """
        width = settings.loss.raw_width(data.y)
        check_same(self._signature, settings.signature(width), how)
        return replace(self.model_.copy(), network=Network(settings.layers(width), data.X.shape[1:]))

    def _begin(self, settings: Settings, model: Model, rng: np.random.RandomState) -> TrainingState:
        decaying = model.network.parameters.decaying
        moments = {} if isinstance(settings.solver, LBFGS) else settings.solver.start(model.theta, decaying=decaying)
        return TrainingState(model.theta, moments, rng, self._noise(rng))

    def _noise(self, rng: np.random.RandomState) -> np.random.Generator | None:
        """Dropout's own generator, so that without dropout nothing is drawn for it."""
        return np.random.Generator(np.random.SFC64(rng.randint(2**31))) if self.dropout else None

    def _set_units(
        self, settings: Settings, model: Model, state: TrainingState, data: Data, fresh: bool, scaling: Scaling
    ) -> None:
        """Let the units at both ends follow the data, and the optimiser's moments follow the units."""
        if not settings.standardize:
            return
        never_varied = None if fresh else self._scaling.X.constant()
        scaling.see(data)
        shift, scale = scaling.input_units(centre=not issparse(data.X))
        units = scaling.output_units(settings.loss)
        self._scaling = scaling
        if fresh:
            model.set_units(shift, scale, units)
            model.start_at_constant(units.standardize(data.taken(data.y)), data.taken(data.weight))
            return
        for factor in (model.move_input(shift, scale, never_varied), model.move_output(units)):
            if state.moments:
                settings.solver.rescale(state.moments, factor)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
