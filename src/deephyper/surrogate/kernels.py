"""Matern-5/2 correlation with one length scale per column, numeric or categorical.

    symbol   meaning
    ell_j    length scale of column j
    r2       scaled squared distance, sum_j (dx_j / ell_j)^2; a categorical has dx_j = 1 where choices differ, else 0
    t        sqrt(5 r2)
    c        correlation (1 + t + t^2 / 3) exp(-t)                     R&W (4.17)
    c'       dc / dr2 = -(5/6) (1 + t) exp(-t)

R&W: Rasmussen & Williams, Gaussian Processes for Machine Learning (2006).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .._arrays import Array, Indices


def matern52(r2: Array) -> Array:
    """Correlation at scaled squared distances of any shape; overwrites `r2`."""
    t = np.sqrt(np.multiply(r2, 5.0, out=r2), out=r2)
    correlation = t / 3.0
    correlation += 1.0
    correlation *= t
    correlation += 1.0
    correlation *= np.exp(np.negative(t, out=t), out=t)
    return correlation


def matern52_and_slope(r2: Array) -> tuple[Array, Array]:
    """Correlation and its derivative in r2, both of the shape of `r2`."""
    t = np.sqrt(5.0 * r2)
    decay = np.exp(-t)
    slope = decay * t
    slope += decay
    # (1 + t) exp(-t) serves both: the correlation is that plus t^2 exp(-t) / 3.
    correlation = slope + r2 * decay * (5.0 / 3.0)
    slope *= -5.0 / 6.0
    return correlation, slope


def features(X: Array, kinds: Indices, lengths: Array) -> Array:
    """Coordinates in which the squared Euclidean distance is r2.

    Args:
        X: rows, (n, d); cells of categorical columns hold the index of a choice.
        kinds: number of choices of every column, 0 for a numeric one, (d,).
        lengths: length scale of every column, (d,).

    Returns:
        Numeric columns first, then one-hot blocks of height sqrt(1/2) / ell, (n, f).
    """
    is_numeric = kinds == 0
    if is_numeric.all():
        # Centred, so that the expansion of the squared distance cancels less.
        return (X - 0.5) / lengths
    blocks = [(X[:, is_numeric] - 0.5) / lengths[is_numeric]]
    for j in np.flatnonzero(~is_numeric):
        blocks.append((X[:, j, None] == np.arange(kinds[j])) * (math.sqrt(0.5) / lengths[j]))
    return np.concatenate(blocks, axis=1)


# Of a column with more choices than this, only those that occur in the fixed rows get a coordinate.
MOST_COORDINATES = 500


@dataclass(frozen=True, eq=False)
class Codes:
    """Other numbers for the choices of columns that have very many: towards fixed rows, all others are alike.

    Args:
        kinds: number of choices of every column, 0 for a numeric one, as they are told apart here, (d,).
        occurring: for each column with very many, its cells in the fixed rows, in order.
    """

    kinds: Indices
    occurring: dict[int, Array]

    @classmethod
    def of(cls, rows: Array, kinds: Indices) -> Codes:
        """Codes for what occurs in the fixed rows, (N, d)."""
        many = np.flatnonzero(kinds > MOST_COORDINATES)
        occurring = {int(j): np.unique(rows[:, j]) for j in many}
        fewer = kinds.copy()
        for j, cells in occurring.items():
            fewer[j] = len(cells) + 1
        return cls(fewer, occurring)

    def __call__(self, X: Array) -> Array:
        """The same rows, (n, d), with these numbers in place of choices."""
        if not self.occurring:
            return X
        coded = np.array(X, float)
        for j, cells in self.occurring.items():
            places = np.searchsorted(cells, X[:, j])
            is_there = np.append(cells, np.nan)[places] == X[:, j]
            coded[:, j] = np.where(is_there, places, len(cells))
        return coded


def counterpart(B: Array) -> Array:
    """Arrange features (m, f) so that `squared_distances` is a single matrix product, (f + 2, m)."""
    return np.vstack((-2.0 * B.T, np.ones(len(B)), np.einsum("ij,ij->i", B, B)))


def arranged(A: Array) -> Array:
    """Arrange features (n, f) in the same way, (n, f + 2), whatever the others are."""
    n, f = A.shape
    left = np.empty((n, f + 2))
    left[:, :f] = A
    left[:, f] = np.einsum("ij,ij->i", A, A)
    left[:, f + 1] = 1.0
    return left


def squared_distances(left: Array, B: Array) -> Array:
    """r2 between features as `arranged` has them, (n, f + 2), and the counterpart of others, (f + 2, m); (n, m)."""
    r2 = left @ B
    return np.maximum(r2, 0.0, out=r2)


@dataclass(frozen=True, eq=False)
class PairDifferences:
    """How all pairs i > j of n rows differ, column by column.

    Args:
        sizes: absolute differences, (d, n (n - 1) / 2); a categorical differs by 1 or 0.
        places: where the pairs stand in a flattened (n, n) matrix.
    """

    sizes: Array
    places: Indices

    @cached_property
    def squares(self) -> Array:
        """Squared differences, (d, n (n - 1) / 2)."""
        squares: Array = np.square(self.sizes)
        return squares


def pair_differences(X: Array, kinds: Indices) -> PairDifferences:
    """Differences of every pair of rows.

    Args:
        X: rows, (n, d).
        kinds: number of choices of every column, 0 for a numeric one, (d,).
    """
    n = len(X)
    places = np.flatnonzero(np.tri(n, k=-1, dtype=bool))
    sizes = np.empty((X.shape[1], len(places)))
    for j, column in enumerate(X.T):
        difference = column[:, None] - column[None, :] if kinds[j] == 0 else column[:, None] != column[None, :]
        sizes[j] = np.take(difference, places)
    return PairDifferences(np.abs(sizes, out=sizes), places)
