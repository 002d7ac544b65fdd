"""Where one row in 10,000 is legal, suggestions do not look for legal ones by force."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from deephyper.hpo import CBO, HpProblem

# By force, an ask tries 130,000 rows.
FEW = 10_000


class Counted:
    """A constraint that says how many rows it was asked about."""

    def __init__(self) -> None:
        self.n = 0

    def __call__(self, rows: Any) -> Any:
        self.n += len(rows)
        return (rows.x < 0.0464) & (rows.y < 0.0464) & (rows.z < 0.0464)

    def taken(self) -> int:
        n, self.n = self.n, 0
        return n


@pytest.fixture
def counted() -> Counted:
    return Counted()


@pytest.fixture
def problem(counted: Counted) -> HpProblem:
    problem = HpProblem()
    for name in "xyz":
        problem.add_hyperparameter((0.0, 1.0), name)
    problem.set_constraint_fn(counted)
    return problem


def value(configuration: Any) -> float:
    return -float(configuration["x"])


@pytest.mark.slow
def test_only_the_first_ask_looks_by_force(problem: HpProblem, counted: Counted, tmp_path: Path) -> None:
    search, tried = CBO(problem, random_state=1, log_dir=tmp_path), []
    for n in (1, 1, 1, 5, 1, 1, 1, 3):
        counted.taken()
        asked = search.ask(n)
        tried.append(counted.taken() / n)
        search.tell([(c, value(c)) for c in asked])

    assert max(tried[1:]) < FEW < tried[0]
    assert len(search.history[["p:x", "p:y", "p:z"]].drop_duplicates()) == 14


def test_nor_does_a_search_with_several_workers(problem: HpProblem, counted: Counted, tmp_path: Path) -> None:
    from deephyper.evaluator import Evaluator

    options = {"num_workers": 4, "charge_manager": False, "seed": 1}
    search = CBO(problem, Evaluator.create(value, "simulated", options), random_state=1, log_dir=tmp_path)
    search.search(8)
    first = counted.taken()
    search.search(12)

    assert counted.taken() < 12 * FEW < first


@pytest.mark.slow
def test_a_restart_looks_by_force_once_at_most(problem: HpProblem, counted: Counted, tmp_path: Path) -> None:
    CBO(problem, value, random_state=1, log_dir=tmp_path).search(12)
    again, tried = CBO(problem, value, random_state=1, log_dir=tmp_path, checkpoint_restart=True), []
    for _ in range(4):
        counted.taken()
        again.ask(1)
        tried.append(counted.taken())

    assert max(tried[1:]) < FEW


def test_what_was_found_serves_after_configurations_that_were_told_too(
    problem: HpProblem, counted: Counted, tmp_path: Path
) -> None:
    search = CBO(problem, random_state=1, log_dir=tmp_path, n_initial_points=1)
    search.tell([({"x": i / 300, "y": i / 400, "z": i / 500}, -1.0) for i in range(12)])
    search.ask(1)
    counted.taken()
    search.tell([({"x": 0.01, "y": 0.02, "z": 0.03}, "F_x")])
    search.ask(2)

    assert counted.taken() < 2 * FEW
