"""How a job is finished from the future of its evaluation."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import BrokenExecutor, CancelledError
from typing import final

from ..backend import LimitExceeded
from ..job import Job, Objectives, Outcome
from ..storage import Seat
from ..worker import HOST, Report
from .in_flight import Landing

logger = logging.getLogger(__name__)


@final
class HostClocks:
    """Converts times on the clocks of other hosts to seconds since the search began.

    Each host has one offset. A report says when an evaluation ended, on its host's clock, and is received some time
    later. The smallest difference seen so far is the best estimate of the offset, since its delay was the shortest.
    """

    def __init__(self) -> None:
        self._offsets: dict[str, float] = {}

    def placed(self, report: Report, launched: float, received: float) -> tuple[float, float]:
        """Convert the start and end of an evaluation on another host; both lie between its launch and its receipt.

        Args:
            report: how it ended, with times on its host's clock.
            launched: when it was handed over, in seconds since the search began.
            received: when its report arrived, in seconds since the search began.
        """
        offset = min(received - report.end, self._offsets.get(report.host, received - report.end))
        self._offsets[report.host] = offset
        start = min(max(report.start + offset, launched), received)
        return start, min(max(report.end + offset, start), received)


@final
class Reports:
    """Finishes jobs whose evaluation has returned, raised, been killed, or lost its worker.

    Args:
        max_retries: how often an evaluation is tried again if its worker was lost.
    """

    def __init__(self, max_retries: int = 0) -> None:
        self._max_retries = max_retries
        self._has_mistake = False
        self._untold: tuple[int, str] | None = None
        self.begin(Objectives())

    def begin(self, objectives: Objectives) -> None:
        """Start on the evaluations of a search.

        Args:
            objectives: what is known about the number of its objectives.
        """
        self._objectives, self._clocks = objectives, HostClocks()

    def learn_from(self, others: Sequence[Job]) -> None:
        """Learn from jobs of other members how many objectives the search has."""
        self._objectives = self._objectives.learned_from(job.objective for job in others)

    def take_mistake(self) -> tuple[int, str] | None:
        """Return, only once, the first job that returned no objective by mistake, and what it returned, in words."""
        untold, self._untold = self._untold, None
        return untold

    def is_final(self, landing: Landing, seat: Seat) -> bool:
        """Finish a job that no worker holds any more; False if it lost its worker and is to be tried again."""
        job, received = landing.job, seat.time
        outcome, report = self._understood(landing)
        if outcome.is_lost and job.n_retries < self._max_retries:
            logger.warning("job %s lost its worker and is tried again: %s", job.id, outcome.metadata.get("traceback"))
            job.retry()
            return False
        if outcome.mistake and not self._has_mistake:
            self._has_mistake, self._untold = True, (job.id, outcome.mistake)
        if outcome.crashed:
            reason = outcome.metadata.get("traceback", outcome.objective)
            logger.warning("job %s failed on %s: %s", job.id, job.parameters, reason)
        self._objectives = self._objectives.learned_from([outcome.objective])
        if self._max_retries:
            job.metadata["retries"] = job.n_retries
        start, end = self._times(landing, report, received, seat)
        job.finish(outcome, start, end, seat.time, None if report is None else report.observations)
        return True

    def _understood(self, landing: Landing) -> tuple[Outcome, Report | None]:
        """The outcome of an evaluation, and its worker's report if there is one."""
        future = landing.future
        error = CancelledError("its executor has cancelled it") if future.cancelled() else future.exception()
        if error is not None:
            return _outcome_of(error), None
        # A backend of the user's own may have left it packed.
        report = future.result().unpacked()
        if report.error:
            return Outcome.raised(report.error, report.traceback), report
        return Outcome.parse(report.returned, self._objectives), report

    def _times(
        self, landing: Landing, report: Report | None, received: float, seat: Seat
    ) -> tuple[float | None, float]:
        """Start and end of an evaluation, in seconds since the search began."""
        if report is None:
            return (None if landing.begun is None else seat.time_of(landing.begun)), received
        if report.host == HOST:
            return seat.time_of(report.start), seat.time_of(report.end)
        launched = landing.job.timestamp_start
        return self._clocks.placed(report, received if launched is None else launched, received)


def _outcome_of(error: BaseException) -> Outcome:
    """The failure of an evaluation that came back with an error instead of a report."""
    text = f"{type(error).__name__}: {error}"
    if isinstance(error, LimitExceeded):
        return Outcome.killed(error.limit, str(error), **error.found)
    if isinstance(error, (BrokenExecutor, CancelledError)):
        return Outcome.worker_died(text)
    # The task or its result could not be pickled.
    return Outcome.raised(type(error).__name__, text)
