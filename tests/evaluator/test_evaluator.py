"""What holds for every evaluator, whatever runs the evaluations."""

from __future__ import annotations

import functools
import math
import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from typing import Any

import pytest

from deephyper.errors import MaximumJobsSpawnReached, RunFunctionError
from deephyper.evaluator import Evaluator, JobStatus
from deephyper.evaluator.callback import Callback
from deephyper.storage import MemoryStorage

METHODS = ["serial", "thread", "process", "own threads", "own processes"]


@pytest.fixture(params=METHODS)
def method(request: pytest.FixtureRequest) -> Iterator[str | Executor]:
    if request.param == "own threads":
        with ThreadPoolExecutor(3) as executor:
            yield executor
    elif request.param == "own processes":
        with ProcessPoolExecutor(3) as executor:
            yield executor
    else:
        yield request.param


def outputs(evaluator: Evaluator, xs: list[Any]) -> dict[Any, Any]:
    """Objectives by parameter, with everything closed afterwards."""
    with evaluator:
        evaluator.submit([{"x": x} for x in xs])
        gathered = evaluator.gather("ALL")
    assert isinstance(gathered, list)
    return {job.parameters["x"]: job.objective for job in gathered}


@pytest.mark.parametrize("n_workers", [1, 3, 8])
def test_every_submitted_job_comes_back_once(method: str | Executor, n_workers: int) -> None:
    found = outputs(Evaluator.create(lambda job: job["x"], method, {"num_workers": n_workers}), list(range(20)))

    assert found == {x: float(x) for x in range(20)}


def test_closures_partials_and_keyword_arguments_reach_the_worker(method: str | Executor) -> None:
    factor = 3

    def scaled(job: Any, offset: float, power: float) -> float:
        return factor * float(job["x"]) ** power + offset

    run = functools.partial(scaled, power=2)
    found = outputs(Evaluator.create(run, method, {"num_workers": 2, "run_function_kwargs": {"offset": 1}}), [1, 2])

    assert found == {1: 4.0, 2: 13.0}


def returned_or_raised(job: Any) -> Any:
    kind = job["x"]
    if kind == "raise":
        raise ZeroDivisionError("on purpose")
    if kind == "exit":
        raise SystemExit(3)
    return {
        "none": None,
        "nan": math.nan,
        "inf": -math.inf,
        "text": "hello",
        "own": "F_oom",
        "tuple": (1, 2),
        "fine": 1,
    }[kind]


def test_every_kind_of_failure_costs_its_own_evaluation_only(method: str | Executor) -> None:
    kinds = ["fine", "raise", "exit", "none", "nan", "inf", "text", "own", "tuple"]
    found = outputs(Evaluator.create(returned_or_raised, method, {"num_workers": 1}), kinds)

    assert found == {
        "fine": 1.0,
        "raise": "F_ZeroDivisionError",
        "exit": "F_SystemExit",
        "none": "F_none",
        "nan": "F_nan",
        "inf": "F_infinite",
        "text": "F_not_a_number",
        "own": "F_oom",
        "tuple": "F_number_of_objectives",
    }


async def slow_echo(job: Any) -> float:
    import asyncio

    await asyncio.sleep(0.01)
    return float(job["x"])


def test_coroutine_functions_run_everywhere(method: str | Executor) -> None:
    assert outputs(Evaluator.create(slow_echo, method, {"num_workers": 2}), [1, 2, 3]) == {1: 1.0, 2: 2.0, 3: 3.0}


def test_loky_is_another_name_of_process() -> None:
    assert type(Evaluator.create(slow_echo, "loky")) is type(Evaluator.create(slow_echo, "process"))


def test_a_closed_evaluator_opens_again_on_submit() -> None:
    evaluator = Evaluator.create(lambda job: job["x"], "process")

    assert outputs(evaluator, [1]) == {1: 1.0}
    assert outputs(evaluator, [2]) == {2: 2.0}


def test_a_thousand_coroutines_wait_at_once_on_the_serial_evaluator() -> None:
    is_running, all_there = 0, threading.Event()

    async def meet(job: Any) -> float:
        import asyncio

        nonlocal is_running
        is_running += 1
        if is_running == 1000:
            all_there.set()
        while not all_there.is_set():
            await asyncio.sleep(0.001)
        return 0.0

    found = outputs(Evaluator.create(meet, "serial", {"num_workers": 1000}), list(range(1000)))

    assert len(found) == 1000


def test_the_serial_evaluator_runs_in_the_callers_thread() -> None:
    thread = threading.get_ident()

    assert outputs(Evaluator.create(lambda job: threading.get_ident() == thread), [1]) == {1: 1.0}


