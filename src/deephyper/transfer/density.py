"""Where good rows of an earlier search lie, as a density over the rows of this one, to draw from.

A mixture of one wide bump for every good row, and a share of the prior's density, so that no place is ruled out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from scipy.special import ndtr, ndtri

from .._arrays import Array, Mask
from ..space import Space

# In a fifth of the rows every cell is drawn from its prior.
_PRIOR_SHARE = 0.2
_NARROWEST, _WIDEST = 0.1, 0.5
_ANY_CHOICE = 0.3
_ROUNDS = 10


@final
@dataclass(frozen=True, eq=False)
class Density:
    """A density over rows; make one with `density_of`.

    Args:
        space: the space of this search.
        good: good rows, (m, d); NaN where a row says nothing.
        widths: standard deviation of the bumps in every numeric column, (d,).
    """

    space: Space
    good: Array
    widths: Array

    def sample(self, n: int, rng: np.random.Generator) -> Array:
        """Draw at most n canonical, legal rows, (k, d)."""
        found, n_missing = [np.empty((0, self.space.n_columns))], n
        for _ in range(_ROUNDS):
            rows = self.space.canonical(self._cells(n_missing, rng))
            found.append(rows[self.space.legal(rows)])
            n_missing -= len(found[-1])
            if n_missing == 0:
                break
        return np.concatenate(found)

    def _cells(self, n: int, rng: np.random.Generator) -> Array:
        """Cells of n rows, not yet canonical: those of a bump where it knows, else drawn from the prior, (n, d)."""
        anything = rng.random((n, self.space.n_columns))
        for j, column in enumerate(self.space.columns):
            anything[:, j] = column.from_share(anything[:, j])
        bump = rng.integers(len(self.good), size=n)
        is_of_bump = self._known[bump] & (rng.random(n) >= _PRIOR_SHARE)[:, None]
        centres = self._centres[bump]
        low, high = ndtr(-centres / self.widths), ndtr((1.0 - centres) / self.widths)
        near = np.clip(centres + self.widths * ndtri(low + rng.random(low.shape) * (high - low)), 0.0, 1.0)
        chosen = np.where(rng.random(low.shape) < _ANY_CHOICE, anything, centres)
        return np.where(is_of_bump, np.where(self.space.is_categorical, chosen, near), anything)

    @property
    def _known(self) -> Mask:
        return ~np.isnan(self.good)

    @property
    def _centres(self) -> Array:
        return np.where(self._known, self.good, 0.0)


def density_of(space: Space, good: Array) -> Density:
    """Make a density of good rows.

    Args:
        space: the space of this search.
        good: canonical rows, (m, d), m at least 1; NaN in the columns that a row says nothing about.

    Source: widths by Scott's rule (1992), deviation times m to the power -1 / (d + 4), here kept between 0.1 and 0.5.
    """
    filled = np.where(np.isnan(good), 0.0, good)
    # A cell that a row does not use holds a stand-in, which says nothing about where that column is good.
    good = np.where(space.active(filled), good, np.nan)
    n_known = np.maximum((~np.isnan(good)).sum(axis=0), 1)
    mean = np.nansum(good, axis=0) / n_known
    deviation = np.sqrt(np.nansum(np.square(good - mean), axis=0) / n_known)
    widths = deviation * n_known ** (-1.0 / (space.n_columns + 4))
    return Density(space, good, np.clip(widths, _NARROWEST, _WIDEST))
