"""A callback that writes gathered jobs to a CSV file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from .._checks import instance_of
from ..job import Job, JobStatus, Journal, Objectives, Row, flat_row
from .callback import Callback


class CSVLoggerCallback(Callback):
    """Appends every gathered job to a CSV file, also when an evaluator is used without a search.

    Args:
        path: the file. An older file of that name is renamed, not overwritten.
    """

    def __init__(self, path: str | os.PathLike[str] = "results.csv"):
        instance_of(type(self).__name__, "path", path, (str, os.PathLike), "the path of a file")
        # A run-function may change the working directory.
        self._path = Path(os.path.abspath(Path(path).expanduser()))
        self.on_start(None)

    def on_start(self, max_evals: int | None) -> None:
        self._journal = Journal(self._path)
        self._objectives = Objectives()
        self._rows: list[Row] = []

    def on_gather(self, jobs: Sequence[Job]) -> None:
        jobs = [job for job in jobs if job.status in (JobStatus.DONE, JobStatus.CANCELLED)]
        self._objectives = self._objectives.learned_from(job.objective for job in jobs)
        self._rows += [flat_row(job, list(job.parameters), self._objectives) for job in jobs]
        self._write()

    def on_close(self) -> None:
        self._write()

    def _write(self) -> None:
        """Write what is not in the file yet; rows that a full disk refuses are tried again with the next ones."""
        if not self._journal.append(self._rows):
            self._journal.rewrite(self._rows, list(self._rows[0]))
        self._rows = []
