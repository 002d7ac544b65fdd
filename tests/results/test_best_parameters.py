"""Configurations come back out of a table with the values that the run-function got."""

from __future__ import annotations

import math
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from ConfigSpace import EqualsCondition

from deephyper.hpo import HpProblem, RandomSearch
from deephyper.job import Objectives
from deephyper.results import Results, table_of

NAN = math.nan


class Layer:
    """A choice that is an object of the user's own."""


def problem() -> HpProblem:
    made = HpProblem()
    kind = made.add_hyperparameter(["adam", "sgd", None], "kind")
    n = made.add_hyperparameter((1, 100), "n")
    made.add_hyperparameter((0.0, 1.0), "x")
    flag = made.add_hyperparameter([True, False], "flag")
    made.add_hyperparameter([(1, 2), (3, 4)], "layers")
    made.add_hyperparameter([16, 32.5], "units")
    deep = made.add_hyperparameter([True, None, "1", 2], "deep")
    wide = made.add_hyperparameter((2**60, 2**61), "wide")
    made.add_hyperparameter(7, "constant")
    for child, parent, value in [(n, kind, "sgd"), (deep, flag, True), (wide, flag, True)]:
        made.add_condition(EqualsCondition(child, parent, value))
    return made


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return list(one) == list(other) and all(
        type(a) is type(b) and a == b for a, b in zip(one.values(), other.values(), strict=True)
    )


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> tuple[Results, dict[int, dict[str, Any]]]:
    seen = {}

    def run(job: Any) -> float | str:
        seen[job["job_id"]] = dict(job.parameters)
        return "F_small" if job["x"] < 0.2 else float(job["x"])

    search = RandomSearch(problem(), random_state=1, log_dir=tmp_path_factory.mktemp("log"))
    return search.search(run, max_evals=40), seen


def test_best_parameters_are_what_the_run_function_got(
    searched: tuple[Results, dict[int, dict[str, Any]]],
) -> None:
    results, seen = searched
    best = max((i for i in seen if seen[i]["x"] >= 0.2), key=lambda i: seen[i]["x"])

    assert same(results.best_parameters, seen[best])
    assert {len(configuration) for configuration in seen.values()} > {7}


@pytest.mark.parametrize(
    "derive",
    [
        lambda df: df,
        lambda df: df[5:30],
        lambda df: df.sort_values("objective"),
        lambda df: df.sample(frac=1.0, random_state=0),
        lambda df: df.query("objective > 0.3"),
        lambda df: df.successes,
        lambda df: df.failures,
        lambda df: df.copy(),
        lambda df: pickle.loads(pickle.dumps(df)),
        lambda df: df.assign(note=1),
        lambda df: df.reset_index(),
        lambda df: df.drop(columns="job_status"),
        lambda df: df.merge(df[["job_id"]], on="job_id"),
        lambda df: pd.concat([df[:9], df[9:]]),
        lambda df: pd.concat([df[df["p:kind"] == "sgd"], df[df["p:kind"] != "sgd"]]),
        lambda df: df.groupby("p:layers", group_keys=False).head(3),
    ],
)
def test_every_configuration_survives_what_people_do_with_tables(
    searched: tuple[Results, dict[int, dict[str, Any]]], derive: Callable[[Results], Results]
) -> None:
    results, seen = searched

    found = derive(results)

    assert len(found)
    assert all(same(c, seen[i]) for c, i in zip(found.configurations, found.job_id, strict=True))


def test_tables_of_different_problems_together_keep_what_they_agree_on() -> None:
    one = table_of([{"p:n": 1, "p:k": 2, "objective": 1.0}], ["n", "k"], Objectives(1))
    other = table_of([{"p:n": 3, "p:k": 5.0, "objective": 2.0}, {"objective": 0.0}], ["n", "k"], Objectives(1))

    assert repr(pd.concat([one, other]).configurations) == "[{'n': 1, 'k': 2.0}, {'n': 3, 'k': 5.0}, {}]"


def test_objects_of_the_users_own_are_the_same_objects() -> None:
    layer, array = Layer(), np.arange(3)
    rows = [{"p:a": layer, "p:b": array, "objective": 1.0}, {"p:a": NAN, "p:b": NAN, "objective": 0.5}]

    found = table_of(rows, ["a", "b"], Objectives(1))

    assert found.best_parameters["a"] is layer and found.best_parameters["b"] is array
    assert found.configurations[1] == {}


def test_the_first_of_equal_rows_is_the_best() -> None:
    rows = [{"p:n": n, "objective": y} for n, y in [(1, "F_x"), (2, 3.0), (3, NAN), (4, 3.0)]]

    assert table_of(rows, ["n"], Objectives(1)).best_parameters == {"n": 2}


def test_without_a_success_a_sentence_says_so() -> None:
    rows = [{"p:n": 1, "objective": "F_x"}, {"p:n": 2, "objective": NAN}]

    with pytest.raises(
        ValueError, match=r"best_parameters: it needs an evaluation that has succeeded, and none of the 2"
    ):
        _ = table_of(rows, ["n"], Objectives(1)).best_parameters


def test_with_several_objectives_a_sentence_names_the_way() -> None:
    rows = [{"p:n": 1, "objective_0": 1.0, "objective_1": 2.0}, {"p:n": 2, "objective_0": 2.0, "objective_1": 1.0}]
    found = table_of(rows, ["n"], Objectives(2))

    with pytest.raises(
        ValueError, match=r"single objective, and there are 2.* take one of results.best.configurations"
    ):
        _ = found.best_parameters
    assert found.best.configurations == [{"n": 1}, {"n": 2}]


def test_a_table_of_large_whole_numbers_and_empty_cells_keeps_every_digit(tmp_path: Path) -> None:
    rows = [{"p:n": 2**60 + 1, "objective": 1.0}, {"p:n": NAN, "objective": 0.0}]

    assert table_of(rows, ["n"], Objectives(1)).best_parameters == {"n": 2**60 + 1}
