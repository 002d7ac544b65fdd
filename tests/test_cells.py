"""Every value has one text and one plain form, and comes back from both."""

from __future__ import annotations

import enum
import json
import math
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from hypothesis import given

from deephyper._cells import cell, plain, scalar, value_of
from values import cells, is_same


@given(cells)
def test_a_cell_comes_back_as_the_value_that_it_was(value: Any) -> None:
    assert is_same(value_of(cell(value)), value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (math.nan, ""),
        (np.float64("nan"), ""),
        (0.1 + 0.2, "0.30000000000000004"),
        (np.float64(0.1), "0.1"),
        (np.int64(3), "3"),
        (np.bool_(True), "true"),
        (True, "true"),
        (None, "null"),
        ("None", "None"),
        ("F_x", "F_x"),
        ("1", '"1"'),
        ("", '""'),
        ((1, 2), "[1, 2]"),
        (np.array([1.5, 2.0]), "[1.5, 2.0]"),
        ([np.int64(1), np.float32(2)], "[1, 2.0]"),
        ({"a": np.arange(2)}, '{"a": [0, 1]}'),
        ({(1, 2): 3}, "{(1, 2): 3}"),
        (Path("x/y"), "x/y"),
    ],
    ids=repr,
)
def test_a_cell_is_json_and_bare_text_where_it_cannot_be_mistaken(value: Any, text: str) -> None:
    assert cell(value) == text


def test_a_circle_is_written_as_python_shows_it() -> None:
    circle: list[Any] = [1]
    circle.append(circle)

    assert cell(circle) == "[1, [...]]"


class Colour(enum.IntEnum):
    RED = 3


class Name(str):
    pass


class Unshowable:
    def __str__(self) -> str:
        raise RuntimeError("no text")


@given(cells)
def test_plain_data_stay_as_they_are_and_share_nothing_that_can_change(value: Any) -> None:
    made = plain(value)

    assert is_same(made, value)
    assert made is not value or not isinstance(value, (list, dict))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.float32(0.5), 0.5),
        (np.int64(3), 3),
        (np.bool_(True), True),
        (np.str_("a"), "a"),
        (np.array(2), 2),
        (np.arange(3), [0, 1, 2]),
        (np.array([None, (1, np.int8(2))], object), [None, [1, 2]]),
        ((1, (2, np.float64(0.5)), {"a": (3,)}), [1, [2, 0.5], {"a": [3]}]),
        (
            {1: "a", False: "b", None: "c", 0.5: "d", (1, 2): "e"},
            {"1": "a", "false": "b", "null": "c", "0.5": "d", "[1, 2]": "e"},
        ),
        (MappingProxyType({"a": np.int8(1)}), {"a": 1}),
        (Colour.RED, 3),
        (Name("text"), "text"),
        (Decimal("2.50"), "2.50"),
        (Path("x/y"), "x/y"),
        (b"a", "b'a'"),
        (np.ndarray, "<class 'numpy.ndarray'>"),
        (Unshowable(), "<Unshowable>"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_json_does_not_know_becomes_what_it_knows(value: Any, expected: Any) -> None:
    made = plain(value)

    assert is_same(made, expected)
    assert json.loads(json.dumps(made)) == made


def test_what_holds_itself_becomes_a_text() -> None:
    circle: list[Any] = [1]
    circle.append(circle)
    deep: list[Any] = []
    for _ in range(10_000):
        deep = [deep]

    assert plain(circle) == "[1, [...]]"
    assert plain(deep) == cell(deep) == "<list>"
    assert cell(Unshowable()) == "<Unshowable>"


@pytest.mark.parametrize("value", [(1, 2), [1], "a", None, np.arange(2), math], ids=repr)
def test_only_scalars_become_python_scalars(value: Any) -> None:
    assert scalar(value) is value
    assert is_same([scalar(np.float64(1)), scalar(np.int8(1)), scalar(np.array(2))], [1.0, 1, 2])
