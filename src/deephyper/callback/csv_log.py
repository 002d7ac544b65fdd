"""A callback that writes gathered jobs to a CSV file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from .._checks import instance_of
from ..job import Job, Journal, Objectives, flat_row
from .callback import Callback


class CSVLoggerCallback(Callback):
    """Appends every gathered job, those of other members included, to a CSV file; no search is needed.

    Args:
        path: the file. An older file of that name is renamed, not overwritten.
    """

    def __init__(self, path: str | os.PathLike[str] = "results.csv"):
        instance_of(type(self).__name__, "path", path, (str, os.PathLike), "the path of a file")
        # A run-function may change the working directory.
        self.path = os.path.abspath(Path(path).expanduser())
        self.on_start(None)

    def on_start(self, max_evals: int | None) -> None:
        self._journal = Journal(self.path)
        self._objectives = Objectives()
        self.jobs_done: list[Job] = []  # and not in the file yet

    @property
    def num_objective(self) -> int | None:
        """How many objectives there are, None as long as no evaluation has succeeded."""
        return self._objectives.n

    def on_gather(self, local_jobs: Sequence[Job], other_jobs: Sequence[Job]) -> None:
        self.jobs_done += [*local_jobs, *other_jobs]
        self.dump_jobs_done_to_csv()

    def on_close(self) -> None:
        self.dump_jobs_done_to_csv()

    def dump_jobs_done_to_csv(self, path: str | os.PathLike[str] | None = None, flush: bool = True) -> None:
        """Write what is not in the file yet, which is `path` if given; rows reach it at once, with or without `flush`.

        Rows that a full disk refuses are tried again with the next ones.
        """
        if path is not None and os.path.abspath(path) != self.path:
            raise ValueError(f"{type(self).__name__}: it writes to {self.path} only, got {path}; copy that file.")
        self._objectives = self._objectives.learned_from(job.objective for job in self.jobs_done)
        rows = [flat_row(job, list(job.parameters), self._objectives) for job in self.jobs_done]
        if not self._journal.append(rows):
            self._journal.rewrite(rows, list(rows[0]))
        self.jobs_done = []
