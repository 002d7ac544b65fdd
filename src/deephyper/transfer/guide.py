"""What an earlier task says of rows, as a function: the higher, the better such rows did there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, final

import numpy as np

from .._arrays import Array
from ..space import Space

# How many rows the mean of a function over the space is computed from.
_N_ROWS = 500
# The value of a guide at the best row of the earlier task: that of the best of some dozens of targets, usually.
_HEIGHT = 2.0
_FLAT = 1e-9


class Guide(Protocol):
    """A function of rows, (n, d) -> (n,), with mean 0 over the space and 2 at the best row of the earlier task."""

    @property
    def fades_over(self) -> int:
        """After this many evaluations it is not used any more."""

    @property
    def has_to_help(self) -> bool:
        """Whether it is used only while values are predicted better with it; such a one is believed by half."""

    def value(self, X: Array) -> Array:
        """The function at rows (n, d), (n,)."""

    def gradient(self, X: Array) -> tuple[Array, Array]:
        """The function at rows (n, d), (n,), and its slopes, (n, d), zero in categorical columns."""


@final
@dataclass(frozen=True, eq=False)
class Standardized:
    """A function of rows, shifted and scaled; make one with `standardized`.

    Args:
        function: from rows (n, d) to values (n,).
        with_slopes: from rows (n, d) to values (n,) and slopes (n, d).
        centre: mean over the space.
        scale: half of how much higher the best row of the earlier task lies.
        fades_over: after this many evaluations it is not used any more.
        has_to_help: whether it is used only while values are predicted better with it.
    """

    function: Callable[[Array], Array]
    with_slopes: Callable[[Array], tuple[Array, Array]]
    centre: float
    scale: float
    fades_over: int
    has_to_help: bool = True

    def value(self, X: Array) -> Array:
        value: Array = (self.function(X) - self.centre) / self.scale
        return value

    def gradient(self, X: Array) -> tuple[Array, Array]:
        value, slopes = self.with_slopes(X)
        return (value - self.centre) / self.scale, slopes / self.scale


def standardized(
    function: Callable[[Array], Array],
    with_slopes: Callable[[Array], tuple[Array, Array]],
    space: Space,
    best: Array,
    fades_over: int,
    rng: np.random.Generator,
    has_to_help: bool = True,
) -> Standardized | None:
    """Give a function mean 0 over the space and 2 at the highest of some rows.

    Args:
        function: from rows (n, d) to values (n,).
        with_slopes: from rows (n, d) to values (n,) and slopes (n, d).
        space: of the rows.
        best: canonical rows that were good, (k, d).
        fades_over: after this many evaluations it is not used any more.
        rng: draws rows of the space.
        has_to_help: whether it is used only while values are predicted better with it.

    Returns:
        The function; None where these rows lie no higher than others, so that it says nothing.
    """
    anywhere = space.sample(_N_ROWS, rng)
    if not len(best) or not len(anywhere):
        return None
    centre = float(function(anywhere).mean())
    height = float(function(best).max()) - centre
    if height <= _FLAT:
        return None
    return Standardized(function, with_slopes, centre, height / _HEIGHT, fades_over, has_to_help)
