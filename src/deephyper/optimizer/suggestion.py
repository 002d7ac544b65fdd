"""One suggestion, from the proposal to the evaluation."""

from __future__ import annotations

from typing import NamedTuple

from .._arrays import Array


class Suggestion(NamedTuple):
    """A row to evaluate, and what was known when it was chosen.

    Args:
        number: how many suggestions had been handed out before it.
        row: canonical, (d,).
        n_told: how many evaluated rows were known when it was chosen.
        was_prepared: whether it was chosen before it was needed.
    """

    number: int
    row: Array
    n_told: int
    was_prepared: bool = False
