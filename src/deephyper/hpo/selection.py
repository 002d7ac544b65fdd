"""What a search recommends after each evaluation: the best observed, or that of which its model believes most."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any, final

from .._checks import quoted, shown, warn
from ..job import Job, is_failure
from ..results import Solution
from .proposer import Proposer

OBSERVED, ESTIMATED = "argmax_obs", "argmax_est"


def checked_selection(where: str, kind: Any, accepted: Collection[str]) -> str | None:
    """Return the name of a way to choose, or None.

    Args:
        where: name of the search class, for messages.
        kind: what the user passed.
        accepted: the ways that this search has.

    Raises:
        ValueError: it is none of them.
    """
    if kind is None or (isinstance(kind, str) and kind in accepted):
        return kind
    is_of_cbo = isinstance(kind, str) and kind == ESTIMATED
    instead = "only CBO has a model that estimates" if is_of_cbo else "leave it out to recommend nothing"
    raise ValueError(f"{where}: solution_selection must be {quoted(accepted)} or None, got {shown(kind)}; {instead}.")


@final
class Selection:
    """Chooses among the evaluations of a search.

    Args:
        where: name of the search class, for messages.
        kind: one of these names, or None to choose nothing.
        proposer: gives the proposer of the search, None before it is made.
    """

    def __init__(self, where: str, kind: str | None, proposer: Callable[[], Proposer | None]):
        self._where, self.kind, self._proposer = where, kind, proposer
        self._best = Solution()
        self._is_possible = kind is not None

    def after(self, jobs: Sequence[Job]) -> list[Solution] | None:
        """What is recommended after each of some evaluations that have ended; None if nothing is to be said of it."""
        if any(isinstance(job.objective, tuple) for job in jobs):
            self._give_up()
        if not self._is_possible:
            return None
        observed = [self._observed_after(job) for job in jobs]
        if self.kind == OBSERVED:
            return observed
        proposer = self._proposer()
        believed = None if proposer is None else proposer.recommended(jobs)
        return None if believed is None else [believed] * len(jobs)

    def _observed_after(self, job: Job) -> Solution:
        value = job.objective
        if isinstance(value, (int, float)) and not is_failure(value) and not value <= self._best.objective:
            self._best = Solution(job.id, float(value))
        return self._best

    def _give_up(self) -> None:
        """Say once that there is nothing to choose by."""
        if self._is_possible:
            self._is_possible = False
            warn(
                f"{self._where}: solution_selection chooses by a single objective, and there are several, so the table "
                "has no columns 'sol.'; results.best is the Pareto set."
            )
