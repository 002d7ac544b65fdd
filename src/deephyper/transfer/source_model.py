"""A model of an earlier task's objective, of which only the mean is used.

An earlier search has looked where it was good. So its rows say little about length scales elsewhere, and a fit follows
the detail around the best row. The hyperparameters are therefore the prior means, with much noise: on tables of earlier
searches they predict other rows of the space better than learned ones. Learned ones are used where they predict nearly
every row from the others, as they do for a smooth function of few columns (docs/decisions/transfer.md).

    symbol   meaning
    K, L     covariance of the rows with noise on its diagonal, and its lower Cholesky factor
    alpha    K^-1 (y - m)
    y_i - mean_-i = alpha_i / (K^-1)_ii     what is left of value i when all others are known     R&W (5.12)

R&W: Rasmussen & Williams, Gaussian Processes for Machine Learning (2006).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import final

import numpy as np

from .._arrays import Array, Indices
from ..space import Space
from ..surrogate import WITH_ADDITIVE, Data, GaussianProcess, condition, learn, usual

_NOISE = 0.1
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
    """

    process: GaussianProcess
    known: Indices

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
        if np.square(_left_out_errors(learned)).mean() < _NEARLY_EXACT * data.y.var():
            return SourceModel(learned, known)
    return SourceModel(condition(usual(WITH_ADDITIVE, len(known), math.log(_NOISE)), data), known)


def _left_out_errors(process: GaussianProcess) -> Array:
    """What is left of every value when all others are known, (n,)."""
    errors: Array = process.alpha / np.square(process.inverse_factor).sum(axis=0)
    return errors


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
