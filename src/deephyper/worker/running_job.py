"""The object that a run-function receives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from functools import partial, wraps
from typing import TYPE_CHECKING, Any, final

from .channel import Channel

Observations = list[tuple[float, float]]
"""Pairs of budget and value that a run-function recorded while it ran."""

# What cannot be changed in place.
_LIGHT = frozenset((float, int, str, bool, type(None)))
# What the copy of an empty job holds.
_SOMETHING = {"": None}


class JobStatus(Enum):
    """Where an evaluation stands. A run-function sees RUNNING, or CANCELLING once nobody waits for its result."""

    READY = "READY"
    RUNNING = "RUNNING"
    DONE = "DONE"
    CANCELLING = "CANCELLING"
    CANCELLED = "CANCELLED"


@final
class RunningJob(dict[str, Any]):
    """What a run-function receives: a dictionary of its parameters.

    Iteration gives the parameters only, so `**job` and `json.dumps(job)` work. `job["job_id"]` works too, although it
    is not among the keys. A change of the job is seen in `job.parameters`, and the other way round; it changes neither
    the table nor what the search learns.

    Made by hand, it tries a run-function: `run(RunningJob(parameters={"x": 1.0}))`. Such a job is never stopped.

    Args:
        id: number of the job in the search.
        parameters: the configuration.
        storage: must be None, since a job keeps by itself what it records.
        stopper: must be None, since stoppers are not built yet.
        channel: reports to the manager; without one, recorded values arrive only with the result.
        resources: what is lent to this evaluation, by name.
    """

    # All methods work on a plain dictionary. Code in C that looks into a dictionary without asking its methods, such as
    # the test for emptiness of `json.dumps`, finds a copy, which is never empty: nobody tells when the plain one grows.

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
        # The usual types come first, since a worker makes one for every evaluation.
        if type(id) is not int or type(parameters) is not dict or storage is not None or stopper is not None:
            _check(id, parameters, (storage, stopper))
        self._plain = plain = dict(parameters or {})
        if not _LIGHT.issuperset(map(type, plain.values())):
            self._plain = plain = {name: _own(value) for name, value in plain.items()}
        super().__init__(plain or _SOMETHING)
        self.id = 0 if id is None else id
        self.resources = dict(resources or {})
        self.observations: Observations = []
        self._channel = channel

    @property
    def parameters(self) -> dict[str, Any]:
        """The configuration as a plain dictionary."""
        return self._plain

    @parameters.setter
    def parameters(self, parameters: Mapping[str, Any]) -> None:
        self._plain = dict(parameters)
        self.settle()

    def settle(self) -> None:
        """Bring the copy up to date, which other code may have got hold of."""
        dict.clear(self)
        dict.update(self, self._plain or _SOMETHING)

    def __getitem__(self, key: str) -> Any:
        if key in self._plain:
            return self._plain[key]
        if key == "job_id":
            return self._number
        raise KeyError(
            f"{key!r} is no parameter of this job, which has {self._names}; an inactive one is absent, and then "
            f"job.get({key!r}) is None"
        )

    def __setitem__(self, key: str, value: Any) -> None:
        if key == "job_id":
            raise KeyError("the number of a job cannot be changed; use another name than 'job_id'.")
        self._plain[key] = value
        super().__setitem__(key, value)

    def __eq__(self, other: object) -> bool:
        return self._plain == other

    def __ne__(self, other: object) -> bool:
        return self._plain != other

    def get(self, key: str, default: Any = None) -> Any:
        return self._plain.get(key, self._number if key == "job_id" else default)

    @property
    def _number(self) -> int | str:
        # Older scripts make jobs by hand with ids like "0.3": search 0, job 3.
        text = str(self.id).rpartition(".")[2]
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

        A thread cannot be ended from outside. A run-function in a thread therefore keeps its core after a timeout or a
        deadline, unless it calls this method now and then and returns. The search waits for one in its own thread
        (method "serial") also after the deadline, and keeps what it returns then.
        """
        return self._channel is not None and self._channel.stopped()

    @property
    def status(self) -> JobStatus:
        """RUNNING, or CANCELLING once `stopped` is true."""
        return JobStatus.CANCELLING if self.stopped() else JobStatus.RUNNING


def _check(number: object, parameters: object, others: tuple[object, object]) -> None:
    is_mapping = type(parameters) is dict or isinstance(parameters, (Mapping, type(None)))
    if not is_mapping or not isinstance(number, (int, str, type(None))) or others != (None, None):
        raise TypeError(
            "RunningJob: it takes a number or text as id, a mapping as parameters, and None as storage and stopper "
            f"(which is not built yet), got {number!r}, {parameters!r} and {others!r}; write "
            "run(RunningJob(parameters={'x': 1.0})) to try a run-function."
        )


def _own(value: Any) -> Any:
    """Copy what a run-function could change in place, such as a list among the choices of a hyperparameter."""
    if type(value) in (list, set):
        return type(value)(map(_own, value))
    return {key: _own(item) for key, item in value.items()} if type(value) is dict else value


def _of_plain(method: Callable[..., Any], changes: bool) -> Any:
    """The method of a dictionary, on the plain one of a job."""

    @wraps(method)
    def call(self: RunningJob, *others: Any, **items: Any) -> Any:
        plain = self.parameters
        result = method(plain, *others, **items)
        if changes:
            self.settle()
        return self if result is plain else result

    return call


_READING = "__contains__ __iter__ __reversed__ __len__ __repr__ __or__ __ror__ copy items keys values"
_CHANGING = "__delitem__ __ior__ clear pop popitem setdefault update"
for _names, _changes in ((_READING, False), (_CHANGING, True)):
    for _name in _names.split():
        setattr(RunningJob, _name, _of_plain(getattr(dict, _name), _changes))
