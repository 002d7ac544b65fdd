"""How a search has used its workers and its own time."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import final

from ..evaluator import Evaluator
from ..job import Job
from ..transfer import SourceReport


@dataclass(frozen=True)
class Statistics:
    """How one call of `search` has used its workers and its own time, in seconds of the evaluator's clock.

    Args:
        n_workers: how many workers there were.
        n_evaluations: how many evaluations have ended or were cancelled.
        utilization: time inside evaluations over workers x (first start to last end); NaN without evaluations.
        n_prepared: suggestions that were made while evaluations ran.
        n_fresh: suggestions that a worker waited for.
        ask_s: spent on suggestions that workers waited for, and on taking over prepared ones.
        tell_s: spent on learning and writing rows.
        wait_s: spent on waiting for evaluations.
        wall_s: the whole call.
        source: what has become of earlier searches' tables; None where there were none.
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
    source: SourceReport | None = None

    def __str__(self) -> str:
        source = "" if self.source is None else f"; {self.source}"
        return (
            f"utilization {self.utilization:.3f} of {self.n_workers} workers, {self.n_evaluations} evaluations; "
            f"suggestions: {self.n_prepared} prepared, {self.n_fresh} fresh; "
            f"{self.ask_s:.2f} s in ask, {self.tell_s:.2f} s in tell, {self.wait_s:.2f} s waiting, of {self.wall_s:.2f} s{source}"
        )


@final
class Tally:
    """Counts while a search runs.

    Args:
        evaluator: whose clock is read.
    """

    def __init__(self, evaluator: Evaluator):
        self._evaluator = evaluator
        self._begin = evaluator.now()
        self._seconds = {"ask": 0.0, "tell": 0.0, "wait": 0.0}
        self._n_evaluations = self._n_prepared = self._n_fresh = 0
        self._busy_s, self._first_start, self._last_end = 0.0, math.inf, -math.inf

    @contextmanager
    def spent_on(self, what: str) -> Iterator[None]:
        """Count the time of the context as "ask", "tell" or "wait"."""
        begin = self._evaluator.now()
        try:
            yield
        finally:
            self._seconds[what] += self._evaluator.now() - begin

    def note_suggestions(self, n_prepared: int, n_fresh: int) -> None:
        """Count suggestions."""
        self._n_prepared += n_prepared
        self._n_fresh += n_fresh

    def note_jobs(self, jobs: Sequence[Job]) -> None:
        """Count evaluations that have ended or were cancelled."""
        self._n_evaluations += len(jobs)
        for job in jobs:
            if job.timestamp_start is not None and job.timestamp_end is not None:
                self._busy_s += job.timestamp_end - job.timestamp_start
                self._first_start = min(self._first_start, job.timestamp_start)
                self._last_end = max(self._last_end, job.timestamp_end)

    def statistics(self) -> Statistics:
        """What was counted up to now."""
        n_workers = self._evaluator.num_workers
        span = self._last_end - self._first_start
        return Statistics(
            n_workers=n_workers,
            n_evaluations=self._n_evaluations,
            utilization=self._busy_s / (n_workers * span) if span > 0 else math.nan,
            n_prepared=self._n_prepared,
            n_fresh=self._n_fresh,
            ask_s=self._seconds["ask"],
            tell_s=self._seconds["tell"],
            wait_s=self._seconds["wait"],
            wall_s=self._evaluator.now() - self._begin,
        )
