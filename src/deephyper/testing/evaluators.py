"""Tests that every evaluator passes, whatever its backend."""

from __future__ import annotations

import functools
import json
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from ..callback import Callback
from ..evaluator import Evaluator
from ..job import Job, JobStatus

# Run-functions are defined at module level, so that backends that pickle functions by name can be tested too.


def _double(job: Any) -> float:
    return 2.0 * float(job["x"])


def _anything(job: Any) -> Any:
    kind = job["x"]
    if kind == "raises":
        raise ZeroDivisionError("on purpose")
    if kind == "exits":
        raise SystemExit(3)
    returned = {
        "none": None,
        "nan": math.nan,
        "inf": -math.inf,
        "text": "hello",
        "own": "F_oom",
        "two": (1, 2),
        "fine": 1,
    }
    return returned[kind]


def _scaled(job: Any, factor: float, offset: float) -> float:
    return factor * float(job["x"]) + offset


def _recording(job: Any) -> float:
    for step in range(3):
        job.record(step, step * 0.5)
    return float(job.objective)


def _looking(job: Any) -> Any:
    is_mapping = (
        json.loads(json.dumps(job)) == {"x": 1} and list(job) == ["x"] and dict(**job) == job.copy() == job.parameters
    )
    return {"objective": float(job.pop("x")), "metadata": {"is_mapping": is_mapping, "number": job["job_id"]}}


async def _awaiting(job: Any) -> float:
    import asyncio

    await asyncio.sleep(0)
    return float(job["x"])


class _Diary(Callback):
    """Notes every call."""

    def __init__(self) -> None:
        self.launched: list[int] = []
        self.done: list[int] = []
        self.gathered: list[int] = []
        self.n_closed = 0

    def on_launch(self, job: Job) -> None:
        self.launched.append(job.id)

    def on_done(self, job: Job) -> None:
        self.done.append(job.id)

    def on_gather(self, local_jobs: Sequence[Job], other_jobs: Sequence[Job]) -> None:
        self.gathered += [job.id for job in local_jobs]

    def on_close(self) -> None:
        self.n_closed += 1


class _Broken(Callback):
    """Raises whenever a job has ended."""

    def on_done(self, job: Job) -> None:
        raise RuntimeError("in the callback")


