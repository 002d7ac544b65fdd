"""Values come back as the user's own objects, from a CSV cell and from JSON."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deephyper._cells import cell, plain
from deephyper.space import Categorical, Constant, Dimension, Integer, Ordinal, Real, Space

ODD = [
    None,
    True,
    False,
    1,
    0,
    "1",
    "True",
    "None",
    "null",
    "",
    "a, b",
    16,
    2.5,
    (1, 2),
    "(1, 2)",
    "[1, 2]",
    {"b": 1, "a": (2,)},
]
ODD += [(1, (2, (None, True))), np.int64(7), np.float32(0.1), np.str_("numpy"), Real, "nan"]

scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text())
nested = st.recursive(scalars, lambda inner: st.one_of(st.lists(inner).map(tuple), st.lists(inner)), max_leaves=6)
some_choices = st.lists(st.one_of(nested, st.sampled_from(ODD)), min_size=2, max_size=8, unique_by=cell)


def by_json(value: Any) -> Any:
    return json.loads(json.dumps(plain(value)))


@given(some_choices)
def test_every_choice_comes_back_as_the_object_itself(choices: list[Any]) -> None:
    dimensions: list[Dimension] = [Categorical("x", choices), Ordinal("x", choices), Constant("x", choices[0])]
    for dimension in dimensions:
        for choice in choices[: 1 if isinstance(dimension, Constant) else None]:
            assert dimension.read_cell(cell(choice)) is choice
            assert dimension.read(by_json(choice)) is choice
            assert dimension.read(choice) is choice


@given(st.floats(-1e6, 1e6), st.integers(-(2**60), 2**60))
def test_numbers_come_back_to_the_last_digit(number: float, whole: int) -> None:
    real, integer = Real("x", -1e6, 1e6), Integer("n", -(2**60), 2**60)
    for read, value in ((real.read, number), (integer.read, whole)):
        for form in (value, by_json(value), cell(value)):
            assert read(form) == value and type(read(form)) is type(value)


@pytest.mark.parametrize(
    ("dimension", "text", "value"),
    [
        (Real("x", 0, 1), "1", 1.0),
        (Real("x", 0, 9), "07", 7.0),
        (Integer("x", 0, 10), "3.0", 3),
        (Integer("x", 0, 10), "3", 3),
        (Ordinal("x", [1, 2.5]), "2.5", 2.5),
        (Ordinal("x", [1, 2.5]), "1.0", 1),
        (Ordinal("x", [16, 32]), "16.0", 16),
        (Categorical("x", ["a", 16]), "16.0", 16),
        (Categorical("x", ["1e5", "x"]), "1e5", "1e5"),
        (Categorical("x", [True, None, (1, 2)]), "True", True),
        (Categorical("x", [True, None, (1, 2)]), "true", True),
        (Categorical("x", [True, None, (1, 2)]), "None", None),
        (Categorical("x", [True, None, (1, 2)]), "(1, 2)", (1, 2)),
        (Categorical("x", ["None", None]), "None", "None"),
        (Constant("x", "c"), "c", "c"),
        (Constant("x", 2), "2.0", 2),
    ],
)
def test_the_texts_of_other_programs_are_understood(dimension: Dimension, text: str, value: Any) -> None:
    for read in (dimension.read, dimension.read_cell):
        assert read(text) == value and type(read(text)) is type(value)


def test_the_text_of_a_cell_tells_a_string_from_a_number_and_json_does_anyway() -> None:
    dimension = Categorical("x", [1, "1"])

    assert [dimension.read_cell(text) for text in ("1", '"1"')] == [1, "1"]
    assert [dimension.read(value) for value in (1, "1")] == [1, "1"]


@pytest.mark.parametrize(
    ("dimension", "value", "choice"),
    [
        (Categorical("x", [16, "a"]), 16.0, 16),
        (Categorical("x", [16, "a"]), np.float64(16.0), 16),
        (Categorical("x", [(1, 2), "a"]), [1.0, 2.0], (1, 2)),
        (Categorical("x", [{"a": 1, "b": 2}, "a"]), {"b": 2, "a": 1}, {"a": 1, "b": 2}),
        (Integer("x", 0, 9), 3.0, 3),
        (Integer("x", 0, 9), np.int64(3), 3),
        (Real("x", 0, 9), 3, 3.0),
    ],
)
def test_databases_may_change_a_value_a_little(dimension: Dimension, value: Any, choice: Any) -> None:
    assert dimension.read(value) == choice and type(dimension.read(value)) is type(choice)


@pytest.mark.parametrize(
    ("dimension", "value", "sentence"),
    [
        (Real("x", 0, 1), 2.0, "hyperparameter 'x' must be between 0 and 1, got 2.0"),
        (Real("x", 0, 1), "two", "must be a number, got 'two'"),
        (Real("x", 0, 1), math.nan, "must be a number, got nan"),
        (Real("x", 0, 1), True, "must be a number, got True"),
        (Real("x", 0, 1), "inf", "must be between 0 and 1, got 'inf'"),
        (Integer("x", 0, 9), "2.5", "must be a whole number, got '2.5'"),
        (Integer("x", 0, 9), 10, "must be between 0 and 9, got 10"),
        (Categorical("x", ["a", 1]), "c", r"must be one of \['a', 1\], got 'c'"),
        (Categorical("x", ["a", 1]), True, r"must be one of \['a', 1\], got True"),
        (Categorical("x", ["a", 1]), math.nan, r"must be one of \['a', 1\], got nan"),
        (Ordinal("x", [1, 2]), 3, r"must be one of \[1, 2\], got 3"),
        (Constant("x", "c"), "d", "must be 'c', got 'd'"),
    ],
)
def test_what_is_no_value_is_refused_in_one_sentence(dimension: Dimension, value: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        dimension.read(value)
    if isinstance(value, str):
        with pytest.raises(ValueError, match=sentence):
            dimension.read_cell(value)


def test_a_space_reads_whole_configurations_and_leaves_out_what_is_inactive() -> None:
    shape = (1, 2)
    space = Space(
        [Real("r", 0, 1), Categorical("shape", [shape, "flat"]), Categorical("none", [None, 1]), Constant("c", 3)]
    )

    read = space.read({"c": 3.0, "none": None, "shape": [1, 2], "r": 1, "unknown": 5})
    partly = space.read({"r": None, "shape": math.nan})

    assert list(read) == ["r", "shape", "none", "c"]
    assert read["shape"] is shape and (read["r"], read["none"], read["c"]) == (1.0, None, 3)
    assert partly == {}
    with pytest.raises(ValueError, match="hyperparameter 'r' must be between 0 and 1, got 4"):
        space.read({"r": 4})
