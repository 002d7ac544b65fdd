"""The records of a search: in its store, in its table, and in the files of its folder."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any, final

import numpy as np

from .._arrays import Array
from ..evaluator import Evaluator, Place
from ..job import Job, JobStatus, Objective, Outcome, ready_record
from ..problem import legal_configuration
from ..results import Choose, History, read_interrupted
from ..space import Space
from ..storage import Record, Seat
from .asked import number_asked
from .folder import Folder
from .lost import Lost
from .open_jobs import OpenJobs, described, read_open_jobs
from .others import Others
from .proposer import Trial
from .readable import readable
from .search_file import SearchFile

logger = logging.getLogger(__name__)

# How much the row of a told configuration may differ from the row that was asked: single precision or text may change a
# value by that much.
_SAME_ROW = 1e-5


@final
class Ledger:
    """Keeps what one search has asked for and what came of it.

    Args:
        where: name of the search class, for messages.
        space: the search space.
        folder: where the files are; None to write none.
        keeps_file: whether to append every evaluation to `results.csv` as soon as it is gathered, and to write
            `search.json`.
        restarts: whether to continue from the files that are there.
        check: raises ValueError for an objective from which the search could not learn.
        choose: what is recommended after evaluations; see `History`.

    Attributes:
        n_suggested: how many suggestions were made; the number of the next one.
        member: whose random draws this search uses; it stays the same after a restart or in another store.
    """

    def __init__(
        self,
        where: str,
        space: Space,
        folder: str | os.PathLike[str] | None,
        keeps_file: bool,
        restarts: bool,
        check: Callable[[Objective], None],
        choose: Choose,
    ):
        self._where, self._space = where, space
        self._folder = Folder(where, folder, keeps_file, restarts)
        results = self.results
        self.history = History(space.names, results if self._folder.is_written else None, choose)
        self._seat: Seat | None = None
        self.member = 0
        self._open: dict[int, tuple[Job, Array]] = {}  # asked and not told yet, each with its row, (d,)
        self.n_suggested = 0
        self.open_jobs = OpenJobs(goes_on=restarts)
        self._lost: list[Job] = []  # were running when an interrupted search was killed
        self._description: Mapping[str, Any] = {}
        self._restored: list[Job] = []
        # A file without a single letter is what some editors and copies leave; there is nothing to continue in it.
        if restarts and results is not None and results.exists() and results.stat().st_size:
            restored = read_interrupted(results, space)
            self.history.restore(restored.rows, restored.objectives, restored.is_as_written)
            self._restored = restored.jobs
        self._file = SearchFile(self._folder.file("search.json") if restarts else None)
        if restarts:
            self._restore_open_jobs()
        self._folder.release()
        self._is_warned = False
        self._lost_members = Lost(where)
        self._others = Others(where, space, self.history, check)

    def _restore_open_jobs(self) -> None:
        """Find what an interrupted search had handed out, and how many suggestions it had made."""
        path = self._folder.file("open_jobs.jsonl")
        noted = [] if path is None else read_open_jobs(path, self._space.read)
        by_number = {job.id: job for job in noted}
        for job in self._restored:
            if job.id in by_number:
                # What stays out of the table.
                job.metadata.update({k: v for k, v in by_number[job.id].metadata.items() if k.startswith("_")})
        for job in noted:
            self.open_jobs.note_number(job.id)
            if job.id not in self.history:
                self._sort(job)
        self.open_jobs.note_number(self.history.next_job_id - 1)
        self.n_suggested = self._n_suggested_before()

    def _sort(self, job: Job) -> None:
        if job.timestamp_submit is not None:
            self._lost.append(job)
            return
        try:
            self._open[job.id] = (job, self._space.encode([job.parameters])[0])
            self.open_jobs.remember(job)
        except (ValueError, TypeError, KeyError):
            self._lost.append(job)

    def _n_suggested_before(self) -> int:
        """How many suggestions an interrupted search had made. What was lost at its end is suggested again."""
        known = [*self._restored, *self._asked]
        if (earlier := self._file.earlier_numbers) is None:
            return max((job.id + 1 for job in known), default=0)
        next_job_id, n_suggested, n_rows = earlier
        self.open_jobs.note_number(next_job_id - 1)
        n_cut_off = max(0, n_rows - sum(job.id < next_job_id for job in self._restored))
        numbers = [number for job in known if (number := number_asked(job)) is not None]
        return max([n_suggested - n_cut_off, 0, *(number + 1 for number in numbers)])

    @property
    def memory(self) -> Mapping[str, Any]:
        """What the proposer of an interrupted search has noted."""
        return self._file.earlier_memory

    # The folder.

    @property
    def folder(self) -> Path | None:
        """Where the files are; None if none are written."""
        return self._folder.path

    @property
    def results(self) -> Path | None:
        """The file of the table."""
        return self._folder.file("results.csv")

    @contextmanager
    def writing(self, keeps: bool = True) -> Iterator[None]:
        """Write the files of this search, and let no other search write to them while the context lasts.

        Args:
            keeps: whether to keep others out afterwards too, as long as no other search of this process comes.
        """
        with self._folder.held(lambda: self.history.is_file_ours, keeps):
            if self.results is not None and self._folder.is_written:
                self.history.write_to(self.results)
                self.open_jobs.write_to(self._folder.file("open_jobs.jsonl"))
            yield

    # The place in a store.

    @property
    def search_id(self) -> str:
        """Name of the search in its store; empty before it has joined one."""
        return "" if self._seat is None else self._seat.search_id

    @property
    def is_empty(self) -> bool:
        """Whether nothing was ever suggested or evaluated."""
        return not self.n_suggested and not len(self.history)

    def seat(self, place: Place, describe: Callable[[], Mapping[str, Any]]) -> Seat:
        """Return the search's seat in a store; join the store first if there is none.

        Args:
            place: the store to join, and the name of the search in it.
            describe: what the search is made of; of many choices that takes time, so it is asked for once.
        """
        if self._seat is None:
            description = describe()
            with self.writing():
                self._seat = self._join(place, description)
                self._describe(description, None)
        return self._seat

    def _join(self, place: Place, description: Mapping[str, Any]) -> Seat:
        seat = place.seat(description)
        # Folders of earlier versions name no member; a single process, which is member 0, made each of them.
        unknown = 0 if self._restored else seat.member
        self.member = unknown if self._file.earlier_member is None else self._file.earlier_member
        seat.restore([job.record() for job in (*self._restored, *self._asked)])
        if self._restored:
            # No file holds what was recorded on the way; a store that has outlived the search does.
            jobs = readable(seat.storage.records(seat.search_id), seat.search_id)
            self.history.add_curves({job.id: job.observations for job in jobs if job.id in self.history})
        self._take_over(seat)
        self._keep_numbers(seat)
        if lost := [job for job in self._lost if job.id not in self.history]:
            logger.warning(
                "%s: %d evaluations were running when the search was interrupted (jobs %s); they are not in the table, "
                "and their numbers are not used again.",
                self._where,
                len(lost),
                described(lost),
            )
        return seat

    def _keep_numbers(self, seat: Seat) -> None:
        """See to it that the store gives no number away that has been given away before."""
        last = self.open_jobs.next_job_id - 1
        known = {record["job_id"] for record in seat.storage.records(seat.search_id)} if last >= 0 else set()
        if last >= 0 and max(known, default=-1) < last:
            lost = next((job for job in self._lost if job.id == last), Job(last, {}))
            lost.cancel(self.history.last_time)
            seat.restore([lost.record()])

    def _take_over(self, seat: Seat) -> None:
        """Settle the jobs that the interrupted search left open, if the store outlived it.

        A configuration that came from `ask` can still be told. A job that was running ended with its process, and is
        cancelled.
        """
        number = self._file.earlier_seat(seat.search_id)
        if number is None:
            return
        left = [record for record in seat.storage.open_jobs(seat.search_id) if record["member"] == number]
        jobs = readable(left, seat.search_id, self._space.read)
        for job in jobs:
            if job.timestamp_submit is None:
                self._open[job.id] = (job, self._space.encode([job.parameters])[0])
            else:
                job.cancel(max(job.timestamp_submit, self.history.last_time))
        cancelled = [job for job in jobs if job.status is JobStatus.CANCELLED]
        seat.finish([job.record() for job in cancelled])
        self.history.add(cancelled)

    def _move_to(self, place: Place, description: Mapping[str, Any]) -> None:
        """Continue in the store of an evaluator, with all jobs so far, if it is not the store used up to now."""
        if self._seat is None or place.storage in (None, self._seat.storage):
            return
        seat = Place(place.storage, place.search_id or self._seat.search_id).seat(description)
        # The records of the old store hold more than the table, but not every store keeps records.
        known = {record["job_id"]: record for record in self._seat.storage.records(self.search_id)}
        seat.restore([known.get(job.id) or job.record() for job in (*self.history.jobs(), *self._asked)])
        self._keep_numbers(seat)
        self._seat = seat

    @property
    def _asked(self) -> list[Job]:
        """The jobs that came from `ask` and were not told yet."""
        return [job for job, _ in self._open.values()]

    @property
    def left(self) -> list[Job]:
        """What an interrupted search has left: the evaluations in its table, then the jobs that can still be told."""
        return [*self._restored, *self._asked]

    def begin(self, evaluator: Evaluator, description: Mapping[str, Any]) -> None:
        """Let an evaluator work for this search: number, time and store its jobs.

        Args:
            evaluator: runs the evaluations.
            description: what the search is made of.
        """
        self._move_to(evaluator.place, description)
        assert self._seat is not None
        # After earlier evaluations, time continues from the last one, since this may be another clock. Without any, it
        # begins with the search, which other members may have begun before.
        is_first = not len(self.history) and not evaluator.clock.is_virtual
        time = self._seat.age if is_first else self.history.last_time
        evaluator.work_for(self._seat, time, self.history.objectives, self.understood)
        self._describe(description, evaluator.num_workers)

    def settle(self, memory: Mapping[str, Any]) -> None:
        """Note what a restart needs, and forget the jobs that are in the table now.

        Args:
            memory: what the proposer notes.
        """
        running = [job for job in self.open_jobs.jobs if self._is_running(job)]
        first = min((number for job in running if (number := number_asked(job)) is not None), default=self.n_suggested)
        self._write_description({**self._description, "memory": memory}, first)
        self.open_jobs.settle(
            lambda job: job.id in self._open or self._is_running(job) or (number_asked(job) or 0) >= first
        )

    def _is_running(self, job: Job) -> bool:
        return job.timestamp_submit is not None and job.id not in self.history

    # Jobs.

    def ask(self, trials: Sequence[Trial]) -> None:
        """Store configurations that are evaluated elsewhere and told later."""
        assert self._seat is not None
        self.note_suggestions(len(trials))
        numbers = self._seat.submit([ready_record(trial.configuration, trial.metadata, None) for trial in trials])
        for number, trial in zip(numbers, trials, strict=True):
            job = Job(number, trial.configuration, self._seat.search_id, trial.metadata)
            self._open[number] = (job, self._space.encode([trial.configuration])[0])
        with self.writing():
            self.open_jobs.note([self._open[number][0] for number in numbers])
            # Asks may be hours apart, and no call of `search` closes the file.
            self.open_jobs.close()

    def note_suggestions(self, n: int) -> None:
        """Count `n` suggestions."""
        self.n_suggested += n

    def tell(self, results: Sequence[tuple[Mapping[str, Any], Outcome]]) -> list[Job]:
        """Store evaluations that were made elsewhere, whether their configurations came from `ask` or not.

        Args:
            results: pairs of a configuration and its outcome.

        Raises:
            ValueError: a configuration is not legal. Then nothing is stored.
        """
        assert self._seat is not None
        seat = self._seat
        legal = [
            legal_configuration(self._space, configuration, f"{self._where}.tell: results[{i}]")
            for i, (configuration, _) in enumerate(results)
        ]
        rows, parameters = [row[0] for row, _ in legal], [active for _, active in legal]
        asked = [self._take_open(row) for row in rows]
        new = [ready_record(p, {}, None) for p, job in zip(parameters, asked, strict=True) if job is None]
        numbers = iter(seat.submit(new))
        jobs = []
        for job, told, (_, outcome) in zip(asked, parameters, results, strict=True):
            number, metadata = (next(numbers), {}) if job is None else (job.id, job.metadata)
            jobs.append(Job(number, told, seat.search_id, metadata))
            # No evaluator ran this, so there is no clock for its times.
            jobs[-1].finish(outcome, None, None, None)
        seat.finish([job.record() for job in jobs])
        self.keep(jobs)
        return jobs

    def keep(self, jobs: Sequence[Job]) -> None:
        """Add evaluations that have ended to the table."""
        with self.writing():
            self.history.add(jobs)

    def _take_open(self, row: Array) -> Job | None:
        """Return the open job with this row, (d,), and close it; None if there is none."""
        tolerance = np.where(self._space.is_continuous, _SAME_ROW, 0.0)
        for number, (_, asked) in self._open.items():
            if (np.abs(asked - row) <= tolerance).all():
                return self._open.pop(number)[0]
        return None

    def understood(self, records: Sequence[Record]) -> list[Job]:
        """Turn records of other members into jobs, without those that are known already or cannot be used here."""
        return self._others.understood(records, self.search_id)

    def write_off_lost(self) -> None:
        """Cancel in the store what other members were evaluating when they died."""
        if self._seat is not None and self._seat.is_shared:
            self._lost_members.write_off(self._seat)

    def beating(self) -> AbstractContextManager[None]:
        """Tell others all the time that this process is alive, where there may be others."""
        return self._seat.beating() if self._seat is not None and self._seat.is_shared else nullcontext()

    def news(self) -> list[Job]:
        """Return the jobs that other members have finished since the last call."""
        return [] if self._seat is None else self.understood(self._seat.news())

    def _describe(self, description: Mapping[str, Any], num_workers: int | None) -> None:
        """Write `search.json`."""
        seat = 0 if self._seat is None else self._seat.member
        place = {"search_id": self.search_id, "member": self.member, "seat": seat}
        self._description = {**description, "num_workers": num_workers, **place, "memory": self.memory}
        self._write_description(self._description, self.n_suggested)

    def _write_description(self, description: Mapping[str, Any], n_suggested: int) -> None:
        path = self._folder.file("search.json")
        if path is None or not self._folder.is_written:
            return
        next_job_id = max(self.open_jobs.next_job_id, self.history.next_job_id)
        numbers = {"next_job_id": next_job_id, "n_suggested": n_suggested, "n_rows": len(self.history)}
        try:
            self._file.write(path, {**description, **numbers})
        except OSError as error:
            if not self._is_warned:
                self._is_warned = True
                logger.warning("%s: %s cannot be written: %s; it is tried again.", self._where, path, error)
