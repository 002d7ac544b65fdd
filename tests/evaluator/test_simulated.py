"""Evaluations on a virtual clock."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from deephyper.evaluator import Evaluator, JobStatus, SimulatedEvaluator
from deephyper.hpo import CBO, HpProblem, RandomSearch

HOUR = 3600.0


@pytest.fixture
def problem() -> HpProblem:
    problem = HpProblem()
    for name in ("x", "y"):
        problem.add_hyperparameter((-1.0, 1.0), name)
    return problem


def run(job: Any) -> float:
    return -float(job["x"] ** 2 + job["y"] ** 2)


def exact(n_workers: int, duration: Any = HOUR, **options: Any) -> SimulatedEvaluator:
    return SimulatedEvaluator(run, n_workers, duration=duration, charge_manager=False, **options)


def test_hours_pass_at_once_and_times_say_so() -> None:
    begin = time.monotonic()
    with exact(2) as evaluator:
        evaluator.submit([{"x": x, "y": 0} for x in range(4)])
        jobs = evaluator.gather("ALL")

    assert [(job.timestamp_start, job.timestamp_end) for job in jobs] == 2 * [(0, HOUR)] + 2 * [(HOUR, 2 * HOUR)]
    assert [job.objective for job in jobs] == [0.0, -1.0, -4.0, -9.0]
    assert time.monotonic() - begin < 5.0


def test_evaluations_end_in_the_order_of_their_virtual_ends() -> None:
    with exact(3, lambda parameters, rng: parameters["x"]) as evaluator:
        evaluator.submit([{"x": x, "y": 0} for x in (3, 1, 2, 1)])
        ended = [evaluator.gather("BATCH", size=1) for _ in range(3)]

    # The fourth begins when the second has ended, and ends together with the third.
    assert [[(job.id, job.timestamp_end) for job in jobs] for jobs in ended] == [[(1, 1.0)], [(2, 2.0), (3, 2.0)], [(0, 3.0)]]


def test_a_deadline_is_a_virtual_one() -> None:
    with exact(2, lambda parameters, rng: parameters["x"]) as evaluator:
        evaluator.timeout = HOUR
        evaluator.submit([{"x": 60.0, "y": 0}, {"x": 2 * HOUR, "y": 0}])
        jobs = evaluator.gather("ALL")

    assert [(job.status, job.timestamp_end) for job in jobs] == [(JobStatus.DONE, 60.0), (JobStatus.CANCELLED, HOUR)]


def test_what_never_ends_in_time_does_not_move_the_clock_later() -> None:
    with exact(2, lambda parameters, rng: parameters["x"]) as evaluator:
        evaluator.timeout = 10.0
        evaluator.submit([{"x": HOUR, "y": 0}])
        evaluator.gather("ALL")
        evaluator.timeout = None
        evaluator.submit([{"x": 5.0, "y": 0}])
        (job,) = evaluator.gather("ALL")

    assert job.timestamp_end == 15.0


@pytest.mark.parametrize("kind", [CBO, RandomSearch])
def test_a_seed_fixes_the_whole_search_with_several_workers(kind: Any, problem: HpProblem, tmp_path: Path) -> None:
    def table() -> Any:
        evaluator = exact(7, lambda parameters, rng: rng.lognormal(np.log(60), 0.5), seed=3)
        return kind(problem, evaluator, random_state=1, log_dir=tmp_path).search(60)

    first, second = table(), table()
    assert first.equals(second)
    assert first.timestamp_end.is_monotonic_increasing


def test_the_managers_time_passes_on_the_virtual_clock_and_the_functions_does_not() -> None:
    def slow(job: Any) -> float:
        end = time.thread_time() + 0.05
        while time.thread_time() < end:
            pass
        return 0.0

    with SimulatedEvaluator(slow, 1, duration=1.0) as evaluator:
        begin = evaluator.now()
        evaluator.submit([{"x": 0}])
        evaluator.gather("ALL")
        assert 1.0 <= evaluator.now() - begin < 1.04
        end = time.thread_time() + 0.05
        while time.thread_time() < end:
            pass
        assert evaluator.now() - begin >= 1.05


def test_suggestions_are_prepared_in_virtual_time(problem: HpProblem, tmp_path: Path) -> None:
    # Evaluations of a millisecond: every suggestion takes longer.
    evaluator = SimulatedEvaluator(run, 4, duration=0.001)
    search = CBO(problem, evaluator, random_state=1, log_dir=tmp_path)
    table = search.search(80)

    assert len(table) == 80
    assert search.statistics.n_prepared > 20
    assert search.statistics.utilization < 0.9


def test_thousands_of_workers_are_busy(problem: HpProblem, tmp_path: Path) -> None:
    evaluator = SimulatedEvaluator(run, 2000, duration=lambda parameters, rng: rng.lognormal(np.log(60), 0.5), seed=1)
    table = RandomSearch(problem, evaluator, random_state=1, log_dir=tmp_path).search(6000)

    last = table.timestamp_submit.max()
    inside = np.minimum(table.timestamp_end, last) - np.minimum(table.timestamp_start, last)
    assert inside.sum() / (2000 * (last - table.timestamp_start.min())) > 0.98


def test_failures_and_records_are_as_in_a_real_evaluation() -> None:
    def fails(job: Any) -> float:
        job.record(1, 0.5)
        assert not job.stopped()
        raise ValueError

    with Evaluator.create(fails, "simulated", {"duration": 2}) as evaluator:
        evaluator.submit([{"x": 1}])
        (job,) = evaluator.gather("ALL")

    assert (job.objective, job.observations) == ("F_ValueError", [(1.0, 0.5)])


@pytest.mark.parametrize("duration", [-1, "long", float("inf"), None])
def test_a_bad_duration_is_refused(duration: Any) -> None:
    with pytest.raises(ValueError, match="duration must be a number of seconds of at least 0"):
        SimulatedEvaluator(run, duration=duration)


def test_a_function_that_gives_a_bad_duration_is_named() -> None:
    evaluator = SimulatedEvaluator(run, duration=lambda parameters, rng: -1)

    with pytest.raises(ValueError, match="duration must be .* got -1"):
        evaluator.submit([{"x": 1, "y": 1}])
