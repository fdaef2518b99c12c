"""The contract of a loss, as a series of small checks on targets from its domain."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import numpy as np

from .derivatives import check_gradient
from .objects import require, require_object
from .targets import accepts, targets

Array = np.ndarray
METHODS = ("raw_width", "value_and_gradient", "units", "rescaled", "predict", "constant", "check")


def check_loss(loss: Any, y: Any = None) -> None:
    """Assert that a loss keeps the contract of ``Loss``.

    It must have all methods and be hashable and picklable; its value must be a sum over rows, in which a weight counts
    like repetition; its gradient must be the derivative of the value (with what ``held_at`` holds fixed); ``out`` may
    be ``raw`` itself, and nothing else may be written to; everything must be finite at raw = +-1000 in float32; in a
    logistic column, predict(raw) + predict(-raw) must be 1; ``score`` and ``std`` must be callable; ``constant`` must
    minimise the loss; and the fields of ``units`` must be consistent.

    Parameters
    ----------
    loss : Loss
    y : array-like of shape (n,) or (n, k), default=None
        A target to check the loss on, of the order of 1. None tries several until ``loss.check`` accepts one: class
        numbers if ``loss.n_classes`` is positive, else real numbers, positive ones, shares, or zeros and ones.

    Raises
    ------
    AssertionError
        One sentence on the first fault found.

    Examples
    --------
    >>> from skbackprop import Huber, check_loss
    >>> check_loss(Huber(delta=2.0))
    """
    further = ("log_predict", "decide") if hasattr(loss, "n_classes") else ("score",)
    require_object(loss, (*METHODS, *further), ("inverse_link",))
    require(isinstance(loss.inverse_link, str), f"{loss!r}: `inverse_link` must be a name, got {loss.inverse_link!r}")
    for target in targets(loss, y):
        for weighted in (False, True):
            case = make_case(loss, target, weighted)
            for check in CHECKS:
                check(case)


class Case(NamedTuple):
    """A loss with a target, raw predictions and weights; the checks draw random numbers from ``rng``."""

    loss: Any
    y: Array
    raw: Array
    weight: Array | None
    rng: np.random.Generator

    def evaluate(self, loss: Any = None, **changed: Any) -> tuple[float, Array]:
        """Return value and gradient, computed on copies; ``changed`` replaces y, raw or weight."""
        y, raw, weight = ({"y": self.y, "raw": self.raw, "weight": self.weight} | changed).values()
        out = np.full_like(raw, np.nan)
        return self.call(y.copy(), raw.copy(), None if weight is None else weight.copy(), out, loss), out

    def call(self, y: Array, raw: Array, weight: Array | None, out: Array, loss: Any = None) -> float:
        try:
            return (self.loss if loss is None else loss).value_and_gradient(y, raw, weight, out)
        except Exception as error:
            raise AssertionError(
                f"{self.loss!r}: value_and_gradient must take y of shape {y.shape} and raw of shape {raw.shape}, with "
                f"weights and without, but raised {error!r}"
            ) from error

    def require(self, condition: Any, sentence: str) -> None:
        require(condition, f"{self.loss!r}: {sentence}")


def make_case(loss: Any, y: Array, weighted: bool) -> Case:
    rng = np.random.default_rng(0)
    width = loss.raw_width(y)
    require(isinstance(width, int | np.integer) and width > 0, f"{loss!r}: raw_width must return an int, got {width!r}")
    weight = rng.uniform(0.2, 2.0, len(y)) if weighted else None
    return Case(loss, y, rng.standard_normal((len(y), width)), weight, rng)


def differentiable(loss: Any, raw: Array) -> Any:
    """The loss whose derivative the gradient at ``raw`` is: ``loss`` itself, unless it holds a factor fixed."""
    held_at = getattr(loss, "held_at", None)
    return loss if held_at is None else held_at(raw)


def value_is_a_number_and_out_is_filled(case: Case) -> None:
    value, gradient = case.evaluate()
    case.require(isinstance(value, float), f"value_and_gradient must return a float, got {type(value).__name__}")
    case.require(
        not np.isnan(gradient).any(),
        "value_and_gradient must write the derivative to every entry of `out`, some are NaN",
    )


def nothing_else_is_written(case: Case) -> None:
    y, raw, weight = case.y.copy(), case.raw.copy(), None if case.weight is None else case.weight.copy()
    case.call(y, raw, weight, np.empty(raw.shape, raw.dtype))
    for name, array in {"y": y, "raw": raw, "weight": weight}.items():
        case.require(
            array is None or np.array_equal(array, getattr(case, name)),
            f"value_and_gradient must not write to `{name}`",
        )


def value_is_a_sum_over_rows(case: Case) -> None:
    together, _ = case.evaluate(weight=None)
    single = [case.evaluate(y=case.y[[i]], raw=case.raw[[i]], weight=None)[0] for i in range(len(case.y))]
    case.require(
        np.isclose(together, sum(single), rtol=1e-9),
        f"the value must be the sum over rows: {len(single)} rows come to {together:.6g} together, and to "
        f"{sum(single):.6g} one at a time",
    )


def weights_equal_repetition(case: Case) -> None:
    counts = np.arange(len(case.y)) % 4
    weighted, gradient = case.evaluate(weight=counts.astype(np.float64))
    repeated, _ = case.evaluate(y=case.y.repeat(counts, axis=0), raw=case.raw.repeat(counts, axis=0), weight=None)
    case.require(
        np.isclose(weighted, repeated, rtol=1e-9),
        f"a weight must count like repetition of its row: with weights the value is {weighted:.6g}, with repeated rows "
        f"{repeated:.6g}",
    )
    expected = counts[:, None] * case.evaluate(weight=None)[1]
    case.require(
        np.allclose(gradient, expected, rtol=1e-9), "each row of `out` must be multiplied by the weight of that row"
    )


def value_at(case: Case, loss: Any, raw: Array) -> float:
    return case.evaluate(loss, raw=raw)[0]


def gradient_is_the_derivative(case: Case) -> None:
    for at in (case, case._replace(raw=10 * case.raw)):
        _, gradient = at.evaluate()
        loss = differentiable(at.loss, at.raw)
        name = f"{at.loss!r}: what is written to `out`"
        check_gradient(partial(value_at, at, loss), at.raw, gradient, at.rng, name=name)


def out_may_be_raw(case: Case) -> None:
    value, gradient = case.evaluate()
    shared = case.raw.copy()
    aliased = case.call(case.y, shared, case.weight, shared)
    case.require(
        aliased == value and np.array_equal(shared, gradient),
        "`out` may be `raw` itself, but then value or gradient are others: read `raw` before `out` is written",
    )


def float32_follows(case: Case) -> None:
    value, gradient = case.evaluate()
    single = {
        name: None if (a := getattr(case, name)) is None else a.astype(np.float32) for name in ("y", "raw", "weight")
    }
    narrow, narrow_gradient = case.evaluate(**single)
    close = np.isclose(narrow, value, rtol=1e-3, atol=1e-4) and np.allclose(narrow_gradient, gradient, 1e-3, 1e-4)
    case.require(close, f"in float32 it must be what it is in float64, but the value is {narrow:.6g} and {value:.6g}")


def far_out_all_is_finite(case: Case) -> None:
    for far in (-1e3, 1e3):
        raw = np.full_like(case.raw, far, dtype=np.float32)
        y, weight = case.y.astype(np.float32), None if case.weight is None else case.weight.astype(np.float32)
        with np.errstate(all="ignore"):
            value, gradient = case.evaluate(y=y, raw=raw, weight=weight)
            finite = np.isfinite(value) and np.isfinite(gradient).all() and np.isfinite(case.loss.predict(raw)).all()
        case.require(finite, f"value, gradient and prediction must be finite at raw = {far:g} in float32")


def predictions_keep_rows_and_dtype(case: Case) -> None:
    for dtype in (np.float32, np.float64):
        prediction = case.loss.predict(case.raw.astype(dtype))
        shape, kind = np.shape(prediction), getattr(prediction, "dtype", type(prediction))
        case.require(
            shape[:1] == (len(case.raw),) and kind == dtype,
            f"predict must return one {np.dtype(dtype)} row per row of raw, as raw is, got {kind} of shape {shape}",
        )


def two_classes_are_alike(case: Case) -> None:
    if getattr(case.loss, "n_classes", None) == 0:
        one, other = case.loss.predict(case.raw), case.loss.predict(-case.raw)
        case.require(
            np.allclose(one + other, 1.0),
            "predict(raw) + predict(-raw) must be 1, as of two classes the one has raw, the other -raw, got a sum of "
            f"{(one + other).flat[0]:.6g}",
        )


def score_and_std_can_be_called(case: Case) -> None:
    if not hasattr(case.loss, "n_classes"):
        try:
            score = case.loss.score(case.y, case.raw, case.weight)
        except Exception as error:
            raise AssertionError(f"{case.loss!r}: score must take y, raw and weight, but raised {error!r}") from error
        finite = isinstance(score, float) and bool(np.isfinite(score))
        got = score if isinstance(score, float) else type(score).__name__
        case.require(finite, f"score must return a finite float, got {got}")
    if hasattr(case.loss, "std"):
        std, expected = np.shape(case.loss.std(case.raw)), np.shape(case.loss.predict(case.raw))
        case.require(std == expected, f"std must have the shape of a prediction, {expected}, got {std}")


def constant_minimises(case: Case) -> None:
    constant, width = case.loss.constant(case.y, case.weight), case.raw.shape[1]
    case.require(np.shape(constant) == (width,), f"constant must have shape ({width},), got {np.shape(constant)}")

    def value(constant: Array) -> float:
        return case.evaluate(raw=np.tile(constant, (len(case.y), 1)))[0]

    lowest = value(constant)
    for size in np.repeat([1e-3, 1e-2, 1e-1], 10):
        other = value(constant + size * case.rng.standard_normal(width))
        case.require(
            other >= lowest - 1e-9 * max(1.0, abs(lowest)),
            f"constant must minimise the loss among constants: its value is {lowest:.9g}, and {other:.9g} nearby",
        )


def units_belong_together(case: Case) -> None:
    loss, y, width = case.loss, 7.0 * case.y, case.raw.shape[1]
    y = y if accepts(loss, y) else case.y
    units = loss.units(y.mean(axis=0), y.std(axis=0))
    for name, columns in {
        "shift": y.shape[1],
        "scale": y.shape[1],
        "gain": width,
        "offset": width,
        "worth": width,
    }.items():
        shape = np.shape(getattr(units, name))
        case.require(shape == (columns,), f"`units` must have a {name} of shape ({columns},), got {shape}")
    standardised = units.standardize(y)
    case.require(accepts(loss, standardised), "a target standardised by `units` must be one that `check` accepts")
    trained = loss.rescaled(units.scale)
    natural, raw = trained.rescaled(1 / units.scale), units.restore(case.raw)
    _, inside = case.evaluate(trained, y=standardised)
    _, outside = case.evaluate(natural, y=y, raw=raw)
    case.require(
        np.allclose(units.worth * inside, units.gain * outside, rtol=1e-7, atol=1e-9),
        "`units` must belong together: worth times the gradient on the standardised target is not gain times that on y "
        "at raw * gain + offset",
    )


CHECKS = (
    value_is_a_number_and_out_is_filled,
    nothing_else_is_written,
    value_is_a_sum_over_rows,
    weights_equal_repetition,
    gradient_is_the_derivative,
    out_may_be_raw,
    float32_follows,
    far_out_all_is_finite,
    predictions_keep_rows_and_dtype,
    two_classes_are_alike,
    score_and_std_can_be_called,
    constant_minimises,
    units_belong_together,
)
