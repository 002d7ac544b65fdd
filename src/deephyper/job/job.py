"""One evaluation as its manager sees it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn, final

from .._cells import plain
from .._checks import explained
from ..worker import JobStatus, Observations
from .columns import METADATA, PARAMETER, TIMES, Row
from .kept import check_record
from .objectives import Objectives
from .outcome import Objective, Outcome, is_failure, is_lost

Read = Callable[[Mapping[str, Any]], dict[str, Any]]
"""Makes a configuration that went through JSON again what it was, with the user's own objects: `Space.read`."""


@final
class Metadata(dict[str, Any]):
    """What is known of a job beside its objective.

    `metadata["timestamp_end"]` and the other times of the job are served too, although they are not among the keys,
    since they have columns of their own in a table.
    """

    __slots__ = ("times",)
    times: dict[str, float | None]

    def get(self, key: str, default: Any = None) -> Any:
        return super().get(key, default) if self.times.get(key) is None else self.times[key]

    def __getitem__(self, key: str) -> Any:
        return super().__getitem__(key) if self.times.get(key) is None else self.times[key]

    def __contains__(self, key: object) -> bool:
        return super().__contains__(key) or self.times.get(str(key)) is not None


def _elsewhere(job: Job) -> NoReturn:
    raise AttributeError(
        "Job: it has parameters, objective, output, metadata, status and id; the rest is the evaluator's, such as "
        "evaluator.run_function, and what the run-function returns is taken as it is."
    )


