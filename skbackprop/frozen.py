"""Frozen dataclasses, of which there are some fifty: what they all do alike is said once, not compiled for each."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, TypeVar, dataclass_transform

__all__ = ["frozen"]

T = TypeVar("T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(cls: type[T]) -> type[T]:
    """Like ``dataclass(frozen=True)``, but made in two thirds of the time: making classes is most of an import.

    Compared and hashed by its fields, as any other frozen dataclass, which may inherit from it. Printed, like an
    estimator, with the fields that are not at their defaults.

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
    own = ((field, getattr(self, field.name)) for field in fields(self))
    changed = (f"{field.name}={value!r}" for field, value in own if value is not field.default and value != field.default)
    return f"{type(self).__qualname__}({', '.join(changed)})"


def equal(self: Any, other: Any) -> bool:
    return values(self) == values(other) if type(other) is type(self) else NotImplemented


def hashed(self: Any) -> int:
    return hash(tuple(values(self).values()))
