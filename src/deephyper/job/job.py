"""One evaluation as its manager sees it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, final

from ..worker import Observations
from .outcome import Objective, Outcome, is_failure


class JobStatus(Enum):
    """Where an evaluation stands."""

    READY = "READY"
    RUNNING = "RUNNING"
    DONE = "DONE"
    CANCELLING = "CANCELLING"
    CANCELLED = "CANCELLED"


@final
class Job:
    """One evaluation as its manager sees it. Times are seconds of the evaluator's clock.

    Args:
        job_id: its number within the search, in order of submission.
        parameters: the configuration, active hyperparameters only.
        search_id: the search that it belongs to.
        metadata: what is already known of it; keys that begin with "_" stay out of the table.
        timestamp_submit: when it was submitted.
    """

    def __init__(
        self,
        job_id: int,
        parameters: Mapping[str, Any],
        search_id: str = "",
        metadata: Mapping[str, Any] | None = None,
        timestamp_submit: float | None = None,
    ):
        self.id = job_id
        self.parameters = dict(parameters)
        self.search_id = search_id
        self.metadata: dict[str, Any] = dict(metadata or {})
        self.status = JobStatus.READY
        self.objective: Objective | None = None
        self.crashed = False
        self.observations: Observations = []
        self.n_retries = 0
        self.timestamp_submit = timestamp_submit
        self.timestamp_start: float | None = None
        self.timestamp_end: float | None = None
        self.timestamp_gather: float | None = None

    @property
    def is_failure(self) -> bool:
        """True once the evaluation has ended without an objective to learn from."""
        return is_failure(self.objective)

    @property
    def output(self) -> dict[str, Any]:
        """Objective and metadata as the run-function could have returned them."""
        return {"objective": self.objective, "metadata": self.metadata}

    @property
    def duration(self) -> float | None:
        """Seconds inside the run-function, None while unknown."""
        if self.timestamp_start is None or self.timestamp_end is None:
            return None
        return self.timestamp_end - self.timestamp_start

    def launch(self, now: float) -> None:
        """Mark it as handed to a worker; it counts as started until the worker tells its own time."""
        self.status = JobStatus.RUNNING
        self.timestamp_start = now
        self.observations = []

    def retry(self) -> None:
        """Mark it as waiting for another worker, since the one that it had was lost."""
        self.status, self.timestamp_start = JobStatus.READY, None
        self.n_retries += 1

    def finish(
        self, outcome: Outcome, start: float | None, end: float, gather: float, observations: Observations | None = None
    ) -> None:
        """Take in the outcome and the times of an evaluation that ended, other than by being given up.

        Args:
            outcome: its objective or its failure.
            start: when the run-function began; None if its worker could not tell.
            end: when it ended.
            gather: when the manager came to know.
            observations: all that it recorded; None if its worker could not tell, then what had come through counts.
        """
        self.status = JobStatus.DONE
        self.objective = outcome.objective
        self.metadata.update(outcome.metadata)
        self.crashed = outcome.crashed
        if observations is not None:
            self.observations = observations
        self.timestamp_start = self.timestamp_start if start is None else start
        self.timestamp_end, self.timestamp_gather = end, gather

    def cancel(self, now: float) -> None:
        """Mark it as given up at a time; it has no objective."""
        self.status = JobStatus.CANCELLED
        self.timestamp_end = self.timestamp_gather = now

    def record(self) -> dict[str, Any]:
        """Plain data for a store; observations only if there are any."""
        # A list less for every job that a store keeps: the garbage collector visits each of them.
        observations = {"observations": self.observations} if self.observations else {}
        return {
            "job_id": self.id,
            "parameters": self.parameters,
            "status": self.status.value,
            "objective": self.objective,
            "metadata": self.metadata,
            **observations,
            "timestamp_submit": self.timestamp_submit,
            "timestamp_start": self.timestamp_start,
            "timestamp_end": self.timestamp_end,
            "timestamp_gather": self.timestamp_gather,
        }

    @classmethod
    def from_record(cls, record: Mapping[str, Any], search_id: str) -> Job:
        """Rebuild a job from a store's plain data."""
        job = cls(record["job_id"], record["parameters"], search_id, record["metadata"], record["timestamp_submit"])
        objective = record["objective"]
        job.status = JobStatus(record["status"])
        job.objective = tuple(objective) if isinstance(objective, list) else objective
        job.observations = [(budget, value) for budget, value in record.get("observations", ())]
        job.timestamp_start = record["timestamp_start"]
        job.timestamp_end = record["timestamp_end"]
        job.timestamp_gather = record["timestamp_gather"]
        return job

    def __repr__(self) -> str:
        return f"Job(id={self.id}, status={self.status.value}, objective={self.objective!r}, parameters={self.parameters!r})"


HPOJob = Job
