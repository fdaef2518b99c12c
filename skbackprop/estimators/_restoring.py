"""Restores an estimator after a call that failed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def nothing_lost(estimator: Any) -> Iterator[None]:
    """If the body fails, restore the estimator to what it was before."""
    before, state = dict(vars(estimator)), getattr(estimator, "_state", None)
    mark = None if state is None else state.mark()
    try:
        yield
    except BaseException:
        # scikit-learn itself removes the attributes that it has set for its callbacks.
        callbacks = {name: value for name, value in vars(estimator).items() if "callback" in name}
        vars(estimator).clear()
        vars(estimator).update(before | callbacks)
        if state is not None:
            state.rewind(mark)
        raise
