"""The rows of a search as they come, in memory and in its file."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import final

from .._cells import cell
from ..job import (
    METADATA,
    PARAMETER,
    TIMES,
    Job,
    JobStatus,
    Journal,
    Objectives,
    Observations,
    Row,
    flat_row,
    keep_older_file,
)
from .lines import lines_of
from .solution import Solution, solution_cells
from .table import PARETO, Results, table_of

logger = logging.getLogger(__name__)

# A disk that is full is asked again after this time at the earliest.
_TRY_AGAIN_AFTER_S = 1.0

Choose = Callable[[Sequence[Job]], Sequence[Solution] | None]


def _no_choice(jobs: Sequence[Job]) -> None:
    return None


@final
class History:
    """What a search has evaluated.

    A file that cannot be written does not end the search: the rows stay here, and are written as soon as they can be.

    Args:
        names: all hyperparameters, in order of definition.
        path: the CSV file that every row is appended to at once; none if None.
        choose: called with evaluations that have ended, before they are added: what is recommended after each of them,
            or None to have no columns for that.

    Attributes:
        objectives: those of the search, as far as the evaluations have told.
        n_ended: how many evaluations have ended by themselves; those that were cancelled do not count.
    """

    def __init__(self, names: Sequence[str], path: Path | None = None, choose: Choose = _no_choice):
        self._names, self._choose = list(names), choose
        self._rows: list[Row] = []
        self._curves: dict[int, Observations] = {}
        self._places: dict[int, int] = {}  # of the rows, by the number of their job
        self.n_ended = 0
        self.objectives = Objectives()
        self._journal = Journal(path) if path is not None else None
        self._n_written = 0
        self._must_rewrite = False
        self._n_of_others = 0  # rows that were read from the file, and may be spelled otherwise there
        self._trouble: OSError | None = None
        self._next_try = 0.0

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, job_id: int) -> bool:
        return job_id in self._places

    @property
    def last_time(self) -> float:
        """The latest time of any row, in seconds since the search began; 0 without rows."""
        # Not every file that a search may continue has times, and some have two clocks: that of gathering goes on.
        for name in (TIMES[3], TIMES[2]):
            times: list[float] = [row.get(METADATA + name, math.nan) for row in self._rows]
            if known := [time for time in times if time == time]:
                return max(known)
        return 0.0

    @property
    def next_job_id(self) -> int:
        """One more than the largest number of a job."""
        return max(self._places, default=-1) + 1

    def add(self, jobs: Sequence[Job]) -> None:
        """Append evaluations that have ended."""
        solutions = self._choose(jobs)
        self._learn_objectives(jobs)
        rows = [flat_row(job, self._names, self.objectives) for job in jobs]
        self._rows += rows if solutions is None else self._with_solutions(rows, solutions)
        self.add_curves({job.id: job.observations for job in jobs})
        self._places.update({job.id: len(self._places) + k for k, job in enumerate(jobs)})
        self.n_ended += sum(job.status is JobStatus.DONE for job in jobs)
        self._save()

    def _with_solutions(self, rows: Sequence[Row], solutions: Sequence[Solution]) -> list[Row]:
        """Say beside new rows what was recommended after each of them."""
        new = {row["job_id"]: row for row in rows}
        chosen = [new.get(each.job_id) or self._row_of(each.job_id) for each in solutions]
        cells = (solution_cells(*each, self._names) for each in zip(solutions, chosen, strict=True))
        return [row | beside for row, beside in zip(rows, cells, strict=True)]

    def _row_of(self, job_id: int | None) -> Row | None:
        """The row of an evaluation; None if there is none."""
        return None if job_id is None else self._rows[self._places[job_id]]

    def add_curves(self, observations: Mapping[int, Observations]) -> None:
        """Keep what evaluations recorded on the way, by the number of their job."""
        self._curves.update({number: recorded for number, recorded in observations.items() if recorded})

    def jobs(self) -> list[Job]:
        """The evaluations as jobs, as far as their rows tell."""
        jobs = [Job.from_row(row, self._names, self.objectives) for row in self._rows]
        for job in jobs:
            job.observations = self._curves.get(job.id, [])
        return jobs

    def restore(self, rows: Sequence[Row], objectives: Objectives, is_as_written: bool = True) -> None:
        """Begin with the rows of an interrupted search.

        Its file is left as it is until there is a further row. If it holds more than these rows, such as a line that
        was cut off, or is not as this version writes it, it is kept under another name then.
        """
        self._rows, self.objectives = list(rows), objectives
        self._places = {int(row["job_id"]): place for place, row in enumerate(rows)}
        self.n_ended = sum(row["job_status"] == JobStatus.DONE.value for row in rows)
        self._n_written = len(rows)
        if self._journal is not None:
            self._must_rewrite = not is_as_written or not self._journal.adopt(len(rows))
            self._n_of_others = len(rows)

    def complete(self) -> None:
        """Write to the file what only the whole table tells, the Pareto set, and what could not be written before."""
        if self._rows and (self._has_several or (self._journal is not None and self._journal.has_late_cells)):
            self._must_rewrite = True
        if self._journal is not None and self._journal.has_begun and not self._journal.path.exists():
            self._must_rewrite = True
        self._save(at_once=True)

    # The file.

    @property
    def unwritten(self) -> OSError | None:
        """Why the file does not hold all rows; None if it does, or if there is no file."""
        return self._trouble

    @property
    def is_file_ours(self) -> bool:
        """Whether nobody else has replaced or changed the file since it was written or read here."""
        journal = self._journal
        return journal is None or not journal.has_begun or journal.is_untouched or not journal.path.exists()

    def write_to(self, path: Path) -> None:
        """Write all rows, also those so far, to another file from now on."""
        if self._journal is None or self._journal.path == path:
            return
        self._journal, self._n_written = Journal(path), 0
        self._must_rewrite = bool(self._rows)

    def _save(self, at_once: bool = False) -> None:
        """Bring the file up to date, unless that has just failed."""
        if self._journal is None or (self._trouble is not None and not at_once and time.monotonic() < self._next_try):
            return
        try:
            self._write(self._journal)
        except OSError as error:
            self._note_trouble(error, self._journal.path)
        else:
            if self._trouble is not None:
                logger.info("%s can be written again, and holds all rows.", self._journal.path)
            self._trouble = None

    def _write(self, journal: Journal) -> None:
        if not self._must_rewrite and journal.append(self._rows[self._n_written :]):
            self._n_written = len(self._rows)
            return
        # The rows themselves: in a table, whole numbers beside empty cells have become floats.
        self._must_rewrite = True
        table, rows = self.table(), self._rows
        if PARETO in table.columns:
            rows = [{**row, PARETO: is_efficient} for row, is_efficient in zip(rows, table[PARETO], strict=True)]
        self._keep_what_is_spelled_otherwise(journal)
        # What another search has written there meanwhile is kept under another name.
        journal.rewrite(rows, list(table.columns))
        self._must_rewrite, self._n_written = False, len(self._rows)

    def _keep_what_is_spelled_otherwise(self, journal: Journal) -> None:
        """Keep the file of an interrupted search if it holds values as a user or another program writes them.

        To write it again changes `3.0` to `3`, and `None` to `null`.
        """
        n, self._n_of_others = self._n_of_others, 0
        if n and journal.is_untouched and journal.path.exists():
            file = lines_of(journal.path, "")
            places = [(k, name) for k, name in enumerate(file.columns) if name.startswith(PARAMETER)]
            pairs = zip(self._rows[:n], file.rows, strict=False)
            if any(cell(row.get(name, math.nan)) != line.cells[k] for row, line in pairs for k, name in places):
                keep_older_file(journal.path)

    def _note_trouble(self, error: OSError, path: Path) -> None:
        if self._trouble is None:
            logger.warning(
                "%s cannot be written: %s. The search goes on in memory, and writes all rows as soon as it can.",
                path,
                error.strerror or error,
            )
        self._trouble, self._next_try = error, time.monotonic() + _TRY_AGAIN_AFTER_S

    def table(self) -> Results:
        """All rows as a table."""
        # A copy, since another thread may read the history while rows are added.
        return table_of(self._rows.copy(), self._names, self.objectives, tuple(self._curves.copy().items()))

    def _learn_objectives(self, jobs: Sequence[Job]) -> None:
        """Fix the number of objectives by the first success; failures before it get a cell for each of them."""
        unknown, self.objectives = self.objectives, self.objectives.learned_from(job.objective for job in jobs)
        if self.objectives != unknown and self._has_several and self._rows:
            (column,) = unknown.columns
            self._rows = [row | self.objectives.cells(row[column]) for row in self._rows]
            for row in self._rows:
                del row[column]
            self._must_rewrite = True

    @property
    def _has_several(self) -> bool:
        return self.objectives.n is not None and self.objectives.n > 1
