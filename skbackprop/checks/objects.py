"""What every part must be: an object with the required attributes that compares by value and can be pickled."""

from __future__ import annotations

import io
import pickle
from collections.abc import Iterable
from typing import Any

REMEDY = "make it a frozen dataclass whose fields are numbers, strings and tuples of them"


def require(condition: Any, sentence: str) -> None:
    """Raise AssertionError unless the condition holds; ``python -O`` would remove a bare ``assert``."""
    if not condition:
        raise AssertionError(sentence)


def require_object(part: Any, methods: Iterable[str], attributes: Iterable[str] = ()) -> None:
    """Assert that ``part`` is an instance with these methods and attributes, hashable and equal to its pickle."""
    require(not isinstance(part, type), f"{part!r} must be an object, got the class: call it")
    for name in methods:
        require(callable(getattr(part, name, None)), f"{part!r} must have a method `{name}`, it has none")
    for name in attributes:
        require(hasattr(part, name), f"{part!r} must have an attribute `{name}`, it has none")
    try:
        hash(part)
    except TypeError as error:
        raise AssertionError(f"{part!r} must be hashable, but {error}: {REMEDY}") from None
    try:
        copy = pickled(part)
    except Exception as error:
        raise AssertionError(f"{part!r} must be picklable, but {error}: {REMEDY}") from None
    require(copy == part and hash(copy) == hash(part), f"{part!r} must be equal to its pickle, it is not: {REMEDY}")


def pickled(part: Any) -> Any:
    """Pickle and unpickle ``part``. Classes defined in ``__main__``, such as at a prompt, count as importable."""
    typed_in: dict[str, type] = {}

    class Pickler(pickle.Pickler):
        def persistent_id(self, thing: Any) -> str | None:
            if not isinstance(thing, type) or thing.__module__ != "__main__":
                return None
            typed_in[thing.__qualname__] = thing
            return thing.__qualname__

    class Unpickler(pickle.Unpickler):
        def persistent_load(self, name: str) -> type:
            return typed_in[name]

    stream = io.BytesIO()
    Pickler(stream).dump(part)
    stream.seek(0)
    return Unpickler(stream).load()
