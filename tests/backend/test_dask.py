"""Evaluations on Dask: what is lost, given up, reported on the way, and not to be had."""

from __future__ import annotations

import json
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
from deephyper.backend.own_address import address_towards
from deephyper.evaluator import DaskEvaluator, Evaluator, ExecutorEvaluator, Job
from deephyper.testing import EvaluatorContract
from deephyper.worker import Task
from processes import PATIENCE_S, comes_true, is_at_work

pytestmark = pytest.mark.dask


def dying(job: Any, folder: str) -> float:
    """Kills its worker for x = 1, as often as there is a file for it."""
    with open(os.path.join(folder, f"{job['x']}"), "a") as file:
        file.write(".")
    if job["x"] == 1 and not os.path.exists(os.path.join(folder, "is well")):
        os.kill(os.getpid(), signal.SIGKILL)
    return float(job["x"])


def evaluated(evaluator: DaskEvaluator, n: int) -> dict[Any, Job]:
    with evaluator:
        evaluator.submit([{"x": x} for x in range(n)])
        jobs = evaluator.gather("ALL")
    return {job.parameters["x"]: job for job in jobs}  # type: ignore[union-attr]


def test_a_worker_that_is_lost_costs_one_row_and_nothing_is_repeated(dask_address: str, tmp_path: Path) -> None:
    options: dict[str, Any] = {
        "client": dask_address,
        "num_workers": 1,
        "run_function_kwargs": {"folder": str(tmp_path)},
    }
    jobs = evaluated(DaskEvaluator(dying, **options), 4)

    assert {x: job.objective for x, job in jobs.items()} == {0: 0.0, 1: "F_worker_died", 2: 2.0, 3: 3.0}
    assert (tmp_path / "1").read_text() == "."


def test_an_evaluation_whose_worker_was_lost_is_tried_again_as_often_as_was_said(
    dask_address: str, tmp_path: Path
) -> None:
    def run(job: Any, folder: str) -> float:
        marks = os.path.join(folder, str(job["x"]))
        with open(marks, "a") as file:
            file.write(".")
        if job["x"] == 1 and os.path.getsize(marks) == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        return float(job["x"])

    options: dict[str, Any] = {
        "client": dask_address,
        "num_workers": 1,
        "run_function_kwargs": {"folder": str(tmp_path)},
    }
    jobs = evaluated(DaskEvaluator(run, max_retries=1, **options), 2)

    assert [(jobs[x].objective, jobs[x].metadata["retries"]) for x in (0, 1)] == [(0.0, 0), (1.0, 1)]
    assert (tmp_path / "1").read_text() == ".."


def test_what_runs_at_a_deadline_is_ended_and_its_worker_comes_back(dask_address: str, tmp_path: Path) -> None:
    def run(job: Any, file: str) -> float:
        if job["x"] == 0:
            Path(file).write_text(str(os.getpid()))
            time.sleep(1000.0)
        return float(job["x"])

    file = tmp_path / "number"
    kwargs = {"file": str(file)}
    with DaskEvaluator(run, 1, client=dask_address, run_function_kwargs=kwargs) as evaluator:
        evaluator.submit([{"x": 0}])
        assert comes_true(lambda: file.exists() and bool(file.read_text()))
        number = int(file.read_text())
        evaluator.timeout = 1e-9
        (cancelled,) = evaluator.gather()
        assert comes_true(lambda: not is_at_work(number))
        evaluator.timeout = None
        evaluator.submit([{"x": x} for x in (1, 2, 3, 4)])
        rest = evaluator.gather()

    assert isinstance(cancelled, Job) and cancelled.objective is None and cancelled.timestamp_start is not None
    assert sorted(job.objective for job in rest) == [1.0, 2.0, 3.0, 4.0]  # type: ignore[union-attr, type-var]


def test_values_arrive_on_the_way_and_an_evaluation_can_be_stopped(dask_address: str) -> None:
    from deephyper.backend.dask_tasks import DaskTasks

    def run(job: Any) -> float:
        job.record(1, 0.5)
        while not job.stopped():
            time.sleep(0.01)
        return 7.0

    arrived = threading.Event()
    switchboard = Switchboard(lambda ticket, budget, value: arrived.set())
    backend = DaskTasks("test", dask_address, {"licence": 1})
    backend.open(Work("test", run, {}), 1, switchboard)
    ticket = switchboard.open([])
    future = backend.submit(Task(ticket, 0, {"x": 1}))
    assert arrived.wait(PATIENCE_S)
    switchboard.stop(ticket)

    assert future.result(PATIENCE_S).returned == 7.0
    assert switchboard.close(ticket) is not None
    backend.close()


def test_the_function_travels_once_and_not_with_every_task(dask_client: Any) -> None:
    from deephyper.backend.dask_tasks import DaskTasks

    backend = DaskTasks("test", dask_client)
    backend.open(Work("test", len, {"data": b"x" * 1_000_000}), 1, Switchboard())
    plugins = dask_client.run(lambda dask_worker: [len(plugin.payload) for plugin in _payloads(dask_worker)])
    backend.close()

    assert len(plugins) == 3 and all(size > 1_000_000 for (size,) in plugins.values())
    assert not any(dask_client.run(lambda dask_worker: _payloads(dask_worker)).values())


