"""Choices as Python writes them, so that `search.json` can tell a tuple from a list."""

from __future__ import annotations

import ast
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .._cells import cell, value_of
from ..space import Originals, Space

# Python 3.11 counts the depth of two trees that are made at once in different threads as one, and raises SystemError.
_ONE_TREE_AT_A_TIME = threading.Lock()
# Of these types, JSON tells all values apart, and other programs write them in the same way.
_SIMPLE = frozenset((str, int, float))
_NO_LITERAL = (ValueError, SyntaxError, TypeError, MemoryError, RecursionError)


def literals_of(space: Space) -> dict[str, list[str | None]]:
    """The choices of hyperparameters as Python writes them; None for what it has no literal for.

    Hyperparameters whose choices are only texts and numbers are left out.
    """
    found = {}
    for dimension in space.dimensions:
        choices = getattr(dimension, "choices", ())
        if not _SIMPLE.issuperset(map(type, choices)):
            found[dimension.name] = [_literal_of(choice) for choice in choices]
    return found


def parsers_of_literals(literals: Mapping[str, Any]) -> dict[str, Callable[[str], Any]]:
    """For every hyperparameter with choices, how to turn the text of a cell into its value."""
    return {name: _parser_of(texts) for name, texts in literals.items() if isinstance(texts, list)}


def _parser_of(literals: Sequence[Any]) -> Callable[[str], Any]:
    originals = Originals([choice for literal in literals for choice in _choices_of(literal)])

    def parse(text: str) -> Any:
        try:
            return originals.written_as(text)
        except LookupError:
            return value_of(text)

    return parse


def _choices_of(literal: Any) -> list[Any]:
    """The choice that a literal stands for; none if it is no literal, for a user may have changed the file."""
    try:
        return [_value_of_literal(literal)] if isinstance(literal, str) else []
    except _NO_LITERAL:
        return []


def _literal_of(value: Any) -> str | None:
    text = repr(value)
    try:
        back = _value_of_literal(text)
    except _NO_LITERAL:
        return None
    return text if type(back) is type(value) and cell(back) == cell(value) else None


def _value_of_literal(text: str) -> Any:
    with _ONE_TREE_AT_A_TIME:
        return ast.literal_eval(text)
