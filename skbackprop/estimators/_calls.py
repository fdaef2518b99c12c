"""Calls with arguments that a method does not take: the error names the user's estimator, not the class behind it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any


def naming_estimator(method: Callable) -> Callable:
    """The method, with Python's message for wrong arguments as if the estimator's own class had defined it."""
    inherited, name = f"{method.__qualname__}()", method.__name__

    @wraps(method)
    def called(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return method(self, *args, **kwargs)
        except TypeError as error:
            if str(error).startswith(inherited):
                message = str(error).replace(inherited, f"{type(self).__name__}.{name}()", 1)
                raise TypeError(message) from None
            raise

    return called