def _payloads(worker: Any) -> list[Any]:
    return [plugin for plugin in worker.plugins.values() if hasattr(plugin, "payload")]


def test_a_worker_that_leaves_at_its_walltime_costs_one_row(tmp_path: Path) -> None:
    import distributed

    def run(job: Any, folder: str) -> float:
        with open(os.path.join(folder, "begun"), "a") as file:
            file.write(".")
        while not job.stopped() and not os.path.exists(os.path.join(folder, "gate")):
            time.sleep(0.01)
        return 1.0

    begun, scheduler = tmp_path / "begun", {"dashboard_address": "127.0.0.1:0"}
    options: dict[str, Any] = {"processes": False, "dashboard_address": None, "scheduler_kwargs": scheduler}
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, **options) as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
        DaskEvaluator(run, 1, client=client, run_function_kwargs={"folder": str(tmp_path)}) as evaluator,
    ):
        evaluator.submit([{"x": 0}])
        assert comes_true(begun.exists)
        (busy,) = [worker for worker, keys in client.processing().items() if keys]
        client.retire_workers([busy])
        (job,) = evaluator.gather()
        (tmp_path / "gate").touch()

    assert isinstance(job, Job) and job.objective == "F_worker_died"
    assert begun.read_text() == "."


def test_without_a_number_of_workers_there_are_as_many_as_threads(dask_client: Any) -> None:
    assert DaskEvaluator(len, client=dask_client).num_workers == 3


def test_a_scheduler_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from deephyper.backend import dask_tasks

    monkeypatch.setattr(dask_tasks, "_CONNECT_S", 0.1)
    with pytest.raises(RuntimeError, match=r"no scheduler of Dask answers at tcp://127.0.0.1:9 .* dask scheduler"):
        DaskEvaluator(len, client="tcp://127.0.0.1:9")


def test_what_is_no_client_and_no_amount_is_refused(dask_client: Any) -> None:
    with pytest.raises(TypeError, match="client must be a distributed.Client, a cluster, the address.* got 3 of type"):
        DaskEvaluator(len, client=3)
    with pytest.raises(ValueError, match=r"each amount in resources must be a positive number, 'GPU' is \[0, 1\]"):
        DaskEvaluator(len, client=dask_client, resources={"GPU": [0, 1]})
    with pytest.raises(TypeError, match="resources must be a mapping of names to amounts"):
        DaskEvaluator(len, client=dask_client, resources=["GPU"])


def test_this_host_has_an_address_for_others_and_none_for_itself() -> None:
    assert address_towards("127.0.0.1") is None
    assert address_towards("no such host, and no address") is None


class TestDask(EvaluatorContract):
    def make(self, run_function: Callable[..., Any], **options: Any) -> Evaluator:
        return DaskEvaluator(run_function, client=self.client, **{"num_workers": 1, **options})

    @pytest.fixture(autouse=True)
    def _client(self, dask_client: Any) -> None:
        self.client = dask_client


class TestExecutorOfDask(EvaluatorContract):
    def make(self, run_function: Callable[..., Any], **options: Any) -> Evaluator:
        return ExecutorEvaluator(run_function, self.client.get_executor(pure=False), **options)

    @pytest.fixture(autouse=True)
    def _client(self, dask_client: Any) -> None:
        self.client = dask_client


SCRIPT = """
import json, multiprocessing, os, sys
from deephyper.evaluator import Evaluator
from deephyper.hpo import HpProblem, RandomSearch

problem = HpProblem()
problem.add_hyperparameter((0.0, 1.0), "x")

def child():
    pass

def run(job):
    process = multiprocessing.get_context("fork").Process(target=child)
    process.start()
    process.join()
    return {"objective": job["x"], "metadata": {"pid": os.getpid(), "exit": process.exitcode}}

with Evaluator.create(run, "dask", num_workers=2) as evaluator:
    table = RandomSearch(problem, evaluator, random_state=1, log_dir=None).search(6)
    print(json.dumps(table["m:pid"].tolist()), flush=True)
    assert set(table["m:exit"]) == {0}
    if len(sys.argv) > 1:
        os.kill(os.getpid(), 9)
"""


@pytest.mark.slow
@pytest.mark.parametrize("end", [[], ["killed"]], ids=["closed", "killed"])
def test_a_cluster_of_its_own_needs_no_guard_and_ends_with_its_manager(end: list[str], tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    command = [sys.executable, str(script), *end]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=240)
    workers = set(json.loads(ended.stdout.splitlines()[0]))

    assert ended.returncode == (-9 if end else 0), ended.stderr
    assert len(workers) == 2
    assert comes_true(lambda: not any(map(is_at_work, workers)))
    assert "Traceback" not in ended.stderr
