"""What a run-function returned by mistake is told in words, with what to return instead."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from deephyper.job import Outcome


def generator() -> Iterator[float]:
    yield 1.0


class Awaited:
    def __await__(self) -> Any: ...


class Unspeakable:
    def __repr__(self) -> str:
        raise KeyError


class Untouchable:
    @property
    def __class__(self) -> Any:  # type: ignore[override]
        raise RuntimeError


class Broken(dict[str, Any]):
    def __iter__(self) -> Any:
        raise RuntimeError


@pytest.mark.parametrize("kind", [Untouchable, Broken])
def test_an_object_that_raises_wherever_it_is_looked_at_is_a_mistake_like_others(kind: Any) -> None:
    outcome = Outcome.parse(kind())

    assert outcome.objective in ("F_not_a_number", "F_none")
    assert outcome.mistake


@pytest.mark.parametrize(
    ("returned", "words"),
    [
        (None, r"^None: is a return missing\?$"),
        ({"objective": None}, r"^a dictionary whose objective is None: is a return missing\?$"),
        ({"output": "0.5"}, "^a dictionary whose objective is the text '0.5'"),
        ({}, "without 'objective', and nothing else: return {'objective': value}, higher is better$"),
        ({"loss": 0.1, "n": 3}, "with the keys 'loss', 'n': return {'objective': -loss}"),
        ({"accuracy": 0.1}, "return {'objective': accuracy}"),
        ({1: 2}, "with the keys '1'"),
        ("0.5", "^the text '0.5': return a number; only a text that begins with 'F'"),
        ("", "^the text ''"),
        ("<lock: it cannot be pickled>", "^<lock: it cannot be pickled>: return a number"),
        ("done", "^the text 'done'"),
        (b"F", "^the text b'F'"),
        ({0.5}, r"^a set, \{0.5\}, which has no order: return a tuple$"),
        (frozenset(), "^a set"),
        ((), r"^\(\): return a number"),
        ([[1, 2]], r"^\[\[1, 2\]\]: return a number"),
        ((1.0, None), r"^\(1.0, None\): return a number"),
        ((0.5, {"acc": 1}), r"^\(0.5, {'acc': 1}\): return {'objective': value, 'metadata': {…}}$"),
        (generator(), "is there a yield instead of a return"),
        (Awaited(), "is an await missing"),
        (len, "can be called: are brackets missing"),
        (float, "can be called"),
        (1j, "^1j of type complex: return a number"),
        (Unspeakable(), "^an object whose repr raises KeyError of type Unspeakable"),
        ("x" * 1000, "…: return a number"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_no_objective_is_told_in_words(returned: Any, words: str) -> None:
    outcome = Outcome.parse(returned)

    assert outcome.is_failure and not outcome.crashed
    with pytest.raises(ValueError, match=words):
        raise ValueError(outcome.mistake)
    assert len(outcome.mistake) < 250


@pytest.mark.parametrize(
    "returned",
    [
        0,
        True,
        np.float32(1.0),
        (1.0, 2.0),
        [3],
        "F",
        "F_memory",
        {"objective": 1},
        {"objective": "F_x"},
        np.array([1.0]),
    ],
    ids=str,
)
def test_an_objective_and_a_failure_on_purpose_are_no_mistakes(returned: Any) -> None:
    assert Outcome.parse(returned).mistake == ""


@pytest.mark.parametrize("returned", [math.nan, math.inf, (1.0, math.nan), {"objective": -math.inf}, 10**400], ids=str)
def test_a_number_that_cannot_be_learned_from_is_a_failure_and_no_mistake(returned: Any) -> None:
    assert Outcome.parse(returned).is_failure
    assert Outcome.parse(returned).mistake == ""
