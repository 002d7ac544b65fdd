"""Every job holds resources of its own, and they come back whatever happens to it."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deephyper.evaluator import Evaluator, ProcessEvaluator, SerialEvaluator, ThreadEvaluator, queued
from processes import PATIENCE_S, comes_true


class Holding:
    """Counts who holds what at a time, for functions in threads, of which `n_together` wait for each other."""

    def __init__(self, n_together: int) -> None:
        self._lock, self._held = threading.Lock(), set[Any]()
        self._together = threading.Barrier(n_together)
        self.most = 0

    def __call__(self, items: list[Any]) -> None:
        with self._lock:
            assert self._held.isdisjoint(items)
            self._held.update(items)
            self.most = max(self.most, len(self._held))
        self._together.wait(PATIENCE_S)
        with self._lock:
            self._held.difference_update(items)


@pytest.mark.parametrize("n_each", [1, 2])
def test_no_two_running_jobs_hold_the_same_item(n_each: int) -> None:
    holding = Holding(4 // n_each)

    def run(job: Any, dequed: list[int]) -> float:
        holding(dequed)
        if job["x"] % 3 == 0:
            raise ValueError
        return len(dequed)

    with queued(ThreadEvaluator)(run, num_workers=8, queue=range(4), queue_pop_per_task=n_each) as evaluator:
        assert evaluator.line.n_free == 4 // n_each
        evaluator.submit([{"x": x} for x in range(60)])
        jobs = evaluator.gather("ALL")

    assert {job.objective for job in jobs} == {float(n_each), "F_ValueError"}
    assert all(len(job.metadata["dequed"]) == n_each for job in jobs)
    assert holding.most == 4


def test_items_of_a_queue_take_turns_when_there_are_more_than_workers() -> None:
    with queued(SerialEvaluator)(lambda job, dequed: dequed[0], num_workers=1, queue=[1, 2, 3, 4]) as evaluator:
        evaluator.submit([{"x": x} for x in range(8)])
        jobs = evaluator.gather("ALL")

    assert [job.objective for job in jobs] == [1, 2, 3, 4, 1, 2, 3, 4]


def run_or_end(job: Any, dequed: list[str]) -> Any:
    kind = job["x"]
    if kind == "raise":
        raise ValueError
    if kind == "exit":
        os._exit(1)
    if kind == "hang":
        time.sleep(3600)
    return 1.0


@pytest.mark.parametrize("kind", ["exit", *[pytest.param(kind, marks=pytest.mark.slow) for kind in ("raise", "hang")]])
def test_an_item_comes_back_whatever_happens(kind: str) -> None:
    with queued(ProcessEvaluator)(run_or_end, num_workers=2, queue=["the only one"], job_timeout=0.3) as evaluator:
        evaluator.submit([{"x": kind}, {"x": 0}])
        jobs = evaluator.gather("ALL")

        assert [job.metadata["dequed"] for job in jobs] == 2 * [["the only one"]]
        assert jobs[1].objective == 1.0


def test_an_item_comes_back_after_a_deadline() -> None:
    with queued(ProcessEvaluator)(run_or_end, num_workers=2, queue=["a"]) as evaluator:
        evaluator.timeout = 0.3
        evaluator.submit([{"x": "hang"}, {"x": "hang"}])
        first = evaluator.gather("ALL")
        evaluator.timeout = None
        evaluator.submit([{"x": 0}])
        second = evaluator.gather("ALL")

    assert [job.status.value for job in first] == ["CANCELLED", "CANCELLED"]
    assert [job.objective for job in second] == [1.0]


@pytest.mark.slow
def test_each_evaluation_sees_its_own_gpu_and_a_worker_keeps_the_one_it_knows(tmp_path: Path) -> None:
    def look(job: Any) -> Any:
        (tmp_path / str(os.getpid())).touch()
        # A worker that starts late gets its share: the others wait for it.
        assert comes_true(lambda: len(list(tmp_path.iterdir())) == 3)
        return {"objective": 1.0, "metadata": {"seen": os.environ["CUDA_VISIBLE_DEVICES"], "pid": os.getpid()}}

    with ProcessEvaluator(look, num_workers=3, resources={"gpu": [4, [5, 6], 7]}) as evaluator:
        evaluator.submit([{"x": x} for x in range(30)])
        jobs = evaluator.gather("ALL")

    by_worker: dict[int, set[str]] = {}
    for job in jobs:
        assert job.metadata["seen"] == ("5,6" if job.metadata["gpu"] == [5, 6] else str(job.metadata["gpu"]))
        by_worker.setdefault(job.metadata["pid"], set()).add(job.metadata["seen"])
    assert sorted(by_worker.values(), key=str) == [{"4"}, {"5,6"}, {"7"}]


def test_the_environment_is_as_before_after_an_evaluation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "9")

    def run(job: Any) -> Any:
        seen = os.environ["CUDA_VISIBLE_DEVICES"]
        threading.Thread(target=lambda: None).start()
        return {"objective": float(seen), "metadata": {"licence": job.resources["licence"]}}

    with ProcessEvaluator(run, num_workers=2, resources={"gpu": [1], "licence": ["L"]}) as evaluator:
        evaluator.submit([{"x": 0}, {"x": 1}])
        jobs = evaluator.gather("ALL")

    assert [(job.objective, job.metadata["licence"]) for job in jobs] == 2 * [(1.0, "L")]
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "9"


def run(job: Any) -> float:
    return 1.0


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: queued(SerialEvaluator)(run, queue=[]), "queue must hold at least one item"),
        (lambda: queued(SerialEvaluator)(run, queue="abc"), "queue must be a list of items, got 'abc'"),
        (
            lambda: queued(SerialEvaluator)(run, queue=[1], queue_pop_per_task=2),
            "queue holds 1 items.*queue_pop_per_task=2",
        ),
        (lambda: queued(SerialEvaluator)(run, queue=[1], queue_pop_per_tas=2), "Did you mean 'queue_pop_per_task'"),
        (lambda: ProcessEvaluator(run, resources=[1, 2]), "resources must be a mapping of names to lists"),
        (lambda: ProcessEvaluator(run, resources={}), "resources must name at least one kind"),
        (lambda: ProcessEvaluator(run, resources={"gpu": []}), "must hold at least one item"),
        (lambda: queued(ProcessEvaluator)(run, queue=[1], resources={"gpu": [1]}), "either resources or a queue"),
    ],
)
def test_bad_resources_are_refused(make: Callable[[], Evaluator], message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        make()
