"""What a run-function receives: a dictionary and a plain one in step; made by hand; when it is to end."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from deephyper.evaluator import JobStatus as StatusOfEvaluator
from deephyper.evaluator import RunningJob
from deephyper.job import JobStatus as StatusOfJob
from deephyper.storage import MemoryStorage
from deephyper.worker import JobStatus

# All ways to see what a job holds; each must give the same.
VIEWS: dict[str, Callable[[RunningJob], Any]] = {
    "parameters": lambda job: job.parameters,
    "stars": lambda job: (lambda **given: given)(**job),
    "literal": lambda job: {**job},
    "dict": lambda job: dict(job),
    "copy": lambda job: job.copy(),
    "or": lambda job: job | {},
    "ror": lambda job: {} | job,
    "update": lambda job: _updated({}, job),
    "items": lambda job: dict(job.items()),
    "zip": lambda job: dict(zip(job.keys(), job.values(), strict=True)),
    "iteration": lambda job: {name: job[name] for name in job},
    "reversed": lambda job: {name: job.get(name) for name in reversed(job)},
    "json": lambda job: json.loads(json.dumps(job)),
    "json_sorted": lambda job: json.loads(json.dumps(job, sort_keys=True, indent=1)),
    "repr": lambda job: eval(repr(job)),
    "copy.copy": copy.copy,
    "copy.deepcopy": copy.deepcopy,
    "pickle": lambda job: pickle.loads(pickle.dumps(job)),
    "nested": lambda job: json.loads(json.dumps({"job": [job]}))["job"][0],
}

CHANGES: dict[str, Callable[[Any], Any]] = {
    "set": lambda mapping: mapping.__setitem__("epochs", 10),
    "delete": lambda mapping: mapping.__delitem__("lr"),
    "update": lambda mapping: mapping.update({"a": 1}, b=2),
    "pop": lambda mapping: mapping.pop("lr"),
    "popitem": lambda mapping: mapping.popitem(),
    "setdefault": lambda mapping: mapping.setdefault("c", 3),
    "clear": lambda mapping: mapping.clear(),
    "ior": lambda mapping: mapping.__ior__({"d": 4}),
    "fill": lambda mapping: (mapping.clear(), mapping.update(e=5)),
}


def _updated(mapping: dict[str, Any], other: Any) -> dict[str, Any]:
    mapping.update(other)
    return mapping


@pytest.mark.parametrize("begin", [{}, {"lr": 0.1, "units": 32}], ids=["empty", "full"])
@pytest.mark.parametrize("through", ["job", "parameters", "earlier"])
@pytest.mark.parametrize("change", CHANGES)
def test_a_change_of_either_side_is_seen_in_every_way(change: str, through: str, begin: dict[str, Any]) -> None:
    if change in ("delete", "pop", "popitem"):
        begin = begin or {"lr": 0.5}
    expected, job = dict(begin), RunningJob(0, begin)
    held = job.parameters
    CHANGES[change](expected)
    CHANGES[change]({"job": job, "parameters": job.parameters, "earlier": held}[through])

    assert {name: view(job) for name, view in VIEWS.items()} == dict.fromkeys(VIEWS, expected)
    assert job == expected and expected == job and job.__ne__(expected) is False
    assert job == RunningJob(1, expected) and RunningJob(1, expected) == job
    assert len(job) == len(expected) and bool(job) is bool(expected) and list(job) == list(expected)
    assert all(name in job for name in expected) and "lost" not in job
    assert isinstance(job, dict) and type(job.parameters) is dict and job.parameters is held


def test_whole_parameters_can_be_replaced() -> None:
    job = RunningJob(0, {"x": 1})
    job.parameters = {"y": 2}

    assert job == {"y": 2} and json.dumps(job) == '{"y": 2}'


def test_a_change_stays_with_the_job_also_inside_of_a_value() -> None:
    given = {"layers": [1, [2]], "options": {"a": [1]}, "names": {"x"}}
    before = copy.deepcopy(given)
    job = RunningJob(0, given)
    job["layers"][1].append(3)
    job["options"]["a"].append(3)
    job["names"].add("y")

    assert given == before


def test_the_number_of_a_job_is_kept() -> None:
    job = RunningJob(7, {"x": 1})

    assert (job["job_id"], job.get("job_id"), job.get("other"), job.get("other", 3)) == (7, 7, None, 3)
    with pytest.raises(KeyError, match="number of a job cannot be changed"):
        job["job_id"] = 8


def run(job: Any, factor: float = 1.0) -> float:
    while not job.stopped() and job.status is JobStatus.RUNNING:
        job.record(budget=1, objective=job.parameters["x"] * factor)
        return float(job.objective)
    return 0.0


@pytest.mark.parametrize(
    ("job", "number"),
    [
        (RunningJob(parameters={"x": 2.0}), 0),
        (RunningJob(id=3, parameters={"x": 2.0}), 3),
        (RunningJob(3, {"x": 2.0}, None, None), 3),
        (RunningJob("0.3", {"x": 2.0}, storage=None, stopper=None), 3),
        (RunningJob("mine", {"x": 2.0}), "mine"),
    ],
)
def test_a_job_made_by_hand_tries_a_run_function(job: RunningJob, number: int | str) -> None:
    assert run(job) == 2.0 and run(job, factor=2.0) == 4.0
    assert job["job_id"] == number
    assert (job.storage, job.stopper) == (None, None)
    assert job.observations == [(1.0, 2.0), (1.0, 4.0)]
    assert json.dumps(job) == '{"x": 2.0}' and dict(**job) == {"x": 2.0}
    assert pickle.loads(pickle.dumps(job)).objective == 4.0


def test_a_job_without_anything_is_empty() -> None:
    job = RunningJob()

    assert job == {} and json.dumps(job) == "{}" and not job and job["job_id"] == 0


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: RunningJob(0, {}, MemoryStorage()), "None as storage.*got.*MemoryStorage"),
        (lambda: RunningJob(0, {}, stopper="median"), "None as storage and stopper .which is not built yet.*'median'"),
        (
            lambda: RunningJob({"x": 1}),
            r"a number or text as id.*got \{'x': 1\}.*RunningJob\(parameters=",
        ),
        (lambda: RunningJob(0, 5), "a mapping as parameters.*got 0, 5"),
    ],
)
def test_what_cannot_be_made_is_told_in_one_sentence(make: Any, words: str) -> None:
    with pytest.raises(TypeError, match=f"^RunningJob: .*{words}"):
        make()


def test_there_is_one_status_wherever_it_is_imported_from() -> None:
    assert JobStatus is StatusOfEvaluator is StatusOfJob
    assert [status.name for status in JobStatus] == ["READY", "RUNNING", "DONE", "CANCELLING", "CANCELLED"]
