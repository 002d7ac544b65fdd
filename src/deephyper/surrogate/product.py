"""The term that sees all columns together: Matern-5/2 with one length scale per column.

    symbol   meaning
    ell_j    length scale of column j
    sf2      signal variance
    k        sf2 c(r2), r2 = sum_j (dx_j / ell_j)^2                       see kernels.py
    prior    ln ell_j ~ N(sqrt 2 - 3 + 0.5 ln d, 3), ln sf2 ~ N(0, 3^2)

The first is the dimension-scaled prior LogNormal(sqrt 2 + 0.5 ln d, sqrt 3) of Hvarfner, Hellsten & Nardi (2024); the 3
less is the Jacobian of the logarithm.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import final

import numpy as np

from .._arrays import Array, Indices
from .agreement import Agreement, are_many
from .kernels import PairDifferences, arranged, counterpart, features, matern52, matern52_and_slope, squared_distances
from .term import AlongColumns, PairCovariance, Prior, View

_LENGTH_BOUNDS = (0.005, 50.0)
_SIGNAL_BOUNDS = (0.02, 50.0)


@final
class Product:
    """The kind of term; see the table of the module."""

    def prior(self, n_columns: int) -> Prior:
        length = math.sqrt(2.0) - 3.0 + 0.5 * math.log(max(n_columns, 1))
        low, high = np.log([_LENGTH_BOUNDS] * n_columns + [_SIGNAL_BOUNDS]).T
        return Prior(np.array([length] * n_columns + [0.0]), np.array([math.sqrt(3.0)] * n_columns + [3.0]), low, high)

    def at_pairs(self, theta: Array, pairs: PairDifferences) -> PairCovariance:
        weights, signal = np.exp(-2.0 * theta[:-1]), math.exp(theta[-1])
        values, slope = matern52_and_slope(weights @ pairs.squares)
        values *= signal

        def gradient(d_pairs: Array, d_variance: float) -> Array:
            by_length = (-2.0 * signal) * weights * (pairs.squares @ (slope * d_pairs))
            return np.append(by_length, d_pairs @ values + signal * d_variance)

        return PairCovariance(values, signal, gradient)

    def kernel(self, theta: Array, kinds: Indices, rows: Array) -> ProductKernel:
        return ProductKernel(np.exp(theta[:-1]), math.exp(theta[-1]), kinds, rows)


@final
@dataclass(frozen=True, eq=False)
class ProductKernel:
    """The term with fixed parameters, towards fixed rows.

    Args:
        lengths: length scales, (d,).
        variance: signal variance.
        kinds: number of choices of every column, 0 for a numeric one, (d,).
        rows: the fixed rows, (N, d).
    """

    lengths: Array
    variance: float
    kinds: Indices
    rows: Array

    @cached_property
    def _agreement(self) -> Agreement | None:
        """Squared inverse lengths of the choices that two rows share; None where choices are coordinates."""
        return Agreement.of(self.rows, self.kinds, self.lengths**-2.0) if are_many(self.kinds) else None

    @cached_property
    def _counterpart(self) -> Array:
        return counterpart(self._features(self.rows))

    def _features(self, X: Array) -> Array:
        if self._agreement is None:
            return features(X, self.kinds, self.lengths)
        is_numeric = self.kinds == 0
        return features(X[:, is_numeric], self.kinds[is_numeric], self.lengths[is_numeric])

    def _squared_distances(self, view: View) -> Array:
        X, left = view
        r2 = squared_distances(left, self._counterpart)
        if self._agreement is None:
            return r2
        r2 += float((self.lengths[self.kinds > 0] ** -2.0).sum())
        r2 -= self._agreement(X)
        return np.maximum(r2, 0.0, out=r2)

    def view(self, X: Array) -> View:
        return X, arranged(self._features(X))

    def between(self, X: Array) -> Array:
        return self.seen(self.view(X))

    def seen(self, view: View) -> Array:
        values = matern52(self._squared_distances(view))
        values *= self.variance
        return values

    def with_slopes(self, X: Array) -> tuple[Array, AlongColumns]:
        values, slope = matern52_and_slope(self._squared_distances(self.view(X)))
        values *= self.variance
        slope *= 2.0 * self.variance
        inverse_squares = np.where(self.kinds == 0, self.lengths**-2.0, 0.0)

        def along_columns(weights: Array) -> Array:
            pulls = slope * weights
            along: Array = (pulls.sum(axis=1)[:, None] * X - pulls @ self.rows) * inverse_squares
            return along

        return values, along_columns


PRODUCT = Product()
