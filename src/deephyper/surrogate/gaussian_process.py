"""Exact Gaussian process regression: condition on rows, predict, and grow by rows whose value is not known yet.

    symbol      meaning
    X, x        told rows (N, d), and a row to predict
    k           covariances sf2 c between x and the rows, (N,)
    L           lower Cholesky factor of K = sf2 c + (sn2 + jitter) I; its inverse is kept, so predictions are matrix products
    alpha       K^-1 (y - m), padded with zeros for pending rows
    mean        m + k' alpha                                              R&W (2.25), with the constant mean m
    V           L^-1 k
    variance    sf2 - V' V                                                R&W (2.26)
    beta        K^-1 k = L^-T V, which carries the slope of the variance

R&W: Rasmussen & Williams, Gaussian Processes for Machine Learning (2006); Algorithm 2.1 there is the same with solves.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import final

import numpy as np
from scipy.linalg import blas, lapack

from .._arrays import Array, Indices, Mask
from .hyperparameters import JITTERS, MEAN_PRECISION, NOT_FACTORED
from .kernels import counterpart, features, matern52, matern52_and_slope, squared_distances
from .surrogate import Posterior, Slopes

_SMALLEST_VARIANCE = 1e-12


@final
@dataclass(frozen=True, eq=False)
class GaussianProcess:
    """A Gaussian process that has seen rows; make one with `condition`.

    Args:
        theta: log hyperparameters, (d + 2,): length scales, signal variance, noise variance.
        n_choices: number of choices of every column, 0 for a numeric one, (d,).
        rows: told rows, then pending ones, (N + p, d).
        inverse_factor: L^-1 of all these rows, (N + p, N + p), in Fortran order.
        alpha: K^-1 (y - m) of the told rows, then zeros, (N + p,).
        mean: the constant mean m.
        noise: what K has on its diagonal beyond the signal variance.
        told_mean: posterior mean at the told rows, (N,).
    """

    theta: Array
    n_choices: Indices
    rows: Array
    inverse_factor: Array
    alpha: Array
    mean: float
    noise: float
    told_mean: Array

    @cached_property
    def _lengths(self) -> Array:
        return np.exp(self.theta[:-2])

    @cached_property
    def _signal(self) -> float:
        return math.exp(self.theta[-2])

    @cached_property
    def _counterpart(self) -> Array:
        return counterpart(features(self.rows, self.n_choices, self._lengths))

    @cached_property
    def _is_categorical(self) -> Mask:
        return self.n_choices > 0

    def _squared_distances(self, X: Array) -> Array:
        return squared_distances(features(X, self.n_choices, self._lengths), self._counterpart)

    def predict(self, X: Array) -> Posterior:
        kernel = matern52(self._squared_distances(X))
        kernel *= self._signal
        mean = self.mean + kernel @ self.alpha
        # (n, N) in C order is (N, n) in Fortran order: no copy, and k is not needed any more.
        V = blas.dtrmm(1.0, self.inverse_factor, kernel.T, lower=1, overwrite_b=1).T
        return Posterior(mean, np.sqrt(self._variance(V)))

    def _variance(self, V: Array) -> Array:
        explained: Array = np.einsum("ij,ij->i", V, V)
        return np.maximum(self._signal - explained, _SMALLEST_VARIANCE)

    def gradient(self, X: Array) -> tuple[Posterior, Slopes]:
        kernel, slope = matern52_and_slope(self._squared_distances(X))
        kernel *= self._signal
        slope *= 2.0 * self._signal
        V = blas.dtrmm(1.0, self.inverse_factor, kernel.T, lower=1)
        beta = blas.dtrmm(1.0, self.inverse_factor, V, lower=1, trans_a=1).T
        posterior = Posterior(self.mean + kernel @ self.alpha, np.sqrt(self._variance(V.T)))
        d_variance = -2.0 * self._along_columns(slope * beta, X)
        d_std = d_variance / (2.0 * posterior.std[:, None])
        d_std[posterior.std**2 <= _SMALLEST_VARIANCE] = 0.0
        return posterior, Slopes(self._along_columns(slope * self.alpha, X), d_std)

    def _along_columns(self, weights: Array, X: Array) -> Array:
        """Sum over rows i of weights_i (x_j - X_ij) / ell_j^2, zero for categoricals, (n, d)."""
        out: Array = (weights.sum(axis=1)[:, None] * X - weights @ self.rows) / self._lengths**2
        out[:, self._is_categorical] = 0.0
        return out

    def with_pending(self, P: Array) -> GaussianProcess:
        if not len(P):
            return self
        n, p = len(self.rows), len(P)
        new = features(P, self.n_choices, self._lengths)
        cross = matern52(squared_distances(new, self._counterpart)) * self._signal
        own = matern52(squared_distances(new, counterpart(new))) * self._signal
        below = blas.dtrmm(1.0, self.inverse_factor, cross.T, lower=1).T
        corner, _ = _inverse_factor(own - below @ below.T, self.noise)
        inverse_factor = np.zeros((n + p, n + p), order="F")
        inverse_factor[:n, :n] = self.inverse_factor
        inverse_factor[n:, :n] = -corner @ blas.dtrmm(1.0, self.inverse_factor, below.T, lower=1, trans_a=1).T
        inverse_factor[n:, n:] = corner
        rows = np.concatenate((self.rows, P))
        return replace(self, rows=rows, inverse_factor=inverse_factor, alpha=np.concatenate((self.alpha, np.zeros(p))))

    def best_rows(self, n: int) -> Array:
        order = np.argsort(-self.told_mean, kind="stable")
        return self.rows[order[:n]]


def condition(theta: Array, X: Array, y: Array, n_choices: Indices) -> GaussianProcess:
    """Make the process see rows.

    Args:
        theta: log hyperparameters, (d + 2,).
        X: rows, (N, d).
        y: targets, (N,).
        n_choices: number of choices of every column, 0 for a numeric one, (d,).
    """
    scaled = features(X, n_choices, np.exp(theta[:-2]))
    kernel = matern52(squared_distances(scaled, counterpart(scaled))) * math.exp(theta[-2])
    inverse_factor, noise = _inverse_factor(kernel, math.exp(theta[-1]) + JITTERS[0])
    white_y, white_one = inverse_factor @ y, inverse_factor.sum(axis=1)
    mean = float(white_y @ white_one / (white_one @ white_one + MEAN_PRECISION))
    alpha = inverse_factor.T @ (white_y - mean * white_one)
    # K alpha = y - m, and K is the noise-free covariance plus `noise` on the diagonal.
    return GaussianProcess(theta, n_choices, X, inverse_factor, alpha, mean, noise, y - noise * alpha)


def _inverse_factor(kernel: Array, noise: float) -> tuple[Array, float]:
    """L^-1 of a covariance to which noise is added, in Fortran order, and the noise with the jitter that it took on top."""
    for jitter in (0.0, *JITTERS[1:]):
        K = np.array(kernel, order="F")
        np.fill_diagonal(K, np.diagonal(kernel) + noise + jitter)
        factor, info = lapack.dpotrf(K, lower=1, overwrite_a=1)
        if info == 0:
            return np.asarray(lapack.dtrtri(factor, lower=1, overwrite_c=1)[0]), noise + jitter
    raise ValueError(NOT_FACTORED)
