"""What tests of searches share."""

from __future__ import annotations

import pytest

from deephyper.hpo import CBO, HpProblem, RandomSearch, Search


@pytest.fixture(params=[CBO, RandomSearch], ids=lambda kind: kind.__name__)
def kind(request: pytest.FixtureRequest) -> type[Search]:
    """Each search in turn, for what holds for all of them."""
    return request.param


@pytest.fixture
def problem() -> HpProblem:
    """One real number; files with needs of their own have another one."""
    problem = HpProblem()
    problem.add_hyperparameter((0.0, 1.0), "x")
    return problem
