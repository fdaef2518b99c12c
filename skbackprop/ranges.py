"""Checks of hyper-parameters for the whole package, each with a message of one sentence.

They replace ``sklearn.utils.check_scalar``, because the core may not import scikit-learn, and NaN passes every bound
there.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import cache
from numbers import Integral, Real
from typing import Any

import numpy as np

# What other libraries call the things that have names here.
SYNONYMS = {
    "mse": "squared_error",
    "l2": "squared_error",
    "mae": "absolute_error",
    "l1": "absolute_error",
    "pinball": "quantile",
    "crossentropy": "log_loss",
    "cross_entropy": "log_loss",
    "bce": "log_loss",
    "sigmoid": "logistic",
    "linear": "identity",
    "swish": "silu",
    "xavier": "glorot_uniform",
    "kaiming": "he_normal",
}


def check_real(
    name: str, value: Any, low: float = -math.inf, high: float = math.inf, closed: str = "both", or_else: str = ""
) -> float:
    """Return ``value`` as a float if it is a real number between ``low`` and ``high``.

    ``closed`` says which ends are included: "both", "left", "right" or "neither"; an infinite end never is. ``or_else``
    names alternatives in the message.

    Raises
    ------
    TypeError, ValueError
        If ``value`` is not a real number, or is out of range. The message names parameter, expectation and value.
    """
    opening = "[" if closed in ("both", "left") and low > -math.inf else "("
    closing = "]" if closed in ("both", "right") and high < math.inf else ")"
    expected = f"`{name}` must be {or_else}a real number in {opening}{low:g}, {high:g}{closing}, got {value!r}"
    is_real = isinstance(value, Real) and not isinstance(value, (bool, np.bool_))
    if not is_real:
        raise TypeError(expected)
    above = value >= low if opening == "[" else value > low
    below = value <= high if closing == "]" else value < high
    if not (above and below):
        raise ValueError(expected)
    return float(value)


def check_integer(name: str, value: Any, low: int, or_else: str = "") -> int:
    """Return ``value`` as an int if it is an integer >= ``low``; ``or_else`` names alternatives in the message."""
    expected = f"`{name}` must be {or_else}an integer >= {low}, got {value!r}"
    if not isinstance(value, Integral) or isinstance(value, (bool, np.bool_)):
        raise TypeError(expected)
    if value < low:
        raise ValueError(expected)
    return int(value)


def check_flag(name: str, value: Any, also: str = "") -> bool:
    """Return ``value`` as a bool if it is one; ``also`` are other choices, for the message."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"`{name}` must be {also}True or False, got {value!r}")
    return bool(value)


def one_or_several(value: Any) -> Any:
    """A tuple of several values, as a frozen dataclass keeps them; one value as it is."""
    several = isinstance(value, Iterable) and not isinstance(value, str) and getattr(value, "ndim", 1) > 0
    return tuple(value) if several else value


def check_object(name: str, value: Any, contract: type, examples: str) -> None:
    """Refuse a name, a class, or an object without the members of the ``contract``; only estimators accept names."""
    if isinstance(value, (str, type)) or has_nothing_of(contract, value):
        raise TypeError(f"`{name}` must be an object such as {examples}, got {value!r}")
    check_whole(name, value, contract)


def check_whole(name: str, value: Any, contract: type) -> None:
    """Refuse an object that lacks any member of the ``contract``, a Protocol."""
    missing = [f"`{part}`" for part in members(contract) if not hasattr(value, part)]
    if missing:
        *most, last = missing
        lacks = f"{', '.join(most)} and {last}" if most else last
        described = f"an object as `{contract.__name__}` describes it"
        raise TypeError(f"`{name}` must be {described}, got {value!r}, which lacks {lacks}")


def has_nothing_of(contract: type, value: Any) -> bool:
    """Whether an object has no member of the ``contract`` at all, and so is something else."""
    return not any(hasattr(value, part) for part in members(contract))


@cache
def members(contract: type) -> tuple[str, ...]:
    """The names of the public members of a Protocol."""
    bases = [vars(base) for base in reversed(contract.__mro__)]
    parts = (part for base in bases for part in (*base.get("__annotations__", ()), *base))
    return tuple(dict.fromkeys(part for part in parts if not part.startswith("_")))


def check_name(name: str, value: Any, known: Iterable[str], otherwise: str = "") -> Any:
    """Return ``value`` if it is among the ``known`` names; ``otherwise`` names alternatives in the message."""
    known = sorted(known)
    if not isinstance(value, str) or value not in known:
        meant = meant_by(value, known)
        hint = "" if meant is None else f"; did you mean {meant!r}?"
        raise ValueError(f"`{name}` must be one of {', '.join(map(repr, known))}{otherwise}, got {value!r}{hint}")
    return value


def meant_by(value: Any, known: list[str]) -> str | None:
    """The known name that other libraries write as ``value``, or that is spelt like it."""
    import difflib  # for an error alone

    if not isinstance(value, str):
        return None
    synonym = SYNONYMS.get(value.lower())
    matches = [synonym] if synonym in known else difflib.get_close_matches(value.lower(), known, n=1)
    return matches[0] if matches else None