@final
class Job:
    """One evaluation as its manager sees it. Its times are seconds since the search began, None while unknown.

    `parameters, objective = job` works too, and so do earlier names: `args` and `config` are the parameters, `result`
    the objective.

    Args:
        job_id: its number within the search, in order of submission.
        parameters: the configuration, active hyperparameters only.
        search_id: the search that it belongs to.
        metadata: what is known before it runs; keys that begin with "_" stay out of the table.
        timestamp_submit: when it was submitted.
        outcome: what came of it, if it has ended already.
    """

    @explained("evaluator.submit([{'x': 1.0}]), or run(RunningJob(parameters={'x': 1.0})) to try a run-function")
    def __init__(
        self,
        job_id: int,
        parameters: Mapping[str, Any],
        search_id: str = "",
        metadata: Mapping[str, Any] | None = None,
        timestamp_submit: float | None = None,
        outcome: Outcome | None = None,
    ):
        self.id = job_id
        self.parameters = dict(parameters)
        self.search_id = search_id
        self._metadata = Metadata(metadata or {})
        self.timestamp_submit = timestamp_submit
        self.timestamp_start: float | None = None
        self.timestamp_end: float | None = None
        self.timestamp_gather: float | None = None
        self.status = JobStatus.READY
        self._outcome = outcome
        self.observations: Observations = []
        self.n_retries = 0

    @property
    def metadata(self) -> dict[str, Any]:
        """What is known beside the objective, by name. Keys that begin with "_" stay out of the table."""
        self._metadata.times = {name: getattr(self, name) for name in TIMES}
        return self._metadata

    @metadata.setter
    def metadata(self, metadata: Mapping[str, Any]) -> None:
        self._metadata = Metadata(metadata)

    args = config = property(lambda job: job.parameters, doc="Earlier names of `parameters`.")
    result = property(lambda job: job.objective, doc="Earlier name of `objective`.")

    def __getitem__(self, index: int) -> Any:
        if isinstance(index, str):
            raise TypeError(f"Job: it is a pair of parameters and objective; write job.parameters[{index!r}].")
        return (dict(self.parameters), self.objective)[index]

    # No `__getattr__`, which would make every attribute slower.
    run_function = storage = context = rank = property(_elsewhere)
    set_output = create_running_job = standardize_output = property(_elsewhere)

    @property
    def objective(self) -> Objective | None:
        """What the evaluation returned: higher is better, a text is a failure; None if it runs or was cancelled."""
        return None if self._outcome is None else self._outcome.objective

    @property
    def crashed(self) -> bool:
        """True if the run-function raised, or its worker died or was killed."""
        return self._outcome is not None and self._outcome.crashed

    @property
    def mistake(self) -> str:
        """What the run-function returned instead of an objective, in words; empty if it returned none by mistake."""
        return "" if self._outcome is None else self._outcome.mistake

    @property
    def is_failure(self) -> bool:
        """True once the evaluation has ended with a failure instead of an objective."""
        return is_failure(self.objective)

    @property
    def is_lost(self) -> bool:
        """True once the evaluation has ended because its worker was lost. Its configuration may be what killed it."""
        return is_lost(self.objective)

    @property
    def teaches(self) -> bool:
        """True if it has ended and its objective or failure says something about its configuration.

        An evaluation that was cancelled says nothing, and neither does one whose worker was lost.
        """
        return self.status is JobStatus.DONE and not self.is_lost

    @property
    def output(self) -> Any:
        """What the run-function returned; of `{"output": value, "metadata": …}` only the value.

        It is `{"objective": …, "metadata": …}` where that is unknown: the function raised, or another member of the
        search has evaluated it.
        """
        returned = ... if self._outcome is None else self._outcome.returned
        if returned is ...:
            return {"objective": self.objective, "metadata": self.metadata}
        return returned["output"] if isinstance(returned, dict) and "output" in returned else returned

    @property
    def duration(self) -> float | None:
        """Seconds inside the run-function, None while unknown."""
        if self.timestamp_start is None or self.timestamp_end is None:
            return None
        return self.timestamp_end - self.timestamp_start

    def launch(self, time: float) -> None:
        """Note that it was handed to a worker; this counts as its start until the worker tells its own time."""
        self.status = JobStatus.RUNNING
        self.timestamp_start = time
        self.observations = []

    def retry(self) -> None:
        """Note that its worker was lost, and that it waits for another one."""
        self.status, self.timestamp_start = JobStatus.READY, None
        self.n_retries += 1

    def finish(
        self,
        outcome: Outcome,
        start: float | None,
        end: float | None,
        gather: float | None,
        observations: Observations | None = None,
    ) -> None:
        """Take the outcome and the times of an evaluation that has ended by itself.

        Args:
            outcome: its objective or its failure.
            start: when the run-function began; None keeps the time of the launch.
            end: when it ended.
            gather: when the manager got to know.
            observations: all values that it recorded; None keeps those that have arrived by now.
        """
        self.status = JobStatus.DONE
        self._outcome = outcome
        self._metadata.update(outcome.metadata)
        if observations is not None:
            self.observations = observations
        self.timestamp_start = self.timestamp_start if start is None else start
        self.timestamp_end, self.timestamp_gather = end, gather

    def cancel(self, time: float, start: float | None = None) -> None:
        """Note that it was given up, without an objective.

        Args:
            time: when it was given up.
            start: when its run-function began; None if it never did.
        """
        self.status = JobStatus.CANCELLED
        self.timestamp_start = start
        self.timestamp_end = self.timestamp_gather = time

    def record(self) -> dict[str, Any]:
        """Give the whole job, but for the name of its search, as plain JSON data that share nothing with the job."""
        objective = self.objective
        record = {
            "job_id": self.id,
            "parameters": plain(self.parameters),
            "status": self.status.value,
            "objective": list(objective) if isinstance(objective, tuple) else objective,
            "metadata": plain({**self._metadata}),
            "crashed": self.crashed,
            "n_retries": self.n_retries,
            "timestamp_submit": self.timestamp_submit,
            "timestamp_start": self.timestamp_start,
            "timestamp_end": self.timestamp_end,
            "timestamp_gather": self.timestamp_gather,
        }
        # The garbage collector visits every list that a store keeps, so a job without observations has none.
        if self.observations:
            record["observations"] = [[budget, value] for budget, value in self.observations]
        return record

    @classmethod
    def from_record(cls, record: Mapping[str, Any], search_id: str, read: Read | None = None) -> Job:
        """Make a job from its record.

        Args:
            record: as `record` gave it; it may have been text meanwhile.
            search_id: the search that it belongs to.
            read: makes the parameters what they were, see `Space.read`; they stay plain data if None.

        Raises:
            ValueError: it is no record of a job.
        """
        check_record(record)
        objective, outcome = record["objective"], None
        if objective is not None:
            outcome = Outcome(tuple(objective) if isinstance(objective, list) else objective, {}, record["crashed"])
        # A copy: lists inside of the record may belong to the store.
        parameters, metadata = (read or plain)(record["parameters"]), plain(record["metadata"])
        job = cls(record["job_id"], parameters, search_id, metadata, record["timestamp_submit"], outcome)
        job.status, job.n_retries = JobStatus(record["status"]), record["n_retries"]
        job.observations = [(budget, value) for budget, value in record.get("observations", ())]
        job.timestamp_start, job.timestamp_end, job.timestamp_gather = (record[name] for name in TIMES[1:])
        return job

    @classmethod
    def from_row(cls, row: Row, names: Sequence[str], objectives: Objectives) -> Job:
        """Make a job from a flat row: the inverse of `flat_row`, but for what a row does not hold.

        Args:
            row: it holds the user's own objects; NaN stands for what is inactive or unknown.
            names: all hyperparameters.
            objectives: those of the search.

        Raises:
            ValueError: its status is none that a job has.
        """
        parameters = {name: row[PARAMETER + name] for name in names if not _is_nan(row[PARAMETER + name])}
        others = [name.removeprefix(METADATA) for name in row if name.startswith(METADATA)]
        metadata = {key: row[METADATA + key] for key in others if key not in TIMES and not _is_nan(row[METADATA + key])}
        objective = objectives.of_row(row)
        outcome = None if objective is None else Outcome(objective)
        submit, start, end, gather = (_known(row.get(METADATA + name)) for name in TIMES)
        job = cls(row["job_id"], parameters, "", metadata, submit, outcome)
        job.status = JobStatus(row["job_status"])
        job.timestamp_start, job.timestamp_end, job.timestamp_gather = start, end, gather
        return job

    def __repr__(self) -> str:
        shown = f"status={self.status.value}, objective={self.objective!r}, parameters={self.parameters!r}"
        return f"Job(id={self.id}, {shown})"


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _known(time: float | None) -> float | None:
    return None if _is_nan(time) else time


def ready_record(parameters: Mapping[str, Any], metadata: Mapping[str, Any], submitted: float | None) -> dict[str, Any]:
    """The record of a job that is to be submitted, and has no number yet.

    Args:
        parameters: the configuration.
        metadata: what is known before it runs.
        submitted: when it is submitted, in seconds since the search began; None while nobody reads a clock.
    """
    return {
        "job_id": None,
        "parameters": plain(parameters),
        "status": JobStatus.READY.value,
        "objective": None,
        "metadata": plain(metadata),
        "crashed": False,
        "n_retries": 0,
        **dict.fromkeys(TIMES),
        "timestamp_submit": submitted,
    }


HPOJob = Job
