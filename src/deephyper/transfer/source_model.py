"""A model of an earlier task's objective, of which only the mean is used.

An earlier search has looked where it was good, so its rows say little about length scales elsewhere, and a fit to them creeps
into the detail around the best row. The hyperparameters here are those expected before any data, with much noise: on tables of
earlier searches that predicts held-out rows of the space better than learned ones.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import final

import numpy as np

from .._arrays import Array, Indices
from ..space import Space
from ..surrogate import WITH_ADDITIVE, GaussianProcess, condition, usual

_NOISE = 0.1
# A bad value lies at most so many times as far below the median as the upper quartile lies above it.
_FARTHEST = 4.0


@final
@dataclass(frozen=True, eq=False)
class SourceModel:
    """The mean of a Gaussian process of an earlier task; make one with `source_model`.

    Args:
        process: of the columns that the earlier task had.
        known: these columns, (k,).
    """

    process: GaussianProcess
    known: Indices

    def mean(self, X: Array) -> Array:
        """Expected value at rows (n, d), (n,), in standard deviations of the earlier values."""
        return self.process.mean_at(X[:, self.known])

    def with_slopes(self, X: Array) -> tuple[Array, Array]:
        """The same, and its slopes, (n, d), zero in categorical columns and in those that the earlier task did not have."""
        mean, known_slopes = self.process.mean_with_slopes(X[:, self.known])
        slopes = np.zeros(X.shape)
        slopes[:, self.known] = known_slopes
        return mean, slopes


def source_model(space: Space, X: Array, y: Array) -> SourceModel:
    """Condition on an earlier task.

    Args:
        space: of this search.
        X: rows, (n, d), n at least 1; NaN where the earlier task says nothing.
        y: its values, (n,), higher is better.
    """
    is_known = ~np.isnan(X)
    known = np.flatnonzero(is_known.any(axis=0))
    rows = space.canonical(np.where(is_known, X, _usual_cells(space, X)))
    n_choices = np.array([int(c.n_levels) if c.is_categorical else 0 for c in space.columns], np.intp)[known]
    hyperparameters = usual(WITH_ADDITIVE, len(known), math.log(_NOISE))
    return SourceModel(condition(hyperparameters, rows[:, known], _scaled(y), n_choices), known)


def _usual_cells(space: Space, X: Array) -> Array:
    """For every column the mean of the known cells, of choices the most frequent one, (d,)."""
    cells = np.array([column.imputed for column in space.columns])
    for j, column in enumerate(space.columns):
        known = X[~np.isnan(X[:, j]), j]
        if len(known):
            cells[j] = np.bincount(known.astype(np.intp)).argmax() if column.is_categorical else known.mean()
    return cells


def _scaled(y: Array) -> Array:
    """Values with mean 0 and variance 1, after the worst were lifted, so that they do not flatten the others, (n,)."""
    # The farthest differences of floats overflow.
    y = y / (4.0 * _FARTHEST)
    median, upper_quartile = np.quantile(y, [0.5, 0.75])
    if upper_quartile > median:
        y = np.maximum(y, median - _FARTHEST * (upper_quartile - median))
    # … and so do the squares of 1e300.
    y = y / max(float(np.abs(y).max()), float(np.finfo(float).tiny))
    deviation = float(y.std())
    scaled: Array = (y - y.mean()) / (deviation if deviation > 0.0 else 1.0)
    return scaled
