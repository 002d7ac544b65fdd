"""How much suggestions explore, one after the other: kappa and xi by the number of the suggestion."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, final

import numpy as np

# Mean of the exponential distribution that kappa is drawn from; docs/benchmarks.md, "What decided the defaults", has
# others.
MEAN_KAPPA = 1.8
USUAL_XI = 1e-3
# Kappa at the beginning of a schedule, where the user gives none.
USUAL_KAPPA = 1.96


class Schedule(Protocol):
    """A rule for kappa and xi."""

    def __call__(self, index: int, rng: np.random.Generator) -> tuple[float, float]:
        """Kappa and xi of the suggestion with this number after the initial ones; `rng` belongs to this suggestion."""


@final
@dataclass(frozen=True)
class Drawn:
    """Every suggestion draws its own kappa from an exponential distribution: most refine, some explore.

    Args:
        mean: of the distribution.
        xi: constant.

    Source: Égelé et al. (2023), who draw one for every worker.
    """

    mean: float = MEAN_KAPPA
    xi: float = USUAL_XI

    def __call__(self, index: int, rng: np.random.Generator) -> tuple[float, float]:
        return rng.exponential(self.mean), self.xi


@final
@dataclass(frozen=True)
class Fixed:
    """The same for all suggestions."""

    kappa: float
    xi: float

    def __call__(self, index: int, rng: np.random.Generator) -> tuple[float, float]:
        return self.kappa, self.xi


@final
@dataclass(frozen=True)
class PeriodicDecay:
    """Both fall exponentially from their start to their end within a period, and begin again.

    Args:
        start: kappa and xi at the beginning of a period.
        end: the same at its end.
        period: suggestions in a period.
        delay: suggestions before the first period; they have the start's values.
    """

    start: tuple[float, float]
    end: tuple[float, float]
    period: int = 25
    delay: int = 0

    def __call__(self, index: int, rng: np.random.Generator) -> tuple[float, float]:
        share = (index - self.delay) % self.period / max(self.period - 1, 1) if index >= self.delay else 0.0
        kappa, xi = (_between(first, last, share) for first, last in zip(self.start, self.end, strict=True))
        return kappa, xi


def _between(first: float, last: float, share: float) -> float:
    """Geometrically between two values; linearly where one of them is 0."""
    if first > 0.0 and last > 0.0:
        return math.exp((1.0 - share) * math.log(first) + share * math.log(last))
    return (1.0 - share) * first + share * last


@final
@dataclass(frozen=True)
class Bandit:
    """Kappa grows with the logarithm of the number of suggestions, as regret bounds ask for.

    Args:
        xi: constant.
        n_columns: d, how many hyperparameters there are.
        delta: probability with which the bound may fail.
        lamb: scales kappa squared down to what works in practice.
        delay: suggestions before the first one that counts.

    Source: Srinivas et al. (2010), theorem 1: kappa^2 = lamb 2 log(d t^2 pi^2 / (6 delta)).
    """

    xi: float
    n_columns: int
    delta: float = 0.05
    lamb: float = 0.2
    delay: int = 0

    def __call__(self, index: int, rng: np.random.Generator) -> tuple[float, float]:
        t = max(index - self.delay, 0) + 1
        return math.sqrt(
            2.0 * self.lamb * math.log(max(self.n_columns, 1) * t * t * math.pi**2 / (6.0 * self.delta))
        ), self.xi


@final
@dataclass(frozen=True)
class Custom:
    """A function that the user passed: from the suggestion's number and the starting kappa and xi to kappa and xi."""

    function: Callable[[int, tuple[float, float]], tuple[float, float]]
    start: tuple[float, float]

    def __call__(self, index: int, rng: np.random.Generator) -> tuple[float, float]:
        kappa, xi = self.function(index, self.start)
        return float(kappa), float(xi)
