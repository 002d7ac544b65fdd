"""One hyperparameter as one column of numbers.

A numeric is held as u in [0, 1], a categorical as the index of its choice. `decode` gives back the
objects that the user passed, and Python scalars, never numpy's.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, ClassVar, Self, final

import numpy as np
from scipy.special import ndtr, ndtri

from .._arrays import Array
from .._checks import shown
from .originals import Originals

Quantile = Callable[[Array], Array]

_SIMPLE = frozenset((str, int, float, bool, type(None)))
_MOST_LISTED = 20


def _clipped(values: Array, low: float, high: float) -> Array:
    """What `numpy.clip` gives, five times as fast on the short arrays of single configurations."""
    clipped: Array = np.minimum(np.maximum(values, low), high)
    return clipped


class Dimension(ABC):
    """One hyperparameter.

    Args:
        name: what the user calls it.
    """

    is_categorical: ClassVar[bool] = False
    is_continuous: ClassVar[bool] = False

    def __init__(self, name: str):
        self.name = name

    @property
    @abstractmethod
    def n_levels(self) -> float:
        """How many different values there are; infinity for a continuum."""

    @property
    def imputed(self) -> float:
        """What the cell holds while the hyperparameter is inactive."""
        return 0.5

    @property
    def smallest_step(self) -> float:
        """The shortest random step, in u, that can reach another value; 0 where any step may."""
        return 0.0

    @abstractmethod
    def from_share(self, share: Array) -> Array:
        """Turn uniform shares of the prior in [0, 1) into cells: the prior's quantile function, (n,) -> (n,)."""

    @abstractmethod
    def snap(self, column: Array) -> Array:
        """Move every cell to the nearest one that stands for a value, (n,) -> (n,)."""

    @abstractmethod
    def encode(self, values: Sequence[Any]) -> Array:
        """Turn values into cells, (n,).

        Raises:
            ValueError: this hyperparameter cannot have a value.
        """

    @abstractmethod
    def decode(self, column: Array) -> list[Any]:
        """Turn cells into values: the objects that the user passed, and Python scalars."""

    @abstractmethod
    def read(self, value: Any) -> Any:
        """Give the value that was meant, as the user's own object.

        Args:
            value: the value itself; what JSON made of it, a list for a tuple; or how another program wrote it.

        Raises:
            ValueError: it is no value of this hyperparameter.
        """

    def read_cell(self, text: str) -> Any:
        """Give the value that a CSV cell holds. Here the text 1 is the number, and the string "1" has quotes.

        Raises:
            ValueError: it is no value of this hyperparameter.
        """
        return self.read(text)

    def drawn_near(self, cells: Array, width: float, weight: float) -> Self:
        """The same hyperparameter with another prior: a mixture, in equal parts, of values near each of some cells.

        Args:
            cells: their cells, (k,), k at least 1.
            width: of a numeric, the standard deviation of a normal distribution around the cell, in u, cut off at the
                ends.
            weight: how many times as often as every other choice one of the given ones is drawn.
        """
        return self

    def neighbours(self, cell: float) -> Array:
        """Cells of the other values that are one change away from `cell`, (k,); none for a continuum."""
        return np.empty(0)

    def levels(self) -> Array:
        """Cells of all values, (n_levels,), of a dimension with finitely many."""
        shares = np.asarray((np.arange(int(self.n_levels)) + 0.5) / self.n_levels, np.float64)
        return self.snap(self.from_share(shares))

    def _refuse(self, value: Any, accepted: str) -> ValueError:
        return ValueError(f"hyperparameter {self.name!r} must be {accepted}, got {shown(value)}.")


