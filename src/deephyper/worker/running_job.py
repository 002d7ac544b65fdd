"""One evaluation as its run-function sees it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, final

Observations = list[tuple[float, float]]
"""Pairs of budget and value that a run-function recorded on the way."""


class Channel(Protocol):
    """How a running evaluation speaks to its manager."""

    def record(self, budget: float, objective: float) -> None:
        """Report an intermediate value."""

    def stopped(self) -> bool:
        """Ask whether the evaluation should end early."""


@final
class RunningJob(dict[str, Any]):
    """What a run-function receives: a dictionary of its parameters.

    It iterates over the parameters only, so `**job` and `json.dumps(job)` work; `job["job_id"]` is served all the same.

    Args:
        job_id: the evaluation's number within the search.
        parameters: the configuration.
        channel: the way to the manager; without one, what is recorded travels with the result.
        resources: what is lent to this evaluation, by name.
    """

    def __init__(
        self,
        job_id: int,
        parameters: Mapping[str, Any],
        channel: Channel | None = None,
        resources: Mapping[str, Any] | None = None,
    ):
        super().__init__(parameters)
        self.id = job_id
        self.resources = dict(resources or {})
        self.observations: Observations = []
        self._channel = channel

    def __missing__(self, key: str) -> Any:
        if key == "job_id":
            return self.id
        raise KeyError(key)

    def __reduce__(self) -> tuple[Any, ...]:
        # The way to the manager belongs to this process.
        return type(self), (self.id, dict(self), None, self.resources), {"observations": self.observations}

    @property
    def parameters(self) -> dict[str, Any]:
        """The configuration as a plain dictionary."""
        return dict(self)

    @property
    def objective(self) -> float | None:
        """The value recorded last, None before the first one."""
        return self.observations[-1][1] if self.observations else None

    def record(self, budget: float, objective: float) -> None:
        """Note an intermediate value; what was recorded stays in the job also when the evaluation is killed later.

        Args:
            budget: what had been spent when the value was seen, for example the number of epochs.
            objective: the value, higher is better.
        """
        observation = (float(budget), float(objective))
        self.observations.append(observation)
        if self._channel is not None:
            self._channel.record(*observation)

    def stopped(self) -> bool:
        """True when the evaluation should end early: nobody waits for its result any more.

        A thread cannot be ended from outside, so a run-function in threads that looks here now and then is what frees its core
        after a timeout or a deadline.
        """
        return self._channel is not None and self._channel.stopped()
