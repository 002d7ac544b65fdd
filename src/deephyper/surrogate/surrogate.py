"""What a model of the objective says about rows it has not seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from .._arrays import Array
from .data import Data


@dataclass(frozen=True, eq=False)
class Posterior:
    """Belief about the objective at n rows.

    Args:
        mean: expected target, (n,), in units of the targets.
        std: standard deviation of the noise-free objective, (n,), same units: what further evaluations can remove.
        noise_std: standard deviation of evaluations at one and the same row, (n,); None where it is not part of what
            the surrogate says.
    """

    mean: Array
    std: Array
    noise_std: Array | None = None

    @property
    def total_std(self) -> Array:
        """Standard deviation of both together, (n,)."""
        if self.noise_std is None:
            return self.std
        total: Array = np.hypot(self.std, self.noise_std)
        return total


@dataclass(frozen=True, eq=False)
class Slopes:
    """How the belief changes when a row moves.

    Args:
        mean: derivatives of the posterior's mean, (n, d); zero in categorical columns.
        std: derivatives of its standard deviation, (n, d); zero in categorical columns.
    """

    mean: Array
    std: Array


class Beliefs(Protocol):
    """The belief at fixed rows, while one after the other of them becomes pending."""

    @property
    def posterior(self) -> Posterior:
        """The belief at all rows, (n,), as it is now."""

    def count_on(self, place: int) -> None:
        """Let the row with this index be pending: the standard deviation shrinks around it, the mean stays."""


class Surrogate(Protocol):
    """A regressor with doubt."""

    @property
    def has_slopes(self) -> bool:
        """Whether `gradient` can be called."""

    def predict(self, X: Array) -> Posterior:
        """The belief at rows (n, d)."""

    def gradient(self, X: Array) -> tuple[Posterior, Slopes]:
        """The belief at rows (n, d), which need not be snapped, and its slopes there."""

    def at(self, X: Array) -> Beliefs:
        """The belief at rows (n, d), to which pending ones among them can be added cheaply."""

    def with_pending(self, P: Array) -> Surrogate:
        """Count rows (p, d) as evaluated with an unknown value: the standard deviation shrinks, the mean stays."""

    def with_told(self, data: Data) -> Surrogate:
        """Learn of further rows, while none is pending.

        Args:
            data: all rows: those learned from so far, in their order, perhaps with other targets, then the new ones.
        """

    def fitted(self) -> tuple[Array, Array]:
        """The rows learned from, (N, d), and the mean at each of them, (N,)."""
