"""Exact Gaussian process regression by Cholesky: condition on rows, predict, and grow by rows, told or pending.

    symbol      meaning
    X, x        told rows (N, d), and a row to predict
    k           covariances between x and the rows, (N,)
    s           variance of a row before any data: the terms' variances summed
    L           lower Cholesky factor of K = covariances + (sn2 + jitter) I + diag(stated variances); its inverse
                is kept, so that predicting is multiplying
    alpha       K^-1 (y - m), padded with zeros for pending rows
    mean        m + k' alpha                                              R&W (2.25), with the constant mean m
    V           L^-1 k
    variance    s - V' V                                                  R&W (2.26)
    beta        K^-1 k = L^-T V, which carries the slope of the variance

R&W: Rasmussen & Williams, Gaussian Processes for Machine Learning (2006); Algorithm 2.1 there is the same with solves.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property, reduce
from typing import final

import numpy as np
from scipy.linalg import blas, lapack

from .._arrays import Array, Indices
from .data import Data
from .hyperparameters import JITTERS, MEAN_PRECISION, NOT_FACTORED, Hyperparameters
from .surrogate import Posterior, Slopes
from .term import Kernel, View

_SMALLEST_VARIANCE = 1e-12


@final
@dataclass(frozen=True, eq=False)
class GaussianProcess:
    """A Gaussian process that has seen rows; make one with `condition`.

    Args:
        hyperparameters: the covariance.
        kinds: number of choices of every column, 0 for a numeric one, (d,).
        rows: told rows, then pending ones, (N + p, d).
        inverse_factor: L^-1 of all these rows, (N + p, N + p), in Fortran order.
        alpha: K^-1 (y - m) of the told rows, then zeros, (N + p,).
        mean: the constant mean m.
        noise: what K has on its whole diagonal beyond the terms' variances.
        stated: what it has there beyond that, of the told rows, (N,): the variances that came with their targets.
        told_mean: posterior mean at the told rows, (N,).
    """

    hyperparameters: Hyperparameters
    kinds: Indices
    rows: Array
    inverse_factor: Array
    alpha: Array
    mean: float
    noise: float
    stated: Array
    told_mean: Array

    @property
    def has_slopes(self) -> bool:
        return True

    @cached_property
    def kernels(self) -> list[Kernel]:
        """The summands of the covariance, towards the rows."""
        return self.hyperparameters.kernels(self.kinds, self.rows)

    @cached_property
    def prior_variance(self) -> float:
        """s of the table."""
        return sum(kernel.variance for kernel in self.kernels)

    def covariances(self, X: Array) -> Array:
        """k for rows (n, d), one row each, (n, N + p)."""
        total = self.kernels[0].between(X)
        for kernel in self.kernels[1:]:
            total += kernel.between(X)
        return total

    def whitened(self, covariances: Array) -> Array:
        """V of covariances (n, N + p), which are overwritten, one column each, (N + p, n)."""
        # (n, N) in C order is (N, n) in Fortran order: no copy.
        return np.asarray(blas.dtrmm(1.0, self.inverse_factor, covariances.T, lower=1, overwrite_b=1))

    def predict(self, X: Array) -> Posterior:
        covariances = self.covariances(X)
        mean = self.mean + covariances @ self.alpha
        return Posterior(mean, np.sqrt(_remaining(self.prior_variance, self.whitened(covariances))))

    def mean_at(self, X: Array) -> Array:
        """The mean alone at rows (n, d), (n,): much cheaper where there are many rows."""
        mean: Array = self.mean + self.covariances(X) @ self.alpha
        return mean

    def mean_with_slopes(self, X: Array) -> tuple[Array, Array]:
        """The mean alone at rows (n, d), (n,), and its slopes, (n, d)."""
        parts = [kernel.with_slopes(X) for kernel in self.kernels]
        covariances = reduce(np.add, [values for values, _ in parts])
        slopes = reduce(np.add, [along_columns(self.alpha) for _, along_columns in parts])
        return self.mean + covariances @ self.alpha, slopes

    def at(self, X: Array) -> GaussianBeliefs:
        return GaussianBeliefs(self, X)

    def gradient(self, X: Array) -> tuple[Posterior, Slopes]:
        parts = [kernel.with_slopes(X) for kernel in self.kernels]
        covariances = reduce(np.add, [values for values, _ in parts])
        mean = self.mean + covariances @ self.alpha
        V = self.whitened(covariances)
        variance = _remaining(self.prior_variance, V)
        beta = blas.dtrmm(1.0, self.inverse_factor, V, lower=1, trans_a=1).T
        d_mean = reduce(np.add, [along_columns(self.alpha) for _, along_columns in parts])
        d_variance = -2.0 * reduce(np.add, [along_columns(beta) for _, along_columns in parts])
        std = np.sqrt(variance)
        d_std = np.where(variance[:, None] > _SMALLEST_VARIANCE, d_variance / (2.0 * std[:, None]), 0.0)
        return Posterior(mean, std), Slopes(d_mean, d_std)

    def with_pending(self, P: Array) -> GaussianProcess:
        if not len(P):
            return self
        nothing = np.zeros(len(P))
        alpha, factor = np.concatenate((self.alpha, nothing)), self._grown_factor(P, nothing)
        return replace(self, rows=np.concatenate((self.rows, P)), inverse_factor=factor, alpha=alpha)

    def with_told(self, data: Data) -> GaussianProcess:
        n = len(self.rows)
        P, variance = data.X[n:], data.variance[n:]
        factor = self._grown_factor(P, variance) if len(P) else self.inverse_factor
        # The rows that are there keep the variances that they were factored with.
        data = replace(data, variance=np.concatenate((self.stated, variance)))
        return _regression(self.hyperparameters, data, factor, self.noise)

    def _grown_factor(self, P: Array, variance: Array) -> Array:
        """L^-1 with further rows (p, d) below, whose stated variances are (p,), in Fortran order."""
        n, p = len(self.rows), len(P)
        below = self.whitened(self.covariances(P)).T
        own = sum(kernel.between(P) for kernel in self.hyperparameters.kernels(self.kinds, P))
        corner, _ = _inverse_factor(own - below @ below.T, self.noise, variance)
        grown = np.zeros((n + p, n + p), order="F")
        grown[:n, :n] = self.inverse_factor
        grown[n:, :n] = -corner @ blas.dtrmm(1.0, self.inverse_factor, below.T, lower=1, trans_a=1).T
        grown[n:, n:] = corner
        return grown

    def fitted(self) -> tuple[Array, Array]:
        return self.rows[: len(self.told_mean)], self.told_mean


@final
class GaussianBeliefs:
    """What a process believes at fixed rows, while some of them become pending.

    Args:
        process: has seen all rows so far.
        X: the fixed rows, (n, d).
    """

    def __init__(self, process: GaussianProcess, X: Array):
        self._process, self._X = process, X
        covariances = process.covariances(X)
        self._mean = process.mean + covariances @ process.alpha
        self._whites = process.whitened(covariances)
        self._remaining = _remaining(process.prior_variance, self._whites)
        self._added: list[Array] = []

    @cached_property
    def _views(self) -> list[View]:
        return [kernel.view(self._X) for kernel in self._process.kernels]

    @property
    def posterior(self) -> Posterior:
        return Posterior(self._mean, np.sqrt(self._remaining))

    def count_on(self, place: int) -> None:
        """One more row of the factor: v = L^-1 k of the pending row, and (k - v'V) / s below it at all rows."""
        process = self._process
        towards = process.hyperparameters.kernels(process.kinds, self._X[place : place + 1])
        explained = self._whites[:, place] @ self._whites + sum(
            (row[place] * row for row in self._added), np.zeros(len(self._X))
        )
        seen = (kernel.seen(view)[:, 0] for kernel, view in zip(towards, self._views, strict=True))
        left = sum(seen) - explained
        row = left / math.sqrt(max(self._remaining[place], 0.0) + process.noise)
        self._remaining = np.maximum(self._remaining - row * row, _SMALLEST_VARIANCE)
        self._added.append(row)


def condition(hyperparameters: Hyperparameters, data: Data) -> GaussianProcess:
    """Make the process see rows."""
    covariances = sum(kernel.between(data.X) for kernel in hyperparameters.kernels(data.kinds, data.X))
    factor, noise = _inverse_factor(np.asarray(covariances), hyperparameters.noise + JITTERS[0], data.variance)
    return _regression(hyperparameters, data, factor, noise)


def _regression(hyperparameters: Hyperparameters, data: Data, inverse_factor: Array, noise: float) -> GaussianProcess:
    """The process of rows whose factor is known."""
    X, y = data.X, data.y
    white_y, white_one = inverse_factor @ y, inverse_factor.sum(axis=1)
    mean = float(white_y @ white_one / (white_one @ white_one + MEAN_PRECISION))
    alpha = inverse_factor.T @ (white_y - mean * white_one)
    # K alpha = y - m, and K is the noise-free covariance plus the noise on the diagonal.
    told_mean = y - (noise + data.variance) * alpha
    return GaussianProcess(hyperparameters, data.kinds, X, inverse_factor, alpha, mean, noise, data.variance, told_mean)


def _remaining(variance: float, V: Array) -> Array:
    """Variance that rows with V, (N, n), are left with, (n,)."""
    # Transposed it lies row by row in memory.
    explained: Array = np.einsum("ij,ij->i", V.T, V.T)
    return np.maximum(variance - explained, _SMALLEST_VARIANCE)


def _inverse_factor(covariances: Array, noise: float, variance: Array) -> tuple[Array, float]:
    """L^-1 of a covariance to which noise and stated variances, (n,), are added, in Fortran order.

    With it comes the noise and the jitter that it took on top.
    """
    for jitter in (0.0, *JITTERS[1:]):
        K = np.array(covariances, order="F")
        np.fill_diagonal(K, np.diagonal(covariances) + noise + jitter + variance)
        factor, info = lapack.dpotrf(K, lower=1, overwrite_a=1)
        if info == 0:
            return np.asarray(lapack.dtrtri(factor, lower=1, overwrite_c=1)[0]), noise + jitter
    raise ValueError(NOT_FACTORED)
