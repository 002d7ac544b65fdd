"""Where good rows of an earlier search lie, as a density over the rows of this one.

A mixture of one wide bump for every good row, and a share of the uniform density, so that no place is ruled out and a
misleading source does little harm. All densities are relative to the uniform one: 1 is indifference.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import final

import numpy as np
from scipy.special import logsumexp, ndtr, ndtri

from .._arrays import Array, Indices, Mask
from ..space import Space

_UNIFORM_SHARE = 0.2
_NARROWEST, _WIDEST = 0.1, 0.5
_ANY_CHOICE = 0.3
_ROUNDS = 10
_MOST_CHOICES = 500


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

    def log_density(self, X: Array) -> Array:
        """Logarithm of the density relative to the uniform one at canonical rows (n, d), (n,)."""
        return self._mixed(self._log_bumps(X))

    def gradient(self, X: Array) -> tuple[Array, Array]:
        """The log density at rows (n, d), (n,), and its slopes, (n, d), zero in categorical and inactive columns."""
        log_bumps = self._log_bumps(X)
        log_density = self._mixed(log_bumps)
        # How much each bump contributes to the density at each row; the uniform share has no slope.
        part = np.exp(log_bumps + np.log((1.0 - _UNIFORM_SHARE) / len(self.good)) - log_density[:, None])
        is_known, centres = self._known, self._centres
        pull = part @ (is_known * centres) - X * (part @ is_known.astype(float))
        return log_density, np.where(self.space.active(X) & ~self.space.is_categorical, pull / self.widths**2, 0.0)

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
        is_of_bump = self._known[bump] & (rng.random(n) >= _UNIFORM_SHARE)[:, None]
        centres = self._centres[bump]
        low, high = ndtr(-centres / self.widths), ndtr((1.0 - centres) / self.widths)
        near = np.clip(centres + self.widths * ndtri(low + rng.random(low.shape) * (high - low)), 0.0, 1.0)
        chosen = np.where(rng.random(low.shape) < _ANY_CHOICE, anything, centres)
        return np.where(is_of_bump, np.where(self.space.is_categorical, chosen, near), anything)

    @cached_property
    def _known(self) -> Mask:
        return ~np.isnan(self.good)

    @cached_property
    def _centres(self) -> Array:
        return np.where(self._known, self.good, 0.0)

    def _mixed(self, log_bumps: Array) -> Array:
        """Mean of the bumps and the uniform share, (n, m) -> (n,)."""
        bumps = np.asarray(logsumexp(log_bumps, axis=1)) - np.log(len(self.good))
        mixed: Array = np.logaddexp(bumps + np.log1p(-_UNIFORM_SHARE), np.log(_UNIFORM_SHARE))
        return mixed

    @cached_property
    def _terms(self) -> tuple[Array, Array, Array, Array]:
        """What bumps add for active cells, times 1, x and x^2, (d, m) each, and for choices, (all choices, m)."""
        known, widths = self._known, self.widths
        # The number of a choice is no place.
        centres = np.where(self.space.is_categorical, 0.0, self._centres)
        inside = ndtr((1.0 - centres) / widths) - ndtr(-centres / widths)
        heights = -np.log(widths * np.sqrt(2.0 * np.pi) * inside) - 0.5 * np.square(centres / widths)
        constant = np.where(known, np.where(self.space.is_categorical, np.log(_ANY_CHOICE), heights), 0.0)
        is_number = known & ~self.space.is_categorical
        linear, quadratic = (np.where(is_number, part, 0.0) for part in (centres / widths**2, -0.5 / widths**2))
        gains = [np.log1p((1.0 / _ANY_CHOICE - 1.0) * self.space.n_choices[j]) for j in self._choosing]
        chosen = [gain * self._choices(self._centres, known, j) for gain, j in zip(gains, self._choosing, strict=True)]
        return constant.T, linear.T, quadratic.T, np.concatenate([np.empty((0, len(centres))), *chosen])

    @cached_property
    def _choosing(self) -> Indices:
        return np.flatnonzero(self.space.is_categorical)

    def _choices(self, X: Array, counts: Mask, j: int) -> Array:
        """Which choice rows (n, d) make in a categorical column, none where the cell does not count, (choices, n)."""
        n_choices = int(self.space.n_choices[j])
        # Of very many choices only those of good rows matter.
        choices = np.arange(n_choices) if n_choices <= _MOST_CHOICES else np.unique(self.good[self._known[:, j], j])
        made: Array = ((choices[:, None] == X[:, j]) & counts[:, j]).astype(float)
        return made

    def _log_bumps(self, X: Array) -> Array:
        """Logarithm of every bump at every row, (n, m): a sum over the columns that both know.

        A number adds a normal that is cut off outside [0, 1], its square written out; a choice mostly the bump's own,
        else any. So the columns are summed by products of thin matrices.
        """
        constant, linear, quadratic, chosen = self._terms
        is_active = self.space.active(X)
        x = np.where(is_active, X, 0.0)
        choices = np.concatenate([np.empty((0, len(X))), *(self._choices(X, is_active, j) for j in self._choosing)])
        total: Array = is_active.astype(float) @ constant + x @ linear + np.square(x) @ quadratic + choices.T @ chosen
        return total


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
