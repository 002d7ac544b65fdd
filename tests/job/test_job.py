"""One evaluation from both sides."""

from __future__ import annotations

import copy
import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from deephyper.job import HPOJob, Job, JobStatus, Outcome, RunningJob
from deephyper.space import Categorical, Real, Space
from values import cells

PARAMETERS = {"lr": 0.1, "units": 32, "act": None, "shape": (1, 2)}


def run(lr: float, **rest: Any) -> float:
    return lr


def test_a_job_goes_from_ready_to_done() -> None:
    job = Job(3, PARAMETERS, "search", {"_n_told": 1}, timestamp_submit=1.0)
    statuses = [job.status]

    job.launch(2.0)
    statuses.append(job.status)
    job.finish(Outcome(0.5, {"epochs": 3}), start=2.5, end=4.0, gather=5.0, observations=[(1.0, 0.1)])

    assert [*statuses, job.status] == [JobStatus.READY, JobStatus.RUNNING, JobStatus.DONE]
    assert (job.timestamp_submit, job.timestamp_start, job.timestamp_end, job.timestamp_gather) == (1.0, 2.5, 4.0, 5.0)
    assert job.duration == 1.5
    assert job.output == {"objective": 0.5, "metadata": {"_n_told": 1, "epochs": 3}}
    assert job.observations == [(1.0, 0.1)]
    assert not job.is_failure and not job.crashed


def test_a_job_that_tells_no_start_began_at_its_launch() -> None:
    job = Job(0, {})
    job.launch(2.0)

    assert job.duration is None
    job.finish(Outcome.raised("E", "…"), start=None, end=3.0, gather=3.0)
    assert job.duration == 1.0
    assert job.is_failure and job.crashed


def test_a_cancelled_job_has_no_objective_and_is_no_failure() -> None:
    job = Job(0, {})
    job.launch(1.0)

    job.cancel(2.0)

    assert (job.status, job.objective, job.is_failure) == (JobStatus.CANCELLED, None, False)
    assert (job.timestamp_end, job.timestamp_gather) == (2.0, 2.0)


def test_a_job_does_not_share_what_it_was_given() -> None:
    parameters, metadata = {"x": 1}, {"a": 1}
    job = Job(0, parameters, metadata=metadata)

    job.parameters["x"] = 2
    job.metadata["a"] = 2

    assert (parameters, metadata) == ({"x": 1}, {"a": 1})


def test_a_cancelled_job_started_when_its_function_began_if_it_did() -> None:
    begun, waiting = Job(0, {}), Job(1, {})
    begun.launch(1.0)

    begun.cancel(5.0, start=1.5)
    waiting.cancel(5.0)

    assert (begun.timestamp_start, begun.duration) == (1.5, 3.5)
    assert (waiting.timestamp_start, waiting.duration) == (None, None)


@pytest.mark.parametrize(
    ("outcome", "teaches", "is_lost"),
    [
        (Outcome(0.5), True, False),
        (Outcome("F_x"), True, False),
        (Outcome.raised("E", "…"), True, False),
        (Outcome.killed("timeout", "…"), True, False),
        (Outcome.worker_died("…"), False, True),
        (None, False, False),
    ],
)
def test_what_was_cancelled_or_lost_its_worker_teaches_nothing(
    outcome: Outcome | None, teaches: bool, is_lost: bool
) -> None:
    job = Job(0, {})
    before = (job.teaches, job.is_lost)
    if outcome is None:
        job.cancel(1.0)
    else:
        job.finish(outcome, None, 1.0, 1.0)

    assert before == (False, False)
    assert (job.teaches, job.is_lost) == (teaches, is_lost)


def test_a_job_that_is_tried_again_remembers_how_often() -> None:
    job = Job(4, {})
    job.launch(1.0)

    job.retry()

    assert (job.id, job.status, job.timestamp_start, job.n_retries) == (4, JobStatus.READY, None, 1)


