"""How likely an evaluation is to succeed: a second Gaussian process, of success (+1) and failure (-1) themselves.

    symbol   meaning
    m, s     its mean and standard deviation at a row
    p        Phi(2 m / sqrt(1 + 4 s^2)): probability of success

The labels are learned by `learn_labels`, which expects noise, so failures that have nothing to do with the row count as
noise, and p is the same everywhere. The link is the probit with labels of +-2 and unit noise: Rasmussen & Williams
(2006), section 6.5 and equation 3.25.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from scipy.special import ndtr

from .._arrays import Array
from .gaussian_process import GaussianProcess

_LABEL = 2.0


@final
@dataclass(frozen=True, eq=False)
class SuccessModel:
    """Probability of success.

    Args:
        process: of the labels.
    """

    process: GaussianProcess

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
