"""What a short form means, and what is said about one that means nothing."""

from __future__ import annotations

import json
import math
from collections import OrderedDict
from enum import IntEnum
from typing import Any

import numpy as np
import pandas as pd
import pytest
from ConfigSpace import CategoricalHyperparameter, UniformFloatHyperparameter

from deephyper.problem import HpProblem
from deephyper.problem.short_forms import hyperparameter_of


class Size(IntEnum):
    S = 1
    L = 3


def kind_of(value: Any, default: Any = None) -> str:
    return type(hyperparameter_of(value, "x", default)).__name__.removesuffix("Hyperparameter")


def values_of(value: Any) -> list[Any]:
    problem = HpProblem(seed=0)
    problem.add_hyperparameter(value, "x")
    return [configuration["x"] for configuration in problem.sample(60)]


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ((0, 10), "UniformInteger"),
        ((np.int64(0), np.int32(10)), "UniformInteger"),
        ((1, 10, "log-uniform"), "UniformInteger"),
        ((0.0, 1.0), "UniformFloat"),
        ((0, 1.5), "UniformFloat"),
        ((0.0, 1), "UniformFloat"),
        ((np.float32(0), np.float64(1)), "UniformFloat"),
        ((1e-5, 1e-1, "log-uniform"), "UniformFloat"),
        ((0, 1, "uniform"), "UniformInteger"),
        ([1, 2, 3], "Ordinal"),
        ([1.5, 2], "Ordinal"),
        ([3], "Ordinal"),
        (np.array([1, 2]), "Ordinal"),
        (["a", "b"], "Categorical"),
        ([True, False], "Categorical"),
        ([1, "a", None], "Categorical"),
        ([None], "Categorical"),
        ([(1, 2), (3,)], "Categorical"),
        (np.array(["a", "b"]), "Categorical"),
        ({"mu": 1.0, "sigma": 1, "lower": 0, "upper": 10}, "NormalFloat"),
        ({"mu": np.int64(1), "sigma": 0.5, "lower": 0, "upper": 10}, "NormalInteger"),
        (5, "Constant"),
        (5.5, "Constant"),
        ("a", "Constant"),
        (True, "Constant"),
        ("", "Constant"),
        (np.float32(1), "Constant"),
        ((5, 5), "Constant"),
        ((0.5, 0.5, "log-uniform"), "Constant"),
    ],
    ids=repr,
)
def test_a_short_form_is_a_hyperparameter(value: Any, kind: str) -> None:
    assert kind_of(value) == kind
    assert not any(isinstance(found, np.generic) for found in values_of(value))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ((1,), r"a range is \(low, high\) or \(low, high, 'log-uniform'\) with two numbers, got \(1,\)"),
        ((), "a range is"),
        (("a", "b"), "a range is"),
        ((0, True), "a range is"),
        ((0, None), "a range is"),
        ((0, 1, "uniform", 2), "a range is"),
        (
            (1, 2, "loguniform"),
            "the third item of a range must be one of 'uniform', 'log-uniform', .* Did you mean 'log-uniform'",
        ),
        ((1, 2, 3), "the third item of a range must be one of"),
        ((2, 1), "the low bound 2 must not be above the high bound 1; swap them"),
        ((0, 5, "log-uniform"), "must begin above zero, got low 0; raise it or use 'uniform'"),
        ((math.nan, 1), "the bounds of a range must be finite"),
        ((0, math.inf), "the bounds of a range must be finite"),
        ((0, 10**400), "the bounds of a range must be finite"),
        ((0, 2**70), "too wide or too narrow for ConfigSpace, .*; express it in another unit"),
        ((-1e308, 1e308), "too wide or too narrow"),
        ((1.0, 1.0 + 2**-52), "too wide or too narrow"),
        ((1e-300, 1e-299, "log-uniform"), "too wide or too narrow"),
        ([], "a list of choices must hold at least one"),
        (["a", "b", "a"], "the choices must all be different, and 'a' equals an earlier one"),
        ([1, True], "the choices must all be different, and True equals an earlier one"),
        ([1, 2.0, 2], "the choices must all be different"),
        (["a", math.nan], "nan marks an inactive hyperparameter, so it cannot be a value; take None instead"),
        ([np.nan, 1.0], "nan marks an inactive hyperparameter"),
        (math.nan, "nan marks an inactive hyperparameter"),
        ([(1, 2), [1, 2]], r"\(1, 2\) and \[1, 2\] would both be \[1, 2\] in results.csv; leave one out"),
        ({"mu": 1}, "needs the numbers mu, sigma, lower and upper; 'sigma' is missing"),
        ({}, "'mu' is missing"),
        ({"mu": True, "sigma": 1, "lower": 0, "upper": 1}, "'mu' is missing"),
        ({"mu": 1, "sigma": 0, "lower": 0, "upper": 1}, "needs lower < upper and sigma > 0"),
        ({"mu": 1, "sigma": 1, "lower": 2, "upper": 1}, "needs lower < upper and sigma > 0"),
        ({"mu": math.nan, "sigma": 1.0, "lower": 0.0, "upper": 1.0}, "must be finite"),
        ({"mu": 0.0, "sigma": 1.0, "lower": -math.inf, "upper": 1.0}, "must be finite"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_a_broken_short_form_is_told_in_one_sentence(value: Any, message: str) -> None:
    with pytest.raises(ValueError, match=rf"^HpProblem: hyperparameter 'x'(:| must).*{message}") as raised:
        hyperparameter_of(value, "x")

    assert "\n" not in str(raised.value)


def test_an_unknown_key_of_a_normal_distribution_is_told_with_the_near_one() -> None:
    with pytest.raises(TypeError, match="'x': unknown key of a normal distribution 'uper'; .* Did you mean 'upper'"):
        hyperparameter_of({"mu": 1, "sigma": 1, "lower": 0, "uper": 1}, "x")


@pytest.mark.parametrize(
    "value", [None, object(), {1, 2}, b"x", range(3), len, pd.Series([1, 2]), 1j], ids=lambda value: repr(value)[:20]
)
def test_what_is_no_short_form_is_told_what_is(value: Any) -> None:
    with pytest.raises(
        TypeError, match=r"is no hyperparameter\. Accepted are \(low, high\), .*, or a ConfigSpace hyperparameter"
    ):
        hyperparameter_of(value, "x")


@pytest.mark.parametrize(
    ("name", "error"),
    [(None, ValueError), ("", ValueError), (3, TypeError), (b"x", TypeError), (("x",), TypeError), (True, TypeError)],
    ids=repr,
)
def test_a_hyperparameter_needs_a_name(name: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="a hyperparameter needs a name, a string that is not empty, got"):
        hyperparameter_of((0, 1), name)


CHOICES = [
    None,
    "None",
    "nan",
    "NaN",
    "",
    "1",
    1,
    True,
    "True",
    "true",
    2.5,
    (1, 2),
    [3],
    {"a": 1},
    OrderedDict(b=2),
    len,
    Size.L,
]


def test_choices_are_the_users_own_objects() -> None:
    choices = [choice for choice in CHOICES if choice is not True]
    problem = HpProblem(seed=0)
    problem.add_hyperparameter(choices, "x")

    found = {id(configuration["x"]) for configuration in problem.sample(400)}

    assert found == {id(choice) for choice in choices}


def test_numpy_scalars_inside_of_choices_become_pythons() -> None:
    found = values_of([(np.int64(1), 2), [np.float64(0.5)], np.array([3, 4]), np.str_("a"), np.True_])

    assert {json.dumps(value) for value in found} == {'"a"', "[0.5]", "[1, 2]", "[3, 4]", "true"}
    assert all(type(value) in (tuple, list, str, bool) for value in found)


def test_enums_are_numbers_and_stay_enums() -> None:
    assert kind_of(list(Size)) == "Ordinal"
    assert {type(value) for value in values_of(list(Size))} == {Size}


@pytest.mark.parametrize(
    ("value", "default", "expected"),
    [
        ((0, 10), 3, 3),
        ((0, 10), 3.0, 3),
        ((0, 10), np.int64(3), 3),
        ((0.0, 1.0), 1, 1.0),
        ((1e-5, 1e-1, "log-uniform"), 3e-4, 3e-4),
        (["a", "b"], "b", "b"),
        ([None, "a"], "a", "a"),
        ([None, "a"], None, None),
        ([1, 2, 3], 2.0, 2),
        ([True, False], False, False),
        ([(1, 2), (3, 4)], (3, 4), (3, 4)),
        ({"mu": 0, "sigma": 1, "lower": -5, "upper": 5}, 2, 2),
        (5, 5, 5),
        ((0, 10), None, 5),
        ([3, 1, 2], None, 3),
    ],
    ids=repr,
)
def test_a_default_is_the_users_value_or_the_middle_or_the_first(value: Any, default: Any, expected: Any) -> None:
    problem = HpProblem()
    problem.add_hyperparameter(value, "x", default)

    found = problem.default_configuration["x"]

    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("value", "default", "message"),
    [
        ((0, 10), 11, r"the default value must lie in \[0, 10\], got 11"),
        ((0.0, 1.0), True, "the default value must lie in"),
        ((0.0, 1.0), "a", "the default value must lie in"),
        ((0, 10), math.nan, "the default value must lie in"),
        ((0, 10), 2.5, "the default value of a range of whole numbers must be one, got 2.5"),
        (["a", "b"], "c", r"the default value must be one of \['a', 'b'\], got 'c'"),
        ([1, 2], True, "the default value must be one of"),
        ([True, False], 1, "the default value must be one of"),
        ({"mu": 0, "sigma": 1, "lower": -5, "upper": 5}, 9, "the default value must lie in"),
        (
            {"mu": 0, "sigma": 1, "lower": -5, "upper": 5},
            0.5,
            "the default value of a range of whole numbers must be one",
        ),
        (5, 7, "a constant is its own default value; leave out default_value=7"),
    ],
    ids=repr,
)
def test_a_default_outside_is_refused(value: Any, default: Any, message: str) -> None:
    with pytest.raises(ValueError, match=rf"^HpProblem: hyperparameter 'x': {message}"):
        hyperparameter_of(value, "x", default)


def test_a_configspace_hyperparameter_stays_as_it_is() -> None:
    given = UniformFloatHyperparameter("x", 0, 1)

    assert hyperparameter_of(given, None) is hyperparameter_of(given, "x") is given
    with pytest.raises(ValueError, match="has its own name 'x'; leave out 'y'"):
        hyperparameter_of(given, "y")
    with pytest.raises(ValueError, match=r"'x' has its own default value 0\.5; leave out default_value=0\.3"):
        hyperparameter_of(given, None, 0.3)


def test_a_configspace_hyperparameter_with_a_choice_that_is_no_value_is_refused() -> None:
    with pytest.raises(ValueError, match="'x': nan marks an inactive hyperparameter"):
        HpProblem().add(CategoricalHyperparameter("x", ["a", math.nan]))