SHAPE = (1, (2, None))
SPACE = Space([Real("x", 0, 9), Categorical("shape", [SHAPE, "1", 1, True, np.int64(5)])])
objectives = st.one_of(
    st.none(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.tuples(st.floats(0, 1), st.floats(0, 1)),
    st.just("F_x"),
)
times = st.none() | st.floats(0, 1e9)
pairs = st.lists(st.tuples(st.floats(0, 9), st.floats(0, 9)), max_size=3)


@given(
    objective=objectives,
    status=st.sampled_from(JobStatus),
    observations=pairs,
    metadata=st.dictionaries(st.text(), cells),
    shape=st.sampled_from(SPACE.dimensions[1].choices),
    stamps=st.tuples(times, times, times, times),
    others=st.tuples(st.booleans(), st.integers(0, 3)),
)
def test_a_job_survives_the_store_also_as_json(
    objective: Any, status: JobStatus, observations: Any, metadata: Any, shape: Any, stamps: Any, others: Any
) -> None:
    # What has ended by itself has an objective or a reason.
    assume(objective is not None or status is not JobStatus.DONE)
    crashed, n_retries = others
    outcome = None if objective is None else Outcome(objective, {}, crashed)
    job = Job(7, {"x": 1.5, "shape": shape}, "search", metadata, stamps[0], outcome)
    job.status, job.observations, job.n_retries = status, observations, n_retries
    job.timestamp_start, job.timestamp_end, job.timestamp_gather = stamps[1:]

    for record in (job.record(), json.loads(json.dumps(job.record()))):
        again = Job.from_record(record, "search", SPACE.read)

        assert again.parameters["shape"] is shape
        assert repr(vars(again)) == repr(vars(job))
        assert repr(again.record()) == repr(record)


def test_a_record_shares_nothing_with_its_job_nor_a_job_with_its_record() -> None:
    job = Job(0, {"shape": [1]}, metadata={"a": {"b": [1]}})
    job.finish(Outcome((1.0, 2.0)), 0.0, 1.0, 1.0, [(1.0, 0.5)])
    record = job.record()
    before = copy.deepcopy(record)
    again = Job.from_record(record, "")

    for one in (job, again):
        one.parameters["shape"].append(2)
        one.metadata["a"]["b"].append(2)
        one.observations.append((2.0, 0.5))

    assert record == before
    assert job.metadata["a"] is not again.metadata["a"]


def test_what_json_does_not_know_is_text_in_a_record() -> None:
    metadata = {"path": Path("x/y"), "array": np.arange(2), "of": {1: object}, "pair": (1, np.float32(0.5))}

    record = Job(0, {"kind": Path("z")}, metadata=metadata).record()

    assert record["parameters"] == {"kind": "z"}
    assert record["metadata"] == {"path": "x/y", "array": [0, 1], "of": {"1": "<class 'object'>"}, "pair": [1, 0.5]}
    assert json.loads(json.dumps(record)) == record


def test_a_job_without_observations_has_no_list_in_its_record() -> None:
    assert not [value for value in Job(0, {"x": 1.0}).record().values() if isinstance(value, list)]


def test_the_old_name_is_the_same_class() -> None:
    assert HPOJob is Job
    assert repr(Job(1, {"x": 2})) == "Job(id=1, status=READY, objective=None, parameters={'x': 2})"


def test_a_running_job_is_a_dictionary_of_its_parameters() -> None:
    job = RunningJob(4, PARAMETERS)

    assert job == PARAMETERS and dict(job) == PARAMETERS and list(job) == list(PARAMETERS)
    assert json.loads(json.dumps(job)) == {**PARAMETERS, "shape": [1, 2]}
    assert run(**job) == 0.1
    assert type(job.copy()) is dict and type(job.parameters) is dict
    assert job.pop("lr") == 0.1 and "lr" not in job


def test_the_number_is_served_without_being_a_parameter() -> None:
    job = RunningJob(4, PARAMETERS)

    assert job["job_id"] == job.id == 4
    assert "job_id" not in job
    with pytest.raises(KeyError, match="momentum"):
        job["momentum"]


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, lambda job: pickle.loads(pickle.dumps(job))])
def test_a_running_job_survives_the_way_to_a_worker(duplicate: Any) -> None:
    job = RunningJob(4, PARAMETERS)
    job.record(1, 0.5)

    again = duplicate(job)

    assert type(again) is RunningJob
    assert (again, again.id, again.observations) == (PARAMETERS, 4, [(1.0, 0.5)])


def test_records_are_pairs_of_floats_and_the_last_one_is_the_objective() -> None:
    job = RunningJob(0, {})

    assert job.objective is None and not job.stopped()
    job.record(1, 2)
    job.record(budget=2, objective=3)
    assert job.observations == [(1.0, 2.0), (2.0, 3.0)]
    assert job.objective == 3.0


@pytest.mark.parametrize(
    ("use", "error", "words"),
    [
        (
            lambda job: job["momentum"],
            KeyError,
            "'momentum' is no parameter of this job, which has 'x', 'n'.*is absent",
        ),
        (lambda job: job.x, AttributeError, r"no attribute 'x'; read it as job\['x'\]"),
        (
            lambda job: job.suggest_float("lr", 0, 1),
            AttributeError,
            r"problem.add_hyperparameter\(.*read it as job\['x'\]",
        ),
        (lambda job: job.params, AttributeError, r"read as job\['x'\], and it has 'x', 'n'"),
    ],
)
def test_what_a_job_does_not_have_is_told_with_what_it_has(use: Any, error: type[Exception], words: str) -> None:
    job = RunningJob(4, {"x": 1.0, "n": 2})

    with pytest.raises(error, match=words):
        use(job)
    assert not hasattr(job, "x")
    assert copy.deepcopy(job) == job
