"""What is believed of the noise before any data: a mixture of a few bells in the logarithm of its variance.

An objective is either nearly exact or plainly noisy. One wide bell would make everything between as likely; then a fit
to few rows takes the detail of an exact objective for noise. One narrow bell at nearly exact never finds noise that is
there. docs/benchmarks.md, "What decided the defaults", measures the mixture.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import final

import numpy as np

from .._arrays import Array

LOG_NOISE_BOUNDS = (math.log(1e-7), 0.0)


@final
@dataclass(frozen=True, eq=False)
class NoisePrior:
    """A mixture of normal distributions of ln sn2.

    Args:
        shares: probability of each, (k,).
        centres: means, (k,), the likeliest one first.
        spreads: standard deviations, (k,).
    """

    shares: Array
    centres: Array
    spreads: Array

    @staticmethod
    def of(*bells: tuple[float, float, float]) -> NoisePrior:
        """Make it from shares, variances at the centres and standard deviations of the logarithm."""
        shares, centres, spreads = np.array(bells).T
        return NoisePrior(shares, np.log(centres), spreads)

    @property
    def usual(self) -> float:
        """The likeliest ln sn2."""
        return float(self.centres[0])

    def penalty(self, log_noise: float) -> tuple[float, float]:
        """Minus the logarithm of the density, up to a constant, and its derivative."""
        deviations = (log_noise - self.centres) / self.spreads
        exponents = np.log(self.shares / self.spreads) - 0.5 * deviations**2
        largest = float(exponents.max())
        weights = np.exp(exponents - largest)
        total = float(weights.sum())
        return -largest - math.log(total), float(weights @ (deviations / self.spreads)) / total


# Of objectives, and of labels that may be mere chance.
NEARLY_EXACT_OR_NOISY = NoisePrior.of((0.97, 1e-5, 1.5), (0.03, 0.1, 1.5))
PERHAPS_CHANCE = NoisePrior.of((1.0, 0.1, 2.0))
