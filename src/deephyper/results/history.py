"""The rows of a search as they come, in memory and in its file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import final

from ..job import Job, Journal, Row, flat_row, is_failure, n_objectives_of, objective_columns
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
        self._n_objectives: int | None = None
        self._path = path
        self._journal = Journal(path) if path is not None else None

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, job_id: int) -> bool:
        return job_id in self._job_ids

    @property
    def n_objectives(self) -> int | None:
        """How many numbers a success has, None before the first one."""
        return self._n_objectives

    @property
    def last_time(self) -> float:
        """The latest time of any row, in seconds since the search began; 0 without rows."""
        times = [row[name] for row in self._rows for name in ("m:timestamp_end", "m:timestamp_gather")]
        return max((time for time in times if time == time), default=0.0)

    @property
    def next_job_id(self) -> int:
        """One more than the largest job number."""
        return max(self._job_ids, default=-1) + 1

    def add(self, jobs: Sequence[Job], origin: float) -> None:
        """Append evaluations that have ended; `origin` is the time that counts as zero."""
        self._learn_objectives(jobs)
        rows = [flat_row(job, self._names, self._n_objectives, origin) for job in jobs]
        self._rows += rows
        self._job_ids.update(job.id for job in jobs)
        if self._journal is not None and not self._journal.append(rows):
            # Another search has written there meanwhile; its file is kept under another name.
            self._rewrite()

    def restore(self, rows: Sequence[Row], n_objectives: int | None) -> None:
        """Begin with the rows of an interrupted search; its file is written anew, without a line that was cut off."""
        self._rows, self._n_objectives = list(rows), n_objectives
        self._job_ids = {int(row["job_id"]) for row in rows}
        self._rewrite(keep_older=False)

    def complete(self) -> None:
        """Write what only the whole table tells, the Pareto set, to the file too."""
        if self._n_objectives is not None and self._n_objectives > 1:
            self._rewrite()

    def table(self) -> Results:
        """All rows as a table."""
        return table_of(self._rows, self._names, self._n_objectives)

    def _learn_objectives(self, jobs: Sequence[Job]) -> None:
        """Fix the number of objectives by the first success; failures before it get a cell for each of them."""
        if self._n_objectives is not None:
            return
        successes = [job.objective for job in jobs if job.objective is not None and not is_failure(job.objective)]
        if not successes:
            return
        self._n_objectives = n_objectives_of(successes[0])
        if self._n_objectives > 1 and self._rows:
            columns = objective_columns(self._n_objectives)
            self._rows = [{**row, **dict.fromkeys(columns, row["objective"])} for row in self._rows]
            for row in self._rows:
                del row["objective"]
            self._rewrite()

    def _rewrite(self, keep_older: bool = True) -> None:
        if self._journal is None:
            return
        # The rows themselves: in a table, whole numbers beside empty cells have become floats.
        table, rows = self.table(), self._rows
        if PARETO in table.columns:
            rows = [{**row, PARETO: is_efficient} for row, is_efficient in zip(rows, table[PARETO], strict=True)]
        self._journal.rewrite(rows, list(table.columns), keep_older)
