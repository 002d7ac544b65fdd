"""What a model of the objective says about rows it has not seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from .._arrays import Array


@dataclass(frozen=True, eq=False)
class Posterior:
    """Belief about the objective at n rows.

    Args:
        mean: expected target, (n,), in units of the targets.
        std: standard deviation of the noise-free objective, (n,), same units.
    """

    mean: Array
    std: Array


@dataclass(frozen=True, eq=False)
class Slopes:
    """How the belief changes when a row moves.

    Args:
        mean: derivatives of the posterior's mean, (n, d); zero in categorical columns.
        std: derivatives of its standard deviation, (n, d); zero in categorical columns.
    """

    mean: Array
    std: Array


class Surrogate(Protocol):
    """A regressor with doubt."""

    def predict(self, X: Array) -> Posterior:
        """Tell the belief at rows (n, d)."""

    def gradient(self, X: Array) -> tuple[Posterior, Slopes]:
        """Tell the belief at rows (n, d), which need not be snapped, and its slopes there."""

    def with_pending(self, P: Array) -> Surrogate:
        """Count rows (p, d) as evaluated with a value yet unknown: the standard deviation shrinks, the mean stays."""

    def best_rows(self, n: int) -> Array:
        """The rows learned from that have the highest mean, best first, at most n of them, (n, d)."""
