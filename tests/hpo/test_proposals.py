"""Every proposal of every search is legal, new and made of Python objects, on generated spaces and on every path."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from ConfigSpace import Configuration
from hypothesis import HealthCheck, given, settings

from deephyper.errors import SearchSpaceExhausted
from deephyper.hpo import CBO, HpProblem, RandomSearch, Search
from generated_problems import Declared, problems

# One generated space has some six hyperparameters of 18 kinds and three conditions or clauses: few of them meet all
# kinds often.
quickly = settings(max_examples=5, suppress_health_check=list(HealthCheck))
thoroughly = settings(quickly, max_examples=50)


def proposals(search: Search, n: int) -> list[dict[str, Any]]:
    """Ask for n configurations with three of them always open; the rest are told values that depend on the order."""
    asked: list[dict[str, Any]] = []
    try:
        for k in range(n):
            asked += search.ask(1)
            if k >= 2:
                search.tell([(asked[k - 2], ["F_x", -1.0, 2.5, 1e6][k % 4])])
    except SearchSpaceExhausted:
        pass
    return asked


def assert_legal_and_new(declared: Declared, asked: list[dict[str, Any]]) -> None:
    for configuration in asked:
        Configuration(declared.problem.space, values=configuration).check_valid_configuration()
        assert declared.allows(configuration)
        assert declared.problem.check_configuration(configuration)
        assert not any(isinstance(value, np.generic) for value in configuration.values())
    assert len({repr(configuration) for configuration in asked}) == len(asked)


@pytest.mark.slow
@thoroughly
@given(problems())
def test_every_proposal_of_cbo_is_legal_and_new_on_many_spaces(
    tmp_path_factory: pytest.TempPathFactory, declared: Declared
) -> None:
    asked = proposals(CBO(declared.problem, random_state=2, log_dir=tmp_path_factory.mktemp("cbo")), 25)

    assert_legal_and_new(declared, asked)


@pytest.mark.slow
@quickly
@given(problems())
def test_every_proposal_of_cbo_is_legal_and_new(tmp_path_factory: pytest.TempPathFactory, declared: Declared) -> None:
    asked = proposals(CBO(declared.problem, random_state=1, log_dir=tmp_path_factory.mktemp("cbo")), 14)

    assert_legal_and_new(declared, asked)


@pytest.mark.slow
@quickly
@given(problems())
def test_every_proposal_of_random_search_is_legal_and_new(
    tmp_path_factory: pytest.TempPathFactory, declared: Declared
) -> None:
    asked = proposals(RandomSearch(declared.problem, random_state=1, log_dir=tmp_path_factory.mktemp("random")), 20)

    assert_legal_and_new(declared, asked)


@pytest.mark.parametrize("kind", [CBO, RandomSearch])
def test_a_user_sampling_function_is_drawn_from_and_filtered(kind: type[Search], tmp_path: Any) -> None:
    problem = HpProblem()
    problem.add_hyperparameter((0.0, 1.0), "x")
    problem.add_hyperparameter((0.0, 1.0), "y")
    rng = np.random.default_rng(0)
    problem.set_sampling_fn(lambda size: [{"x": v, "y": v} for v in rng.uniform(0, 1, size)])
    problem.set_constraint_fn(lambda df: df.x > 0.5)
    asked = proposals(kind(problem, random_state=1, log_dir=tmp_path), 15)

    assert len(asked) == 15
    assert all(configuration["x"] > 0.5 for configuration in asked)


@pytest.mark.slow
@pytest.mark.parametrize("kind", [CBO, RandomSearch])
def test_a_problem_without_a_legal_configuration_ends_with_that_reason(kind: type[Search], tmp_path: Any) -> None:
    problem = HpProblem()
    problem.add_hyperparameter((0, 20), "n")
    problem.set_constraint_fn(lambda df: df.n > 100)
    search = kind(problem, random_state=1, log_dir=tmp_path)

    assert len(search.search(lambda job: 1.0, 5)) == 0
    assert "no legal configuration was found" in str(search.stop_reason)
    with pytest.raises(SearchSpaceExhausted, match="no legal configuration was found"):
        search.ask(1)


@pytest.mark.slow
@pytest.mark.parametrize("kind", [CBO, RandomSearch])
def test_a_thin_legal_part_is_found_and_kept_to(kind: type[Search], tmp_path: Any) -> None:
    problem = HpProblem()
    problem.add_hyperparameter((0.0, 1.0), "x")
    problem.add_hyperparameter((0.0, 1.0), "y")
    problem.set_constraint_fn(lambda df: (df.x - df.y).abs() < 0.01)
    search = kind(problem, random_state=1, log_dir=tmp_path)
    asked = []
    for _ in range(20):
        asked += search.ask(1)
        search.tell([(asked[-1], -((asked[-1]["x"] - 0.7) ** 2))])

    assert all(abs(configuration["x"] - configuration["y"]) < 0.01 for configuration in asked)