class _Numeric(Dimension):
    """A range [low, high] seen through t, the logarithm or the identity, and stretched to [0, 1].

    Args:
        name: what the user calls it.
        low: smallest value.
        high: largest value.
        log: stretch the logarithm of the value instead of the value.
        quantile: prior's quantile function, from shares to values; uniform on [0, 1] if None.
    """

    _margin: ClassVar[float] = 0.0  # how far the stretched range reaches beyond the bounds

    def __init__(self, name: str, low: float, high: float, log: bool = False, quantile: Quantile | None = None):
        super().__init__(name)
        self.low, self.high, self.log = low, high, log
        self._quantile = quantile
        self._t_low = self._t(np.float64(low) - self._margin)
        self._t_width = self._t(np.float64(high) + self._margin) - self._t_low

    def _t(self, value: Any) -> Any:
        return np.log(value) if self.log else value

    def _unit(self, values: Array) -> Array:
        return _clipped((self._t(values) - self._t_low) / self._t_width, 0.0, 1.0)

    def _natural(self, column: Array) -> Array:
        t = self._t_low + np.asarray(column, float) * self._t_width
        return _clipped(np.exp(t) if self.log else t, self.low, self.high)

    def from_share(self, share: Array) -> Array:
        return share if self._quantile is None else self._unit(_clipped(self._quantile(share), self.low, self.high))

    def drawn_near(self, cells: Array, width: float, weight: float) -> Self:
        low, high = ndtr(-cells / width), ndtr((1.0 - cells) / width)

        def quantile(share: Array) -> Array:
            which = np.minimum(np.floor(share * len(cells)), len(cells) - 1).astype(np.intp)
            rest = share * len(cells) - which
            return self._natural(cells[which] + width * ndtri(low[which] + rest * (high - low)[which]))

        return type(self)(self.name, self.low, self.high, self.log, quantile)

    def encode(self, values: Sequence[Any]) -> Array:
        natural = np.array([self._number(value) for value in values], float)
        # A value that went through a file or a change of units may lie outside by a rounding error.
        slack = 1e-9 * max(abs(self.low), abs(self.high))
        is_outside = (natural < self.low - slack) | (natural > self.high + slack)
        if is_outside.any():
            raise self._refuse(values[int(np.argmax(is_outside))], f"between {self.low} and {self.high}")
        return self.snap(self._unit(_clipped(natural, self.low, self.high)))

    def _number(self, value: Any) -> float:
        try:
            number = math.nan if isinstance(value, (str, bytes, bool, np.bool_)) else float(value)
        except (TypeError, ValueError):
            number = math.nan
        except OverflowError:  # a whole number beyond all floats
            number = math.inf
        if math.isnan(number):
            raise self._refuse(value, "a number")
        return number

    def read(self, value: Any) -> Any:
        number = self._number(_parsed(value) if isinstance(value, str) else value)
        slack = 1e-9 * max(abs(self.low), abs(self.high))
        if not self.low - slack <= number <= self.high + slack:
            raise self._refuse(value, f"between {self.low} and {self.high}")
        return min(max(number, self.low), self.high)


def _parsed(text: str) -> Any:
    for kind in (int, float):
        try:
            # Python takes 1_000 for a number; no file of numbers holds it.
            return kind(text) if "_" not in text else text
        except ValueError:
            continue
    return text


@final
class Real(_Numeric):
    """A continuous range."""

    is_continuous = True

    @property
    def n_levels(self) -> float:
        return math.inf

    def read_cell(self, text: str) -> Any:
        # A short cut for most cells. The code below would give the same number, five times slower.
        if "." in text and "_" not in text:
            try:
                number = float(text)
            except ValueError:
                return self.read(text)
            if self.low <= number <= self.high:
                return number
        return self.read(text)

    def snap(self, column: Array) -> Array:
        return _clipped(column, 0.0, 1.0)

    def decode(self, column: Array) -> list[Any]:
        cells = np.asarray(column, float)
        # There and back through the stretched range, a bound may lose its last digit.
        inside = np.where(cells <= 0.0, self.low, self._natural(cells))
        values: list[Any] = np.where(cells >= 1.0, self.high, inside).tolist()
        return values


