"""What existing scripts read of evaluators is there, or one sentence says what has its place."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from deephyper.evaluator import (
    EVALUATORS,
    Evaluator,
    ProcessPoolEvaluator,
    SerialEvaluator,
    ThreadPoolEvaluator,
    parse_subprocess_result,
    queued,
)
from deephyper.storage import MemoryStorage, NullStorage, Storage

HERE = (
    "timeout time_left num_jobs_submitted num_jobs_gathered num_workers is_master run_function "
    "run_function_kwargs to_json create submit gather gather_other_jobs_done close set_maximum_num_jobs_submitted "
    "FAIL_RETURN_VALUE PYTHON_EXE NEST_ASYNCIO_PATCHED"
)
ELSEWHERE = (
    "jobs num_objective job_id_gathered job_id_submitted maximum_num_jobs_submitted loop sem "
    "set_event_loop execute search timestamp "
    "dump_evals convert_for_csv callbacks executor storage search_id"
)


def run(job: Any) -> Any:
    return job["x"]


def with_items(job: Any, dequed: Any) -> Any:
    return float(len(dequed))


@pytest.mark.parametrize("method", sorted(set(EVALUATORS) - {"executor", "mpicomm"}))
def test_what_scripts_read_of_an_evaluator_is_there(method: str) -> None:
    with Evaluator.create(run, method) as evaluator:
        for name in HERE.split():
            getattr(evaluator, name)
        assert evaluator.is_master


@pytest.mark.parametrize("name", ELSEWHERE.split())
def test_an_attribute_that_is_not_here_says_what_has_its_place(name: str) -> None:
    evaluator = SerialEvaluator(run)

    assert not hasattr(evaluator, name)
    with pytest.raises(AttributeError, match=rf"^SerialEvaluator: there is no '{name}'; .+[^.]\.$"):
        getattr(evaluator, name)


def test_an_attribute_that_is_known_nowhere_is_missing_and_copies_are_made_as_ever() -> None:
    evaluator = SerialEvaluator(run)

    assert not hasattr(evaluator, "nowhere")
    assert copy.copy(evaluator).num_workers == 1
    with pytest.raises(Exception, match="pickle"):
        pickle.dumps(evaluator)


def test_the_value_of_a_failure_is_one() -> None:
    with Evaluator.create(lambda job: Evaluator.FAIL_RETURN_VALUE) as evaluator:
        evaluator.submit([{"x": 1}])
        (job,) = evaluator.gather("ALL")

        assert str(job.objective).startswith("F")  # type: ignore[union-attr]


def test_jobs_of_others_are_gathered_by_the_older_name() -> None:
    storage = MemoryStorage()
    mine, other = (Evaluator.create(run, storage=storage, search_id="both") for _ in range(2))
    mine.submit([{"x": 1}])
    other.submit([{"x": 2}])
    other.gather("ALL")

    assert [job.objective for job in mine.gather_other_jobs_done()] == [2.0]
    assert mine.gather_other_jobs_done() == []


@pytest.mark.parametrize("kind", [ThreadPoolEvaluator, ProcessPoolEvaluator, SerialEvaluator])
def test_the_queue_holds_what_is_free(kind: type[Evaluator]) -> None:
    with queued(kind)(with_items, queue=[1, 2, 3], queue_pop_per_task=2) as evaluator:
        assert (list(evaluator.queue), evaluator.queue_pop_per_task) == ([1, 2, 3], 2)  # type: ignore[attr-defined]
        evaluator.submit([{"x": 1}])
        held = list(evaluator.queue)  # type: ignore[attr-defined]
        evaluator.gather("ALL")

        assert len(held) in (1, 3)  # the caller's thread evaluates within submit or gather
        assert sorted(evaluator.queue) == [1, 2, 3]  # type: ignore[attr-defined]


# Commands.


@pytest.mark.parametrize(
    ("printed", "value"),
    [
        ("1.5", 1.5),
        ("-3", -3),
        (" 2e-3", 0.002),
        ("[1.0, 2.0]", [1.0, 2.0]),
        ("{'objective': 1.0, 'metadata': {'a': None}}", {"objective": 1.0, "metadata": {"a": None}}),
        ('{"objective": 1.0, "metadata": {"a": null}}', {"objective": 1.0, "metadata": {"a": None}}),
        ("F_diverged", "F_diverged"),
        ("'F_quoted'", "F_quoted"),
    ],
)
@pytest.mark.parametrize("is_text", [True, False])
def test_what_a_command_has_printed_is_read(printed: str, value: Any, is_text: bool) -> None:
    stdout = f"epoch 1\nDH-OUTPUT:{printed}\nDH-OUTPUT:0\n"
    result = SimpleNamespace(stdout=stdout if is_text else stdout.encode(), stderr=None)

    assert parse_subprocess_result(result) == value


def test_a_command_of_a_run_function_gives_its_objective() -> None:
    command = [sys.executable, "-c", "print('DH-OUTPUT:4.0', end='')"]

    assert parse_subprocess_result(subprocess.run(command, capture_output=True)) == 4.0


def test_what_is_no_result_of_a_command_is_refused() -> None:
    with pytest.raises(TypeError, match="result must be what subprocess.run.* returned, got 'DH-OUTPUT:1' of type str"):
        parse_subprocess_result("DH-OUTPUT:1")


def test_a_command_without_a_result_raises_with_its_errors() -> None:
    command = [sys.executable, "-c", "raise SystemExit('out of memory')"]
    with pytest.raises(RuntimeError, match="printed no line DH-OUTPUT:<value>, but 'out of memory"):
        parse_subprocess_result(subprocess.run(command, capture_output=True, text=True))


# Stores.


def test_a_store_is_made_by_its_name() -> None:
    assert isinstance(Storage.create(), MemoryStorage)
    assert isinstance(Storage.create("null", method_kwargs={}), NullStorage)
    with pytest.raises(ValueError, match="^Storage.create: method must be one of .*'memory', .*got 'shared'"):
        Storage.create("shared")
