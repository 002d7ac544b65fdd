"""How likely an evaluation is to succeed: a second Gaussian process, of success (+1) and failure (-1) themselves.

    symbol   meaning
    m, s     its mean and standard deviation at a row
    p        Phi(2 m / sqrt(1 + 4 s^2)): probability of success
    p*       mean p of the rows that succeeded
    rho      which part of the variance of the labels follows the rows; the rest is noise
    w        min(1, p / (c p*)) with c = 0.5 + 0.45 rho^2: which part of its score a row keeps

The labels are learned by `learn_labels`, which expects noise, so failures that have nothing to do with the row count as
noise, and p is the same everywhere. The link is the probit with labels of +-2 and unit noise: Rasmussen & Williams
(2006), section 6.5 and equation 3.25.

A row that is about as likely to succeed as those that did keeps its full score. Near the top a score is flat, so that
the smallest slope of p would move what is suggested away from it for ever, also where failures come by chance. The more
they seem to come by chance, the less likely a success has to be. Measured in docs/decisions/failures.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import final

import numpy as np
from scipy.special import ndtr

from .._arrays import Array
from .gaussian_process import GaussianProcess

_LABEL = 2.0
# A row that is so many times as likely to succeed as those that did is likely enough, where failures come by chance;
# and how much more it takes where they follow a rule.
_ENOUGH, _MORE = 0.5, 0.45


@final
@dataclass(frozen=True, eq=False)
class SuccessModel:
    """Probability of success, and what it leaves of a score.

    Args:
        process: of the labels.
        successes: rows that succeeded, at least one, (n, d).
    """

    process: GaussianProcess
    successes: Array

    @cached_property
    def _enough(self) -> float:
        """The probability from which on a row keeps its full score; not 0, even where all but certainly all fails."""
        rule = self.process.prior_variance / (self.process.prior_variance + self.process.noise)
        usual = float(self.probability(self.successes).mean())
        return max((_ENOUGH + _MORE * rule**2) * usual, float(np.finfo(float).tiny))

    def share(self, X: Array) -> Array:
        """Which part of its score each row (n, d) keeps, (n,)."""
        return np.minimum(1.0, self.probability(X) / self._enough)

    def share_gradient(self, X: Array) -> tuple[Array, Array]:
        """The same, (n,), and its slopes, (n, d), zero where nothing is lost and in categorical columns."""
        probability, slopes = self.gradient(X)
        share = probability / self._enough
        return np.minimum(1.0, share), np.where(share[:, None] < 1.0, slopes / self._enough, 0.0)

    def probability(self, X: Array) -> Array:
        """At rows (n, d), (n,)."""
        posterior = self.process.predict(X)
        return ndtr(_LABEL * posterior.mean / np.sqrt(1.0 + np.square(_LABEL * posterior.std)))

    def gradient(self, X: Array) -> tuple[Array, Array]:
        """At rows (n, d), (n,), and its slopes, (n, d), zero in categorical columns."""
        posterior, slopes = self.process.gradient(X)
        width = np.sqrt(1.0 + np.square(_LABEL * posterior.std))
        argument = _LABEL * posterior.mean / width
        d_argument = _LABEL * slopes.mean / width[:, None]
        d_argument -= slopes.std * (argument * _LABEL**2 * posterior.std / width**2)[:, None]
        density = np.exp(-0.5 * argument**2) / np.sqrt(2.0 * np.pi)
        return ndtr(argument), density[:, None] * d_argument
