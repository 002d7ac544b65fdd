"""Where one row in 10,000 is legal, suggestions do not look for legal ones by force."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ConfigSpace as CS
import pytest

from deephyper.errors import SearchSpaceExhausted
from deephyper.hpo import CBO, HpProblem, RandomSearch

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


def simplex_of(n: int) -> HpProblem:
    problem = HpProblem(seed=1)
    for i in range(n):
        problem.add_hyperparameter((0.0, 1.0), f"x{i}")
    problem.set_constraint_fn(lambda df: df.sum(axis=1) <= 1)
    return problem


@pytest.mark.slow
@pytest.mark.parametrize("search", [CBO, RandomSearch])
def test_a_sum_of_twelve_below_one_is_searched(search: Any, tmp_path: Path) -> None:
    problem = simplex_of(12)

    results = search(problem, lambda job: job["x0"], random_state=1, log_dir=tmp_path).search(15)

    parameters = results[[f"p:x{i}" for i in range(12)]]
    assert len(results) == 15 and (parameters.sum(axis=1) <= 1).all()
    assert len(parameters.drop_duplicates()) == 15


@pytest.mark.slow
def test_samples_of_such_a_problem_are_legal_and_as_many_as_asked_for() -> None:
    found = simplex_of(12).sample(30, strict=True)

    assert len(found) == 30 and all(sum(c.values()) <= 1 for c in found)


@pytest.mark.slow
def test_a_default_that_alone_is_legal_is_where_a_search_begins(tmp_path: Path) -> None:
    problem = HpProblem(seed=1)
    for i, default in enumerate((0.9, 0.11, 0.63, 0.27)):
        problem.add_hyperparameter((0.0, 1.0), f"x{i}", default)
    kind = problem.add_hyperparameter(["a", "b"], "kind", "b")
    child = problem.add_hyperparameter((1, 5), "child")
    problem.add_condition(CS.EqualsCondition(child, kind, "a"))
    problem.set_constraint_fn(lambda df: ((df.x0 - 0.9).abs() + (df.x1 - 0.11).abs() + (df.x2 - 0.63).abs()) < 0.005)

    asked = CBO(problem, random_state=1, log_dir=tmp_path).ask(6)

    assert len(asked) == 6 and all(problem.check_configuration(c) for c in asked)


@pytest.mark.slow
@pytest.mark.parametrize("search", [CBO, RandomSearch])
def test_one_legal_combination_in_ten_million_is_found_and_then_the_search_ends(search: Any, tmp_path: Path) -> None:
    problem = HpProblem()
    for i in range(7):
        part = problem.add_hyperparameter([f"c{k}" for k in range(10)], f"x{i}", "c3")
        problem.add_forbidden_clause(CS.ForbiddenInClause(part, [f"c{k}" for k in range(10) if k != 3]))
    opened = search(problem, lambda job: 1.0, random_state=1, log_dir=tmp_path)

    results = opened.search(4)

    assert len(results) == 1
    assert "no new legal configuration" in opened.stop_reason


@pytest.mark.slow
def test_a_problem_without_any_legal_configuration_says_so(tmp_path: Path) -> None:
    problem = HpProblem()
    problem.add_hyperparameter((0.0, 1.0), "x")
    problem.set_constraint_fn(lambda df: df.x > 2)

    with pytest.raises(SearchSpaceExhausted, match="no legal configuration was found; look at the forbidden clauses"):
        CBO(problem, log_dir=tmp_path).ask(1)


@pytest.mark.slow
def test_a_slow_constraint_is_asked_about_no_more_rows_than_needed(tmp_path: Path) -> None:
    n_rows = 0

    def constraint(df: Any) -> Any:
        nonlocal n_rows
        n_rows += len(df)
        return df.apply(lambda row: row.x < row.y, axis=1)

    problem = HpProblem()
    problem.add_hyperparameter((0.0, 1.0), "x")
    problem.add_hyperparameter((0.0, 1.0), "y")
    problem.set_constraint_fn(constraint)
    search = CBO(problem, random_state=1, log_dir=tmp_path)
    for _ in range(12):
        (configuration,) = search.ask(1)
        search.tell([(configuration, 1.0)])

    # About a thousand for each suggestion of a model.
    assert n_rows < 12 * 1_500
