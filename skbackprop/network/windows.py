"""Windows of a long series: what a forecaster learns from, and the last one, from which it forecasts."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from ..ranges import check_integer
from .sequences import as_steps

__all__ = ["last_window", "make_windows"]

Array = np.ndarray


def make_windows(
    series: Any, n_steps: int, horizon: int = 1, exog: Any = None, future_exog: Any = None
) -> tuple[Array, Array]:
    """Cut a series into overlapping windows and what follows each of them: the X and y of a forecaster.

    Of T steps there are n = T - n_steps - horizon + 1 windows, one for each start at which a full window and its
    horizon fit:

        X[i] = series[i], ..., series[i + n_steps - 1]
        y[i] = series[i + n_steps], ..., series[i + n_steps + horizon - 1]

    What else is known makes further channels. At the step t of a window these are

        series[t], exog[t], future_exog[t], future_exog[t + 1], ..., future_exog[t + horizon]

    Windows are in time order, so that `sklearn.model_selection.TimeSeriesSplit` trains on earlier and tests on later
    ones; with ``gap=horizon - 1``, no value is a target in both training and test. To forecast the unknown future,
    predict from `last_window`.

    Parameters
    ----------
    series : array-like of shape (T,) or (T, k)
        The series to forecast; its past goes into the windows.
    n_steps : int
        Steps per window.
    horizon : int, default=1
        The number of steps after each window to forecast.
    exog : array-like of shape (T,) or (T, m), default=None
        What is known of a step once it is past, such as the weather, in the dtype of the series.
    future_exog : array-like of shape (T,) or (T, f), default=None
        What is known of a step ``horizon`` steps ahead, such as the day of the week or a planned price. The last step
        of a window has that of all the steps to forecast. Horizon more steps may follow, which `last_window` needs.

    Returns
    -------
    X : ndarray of shape (n, n_steps, k + m + (horizon + 1) * f)
        A read-only view: overlapping windows share memory.
    y : ndarray of shape (n,), or (n, k) for a series of two dimensions
        For horizon > 1 it is (n, horizon) or (n, horizon * k), the k values of a step side by side:
        ``y.reshape(n, horizon, k)`` tells steps from series.

    Raises
    ------
    TypeError, ValueError
        If ``n_steps`` or ``horizon`` is not an integer of at least 1.
    ValueError
        If the series has fewer than n_steps + horizon steps; if ``exog`` or ``future_exog`` has another length; if any
        of them has NaN, infinity, or anything that is not a number.

    Examples
    --------
    >>> X, y = make_windows([0.0, 1.0, 2.0, 3.0, 4.0], n_steps=2)
    >>> X[:, :, 0]
    array([[0., 1.],
           [1., 2.],
           [2., 3.]])
    >>> y
    array([2., 3., 4.])
    >>> make_windows([0.0, 1.0, 2.0, 3.0, 4.0], n_steps=2, horizon=2)[1]
    array([[2., 3.],
           [3., 4.]])

    Of what is known ahead, a step gets its own value and that of the next:

    >>> X, y = make_windows([0.0, 1.0, 2.0, 3.0], n_steps=2, future_exog=[50, 51, 52, 53])
    >>> X[0]
    array([[ 0., 50., 51.],
           [ 1., 51., 52.]])
    """
    given = series
    series, exog, future_exog = read_series(series, exog, future_exog)
    n_steps, horizon = check_integer("n_steps", n_steps, 1), check_integer("horizon", horizon, 1)
    T = len(series)
    if n_steps + horizon > T:
        raise ValueError(f"`series` must have at least n_steps + horizon = {n_steps + horizon} steps, got {T}")
    if future_exog is not None:
        if len(future_exog) not in (T, T + horizon):
            raise ValueError(
                f"`future_exog` must have as many steps as `series`, {T}, or horizon = {horizon} more, "
                f"got {len(future_exog)}"
            )
        future_exog = future_exog[:T]
    seen = channels(series[:-horizon], None if exog is None else exog[:-horizon], future_exog, horizon)
    X = sliding_window_view(seen, n_steps, axis=0).swapaxes(1, 2)
    y = sliding_window_view(series, horizon, axis=0)[n_steps:].swapaxes(1, 2).copy().reshape(len(X), -1)
    return X, y[:, 0] if np.ndim(given) == 1 and horizon == 1 else y


def last_window(series: Any, n_steps: int, horizon: int = 1, exog: Any = None, future_exog: Any = None) -> Array:
    """The window from which to forecast beyond the end of a series: the X of one row, as `make_windows` cuts it.

    Parameters
    ----------
    series : array-like of shape (T,) or (T, k)
        At least ``n_steps`` steps.
    n_steps, horizon : int
        As for `make_windows`. Without ``future_exog``, the horizon makes no difference.
    exog : array-like of shape (T,) or (T, m), default=None
        What is known of the steps of the series.
    future_exog : array-like of shape (T + horizon,) or (T + horizon, f), default=None
        What is known of these steps and of those to forecast.

    Returns
    -------
    X : ndarray of shape (1, n_steps, k + m + (horizon + 1) * f)

    Raises
    ------
    TypeError, ValueError
        As in `make_windows`, but ``future_exog`` must have T + horizon steps.

    Examples
    --------
    >>> last_window([0.0, 1.0, 2.0, 3.0], n_steps=2, future_exog=[50, 51, 52, 53, 54])
    array([[[ 2., 52., 53.],
            [ 3., 53., 54.]]])
    """
    series, exog, future_exog = read_series(series, exog, future_exog)
    n_steps, horizon = check_integer("n_steps", n_steps, 1), check_integer("horizon", horizon, 1)
    T = len(series)
    if n_steps > T:
        raise ValueError(f"`series` must have at least n_steps = {n_steps} steps, got {T}")
    if future_exog is not None and len(future_exog) != T + horizon:
        raise ValueError(
            f"`future_exog` must have horizon = {horizon} steps more than `series`, {T + horizon}, "
            f"got {len(future_exog)}"
        )
    return channels(series, exog, future_exog, horizon)[None, -n_steps:].copy()


def read_series(series: Any, exog: Any, future_exog: Any) -> tuple[Array, Array | None, Array | None]:
    """The three as float arrays of shape (steps, columns), in the dtype of the series."""
    series = as_steps(series, "`series`")
    if exog is not None:
        exog = as_steps(exog, "`exog`", dtype=series.dtype)
        if len(exog) != len(series):
            raise ValueError(f"`exog` must have as many steps as `series`, {len(series)}, got {len(exog)}")
    if future_exog is not None:
        future_exog = as_steps(future_exog, "`future_exog`", dtype=series.dtype)
    return series, exog, future_exog


def channels(series: Array, exog: Array | None, future_exog: Array | None, horizon: int) -> Array:
    """All that is known at each step of ``series``, side by side; ``future_exog`` has ``horizon`` steps more."""
    parts = [series]
    if exog is not None:
        parts.append(exog)
    if future_exog is not None:
        known = sliding_window_view(future_exog, horizon + 1, axis=0).swapaxes(1, 2)  # (steps, horizon + 1, f)
        parts.append(known.reshape(len(series), -1))
    return series if len(parts) == 1 else np.concatenate(parts, axis=1)