class EvaluatorContract(ABC):
    """Tests that every evaluator passes, whatever its backend.

    Example:
        >>> from deephyper.evaluator import ThreadEvaluator
        >>> class TestThreads(EvaluatorContract):
        ...     def make(self, run_function, **options):
        ...         return ThreadEvaluator(run_function, **options)
        >>> TestThreads().test_every_submitted_job_comes_back_once()
    """

    @abstractmethod
    def make(self, run_function: Callable[..., Any], **options: Any) -> Evaluator:
        """Make an evaluator.

        Args:
            run_function: the function to evaluate.
            options: any of num_workers, callbacks, run_function_kwargs, storage and search_id.
        """

    def evaluated(self, run_function: Callable[..., Any], xs: Sequence[Any], **options: Any) -> dict[Any, Job]:
        """Evaluate some values of `x`, close the evaluator, and return the jobs by value."""
        with self.make(run_function, **options) as evaluator:
            evaluator.submit([{"x": x} for x in xs])
            jobs = _own(evaluator.gather("ALL"))
        return {job.parameters["x"]: job for job in jobs}

    def test_every_submitted_job_comes_back_once(self) -> None:
        for n_workers in (1, 3):
            jobs = self.evaluated(_double, range(12), num_workers=n_workers)

            assert {x: job.objective for x, job in jobs.items()} == {x: 2.0 * x for x in range(12)}
            assert sorted(job.id for job in jobs.values()) == list(range(12))
            assert {job.status for job in jobs.values()} == {JobStatus.DONE}

    def test_batches_come_as_soon_as_enough_have_ended(self) -> None:
        with self.make(_double, num_workers=2) as evaluator:
            evaluator.submit([{"x": x} for x in range(5)])
            first = _own(evaluator.gather("BATCH", size=2))
            rest = _own(evaluator.gather("ALL"))

        assert len(first) >= 2
        assert sorted(job.id for job in [*first, *rest]) == list(range(5))
        assert (evaluator.num_jobs_submitted, evaluator.num_jobs_gathered) == (5, 5)

    def test_closures_partials_and_keyword_arguments_reach_the_worker(self) -> None:
        run = functools.partial(_scaled, factor=3.0)
        added = 1.0
        by_partial = self.evaluated(run, [1, 2], run_function_kwargs={"offset": 1.0})
        by_closure = self.evaluated(lambda job: job["x"] + added, [1, 2])

        assert [by_partial[x].objective for x in (1, 2)] == [4.0, 7.0]
        assert [by_closure[x].objective for x in (1, 2)] == [2.0, 3.0]

    def test_coroutine_functions_run(self) -> None:
        jobs = self.evaluated(_awaiting, [1, 2, 3], num_workers=2)

        assert [jobs[x].objective for x in (1, 2, 3)] == [1.0, 2.0, 3.0]

    def test_every_kind_of_failure_costs_its_own_evaluation_only(self) -> None:
        expected = {
            "fine": 1.0,
            "raises": "F_ZeroDivisionError",
            "exits": "F_SystemExit",
            "none": "F_none",
            "nan": "F_nan",
            "inf": "F_infinite",
            "text": "F_not_a_number",
            "own": "F_oom",
            "two": "F_number_of_objectives",
        }
        jobs = self.evaluated(_anything, list(expected))

        assert {x: job.objective for x, job in jobs.items()} == expected
        assert "on purpose" in jobs["raises"].metadata["traceback"]
        assert [x for x, job in jobs.items() if job.crashed] == ["raises", "exits"]

    def test_a_run_function_sees_a_mapping_of_its_parameters(self) -> None:
        job = self.evaluated(_looking, [1])[1]

        assert (job.objective, job.metadata) == (1.0, {"is_mapping": True, "number": 0})

    def test_recorded_values_come_back(self) -> None:
        job = self.evaluated(_recording, [1])[1]

        assert job.objective == 1.0
        assert job.observations == [(0.0, 0.0), (1.0, 0.5), (2.0, 1.0)]

    def test_times_lie_in_order_since_the_search_began(self) -> None:
        for job in self.evaluated(_double, range(4), num_workers=2).values():
            times = [job.timestamp_submit, job.timestamp_start, job.timestamp_end, job.timestamp_gather]

            assert None not in times
            assert times[0] >= 0.0 and all(a <= b for a, b in pairwise(times)), times  # type: ignore[operator]

    def test_callbacks_are_told_in_order(self) -> None:
        diary = _Diary()
        self.evaluated(_double, range(4), callbacks=[diary])

        assert diary.launched == [0, 1, 2, 3]
        assert sorted(diary.done) == sorted(diary.gathered) == [0, 1, 2, 3]
        assert diary.n_closed == 1

    def test_a_callback_that_raises_costs_nothing(self) -> None:
        diary = _Diary()
        jobs = self.evaluated(_double, range(3), callbacks=[_Broken(), diary])

        assert sorted(job.objective for job in jobs.values()) == [0.0, 2.0, 4.0]  # type: ignore[type-var]
        assert sorted(diary.done) == [0, 1, 2]

    def test_what_is_cancelled_is_told_and_handed_back(self) -> None:
        diary = _Diary()
        with self.make(_double, callbacks=[diary]) as evaluator:
            evaluator.submit([{"x": x} for x in range(3)])
            evaluator.timeout = 1e-9
            jobs = _own(evaluator.gather("ALL"))

        assert sorted(job.id for job in jobs) == sorted(diary.gathered) == [0, 1, 2]
        assert JobStatus.CANCELLED in {job.status for job in jobs}
        for job in jobs:
            assert (job.objective is None) is (job.status is JobStatus.CANCELLED)

    def test_a_closed_evaluator_starts_again(self) -> None:
        evaluator = self.make(_double)
        for x in (1, 2):
            with evaluator:
                evaluator.submit([{"x": x}])
                (job,) = _own(evaluator.gather("ALL"))

            assert job.objective == 2.0 * x

    def test_the_store_knows_every_job_and_how_it_ended(self) -> None:
        from ..storage import MemoryStorage

        storage = MemoryStorage()
        self.evaluated(_double, range(3), storage=storage, search_id="mine")
        records = storage.records("mine")

        assert [(record["job_id"], record["objective"], record["status"]) for record in records] == [
            (0, 0.0, "DONE"),
            (1, 2.0, "DONE"),
            (2, 4.0, "DONE"),
        ]
        assert storage.open_jobs("mine") == []


def _own(gathered: list[Job] | tuple[list[Job], list[Job]]) -> list[Job]:
    """What was gathered; there are no other members, so it is a list."""
    assert isinstance(gathered, list)
    return gathered
