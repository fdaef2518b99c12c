"""Targets from the domain of a loss, to check it on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

Array = np.ndarray
ROWS = 9


def targets(loss: Any, y: Any) -> Iterator[Array]:
    """Yield ``y`` if given, else samples from the domain: for one output and, unless there are classes, for three."""
    if y is not None:
        y = np.asarray(y, np.float64)
        yield y[:, None] if y.ndim == 1 else y
        return
    n_classes = getattr(loss, "n_classes", 0)
    for outputs in (1,) if n_classes else (1, 3):
        yield sample_target(loss, np.random.default_rng(1), max(ROWS, 4 * n_classes), outputs)


def sample_target(loss: Any, rng: np.random.Generator, n: int, k: int) -> Array:
    """An (n, k) target from the domain of the loss: class numbers, or the first kind of numbers that it accepts."""
    positive = rng.gamma(2.0, size=(n, k))
    candidates: tuple[Array, ...] = (
        rng.standard_normal((n, k)),
        np.where(np.arange(n)[:, None] % 4 == 0, 0.0, positive),
        positive,
        rng.random((n, k)),
        np.resize([0.0, 1.0], (n, k)),
    )
    if getattr(loss, "n_classes", 0):
        candidates = (np.arange(n * k, dtype=np.float64).reshape(n, k) % loss.n_classes,)
    for y in candidates:
        if accepts(loss, y):
            return y
    raise AssertionError(f"{loss!r}: `check` must accept some target, it refuses all that were tried: give one as `y`")


def accepts(loss: Any, y: Array) -> bool:
    try:
        loss.check(y)
    except ValueError:
        return False
    return True
