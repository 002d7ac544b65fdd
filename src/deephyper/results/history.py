"""The rows of a search as they come, in memory and in its file."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import final

from ..job import METADATA, TIMES, Job, JobStatus, Journal, Objectives, Row, flat_row
from .table import PARETO, Results, table_of


@final
class History:
    """What a search has evaluated.

    Args:
        names: all hyperparameters, in order of definition.
        path: the CSV file that every row is appended to at once; none if None.
    """

    def __init__(self, names: Sequence[str], path: Path | None = None):
        self._names = list(names)
        self._rows: list[Row] = []
        self._job_ids: set[int] = set()
        self._n_ended = 0
        self._objectives = Objectives()
        self._path = path
        self._journal = Journal(path) if path is not None else None

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, job_id: int) -> bool:
        return job_id in self._job_ids

    @property
    def objectives(self) -> Objectives:
        """Those of the search, as far as the evaluations have told."""
        return self._objectives

    @property
    def last_time(self) -> float:
        """The latest time of any row, in seconds since the search began; 0 without rows."""
        # Not every file that a search may continue has times.
        times = [row.get(METADATA + name, math.nan) for row in self._rows for name in TIMES[2:]]
        return max((time for time in times if time == time), default=0.0)

    @property
    def n_ended(self) -> int:
        """How many evaluations have ended by themselves; those that were cancelled do not count."""
        return self._n_ended

    @property
    def next_job_id(self) -> int:
        """One more than the largest number of a job."""
        return max(self._job_ids, default=-1) + 1

    def add(self, jobs: Sequence[Job]) -> None:
        """Append evaluations that have ended."""
        self._learn_objectives(jobs)
        rows = [flat_row(job, self._names, self._objectives) for job in jobs]
        self._rows += rows
        self._job_ids.update(job.id for job in jobs)
        self._n_ended += sum(job.status is JobStatus.DONE for job in jobs)
        if self._journal is not None and not self._journal.append(rows):
            # Another search has written there meanwhile; its file is kept under another name.
            self._rewrite()

    def jobs(self) -> list[Job]:
        """The evaluations as jobs, as far as their rows tell."""
        return [Job.from_row(row, self._names, self._objectives) for row in self._rows]

    def restore(self, rows: Sequence[Row], objectives: Objectives) -> None:
        """Begin with the rows of an interrupted search; its file is written again, without a line that was cut off."""
        self._rows, self._objectives = list(rows), objectives
        self._job_ids = {int(row["job_id"]) for row in rows}
        self._n_ended = sum(row["job_status"] == JobStatus.DONE.value for row in rows)
        self._rewrite(keep_older=False)

    def complete(self) -> None:
        """Write to the file what only the whole table tells: the Pareto set."""
        if self._has_several:
            self._rewrite()

    def table(self) -> Results:
        """All rows as a table."""
        return table_of(self._rows, self._names, self._objectives)

    def _learn_objectives(self, jobs: Sequence[Job]) -> None:
        """Fix the number of objectives by the first success; failures before it get a cell for each of them."""
        unknown, self._objectives = self._objectives, self._objectives.learned_from(job.objective for job in jobs)
        if self._objectives != unknown and self._has_several and self._rows:
            (column,) = unknown.columns
            self._rows = [row | self._objectives.cells(row[column]) for row in self._rows]
            for row in self._rows:
                del row[column]
            self._rewrite()

    @property
    def _has_several(self) -> bool:
        return self._objectives.n is not None and self._objectives.n > 1

    def _rewrite(self, keep_older: bool = True) -> None:
        if self._journal is None:
            return
        # The rows themselves: in a table, whole numbers beside empty cells have become floats.
        table, rows = self.table(), self._rows
        if PARETO in table.columns:
            rows = [{**row, PARETO: is_efficient} for row, is_efficient in zip(rows, table[PARETO], strict=True)]
        self._journal.rewrite(rows, list(table.columns), keep_older)
