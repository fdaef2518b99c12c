"""What all estimators share: fit = validate, build, train, listen; partial_fit, warm_start, prediction."""

from __future__ import annotations

from abc import ABCMeta, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state

from ..kernels import kernels_in_force
from ..network.contract import Layer
from ..network.losses import Loss, Units
from ..network.model import Model
from ..network.network import Network
from ..optimize.training import TrainingState, factor_at
from ._advice import warn, warn_of_coarse_target, warn_of_light_rows
from ._callbacks import CallbackSupportMixin, EpochTasks, with_callbacks
from ._fitted import FittedNetwork
from ._parts import PartParametersMixin
from ._reading import (
    FLOATS,
    Data,
    check_y_fits,
    placed,
    read_weight,
    rows_that_count,
    same_kind,
    train_validation_split,
)
from ._restoring import nothing_lost
from ._scaling import Scaling
from ._session import Ending, Session
from ._settings import Architecture, Settings, check_same, read_settings
from ._targets import Target
from ._threads import one_blas_thread, suitable_blas_threads

Array = np.ndarray

# How far partial_fit moves the output bias towards new rows: half way at this rate and many rows.
SHIFT_RATE = 1e-3
SHIFT_ROWS = 100


class BatchNetwork(FittedNetwork, CallbackSupportMixin, PartParametersMixin, metaclass=ABCMeta):
    """A network, an optimiser and the loop between them, behind scikit-learn's methods.

    One branch of its subclasses reads rows and builds layers for them, the other knows targets and losses.
    `model_` is all that prediction needs.
    """

    # Kept for the next call: what the units come from, what partial_fit goes on from, which rows are held out.
    _target: Target
    _scaling: Scaling
    _state: TrainingState | None = None
    _split_seed: int | None = None

    def _store(self, parameters: dict[str, Any]) -> None:
        """What every constructor does, and no more: keep its ``parameters`` under their names, as they came."""
        self.__dict__.update((name, value) for name, value in parameters.items() if name != "self")

    @abstractmethod
    def _architecture(self) -> Architecture:
        """The hidden layers, from checked parameters."""

    @abstractmethod
    def _entrance(self, settings: Settings) -> list[Layer]:
        """The layers before the hidden ones, once rows have been read."""

    @abstractmethod
    def _read_xy(self, X: Any, y: Any, reset: bool, dtype: Any) -> tuple[Any, Any, Array | None]:
        """Check X, as numbers of the ``dtype``, and y, of any type; with ``reset`` they set what others must be like.

        y comes as one target after the other, with a mask of the steps of X that have one; None: every row has one.
        """

    @abstractmethod
    def _row_shape(self, X: Any) -> tuple[int | None, ...]:
        """What a row of X is to the network."""

    @abstractmethod
    def _objective(self, model: Model, data: Data, y: Array, **common: Any) -> Any:
        """The objective over some rows."""

    @property
    @abstractmethod
    def _losses(self) -> tuple[Mapping[str, Any], type]:
        """What ``loss`` may name, and the contract of one's own."""

    @abstractmethod
    def _target_of(self, y: Any, classes: Any = None) -> Target:
        """What a first y, and the ``classes`` if they were given, show: what predictions will look like."""

    @abstractmethod
    def _weigh_classes(self, data: Data, keep: bool) -> Array | None:
        """Count the rows of every class, with ``keep`` besides those before; returns what a row of each weighs.

        None where rows count alike.
        """

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
        X : {array-like, sparse matrix} of shape (n_samples, n_features), or sequences
            Training rows. A recurrent network takes sequences, in the forms that its class describes, and nothing
            sparse. float32 and tokens are computed in float32, everything else in float64.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Target in its natural units, or labels. With ``return_sequences=True`` there is one for every step:
            (n_samples, n_steps) or (n_samples, n_steps, n_outputs).
        sample_weight : array-like of shape (n_samples,), default=None
            Weights >= 0, one for each row or sequence. An integer weight counts like so many equal rows.
        X_val, y_val, sample_weight_val : default=None
            Rows to validate on. Without them ``early_stopping=True`` sets ``validation_fraction`` of the training rows
            aside. A pipeline hands ``X_val`` over as it is: see the guide on ``transform_input``.

        Returns
        -------
        self : estimator
            Fitted. So it is after Ctrl-C, which is raised all the same: with early stopping its weights are the best so
            far, otherwise the latest or, if they are averaged, their mean after the last whole epoch.
        """
        return self._safely(self._fit, X, y, sample_weight, X_val, y_val, sample_weight_val)

    def __copy__(self) -> BatchNetwork:
        """A shallow copy with generators of its own, so that of two streams neither moves the other."""
        double: Any = object.__new__(type(self))
        vars(double).update(vars(self))
        double._state = None if self._state is None else self._state.apart()
        return double

    def _safely(self, train: Callable[..., Ending], *arguments: Any) -> Any:
        """Let ``train`` change this estimator, unless it fails. Neither an interruption nor a warning is a failure."""
        with nothing_lost(self), kernels_in_force() as self.kernel_backend_:
            interruption, advice = train(*arguments)
        if interruption is not None:
            raise interruption
        if advice is not None:
            warn(advice, ConvergenceWarning)
        return self

    def _fit(self, X: Any, y: Any, weight: Any, X_val: Any, y_val: Any, weight_val: Any) -> Ending:
        fresh = not (self.warm_start and self.__sklearn_is_fitted__())
        settings, data = self._read_training(X, y, weight, fresh)
        warn_of_light_rows(self.alpha, data.mean_weight())
        if self._target.has_units:
            warn_of_coarse_target(data.targets(data.y, None)[0], data.X.dtype)
        class_weight = self._weigh_classes(data, keep=False)
        held_out = self._read_held_out(settings, X_val, y_val, weight_val, data.X.dtype)
        data, held_out = data.weigh(class_weight), None if held_out is None else held_out.weigh(class_weight)
        rng = self._generator()
        model = self._build(settings, data, rng) if fresh else self._continue(settings, data, "warm_start=True")
        if held_out is None and self.early_stopping:
            if self._split_seed is None:
                self._split_seed = int(rng.randint(np.iinfo(np.int32).max))
            seed = self._split_seed if self.shuffle else None
            data, held_out = train_validation_split(data, self.validation_fraction, seed, self._target.stratify)
        state = settings.start(model, rng)
        if settings.standardize and fresh:
            self._begin_units(model, data, Scaling.of(data, model.network))
            model.zero_constant_columns(self._scaling.X.constant())
        elif settings.standardize:
            self._follow_units(settings, model, state, data, Scaling.of(data, model.network, self._scaling))
        self._state = None
        tasks = EpochTasks(self, X, y, data.sample_weight, data.rows, self.max_iter)
        return Session(self, settings, model, state, data, held_out, tasks, planned=True).run()

    def _partial_fit(self, X: Any, y: Any, weight: Any, classes: Any = None) -> Ending:
        fresh = not self.__sklearn_is_fitted__()
        settings, data = self._read_training(X, y, weight, fresh, classes)
        data = data.weigh(self._weigh_classes(data, keep=not fresh))
        if fresh or self._state is None:
            rng = self._generator_to_keep()
            model = self._build(settings, data, rng) if fresh else self._continue(settings, data, "partial_fit")
            state = settings.start(model, rng)
            state.epochs, state.rows = (0, 0) if fresh else (self.n_iter_, self.t_)
        else:
            model = self._continue(settings, data, "partial_fit")
            state = self._state.over(model.theta)
            state.noise = state.noise or settings.noise(state.rng)
        if settings.standardize and fresh:
            self._begin_units(model, data, Scaling.of(data, model.network))
        elif settings.standardize:
            self._follow_units(settings, model, state, data, self._scaling.copy())
            self._shift_output_bias(settings, model, state, data)
        self._state = state
        tasks = EpochTasks(self, X, y, data.sample_weight, data.rows, max_epochs=1)
        return Session(self, settings, model, state, data, None, tasks, planned=False).run()

    def _generator(self) -> np.random.RandomState:
        """The source of all randomness; never NumPy's global one, which nobody could pickle with the model."""
        return np.random.RandomState() if self.random_state is None else check_random_state(self.random_state)

    def _generator_to_keep(self) -> np.random.RandomState:
        """The same for a stream, which goes on with a copy: of a shared one, others would draw the same numbers."""
        rng = self._generator()
        return type(rng)(rng.randint(2**31)) if rng is self.random_state else rng

    def _read_training(self, X: Any, y: Any, weight: Any, fresh: bool, classes: Any = None) -> tuple[Settings, Data]:
        """Parameters and rows as they are now; a ``fresh`` target decides what predictions look like."""
        settings = read_settings(self, *self._losses, self._architecture())
        X, y, known = self._read_xy(X, y, reset=fresh, dtype=FLOATS if fresh else self.theta_.dtype)
        if fresh:
            self._target = self._target_of(y, classes)
        settings = settings._replace(loss=self._target.bind(settings.loss))
        return settings, self._rows(settings.loss, X, y, known, weight)

    def _rows(self, loss: Loss, X: Any, y: Any, known: Array | None, sample_weight: Any) -> Data:
        weight = read_weight(sample_weight, X.shape[0])
        y = self._target.read(y)
        check_y_fits(y, X.dtype)
        loss.check(y)
        y = placed(y, known)
        return Data(X, y, weight=weight, rows=rows_that_count(y, weight), sample_weight=weight)

    def _read_held_out(self, settings: Settings, X: Any, y: Any, sample_weight: Any, dtype: Any) -> Data | None:
        if X is None and y is None and sample_weight is None:
            return None
        if X is None or y is None:
            raise ValueError(
                f"`{'X_val' if X is None else 'y_val'}` must be given with the other validation rows, got None"
            )
        try:
            X, y, known = self._read_xy(X, y, reset=False, dtype=dtype)
            return self._rows(settings.loss, X, y, known, sample_weight)
        except (TypeError, ValueError) as error:
            raise same_kind(error, f"validation rows (`X_val`, `y_val`, `sample_weight_val`): {error}") from None

    def _build(self, settings: Settings, data: Data, rng: np.random.RandomState) -> Model:
        """A new network for these data, its weights drawn, its target in natural units."""
        width = settings.loss.raw_width(data.y.reshape(-1, data.y.shape[-1]))
        network = Network(settings.layers(self._entrance(settings), width), self._row_shape(data.X))
        with one_blas_thread():  # an orthogonal start is a factorisation in small steps, for which no other thread pays
            theta = network.parameters.initial(rng, data.X.dtype)
        self.n_outputs_, self._signature = width, settings.signature()
        self._split_seed = None  # another model, another split
        return Model(network, settings.loss, theta, Units.natural(data.y.shape[-1], width))

    def _continue(self, settings: Settings, data: Data, how: str) -> Model:
        """The fitted model to go on from, with the dropout of today, which has no part in theta.

        Its theta is a copy, so that a call that fails costs nothing.
        """
        check_same(self._signature, settings.signature(), how)
        layers = settings.layers(self._entrance(settings), self.n_outputs_)
        return replace(self.model_.copy(), network=Network(layers, self._row_shape(data.X)))

    def _begin_units(self, model: Model, data: Data, scaling: Scaling) -> None:
        """Units at both ends from the first data, and the best constant in these units as the first prediction."""
        shift, inverse_scale, units = scaling.update(data, model.loss)
        self._scaling, model.loss = scaling, scaling.within_reach(model.loss)
        model.set_units(shift, inverse_scale, units)
        model.start_at_constant(*data.targets(units.standardize(data.y), data.weight))

    def _follow_units(
        self, settings: Settings, model: Model, state: TrainingState, data: Data, scaling: Scaling
    ) -> None:
        """Let the units at both ends follow the data, and the optimiser's moments follow the units.

        A target that has never varied says nothing about its scale. Once all outputs vary, what was learnt means
        nothing in the new units: the output begins anew, at the best constant for mean - sd and mean + sd.
        """
        never_varied, all_equal = ~self._scaling.X_has_varied, not self._scaling.y_has_varied.any()
        shift, inverse_scale, units = scaling.update(data, model.loss)
        self._scaling, model.loss = scaling, scaling.within_reach(model.loss)
        factor = model.move_units(shift, inverse_scale, never_varied, units)
        if self._target.has_units and all_equal and not scaling.y.constant().any():
            model.start_at_constant(units.standardize(scaling.y.mean + scaling.y.sd() * [[-1.0], [1.0]]), None)
            state.moments = settings.moments(model)
        else:
            settings.solver.rescale(state.moments, factor)

    def _shift_output_bias(self, settings: Settings, model: Model, state: TrainingState, data: Data) -> None:
        """Move the output bias towards new rows: the further, the more rows and the higher the rate."""
        rate = self.learning_rate_init * factor_at(settings.schedule, state.steps, None)
        rows = data.n * data.mean_weight()
        share = rate / (rate + SHIFT_RATE) * rows / (rows + SHIFT_ROWS)
        quiet = np.errstate(over="ignore", invalid="ignore")  # training will say that it diverges
        with quiet, suitable_blas_threads(model.network, data.n):
            raw = data.at_targets(self._raw_of(model, data.taken(data.X)))
            model.shift_output_bias(raw, *data.targets(model.units.standardize(data.y), data.weight), share)
