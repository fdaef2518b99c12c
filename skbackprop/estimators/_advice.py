"""Messages about a fit that failed, is useless or ended too early; each says what the user can do."""

from __future__ import annotations

import inspect
import warnings
from typing import Any

import numpy as np

__all__ = [
    "divergence",
    "hardly_better",
    "not_settled",
    "other_units",
    "tol_too_coarse",
    "warn",
    "warn_of_coarse_target",
    "warn_of_light_rows",
    "worse_than_constant",
]

Array = np.ndarray
LIGHT = 0.1  # weights are light if their mean is below this
COARSE = 10.0  # a target is coarse if its standard deviation has fewer rounding steps than this
HEAVY = 0.01  # a penalty is heavy if alpha, divided by the mean weight, is above this
BETWEEN = "skbackprop", "sklearn", "joblib"  # packages between a user's line and a warning


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn, giving the user's own line as the source, be it a call of ``fit``, of a pipeline or of a grid search."""
    level, frame = 1, inspect.currentframe()
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] in BETWEEN:
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level)


def divergence(e: Any, full_batch: bool, epoch: int, what: str) -> str:
    """The message if the loss or the weights of the estimator ``e`` are no longer finite."""
    remedies = [] if full_batch else [f"lower `learning_rate_init` (now {e.learning_rate_init:g})"]
    if not full_batch and e.clip_norm is None:
        remedies.append("set `clip_norm` (1.0, say)")
    if not e.standardize:
        remedies.append("set `standardize=True`")
    if takes_numbers_as_they_come(e):
        remedies.append("standardise X")
    remedies.append("look for extreme values in X and y")
    return f"training diverged in epoch {epoch}: {what}; {', or '.join(remedies)}"


def takes_numbers_as_they_come(e: Any) -> bool:
    """Whether the estimator ``e`` standardises its target alone, which is no fault with tokens."""
    return isinstance(e.standardize, str) and getattr(e, "embedding", None) is None


def warn_of_coarse_target(y: Array, dtype: np.dtype) -> None:
    """Warn if y varies by only a few rounding steps of the dtype, because its values are so far from zero."""
    with np.errstate(over="ignore", invalid="ignore"):  # units that overflow are refused later
        size, sd = np.abs(y).max(axis=0), (y - y[:1]).std(axis=0)  # exactly 0 where y does not vary
    step = size * np.finfo(dtype).eps
    coarse = (sd > 0) & (sd < COARSE * step)
    if coarse.any():
        at = coarse.argmax()
        message = (
            f"predictions in {dtype} come in steps of {step[at]:.2g} where y is {size[at]:.2g}, and its standard "
            f"deviation is {sd[at]:.2g}: subtract a constant from y, or give X as float64, which tokens cannot be"
        )
        warn(message)


def warn_of_light_rows(alpha: float, mean_weight: float) -> None:
    """Warn if the weights are so small, probably because they sum to 1, that the penalty outweighs the rows."""
    if mean_weight >= LIGHT or alpha <= HEAVY * mean_weight:
        return
    message = (
        f"`sample_weight` has a mean of {mean_weight:.2g}, so alpha={alpha:g} acts like {alpha / mean_weight:.2g}: "
        f"the penalty is divided by that mean; rescale the weights to a mean of 1, or set `alpha=0`"
    )
    warn(message)


def worse_than_constant(e: Any, loss: float, constant: float) -> str:
    """The advice if predictions are worse than the best constant."""
    slower = f"lower `learning_rate_init` (now {e.learning_rate_init:g})"
    if takes_numbers_as_they_come(e):
        slower = f"standardise X, or {slower}"
    remedy = slower if e.standardize else "set `standardize=True`"
    return (
        f"training ended worse than the best constant would do (loss {loss:.3g}, constant {constant:.3g}): "
        f"{remedy}, or raise `max_iter` (now {e.max_iter})"
    )


def hardly_better(e: Any, full_batch: bool, rows: int, loss: float, constant: float) -> str:
    """The advice if early stopping ended training, in batches of ``rows``, before the model beat the best constant."""
    smaller = "" if full_batch else f", or lower `batch_size` (now {rows} rows)"
    return (
        f"early stopping kept weights that are hardly better than the best constant (loss {loss:.3g}, constant "
        f"{constant:.3g}): raise `n_iter_no_change` (now {e.n_iter_no_change}){smaller}"
    )


def other_units(loss: float, constant: float) -> str:
    """The advice if the validation rows seem to have other units than the training rows."""
    return (
        f"the validation rows are predicted worse than by a constant (validation loss {loss:.3g}, constant "
        f"{constant:.3g}): look whether `X_val` and `y_val` are in the units of X and y; a pipeline transforms `X_val` "
        f"only with `transform_input`"
    )


def tol_too_coarse(e: Any) -> str:
    """The advice if early stopping ended training while the score still rose, but by less than ``tol``."""
    return (
        f"early stopping ended the fit while monitor={e.monitor!r} still improved: lower `tol` (now {e.tol:g}), which "
        f"is in units of that score"
    )


def not_settled(e: Any, full_batch: bool) -> str:
    """The advice if the model was still learning when training ended."""
    if full_batch:
        return f"`max_iter` ({e.max_iter}) or `max_fun` was reached before the loss settled: raise them"
    return (
        f"`max_iter` ({e.max_iter}) was reached before the loss settled: raise it or `learning_rate_init`, "
        f"or plan for an end with learning_rate='cosine'"
    )
