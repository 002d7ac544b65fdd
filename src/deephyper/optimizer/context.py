"""What a model depends on beside the evaluated rows, and what failed evaluations mean to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, final

import numpy as np

from .._arrays import Array, Indices
from .._draws import Draws
from ..space import Space
from ..surrogate import Family
from ..transfer import Source
from .told import FEWEST_VALUES, Told

FailureRule = Literal["model", "min", "mean", "ignore"]


@final
@dataclass(frozen=True, eq=False)
class Context:
    """What a model depends on beside the evaluated rows.

    Args:
        space: what may be tried.
        draws: of the search.
        failures: what a failed evaluation means: "model" learns where evaluations succeed, "min" and "mean" count it as
            the lowest or the mean value, "ignore" leaves it out.
        family: of the surrogate.
        source: what is known of earlier tasks, if anything.
    """

    space: Space
    draws: Draws
    failures: FailureRule
    family: Family
    source: Source | None = None

    def read(self, told: Told) -> Told:
        """What came back as the model reads it: where failures are modelled, penalties are failures."""
        return told.without_penalties() if self.failures == "model" else told

    def can_model(self, told: Told) -> bool:
        """Whether a model can say anything: about values that differ, or about where evaluations succeed at all."""
        may_say = told.n_values > 0 and len(told.X) >= FEWEST_VALUES and self.failures != "ignore"
        has_failures = told.n_values < len(told.X)
        if told.has_enough_values and told.is_flat:
            return may_say and has_failures and self.failures == "model"
        return told.has_enough_values or may_say

    def models_success(self, told: Told) -> bool:
        """Whether it is worth modelling, beside the values, where evaluations succeed."""
        return self.failures == "model" and told.has_enough_values and told.n_values < len(told.X)

    def lessons_of(self, told: Told) -> tuple[Indices, Array]:
        """Places of the rows to learn from, (n,), and what to learn there, (n, m).

        With too few values that is success itself, 1 or 0, as a single column.
        """
        succeeded = told.succeeded
        if not told.has_enough_values:
            return np.arange(len(told.X)), succeeded[:, None].astype(float)
        if self.failures in ("min", "mean"):
            columns = told.Y[succeeded].T
            stand_in = [column.min() if self.failures == "min" else column.mean() for column in columns]
            return np.arange(len(told.X)), np.where(succeeded[:, None], told.Y, stand_in)
        return np.flatnonzero(succeeded), told.Y[succeeded]
