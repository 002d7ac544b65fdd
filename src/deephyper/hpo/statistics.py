"""Measures how a search uses its workers and its own time."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import final

from ..callback import Callback
from ..evaluator import Evaluator
from ..job import Job

# If at least this many evaluations, and two for each worker, have all crashed, the run-function is broken.
_FEWEST_CRASHES = 10


@dataclass(frozen=True)
class Statistics:
    """How one call of `search` has used its workers and its own time, in seconds of the evaluator's clock.

    Args:
        n_workers: how many workers there were.
        n_evaluations: how many evaluations have ended or were cancelled.
        utilization: the time inside evaluations, divided by the number of workers and by the time from the first start
            to the last end; NaN without evaluations.
        n_prepared: how many suggestions were made while evaluations ran.
        n_fresh: for how many suggestions a worker waited.
        ask_s: seconds spent on suggestions for which workers waited, and on taking over prepared ones.
        tell_s: seconds spent on learning and on writing rows.
        wait_s: seconds spent on waiting for evaluations.
        wall_s: seconds that the whole call took.
        source: what became of the tables of earlier searches; None if there were none.
        n_cheaper: how many suggestions were made with less computing than usual, since workers would have waited.
    """

    n_workers: int
    n_evaluations: int
    utilization: float
    n_prepared: int
    n_fresh: int
    ask_s: float
    tell_s: float
    wait_s: float
    wall_s: float
    source: object | None = None
    n_cheaper: int = 0

    def __str__(self) -> str:
        source = "" if self.source is None else f"; {self.source}"
        cheaper = f", {self.n_cheaper} of them made cheaper" if self.n_cheaper else ""
        return (
            f"utilization {self.utilization:.3f} of {self.n_workers} workers, {self.n_evaluations} evaluations; "
            f"suggestions: {self.n_prepared} prepared, {self.n_fresh} fresh{cheaper}; "
            f"{self.ask_s:.2f} s in ask, {self.tell_s:.2f} s in tell, {self.wait_s:.2f} s waiting, "
            f"of {self.wall_s:.2f} s{source}"
        )


@final
class Tally(Callback):
    """Collects the statistics of one call of `search`.

    Args:
        evaluator: the evaluator whose clock is read.
    """

    def __init__(self, evaluator: Evaluator):
        self._n_workers, self._now = evaluator.num_workers, evaluator.clock.now
        self._begin = self._now()
        self._seconds = {"ask": 0.0, "tell": 0.0, "wait": 0.0}
        self._n_evaluations = self._n_prepared = self._n_fresh = self._n_cheaper = 0
        self._busy_s, self._first_start, self._last_end = 0.0, math.inf, -math.inf

    @contextmanager
    def spent_on(self, what: str) -> Iterator[None]:
        """Add the time of the context to that spent on "ask", "tell" or "wait"."""
        begin = self._now()
        try:
            yield
        finally:
            self._seconds[what] += self._now() - begin

    def note_suggestions(self, n_prepared: int, n_fresh: int, n_cheaper: int = 0) -> None:
        """Count suggestions that were prepared, those that a worker waited for, and which of both were made cheaper."""
        self._n_prepared += n_prepared
        self._n_cheaper += n_cheaper
        self._n_fresh += n_fresh

    def on_gather(self, local_jobs: Sequence[Job], other_jobs: Sequence[Job]) -> None:
        self._n_evaluations += len(local_jobs)
        for job in local_jobs:
            if job.timestamp_start is not None and job.timestamp_end is not None:
                self._busy_s += job.timestamp_end - job.timestamp_start
                self._first_start = min(self._first_start, job.timestamp_start)
                self._last_end = max(self._last_end, job.timestamp_end)

    def statistics(self, source: object | None) -> Statistics:
        """Return the statistics up to now.

        Args:
            source: what became of the tables of earlier searches; None if there were none.
        """
        span = self._last_end - self._first_start
        return Statistics(
            n_workers=self._n_workers,
            n_evaluations=self._n_evaluations,
            utilization=self._busy_s / (self._n_workers * span) if span > 0 else math.nan,
            n_prepared=self._n_prepared,
            n_fresh=self._n_fresh,
            n_cheaper=self._n_cheaper,
            wall_s=self._now() - self._begin,
            source=source,
            **{f"{what}_s": spent for what, spent in self._seconds.items()},
        )


@final
class Crashes(Callback):
    """Counts evaluations that ended without an objective and not on purpose, over all calls of `search`.

    These raised, lost their worker, or returned something else than an objective or the reason of a failure.
    """

    def __init__(self) -> None:
        self.n_finished = self._n_crashed = self._n_mistaken = 0
        self._first = ""

    def on_done(self, job: Job) -> None:
        self.n_finished += 1
        self._n_crashed += job.crashed
        self._n_mistaken += bool(job.mistake)
        if not self._first and (job.crashed or job.mistake):
            returned = f"it returned {job.mistake}"
            self._first = str(job.metadata.get("traceback", job.objective)) if job.crashed else returned

    def are_all(self, n_workers: int) -> bool:
        """Whether all evaluations have ended so, and there were enough of them to blame the run-function."""
        n_ended_so = self._n_crashed + self._n_mistaken
        return self.n_finished == n_ended_so >= max(_FEWEST_CRASHES, 2 * n_workers)

    def __str__(self) -> str:
        how = "all raised, lost their worker or returned no objective"
        if not self._n_mistaken:
            how = "all raised or lost their worker"
        elif not self._n_crashed:
            how = "all returned no objective"
        return f"the first {self.n_finished} evaluations {how}. The first one: {self._first}"
