"""What a search tells of its workers and of its own time."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from deephyper.evaluator import SimulatedEvaluator
from deephyper.hpo import CBO, HpProblem, RandomSearch


@pytest.fixture
def problem() -> HpProblem:
    problem = HpProblem()
    problem.add_hyperparameter((-1.0, 1.0), "x")
    return problem


def run(job: Any) -> float:
    return -float(job["x"] ** 2)


def test_utilization_is_the_time_inside_evaluations(problem: HpProblem, tmp_path: Path) -> None:
    seconds = iter([10.0, 4.0])
    evaluator = SimulatedEvaluator(run, 2, duration=lambda parameters, rng: next(seconds), charge_manager=False)
    search = RandomSearch(problem, evaluator, random_state=1, log_dir=tmp_path)
    search.search(2)

    assert search.statistics.utilization == pytest.approx(14 / 20)
    assert (search.statistics.n_workers, search.statistics.n_evaluations) == (2, 2)
    assert search.statistics.wait_s == search.statistics.wall_s == 10.0


def test_what_runs_at_the_deadline_counts_up_to_it(problem: HpProblem, tmp_path: Path) -> None:
    evaluator = SimulatedEvaluator(run, 3, duration=1000.0, charge_manager=False)
    search = RandomSearch(problem, evaluator, random_state=1, log_dir=tmp_path)
    search.search(timeout=10)

    assert search.statistics.utilization == 1.0
    assert search.statistics.n_evaluations == 3


def test_every_call_has_its_own(problem: HpProblem, tmp_path: Path) -> None:
    search = RandomSearch(problem, run, random_state=1, log_dir=tmp_path)
    assert search.statistics is None
    search.search(5)
    search.search(3)

    assert (search.statistics.n_evaluations, search.statistics.n_fresh) == (3, 3)


def test_prepared_and_fresh_suggestions_add_up(
    problem: HpProblem, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    # A millisecond on the virtual clock is less than any suggestion takes.
    evaluator = SimulatedEvaluator(run, 4, duration=0.001)
    search = CBO(problem, evaluator, random_state=1, log_dir=tmp_path)
    with caplog.at_level(logging.INFO, "deephyper"):
        search.search(60)

    found = search.statistics
    assert found.n_prepared + found.n_fresh == 60
    assert found.n_prepared > 10
    assert 0 < found.utilization <= 1
    assert 0 < found.ask_s + found.tell_s + found.wait_s <= found.wall_s
    assert str(found) in caplog.text
    assert f"{found.n_prepared} prepared, {found.n_fresh} fresh" in str(found)
