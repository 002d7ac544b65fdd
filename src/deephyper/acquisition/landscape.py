"""What the maximizer climbs: the score of rows under a surrogate, and a prior belief in good places added to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from .._arrays import Array
from ..surrogate import Surrogate
from .functions import Acquisition


class Prior(Protocol):
    """A belief, older than this search, about where good rows lie."""

    def log_density(self, X: Array) -> Array:
        """Logarithm of its density relative to the uniform one at rows (n, d), (n,)."""

    def gradient(self, X: Array) -> tuple[Array, Array]:
        """The same, and its slopes, (n, d), zero in categorical columns."""

    def sample(self, n: int, rng: np.random.Generator) -> Array:
        """Draw at most n canonical, legal rows, (n, d)."""


@dataclass(frozen=True, eq=False)
class Landscape:
    """The score of one suggestion, as a function of rows.

    Args:
        surrogate: the belief, pending rows included.
        acquisition: turns the belief into a score.
        kappa: how much the acquisition explores; one number, or one for every row that is scored, (n,).
        prior: adds `prior_weight` times its log density; nothing is added if None.
        prior_weight: what a factor e in density is worth, in units of the targets.
    """

    surrogate: Surrogate
    acquisition: Acquisition
    kappa: float | Array
    prior: Prior | None = None
    prior_weight: float = 0.0

    def value(self, X: Array) -> Array:
        """Score of rows (n, d), (n,)."""
        return self.acquisition(self.surrogate.predict(X), self.kappa).value + self.prior_value(X)

    def prior_value(self, X: Array) -> Array | float:
        """What the prior belief adds to the score of rows (n, d), (n,)."""
        return 0.0 if self.prior is None else self.prior_weight * self.prior.log_density(X)

    def gradient(self, X: Array) -> tuple[Array, Array]:
        """Score of rows (n, d), (n,), and its slopes, (n, d), zero in categorical columns."""
        posterior, slopes = self.surrogate.gradient(X)
        score = self.acquisition(posterior, self.kappa)
        slope = score.d_mean[:, None] * slopes.mean + score.d_std[:, None] * slopes.std
        if self.prior is None:
            return score.value, slope
        log_density, prior_slope = self.prior.gradient(X)
        return score.value + self.prior_weight * log_density, slope + self.prior_weight * prior_slope
