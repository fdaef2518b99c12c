"""Frozen dataclasses, of which there are some fifty: they share their methods, instead of compiling them for each."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, TypeVar, dataclass_transform

__all__ = ["frozen"]

T = TypeVar("T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(cls: type[T]) -> type[T]:
    """Like ``dataclass(frozen=True)``, but created in two thirds of the time; creating classes dominates the import.

    It is compared and hashed by its fields like any other frozen dataclass, and these may inherit from it. Like an
    estimator, it is printed with the fields that differ from their defaults.

    Examples
    --------
    >>> @frozen
    ... class Scale:
    ...     factor: float = 1.0
    >>> Scale(2.0), Scale(), Scale(2.0) == Scale(2), len({Scale(), Scale(1.0)})
    (Scale(factor=2.0), Scale(), True, 1)
    """
    made = dataclass(frozen=True, repr=False, eq=False)(cls)
    for name, method in (("__repr__", shown), ("__eq__", equal), ("__hash__", hashed)):
        if name not in vars(cls):
            setattr(made, name, method)
    return made


def values(self: Any) -> dict[str, Any]:
    return {field.name: getattr(self, field.name) for field in fields(self)}


def shown(self: Any) -> str:
    defaults = {field.name: field.default for field in fields(self)}
    changed = (f"{name}={value!r}" for name, value in values(self).items() if value != defaults[name])
    return f"{type(self).__qualname__}({', '.join(changed)})"


def equal(self: Any, other: Any) -> bool:
    return values(self) == values(other) if type(other) is type(self) else NotImplemented


def hashed(self: Any) -> int:
    return hash(tuple(values(self).values()))
