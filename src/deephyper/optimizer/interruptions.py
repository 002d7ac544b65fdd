"""Rules that now and then make one suggestion in a way of their own, and so end a block of suggestions made together.

Each says three things: which model the suggestion is made from, whether the rule itself knows its row, and how many
suggestions come before the next one that it makes in its own way. One more rule is one more class, and its name in
`_RULES`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, final

import numpy as np

from .._arrays import Array
from ..acquisition import Landscape
from ..space import Space
from .choices import Plan, n_before_next_turn, plan, row_for
from .context import Context
from .model import Model, without
from .plateau import Plateau
from .settings import Settings
from .told import Told
from .untried import is_comparing, n_before_next_comparison, promises_more


@final
@dataclass(frozen=True, eq=False)
class Moment:
    """What is known when a suggestion of the model is made.

    Args:
        settings: what does not change.
        context: what a model depends on beside the rows.
        space: what may be tried, and how it is drawn from.
        raw: what has come back, as it was told.
        told: the same as the model reads it.
        plateau: rows of `told` that share the best value.
        pending: rows that are open, those that were suggested just before included, (p, d).
        known: keys of the rows that must not be suggested.
        number: of the suggestion.
    """

    settings: Settings
    context: Context
    space: Space
    raw: Told
    told: Told
    plateau: Plateau
    pending: Array
    known: set[bytes]
    number: int

    @property
    def place(self) -> int:
        """Of the suggestion among those of the model, from 0."""
        return max(0, self.number - self.settings.n_design)

    @cached_property
    def plan(self) -> Plan | None:
        """Which choices are open. A choice that is far worse than all others is not a failure to it, but a value."""
        settings = self.settings
        return plan(settings.space, self.raw, self.pending, settings.draws, self.number, self.place)


class Interruption(ABC):
    """A rule, as it stands for one suggestion.

    Attributes:
        frees: whether its suggestions also free a search whose learned length scales have collapsed.
    """

    frees: ClassVar[bool] = False

    @abstractmethod
    def n_before(self, n: int) -> int:
        """How many of n suggestions, this one the first, may be made together under this rule; at least 1."""

    def model(self, model: Model) -> Model:
        """What this suggestion is made from, of the model of everything."""
        return model

    def row(self, landscape: Landscape) -> Array | None:
        """This suggestion, (1, d), if the rule makes it; None leaves it to the score."""
        return None


def interruptions(moment: Moment) -> list[Interruption]:
    """The rules that are in force for a suggestion; the first one that makes it comes first."""
    return [rule for make in _RULES if (rule := make(moment)) is not None]


@final
@dataclass(frozen=True, eq=False)
class LeavingPlateau(Interruption):
    """Some suggestions are made as if the rows of a plateau had not come back; see `plateau.py`."""

    moment: Moment

    @classmethod
    def of(cls, moment: Moment) -> LeavingPlateau | None:
        return cls(moment) if moment.plateau.rows.any() else None

    @property
    def _is_now(self) -> bool:
        return self.moment.plateau.is_left(self.moment.number)

    def n_before(self, n: int) -> int:
        return 1 if self._is_now else self.moment.plateau.n_before_leaving(self.moment.number, n)

    def model(self, model: Model) -> Model:
        moment = self.moment
        if not self._is_now:
            return model
        return without(moment.context, model, moment.told, moment.plateau.rows, moment.pending)


@final
@dataclass(frozen=True, eq=False)
class OpenChoice(Interruption):
    """Some suggestions are for a choice that may still turn out to be the best one; see `choices.py`."""

    frees = True
    moment: Moment
    plan: Plan

    @classmethod
    def of(cls, moment: Moment) -> OpenChoice | None:
        return None if moment.plan is None else cls(moment, moment.plan)

    def n_before(self, n: int) -> int:
        return n_before_next_turn(self.plan, self.moment.settings.draws, self.moment.number, self.moment.place, n)

    def row(self, landscape: Landscape) -> Array | None:
        return _row_of_plan(self.plan, self.moment, landscape) if self.plan.is_turn else None


@final
@dataclass(frozen=True, eq=False)
class UntriedChoice(Interruption):
    """Where choices are very many, some suggestions try one more, if that promises more; see `untried.py`."""

    moment: Moment
    plan: Plan

    @classmethod
    def of(cls, moment: Moment) -> UntriedChoice | None:
        return None if moment.plan is None else cls(moment, moment.plan)

    @property
    def _is_comparing(self) -> bool:
        return is_comparing(self.moment.space, self.moment.settings.draws, self.moment.number)

    def n_before(self, n: int) -> int:
        # Where tuning has just promised more than another choice, it does so for a whole block.
        if self._is_comparing:
            return n
        return n_before_next_comparison(self.moment.space, self.moment.settings.draws, self.moment.number, n)

    def row(self, landscape: Landscape) -> Array | None:
        moment = self.moment
        if self.plan.is_turn or not self._is_comparing:
            return None
        tried = np.concatenate((moment.told.X, moment.pending))
        if not promises_more(moment.space, landscape, tried, moment.settings.draws, moment.number):
            return None
        return _row_of_plan(self.plan, moment, landscape)


def _row_of_plan(plan: Plan, moment: Moment, landscape: Landscape) -> Array | None:
    row = row_for(plan, moment.space, landscape, moment.told, moment.pending, moment.known)
    return row if len(row) else None


_RULES: tuple[Callable[[Moment], Interruption | None], ...] = (LeavingPlateau.of, OpenChoice.of, UntriedChoice.of)
