"""Hyperparameters of the Gaussian process: the most probable ones given the targets.

    symbol   meaning
    theta    (ln ell_1 .. ln ell_d, ln sf2, ln sn2)
    ell_j    length scale of column j
    sf2      signal variance
    sn2      noise variance
    K        sf2 c(r2) + (sn2 + jitter) I, (n, n); c is the Matern-5/2 correlation
    m        constant mean, profiled out: 1' K^-1 y / (1' K^-1 1 + 0.01), 0.01 being the precision of its prior N(0, 10^2)
    alpha    K^-1 (y - m)
    A        K^-1 - alpha alpha'
    loss     0.5 (y - m)' alpha + 0.5 ln det K                            R&W (5.8), without its constant
             + 0.005 m^2 + 0.5 sum ((theta - centre) / sd)^2              minus the log priors
    dloss    0.5 tr(A dK/dtheta) + (theta - centre) / sd^2                R&W (5.9); m needs none, being optimal
    centre   ln ell_j ~ N(sqrt 2 - 3 + 0.5 ln d, 3), ln sf2 ~ N(0, 3^2), ln sn2 ~ N(ln 1e-5, 1.5^2)

The first is the dimension-scaled prior LogNormal(sqrt 2 + 0.5 ln d, sqrt 3) of Hvarfner, Hellsten & Nardi (2024); the 3 less is
the Jacobian of the logarithm. R&W: Rasmussen & Williams, Gaussian Processes for Machine Learning (2006).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.linalg import lapack
from scipy.optimize import Bounds, minimize

from .._arrays import Array, Indices
from .kernels import matern52_and_slope, pair_differences

# What is added to the diagonal of a covariance: the first always, the others until it can be factored.
JITTERS = [10.0**exponent for exponent in range(-8, 2)]
NOT_FACTORED = "no jitter makes the covariance of the rows positive definite."
MEAN_PRECISION = 0.01
_LENGTH_BOUNDS = (0.005, 50.0)
_SIGNAL_BOUNDS = (0.02, 50.0)
_NOISE_BOUNDS = (1e-7, 1.0)
_NOISY_START = 0.1
_MARGIN = 1e-3
# Slopes of the loss in nats per factor e: flatter than this, no model is told from another. Saves a quarter of the losses.
_FLAT = 0.02


@dataclass(frozen=True)
class Effort:
    """How long one descent may take."""

    n_steps: int
    n_losses: int


_COLD, _WARM, _NOISY = Effort(48, 74), Effort(12, 20), Effort(24, 38)


def centre(n_columns: int) -> Array:
    """The most probable theta before any data, (d + 2,)."""
    length = math.sqrt(2.0) - 3.0 + 0.5 * math.log(max(n_columns, 1))
    return np.array([length] * n_columns + [0.0, math.log(1e-5)])


def spread(n_columns: int) -> Array:
    """Standard deviations of the prior of theta, (d + 2,)."""
    return np.array([math.sqrt(3.0)] * n_columns + [3.0, 1.5])


def fit(X: Array, y: Array, n_choices: Indices, start: Array | None = None, may_be_noisy: bool = False) -> Array:
    """Find the most probable theta.

    Args:
        X: rows, (n, d).
        y: targets, (n,).
        n_choices: number of choices of every column, 0 for a numeric one, (d,).
        start: theta of an earlier fit to go on from; the prior's centre if None.
        may_be_noisy: try a start with much noise too. Near no noise the gradient in ln sn2 vanishes, so that a descent from
            there never finds out.

    Returns:
        theta, (d + 2,).
    """
    loss = Loss.of(X, y, n_choices)
    prior = centre(X.shape[1])
    value, theta = _descend(loss, prior if start is None else start, _COLD if start is None else _WARM)
    if may_be_noisy:
        noisy = np.concatenate((prior[:-2], [0.0, math.log(_NOISY_START)]))
        noisy_value, noisy_theta = _descend(loss, noisy, _NOISY)
        theta = noisy_theta if noisy_value < value - _MARGIN else theta
    return theta


def _descend(loss: Loss, start: Array, effort: Effort) -> tuple[float, Array]:
    bounds = _log_bounds(len(start) - 2)
    result = minimize(
        loss,
        np.clip(start, bounds.lb, bounds.ub),
        jac=True,
        method="L-BFGS-B",
        bounds=bounds,
        options={"maxiter": effort.n_steps, "maxfun": effort.n_losses, "gtol": _FLAT},
    )
    return float(result.fun), np.asarray(result.x, float)


def _log_bounds(n_columns: int) -> Bounds:
    limits = np.log([_LENGTH_BOUNDS] * n_columns + [_SIGNAL_BOUNDS, _NOISE_BOUNDS])
    return Bounds(limits[:, 0], limits[:, 1])


@dataclass(frozen=True, eq=False)
class Loss:
    """Minus the log posterior of theta, with its gradient; see the table of the module.

    Args:
        differences: squared differences of all pairs i > j, column by column, (d, n (n - 1) / 2).
        places: where the pairs stand in a flattened (n, n) matrix.
        y: targets, (n,).
        prior_centre: mean of the prior of theta, (d + 2,).
        prior_spread: its standard deviations, (d + 2,).
    """

    differences: Array
    places: Indices
    y: Array
    prior_centre: Array
    prior_spread: Array

    @classmethod
    def of(cls, X: Array, y: Array, n_choices: Indices) -> Loss:
        """Prepare what does not depend on theta."""
        differences, places = pair_differences(X, n_choices)
        return cls(differences, places, y, centre(X.shape[1]), spread(X.shape[1]))

    def __call__(self, theta: Array) -> tuple[float, Array]:
        """Tell the loss and its gradient, (d + 2,)."""
        weights, signal, noise = np.exp(-2.0 * theta[:-2]), math.exp(theta[-2]), math.exp(theta[-1])
        kernel, slope = matern52_and_slope(weights @ self.differences)
        kernel *= signal
        factor = self._factor(kernel, signal + noise)
        mean, alpha = profiled_mean(factor, self.y)
        inverse = lapack.dpotri(factor, lower=0)[0]
        residual = self.y - mean
        deviation = (theta - self.prior_centre) / self.prior_spread
        loss = 0.5 * residual @ alpha + np.log(np.diagonal(factor)).sum()
        loss += 0.5 * MEAN_PRECISION * mean**2 + 0.5 * deviation @ deviation

        pairs = inverse.T.ravel().take(self.places)
        pairs -= np.outer(alpha, alpha).ravel().take(self.places)
        trace = float(np.diagonal(inverse).sum() - alpha @ alpha)
        gradient = deviation / self.prior_spread
        gradient[-2] += pairs @ kernel + 0.5 * signal * trace
        gradient[-1] += 0.5 * noise * trace
        slope *= pairs
        gradient[:-2] += (-2.0 * signal) * weights * (self.differences @ slope)
        return float(loss), gradient

    def _factor(self, kernel: Array, diagonal: float) -> Array:
        """Upper Cholesky factor of K, in Fortran order, with as much jitter as it takes."""
        n = len(self.y)
        for jitter in JITTERS:
            K = np.zeros((n, n))
            K.ravel()[self.places] = kernel
            K.ravel()[:: n + 1] = diagonal + jitter
            # The lower triangle in C order is the upper one in Fortran order: no copy.
            factor, info = lapack.dpotrf(K.T, lower=0, overwrite_a=1, clean=0)
            if info == 0:
                return np.asarray(factor)
        raise ValueError(NOT_FACTORED)


def profiled_mean(factor: Array, y: Array) -> tuple[float, Array]:
    """The best constant mean m, and alpha, (n,), from the upper Cholesky factor of K."""
    both = np.column_stack((y, np.ones(len(y))))
    solved, _ = lapack.dpotrs(factor, both, lower=0)
    mean = float(solved[:, 0].sum() / (solved[:, 1].sum() + MEAN_PRECISION))
    return mean, solved[:, 0] - mean * solved[:, 1]
