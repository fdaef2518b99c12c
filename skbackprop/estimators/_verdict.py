"""Judges a finished fit, by comparison with the best constant and with its own last epochs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ..network.blocks import blocks, rows_per_block
from ._advice import hardly_better, not_settled, other_units, tol_too_coarse, worse_than_constant
from ._reading import Data
from ._settings import is_name, plans_its_end

if TYPE_CHECKING:
    from ._session import Session

USELESS = 0.1  # a fit is useless if its loss is above the constant's by this share
HARDLY, BEGINNING = 0.01, 2  # in its first epochs, a fit must gain more than this share of the constant's loss
STILL_RISING = 0.02  # a score is still rising if the last epochs account for more than this share of its rise


def verdict(s: Session) -> str | None:
    """Advice on a fit that is useless or ended too early; None if all is well."""
    e = s.estimator
    best = s.model.trained_loss.constant(*s.data.targets(s.objective.y, s.objective.weight))
    constant = constant_loss(s, best, s.objective, s.data)
    cut_short = s.watched and s.exhausted
    tol = 0.0 if s.watched and not is_name(e.monitor, "loss") else e.tol  # a scorer's tol is not in units of the loss
    least_gain = max(tol, HARDLY * abs(constant)) if e.best_iter_ <= BEGINNING else tol
    useless, useful = clearly_worse_than(constant) + tol, constant - least_gain
    loss = kept_loss(s, doubtful=useful if cut_short else useless)
    if loss > useless:
        return worse_than_constant(e, loss, constant)
    if s.held_out is not None and s.watched and s.held_out.X is not s.data.X:  # the user gave them
        loss_there = kept(e, "validation_loss")
        constant_there = constant_loss(s, best, s.held_out_objective, s.held_out)
        if loss_there > clearly_worse_than(constant_there):
            return other_units(loss_there, constant_there)
    if cut_short and loss > useful and target_varies(s):
        return hardly_better(e, s.full_batch, s.batches.size, loss, constant)
    if cut_short and still_improved(e):
        return tol_too_coarse(e)
    as_planned = math.isinf(e.n_iter_no_change) or (plans_its_end(s.settings.schedule) and not s.full_batch)
    return None if s.converged or as_planned else not_settled(e, s.full_batch)


def kept(e: Any, name: str) -> float:
    """The history's value of ``name`` in the epoch whose weights were kept."""
    return e.history_[name][e.history_["epoch"].index(e.best_iter_)]


def kept_loss(s: Session, doubtful: float) -> float:
    """The training loss of the kept weights; measured if the history's, a running mean, is above ``doubtful``."""
    loss = kept(s.estimator, "data_loss")
    return s.objective.mean_loss(s.state.theta, s.data.rows) if loss > doubtful else loss


def clearly_worse_than(constant: float) -> float:
    return constant + USELESS * abs(constant)


def constant_loss(s: Session, constant: np.ndarray, objective: Any, data: Data) -> float:
    """The mean loss on some rows if a constant is predicted for all of them."""
    loss, total = s.model.trained_loss, 0.0
    y, weight = data.targets(objective.y, objective.weight)
    for block in blocks(len(y), rows_per_block(s.model.network, y.itemsize)):
        raw = np.tile(constant.astype(y.dtype), (len(y[block]), 1))
        w = None if weight is None else weight[block]
        total += loss.value_and_gradient(y[block], raw, w, np.empty(raw.shape, raw.dtype))
    return total / (len(y) if weight is None else weight.sum())


def target_varies(s: Session) -> bool:
    y, _ = s.data.targets(s.objective.y, None)
    return bool((y != y[:1]).any())


def still_improved(e: Any) -> bool:
    """Whether a scorer's score rose in the last ``n_iter_no_change`` epochs by a notable share of its whole rise.

    Early stopping ended the fit nevertheless, because no single improvement exceeded ``tol``.
    """
    scores = e.history_["validation_score"]
    before = max(scores[: -e.n_iter_no_change], default=scores[0])
    return not is_name(e.monitor, "loss") and max(scores) - before > STILL_RISING * (max(scores) - scores[0])