@final
class Integer(_Numeric):
    """Whole numbers; each of them has its own interval of u, the outermost ones too."""

    _margin = 0.5

    @property
    def n_levels(self) -> float:
        return self.high - self.low + 1

    @property
    def smallest_step(self) -> float:
        return 0.0 if self.log else 0.6 / self.n_levels

    def encode(self, values: Sequence[Any]) -> Array:
        for value in values:
            number = self._number(value)
            # Tables hold whole numbers as floats, sometimes a rounding error off.
            if math.isfinite(number) and abs(number - round(number)) > 1e-6:
                raise self._refuse(value, "a whole number")
        return super().encode(values)

    def read(self, value: Any) -> Any:
        number = super().read(value)
        if abs(number - round(number)) > 1e-6:
            raise self._refuse(value, "a whole number")
        exact = _parsed(value) if isinstance(value, str) else value
        # A float cannot hold every whole number of more than 53 bits.
        whole = int(exact) if isinstance(exact, (int, np.integer)) else round(number)
        return min(max(whole, int(self.low)), int(self.high))

    def read_cell(self, text: str) -> Any:
        value = self.read(text)
        if _parsed(text) != value:  # a rounding error would change the file when it is written again
            raise self._refuse(text, "a whole number")
        return value

    def snap(self, column: Array) -> Array:
        return self._unit(self._whole(column))

    def _whole(self, column: Array) -> Array:
        whole = np.rint(self._natural(column))
        # The exponential of a large logarithm may miss the bound.
        return np.where(column >= self._highest_cell, float(self.high), whole)

    @cached_property
    def _highest_cell(self) -> float:
        return float(self._unit(np.array([self.high], float))[0])

    def decode(self, column: Array) -> list[Any]:
        # Beyond 2^53 the nearest float of a bound may lie outside.
        low, high = int(self.low), int(self.high)
        top = float(self.high)
        return [high if value >= top else max(int(value), low) for value in self._whole(column).tolist()]

    def levels(self) -> Array:
        return self._unit(np.arange(self.low, self.high + 1, dtype=float))

    def neighbours(self, cell: float) -> Array:
        value = float(self._whole(np.array([cell]))[0])
        far = max(2.0, float(np.rint(0.1 * abs(value))))
        others = np.unique(_clipped(value + np.array([-far, -1.0, 1.0, far]), self.low, self.high))
        return self._unit(others[others != value])


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
        return _clipped(np.rint(column), 0.0, self.n_levels - 1)

    def encode(self, values: Sequence[Any]) -> Array:
        return np.array([self._index(value) for value in values], float)

    def decode(self, column: Array) -> list[Any]:
        return [self.choices[int(index)] for index in column]

    def neighbours(self, cell: float) -> Array:
        return np.delete(np.arange(self.n_levels), int(cell))

    def levels(self) -> Array:
        return np.arange(self.n_levels)


@final
class Constant(Dimension):
    """A single value; it has no column."""

    def __init__(self, name: str, value: Any):
        super().__init__(name)
        self.value = value

    @property
    def n_levels(self) -> float:
        return 1

    def from_share(self, share: Array) -> Array:
        return np.zeros_like(share)

    def snap(self, column: Array) -> Array:
        return np.zeros_like(column)

    def encode(self, values: Sequence[Any]) -> Array:
        for value in values:
            if not _is_same(self.value, value):
                raise self._refuse(value, repr(self.value))
        return np.zeros(len(values))

    def decode(self, column: Array) -> list[Any]:
        return [self.value] * len(column)

    @cached_property
    def _originals(self) -> Originals:
        return Originals([self.value])

    def read(self, value: Any) -> Any:
        try:
            return self._originals.meant_by(value)
        except LookupError:
            raise self._refuse(value, repr(self.value)) from None

    def read_cell(self, text: str) -> Any:
        try:
            return self._originals.written_as(text)
        except LookupError:
            raise self._refuse(text, repr(self.value)) from None
