"""Crash isolation and clean endings of evaluations in processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from deephyper.evaluator import Evaluator
from processes import PATIENCE_S, Before, all_end, comes_true


def crash(job: Any) -> Any:
    kind = job["x"]
    if kind == "exit":
        os._exit(1)
    if kind == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if kind == "segfault":
        os.kill(os.getpid(), signal.SIGSEGV)
    return float(kind)


@pytest.mark.parametrize(
    "kind", ["exit", *[pytest.param(kind, marks=pytest.mark.slow) for kind in ("kill", "segfault")]]
)
def test_a_worker_that_dies_costs_its_own_evaluation_only(kind: str) -> None:
    with Evaluator.create(crash, "process", {"num_workers": 2}) as evaluator:
        evaluator.submit([{"x": x} for x in (0, kind, 1, 2, kind, 3)])
        jobs = evaluator.gather("ALL")

    found = sorted((job.id, job.objective) for job in jobs)
    assert found == [(0, 0.0), (1, "F_worker_died"), (2, 1.0), (3, 2.0), (4, "F_worker_died"), (5, 3.0)]
    assert all(job.crashed for job in jobs if job.is_failure)


@pytest.mark.slow
def test_a_kill_leaves_the_neighbour_running() -> None:
    def sleep(job: Any) -> Any:
        time.sleep(job["x"])
        return os.getpid()

    with Evaluator.create(sleep, "process", {"num_workers": 2}) as evaluator:
        evaluator.submit([{"x": 0}, {"x": 0}])
        pids = {int(job.objective) for job in evaluator.gather("ALL")}
        evaluator.submit([{"x": 3600}, {"x": 0.2}])
        (quick,) = evaluator.gather("BATCH", size=1)
        (slow,) = evaluator.cancel()

        assert slow.status.value == "CANCELLED"
        assert all_end(list(pids - {int(quick.objective)}))
        evaluator.submit([{"x": 0}, {"x": 0}])
        assert int(quick.objective) in {int(job.objective) for job in evaluator.gather("ALL")}


def test_children_of_a_killed_worker_end_with_it(tmp_path: Path) -> None:
    def fork(job: Any) -> Any:
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)"])
        (tmp_path / "new").write_text(str(child.pid))
        (tmp_path / "new").rename(tmp_path / "pid")
        time.sleep(3600)

    with Evaluator.create(fork, "process") as evaluator:
        evaluator.submit([{"x": 1}])
        assert comes_true((tmp_path / "pid").exists)
        evaluator.cancel()
        grandchild = int((tmp_path / "pid").read_text())

        assert all_end([grandchild])


def test_no_process_is_left_after_close() -> None:
    before = Before()
    with Evaluator.create(lambda job: job["x"], "process", {"num_workers": 3}) as evaluator:
        evaluator.submit([{"x": x} for x in range(6)])
        evaluator.gather("ALL")
        assert len(before.new_processes()) >= 3

    assert before.new_processes() == []


@pytest.mark.slow
def test_workers_end_when_their_manager_has_died(tmp_path: Path) -> None:
    script = """
        import time
        from deephyper.evaluator import Evaluator

        def run(job):
            open(f"started{job['x']}", "w").close()
            time.sleep(3600)

        Evaluator.create(run, "process", {"num_workers": 2}).submit([{"x": 1}, {"x": 2}])
        time.sleep(3600)
    """
    manager = subprocess.Popen([sys.executable, "-c", textwrap.dedent(script)], cwd=tmp_path)
    assert comes_true(lambda: len(list(tmp_path.glob("started*"))) == 2)
    found = psutil.Process(manager.pid).children(recursive=True)
    lanes = [child for child in found if "deephyper.worker.begin" in " ".join(child.cmdline())]
    manager.kill()
    manager.wait()

    assert len(lanes) == 2
    assert all_end([lane.pid for lane in lanes])


SCRIPT = """
    import helper_beside, time
    from deephyper.hpo import CBO, HpProblem
    from deephyper.evaluator import Evaluator

    print("top level")
    problem = HpProblem()
    problem.add_hyperparameter((-1.0, 1.0), "x")

    def run_here(job):
        return -job["x"] ** 2

    for run in (run_here, helper_beside.run, lambda job: job["x"]):
        for method in ("process", "thread"):
            evaluator = Evaluator.create(run, method, {"num_workers": 2})
            table = CBO(problem, evaluator, random_state=1).search(6)
            assert list(table.job_status) == ["DONE"] * 6 and table.objective.dtype == float, table
    print("all done")
"""


@pytest.mark.slow
def test_a_script_without_a_main_guard_runs_once_and_reaches_its_own_functions(tmp_path: Path) -> None:
    (tmp_path / "helper_beside.py").write_text("def run(job):\n    return -abs(job['x'])\n")
    (tmp_path / "script.py").write_text(textwrap.dedent(SCRIPT))
    ended = subprocess.run(
        [sys.executable, "script.py"], cwd=tmp_path, capture_output=True, text=True, timeout=2 * PATIENCE_S
    )

    assert ended.stderr == ""
    assert ended.stdout.split("\n") == ["top level", "all done", ""]


@pytest.mark.parametrize(
    "how", ["", *[pytest.param(how, marks=pytest.mark.slow) for how in ("raise ValueError", "sys.exit(3)")]]
)
def test_a_script_that_closes_nothing_ends_at_once_and_takes_its_workers_with_it(tmp_path: Path, how: str) -> None:
    script = f"""
        import os, sys, time
        from deephyper.evaluator import Evaluator

        def run(job):
            open(f"started{{os.getpid()}}", "w").close()
            time.sleep(3600)

        evaluator = Evaluator.create(run, "process", {{"num_workers": 2}})
        evaluator.submit([{{"x": 1}}, {{"x": 2}}])
        while len([name for name in os.listdir() if name.startswith("started")]) < 2:
            time.sleep(0.01)
        {how}
    """
    ended = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], cwd=tmp_path, capture_output=True, timeout=PATIENCE_S
    )
    pids = [int(path.name.removeprefix("started")) for path in tmp_path.glob("started*")]

    assert ended.returncode == {"": 0, "raise ValueError": 1, "sys.exit(3)": 3}[how]
    assert len(pids) == 2
    assert all_end(pids)
    assert b"leaked" not in ended.stderr


def cannot_start(worker: Any, *args: Any) -> None:
    raise OSError("no file descriptors are left")


def test_a_worker_that_cannot_be_started_costs_the_evaluation_that_waits_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Evaluator.create(lambda job: time.sleep(0.01) or os.getpid(), "process") as evaluator:
        # So short that a second one waits in line; then the worker dies, and no other one starts.
        evaluator.submit([{"x": x} for x in range(30)])
        pid = int(evaluator.gather("ALL")[0].objective)
        monkeypatch.setattr("deephyper.backend.lane.Worker.__init__", cannot_start)
        evaluator.submit([{"x": 0}, {"x": 1}])
        os.kill(pid, signal.SIGKILL)
        jobs = evaluator.gather("ALL")

    assert {job.objective for job in jobs} <= {"F_worker_died", "F_OSError", float(pid)}
    assert len(jobs) == 2
