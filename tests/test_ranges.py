"""Checks of hyper-parameters: what passes, as what, and the one sentence for what does not."""

import math
from fractions import Fraction

import numpy as np
import pytest

from skbackprop.ranges import check_flag, check_integer, check_name, check_real

INTERVALS = {
    "both": ("[0, 1]", True, True),
    "left": ("[0, 1)", True, False),
    "right": ("(0, 1]", False, True),
    "neither": ("(0, 1)", False, False),
}


@pytest.mark.parametrize("value", [0.5, np.float32(0.5), np.float64(0.5), Fraction(1, 2)])
def test_a_real_number_comes_back_as_a_float(value):
    checked = check_real("rate", value, 0, 1)
    assert type(checked) is float
    assert checked == 0.5


@pytest.mark.parametrize("value", [1, np.int64(1), np.uint8(1)])
def test_an_integer_is_a_real_number(value):
    assert check_real("rate", value) == 1.0


@pytest.mark.parametrize("closed", INTERVALS)
@pytest.mark.parametrize(("value", "end"), [(0, 1), (1, 2)])
def test_closed_says_which_ends_belong(closed, value, end):
    interval, belongs = INTERVALS[closed][0], INTERVALS[closed][end]
    if belongs:
        assert check_real("rate", value, 0, 1, closed=closed) == value
        return
    with pytest.raises(ValueError, match=r"^`rate` must be a real number in ") as error:
        check_real("rate", value, 0, 1, closed=closed)
    assert str(error.value) == f"`rate` must be a real number in {interval}, got {value}"


@pytest.mark.parametrize("closed", INTERVALS)
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, -1e-300, 1 + 1e-15])
def test_outside_nothing_passes(closed, value):
    with pytest.raises(ValueError, match="`rate` must be a real number in"):
        check_real("rate", value, 0, 1, closed=closed)


@pytest.mark.parametrize("closed", INTERVALS)
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_an_infinite_end_never_belongs(closed, value):
    with pytest.raises(ValueError, match=r"`rate` must be a real number in \(-inf, inf\), got"):
        check_real("rate", value, closed=closed)


@pytest.mark.parametrize("value", ["0.5", None, True, np.True_, 0.5j, [0.5], np.array([0.5])])
def test_what_is_no_real_number_is_a_type_error(value):
    with pytest.raises(TypeError, match="`rate` must be a real number in"):
        check_real("rate", value, 0, 1)


@pytest.mark.parametrize("value", [3, np.int64(3), np.uint8(3)])
def test_an_integer_comes_back_as_an_int(value):
    checked = check_integer("units", value, 3)
    assert type(checked) is int
    assert checked == 3


def test_an_integer_below_the_bound_is_a_value_error():
    with pytest.raises(ValueError, match=r"^`units` must be an integer >= 1, got 0$"):
        check_integer("units", 0, 1)


@pytest.mark.parametrize("value", [1.0, "1", None, True, np.True_, math.nan])
def test_what_is_no_integer_is_a_type_error(value):
    with pytest.raises(TypeError, match="`units` must be an integer >= 1, got"):
        check_integer("units", value, 1)


@pytest.mark.parametrize("value", [True, False, np.True_, np.False_])
def test_a_flag_comes_back_as_a_bool(value):
    assert check_flag("shuffle", value) is bool(value)


@pytest.mark.parametrize("value", [1, 0, "True", None])
def test_what_is_no_flag_is_a_type_error(value):
    with pytest.raises(TypeError, match="`shuffle` must be True or False, got"):
        check_flag("shuffle", value)


def test_a_known_name_comes_back():
    assert check_name("fan", "mean", ("mean", "in")) == "mean"


@pytest.mark.parametrize("value", ["out", "", None, 3, ["in"]])
def test_an_unknown_name_is_told_the_known_ones_in_order(value):
    with pytest.raises(ValueError, match=r"^`fan` must be one of 'in', 'mean' or an object, got ") as error:
        check_name("fan", value, ("mean", "in"), " or an object")
    assert str(error.value).endswith(repr(value))


@pytest.mark.parametrize(
    ("value", "known", "meant"),
    [
        ("MSE", ("squared_error", "absolute_error"), "squared_error"),
        ("ReLU", ("relu", "tanh"), "relu"),
        ("rleu", ("relu", "tanh"), "relu"),
        ("sigmoid", ("logistic", "relu"), "logistic"),
        ("squared_eror", ("squared_error",), "squared_error"),
    ],
)
def test_a_name_from_elsewhere_or_misspelt_is_told_what_is_meant(value, known, meant):
    with pytest.raises(ValueError, match=f"got '{value}'; did you mean '{meant}'\\?$"):
        check_name("name", value, known)
