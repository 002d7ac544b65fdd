"""One summand of a Gaussian process's covariance: its prior, how it is learned, and how it predicts.

A covariance is a sum of terms. Every term has d + 1 parameters, all as logarithms: a length scale per column, then its
variance.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from .._arrays import Array, Indices
from .kernels import PairDifferences

# From weights, (N,) or different ones for every x, (n, N), to the sum over rows i of weights_i dk(x, X_i)/dx_j, (n, d);
# zero for categoricals.
AlongColumns = Callable[[Array], Array]


# Rows (n, d), and what a term computes of them whatever the fixed rows are.
View = tuple[Array, ...]


@dataclass(frozen=True, eq=False)
class Prior:
    """Independent normal beliefs in log parameters, and their bounds; every array is (parameters,)."""

    centre: Array
    spread: Array
    low: Array
    high: Array

    @staticmethod
    def joined(priors: list[Prior]) -> Prior:
        """The priors of several groups of parameters as one."""
        parts = [(p.centre, p.spread, p.low, p.high) for p in priors]
        return Prior(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))


@dataclass(frozen=True, eq=False)
class PairCovariance:
    """A term at all pairs of the rows that are learned from.

    Args:
        values: covariance of every pair, (p,).
        variance: covariance of a row with itself.
        gradient: from dloss/dk at every pair, (p,), counting a pair once, and dloss/dvariance to the slopes of the loss
            in the term's log parameters, (d + 1,).
    """

    values: Array
    variance: float
    gradient: Callable[[Array, float], Array]


class Kernel(Protocol):
    """A term with fixed parameters, between any rows and some fixed ones."""

    @property
    def variance(self) -> float:
        """Covariance of a row with itself."""

    def between(self, X: Array) -> Array:
        """Covariance of rows (n, d) with the fixed ones, (n, N)."""

    def view(self, X: Array) -> View:
        """What `seen` needs of rows (n, d); kernels of the same parameters towards other fixed rows take it too."""

    def seen(self, view: View) -> Array:
        """The same as `between`, of rows that are looked at from several sets of fixed rows, one after the other."""

    def with_slopes(self, X: Array) -> tuple[Array, AlongColumns]:
        """The same, and how it changes as the rows move."""


class Term(Protocol):
    """A kind of summand."""

    def prior(self, n_columns: int) -> Prior:
        """What is believed about the log parameters before any data."""

    def at_pairs(self, theta: Array, pairs: PairDifferences) -> PairCovariance:
        """The covariance of all pairs of rows under log parameters (d + 1,)."""

    def kernel(self, theta: Array, kinds: Indices, rows: Array) -> Kernel:
        """The term with log parameters (d + 1,) between any rows and the given ones, (N, d)."""
