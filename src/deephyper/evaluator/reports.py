"""From a future that has ended to what is known of its evaluation."""

from __future__ import annotations

from concurrent.futures import BrokenExecutor, CancelledError, Future
from typing import NamedTuple, final

from ..job import Observations, Outcome
from ..worker import HOST, Report
from .limits import LimitExceeded


class Ended(NamedTuple):
    """An evaluation that has ended, on the manager's clock.

    Args:
        outcome: its objective or its failure.
        start: when the run-function began, seconds; None if its worker could not tell.
        end: when it ended.
        observations: what it recorded on the way, None if its worker could not tell.
    """

    outcome: Outcome
    start: float | None
    end: float
    observations: Observations | None


@final
class HostClocks:
    """Moves the times of other hosts to this one's clock, by one offset per host that its first report fixes."""

    def __init__(self) -> None:
        self._offsets: dict[str, float] = {HOST: 0.0}

    def placed(self, report: Report, received: float) -> tuple[float, float]:
        """Start and end of an evaluation whose report came in at `received`, all in seconds."""
        offset = self._offsets.setdefault(report.host, received - report.end)
        return report.start + offset, report.end + offset


def understand(future: Future[Report], received: float, clocks: HostClocks, n_objectives: int | None) -> Ended:
    """Understand how an evaluation ended: by returning, by raising, by being killed, or with its worker."""
    error = CancelledError("its executor has cancelled it") if future.cancelled() else future.exception()
    text = f"{type(error).__name__}: {error}"
    if isinstance(error, LimitExceeded):
        return Ended(Outcome.killed(error.limit, str(error)), None, received, None)
    if isinstance(error, (BrokenExecutor, CancelledError)):
        return Ended(Outcome.worker_died(text), None, received, None)
    if error is not None:
        # Something of it could not travel.
        return Ended(Outcome.raised(type(error).__name__, text), None, received, None)
    report = future.result()
    start, end = clocks.placed(report, received)
    if report.error:
        return Ended(Outcome.raised(report.error, report.traceback), start, end, report.observations)
    return Ended(Outcome.parse(report.returned, n_objectives), start, end, report.observations)
