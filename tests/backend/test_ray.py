"""Evaluations on Ray: what is lost, given up, reported on the way, and not to be had."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deephyper.backend import Switchboard, Work
from deephyper.evaluator import Evaluator, Job, RayEvaluator
from deephyper.testing import EvaluatorContract
from deephyper.worker import Task
from processes import PATIENCE_S, comes_true, is_at_work

pytestmark = [pytest.mark.ray, pytest.mark.usefixtures("ray_cluster")]


def dying(job: Any, folder: str) -> float:
    """Kills its worker the first time for x = 1, and every time for x = 2."""
    marks = os.path.join(folder, str(job["x"]))
    with open(marks, "a") as file:
        file.write(".")
    if job["x"] == 2 or (job["x"] == 1 and os.path.getsize(marks) == 1):
        os.kill(os.getpid(), signal.SIGKILL)
    return float(job["x"])


@pytest.mark.parametrize("max_retries", [0, 1])
def test_a_worker_that_is_lost_costs_one_row_or_is_tried_again_as_often_as_was_said(
    max_retries: int, tmp_path: Path
) -> None:
    with RayEvaluator(dying, 2, max_retries=max_retries, run_function_kwargs={"folder": str(tmp_path)}) as evaluator:
        evaluator.submit([{"x": x} for x in range(4)])
        jobs = evaluator.gather("ALL")
    values = {job.parameters["x"]: job.objective for job in jobs}  # type: ignore[union-attr]

    assert values == {0: 0.0, 1: 1.0 if max_retries else "F_worker_died", 2: "F_worker_died", 3: 3.0}
    assert [len((tmp_path / name).read_text()) for name in "0123"] == [1, 1 + max_retries, 1 + max_retries, 1]


def test_what_runs_at_a_deadline_is_killed_and_its_place_is_free(tmp_path: Path) -> None:
    def run(job: Any, file: str) -> float:
        if job["x"] == 0:
            Path(file).write_text(str(os.getpid()))
            time.sleep(1000.0)
        return float(job["x"])

    file = tmp_path / "number"
    with RayEvaluator(run, 1, num_cpus_per_task=3, run_function_kwargs={"file": str(file)}) as evaluator:
        evaluator.submit([{"x": 0}])
        assert comes_true(lambda: file.exists() and bool(file.read_text()))
        evaluator.timeout = 1e-9
        (cancelled,) = evaluator.gather()
        assert comes_true(lambda: not is_at_work(int(file.read_text())))
        evaluator.timeout = None
        evaluator.submit([{"x": x} for x in (1, 2)])
        rest = evaluator.gather()

    assert isinstance(cancelled, Job) and cancelled.objective is None and cancelled.timestamp_start is not None
    assert sorted(job.objective for job in rest) == [1.0, 2.0]  # type: ignore[union-attr, type-var]


def test_values_arrive_on_the_way_and_an_evaluation_can_be_stopped() -> None:
    from deephyper.backend.ray_tasks import RayTasks

    def run(job: Any) -> float:
        job.record(1, 0.5)
        while not job.stopped():
            time.sleep(0.01)
        return 7.0

    arrived = threading.Event()
    switchboard = Switchboard(lambda ticket, budget, value: arrived.set())
    backend = RayTasks("test", resources={"licence": 2}, num_cpus_per_task=0.5)
    backend.open(Work("test", run, {}), 1, switchboard)
    ticket = switchboard.open([])
    future = backend.submit(Task(ticket, 0, {"x": 1}))
    assert arrived.wait(PATIENCE_S)
    switchboard.stop(ticket)

    assert future.result(PATIENCE_S).returned == 7.0
    assert switchboard.close(ticket) is not None
    backend.close()


def test_the_function_is_unpickled_once_in_a_worker_and_ray_of_the_user_goes_on() -> None:
    import ray

    class Data:
        def __setstate__(self, state: dict[str, int]) -> None:
            self.made = time.monotonic_ns()

        def __getstate__(self) -> dict[str, int]:
            return {}

    def run(job: Any, data: Any) -> Any:
        return {"objective": 1.0, "metadata": {"made": f"{os.getpid()} {data.made}"}}

    with RayEvaluator(run, 2, run_function_kwargs={"data": Data()}) as evaluator:
        evaluator.submit([{"x": x} for x in range(12)])
        made = {job.metadata["made"] for job in evaluator.gather("ALL")}  # type: ignore[union-attr]

    assert len(made) == len({each.split()[0] for each in made})
    assert ray.is_initialized()


def test_without_a_number_of_workers_there_are_as_many_as_there_is_room_for() -> None:
    assert RayEvaluator(len).num_workers == 3
    assert RayEvaluator(len, num_cpus_per_task=0.5).num_workers == 6


def test_what_is_no_share_and_no_amount_is_refused() -> None:
    with pytest.raises(ValueError, match="num_cpus_per_task must be a number of at least 0, such as 1 or 0.5, got -1"):
        RayEvaluator(len, num_cpus_per_task=-1)
    with pytest.raises(ValueError, match=r"each amount in resources must be a positive number, 'gpu' is \[0, 1\]"):
        RayEvaluator(len, resources={"gpu": [0, 1]})


class TestRay(EvaluatorContract):
    def make(self, run_function: Callable[..., Any], **options: Any) -> Evaluator:
        return RayEvaluator(run_function, **{"num_workers": 1, **options})


SCRIPT = """
import json, os, sys
import psutil
from deephyper.evaluator import Evaluator
from deephyper.hpo import HpProblem, RandomSearch

problem = HpProblem()
problem.add_hyperparameter((0.0, 1.0), "x")

def run(job):
    return job["x"]

with Evaluator.create(run, "ray", num_workers=2) as evaluator:
    table = RandomSearch(problem, evaluator, random_state=1, log_dir=None).search(6)
    children = psutil.Process().children(recursive=True)
    print("pids", *(child.pid for child in children))
    print("dashboard", any("8265" in " ".join(child.cmdline()) for child in children), flush=True)
    assert table.objective.min() > 0
"""


@pytest.mark.slow
def test_a_ray_of_its_own_needs_no_guard_has_no_dashboard_and_ends(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    ended = subprocess.run(
        [sys.executable, str(script)], cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE_S
    )
    assert ended.returncode == 0, ended.stderr
    words = next(line.split() for line in ended.stdout.splitlines() if line.startswith("pids"))

    assert len(words) > 3
    assert comes_true(lambda: not any(is_at_work(int(pid)) for pid in words[1:]))
