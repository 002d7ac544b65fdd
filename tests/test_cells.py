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

from deephyper._cells import cell, plain, scalar, showable, value_of
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
        (Unshowable(), "<Unshowable: it has no text (RuntimeError: no text)>"),
        ({"fine": 1, "bad": Unshowable()}, {"fine": 1, "bad": "<Unshowable: it has no text (RuntimeError: no text)>"}),
        (10**5000, "<int: it has too many digits>"),
        ({"n": 10**5000, "m": 3}, {"n": "<int: it has too many digits>", "m": 3}),
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
    assert plain(deep) == cell(deep) == "<list: it is nested too deeply, or holds itself>"
    assert cell(Unshowable()) == "<Unshowable: it has no text (RuntimeError: no text)>"


class Liar:
    @property  # type: ignore[misc]
    def __class__(self) -> type:  # type: ignore[override]
        return dict


class Resentful:
    def __getattr__(self, name: str) -> Any:
        raise SystemExit(name)

    def __str__(self) -> str:
        return "resentful"


class BadContainer(dict[str, Any]):
    def items(self) -> Any:
        raise ValueError("no items")

    __iter__ = keys = items


class BadNumber(float):
    def __float__(self) -> float:
        raise SystemExit("no float")

    __lt__ = __eq__ = __float__  # type: ignore[assignment]
    __hash__ = float.__hash__


@pytest.mark.parametrize(
    ("value", "expected"),
    [(BadContainer(a=1), {"a": 1}), (BadNumber(0.5), 0.5), (Resentful(), "resentful")],
    ids=lambda value: type(value).__name__,
)
def test_what_an_object_says_and_does_is_not_asked_for_where_its_class_knows(value: Any, expected: Any) -> None:
    assert is_same(plain(value), expected)
    assert isinstance(cell(value), str)
    assert cell(Liar()).startswith("<") and plain(Liar()).startswith("<")
    liar = Liar()
    assert showable(liar) == plain(liar) != liar


def test_what_can_be_shown_stays_and_the_rest_becomes_plain() -> None:
    array, path = np.arange(3), Path("x")

    assert showable(array) is array and showable(path) is path
    assert showable([1, Unshowable()]) == [1, "<Unshowable: it has no text (RuntimeError: no text)>"]


@pytest.mark.parametrize("value", [(1, 2), [1], "a", None, np.arange(2), math], ids=repr)
def test_only_scalars_become_python_scalars(value: Any) -> None:
    assert scalar(value) is value
    assert is_same([scalar(np.float64(1)), scalar(np.int8(1)), scalar(np.array(2))], [1.0, 1, 2])
