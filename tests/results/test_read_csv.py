"""`read_csv` gives back the table that the search returned, with all types."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from ConfigSpace import EqualsCondition
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deephyper._cells import cell
from deephyper.hpo import HpProblem, RandomSearch
from deephyper.results import Results, read_csv

ODD = [
    None,
    True,
    2,
    2.5,
    (1, 2),
    (1, (2, None)),
    "",
    "nan",
    "None",
    "true",
    "1",
    "1.0",
    "[1, 2]",
    "é, \n",
    {"a": (1,)},
]
literals = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.lists(inner, max_size=3).map(tuple)),
    max_leaves=5,
)
some_choices = st.lists(st.one_of(literals, st.sampled_from(ODD)), min_size=2, max_size=5, unique_by=cell)
OUTCOMES = st.lists(
    st.one_of(st.floats(-1e9, 1e9), st.integers(-9, 9), st.sampled_from(["F_x", "F_é, \n"])), min_size=1, max_size=9
)


def made(choices: list[Any]) -> HpProblem | None:
    problem = HpProblem()
    try:
        kind = problem.add_hyperparameter(choices, "kind")
    except ValueError:  # equal choices of different types
        return None
    n = problem.add_hyperparameter((1, 10**6), "n")
    problem.add_hyperparameter((1e-9, 1.0, "log-uniform"), "x")
    flag = problem.add_hyperparameter([True, False], "flag")
    units = problem.add_hyperparameter([16, 32.5], "units")
    problem.add_hyperparameter("nan", "constant")
    for child in (n, units):
        problem.add_condition(EqualsCondition(child, flag, True))
    assert kind.name == "kind"
    return problem


def same(one: Results, other: Results) -> bool:
    pairs = zip(one.configurations, other.configurations, strict=True)
    return all(repr(a) == repr(b) and [*map(type, a.values())] == [*map(type, b.values())] for a, b in pairs)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(choices=some_choices, outcomes=OUTCOMES, seed=st.integers(0, 99), notes=st.lists(literals, max_size=3))
def test_the_table_that_is_read_is_the_one_that_was_returned(
    tmp_path_factory: pytest.TempPathFactory, choices: list[Any], outcomes: list[Any], seed: int, notes: list[Any]
) -> None:
    problem, folder = made(choices), tmp_path_factory.mktemp("log")
    if problem is None:
        return
    search = RandomSearch(problem, random_state=seed, log_dir=folder)
    answers = [(outcome, dict(zip("abc", notes, strict=False))) for outcome in outcomes]

    results = search.search(
        lambda job: dict(zip(["objective", "metadata"], answers[job["job_id"]], strict=True)), len(outcomes)
    )

    for found in (read_csv(folder / "results.csv", problem), read_csv(str(folder / "results.csv"))):
        parameters = [name for name in results.columns if name.startswith("p:")]
        assert list(found.columns) == list(results.columns)
        assert found.dtypes.to_dict() == results.dtypes.to_dict()
        assert same(found, results)
        others = results.drop(columns=parameters).columns
        assert [cell(v) for name in others for v in found[name]] == [cell(v) for name in others for v in results[name]]
        if any(not isinstance(outcome, str) for outcome in outcomes):
            assert repr(found.best_parameters) == repr(results.best_parameters)


def finished(folder: Path, run: Callable[[Any], Any] = lambda job: 1.0, n: int = 12) -> tuple[HpProblem, Results]:
    problem = made(ODD)
    assert problem is not None
    return problem, RandomSearch(problem, random_state=1, log_dir=folder).search(run, max_evals=n)


def test_several_objectives_and_their_pareto_set_come_back(tmp_path: Path) -> None:
    _, results = finished(tmp_path, lambda job: "F_x" if job["job_id"] == 0 else (job["x"], -job["x"]))

    found = read_csv(tmp_path / "results.csv")

    pd.testing.assert_frame_equal(found, results)
    assert found.best.configurations == results.best.configurations


def test_the_readers_of_an_own_problem_give_the_users_own_objects(tmp_path: Path) -> None:
    class Layer:
        def __repr__(self) -> str:
            return "Layer"

    layer, problem = Layer(), HpProblem()
    problem.add_hyperparameter([layer, "other"], "layer")
    problem.add_hyperparameter((0.0, 1.0), "x")
    RandomSearch(problem, random_state=1, log_dir=tmp_path).search(lambda job: 1.0, max_evals=8)

    assert any(c["layer"] is layer for c in read_csv(tmp_path / "results.csv", problem).configurations)
    assert {c["layer"] for c in read_csv(tmp_path / "results.csv").configurations} == {"Layer", "other"}


@pytest.mark.parametrize("content", [None, "", "{", "[]", '{"choices": 3}', '{"choices": {"kind": 3, "flag": [null]}}'])
def test_without_a_description_json_alone_tells_the_types(tmp_path: Path, content: str | None) -> None:
    _, results = finished(tmp_path)
    (tmp_path / "search.json").unlink()
    if content is not None:
        (tmp_path / "search.json").write_text(content)

    found = read_csv(tmp_path / "results.csv")

    for ours, theirs in zip(found.configurations, results.configurations, strict=True):
        assert json.dumps(ours) == json.dumps(theirs)


def test_a_cell_that_the_problem_does_not_know_is_refused_with_its_place(tmp_path: Path) -> None:
    problem, _ = finished(tmp_path)
    path = tmp_path / "results.csv"
    path.write_text(path.read_text().replace("true", "perhaps", 1))

    with pytest.raises(ValueError, match=r"read_csv: .*results\.csv, row \d+: column 'p:flag' cannot hold 'perhaps'"):
        read_csv(path, problem)


def test_pandas_alone_needs_three_arguments(tmp_path: Path) -> None:
    _, results = finished(tmp_path, lambda job: "F_x" if job["job_id"] == 3 else float(job["job_id"]))

    found = pd.read_csv(
        tmp_path / "results.csv", keep_default_na=False, na_values=[""], dtype={"objective": "objective"}
    )

    assert found.objective.max() == 11.0 and found.objective[3] == "F_x"
    assert found["p:constant"].tolist() == ["nan"] * 12
    np.testing.assert_array_equal(found["p:n"], results["p:n"])


def test_a_table_that_pandas_wrote_again_is_read(tmp_path: Path) -> None:
    _, results = finished(tmp_path, lambda job: math.sqrt(job["x"]))
    results.sort_values("objective").to_csv(tmp_path / "sorted.csv")

    found = read_csv(tmp_path / "sorted.csv")

    assert found.objective.tolist() == sorted(results.objective)
    assert "" not in found.columns
