"""The surrogates that can be chosen by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from .._arrays import Array, Indices
from .gaussian_process import condition
from .hyperparameters import fit
from .surrogate import Surrogate


class Learn(Protocol):
    """Find the hyperparameters of a model."""

    def __call__(self, X: Array, y: Array, n_choices: Indices, start: Array | None = None, may_be_noisy: bool = False) -> Array:
        """Find them for rows (n, d) and targets (n,), going on from `start`; see `hyperparameters.fit`."""


class Condition(Protocol):
    """Make a model see rows."""

    def __call__(self, theta: Array, X: Array, y: Array, n_choices: Indices) -> Surrogate:
        """Make the model with hyperparameters `theta` see rows (n, d) and targets (n,)."""


@dataclass(frozen=True)
class Family:
    """One kind of surrogate.

    Args:
        learn: from rows to hyperparameters.
        condition: from hyperparameters and rows to a surrogate.
        most_learned: rows that hyperparameters are found on, at most.
        most_conditioned: rows that the surrogate sees, at most.
    """

    learn: Learn
    condition: Condition
    most_learned: int
    most_conditioned: int


SURROGATES = {"GP": Family(fit, condition, most_learned=200, most_conditioned=500)}
