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
    # Nobody waited for these two hours, not even for a hundredth of them.
    assert time.monotonic() - begin < 0.01 * 2 * HOUR


def test_evaluations_end_in_the_order_of_their_virtual_ends() -> None:
    with exact(3, lambda parameters, rng: parameters["x"]) as evaluator:
        evaluator.submit([{"x": x, "y": 0} for x in (3, 1, 2, 1)])
        ended = [evaluator.gather("BATCH", size=1) for _ in range(3)]

    # The fourth begins when the second has ended, and ends together with the third.
    assert [[(job.id, job.timestamp_end) for job in jobs] for jobs in ended] == [
        [(1, 1.0)],
        [(2, 2.0), (3, 2.0)],
        [(0, 3.0)],
    ]


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


@pytest.mark.slow
@pytest.mark.parametrize("kind", [CBO, RandomSearch])
def test_a_seed_fixes_the_whole_search_with_several_workers(kind: Any, problem: HpProblem, tmp_path: Path) -> None:
    def table() -> Any:
        evaluator = exact(7, lambda parameters, rng: rng.lognormal(np.log(60), 0.5), seed=3)
        return kind(problem, evaluator, random_state=1, log_dir=tmp_path).search(30)

    first, second = table(), table()
    assert first.equals(second)
    assert first.timestamp_end.is_monotonic_increasing


def test_the_managers_time_passes_on_the_virtual_clock_and_the_functions_does_not() -> None:
    def compute(seconds: float) -> None:
        end = time.thread_time() + seconds
        while time.thread_time() < end:
            pass

    def slow(job: Any) -> float:
        compute(0.3)
        return 0.0

    with SimulatedEvaluator(slow, 1, duration=1.0) as evaluator:
        begin = evaluator.clock.now()
        evaluator.submit([{"x": 0}])
        evaluator.gather("ALL")
        # Of the manager's own time, which is CPU time, a few milliseconds have passed.
        assert 1.0 <= evaluator.clock.now() - begin < 1.2
        compute(0.05)
        assert evaluator.clock.now() - begin >= 1.05


def test_suggestions_are_prepared_in_virtual_time(problem: HpProblem, tmp_path: Path) -> None:
    # Evaluations of a millisecond: every suggestion takes longer.
    evaluator = SimulatedEvaluator(run, 4, duration=0.001)
    search = CBO(problem, evaluator, random_state=1, log_dir=tmp_path)
    table = search.search(80)

    assert len(table) == 80
    assert search.statistics.n_prepared > 20
    assert search.statistics.utilization < 0.9


@pytest.mark.slow
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


# What evaluations report on their way.


def recording(job: Any) -> float:
    for budget in (1, 2, 3):
        job.record(budget, budget / 4)
        if job.stopped():
            return -1.0
    return float(job.objective)


def at(evaluator: Any, time: float) -> list[Any]:
    """Wait until a virtual time; what runs then is given up."""
    evaluator.timeout = time
    jobs = evaluator.gather("ALL")
    evaluator.timeout = None
    return jobs


def test_nothing_is_known_of_an_evaluation_before_its_virtual_end() -> None:
    with SimulatedEvaluator(recording, 2, duration=10.0, charge_manager=False) as evaluator:
        first, second = evaluator.submit([{"x": 0}, {"x": 1}])
        at_launch = [list(job.observations) for job in (first, second)]
        jobs = evaluator.gather("ALL")

    assert at_launch == [[], []]
    assert [job.observations for job in jobs] == [[(1.0, 0.25), (2.0, 0.5), (3.0, 0.75)]] * 2


def test_an_evaluation_that_is_given_up_before_its_end_has_recorded_nothing() -> None:
    with SimulatedEvaluator(recording, 1, duration=10.0, charge_manager=False) as evaluator:
        evaluator.submit([{"x": 0}])
        (job,) = at(evaluator, 5.0)

    assert (job.status, job.observations) == (JobStatus.CANCELLED, [])


@pytest.mark.parametrize(("deadline", "n_known"), [(5.0, 0), (15.0, 1), (25.0, 2), (35.0, 3)])
def test_a_record_is_known_at_the_virtual_time_of_its_budget(deadline: float, n_known: int) -> None:
    with SimulatedEvaluator(recording, 1, seconds_per_budget=10.0, charge_manager=False) as evaluator:
        evaluator.submit([{"x": 0}])
        (job,) = at(evaluator, deadline)

    assert job.observations == [(1.0, 0.25), (2.0, 0.5), (3.0, 0.75)][:n_known]
    assert job.timestamp_end == (30.0 if n_known == 3 else deadline)
    assert job.objective == (0.75 if n_known == 3 else None)


def test_evaluations_of_different_speed_report_in_the_order_of_virtual_time() -> None:
    told: list[tuple[float, int]] = []
    clocks: list[Any] = []

    def run_in_order(job: Any) -> float:
        for budget in (1, 2):
            job.record(budget, 0.0)
            told.append((clocks[0].now(), job["job_id"]))
        return 1.0

    def speed(parameters: Any, rng: Any) -> float:
        return float(parameters["x"])

    with SimulatedEvaluator(run_in_order, 2, seconds_per_budget=speed, charge_manager=False) as evaluator:
        clocks.append(evaluator.clock)
        begin = evaluator.clock.now()
        evaluator.submit([{"x": 3.0}, {"x": 2.0}])
        jobs = evaluator.gather("ALL")

    assert [(time - begin, number) for time, number in told] == [(2.0, 1), (3.0, 0), (4.0, 1), (6.0, 0)]
    assert [(job.id, job.timestamp_end) for job in jobs] == [(1, 4.0), (0, 6.0)]


def test_a_search_keeps_what_was_recorded_by_its_virtual_deadline(problem: HpProblem, tmp_path: Path) -> None:
    from deephyper.storage import MemoryStorage

    storage = MemoryStorage()
    options = {"seconds_per_budget": 10.0, "charge_manager": False, "storage": storage, "search_id": "mine"}
    evaluator = SimulatedEvaluator(recording, 2, **options)
    table = RandomSearch(problem, evaluator, random_state=1, log_dir=tmp_path).search(timeout=45.0)

    assert table.job_status.tolist() == ["DONE"] * 2 + ["CANCELLED"] * 2
    assert [len(record.get("observations", ())) for record in storage.records("mine")] == [3, 3, 1, 1]
    assert table.timestamp_end.tolist() == [30.0, 30.0, 45.0, 45.0]
