"""Who is told what happens to evaluations."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

from .._checks import count
from ..job import Job, JobStatus, Journal, Objective, flat_row, is_failure, n_objectives_of
from ..worker import Lines


class Callback:
    """Base of all callbacks: every method does nothing until a subclass says otherwise.

    They are called in the manager's thread. A callback that sets `stop_reason` ends the search after the evaluations that
    run; one that raises ends it at once.
    """

    stop_reason: str | None = None

    def on_start(self, max_evals: int | None) -> None:
        """A search begins; `max_evals` is the number of evaluations to expect, None if unknown."""

    def on_launch(self, job: Job) -> None:
        """A job is handed to a worker."""

    def on_done(self, job: Job) -> None:
        """A job has ended by itself, with an objective or a failure."""

    def on_done_other(self, job: Job) -> None:
        """A job of another search on the same storage has ended."""

    def on_gather(self, jobs: Sequence[Job]) -> None:
        """Jobs are handed back to the search, cancelled ones included."""

    def on_close(self) -> None:
        """The search or the evaluator ends."""


class _Best:
    """The best objective so far; of several objectives the hypervolume of all of them."""

    def __init__(self) -> None:
        self.n_failures = 0
        self._best: float | None = None
        self._front: list[tuple[float, ...]] = []
        self._worst: tuple[float, ...] = ()

    def add(self, objective: Objective | None) -> None:
        if objective is None:
            return
        if isinstance(objective, str):
            self.n_failures += 1
        elif isinstance(objective, tuple):
            self._add_several(objective)
        else:
            self._best = objective if self._best is None else max(self._best, objective)

    def _add_several(self, objective: tuple[float, ...]) -> None:
        from ..moo import pareto_mask

        self._worst = tuple(map(min, self._worst or objective, objective))
        front = [*self._front, objective]
        self._front = [point for point, is_efficient in zip(front, pareto_mask(front), strict=True) if is_efficient]

    @property
    def postfix(self) -> dict[str, Any]:
        shown: dict[str, Any] = {"failures": self.n_failures}
        if self._front:
            from ..moo import hypervolume

            shown["hvi"] = hypervolume(self._front, self._worst)
        elif self._best is not None:
            shown["objective"] = self._best
        return shown


class TqdmCallback(Callback):
    """A progress bar. What is printed while it is there appears above it, line by line.

    Args:
        description: text before the bar.
    """

    def __init__(self, description: str | None = None):
        self._description = description
        self._bar: Any = None
        self._streams: list[tuple[str, Any, Lines]] = []
        self._best = _Best()

    def on_start(self, max_evals: int | None) -> None:
        from tqdm.auto import tqdm

        self.on_close()
        self._best = _Best()
        self._bar = tqdm(total=max_evals, desc=self._description, file=sys.stderr)
        self._streams = [self._printing_above(name) for name in ("stdout", "stderr")]

    def on_done(self, job: Job) -> None:
        if self._bar is None:
            self.on_start(None)
        self._best.add(job.objective)
        self._bar.set_postfix(self._best.postfix, refresh=False)
        self._bar.update(1)

    def on_close(self) -> None:
        for name, original, lines in self._streams:
            lines.finish()
            # Unless somebody else has taken its place meanwhile.
            if getattr(sys, name) is lines:
                setattr(sys, name, original)
        self._streams = []
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _printing_above(self, name: str) -> tuple[str, Any, Lines]:
        """Let what is written to a stream of the process appear above the bar."""
        bar, original = self._bar, getattr(sys, name)

        def write(text: str) -> None:
            with bar.get_lock():
                bar.clear(nolock=True)
                original.write(text)
                original.flush()
                bar.refresh(nolock=True)

        lines = Lines(write, original)
        setattr(sys, name, lines)
        return name, original, lines


class LoggerCallback(Callback):
    """Prints a line per evaluation: its number, the best objective so far, and its own."""

    def __init__(self) -> None:
        self._best = _Best()
        self._n_done = 0

    def on_start(self, max_evals: int | None) -> None:
        self._best, self._n_done = _Best(), 0

    def on_done(self, job: Job) -> None:
        self._best.add(job.objective)
        self._n_done += 1
        best = ", ".join(f"{name}: {value}" for name, value in self._best.postfix.items())
        # What this callback is for.
        print(f"[{self._n_done:05d}] best so far {best}; job {job.id} returned {job.objective}")  # noqa: T201


class SearchEarlyStopping(Callback):
    """Ends a search that no longer improves.

    Args:
        patience: how many evaluations in a row may bring no improvement.
        objective_func: turns a job into the number to watch; the job's objective if None. Failures never improve.
        threshold: an objective that ends the search as soon as it is reached.
        verbose: 0 is silent, 1 prints why the search ends.
    """

    def __init__(
        self,
        patience: int = 10,
        objective_func: Callable[[Job], float] | None = None,
        threshold: float | None = None,
        verbose: int = 1,
    ):
        self._patience = count("SearchEarlyStopping", "patience", patience)
        self._objective_func = objective_func
        self._threshold = threshold
        self._verbose = verbose
        self.on_start(None)

    def on_start(self, max_evals: int | None) -> None:
        self.stop_reason: str | None = None
        self._best: float | None = None
        self._n_without = 0

    def on_done(self, job: Job) -> None:
        value = None if job.is_failure else self._watched(job)
        if value is not None and (self._best is None or value > self._best):
            self._best, self._n_without = value, 0
        else:
            self._n_without += 1
        if self._threshold is not None and self._best is not None and self._best >= self._threshold:
            self._stop(f"the objective {self._best} has reached the threshold {self._threshold}")
        elif self._n_without >= self._patience:
            self._stop(f"the objective has not improved for {self._n_without} evaluations")

    def _watched(self, job: Job) -> float:
        if self._objective_func is not None:
            return float(self._objective_func(job))
        if not isinstance(job.objective, float):
            raise ValueError(
                "SearchEarlyStopping: with several objectives pass objective_func, which turns a job into one number."
            )
        return job.objective

    def _stop(self, reason: str) -> None:
        if self.stop_reason is None and self._verbose:
            print(f"The search ends early: {reason}.")  # noqa: T201
        self.stop_reason = reason


class CSVLoggerCallback(Callback):
    """Appends every gathered job to a CSV file of its own, whoever drives the evaluator.

    Args:
        path: the file; an older one of that name is kept under another name.
    """

    def __init__(self, path: str | os.PathLike[str]):
        self._path = path
        self.on_start(None)

    def on_start(self, max_evals: int | None) -> None:
        self._journal = Journal(self._path)
        self._origin: float | None = None
        self._n_objectives: int | None = None

    def on_gather(self, jobs: Sequence[Job]) -> None:
        jobs = [job for job in jobs if job.status in (JobStatus.DONE, JobStatus.CANCELLED)]
        if self._origin is None:
            self._origin = min((job.timestamp_submit for job in jobs if job.timestamp_submit is not None), default=0.0)
        for job in jobs:
            if self._n_objectives is None and job.objective is not None and not is_failure(job.objective):
                self._n_objectives = n_objectives_of(job.objective)
        rows = [flat_row(job, list(job.parameters), self._n_objectives, self._origin) for job in jobs]
        if not self._journal.append(rows):
            self._journal.rewrite(rows, list(rows[0]))
