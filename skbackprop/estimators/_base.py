"""What all estimators share: fit = validate, build, train, listen; partial_fit, warm_start, prediction."""

from __future__ import annotations

import re
from abc import ABCMeta, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state

from ..kernels import fixed_kernels
from ..network.contract import Layer
from ..network.losses import Loss, Units
from ..network.model import Model
from ..network.network import Network
from ..optimize.training import TrainingState
from ._advice import warn, warn_of_coarse_target, warn_of_light_rows
from ._callbacks import CallbackSupportMixin, EpochTasks, with_callbacks
from ._calls import naming_estimator
from ._parts import PartParametersMixin
from ._reading import (
    FLOATS,
    Data,
    check_y_fits,
    read_weight,
    rows_that_count,
    same_kind,
    scatter_targets,
    train_validation_split,
)
from ._restoring import nothing_lost
from ._scaling import Scaling
from ._session import Ending, Session
from ._settings import Architecture, Settings, check_same, read_settings
from ._targets import Target
from ._threads import one_blas_thread
from ._units import MovingUnits

Array = np.ndarray


class BatchNetwork(MovingUnits, CallbackSupportMixin, PartParametersMixin, metaclass=ABCMeta):
    """A network, an optimiser and the loop between them, behind scikit-learn's methods.

    One branch of its subclasses reads rows and builds layers for them, the other knows targets and losses. An estimator
    inherits from one of each. Prediction needs `model_` alone.
    """

    # Kept for the next call: where partial_fit continues, and the seed of the split into training and validation rows.
    _state: TrainingState | None = None
    _split_seed: int | None = None

    def _store(self, parameters: dict[str, Any]) -> None:
        """Store the constructor's ``parameters`` under their names, unchanged; a constructor does nothing else."""
        self.__dict__.update((name, value) for name, value in parameters.items() if name != "self")

    @abstractmethod
    def _architecture(self) -> Architecture:
        """The hidden layers, from checked parameters."""

    @abstractmethod
    def _entrance(self, settings: Settings) -> list[Layer]:
        """The layers before the hidden ones; called after rows have been read."""

    @abstractmethod
    def _read_xy(self, X: Any, y: Any, reset: bool, dtype: Any) -> tuple[Any, Any, Array | None]:
        """Validate X, converting it to ``dtype``, and y, of any type. With ``reset`` they define what later X must be.

        Returns X, y as a list of targets, and a mask of the steps of X that have one; None if every row has one.
        """

    @abstractmethod
    def _row_shape(self, X: Any) -> tuple[int | None, ...]:
        """The shape of a row of X, as the network takes it."""

    @abstractmethod
    def _objective(self, model: Model, data: Data, y: Array, **common: Any) -> Any:
        """The objective over some rows."""

    @property
    @abstractmethod
    def _losses(self) -> tuple[Mapping[str, Any], type]:
        """The losses that can be named, and the protocol that a loss of the user's own must follow."""

    @abstractmethod
    def _target_of(self, y: Any, classes: Any = None) -> Target:
        """The target as inferred from the first y, and ``classes`` if given; it fixes the form of predictions."""

    @abstractmethod
    def _weigh_classes(self, data: Data, keep: bool) -> Array | None:
        """Count the targets of every class, adding to earlier counts if ``keep``.

        Returns the weight of a target of each class, or None if all classes count the same.
        """

    @naming_estimator
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
            Training rows. A recurrent network takes sequences, in the forms that its class describes, but no sparse
            matrix. float32 and tokens are computed in float32, everything else in float64.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Target in its natural units, or labels. With ``return_sequences=True`` there is one for every step:
            (n_samples, n_steps) or (n_samples, n_steps, n_outputs).
        sample_weight : array-like of shape (n_samples,), default=None
            Weights >= 0, one for each row or sequence, the largest from 1e-100 to 1e100. A row of weight 3 counts like
            three equal rows.
        X_val, y_val, sample_weight_val : default=None
            Rows to validate on. Without them ``early_stopping=True`` sets ``validation_fraction`` of the training rows
            aside. A pipeline passes ``X_val`` on untransformed: see the guide on ``transform_input``.

        Returns
        -------
        self : estimator
            The fitted estimator. Ctrl-C stops training and is raised again, but the estimator stays fitted: with the
            best weights so far under early stopping, else with the latest ones or, if they are averaged, their mean
            after the last complete epoch.
        """
        return self._safely(self._fit, X, y, sample_weight, X_val, y_val, sample_weight_val)

    def __copy__(self) -> BatchNetwork:
        """A shallow copy with generators of its own, so that of two streams neither moves the other."""
        double: Any = object.__new__(type(self))
        vars(double).update(vars(self))
        double._state = None if self._state is None else self._state.apart()
        return double

    def _safely(self, train: Callable[..., Ending], *arguments: Any) -> Any:
        """Let ``train`` change this estimator; if that fails, undo it.

        Neither an interruption that ``train`` returns nor the warning at the end, raised as an error, undoes anything.
        """
        with nothing_lost(self), fixed_kernels() as backend:
            self.kernel_backend_ = backend
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
        data = data.weigh(class_weight)
        held_out = None if held_out is None else held_out.weigh(class_weight, "validation")
        rng = self._generator()
        model = self._build(settings, data, rng) if fresh else self._continue(settings, data, "warm_start=True")
        if held_out is None and self.early_stopping:
            if self._split_seed is None:
                self._split_seed = int(rng.randint(np.iinfo(np.int32).max))
            seed = self._split_seed if self.shuffle else None
            data, held_out = train_validation_split(data, self.validation_fraction, seed, self._target.stratify)
        state = settings.start(model, rng)
        if settings.standardize and fresh:
            self._begin_units(model, data)
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
            state.noise = state.noise or settings.noise_generator(state.rng)
        if settings.standardize and fresh:
            self._begin_units(model, data)  # a column that is constant so far keeps its weights: it may vary later
        elif settings.standardize:
            self._follow_units(settings, model, state, data, self._scaling.copy())
            self._shift_output_bias(settings, model, state, data)
        self._state = state
        tasks = EpochTasks(self, X, y, data.sample_weight, data.rows, max_epochs=1)
        return Session(self, settings, model, state, data, None, tasks, planned=False).run()

    def _generator(self) -> np.random.RandomState:
        """The source of all randomness; never NumPy's global generator, which cannot be pickled with the model."""
        return np.random.RandomState() if self.random_state is None else check_random_state(self.random_state)

    def _generator_to_keep(self) -> np.random.RandomState:
        """The generator that ``partial_fit`` keeps. The user's RandomState, which others may share, seeds a new one."""
        rng = self._generator()
        return type(rng)(rng.randint(2**31)) if rng is self.random_state else rng

    def _read_training(self, X: Any, y: Any, weight: Any, fresh: bool, classes: Any = None) -> tuple[Settings, Data]:
        """Read the current parameters and the rows; if ``fresh``, y fixes the form of targets and predictions."""
        settings = read_settings(self, *self._losses, self._architecture())
        X, y, has_target = self._read_xy(X, y, reset=fresh, dtype=FLOATS if fresh else self.theta_.dtype)
        if fresh:
            self._target = self._target_of(y, classes)
        settings = settings._replace(loss=self._target.bind(settings.loss))
        return settings, self._rows(settings.loss, X, y, has_target, weight)

    def _rows(self, loss: Loss, X: Any, y: Any, has_target: Array | None, sample_weight: Any) -> Data:
        weight = read_weight(sample_weight, X.shape[0])
        y = self._target.read(y)
        check_y_fits(y, X.dtype)
        loss.check(y)
        y = scatter_targets(y, has_target)
        return Data(X, y, weight=weight, rows=rows_that_count(y, weight), sample_weight=weight)

    def _read_held_out(self, settings: Settings, X: Any, y: Any, sample_weight: Any, dtype: Any) -> Data | None:
        if X is None and y is None and sample_weight is None:
            return None
        if X is None or y is None:
            raise ValueError(
                f"`{'X_val' if X is None else 'y_val'}` must be given with the other validation rows, got None"
            )
        try:
            X, y, has_target = self._read_xy(X, y, reset=False, dtype=dtype)
            return self._rows(settings.loss, X, y, has_target, sample_weight)
        except (TypeError, ValueError) as error:
            message = re.sub(r"(?<=`)(X|y|sample_weight)(?=`)|(?<=Input )[Xy]\b|\bX(?= has)", r"\g<0>_val", str(error))
            raise same_kind(error, f"validation rows (`X_val`, `y_val`, `sample_weight_val`): {message}") from None

    def _build(self, settings: Settings, data: Data, rng: np.random.RandomState) -> Model:
        """A new network for these data, with random weights and the target in natural units."""
        width = settings.loss.raw_width(data.y.reshape(-1, data.y.shape[-1]))
        network = Network(settings.layers(self._entrance(settings), width), self._row_shape(data.X))
        with one_blas_thread():  # orthogonal weights are factorised in small steps, for which more threads do not pay
            theta = network.parameters.initial(rng, data.X.dtype)
        self.n_outputs_, self._signature = width, settings.signature()
        self._split_seed = None  # another model, another split
        return Model(network, settings.loss, theta, Units.natural(data.y.shape[-1], width))

    def _continue(self, settings: Settings, data: Data, how: str) -> Model:
        """The fitted model to continue from, with the current dropout rates, which have no part in theta.

        Its theta is a copy, so that a failed call leaves the fitted model as it was.
        """
        check_same(self._signature, settings.signature(), how)
        layers = settings.layers(self._entrance(settings), self.n_outputs_)
        return replace(self.model_.copy(), network=Network(layers, self._row_shape(data.X)))
