"""One summand of a Gaussian process's covariance: its prior, how it is learned, and how it predicts.

A covariance is a sum of terms. Every term has d + 1 parameters, all as logarithms: a length scale per column, then its
variance.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from .._arrays import Array, Indices, Mask
from .kernels import PairDifferences

# From weights, (N,) or different ones for every x, (n, N), to the sum over rows i of weights_i dk(x, X_i)/dx_j, (n, d);
# zero for categoricals.
AlongColumns = Callable[[Array], Array]


# Rows (n, d), and what a term computes of them whatever the fixed rows are.
View = tuple[Array, ...]

# Degrees of freedom of Student's t distribution.
_DEGREES = 2.0


@dataclass(frozen=True, eq=False)
class Prior:
    """Beliefs in log parameters, and their bounds; every array is (parameters,).

    Args:
        centre: what is most probable.
        spread: standard deviations of normal beliefs, scales of the joint one.
        low: smallest values.
        high: largest values.
        is_joint: which parameters are believed in jointly, as Student's t in as many dimensions with two degrees of
            freedom: normal with a common variance that is not known, so that they differ little until the data say
            that they differ much. The others are normal, each by itself.
    """

    centre: Array
    spread: Array
    low: Array
    high: Array
    is_joint: Mask

    @staticmethod
    def joined(priors: list[Prior]) -> Prior:
        """The priors of several groups of parameters as one; at most one group has a joint belief."""
        parts = [(p.centre, p.spread, p.low, p.high, p.is_joint) for p in priors]
        return Prior(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))

    def penalty(self, theta: Array) -> tuple[float, Array]:
        """Minus the logarithm of the density, up to a constant, and its slopes, (parameters,)."""
        deviation = (theta - self.centre) / self.spread
        if not self.is_joint.any():
            return float(0.5 * deviation @ deviation), deviation / self.spread
        joint, single = deviation[self.is_joint], deviation[~self.is_joint]
        excess, strength = joint @ joint, 0.5 * (_DEGREES + len(joint))
        pulls = np.where(self.is_joint, 2.0 * strength / (_DEGREES + excess), 1.0)
        penalty = strength * np.log1p(excess / _DEGREES) + 0.5 * single @ single
        return float(penalty), pulls * deviation / self.spread


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

    def prior(self, n_columns: int, has_many: bool) -> Prior:
        """What is believed about the log parameters before any data.

        Args:
            n_columns: d.
            has_many: whether very many columns count in the same row.
        """

    def at_pairs(self, theta: Array, pairs: PairDifferences) -> PairCovariance:
        """The covariance of all pairs of rows under log parameters (d + 1,)."""

    def kernel(self, theta: Array, kinds: Indices, rows: Array) -> Kernel:
        """The term with log parameters (d + 1,) between any rows and the given ones, (N, d)."""
