"""A problem of very many parts is declared about as fast as one of few, one by one or at once."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import ConfigSpace as CS
import pytest

from deephyper.hpo import HpProblem


def seconds(task: Callable[[], Any]) -> float:
    begin = time.process_time()
    task()
    return time.process_time() - begin


def floats(n: int) -> HpProblem:
    problem = HpProblem(seed=1)
    for i in range(n):
        problem.add_hyperparameter((0.0, 1.0), f"x{i}")
    return problem


def floats_at_once(n: int) -> HpProblem:
    problem = HpProblem(seed=1)
    problem.add_hyperparameters([CS.UniformFloatHyperparameter(f"x{i}", 0.0, 1.0) for i in range(n)])
    return problem


def clauses(n: int) -> HpProblem:
    problem, rng = HpProblem(seed=1), random.Random(1)
    parts = [problem.add_hyperparameter([f"a{k}" for k in range(30)], f"x{i}") for i in range(6)]
    for _ in range(n):
        one, other = (CS.ForbiddenEqualsClause(part, f"a{rng.randint(1, 29)}") for part in rng.sample(parts, 2))
        problem.add_forbidden_clause(CS.ForbiddenAndConjunction(one, other))
    return problem


def choices(n: int) -> HpProblem:
    problem = HpProblem(seed=1)
    problem.add_hyperparameter(list(range(n)), "numbers")
    problem.add_hyperparameter([f"text {i}" for i in range(n)], "texts")
    problem.add_hyperparameter((0, 10**12), "whole")
    return problem


def used(problem: HpProblem) -> None:
    assert all(problem.check_configuration(c) for c in problem.sample(2))
    assert len(problem.to_json()["hyperparameters"]) == len(problem) and repr(problem)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("declare", "few", "many"),
    [(floats, 100, 1_000), (floats_at_once, 100, 1_000), (clauses, 50, 500), (choices, 3_000, 30_000)],
)
def test_ten_times_as_many_parts_take_little_more_than_ten_times_as_long(
    declare: Callable[[int], HpProblem], few: int, many: int
) -> None:
    floats(3)  # what is imported with the first problem
    short = seconds(lambda: used(declare(few)))
    long = seconds(lambda: used(declare(many)))

    assert long < 25 * short + 1.0


def chain(n: int) -> HpProblem:
    problem = HpProblem(seed=1)
    before = problem.add_hyperparameter([True, False], "x0")
    for i in range(1, n + 1):
        child = problem.add_hyperparameter([True, False], f"x{i}")
        problem.add_condition(CS.EqualsCondition(child, before, True))
        before = child
    return problem


def test_a_chain_of_conditions_ends_in_one_sentence_where_configspace_would_take_hours() -> None:
    found = chain(8).sample(60)
    problem = floats(40)
    parts = [problem[f"x{i}"] for i in range(40)]

    assert {len(c) for c in found} >= {1, 2, 3}
    with pytest.raises(ValueError, match="end of a chain of 13 conditions, and at most 12 .*single ordinal"):
        problem.add_conditions([CS.GreaterThanCondition(b, a, 0.5) for a, b in pairwise(parts[:14])])
    assert not problem.space.conditions


def test_what_was_declared_is_in_the_space_whoever_looks_at_it() -> None:
    given = CS.ConfigurationSpace()
    on_given = HpProblem(given)
    on_given.add_hyperparameter((0, 9), "a")
    problem = HpProblem()
    first = problem.add_hyperparameter(["u", "v"], "first")
    space = problem.space
    second = problem.add_hyperparameter((0.0, 1.0), "second")
    space.add(CS.EqualsCondition(second, first, "v"))
    problem.add_forbidden_clause(CS.ForbiddenEqualsClause(first, "v"))

    assert list(given) == ["a"]
    assert list(space) == ["first", "second"] and len(space.forbidden_clauses) == 1
    assert problem.sample(1) == [{"first": "u"}]


def test_a_clause_on_a_stranger_is_refused_at_once() -> None:
    problem = floats(2)
    stranger = CS.CategoricalHyperparameter("stranger", ["a", "b"])

    with pytest.raises(ValueError, match="HpProblem: .* cannot be added"):
        problem.add_forbidden_clause(CS.ForbiddenEqualsClause(stranger, "b"))
    assert len(problem) == 2 and not problem.space.forbidden_clauses
