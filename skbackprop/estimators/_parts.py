"""Parameters of the objects that an estimator was given, as in ``solver__weight_decay``: for searches over them."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import Any

from sklearn.base import BaseEstimator


class PartParametersMixin(BaseEstimator):
    """Lets `get_params` and `set_params` reach into parameters that are frozen dataclasses.

    As the objects are frozen, and may be shared with another estimator, setting a field replaces the object.
    """

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The parameters of the constructor, and with ``deep`` the fields of those that are objects.

        Parameters
        ----------
        deep : bool, default=True

        Returns
        -------
        params : dict
            Values by name; the field ``weight_decay`` of ``solver`` is ``solver__weight_decay``.
        """
        params = super().get_params(deep=deep)
        return params | {key: value for name in params for key, value in fields_of(name, params[name]) if deep}

    def set_params(self, **params: Any) -> Any:
        """Set parameters of the constructor, and fields of those that are objects.

        Parameters
        ----------
        **params : dict
            Values by name, as `get_params` gives them.

        Returns
        -------
        self : estimator

        Raises
        ------
        ValueError
            If there is no parameter, or no field, of that name.
        """
        own = self.get_params(deep=False)
        of_parts = {key: value for key, value in params.items() if "__" in key and key.partition("__")[0] in own}
        super().set_params(**{name: value for name, value in params.items() if name not in of_parts})
        for key, value in of_parts.items():
            name, _, path = key.partition("__")
            super().set_params(**{name: with_field(getattr(self, name), path, value, key)})
        return self


def fields_of(name: str, part: Any) -> list[tuple[str, Any]]:
    """The fields of an object that is called ``name``, and of those that it holds."""
    if not is_dataclass(part) or isinstance(part, type):
        return []
    found = []
    for field in fields(part):
        key, value = f"{name}__{field.name}", getattr(part, field.name)
        found += [(key, value), *fields_of(key, value)]
    return found


def with_field(part: Any, path: str, value: Any, key: str) -> Any:
    """The object with another value at the end of the ``path``."""
    name, _, rest = path.partition("__")
    if not is_dataclass(part) or isinstance(part, type):
        raise ValueError(f"`{key}` must set a field of an object, such as solver=AdamW(), got a field of {part!r}")
    known = [field.name for field in fields(part)]
    if name not in known:
        raise ValueError(f"`{key}` must set one of the fields of {part!r}, {', '.join(known)}, got {name!r}")
    return replace(part, **{name: with_field(getattr(part, name), rest, value, key) if rest else value})
