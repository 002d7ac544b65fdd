"""A run-function that asks whether it should end gets the answer, whoever runs it and whatever ends the search."""

from __future__ import annotations

import asyncio
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import suppress
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

from deephyper.evaluator import Evaluator, JobStatus
from deephyper.hpo import HpProblem, RandomSearch
from processes import comes_true

PATIENCE_S = 20.0


def asks_stopped(job: Any) -> bool:
    return not job.stopped()


def asks_status(job: Any) -> bool:
    return job.status is JobStatus.RUNNING


def cooperative(goes_on: Callable[[Any], bool]) -> Callable[[Any], Any]:
    """A run-function that works until it is told to end; the patience ends a test that fails."""
    patience = PATIENCE_S

    def run(job: Any) -> Any:
        begin, n_steps = time.monotonic(), 0
        while goes_on(job) and time.monotonic() < begin + patience:
            n_steps += 1
            time.sleep(0.001)
        return {"objective": n_steps, "metadata": {"status": job.status.name, "stopped": job.stopped()}}

    return run


@pytest.fixture
def problem() -> HpProblem:
    problem = HpProblem()
    problem.add_hyperparameter((0.0, 1.0), "x")
    return problem


@pytest.mark.parametrize("goes_on", [asks_stopped, asks_status])
def test_a_plain_function_in_the_callers_thread_ends_at_the_deadline_of_a_search(
    problem: HpProblem, tmp_path: Path, goes_on: Any
) -> None:
    begin = time.monotonic()
    table = RandomSearch(problem, log_dir=tmp_path).search(cooperative(goes_on), timeout=0.3)

    assert time.monotonic() - begin < PATIENCE_S / 2
    assert table.job_status.tolist() == ["DONE"]
    assert table.objective[0] > 0
    assert table["m:status"].tolist() == ["CANCELLING"] and table["m:stopped"].tolist() == [True]


def test_a_plain_function_in_the_callers_thread_ends_at_the_deadline_of_an_evaluator() -> None:
    with Evaluator.create(cooperative(asks_stopped)) as evaluator:
        evaluator.timeout = 0.2
        evaluator.submit([{"x": 1}, {"x": 2}])
        first, second = evaluator.gather("ALL")
        evaluator.timeout = None
        evaluator.submit([{"x": 3}])
        evaluator.timeout = 0.05
        (third,) = evaluator.gather("ALL")

    assert [job.status for job in (first, second, third)] == [JobStatus.DONE, JobStatus.CANCELLED, JobStatus.DONE]
    assert first.metadata["status"] == third.metadata["status"] == "CANCELLING"


def test_without_a_deadline_nothing_stops_in_the_callers_thread() -> None:
    def run(job: Any) -> Any:
        return {"objective": 1, "metadata": {"status": job.status.name, "stopped": job.stopped()}}

    with Evaluator.create(run) as evaluator:
        evaluator.submit([{"x": 1}])
        (job,) = evaluator.gather("ALL")

    assert (job.metadata["status"], job.metadata["stopped"]) == ("RUNNING", False)


def test_after_ctrl_c_a_function_that_goes_on_is_told(problem: HpProblem, tmp_path: Path) -> None:
    def run(job: Any) -> float:
        before = job.status
        with suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        seen.append((before, job.status, job.stopped()))
        return 1.0

    seen: list[Any] = []
    search = RandomSearch(problem, log_dir=tmp_path)
    table = search.search(run, 5)

    assert seen == [(JobStatus.RUNNING, JobStatus.CANCELLING, True)]
    assert len(table) == 1 and search.stop_reason == "interrupted by SIGINT"


