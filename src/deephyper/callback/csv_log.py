"""A callback that writes gathered jobs to a CSV file."""

from __future__ import annotations

import os
from collections.abc import Sequence

from .._checks import instance_of
from ..job import Job, JobStatus, Journal, Objectives, flat_row
from .callback import Callback


class CSVLoggerCallback(Callback):
    """Appends every gathered job to a CSV file, also when an evaluator is used without a search.

    Args:
        path: the file. An older file of that name is renamed, not overwritten.
    """

    def __init__(self, path: str | os.PathLike[str] = "results.csv"):
        instance_of(type(self).__name__, "path", path, (str, os.PathLike), "the path of a file")
        self._path = path
        self.on_start(None)

    def on_start(self, max_evals: int | None) -> None:
        self._journal = Journal(self._path)
        self._objectives = Objectives()

    def on_gather(self, jobs: Sequence[Job]) -> None:
        jobs = [job for job in jobs if job.status in (JobStatus.DONE, JobStatus.CANCELLED)]
        self._objectives = self._objectives.learned_from(job.objective for job in jobs)
        rows = [flat_row(job, list(job.parameters), self._objectives) for job in jobs]
        if not self._journal.append(rows):
            self._journal.rewrite(rows, list(rows[0]))
