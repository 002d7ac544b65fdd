"""Lists of objects that the user passed: ordered ones, others, and a single one."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, Self, final

import numpy as np

from .._arrays import Array
from .dimension import Dimension, Quantile, clipped
from .numeric import Integer
from .originals import Originals

_SIMPLE = frozenset((str, int, float, bool, type(None)))
_MOST_LISTED = 20


class _Choices(Dimension):
    """A list of objects that the user passed.

    Args:
        name: what the user calls it.
        choices: the objects, all different.
        quantile: prior's quantile function, from shares to indices; the uniform one if None.
    """

    def __init__(self, name: str, choices: Sequence[Any], quantile: Quantile | None = None):
        super().__init__(name)
        self.choices = tuple(choices)
        self._quantile = quantile

    @property
    def n_levels(self) -> float:
        return len(self.choices)

    def _index(self, value: Any) -> int:
        try:
            index = self._places.get((isinstance(value, (bool, np.bool_)), value))
        except TypeError:  # a list or a dictionary
            index = None
        if index is not None:
            return index
        # What is no choice of a simple type may still equal one: an array, or an object with a comparison of its own.
        if type(value) not in _SIMPLE or not self._are_simple:
            for index, choice in enumerate(self.choices):
                if _is_same(choice, value):
                    return index
        raise self._refuse(value, self._accepted)

    @cached_property
    def _places(self) -> dict[tuple[bool, Any], int]:
        """Where the choices stand that can be looked up; True is not 1."""
        places: dict[tuple[bool, Any], int] = {}
        for index, choice in enumerate(self.choices):
            try:
                places.setdefault((isinstance(choice, (bool, np.bool_)), choice), index)
            except TypeError:  # a list or a dictionary
                continue
        return places

    @cached_property
    def _are_simple(self) -> bool:
        return all(type(choice) in _SIMPLE for choice in self.choices)

    @property
    def _accepted(self) -> str:
        """The choices in words: of very many, the first ones."""
        listed = ", ".join(map(repr, self.choices[:_MOST_LISTED]))
        n_others = len(self.choices) - _MOST_LISTED
        return f"one of [{listed}]" if n_others <= 0 else f"one of [{listed}, … and {n_others} others]"

    @cached_property
    def _originals(self) -> Originals:
        return Originals(self.choices)

    def read(self, value: Any) -> Any:
        try:
            return self._originals.meant_by(value)
        except LookupError:
            raise self._refuse(value, self._accepted) from None

    def read_cell(self, text: str) -> Any:
        try:
            return self._originals.written_as(text)
        except LookupError:
            raise self._refuse(text, self._accepted) from None


def _is_same(choice: Any, value: Any) -> bool:
    """Equal, where True is not 1: a list may hold both."""
    if choice is value:
        return True
    is_flag = (isinstance(choice, (bool, np.bool_)), isinstance(value, (bool, np.bool_)))
    try:
        is_equal = choice == value
    except ValueError:  # an array of another shape
        return False
    # Comparing with an array gives an array.
    return is_flag[0] == is_flag[1] and isinstance(is_equal, (bool, np.bool_)) and bool(is_equal)


@final
class Ordinal(_Choices):
    """Ordered choices: a whole number from 0 to k - 1 as far as any model is concerned."""

    def __init__(self, name: str, choices: Sequence[Any], quantile: Quantile | None = None):
        super().__init__(name, choices, quantile)
        self._rank = Integer(name, 0, len(self.choices) - 1)

    @property
    def smallest_step(self) -> float:
        return self._rank.smallest_step

    def from_share(self, share: Array) -> Array:
        return share if self._quantile is None else self._rank.encode(self._quantile(share).tolist())

    def drawn_near(self, cells: Array, width: float, weight: float) -> Self:
        rank = self._rank.drawn_near(cells, width, weight)
        return Ordinal(self.name, self.choices, lambda share: np.array(rank.decode(rank.from_share(share)), float))

    def snap(self, column: Array) -> Array:
        return self._rank.snap(column)

    def encode(self, values: Sequence[Any]) -> Array:
        return self._rank.encode([self._index(value) for value in values])

    def decode(self, column: Array) -> list[Any]:
        return [self.choices[rank] for rank in self._rank.decode(column)]

    def neighbours(self, cell: float) -> Array:
        return self._rank.neighbours(cell)


@final
class Categorical(_Choices):
    """Choices without an order."""

    is_categorical = True

    @property
    def imputed(self) -> float:
        return 0.0

    def from_share(self, share: Array) -> Array:
        if self._quantile is not None:
            return self._quantile(share)
        return np.minimum(np.floor(share * self.n_levels), self.n_levels - 1)

    def drawn_near(self, cells: Array, width: float, weight: float) -> Self:
        counts = np.bincount(cells.astype(np.intp), minlength=len(self.choices))
        probabilities = (len(cells) + counts * (weight - 1.0)) / (len(cells) * (len(self.choices) - 1.0 + weight))
        edges = np.cumsum(probabilities)[:-1]
        return Categorical(
            self.name, self.choices, lambda share: np.searchsorted(edges, share, side="right").astype(float)
        )

    def snap(self, column: Array) -> Array:
        return clipped(np.rint(column), 0.0, self.n_levels - 1)

    def encode(self, values: Sequence[Any]) -> Array:
        return np.array([self._index(value) for value in values], float)

    def decode(self, column: Array) -> list[Any]:
        return [self.choices[int(index)] for index in column]

    def neighbours(self, cell: float) -> Array:
        return np.delete(np.arange(self.n_levels), int(cell))

    def levels(self) -> Array:
        return np.arange(self.n_levels)


@final
class Constant(_Choices):
    """A single value; it has no column."""

    def __init__(self, name: str, value: Any):
        super().__init__(name, [value])
        self.value = value

    @property
    def _accepted(self) -> str:
        return repr(self.value)

    def from_share(self, share: Array) -> Array:
        return np.zeros_like(share)

    def snap(self, column: Array) -> Array:
        return np.zeros_like(column)

    def encode(self, values: Sequence[Any]) -> Array:
        return np.array([self._index(value) for value in values], float)

    def decode(self, column: Array) -> list[Any]:
        return [self.value] * len(column)
