"""What a public docstring says is a default is the default."""

import inspect
import re

import numpy as np
import pytest

import skbackprop


def documented(thing):
    """Name and default, as written, of every parameter in the docstring that has one."""
    section = re.search(r"^Parameters\n-+\n(.*?)(?=^\w[^\n]*\n-+\n|\Z)", inspect.getdoc(thing) or "", re.M | re.S)
    for name, default in re.findall(r"^(\w[\w, ]*) : .*?default=(.+)$", section[1] if section else "", re.M):
        names = name.split(", ")
        defaults = default.split(", ") if len(names) > 1 and "," in default else [default] * len(names)
        yield from zip(names, defaults, strict=True)


CASES = [
    pytest.param(thing, name, written, id=f"{public}-{name}")
    for public in skbackprop.__all__
    if callable(thing := getattr(skbackprop, public))
    for name, written in documented(thing)
]


@pytest.mark.parametrize(("thing", "name", "written"), CASES)
def test_a_default_is_what_the_docstring_says(thing, name, written):
    default = inspect.signature(thing).parameters[name].default
    names = {public: getattr(skbackprop, public) for public in skbackprop.__all__}
    assert repr(default) == written.replace('"', "'") or default == eval(written, names | {"np": np})


def test_most_parameters_have_one():
    assert len(CASES) > 200
