"""How much a row is worth trying, given what is believed about it.

    symbol    meaning
    m, s      posterior mean and standard deviation at a row
    f         the best value believed to be reached already
    z         (m - f - xi) / s
    phi, Phi  density and distribution function of the standard normal
    h(z)      phi(z) + z Phi(z)
    UCB       m + kappa s                                            Srinivas et al. (2010), eq. 6: kappa is root beta
    EI        log(s h(z)), the logarithm of the mean gain            Jones et al. (1998), eq. 15
                                                                     Ament et al. (2023), eq. 9
    PI        log Phi(z), of the probability of a gain               Kushner (1964)
    MES       mean over plausible maxima y* of g phi(g) / (2 Phi(g)) - log Phi(g), g = (y* - m) / s
                                                                     Wang & Jegelka (2017), eq. 6

Gains are scored by their logarithm: it orders rows in the same way and still has slopes where a gain is hardly
possible.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import final

import numpy as np
from scipy.special import erfcx, log_ndtr, ndtr

from .._arrays import Array
from ..surrogate import Posterior

_HALF_LOG_2PI = 0.5 * math.log(2.0 * math.pi)
_HALF_LOG_HALF_PI = 0.5 * math.log(0.5 * math.pi)
# Below it 1 + z sqrt(pi/2) erfcx(-z / sqrt 2) is lost in rounding; the asymptote is exact to more digits than are left.
_FAR_BELOW = -1e6


@dataclass(frozen=True, eq=False)
class Aim:
    """What a score depends on beside the belief.

    Args:
        kappa: how many standard deviations to be optimistic by; one number, or one for every row that is scored, (n,).
        xi: gain too small to count.
        best: the best value believed to be reached already, in units of the targets.
        maxima: plausible values of the objective's maximum, (m,).
    """

    kappa: float | Array = 1.96
    xi: float = 0.0
    best: float = 0.0
    maxima: Array = field(default_factory=lambda: np.zeros(1))


@dataclass(frozen=True, eq=False)
class Score:
    """Worth of n rows, and its derivatives in the belief, from which the chain rule makes slopes for any surrogate.

    Args:
        value: higher is better, (n,).
        d_mean: derivative in the posterior's mean, (n,).
        d_std: derivative in the posterior's standard deviation, (n,).
    """

    value: Array
    d_mean: Array
    d_std: Array


@final
@dataclass(frozen=True)
class Acquisition:
    """A way to score rows.

    Args:
        formula: from mean, standard deviation and aim to the score.
        is_logarithm: whether the score is the logarithm of a gain that is never negative; else it is in units of the
            targets.
        counts_noise: whether doubt includes what another evaluation of the same row could not remove.
        needs_reached: whether the aim has to tell what is reached already, and what the maximum may be.
    """

    formula: Callable[[Array, Array, Aim], Score]
    is_logarithm: bool = False
    counts_noise: bool = True
    needs_reached: bool = True

    def __call__(self, posterior: Posterior, aim: Aim) -> Score:
        """Score n rows."""
        return self.formula(posterior.mean, posterior.total_std if self.counts_noise else posterior.std, aim)


def upper_confidence_bound(mean: Array, std: Array, aim: Aim) -> Score:
    """UCB of the table: Srinivas et al. (2010), eq. 6."""
    value = mean + aim.kappa * std
    return Score(value, np.ones_like(value), np.broadcast_to(np.asarray(aim.kappa, float), value.shape))


def log_expected_improvement(mean: Array, std: Array, aim: Aim) -> Score:
    """EI of the table: Ament et al. (2023), eq. 9."""
    z = (mean - aim.best - aim.xi) / std
    log_h = _log_h(z)
    d_mean = np.exp(log_ndtr(z) - log_h) / std
    d_std = np.exp(-0.5 * z * z - _HALF_LOG_2PI - log_h) / std
    return Score(log_h + np.log(std), d_mean, d_std)


def _log_h(z: Array) -> Array:
    """log(phi(z) + z Phi(z)), also where both cancel."""
    low, near = np.minimum(z, -1.0), np.maximum(z, -1.0)
    direct = np.log(np.exp(-0.5 * near * near - _HALF_LOG_2PI) + near * ndtr(near))
    bounded = np.maximum(low, _FAR_BELOW)
    # h = phi (1 - |z| sqrt(pi/2) erfcx(|z| / sqrt 2)) for negative z.
    ratio = np.log(-bounded * erfcx(-bounded / math.sqrt(2.0))) + _HALF_LOG_HALF_PI
    cancelled = np.where(
        bounded > -1e3, np.log(np.maximum(-np.expm1(np.minimum(ratio, -1e-300)), 1e-300)), -2.0 * np.log(-low)
    )
    return np.where(z > -1.0, direct, -0.5 * low * low - _HALF_LOG_2PI + cancelled)


def log_probability_of_improvement(mean: Array, std: Array, aim: Aim) -> Score:
    """PI of the table."""
    z = (mean - aim.best - aim.xi) / std
    value = log_ndtr(z)
    slope = np.exp(-0.5 * z * z - _HALF_LOG_2PI - value) / std
    return Score(value, slope, -z * slope)


def max_value_entropy(mean: Array, std: Array, aim: Aim) -> Score:
    """MES of the table: Wang & Jegelka (2017), eq. 6."""
    g = (aim.maxima - mean[:, None]) / std[:, None]
    log_phi = log_ndtr(g)
    ratio = np.exp(-0.5 * g * g - _HALF_LOG_2PI - log_phi)
    value = (0.5 * g * ratio - log_phi).mean(axis=1)
    d_g = -0.5 * ratio * (1.0 + g * g + g * ratio)
    return Score(value, -d_g.mean(axis=1) / std, -(d_g * g).mean(axis=1) / std)


_FORMULAS = {
    "UCB": (upper_confidence_bound, False),
    "EI": (log_expected_improvement, True),
    "PI": (log_probability_of_improvement, True),
    "MES": (max_value_entropy, False),
}
ACQUISITIONS: dict[str, Acquisition] = {
    name + suffix: Acquisition(formula, is_logarithm, counts_noise, needs_reached=name != "UCB")
    for suffix, counts_noise in (("", True), ("d", False))
    for name, (formula, is_logarithm) in _FORMULAS.items()
}


def plausible_maxima(posterior: Posterior, best: float, n: int, rng: np.random.Generator) -> Array:
    """Draw n values that the objective's maximum may have, (n,), none below the best one.

    Args:
        posterior: belief at many rows.
        best: the best value believed to be reached already.
        n: how many to draw.
        rng: draws them.

    Source: Wang & Jegelka (2017), section 3.1: a Gumbel distribution with the quartiles of the maximum of independent
    normals.
    """

    def log_share_below(y: float) -> float:
        return float(log_ndtr((y - posterior.mean) / posterior.std).sum())

    low, high = float((posterior.mean - 5.0 * posterior.std).min()), float((posterior.mean + 8.0 * posterior.std).max())
    quartiles = np.array([_crossing(log_share_below, math.log(p), low, high) for p in (0.25, 0.5, 0.75)])
    scale = (quartiles[2] - quartiles[0]) / (math.log(-math.log(0.25)) - math.log(-math.log(0.75)))
    location = quartiles[1] + scale * math.log(-math.log(0.5))
    drawn: Array = np.maximum(location - scale * np.log(-np.log(rng.random(n))), best + 1e-3)
    return drawn


def _crossing(rising: Callable[[float], float], level: float, low: float, high: float) -> float:
    """Where a rising function crosses a level, by halving."""
    for _ in range(40):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if rising(middle) < level else (low, middle)
    return 0.5 * (low + high)
