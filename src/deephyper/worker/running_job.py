"""The object that a run-function receives."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, final

from .channel import Channel
from .in_step import InStep
from .status import JobStatus

Observations = list[tuple[float, float]]
"""Pairs of budget and value that a run-function recorded while it ran."""

_NO_PARTS = (
    "RunningJob: storage and stopper must be None: a job keeps by itself what it records (job.observations), and "
    "stoppers are not built yet; write RunningJob(parameters={'x': 1.0})."
)


@final
class RunningJob(InStep):
    """What a run-function receives: a dictionary of its parameters.

    Iteration gives the parameters only, so `**job` and `json.dumps(job)` work. `job["job_id"]` works too, although it
    is not among the keys. `job.parameters` is a plain dictionary of the same: a change of either of the two is seen in
    both. It changes neither the table nor what the search learns.

    Made by hand, it tries a run-function without a search: `run(RunningJob(parameters={"x": 1.0}))`. Such a job keeps
    what is recorded, and is never stopped.

    Args:
        id: number of the job in the search.
        parameters: the configuration.
        storage: must be None: a job keeps by itself what it records.
        stopper: must be None: stoppers are not built yet.
        channel: reports to the manager; without one, recorded values arrive only with the result.
        resources: what is lent to this evaluation, by name.

    Example:
        >>> job = RunningJob(parameters={"x": 1.0})
        >>> job.record(budget=1, objective=2.5)
        >>> job["x"], job["job_id"], job.objective, job.stopped(), job.status.name
        (1.0, 0, 2.5, False, 'RUNNING')
    """

    storage = stopper = None

    def __init__(
        self,
        id: int | str | None = None,  # noqa: A002  # the name that scripts write
        parameters: Mapping[str, Any] | None = None,
        storage: None = None,
        stopper: None = None,
        *,
        channel: Channel | None = None,
        resources: Mapping[str, Any] | None = None,
    ):
        if storage is not None or stopper is not None:
            raise ValueError(_NO_PARTS)
        # A worker makes one for every evaluation, so that the usual types are looked for first.
        if type(id) is not int or type(parameters) is not dict:
            _check(id, parameters)
        super().__init__(parameters or {})
        self.id = 0 if id is None else id
        self.resources = dict(resources or {})
        self.observations: Observations = []
        self._channel = channel

    def __getitem__(self, name: str) -> Any:
        try:
            return self._plain[name]
        except KeyError:
            return self.__missing__(name)

    def __missing__(self, key: str) -> Any:
        if key == "job_id":
            return self._number
        raise KeyError(
            f"{key!r} is no parameter of this job, which has {self._names}; an inactive one is absent, and then "
            f"job.get({key!r}) is None"
        )

    def __setitem__(self, name: str, value: Any) -> None:
        if name == "job_id":
            raise KeyError("job: the number of a job cannot be changed; use another name than 'job_id'.")
        super().__setitem__(name, value)

    def get(self, key: str, default: Any = None) -> Any:
        """Give a parameter, or the default if there is none of this name; "job_id" is known as well."""
        return self._plain.get(key, self._number if key == "job_id" else default)

    @property
    def _number(self) -> int | str:
        # Older scripts make jobs by hand with ids like "0.3": search 0, job 3.
        text = self.id.rpartition(".")[2] if isinstance(self.id, str) else ""
        return int(text) if text.isdecimal() else self.id

    @property
    def _names(self) -> str:
        return ", ".join(map(repr, self)) or "none"

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            if name.startswith("_"):
                raise AttributeError(name)
            if name in self:
                hint = f"read it as job[{name!r}]"
            elif name.startswith("suggest"):
                hint = "declare it, problem.add_hyperparameter((0.0, 1.0), 'x'), and read it as job['x']"
            else:
                hint = f"its parameters are read as job['x'], and it has {self._names}"
            raise AttributeError(f"job: there is no attribute {name!r}; {hint}.", name=name, obj=self)

    def __reduce__(self) -> tuple[Any, ...]:
        # A copy in another process must not use the channel, which belongs to this process.
        make = partial(type(self), resources=self.resources)
        return make, (self.id, self._plain), {"observations": self.observations}

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

        A process is killed at the deadline of the search, and a coroutine is cancelled. A thread cannot be ended from
        outside: after a timeout or a deadline a run-function in a thread keeps its core, unless it calls this method
        now and then and returns. A plain function of method "serial" runs in the thread that called the search, which
        waits for it also after the deadline. This is true from the deadline on, and what the function then returns is
        kept.
        """
        return self._channel is not None and self._channel.stopped()

    @property
    def status(self) -> JobStatus:
        """RUNNING, or CANCELLING once `stopped` is true."""
        return JobStatus.CANCELLING if self.stopped() else JobStatus.RUNNING


def _check(number: object, parameters: object) -> None:
    how = "to try a run-function write run(RunningJob(parameters={'x': 1.0}))."
    if parameters is not None and not isinstance(parameters, Mapping):
        raise TypeError(f"RunningJob: parameters must be a mapping, got {parameters!r}; {how}")
    if number is not None and not isinstance(number, (int, str)):
        raise TypeError(f"RunningJob: id must be a number or a text, got {number!r}; {how}")