def test_a_coroutine_is_told_when_it_is_cancelled() -> None:
    async def run(job: Any) -> float:
        begun.append(job.status)
        try:
            await asyncio.sleep(PATIENCE_S)
        finally:
            seen.append((job.status, job.stopped()))
        return 1.0

    begun: list[Any] = []
    seen: list[Any] = []
    with Evaluator.create(run, num_workers=2) as evaluator:
        evaluator.submit([{"x": 1}, {"x": 2}])
        assert comes_true(lambda: len(begun) == 2, PATIENCE_S)
        evaluator.timeout = 1e-3
        jobs = evaluator.gather("ALL")
        assert comes_true(lambda: len(seen) == 2, PATIENCE_S)

    assert begun == [JobStatus.RUNNING] * 2
    assert seen == [(JobStatus.CANCELLING, True)] * 2
    assert [job.status for job in jobs] == [JobStatus.CANCELLED] * 2  # type: ignore[union-attr]


def marking(folder: Path) -> Callable[[Any], Any]:
    """A run-function that leaves files for the statuses that it sees."""
    patience = PATIENCE_S

    def run(job: Any) -> float:
        begin = time.monotonic()
        (folder / f"{job.status.name} {job['x']}").touch()
        while job.status is JobStatus.RUNNING and time.monotonic() < begin + patience:
            time.sleep(0.005)
        (folder / f"{job.status.name} {job.stopped()} {job['x']}").touch()
        return 1.0

    return run


@pytest.mark.parametrize("kind", ["thread", "thread pool", pytest.param("fork", marks=pytest.mark.slow)])
@pytest.mark.parametrize("way", ["deadline", "cancel"])
def test_a_function_that_nobody_can_end_sees_that_it_is_being_cancelled(tmp_path: Path, kind: str, way: str) -> None:
    pools: dict[str, Any] = {
        "thread pool": lambda: ThreadPoolExecutor(2),
        "fork": lambda: ProcessPoolExecutor(2, get_context("fork")),
    }
    method = pools.get(kind, lambda: kind)()
    with Evaluator.create(marking(tmp_path), method, num_workers=2) as evaluator:
        evaluator.submit([{"x": 0}, {"x": 1}])
        assert comes_true(lambda: len(list(tmp_path.glob("RUNNING *"))) == 2, PATIENCE_S)
        if way == "cancel":
            evaluator.cancel()
        else:
            evaluator.timeout = 1e-3
            evaluator.gather("ALL")

        assert comes_true(lambda: len(list(tmp_path.glob("CANCELLING True *"))) == 2, PATIENCE_S)
    if not isinstance(method, str):
        method.shutdown()


@pytest.mark.parametrize("method", ["serial", "thread", "process", "loky", "simulated"])
def test_a_running_job_has_the_status_running(method: str) -> None:
    def run(job: Any) -> Any:
        is_running = job.status is JobStatus.RUNNING
        return {"objective": 1, "metadata": {"is_running": is_running, "stopped": job.stopped()}}

    with Evaluator.create(run, method) as evaluator:
        evaluator.submit([{"x": 1}])
        (job,) = evaluator.gather("ALL")

    assert (job.metadata["is_running"], job.metadata["stopped"]) == (True, False)


def test_a_simulated_evaluation_is_told_when_it_is_cancelled_between_two_records() -> None:
    def run(job: Any) -> float:
        try:
            for step in range(100):
                statuses.add(job.status)
                job.record(step, 1.0)
        finally:
            last.append(job.status)
        return 1.0

    statuses: set[Any] = set()
    last: list[Any] = []
    with Evaluator.create(run, "simulated", seconds_per_budget=1.0) as evaluator:
        evaluator.timeout = 10.0
        evaluator.submit([{"x": 1}])
        (job,) = evaluator.gather("ALL")

    assert job.status is JobStatus.CANCELLED
    assert statuses == {JobStatus.RUNNING} and last == [JobStatus.CANCELLING]


def test_a_thread_of_the_functions_own_is_told_in_the_callers_thread_too() -> None:
    """A helper that watches the job, as training loops have, asks from another thread."""

    def run(job: Any) -> float:
        watcher = threading.Thread(target=lambda: comes_true(job.stopped, PATIENCE_S))
        watcher.start()
        watcher.join()
        return float(job.stopped())

    with Evaluator.create(run) as evaluator:
        evaluator.timeout = 0.1
        evaluator.submit([{"x": 1}])
        (job,) = evaluator.gather("ALL")

    assert job.objective == 1.0
