"""One training run of an estimator: it keeps the history and the best weights, and decides when to stop.

All that happens between two epochs happens in `Session.after_epoch`; the training loop knows nothing of it.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from ..network.model import Model
from ..network.network import Network
from ..network.penalties import L2
from ..optimize.averaging import RunningMean
from ..optimize.batches import Batches
from ..optimize.full_batch import LBFGS
from ..optimize.optimizers import Optimizer
from ..optimize.progress import BestSoFar, Patience, Plateau
from ..optimize.training import Epoch, TrainingState, train
from ._advice import divergence
from ._callbacks import EpochTasks
from ._reading import Data
from ._settings import Settings, plans_its_end, read_scorer
from ._stepper import make_stepper
from ._threads import suitable_blas_threads
from ._validation import HeldOutLoss, HeldOutScore, finite_score
from ._verdict import verdict

Array = np.ndarray


class Ending(NamedTuple):
    """How training ended: the interruption by the user, and the advice on a model of little use, each if any."""

    interruption: KeyboardInterrupt | None
    advice: str | None


class Session:
    """Trains ``state.theta``, and meanwhile keeps the fitted attributes of ``estimator`` up to date.

    Parameters
    ----------
    estimator : estimator
    settings : Settings
    model : Model
        Its theta is ``state.theta``.
    state : TrainingState
    data : Data
        The training rows.
    held_out : Data or None
        The validation rows.
    tasks : EpochTasks
    planned : bool
        Whether these epochs are all the training there will be, so that a schedule can plan for its end. If not, this
        is one call of many.
    """

    def __init__(
        self,
        estimator: Any,
        settings: Settings,
        model: Model,
        state: TrainingState,
        data: Data,
        held_out: Data | None,
        tasks: EpochTasks,
        planned: bool,
    ):
        self.estimator, self.settings, self.model, self.state = estimator, settings, model, state
        self.data, self.held_out, self.tasks = data, held_out, tasks
        self.full_batch = settings.full_batch
        self.objective = self._objective(data)
        self.held_out_objective = None if held_out is None else self._objective(held_out)
        self.rows = data.X.shape[0] if data.rows is None else data.rows
        size = data.n if self.full_batch else batch_rows(estimator.batch_size, data.n, model.network)
        self.batches = Batches(self.rows, size, state.rng if estimator.shuffle else None)
        self.planned, self.total = planned, tasks.max_epochs * len(self.batches) if planned else None
        self.average = RunningMean(settings.newest_share if planned else 1.0)
        self.averaged_theta = state.theta
        self.listeners = [print_epoch] if estimator.verbose else []
        self.best = BestSoFar()
        self.progress = make_progress(estimator, settings)
        self.exhausted = self.converged = False
        self.watched = estimator.early_stopping and held_out is not None
        self._take_over()
        self.validation = self._validation()  # last, as it may copy the estimator

    def _take_over(self) -> None:
        """Make the fitted attributes of the estimator those of this session."""
        e = self.estimator
        e.model_, e.history_, e.loss_ = self.model, {}, math.nan
        e.n_iter_, e.t_ = self.state.epochs, self.state.rows
        e._stops_by_validation = self.watched

    def run(self) -> Ending:
        """Train until a rule, a callback or the user says stop, and leave the estimator in a consistent state."""
        interruption, advice = None, None
        self.tasks.begin_fit()
        try:
            with (
                np.errstate(over="ignore", under="ignore", invalid="ignore"),
                suitable_blas_threads(self.model.network, self.batches.size, self.full_batch),
            ):
                solver = self.settings.solver
                if isinstance(solver, LBFGS):
                    self._minimize(solver)
                else:
                    self._descend(solver)
        except KeyboardInterrupt as error:
            interruption = error
        self._keep()
        if not np.isfinite(self.state.theta).all():
            raise interruption or ValueError(self._divergence("the weights are no longer finite"))
        if interruption is None:
            try:
                advice = verdict(self) if self.planned else None
                self.tasks.end_fit()
            except KeyboardInterrupt as error:
                interruption = error
        return Ending(interruption, advice)

    def after_epoch(self, epoch: Epoch) -> bool:
        """Record the epoch, judge it and tell the callbacks; return whether to stop."""
        record = {
            "epoch": epoch.number,
            "loss": epoch.loss + epoch.penalty,
            "data_loss": epoch.loss,
            "learning_rate": epoch.rate,
            "gradient_norm": epoch.gradient_norm,
        }
        self._check_finite(record["loss"])
        self.averaged_theta = self.average.update(self.state.theta)
        if self.validation is not None:
            record |= self.validation.measure(self.averaged_theta)
        self._publish(record)
        for listen in self.listeners:
            listen(record)
        value = record["loss"]
        if self.watched:
            value = -finite_score(record["validation_score"], self.estimator.monitor, self.state.epochs)
            self.best.update(epoch.number, value, self.averaged_theta, tie=record["validation_loss"])
        self.exhausted = self.progress.exhausted_by(value)
        self.state.rate_factor = self.progress.factor
        stopped = self.tasks.end_epoch(self._snapshot)
        self.converged = self.exhausted or stopped
        return self.converged

    def _snapshot(self) -> dict[str, Any]:
        """Attributes with which a shallow copy of the estimator keeps its state after this epoch."""
        history = {name: list(values) for name, values in self.estimator.history_.items()}
        return {"model_": replace(self.model, theta=self.averaged_theta.copy()), "history_": history}

    def _objective(self, data: Data) -> Any:
        """The objective over some rows, with the target in the units of training and weights scaled to mean one."""
        model, weight, mean_weight = self.model, data.weight, data.mean_weight()
        if weight is not None:
            with np.errstate(over="ignore"):  # rows that are held out may weigh far more than the others
                weight = (weight / mean_weight).astype(model.theta.dtype)
        y = model.units.standardize(data.y).astype(model.theta.dtype)
        try:
            model.loss.check(data.targets(y, None)[0])
        except ValueError as error:
            remedy = "give X as float64, or leave out targets that are tiny beside the others"
            raise ValueError(f"{error} when standardised, in {y.dtype}; {remedy}") from None
        return self.estimator._objective(
            model,
            data,
            y,
            weight=weight,
            mean_weight=mean_weight,
            penalty=L2(self.estimator.alpha) if self.estimator.alpha else None,
            rng=self.state.noise,
        )

    def _validation(self) -> HeldOutLoss | None:
        if self.held_out is None:
            return None
        scorer = read_scorer(self.estimator)
        if scorer is None:
            return HeldOutLoss(self.held_out_objective, self.held_out.rows)
        return HeldOutScore(self.held_out_objective, self.held_out, self.estimator, scorer)

    def _descend(self, optimizer: Optimizer) -> None:
        """Train by first-order steps, an epoch at a time."""
        s, rate = self.settings, float(self.estimator.learning_rate_init)
        stepper = make_stepper(self.objective, optimizer, s.clip, self.batches, self.state)
        epochs = train(stepper, self.state, self.batches, s.schedule, rate, total=self.total)
        for _ in range(self.tasks.max_epochs):
            self.tasks.begin_epoch()
            if self.after_epoch(next(epochs)):
                return

    def _minimize(self, solver: LBFGS) -> None:
        """Train by L-BFGS, whose iterations count as epochs."""

        def after_iteration(epoch: Epoch) -> bool:
            self.tasks.begin_epoch()
            self.state.epochs, self.state.rows = epoch.number, epoch.number * self.batches.n
            return self.after_epoch(epoch)

        (rows,) = self.batches.epoch()
        limits = {"max_iter": self.tasks.max_epochs, "tol": self.estimator.tol}
        self.converged |= solver.minimize(self.objective, self.state.theta, rows, after_iteration, **limits)

    def _publish(self, record: dict[str, float]) -> None:
        """Append to every list of ``history_``."""
        e = self.estimator
        for name, value in record.items():
            e.history_.setdefault(name, []).append(value)
        e.loss_, e.n_iter_, e.t_ = record["loss"], self.state.epochs, self.state.rows

    def _keep(self) -> None:
        """Leave the best weights with the estimator if there are any, else the latest, and set ``best_iter_``."""
        e, theta = self.estimator, self.state.theta
        theta[:], e.best_iter_ = self.averaged_theta, e.n_iter_
        self.state.order = None  # it holds indices of these rows; the next call has its own
        if self.best.theta is not None:
            theta[:], e.best_iter_ = self.best.theta, self.best.epoch
            e.loss_ = e.history_["loss"][e.history_["epoch"].index(e.best_iter_)]

    def _check_finite(self, loss: float) -> None:
        if not math.isfinite(loss):
            raise ValueError(self._divergence(f"the loss is {loss}"))

    def _divergence(self, what: str) -> str:
        return divergence(self.estimator, self.full_batch, self.state.epochs, what)


def print_epoch(record: dict[str, float]) -> None:
    """Print the loss, the learning rate and what was validated, as far as they are known."""
    names = ["loss", "learning_rate", *(name for name in record if name.startswith("validation"))]
    known = (f"{name.replace('_', ' ')} {record[name]:.6g}" for name in names if not math.isnan(record[name]))
    print(f"epoch {record['epoch']}: {', '.join(known)}")


def batch_rows(batch_size: int | str, n: int, network: Network) -> int:
    """The rows per batch that ``batch_size`` means for n rows: a tenth of a few hundred sequences, for enough steps."""
    if batch_size == "full":
        return n
    if batch_size == "auto":
        batch_size = min(200, max(32, n // 10)) if network.sequential else 200
    return min(int(batch_size), n)


def make_progress(estimator: Any, settings: Settings) -> Patience | Plateau:
    """The rule that ends training, by what early stopping watches, or else by the training loss.

    The training loss cuts short neither L-BFGS nor a schedule with a planned end, where the loss falls most.
    """
    limit = estimator.n_iter_no_change
    if not estimator.early_stopping and (settings.full_batch or plans_its_end(settings.schedule)):
        limit = math.inf
    patience, lowers = Patience(limit, estimator.tol), settings.adaptive and not settings.full_batch
    return Plateau(patience, estimator.learning_rate_init) if lowers else patience
