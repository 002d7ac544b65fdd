"""An evaluator that nobody closes leaves neither processes nor threads for long."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from deephyper.errors import AllFailedError
from deephyper.evaluator import Evaluator
from deephyper.hpo import CBO, HpProblem, RandomSearch
from processes import PATIENCE_S, Before, comes_true


@pytest.fixture
def before() -> Before:
    gc.collect()
    return Before()


@pytest.fixture
def workers_idle_shortly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deephyper.backend.lanes._IDLE_S", 0.3)


def problem() -> HpProblem:
    made = HpProblem()
    made.add_hyperparameter((-1.0, 1.0), "x")
    return made


def run(job: Any) -> Any:
    return os.getpid()


def opened(method: str = "process", function: Callable[..., Any] = run, **options: Any) -> Evaluator:
    evaluator = Evaluator.create(function, method, options)
    evaluator.submit([{"x": 1}, {"x": 2}])
    evaluator.gather("ALL")
    return evaluator


def has_nothing_left(before: Before) -> bool:
    return comes_true(lambda: not before.new_processes() and not before.new_threads())


def test_its_workers_end_when_the_last_name_of_it_goes(before: Before) -> None:
    evaluator = opened(num_workers=2)
    assert len(before.new_processes()) >= 2
    gc.disable()
    try:
        del evaluator

        assert has_nothing_left(before)
    finally:
        gc.enable()


@pytest.mark.slow
@pytest.mark.parametrize("kind", [CBO, RandomSearch])
def test_searches_in_a_row_keep_the_workers_of_none(tmp_path: Path, before: Before, kind: Any) -> None:
    rows = []
    for n in range(4):
        evaluator = Evaluator.create(run, method="process", method_kwargs={"num_workers": 2})
        rows.append(kind(problem(), evaluator, log_dir=tmp_path / str(n)).search(max_evals=6))
        # Two workers and a guard, of this search and the one before.
        assert comes_true(lambda: len(before.new_processes()) <= 6)
    del evaluator

    assert has_nothing_left(before)
    assert [len(table) for table in rows] == [6] * 4


def test_what_runs_goes_on_although_nobody_can_see_its_result(tmp_path: Path, before: Before) -> None:
    def run_on(job: Any) -> None:
        (tmp_path / "begun").touch()
        while not (tmp_path / "go").exists():
            threading.Event().wait(0.005)
        (tmp_path / "ended").touch()

    Evaluator.create(run_on, "process", {"num_workers": 1}).submit([{"x": 1}])
    gc.collect()
    assert comes_true((tmp_path / "begun").exists)
    gc.collect()
    (tmp_path / "go").touch()

    assert comes_true((tmp_path / "ended").exists)
    assert comes_true(lambda: gc.collect() >= 0 and not before.new_processes())


@pytest.mark.usefixtures("workers_idle_shortly")
def test_workers_that_idle_end_and_new_ones_begin_with_the_next_evaluation(tmp_path: Path, before: Before) -> None:
    def note() -> None:
        (tmp_path / str(os.getpid())).touch()

    evaluator = opened(num_workers=2, initializer=note)
    first = {int(path.name) for path in tmp_path.iterdir()}
    assert has_nothing_left(before)

    evaluator.submit([{"x": 1}, {"x": 2}])
    jobs = evaluator.gather("ALL")
    later = {int(job.objective) for job in jobs}  # type: ignore[union-attr, arg-type]
    assert not later & first
    assert later <= {int(path.name) for path in tmp_path.iterdir()}
    assert has_nothing_left(before)
    evaluator.close()
    evaluator.close()


@pytest.mark.slow
@pytest.mark.usefixtures("workers_idle_shortly")
def test_workers_end_though_a_search_that_failed_is_kept(tmp_path: Path, before: Before) -> None:
    def fails(job: Any) -> None:
        raise ValueError("fails always")

    evaluator = Evaluator.create(fails, "process", {"num_workers": 2})
    search = RandomSearch(problem(), evaluator, log_dir=tmp_path)
    with pytest.raises(AllFailedError) as caught:
        search.search(max_evals=100)

    # A notebook keeps the last traceback, and with it everything that it came through.
    assert caught.value.__traceback__ is not None
    assert has_nothing_left(before)


@pytest.mark.slow
@pytest.mark.usefixtures("workers_idle_shortly")
def test_a_long_evaluation_is_no_idling() -> None:
    def waits(job: Any) -> int:
        threading.Event().wait(job["x"])
        return os.getpid()

    with Evaluator.create(waits, "process", {"num_workers": 2}) as evaluator:
        evaluator.submit([{"x": 0}, {"x": 1.5}])
        pids = {job.objective for job in evaluator.gather("ALL")}  # type: ignore[union-attr]

        assert len(pids) == 2


async def wait_a_moment(job: Any) -> float:
    await asyncio.sleep(0)
    return 1.0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("method", "function", "options"),
    [
        ("thread", run, {"num_workers": 2}),
        ("thread", run, {"num_workers": 2, "job_timeout": PATIENCE_S}),
        ("serial", run, {}),
        ("serial", wait_a_moment, {"num_workers": 2}),
        ("serial", wait_a_moment, {"job_timeout": PATIENCE_S}),
        ("simulated", run, {"num_workers": 2}),
    ],
)
def test_no_thread_is_left_of_any_method(method: str, function: Any, options: dict[str, Any], before: Before) -> None:
    evaluator = opened(method, function, **options)
    del evaluator
    gc.collect()

    assert has_nothing_left(before)


@pytest.mark.slow
def test_the_socket_of_pickled_work_is_closed_and_its_folder_removed(before: Before, tmp_path: Path) -> None:
    def records(job: Any) -> float:
        job.record(1, 2.0)
        return 1.0

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tempfile.tempdir", str(tmp_path))
        with ProcessPoolExecutor(1) as pool:
            evaluator = Evaluator.create(records, pool)
            evaluator.submit([{"x": 1}])
            evaluator.gather("ALL")
            assert len(list(tmp_path.glob("deephyper-*"))) == 1
            del evaluator
            gc.collect()

            assert comes_true(lambda: not list(tmp_path.glob("deephyper-*")))
    assert has_nothing_left(before)


@pytest.mark.slow
def test_a_worker_may_retire_after_some_evaluations(tmp_path: Path) -> None:
    def note() -> None:
        (tmp_path / str(os.getpid())).touch()

    options = {"num_workers": 2, "max_tasks_per_child": 3, "initializer": note}
    with Evaluator.create(run, "process", options) as evaluator:
        # So short that each lane has the next one waiting.
        evaluator.submit([{"x": x} for x in range(40)])
        pids = [int(job.objective) for job in evaluator.gather("ALL")]  # type: ignore[union-attr, arg-type]

    assert len(pids) == 40
    assert max(map(pids.count, pids)) == 3
    assert set(pids) <= {int(path.name) for path in tmp_path.iterdir()}


@pytest.mark.slow
def test_a_worker_may_retire_when_it_takes_too_much_and_nothing_is_lost() -> None:
    kept: list[bytes] = []

    def leaks(job: Any) -> int:
        kept.append(b"x" * (200 << 20))
        return os.getpid()

    options = {"num_workers": 2, "max_memory_per_child": 350 << 20}
    with Evaluator.create(lambda job: leaks(job), "process", options) as evaluator:
        evaluator.submit([{"x": x} for x in range(8)])
        pids = [int(job.objective) for job in evaluator.gather("ALL")]  # type: ignore[union-attr, arg-type]

    assert len(pids) == 8
    assert max(map(pids.count, pids)) <= 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_tasks_per_child": 0}, r"max_tasks_per_child \(None for no limit\) must be a whole number of at least 1"),
        ({"max_memory_per_child": 0.5}, r"max_memory_per_child \(bytes, None for no limit\) must be a whole number"),
    ],
)
def test_what_is_no_limit_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        Evaluator.create(run, "process", options)
