"""A model of an earlier task's objective, of which only the mean is used.

An earlier search has looked where it was good. So its rows say little about length scales elsewhere, and a fit follows
the detail around the best row. The hyperparameters are therefore the prior means: on tables of earlier searches they
predict other rows of the space better than learned ones. Learned ones are used where they predict nearly every row
from the others, as they do for a smooth function of few columns (docs/decisions/transfer.md).

And the next task is another one: its value at a row is that of the earlier task and a difference, which counts as
noise here. Rows side by side share their difference, so only the best of each neighbourhood is used: else fifty rows
where the earlier search ended would outvote the rest.

    symbol   meaning
    r        correlation of two tasks over rows
    noise    (1 - r^2) / r^2, what a task does not share, in units of what it does; 2 where r is 0.6
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import final

import numpy as np

from .._arrays import Array, Indices
from ..space import Space
from ..surrogate import WITH_ADDITIVE, Data, GaussianProcess, condition, learn, usual
from .apart import APART, steps_between
from .left_out import left_out_errors

_NOISE = 2.0
# Learned hyperparameters are used if no more than this share of the variance is left when all other values are known.
_NEARLY_EXACT = 0.02
_FEWEST_TO_LEARN = 5
# A value lies at most this many times as far below the median as the upper quartile lies above it; worse ones are
# lifted.
_FARTHEST = 4.0


@final
@dataclass(frozen=True, eq=False)
class SourceModel:
    """The mean of a Gaussian process of an earlier task; make one with `source_model`.

    Args:
        process: of the columns that the earlier task had.
        known: these columns, (k,).
        smoothed: what it says of the earlier task's rows, (n,): what these are likely to be worth elsewhere.
    """

    process: GaussianProcess
    known: Indices
    smoothed: Array

    def mean(self, X: Array) -> Array:
        """Expected value at rows (n, d), (n,), in standard deviations of the earlier values."""
        return self.process.mean_at(X[:, self.known])

    def with_slopes(self, X: Array) -> tuple[Array, Array]:
        """The same, and its slopes, (n, d), zero in categorical columns and where the earlier task had none."""
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
    data = Data.of(rows[:, known], _scaled(y), space.n_choices[known])
    if len(data.y) >= _FEWEST_TO_LEARN:
        learned = condition(learn(data).chosen, data)
        if np.square(left_out_errors(learned)).mean() < _NEARLY_EXACT * data.y.var():
            return SourceModel(learned, known, learned.mean_at(data.X))
    kept = _best_of_neighbourhoods(space, rows, y)
    thinned = Data.of(data.X[kept], _scaled(y[kept]), data.kinds)
    process = condition(usual(WITH_ADDITIVE, len(known), math.log(_NOISE)), thinned)
    return SourceModel(process, known, process.mean_at(data.X))


def _best_of_neighbourhoods(space: Space, rows: Array, y: Array) -> list[int]:
    """Places of rows that lie apart from every better one that was kept, best first."""
    kept: list[int] = []
    for place in np.argsort(-y, kind="stable"):
        if (steps_between(space, rows[kept], rows[place]) > APART).all():
            kept.append(int(place))
    return kept


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
