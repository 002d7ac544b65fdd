"""How many jobs there should be: one for each worker, and a few that wait."""

from __future__ import annotations

from typing import Any

from deephyper.evaluator import SimulatedEvaluator, queued


def run(job: Any) -> float:
    return float(job["x"])


def exact(n_workers: int) -> SimulatedEvaluator:
    return SimulatedEvaluator(run, n_workers, duration=lambda parameters, rng: parameters["x"], charge_manager=False)


def submit(evaluator: Any, *seconds: float) -> None:
    evaluator.submit([{"x": x} for x in seconds])


def test_a_job_that_waits_begins_at_the_moment_in_which_a_worker_is_free() -> None:
    with exact(2) as evaluator:
        submit(evaluator, 1.0, 5.0)
        before = evaluator.line.n_free, evaluator.line.n_wanted(1)
        submit(evaluator, 3.0)
        with_one_waiting = evaluator.line.n_free, evaluator.line.n_wanted(1)
        evaluator.gather("BATCH", size=1)
        afterwards = evaluator.line.n_free, evaluator.line.n_wanted(1)
        jobs = evaluator.gather("ALL")

    assert (before, with_one_waiting, afterwards) == ((0, 1), (0, 0), (0, 1))
    assert [job.timestamp_start for job in jobs if job.parameters["x"] == 3.0] == [1.0]


def test_free_workers_count_before_those_that_will_be_free() -> None:
    with exact(3) as evaluator:
        submit(evaluator, 1.0)

        assert (evaluator.line.n_free, evaluator.line.n_wanted(0), evaluator.line.n_wanted(2)) == (2, 2, 4)


def test_no_job_waits_where_each_holds_something() -> None:
    with queued(SimulatedEvaluator)(lambda job, dequed: 0.0, 2, duration=1.0, queue=[1, 2]) as evaluator:
        submit(evaluator, 1.0, 1.0)

        assert evaluator.line.n_free == evaluator.line.n_wanted(1) == 0
