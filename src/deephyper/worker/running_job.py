"""The object that a run-function receives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, final

from .channel import Channel

Observations = list[tuple[float, float]]
"""Pairs of budget and value that a run-function recorded while it ran."""


@final
class RunningJob(dict[str, Any]):
    """What a run-function receives: a dictionary of its parameters.

    Iteration gives the parameters only, so `**job` and `json.dumps(job)` work. `job["job_id"]` works too, although it
    is not among the keys.

    Args:
        job_id: number of the job in the search.
        parameters: the configuration.
        channel: reports to the manager; without one, recorded values arrive only with the result.
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
        raise KeyError(
            f"{key!r} is no parameter of this job, which has {self._names}; an inactive one is absent, and then "
            f"job.get({key!r}) is None"
        )

    @property
    def _names(self) -> str:
        return ", ".join(map(repr, self)) or "none"

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            if name in self:
                hint = f"read it as job[{name!r}]"
            elif name.startswith("suggest"):
                hint = "declare it, problem.add_hyperparameter((0.0, 1.0), 'x'), and read it as job['x']"
            else:
                hint = f"its parameters are read as job['x'], and it has {self._names}"
            raise AttributeError(f"job: there is no attribute {name!r}; {hint}.", name=name, obj=self)

    def __reduce__(self) -> tuple[Any, ...]:
        # A copy in another process must not use the channel, which belongs to this process.
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
        """Record an intermediate value; it is kept even if the evaluation is killed later.

        Args:
            budget: what had been spent when the value was measured, for example a number of epochs.
            objective: the value; higher is better.
        """
        observation = (float(budget), float(objective))
        self.observations.append(observation)
        if self._channel is not None:
            self._channel.record(*observation)

    def stopped(self) -> bool:
        """Whether the evaluation should end early, because nobody waits for its result any more.

        A thread cannot be ended from outside. A run-function in a thread therefore keeps its core after a timeout or a
        deadline, unless it calls this method now and then and returns.
        """
        return self._channel is not None and self._channel.stopped()
