"""Hyperparameters of the Gaussian process: the most probable ones given the targets.

    symbol   meaning
    theta    the log parameters of the terms, one term after the other, then ln sn2
    sn2      noise variance, with the prior of noise.py
    K        sum of the terms + (sn2 + jitter) I + diag(stated variances), (n, n)
    m        constant mean, profiled out: 1' K^-1 y / (1' K^-1 1 + 0.01); its prior N(0, 10^2) has the precision 0.01
    alpha    K^-1 (y - m)
    A        K^-1 - alpha alpha'
    loss     0.5 (y - m)' alpha + 0.5 ln det K                            R&W (5.8), without its constant
             + 0.005 m^2 + 0.5 sum ((theta - centre) / sd)^2 - ln p(sn2)  minus the log priors
    dloss    0.5 tr(A dK/dtheta) + the priors' own slopes                 R&W (5.9); m needs none, being optimal

R&W: Rasmussen & Williams, Gaussian Processes for Machine Learning (2006).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import reduce

import numpy as np
from scipy.linalg import lapack
from scipy.optimize import Bounds, minimize

from .._arrays import Array, Indices
from .additive import ADDITIVE
from .data import Data
from .kernels import PairDifferences, pair_differences
from .noise import LOG_NOISE_BOUNDS, NEARLY_EXACT_OR_NOISY, PERHAPS_CHANCE, NoisePrior
from .product import PRODUCT
from .term import Kernel, Prior, Term

# What is added to the diagonal of a covariance: the first always, the others until it can be factored.
JITTERS = [10.0**exponent for exponent in range(-8, 2)]
NOT_FACTORED = "no jitter makes the covariance of the rows positive definite."
MEAN_PRECISION = 0.01
_NOISY_START = 0.3
_MARGIN = 1e-3
# Slopes of the loss in nats per factor e. Flatter ones do not tell models apart; stopping there saves a quarter of the
# losses.
_FLAT = 0.02
# The additive term is kept unless the loss without it is lower by this many nats. Where few of many columns
# matter it does harm, so with many columns it has to fit better (docs/engine.md, "The model").
_TOLERATED_LOSS, _MANY_COLUMNS = 1.0, 20

PLAIN: tuple[Term, ...] = (PRODUCT,)
WITH_ADDITIVE: tuple[Term, ...] = (PRODUCT, ADDITIVE)


@dataclass(frozen=True)
class Patience:
    """How long one descent may take."""

    n_steps: int
    n_losses: int


_COLD, _WARM, _NOISY = Patience(48, 74), Patience(12, 20), Patience(24, 38)


@dataclass(frozen=True, eq=False)
class Hyperparameters:
    """A covariance with all its parameters.

    Args:
        terms: the summands of the covariance.
        theta: their log parameters, then the noise's, (len(terms) (d + 1) + 1,).
        loss: minus the log posterior of theta; NaN where it was not learned.
    """

    terms: tuple[Term, ...]
    theta: Array
    loss: float = math.nan

    @property
    def noise(self) -> float:
        """Noise variance sn2."""
        return math.exp(self.theta[-1])

    def kernels(self, kinds: Indices, rows: Array) -> list[Kernel]:
        """The summands between any rows and the given ones, (N, d)."""
        return [term.kernel(theta, kinds, rows) for term, theta in zip(self.terms, self.by_term(), strict=True)]

    def by_term(self) -> list[Array]:
        """The log parameters of every term, (d + 1,) each."""
        return by_term(self.theta, len(self.terms))


def by_term(theta: Array, n_terms: int) -> list[Array]:
    """The log parameters of every term, (d + 1,) each; the noise is left out."""
    size = (len(theta) - 1) // n_terms
    return [theta[k * size : (k + 1) * size] for k in range(n_terms)]


def usual(terms: tuple[Term, ...], n_columns: int, log_noise: float = NEARLY_EXACT_OR_NOISY.usual) -> Hyperparameters:
    """The most probable hyperparameters before any data, with any noise."""
    return Hyperparameters(terms, np.append(Prior.joined([term.prior(n_columns) for term in terms]).centre, log_noise))


@dataclass(frozen=True, eq=False)
class Learned:
    """What was learned of one set of rows: two covariances, each fitted from its last theta.

    Args:
        plain: all columns together.
        additive: the same with the additive term.
        n_columns: d.
    """

    plain: Hyperparameters
    additive: Hyperparameters
    n_columns: int

    @property
    def chosen(self) -> Hyperparameters:
        """The one to predict with."""
        tolerated = _TOLERATED_LOSS if self.n_columns < _MANY_COLUMNS else 0.0
        return self.additive if self.additive.loss - self.plain.loss < tolerated else self.plain


def learn(data: Data, last: Learned | None = None, may_be_noisy: bool = False) -> Learned:
    """Find the most probable hyperparameters of both covariances.

    Args:
        data: rows and targets.
        last: what was learned earlier, where the fit starts; it starts at the prior mean if None.
        may_be_noisy: try a start with much noise too. Near no noise the gradient in ln sn2 vanishes, so a descent from
            there never finds much noise.
    """
    pairs = pair_differences(data.X, data.kinds)
    plain = _fit(Loss.of(PLAIN, pairs, data), None if last is None else last.plain, may_be_noisy)
    additive = _fit(Loss.of(WITH_ADDITIVE, pairs, data), None if last is None else last.additive, may_be_noisy)
    return Learned(plain, additive, data.X.shape[1])


def learn_labels(data: Data, last: Hyperparameters | None = None) -> Hyperparameters:
    """Find the most probable hyperparameters, without the additive term, for labels +1 and -1 that may be mere chance.

    Args:
        data: rows, and their labels as targets.
        last: what was learned earlier, where the fit starts; it starts at the prior mean if None.
    """
    return _fit(Loss.of(PLAIN, pair_differences(data.X, data.kinds), data, PERHAPS_CHANCE), last, may_be_noisy=False)


def _fit(loss: Loss, last: Hyperparameters | None, may_be_noisy: bool) -> Hyperparameters:
    usual_theta = np.append(loss.prior.centre, loss.noise_prior.usual)
    value, theta = _descend(loss, usual_theta, _COLD) if last is None else _descend(loss, last.theta, _WARM)
    if may_be_noisy:
        noisy = np.append(loss.prior.centre, math.log(_NOISY_START))
        noisy_value, noisy_theta = _descend(loss, noisy, _NOISY)
        if noisy_value < value - _MARGIN:
            value, theta = noisy_value, noisy_theta
    return Hyperparameters(loss.terms, theta, value)


def _descend(loss: Loss, start: Array, patience: Patience) -> tuple[float, Array]:
    low, high = LOG_NOISE_BOUNDS
    bounds = Bounds(np.append(loss.prior.low, low), np.append(loss.prior.high, high))
    result = minimize(
        loss,
        np.clip(start, bounds.lb, bounds.ub),
        jac=True,
        method="L-BFGS-B",
        bounds=bounds,
        options={"maxiter": patience.n_steps, "maxfun": patience.n_losses, "gtol": _FLAT},
    )
    return float(result.fun), np.asarray(result.x, float)


@dataclass(frozen=True, eq=False)
class Loss:
    """Minus the log posterior of theta, with its gradient; see the table of the module.

    Args:
        terms: the summands of the covariance.
        pairs: how the rows differ.
        data: the rows and their targets.
        prior: of the terms' parameters.
        noise_prior: of the noise.
    """

    terms: tuple[Term, ...]
    pairs: PairDifferences
    data: Data
    prior: Prior = field(repr=False)
    noise_prior: NoisePrior = NEARLY_EXACT_OR_NOISY

    @classmethod
    def of(
        cls,
        terms: tuple[Term, ...],
        pairs: PairDifferences,
        data: Data,
        noise_prior: NoisePrior = NEARLY_EXACT_OR_NOISY,
    ) -> Loss:
        """Prepare what does not depend on theta."""
        prior = Prior.joined([term.prior(len(pairs.sizes)) for term in terms])
        return cls(terms, pairs, data, prior, noise_prior)

    def __call__(self, theta: Array) -> tuple[float, Array]:
        """Tell the loss and its gradient, both as long as theta."""
        noise = math.exp(theta[-1])
        parts = [
            term.at_pairs(own, self.pairs)
            for term, own in zip(self.terms, by_term(theta, len(self.terms)), strict=True)
        ]
        covariances = reduce(np.add, [part.values for part in parts])
        factor = self._factor(covariances, sum(part.variance for part in parts) + noise)
        mean, alpha = profiled_mean(factor, self.data.y)
        inverse = lapack.dpotri(factor, lower=0)[0]
        residual = self.data.y - mean
        deviation = (theta[:-1] - self.prior.centre) / self.prior.spread
        noise_penalty, noise_slope = self.noise_prior.penalty(float(theta[-1]))
        loss = 0.5 * residual @ alpha + np.log(np.diagonal(factor)).sum()
        loss += 0.5 * MEAN_PRECISION * mean**2 + 0.5 * deviation @ deviation + noise_penalty

        # A at the pairs; each stands twice in the trace, which takes its factor of one half.
        A = inverse.T - np.multiply.outer(alpha, alpha)
        d_pairs = A.ravel().take(self.pairs.places)
        half_trace = 0.5 * float(np.trace(A))
        gradient = np.concatenate(
            [*(part.gradient(d_pairs, half_trace) for part in parts), [noise * half_trace + noise_slope]]
        )
        gradient[:-1] += deviation / self.prior.spread
        return float(loss), gradient

    def _factor(self, covariances: Array, diagonal: float) -> Array:
        """Upper Cholesky factor of K, in Fortran order, with as much jitter as it takes."""
        n = len(self.data.y)
        for jitter in JITTERS:
            K = np.zeros((n, n))
            K.ravel()[self.pairs.places] = covariances
            K.ravel()[:: n + 1] = diagonal + jitter + self.data.variance
            # The lower triangle in C order is the upper one in Fortran order: no copy.
            factor, info = lapack.dpotrf(K.T, lower=0, overwrite_a=1, clean=0)
            if info == 0:
                return np.asarray(factor)
        raise ValueError(NOT_FACTORED)


def profiled_mean(factor: Array, y: Array) -> tuple[float, Array]:
    """The best constant mean m, and alpha, (n,), from the upper Cholesky factor of K."""
    both = np.ones((len(y), 2), order="F")
    both[:, 0] = y
    solved, _ = lapack.dpotrs(factor, both, lower=0, overwrite_b=1)
    mean = float(solved[:, 0].sum() / (solved[:, 1].sum() + MEAN_PRECISION))
    return mean, solved[:, 0] - mean * solved[:, 1]
