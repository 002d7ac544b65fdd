"""One suggestion, from the proposal to the evaluation."""

from __future__ import annotations

from typing import NamedTuple

from .._arrays import Array
from .trace import Step


class Suggestion(NamedTuple):
    """A row to evaluate, and what was known when it was chosen.

    Args:
        number: how many suggestions had been handed out before it.
        row: canonical, (d,).
        n_told: how many evaluated rows were known when it was chosen.
        was_prepared: whether it was chosen before it was needed.
        call: which call of `propose` has made it, counted as they were taken over.
        place: which row of that call it is.
        steps: what was done since the suggestion before it.
        is_cheaper: whether less was spent on it than usual, since workers would have waited.
    """

    number: int
    row: Array
    n_told: int
    was_prepared: bool = False
    call: int = 0
    place: int = 0
    steps: tuple[Step, ...] = ()
    is_cheaper: bool = False

    @property
    def origin(self) -> tuple[int, int, int, tuple[Step, ...]]:
        """Its number, its call, its place, and the steps that led to it."""
        return self.number, self.call, self.place, self.steps
