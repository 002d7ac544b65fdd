"""Jobs of submitit, on this machine."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from deephyper.evaluator import Evaluator, Job
from processes import comes_true


def with_submitit(folder: Path) -> Any:
    submitit = pytest.importorskip("submitit")
    return submitit.LocalExecutor(folder=str(folder))


@pytest.mark.slow
def test_a_job_of_submitit_is_an_evaluation(tmp_path: Path) -> None:
    def run(job: Any) -> float:
        if job["x"] == 0:
            raise ZeroDivisionError
        job.record(1, 0.5)
        return 2.0 * float(job["x"])

    with Evaluator.create(run, with_submitit(tmp_path), num_workers=2) as evaluator:
        evaluator.submit([{"x": 0}, {"x": 1}])
        jobs = evaluator.gather()
    values = {job.parameters["x"]: job.objective for job in jobs}  # type: ignore[union-attr]

    assert values == {0: "F_ZeroDivisionError", 1: 2.0}


@pytest.mark.slow
def test_a_job_of_submitit_ends_at_a_deadline_and_one_without_time_is_a_failed_row(tmp_path: Path) -> None:
    def run(job: Any, folder: str) -> float:
        Path(folder, "begun").touch()
        time.sleep(1000.0)
        return 1.0

    executor = with_submitit(tmp_path)
    with Evaluator.create(run, executor, run_function_kwargs={"folder": str(tmp_path)}) as evaluator:
        evaluator.submit([{"x": 0}])
        assert comes_true((tmp_path / "begun").exists)
        evaluator.timeout = 1e-9
        (cancelled,) = evaluator.gather()
        evaluator.timeout = None
        executor.update_parameters(timeout_min=0.02)
        evaluator.submit([{"x": 1}])
        (late,) = evaluator.gather()

    assert isinstance(cancelled, Job) and cancelled.objective is None
    assert isinstance(late, Job) and str(late.objective).startswith("F_"), late.metadata
