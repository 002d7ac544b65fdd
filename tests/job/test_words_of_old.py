"""Jobs at the manager as existing scripts read them."""

from __future__ import annotations

import copy
import json
import pickle
from typing import Any

import pytest

from deephyper.evaluator import Evaluator, HPOJob, Job
from deephyper.job import TIMES, Objectives, flat_row


def evaluated(function: Any, method: str = "serial", **options: Any) -> Any:
    with Evaluator.create(function, method, **options) as evaluator:
        evaluator.submit([{"x": 2.0}])
        (job,) = evaluator.gather("ALL")
    return job


def test_earlier_names_are_the_same() -> None:
    job = evaluated(lambda job: job["x"])
    parameters, objective = job

    assert job.args is job.config is job.parameters
    assert job.result == job.objective == objective == job[1] == job[-1] == 2.0
    assert parameters == job[0] == {"x": 2.0} and list(job) == [parameters, objective]
    assert isinstance(job, HPOJob)


def test_the_pair_does_not_change_the_job() -> None:
    job = evaluated(lambda job: job["x"])
    job[0]["x"] = 5.0

    assert job.parameters == {"x": 2.0}


def returning_nothing(job: Any) -> None:
    return None


def raising(job: Any) -> float:
    raise ZeroDivisionError("on purpose")


@pytest.mark.parametrize("method", ["serial", "thread", pytest.param("process", marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    ("returned", "expected"),
    [
        (3, 3),
        (0.0, 0.0),
        (True, True),
        ((1, 2), (1, 2)),
        ([1, 2], [1, 2]),
        ("F_oom", "F_oom"),
        (None, None),
        ("no reason", "no reason"),
        ({"objective": 1}, {"objective": 1}),
        ({"objective": 1, "metadata": {"y": 0}}, {"objective": 1, "metadata": {"y": 0}}),
        ({"objective": 1, "selector": {"index": [1]}}, {"objective": 1, "selector": {"index": [1]}}),
        ({"output": 0, "metadata": {"y": 0}}, 0),
        ({"output": "F_x"}, "F_x"),
        ({"y1": 1, "list": [1, 2]}, {"y1": 1, "list": [1, 2]}),
        (("F_oom", "F_oom"), ("F_oom", "F_oom")),
    ],
)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_output_is_what_the_function_returned(method: str, returned: Any, expected: Any) -> None:
    output = evaluated(lambda job: returned, method).output

    # Objectives are Python's floats by then.
    assert output == expected and isinstance(output, tuple) is isinstance(expected, tuple)


def test_the_output_of_what_returned_nothing_is_its_failure() -> None:
    job = evaluated(raising)

    assert job.output["objective"] == "F_ZeroDivisionError" and "on purpose" in job.output["metadata"]["traceback"]


def test_a_reason_for_each_objective_is_one_failure() -> None:
    with Evaluator.create(lambda job: (1.0, 2.0) if job["x"] else ("F_oom", "F_oom")) as evaluator:
        evaluator.submit([{"x": 1}, {"x": 0}])
        first, second = evaluator.gather("ALL")

    assert (first.objective, second.objective) == ((1.0, 2.0), "F_oom")
    assert flat_row(second, ["x"], Objectives(2))["objective_1"] == "F_oom"


def test_times_are_read_in_the_metadata_and_are_no_part_of_it() -> None:
    job = evaluated(lambda job: {"objective": 1.0, "metadata": {"note": "n", "timestamp_end": -5.0}})
    read = [job.metadata[name] for name in TIMES]

    assert read == [getattr(job, name) for name in TIMES] == sorted(read)
    assert all(name in job.metadata and job.metadata.get(name) == getattr(job, name) for name in TIMES)
    assert job.metadata.get("other", 3) == 3 and "other" not in job.metadata
    assert not set(TIMES) - {"timestamp_end"} & set(job.metadata)
    row = flat_row(job, ["x"], Objectives(1))
    assert [row[f"m:{name}"] for name in TIMES] == read and len(row) == 1 + 1 + 2 + 4 + 1
    assert json.dumps(job.record()).count("timestamp_submit") == 1


def test_times_that_are_not_known_are_absent_from_the_metadata() -> None:
    job = Job(0, {"x": 1})

    assert "timestamp_end" not in job.metadata and job.metadata.get("timestamp_end") is None
    with pytest.raises(KeyError):
        job.metadata["timestamp_end"]


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, lambda job: pickle.loads(pickle.dumps(job))])
def test_copies_have_their_times_too(duplicate: Any) -> None:
    job = evaluated(lambda job: {"objective": 1.0, "metadata": {"note": "n"}})
    again = duplicate(job)
    again_from_record = Job.from_record(job.record(), "search")

    assert again.record() == job.record() == again_from_record.record()
    assert [again.metadata[name] for name in TIMES] == [job.metadata[name] for name in TIMES]
    assert again_from_record.metadata["timestamp_end"] == job.timestamp_end
    assert again.output == job.output
    assert again_from_record.output == {"objective": 1.0, "metadata": {"note": "n"}}


def test_the_metadata_outlive_their_job_and_can_be_replaced() -> None:
    job = evaluated(lambda job: 1.0)
    metadata, end = job.metadata, job.timestamp_end
    job.metadata = {"mine": 1}

    assert job.timestamp_end == end and job.record()["metadata"] == {"mine": 1}
    del job
    assert metadata["timestamp_end"] == end


@pytest.mark.parametrize(
    ("use", "error", "words"),
    [
        (lambda job: job["x"], TypeError, r"Job: it is a pair.*write job.parameters\['x'\]"),
        (lambda job: job[2], IndexError, "out of range"),
        (lambda job: job.run_function, AttributeError, "^Job: .*evaluator.run_function"),
        (lambda job: job.storage, AttributeError, "^Job: it has parameters, objective"),
        (lambda job: job.context, AttributeError, "^Job: it has parameters, objective"),
        (lambda job: job.rank, AttributeError, "^Job: it has parameters, objective"),
        (lambda job: job.set_output(1), AttributeError, "^Job: .*returns is taken as it is"),
        (lambda job: job.create_running_job(None), AttributeError, "^Job: it has parameters, objective"),
        (
            lambda job: HPOJob(id=0, args={}, run_function=None, storage=None),
            TypeError,
            r"unknown option 'id'.*RunningJob\(parameters",
        ),
    ],
)
def test_what_is_not_there_is_told_in_one_sentence(use: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        use(Job(0, {"x": 1}))


def test_a_change_in_the_run_function_reaches_neither_the_job_nor_the_table() -> None:
    layers = [1, 2]

    def run(job: Any) -> Any:
        job.parameters["epochs"] = 10
        job["layers"].append(3)
        job.pop("x")
        return {"objective": job["epochs"], "metadata": {"seen": job, "names": list(job)}}

    with Evaluator.create(run) as evaluator:
        evaluator.submit([{"x": 1, "layers": layers}])
        (job,) = evaluator.gather("ALL")

    assert layers == [1, 2] and job.parameters == {"x": 1, "layers": [1, 2]}
    assert job.objective == 10.0 and job.metadata["names"] == ["layers", "epochs"]
    assert job.record()["metadata"]["seen"] == {"layers": [1, 2, 3], "epochs": 10}
