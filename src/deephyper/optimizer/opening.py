"""The plan of the first suggestions, before the model chooses.

First come the rows that the user gave, each as often as it was given. With earlier tasks their best rows, the leads,
come next, with a row of the design after every two as a control. Then the design goes on, until there are as many
suggestions as were asked for and the model can say something. Rows that came back without having been suggested stand
in for rows of the design.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import final

import numpy as np

from .._arrays import Array
from ..acquisition import legal_rows
from ..space import row_keys
from ..transfer import MOST_BEATEN
from .context import Context
from .lesson import is_source_trusted
from .settings import Settings
from .told import Told

# Two leads, then a control, and so on: chosen in docs/decisions/transfer.md.
_ROUND, _LEADS_OF_ROUND = 3, 2


class Turn(Enum):
    """Who makes a suggestion."""

    GIVEN = "a row that the user gave"
    LEAD = "one of the best rows of earlier tasks"
    DESIGN = "a row of the design: beside leads it is a control"
    MODEL = "what the model chooses"


@final
@dataclass(frozen=True, eq=False)
class Step:
    """Whose turn it is.

    Args:
        turn: who makes the next suggestion.
        n: how many in a row this one makes, at most.
        row: what is suggested, (1, d), where that is known beforehand: a given row or a lead.
        place: which point of the design the first suggestion is.
        n_points: how many points the design has in all.
    """

    turn: Turn
    n: int = 1
    row: Array | None = None
    place: int = 0
    n_points: int = 1


@final
@dataclass(frozen=True, eq=False)
class Opening:
    """The plan; it depends only on what is given here and on the arguments of its methods.

    Args:
        settings: how many rows of which kind.
        context: the space and the earlier tasks.
        n_volunteered: how many rows came back without having been suggested.
    """

    settings: Settings
    context: Context
    n_volunteered: int = 0

    def length(self, told: Told) -> int:
        """How many suggestions are made before the model chooses: fewer with earlier tasks that have proved right."""
        settings, source = self.settings, self.context.source
        if source is None or source.n_asked or not source.guides:
            return settings.n_design
        n_short = len(settings.initial_rows) + len(source.leads) + settings.n_controls
        is_short = n_short < settings.n_design and is_source_trusted(self.context, told, n_short)
        return n_short if is_short else settings.n_design

    def step(self, number: int, n: int, told: Told, pending: Array, n_times: Callable[[bytes], int]) -> Step:
        """Whose turn it is.

        Args:
            number: of the next suggestion.
            n: how many suggestions are wanted.
            told: what has come back.
            pending: rows that were suggested and have not come back, (p, d).
            n_times: from the key of a row to how often it was suggested already.
        """
        waiting = self._waiting(n_times)
        if len(waiting):
            return Step(Turn.GIVEN, row=waiting[:1])
        lead = self._lead(number, told, n_times)
        if len(lead):
            return Step(Turn.LEAD, row=lead)
        n_left = self._n_left(number, told)
        if not self.context.can_model(told):
            return self._design(number, n, told, pending)
        if n_left > 0:
            return self._design(number, min(n, n_left), told, pending)
        return Step(Turn.MODEL, n)

    def _waiting(self, n_times: Callable[[bytes], int]) -> Array:
        """The given rows that are legal and were not suggested as often as they were given, or cancelled, (k, d)."""
        given = self.settings.initial_rows
        if not len(given):
            return given
        keys = row_keys(given)
        is_new = np.array([n_times(key) <= keys[:k].count(key) for k, key in enumerate(keys)], bool)
        return legal_rows(self.context.space, given[is_new])

    def _lead(self, number: int, told: Told, n_times: Callable[[bytes], int]) -> Array:
        """The lead to try next, (1, d); (0, d) at a control's turn, or if none is left or trusted."""
        source = self.context.source
        if source is None:
            return np.empty((0, self.context.space.n_columns))
        position = number - max(source.n_asked, len(self.settings.initial_rows))
        n_beaten, n_controls = source.beaten(told.X, told.merit)
        # A source that has just lost against its first control has to wait for the second one.
        is_waiting = n_beaten == n_controls == 1 and position == _ROUND
        if n_beaten >= MOST_BEATEN or is_waiting or position % _ROUND >= _LEADS_OF_ROUND:
            return source.leads[:0]
        is_new = np.array([not n_times(key) for key in row_keys(source.leads)], bool)
        lead: Array = source.leads[is_new][:1]
        return lead

    def _n_left(self, number: int, told: Told) -> int:
        """How many suggestions the design still makes, the next one included."""
        place = number + self.n_volunteered
        # Whether a source is trusted, which takes time to tell, only matters where the design may go on.
        return 0 if place >= self.settings.n_design else self.length(told) - place

    def _design(self, number: int, n: int, told: Told, pending: Array) -> Step:
        """Rows of the design: at most n, and one at a time among leads, so that these come in between."""
        settings, source = self.settings, self.context.source
        n_others = len(settings.initial_rows)
        if source is not None:
            asked = set(row_keys(np.concatenate((told.X, pending))))
            n_others += sum(key in asked for key in row_keys(source.leads))
            n = 1
        return Step(Turn.DESIGN, n, place=max(0, number - n_others), n_points=max(settings.n_initial - n_others, 1))
