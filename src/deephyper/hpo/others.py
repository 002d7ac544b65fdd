"""Reads the results of other members of a search, as far as this member can use them."""

from __future__ import annotations

import logging
import weakref
from collections.abc import Callable, Sequence
from typing import final

from ..job import Job, Objective
from ..results import History
from ..space import Space
from ..storage import Record
from .lost import is_written_off

logger = logging.getLogger(__name__)


@final
class Others:
    """Turns records of other members into jobs, and leaves out those that this search cannot use.

    Other members may run another version of the script, so nothing that they write may end this search. The first
    record that is left out is logged.

    Args:
        where: name of the search class, for the log.
        space: the search space.
        history: the evaluations that are known already.
        check: a method that raises ValueError for an objective from which the search could not learn.
    """

    def __init__(self, where: str, space: Space, history: History, check: Callable[[Objective], None]):
        self._where, self._space, self._history = where, space, history
        # An evaluator holds this object, and a search its evaluator. If this one held the search, the three would keep
        # each other, and the workers of an evaluator that nobody has closed, until the garbage collector comes.
        self._check = weakref.WeakMethod(check)
        self._has_warned = False

    def understood(self, records: Sequence[Record], search_id: str) -> list[Job]:
        """Turn records into jobs, without those that the table holds already and those that cannot be used."""
        objectives, jobs = self._history.objectives, []
        for record in records:
            if is_written_off(record):
                continue
            try:
                job = self._read(record, search_id)
                if job.objective is not None:
                    if not objectives.accepts(job.objective):
                        raise ValueError(f"its objective is {job.objective!r}, and this search has {objectives.n}")
                    if (check := self._check()) is not None:
                        check(job.objective)
            except (ValueError, TypeError, KeyError) as error:
                self._warn(record, error)
                continue
            if job.id not in self._history:
                objectives = objectives.learned_from([job.objective])
                jobs.append(job)
        return jobs

    def _read(self, record: Record, search_id: str) -> Job:
        unknown = [name for name in record["parameters"] if name not in self._space.names]
        if unknown:
            raise ValueError(f"this problem has no hyperparameter {unknown[0]!r}")
        job = Job.from_record(record, search_id, self._space.read)
        # Encode it only to raise if an active hyperparameter has no value.
        self._space.encode([job.parameters])
        return job

    def _warn(self, record: Record, error: Exception) -> None:
        if not self._has_warned:
            self._has_warned = True
            logger.warning(
                "%s: job %s of another member of the search is left out: %s; further ones are not logged",
                self._where,
                record.get("job_id"),
                error,
            )