def test_gather_batch_returns_as_soon_as_enough_have_ended() -> None:
    gate = threading.Event()

    def run(job: Any) -> float:
        if job["x"] == 0:
            gate.wait(10)
        return float(job["x"])

    with Evaluator.create(run, "thread", {"num_workers": 2}) as evaluator:
        evaluator.submit([{"x": 0}, {"x": 1}, {"x": 2}])
        first = evaluator.gather("BATCH", size=2)
        gate.set()
        rest = evaluator.gather("ALL")

    assert [job.parameters["x"] for job in first] == [1, 2]
    assert [job.parameters["x"] for job in rest] == [0]
    assert (evaluator.num_jobs_submitted, evaluator.num_jobs_gathered) == (3, 3)


@pytest.mark.parametrize("method", ["thread", "process"])
def test_a_deadline_is_hard_and_what_ran_is_cancelled(method: str) -> None:
    with Evaluator.create(lambda job: time.sleep(job["x"]) or 1.0, method, {"num_workers": 3}) as evaluator:
        evaluator.submit([{"x": 0}, {"x": 3600}, {"x": 3600}, {"x": 3600}, {"x": 3600}])
        first = evaluator.gather("BATCH", size=1)
        evaluator.timeout = 0.05
        rest = evaluator.gather("ALL")

    # The evaluations sleep for an hour, and this test does not.
    assert [job.status for job in first] == [JobStatus.DONE]
    assert [job.status for job in rest] == 4 * [JobStatus.CANCELLED]
    assert all(job.objective is None for job in rest)


def test_coroutines_are_cancelled_at_the_deadline() -> None:
    async def forever(job: Any) -> float:
        import asyncio

        await asyncio.sleep(3600)
        return 0.0

    with Evaluator.create(forever, "serial", {"num_workers": 2}) as evaluator:
        evaluator.timeout = 0.1
        evaluator.submit([{"x": 0}, {"x": 1}])
        jobs = evaluator.gather("ALL")

    assert [job.status for job in jobs] == 2 * [JobStatus.CANCELLED]


def test_a_deadline_acts_between_evaluations_of_the_serial_evaluator() -> None:
    def run(job: Any) -> float:
        if job["x"] == 2:
            evaluator.timeout = 1e-9
        return 1.0

    with Evaluator.create(run, "serial") as evaluator:
        evaluator.submit([{"x": x} for x in range(10)])
        jobs = evaluator.gather("ALL")

    assert len(jobs) == 10
    assert sum(job.status is JobStatus.DONE for job in jobs) == 3


def test_a_maximum_of_jobs_is_kept() -> None:
    evaluator = Evaluator.create(lambda job: job["x"])
    evaluator.set_maximum_num_jobs_submitted(2)
    evaluator.submit([{"x": 1}])

    with pytest.raises(MaximumJobsSpawnReached):
        evaluator.submit([{"x": 2}, {"x": 3}])
    evaluator.submit([{"x": 2}])


def test_jobs_of_another_search_on_the_same_storage_come_as_others() -> None:
    storage = MemoryStorage()
    told: list[int] = []

    class Listener(Callback):
        def on_done_other(self, job: Any) -> None:
            told.append(job.id)

    here = Evaluator.create(
        lambda j: j["x"], method_kwargs={"storage": storage, "search_id": "s", "callbacks": [Listener()]}
    )
    there = Evaluator.create(lambda j: j["x"], method_kwargs={"storage": storage, "search_id": "s"})
    there.submit([{"x": 5}])
    there.gather("ALL")
    here.submit([{"x": 7}])
    own, others = here.gather("ALL")

    assert [job.objective for job in own] == [7.0]
    assert [(job.id, job.objective) for job in others] == [(0, 5.0)]
    assert told == [0]
    here.submit([{"x": 8}])
    assert isinstance(here.gather("ALL"), list)


def test_recorded_observations_come_back(method: str | Executor) -> None:
    def train(job: Any) -> float:
        for step in range(3):
            job.record(step, step * 0.5)
        return float(job.objective)

    with Evaluator.create(train, method) as evaluator:
        evaluator.submit([{"x": 1}])
        (job,) = evaluator.gather("ALL")

    assert job.objective == 1.0
    assert job.observations == [(0.0, 0.0), (1.0, 0.5), (2.0, 1.0)]


