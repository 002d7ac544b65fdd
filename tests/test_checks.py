"""Bad input gets one sentence: where, what is accepted, what came, what to do."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from deephyper import _checks as checks


def test_a_near_name_is_suggested() -> None:
    with pytest.raises(
        ValueError, match=r"^CBO: acq_func must be one of 'UCB', 'EI', got 'UCBB'\. Did you mean 'UCB'\?$"
    ):
        checks.one_of("CBO", "acq_func", "UCBB", ["UCB", "EI"])


@pytest.mark.parametrize("value", [None, 3, [], {}, "zzz"], ids=repr)
def test_what_is_no_accepted_name_is_refused_without_a_guess(value: Any) -> None:
    with pytest.raises(ValueError, match=r"must be one of 'UCB', 'EI', got .*\.$"):
        checks.one_of("CBO", "acq_func", value, ["UCB", "EI"])


def test_an_accepted_name_passes_also_as_numpy_text() -> None:
    checks.one_of("CBO", "acq_func", np.str_("EI"), iter(["UCB", "EI"]))
    checks.known_names("CBO", "option", ["a"], iter(["a", "b"]))


def test_an_unknown_name_is_told_with_the_near_one() -> None:
    with pytest.raises(
        TypeError, match=r"^CBO: unknown option 'n_point'; accepted are 'n_points', 'xi'\. Did you mean 'n_points'\?$"
    ):
        checks.known_names("CBO", "option", ["xi", "n_point"], ["n_points", "xi"])


def test_a_wrong_kind_is_told_in_words() -> None:
    with pytest.raises(TypeError, match=r"^CBO: problem must be an HpProblem, got 3 of type int\.$"):
        checks.instance_of("CBO", "problem", 3, str, "an HpProblem")
    with pytest.raises(TypeError, match=r"^HpProblem: fn must be a function, got 'x' of type str\.$"):
        checks.function("HpProblem", "fn", "x", "a function")


@pytest.mark.parametrize("value", [1, 1.5, np.int8(1), np.float32(1), Fraction(1, 2), math.nan], ids=repr)
def test_numbers_of_every_library_are_numbers(value: Any) -> None:
    assert checks.is_number(value)


@pytest.mark.parametrize("value", [True, np.True_, "1", None, 1j, Decimal(1), [1]], ids=repr)
def test_bools_and_texts_are_no_numbers(value: Any) -> None:
    assert not checks.is_number(value)
    assert not checks.is_integer(value)


@pytest.mark.parametrize("value", [True, False, np.True_, np.False_], ids=repr)
def test_bools_of_numpy_are_bools(value: Any) -> None:
    assert checks.is_bool(value)


def test_a_whole_number_is_no_float() -> None:
    assert checks.is_integer(np.uint8(3))
    assert not checks.is_integer(3.0)


def test_a_count_comes_back_as_a_python_int() -> None:
    assert type(checks.count("S", "n", np.int64(3))) is int
    assert checks.count("S", "n", 0, at_least=0) == 0


@pytest.mark.parametrize("value", [0, -1, 2.0, "3", True, None, math.nan], ids=repr)
def test_what_counts_nothing_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match=r"^S: n must be a whole number of at least 1, got "):
        checks.count("S", "n", value)


def test_seconds_come_back_as_a_float() -> None:
    assert type(checks.seconds("S", "timeout", 3)) is float
    assert checks.seconds("S", "timeout", np.float32(0.5)) == 0.5


@pytest.mark.parametrize("value", [0, -1.0, math.inf, math.nan, "3", True, None], ids=repr)
def test_what_is_no_span_of_time_is_refused(value: Any) -> None:
    with pytest.raises(
        ValueError, match=r"^S: timeout must be a positive number of seconds, or None for no limit, got "
    ):
        checks.seconds("S", "timeout", value)


def test_options_of_a_function_leave_out_self_and_catch_alls() -> None:
    class Something:
        def __init__(self, a: int, b: int = 0, *rest: int, c: int = 0, **others: int) -> None: ...

    assert checks.options_of(Something.__init__) == ["a", "b", "c"]


def test_an_option_that_is_left_out_is_unknown() -> None:
    def function(a: int = 0, hidden: int = 0) -> None: ...

    checks.known_options("f", {"a": 1}, function, left_out=["hidden"])
    with pytest.raises(TypeError, match="f: unknown option 'hidden'; accepted are 'a'"):
        checks.known_options("f", {"hidden": 1}, function, left_out=["hidden"])
