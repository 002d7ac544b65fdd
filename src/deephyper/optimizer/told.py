"""What has come back from evaluations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from .._arrays import Array, Mask
from ..moo import merit
from ..surrogate import has_penalty

# With fewer values than these, a model of them says nothing.
FEWEST_VALUES = 3


@final
@dataclass(frozen=True, eq=False)
class Told:
    """Evaluated rows and their objectives, in the order in which they came back.

    The arrays are never written to, so that several values of this class may share them.

    Args:
        X: rows, (N, d).
        Y: their objectives, (N, m); higher is better; NaN for a failed evaluation.
    """

    X: Array
    Y: Array

    @property
    def succeeded(self) -> Mask:
        """Which evaluations gave a value, (N,)."""
        return np.asarray(np.isfinite(self.Y).all(axis=1), bool)

    @property
    def n_values(self) -> int:
        """How many evaluations gave a value."""
        return int(self.succeeded.sum())

    @property
    def has_enough_values(self) -> bool:
        """Whether there are enough values to model them."""
        return self.n_values >= FEWEST_VALUES

    @property
    def is_flat(self) -> bool:
        """Whether all values are equal, so that nothing can be told apart by them."""
        values = self.Y[self.succeeded]
        return bool((values == values[:1]).all())

    @property
    def is_best(self) -> Mask:
        """Which evaluations gave the best value, the same one to the last digit, (N,)."""
        if not self.n_values:
            return self.succeeded
        best = self.Y[int(np.nanargmax(self.merit))]
        return np.asarray((best == self.Y).all(axis=1), bool)

    @property
    def merit(self) -> Array:
        """What the rows are ranked by, (N,); NaN for a failed evaluation."""
        return merit(self.Y)

    def without_penalties(self) -> Told:
        """The same, where rows whose value stands for a failure have failed."""
        is_penalty = has_penalty(self.Y)
        return Told(self.X, np.where(is_penalty[:, None], np.nan, self.Y)) if is_penalty.any() else self

    def first(self, n_rows: int) -> Told:
        """What had come back after the first `n_rows` rows."""
        return Told(self.X[:n_rows], self.Y[:n_rows])

    def followed_by(self, X: Array, Y: Array) -> Told:
        """The same with further rows, (n, d), and their objectives, (n, m)."""
        return Told(np.concatenate((self.X, X)), np.concatenate((self.Y, Y)))