def test_a_run_function_sees_a_mapping_of_its_parameters(method: str | Executor) -> None:
    def look(job: Any) -> float:
        import json

        assert json.loads(json.dumps(job)) == {"x": 1}
        assert list(job) == ["x"]
        assert dict(**job) == job.copy() == job.parameters == {"x": 1}
        assert job["job_id"] == 0
        return float(job.pop("x"))

    assert outputs(Evaluator.create(look, method), [1]) == {1: 1.0}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"run_function": 3}, "run_function must be callable.*got 3"),
        ({"method": "proces"}, "method must be one of .*'process'.*got 'proces'. Did you mean 'process'"),
        ({"method_kwargs": {"num_worker": 2}}, "unknown option 'num_worker'.*Did you mean 'num_workers'"),
        ({"method_kwargs": {"num_workers": 0}}, "num_workers must be a whole number of at least 1, got 0"),
        ({"method_kwargs": {"callbacks": [print]}}, "callbacks must be a deephyper.callback.Callback"),
        ({"method_kwargs": {"storage": {}}}, "storage must be a deephyper.storage.Storage"),
    ],
)
def test_bad_arguments_are_refused_in_one_sentence(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        Evaluator.create(**{"run_function": returned_or_raised, **arguments})


def test_a_function_that_cannot_travel_is_refused_with_what_to_do() -> None:
    lock = threading.Lock()
    evaluator = Evaluator.create(lambda job: lock.locked(), "process")

    with pytest.raises(RunFunctionError, match="must be picklable.*use method 'thread'"):
        evaluator.submit([{"x": 1}])


def test_an_import_that_fails_in_the_worker_is_told_with_its_traceback(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "module_beside.py").write_text("def run(job):\n    return job['x']\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    import module_beside  # type: ignore[import-not-found]

    evaluator = Evaluator.create(module_beside.run, "process")
    os.remove(tmp_path / "module_beside.py")
    with evaluator:
        evaluator.submit([{"x": 1}])
        (job,) = evaluator.gather("ALL")

    assert job.objective == "F_ModuleNotFoundError"
    assert "module_beside" in job.metadata["traceback"]


def test_a_deadline_may_be_centuries_away() -> None:
    with Evaluator.create(lambda job: job["x"], "thread") as evaluator:
        evaluator.timeout = 1e12
        evaluator.submit([{"x": 1}])

        assert [job.objective for job in evaluator.gather("ALL")] == [1.0]


def test_an_evaluation_that_its_executor_cancels_counts_as_lost() -> None:
    gate = threading.Event()
    with ThreadPoolExecutor(1) as executor:
        evaluator = Evaluator.create(lambda job: gate.wait(10) and 1.0, executor, {"num_workers": 2})
        evaluator.submit([{"x": 1}, {"x": 2}])
        executor.shutdown(wait=False, cancel_futures=True)
        gate.set()
        jobs = evaluator.gather("ALL")

    assert sorted((job.id, job.objective) for job in jobs) == [(0, 1.0), (1, "F_worker_died")]


def test_a_thread_pool_of_the_users_own_shares_what_the_function_shares() -> None:
    seen: list[int] = []
    with ThreadPoolExecutor(2) as executor:
        outputs(Evaluator.create(lambda job: seen.append(job["x"]) or 1.0, executor, {"num_workers": 2}), [1, 2, 3])

    assert sorted(seen) == [1, 2, 3]


def test_a_broken_pool_of_the_users_own_ends_the_work_with_a_reason() -> None:
    with ProcessPoolExecutor(1) as executor:
        evaluator = Evaluator.create(lambda job: os._exit(1), executor)
        evaluator.submit([{"x": 1}])
        (job,) = evaluator.gather("ALL")

        assert job.objective == "F_worker_died"
        with pytest.raises(
            RuntimeError, match="the executor is broken and takes no more|so it takes no more evaluations"
        ):
            evaluator.submit([{"x": 2}])


@pytest.mark.parametrize("ends", [KeyboardInterrupt, SystemExit])
def test_an_async_function_cannot_end_the_loop_of_the_others(ends: type[BaseException]) -> None:
    async def run(job: Any) -> float:
        if job["x"] == 0:
            raise ends
        return 1.0

    found = outputs(Evaluator.create(run, "serial", {"num_workers": 2}), [0, 1, 2])

    assert found == {0: f"F_{ends.__name__}", 1: 1.0, 2: 1.0}


def test_an_async_function_that_blocks_its_loop_cannot_delay_the_deadline() -> None:
    release = threading.Event()

    async def blocks(job: Any) -> float:
        release.wait(60)
        return 1.0

    begin = time.monotonic()
    with Evaluator.create(blocks, "serial", {"num_workers": 2}) as evaluator:
        evaluator.timeout = 0.1
        evaluator.submit([{"x": 0}, {"x": 1}])
        jobs = evaluator.gather("ALL")
    wall = time.monotonic() - begin
    release.set()

    assert [job.status for job in jobs] == 2 * [JobStatus.CANCELLED]
    assert wall < 30.0


def test_whatever_a_function_returns_costs_its_own_row_only() -> None:
    class Odd:
        def __float__(self) -> float:
            raise RuntimeError("no")

        def tolist(self) -> Any:
            raise RuntimeError("no")

    def run(job: Any) -> Any:
        return [Odd(), float, object(), 1.0][job["x"]]

    assert outputs(Evaluator.create(run), [0, 1, 2, 3]) == {
        0: "F_not_a_number",
        1: "F_not_a_number",
        2: "F_not_a_number",
        3: 1.0,
    }


def test_what_never_began_has_no_start() -> None:
    def run(job: Any) -> float:
        # The time is over once the first one works.
        evaluator.timeout = 1e-9
        return 1.0

    with Evaluator.create(run, "serial", {"num_workers": 3}) as evaluator:
        evaluator.submit([{"x": x} for x in range(3)])
        jobs = evaluator.gather("ALL")

    assert [job.timestamp_start is None for job in jobs] == [False, True, True]
