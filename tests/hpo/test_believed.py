"""`search.believed` tells what the model believes of configurations, whenever nothing runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from ConfigSpace import EqualsCondition

from deephyper.hpo import CBO, HpProblem, RandomSearch


@pytest.fixture
def problem() -> HpProblem:
    """A number, a choice with None, and a whole number that only one choice has."""
    problem = HpProblem()
    problem.add_hyperparameter((0.0, 1.0), "x")
    kind = problem.add_hyperparameter([None, "a", "b"], "kind")
    depth = problem.add_hyperparameter((1, 9), "depth")
    problem.add_condition(EqualsCondition(depth, kind, "b"))
    return problem


def run(job: Any) -> float | str:
    if job["x"] > 0.9:
        return "F_large"
    return 10.0 - (job["x"] - 0.3) ** 2 - abs(job.get("depth", 4) - 4) / 8


def searched(problem: HpProblem, n: int = 14, **options: Any) -> CBO:
    search = CBO(problem, random_state=1, log_dir=None, **options)
    search.search(run, max_evals=n)
    return search


def test_a_table_gives_a_row_for_each_of_its_rows(problem: HpProblem) -> None:
    search = searched(problem)
    table = search.history.successes.sort_values("objective")

    believed = search.believed(table)

    assert list(believed.columns) == ["mean", "std"] and believed.index.equals(table.index)
    assert np.abs(believed["mean"] - table.objective).max() < 0.2
    assert (believed["std"] >= 0.0).all()


def test_all_forms_of_a_configuration_are_believed_the_same(problem: HpProblem) -> None:
    search = searched(problem)
    table, first = search.history, search.history.configurations[0]
    expected = search.believed(table)["mean"].iloc[0]

    for form in (first, [first], (first,), table.iloc[0], [table.iloc[0]], table.head(1), table.to_dataframe().head(1)):
        assert search.believed(form)["mean"].tolist() == pytest.approx([expected], rel=1e-9)
    assert len(search.believed([])) == 0


def test_a_configuration_that_was_never_tried_is_believed_too(problem: HpProblem) -> None:
    believed = searched(problem, 25).believed([{"x": 0.3, "kind": None}, {"x": 0.8, "kind": "b", "depth": 9}])

    assert believed["mean"].iloc[0] > believed["mean"].iloc[1]


def test_too_few_values_are_answered_with_one_sentence(problem: HpProblem) -> None:
    search = CBO(problem, log_dir=None)

    with pytest.raises(ValueError, match=r"^CBO.believed: it needs at least 3 evaluations .* 0 evaluations .*\.$"):
        search.believed([{"x": 0.5, "kind": None}])
    search.tell([({"x": x, "kind": None}, 1.0) for x in (0.1, 0.2, 0.3, 0.4)])
    with pytest.raises(ValueError, match=r"not all the same, and there are 4 evaluations"):
        search.believed([{"x": 0.5, "kind": None}])


@pytest.mark.parametrize(
    ("given", "kind", "sentence"),
    [
        ([{"x": 0.5, "y": 1.0}], ValueError, r"^CBO.believed: configurations\[0\]: unknown hyperparameter 'y'"),
        ([{"x": 5.0, "kind": None}], ValueError, r"^CBO.believed: configurations\[0\]"),
        ([0.5], TypeError, r"^CBO.believed: configurations\[0\]: a configuration must be a dictionary"),
        (0.5, TypeError, r"^CBO.believed: configurations must be a list of configurations or a table, got 0.5"),
    ],
)
def test_what_is_no_configuration_is_refused(problem: HpProblem, given: Any, kind: Any, sentence: str) -> None:
    with pytest.raises(kind, match=sentence):
        searched(problem).believed(given)


def test_a_restart_believes_what_the_search_believed(problem: HpProblem, tmp_path: Path) -> None:
    search = CBO(problem, random_state=1, log_dir=tmp_path)
    results = search.search(run, max_evals=14)

    again = CBO(problem, random_state=1, log_dir=tmp_path, checkpoint_restart=True)

    pd.testing.assert_frame_equal(again.believed(results), search.believed(results), rtol=1e-6)


def test_to_ask_for_it_changes_no_suggestion(problem: HpProblem) -> None:
    asked, silent = (CBO(problem, random_state=1, log_dir=None) for _ in range(2))
    for search in (asked, silent):
        for _ in range(12):
            (configuration,) = search.ask()
            search.tell([(configuration, run(configuration))])
            if search is asked and len(search.history.successes) > 3:
                search.believed(search.history)

    assert asked.history.configurations == silent.history.configurations


def test_nobody_asks_while_the_search_runs(problem: HpProblem) -> None:
    search, said = CBO(problem, random_state=1, log_dir=None), []

    def asking(job: Any) -> float:
        try:
            search.believed([dict(job)])
        except RuntimeError as error:
            said.append(str(error))
        return float(job["x"])

    search.search(asking, max_evals=2)
    assert len(said) == 2 and "CBO.believed" in said[0]


def test_a_search_without_a_model_believes_nothing(problem: HpProblem) -> None:
    assert not hasattr(RandomSearch(problem, log_dir=None), "believed")
