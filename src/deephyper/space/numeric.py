"""Ranges of numbers: a continuum, and whole numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from typing import Any, ClassVar, Self, final

import numpy as np
from scipy.special import ndtr, ndtri

from .._arrays import Array
from .dimension import Dimension, Quantile, clipped


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
        return clipped((self._t(values) - self._t_low) / self._t_width, 0.0, 1.0)

    def _natural(self, column: Array) -> Array:
        t = self._t_low + np.asarray(column, float) * self._t_width
        return clipped(np.exp(t) if self.log else t, self.low, self.high)

    def from_share(self, share: Array) -> Array:
        return share if self._quantile is None else self._unit(clipped(self._quantile(share), self.low, self.high))

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
        return self.snap(self._unit(clipped(natural, self.low, self.high)))

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
        return clipped(column, 0.0, 1.0)

    def decode(self, column: Array) -> list[Any]:
        cells = np.asarray(column, float)
        low, high = float(self.low), float(self.high)
        # There and back through the stretched range, a bound may lose its last digit.
        return [
            low if cell <= 0.0 else high if cell >= 1.0 else value
            for cell, value in zip(cells.tolist(), self._natural(cells).tolist(), strict=True)
        ]


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
        others = np.unique(clipped(value + np.array([-far, -1.0, 1.0, far]), self.low, self.high))
        return self._unit(others[others != value])
