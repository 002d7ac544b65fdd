"""From what a file or JSON made of a choice back to the user's own object."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, final

from .._cells import cell, plain, value_of


@final
class Originals:
    """The objects that a user listed as choices, found by what became of them.

    Args:
        choices: the objects; no two of them have the same text in a CSV cell.
    """

    def __init__(self, choices: Sequence[Any]):
        self._choices = tuple(choices)
        self._by_cell = {cell(choice): choice for choice in choices}
        # Other programs write None and True as Python does.
        self._by_text = {str(choice): choice for choice in choices}

    def meant_by(self, value: Any) -> Any:
        """Find a choice by itself, by what JSON made of it, or by how another program wrote it.

        Raises:
            LookupError: none is meant.
        """
        text = cell(value)
        if text in self._by_cell:
            return self._by_cell[text]
        if isinstance(value, str) and (value in self._by_text or value in self._by_cell):
            return self._by_text[value] if value in self._by_text else self._by_cell[value]
        # 16.0 may stand for 16, and a database may give back a dictionary in another order.
        wanted = plain(value_of(value) if isinstance(value, str) else value)
        for choice in self._choices:
            if _is_equal(plain(choice), wanted):
                return choice
        raise LookupError(text)

    def written_as(self, text: str) -> Any:
        """Find a choice by the text of its CSV cell, which tells the number 1 from the string "1".

        Raises:
            LookupError: none was written so.
        """
        return self._by_cell[text] if text in self._by_cell else self.meant_by(text)


def _is_equal(one: Any, other: Any) -> bool:
    """Equal as plain data, where True is not 1."""
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)
