"""One hyperparameter as one column of numbers.

A numeric is held as u in [0, 1], a categorical as the index of its choice. `decode` gives back the
objects that the user passed, and Python scalars, never numpy's.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Self

import numpy as np

from .._arrays import Array
from .._checks import shown

Quantile = Callable[[Array], Array]
"""A prior: the quantile function, from shares in [0, 1) to values."""


def clipped(values: Array, low: float, high: float) -> Array:
    """What `numpy.clip` gives, five times as fast on the short arrays of single configurations."""
    inside: Array = np.minimum(np.maximum(values, low), high)
    return inside


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
