"""The term that sees every column alone: a mean of one-dimensional Materns-5/2.

    symbol   meaning
    ell'_j   length scale of column j in its own summand
    sa2      variance of the whole term
    t        sqrt5 |x_j - x'_j| / ell'_j; a categorical differs by 1 or 0
    M_j      (1 + t + t^2 / 3) exp(-t)                                    R&W (4.17)
    k        (sa2 / d) sum_j M_j                                          Duvenaud et al. (2011), order one
    prior    ln ell'_j ~ N(ln 0.3, 1), ln sa2 ~ N(0, 3^2)

Between many rows M_j needs neither an exponential nor a root per pair. With a = sqrt5 / ell'_j, p = a (x_j - 1/2) and
q = a (x'_j - 1/2), the polynomial of p - q separates:

    M_j = exp(p - q) (1 - (p - q) + (p - q)^2 / 3)     where p <= q
        = e^p [1 - p + p^2/3, 1 - 2p/3, 1/3] . e^-q [1, q, q^2]
    M_j = e^-p [1 + p + p^2/3, -1 - 2p/3, 1/3] . e^q [1, q, q^2]     where p >= q

and each of the two is the larger one where it does not hold, so M_j is their minimum: two products of thin matrices.

R&W: Rasmussen & Williams, Gaussian Processes for Machine Learning (2006).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import final

import numpy as np

from .._arrays import Array, Indices
from .agreement import Agreement, are_many
from .kernels import PairDifferences
from .term import AlongColumns, PairCovariance, Prior, View

_LENGTH_BOUNDS = (0.02, 10.0)
_VARIANCE_BOUNDS = (1e-4, 50.0)
_USUAL_LENGTH = 0.3
_ROOT5 = math.sqrt(5.0)


@final
class Additive:
    """The kind of term; see the table of the module."""

    def prior(self, n_columns: int) -> Prior:
        low, high = np.log([_LENGTH_BOUNDS] * n_columns + [_VARIANCE_BOUNDS]).T
        return Prior(
            np.array([math.log(_USUAL_LENGTH)] * n_columns + [0.0]), np.array([1.0] * n_columns + [3.0]), low, high
        )

    def at_pairs(self, theta: Array, pairs: PairDifferences) -> PairCovariance:
        variance = math.exp(theta[-1])
        share = variance / max(len(theta) - 1, 1)
        linear, quadratic, slope = _at_differences(pairs.sizes, _ROOT5 * np.exp(-theta[:-1]))
        values = share * (linear + quadratic)

        def gradient(d_pairs: Array, d_variance: float) -> Array:
            return np.append(share * (slope @ d_pairs), d_pairs @ values + variance * d_variance)

        return PairCovariance(values, variance, gradient)

    def kernel(self, theta: Array, kinds: Indices, rows: Array) -> AdditiveKernel:
        return AdditiveKernel(_ROOT5 * np.exp(-theta[:-1]), math.exp(theta[-1]), kinds, rows)


def _at_differences(sizes: Array, rates: Array) -> tuple[Array, Array, Array]:
    """The two parts of M_j, each summed over the columns, (p,), and -dM_j / d ln ell'_j of every column, (d, p).

    Column by column, since what is computed of one of them stays in the processor's cache.
    """
    linear, quadratic, slope = np.zeros(sizes.shape[1]), np.zeros(sizes.shape[1]), np.empty_like(sizes)
    for j, rate in enumerate(rates):
        t = sizes[j] * rate
        decay = np.negative(t)
        np.exp(decay, out=decay)
        more = 1.0 + t
        linear += more * decay
        # t^2 exp(-t) / 3 is what M_j has beyond (1 + t) exp(-t); times 1 + t it is also -dM_j / d ln ell'_j.
        t *= t
        t *= decay
        t *= 1.0 / 3.0
        quadratic += t
        np.multiply(t, more, out=slope[j])
    return linear, quadratic, slope


@final
@dataclass(frozen=True, eq=False)
class AdditiveKernel:
    """The term with fixed parameters, towards fixed rows.

    Args:
        rates: a of the table, (d,).
        variance: of the whole term.
        kinds: number of choices of every column, 0 for a numeric one, (d,).
        rows: the fixed rows, (N, d).
    """

    rates: Array
    variance: float
    kinds: Indices
    rows: Array

    @property
    def _share(self) -> float:
        return self.variance / max(len(self.rates), 1)

    @cached_property
    def _numeric(self) -> Indices:
        return np.flatnonzero(self.kinds == 0)

    @cached_property
    def _choosing(self) -> Indices:
        return np.flatnonzero(self.kinds)

    @cached_property
    def _row_factors(self) -> tuple[Array, Array]:
        """What every row brings to the two products, with the share of each column, (numeric columns, 3, N) twice."""
        p = self._centred(self.rows)
        grown, decayed = np.exp(p) * self._share, np.exp(-p) * self._share
        square, two_thirds = p * p / 3.0, p * (2.0 / 3.0)
        rising = np.stack((grown * (1.0 - p + square), grown * (1.0 - two_thirds), grown / 3.0), axis=1)
        falling = np.stack((decayed * (1.0 + p + square), decayed * (-1.0 - two_thirds), decayed / 3.0), axis=1)
        return rising, falling

    def _centred(self, X: Array) -> Array:
        """p of the table, column by column, (numeric columns, n)."""
        return self.rates[self._numeric, None] * (X.T[self._numeric] - 0.5)

    def view(self, X: Array) -> View:
        q = self._centred(X)
        powers = np.stack((np.ones_like(q), q, q * q), axis=2)
        return X, powers * np.exp(-q)[:, :, None], powers * np.exp(q)[:, :, None]

    def between(self, X: Array) -> Array:
        return self.seen(self.view(X))

    def seen(self, view: View) -> Array:
        X, decayed, grown = view
        values = self._between_choices(X)
        rising, falling = self._row_factors
        one, other = np.empty_like(values), np.empty_like(values)
        for j in range(len(decayed)):
            np.matmul(decayed[j], rising[j], out=one)
            np.matmul(grown[j], falling[j], out=other)
            values += np.minimum(one, other, out=one)
        return values

    def with_slopes(self, X: Array) -> tuple[Array, AlongColumns]:
        columns = self._numeric
        s = (X.T[columns][:, :, None] - self.rows.T[columns][:, None, :]) * self.rates[columns, None, None]
        t = np.abs(s)
        decay = np.exp(-t)
        linear = (1.0 + t) * decay
        values = self._between_choices(X) + self._share * (linear.sum(axis=0) + (t * t * decay).sum(axis=0) / 3.0)
        # dM_j / dx_j = -(a / 3) s (1 + |s|) exp(-|s|)
        slope = np.multiply(s, linear, out=s)

        def along_columns(weights: Array) -> Array:
            along = np.zeros(X.shape)
            pulls = np.matmul(slope.transpose(1, 0, 2), weights[..., None])[:, :, 0]
            along[:, columns] = pulls * (self.rates[columns] * (-self._share / 3.0))
            return along

        return values, along_columns

    def _between_choices(self, X: Array) -> Array:
        """The summands of all categoricals: a constant, and what equal choices add, (n, N)."""
        if not len(self._choosing):
            return np.zeros((len(X), len(self.rows)))
        values = self._agreeing(X) if self._agreement is None else self._agreement(X)
        return values + self._share * float(self._apart.sum())

    @cached_property
    def _apart(self) -> Array:
        """M_j of every categorical where choices differ, (categorical columns,)."""
        a = self.rates[self._choosing]
        apart: Array = (1.0 + a + a * a / 3.0) * np.exp(-a)
        return apart

    @cached_property
    def _agreement(self) -> Agreement | None:
        """What equal choices add; None where choices are coordinates."""
        if not are_many(self.kinds):
            return None
        weights = np.zeros(len(self.kinds))
        weights[self._choosing] = self._share * (1.0 - self._apart)
        return Agreement.of(self.rows, self.kinds, weights)

    def _agreeing(self, X: Array) -> Array:
        """The same by coordinates."""
        ours = [X[:, j, None] == np.arange(self.kinds[j]) for j in self._choosing]
        theirs = [
            (self.rows[:, j, None] == np.arange(self.kinds[j])) * (self._share * (1.0 - far))
            for j, far in zip(self._choosing, self._apart, strict=True)
        ]
        values: Array = np.concatenate(ours, axis=1).astype(float) @ np.concatenate(theirs, axis=1).T
        return values


ADDITIVE = Additive()
