"""The file `open_jobs.jsonl`: what was handed out and may not be in the table yet."""

from __future__ import annotations

import contextlib
import json
import logging
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, final

from ..callback import Callback
from ..job import Job, Read, keep_older_file, replace_file

logger = logging.getLogger(__name__)

_FEWEST_LINES = 1_000


@final
class OpenJobs(Callback):
    """Notes every job before anybody works on it, so that a killed search knows which numbers it has given away.

    The file has one line of JSON for each job: its record, see `Job.record`. It is read when a search is continued, and
    removed when nothing is open any more. Where it cannot be written, a search goes on without it.

    Args:
        goes_on: whether this search continues the one that wrote the file.

    Attributes:
        next_job_id: one more than the largest number that was noted or settled here.
    """

    def __init__(self, goes_on: bool) -> None:
        self._goes_on = goes_on
        self._path: Path | None = None
        self._file: int | None = None
        self._jobs: dict[int, Job] = {}
        self.next_job_id = self._n_open = 0

    @property
    def jobs(self) -> list[Job]:
        """The jobs of which the file has a line."""
        return list(self._jobs.values())

    def note_number(self, job_id: int) -> None:
        """Note that a number was given away."""
        self.next_job_id = max(self.next_job_id, job_id + 1)

    @property
    def is_long(self) -> bool:
        """Whether so many jobs were noted since `settle` that it is due again."""
        return len(self._jobs) > _FEWEST_LINES + 2 * self._n_open

    def write_to(self, path: Path | None) -> None:
        """Write to this file from now on, and all that is open as well; None writes nothing."""
        if path == self._path:
            return
        self.close()
        self._path = path
        if path is not None and path.exists() and not self._goes_on:
            # Of a search that was killed, and whose other files are kept under other names as well.
            with contextlib.suppress(OSError):
                keep_older_file(path)
                path.unlink(missing_ok=True)
        self._goes_on = False
        if self._jobs and path is not None and not path.exists():
            self.settle(lambda job: True)

    def remember(self, job: Job) -> None:
        """Keep the line that an open job has in the file already."""
        self._jobs[job.id] = job

    def on_launch(self, job: Job) -> None:
        self.note([job])

    def note(self, jobs: Sequence[Job]) -> None:
        """Write jobs down before anybody works on them."""
        for job in jobs:
            self.note_number(job.id)
            self._jobs[job.id] = job
        if self._path is not None:
            with contextlib.suppress(OSError):
                os.write(self._opened(self._path), _lines_of(jobs))

    def settle(self, is_open: Callable[[Job], bool]) -> None:
        """Keep the lines of open jobs only; without any, remove the file."""
        self._jobs = {number: job for number, job in self._jobs.items() if is_open(job)}
        self._n_open = len(self._jobs)
        self.close()
        if self._path is None:
            return
        with contextlib.suppress(OSError):
            if self._jobs:
                replace_file(self._path, _lines_of(list(self._jobs.values())))
            else:
                self._path.unlink(missing_ok=True)

    def close(self) -> None:
        """Close the file until the next job."""
        file, self._file = self._file, None
        if file is not None:
            with contextlib.suppress(OSError):
                os.close(file)

    def _opened(self, path: Path) -> int:
        if self._file is None:
            self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
        return self._file


def _lines_of(jobs: Sequence[Job]) -> bytes:
    return "".join(json.dumps(job.record()) + "\n" for job in jobs).encode("utf-8", errors="surrogatepass")


def read_open_jobs(path: Path, read: Read) -> list[Job]:
    """Read the jobs of an interrupted search; lines that cannot be understood are left out.

    Args:
        path: the file.
        read: makes the parameters what they were.
    """
    try:
        lines = path.read_bytes().decode("utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return []
    found: dict[int, Job] = {}
    for line in lines:
        try:
            job = Job.from_record(json.loads(line), "", read)
        except (ValueError, TypeError, KeyError, AttributeError):
            # The last line of a search that was killed may be cut off.
            continue
        found[job.id] = job
    return list(found.values())


def described(jobs: Sequence[Job]) -> str:
    """Name a few jobs in a sentence."""
    numbers: list[Any] = sorted(job.id for job in jobs)
    return ", ".join(map(str, numbers[:5])) + (", …" if len(numbers) > 5 else "")
