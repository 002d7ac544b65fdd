"""How much a row is worth trying, given what is believed about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from .._arrays import Array
from ..surrogate import Posterior


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


class Acquisition(Protocol):
    """A way to score rows."""

    def __call__(self, posterior: Posterior, kappa: float | Array) -> Score:
        """Score n rows; a larger `kappa`, one number or one per row, explores more."""


def upper_confidence_bound(posterior: Posterior, kappa: float | Array) -> Score:
    """Mean plus `kappa` standard deviations.

    Source: Srinivas, Krause, Kakade & Seeger (2010), eq. 6, with kappa for the square root of beta.
    """
    value = posterior.mean + kappa * posterior.std
    return Score(value, np.ones_like(value), np.broadcast_to(np.asarray(kappa, float), value.shape))


ACQUISITIONS: dict[str, Acquisition] = {"UCB": upper_confidence_bound}
