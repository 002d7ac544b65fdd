"""Configurations that users pass become the declared types, whatever they were written as; and bounds stay bounds."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import ConfigSpace as CS
import numpy as np
import pandas as pd
import pytest

from deephyper.hpo import CBO, HpProblem, RandomSearch
from deephyper.results import Results


@pytest.fixture
def problem() -> HpProblem:
    problem = HpProblem(seed=0)
    problem.add_hyperparameter((1, 9), "n")
    problem.add_hyperparameter((0.0, 1.0), "x")
    problem.add_hyperparameter([True, False], "flag")
    kind = problem.add_hyperparameter(["a", "b", None], "kind")
    problem.add_hyperparameter([16, 32, 64], "units")
    child = problem.add_hyperparameter((1, 5), "child")
    problem.add_condition(CS.EqualsCondition(child, kind, "a"))
    return problem


PLAIN = {"n": 3, "x": 0.5, "flag": True, "kind": "b", "units": 32}
OTHERS = [
    {"n": 3.0},
    {"n": np.float32(3)},
    {"n": np.int8(3)},
    {"n": Fraction(6, 2)},
    {"n": Decimal(3)},
    {"x": Decimal("0.5")},
    {"x": np.float32(0.5)},
    {"x": Fraction(1, 2)},
    {"flag": np.True_},
    {"kind": np.str_("b")},
    {"units": 32.0},
    {"units": np.int64(32)},
    {"child": None},
    {"child": math.nan},
    {"child": np.nan},
]


def got_by_the_function(problem: HpProblem, points: Any, folder: Path) -> dict[str, Any]:
    got: list[dict[str, Any]] = []
    CBO(problem, lambda job: got.append(dict(job.parameters)) or 0.0, initial_points=points, log_dir=folder).search(1)
    return got[0]


@pytest.mark.parametrize("other", OTHERS, ids=repr)
def test_initial_points_and_told_configurations_become_the_declared_types(
    problem: HpProblem, other: dict[str, Any], tmp_path: Path
) -> None:
    given = {**PLAIN, **other}
    search = RandomSearch(problem, log_dir=tmp_path / "told")
    search.tell([(given, 1.0)])
    row = search.history.iloc[0]

    got = got_by_the_function(problem, [given], tmp_path / "got")

    assert got == PLAIN and problem.check_configuration(given)
    assert [type(value) for value in got.values()] == [type(value) for value in PLAIN.values()]
    for name, value in PLAIN.items():
        assert row["p:" + name] == value


@pytest.mark.parametrize(
    "wrong",
    [
        {"n": "3"},
        {"n": 3.5},
        {"n": True},
        {"n": np.True_},
        {"n": 3 + 0j},
        {"n": [3]},
        {"x": "0.5"},
        {"x": False},
        {"flag": 1},
        {"flag": "True"},
        {"kind": "B"},
        {"units": "32"},
        {"units": 33},
    ],
    ids=repr,
)
def test_what_would_have_to_be_guessed_is_refused(problem: HpProblem, wrong: dict[str, Any], tmp_path: Path) -> None:
    given = {**PLAIN, **wrong}

    with pytest.raises(ValueError, match=rf"^CBO: initial_points\[0\]: hyperparameter '{next(iter(wrong))}' must be"):
        CBO(problem, initial_points=[given], log_dir=tmp_path)
    with pytest.raises(ValueError, match=r"^CBO.tell: results\[0\]: hyperparameter"):
        CBO(problem, log_dir=tmp_path).tell([(given, 1.0)])


def test_a_row_of_a_table_is_a_configuration(problem: HpProblem, tmp_path: Path) -> None:
    results = RandomSearch(problem, lambda job: job["x"], random_state=1, log_dir=tmp_path / "a").search(12)
    frame = pd.DataFrame([{**PLAIN, "kind": "a", "child": 2}, PLAIN, {**PLAIN, "flag": False}])
    rows = [results.iloc[i] for i in range(12)]
    search = CBO(problem, log_dir=tmp_path / "b")

    search.tell([(row, row["objective"]) for row in rows])
    search.tell([(dict(row), row["objective"]) for row in rows])
    search.tell([(frame.iloc[i], 0.0) for i in range(3)])

    assert isinstance(results, Results)
    columns = [column for column in results.columns if column.startswith("p:")]
    told = search.history[columns]
    for i in range(12):
        for column in columns:
            for again in (told.iloc[i][column], told.iloc[12 + i][column]):
                assert again == rows[i][column] or pd.isna(again)
    assert list(told["p:child"].iloc[24:].isna()) == [False, True, True]
    assert got_by_the_function(problem, [rows[0]], tmp_path / "c") == {
        column[2:]: rows[0][column] for column in columns if column != "p:child" or rows[0]["p:kind"] == "a"
    }


def test_a_table_is_no_configuration_and_says_how_to_take_a_row(problem: HpProblem, tmp_path: Path) -> None:
    with pytest.raises(TypeError, match=r"got a table of 1 rows; take one of its rows, such as table.iloc\[0\]"):
        CBO(problem, log_dir=tmp_path, initial_points=[pd.DataFrame([PLAIN])])


def test_a_hyperparameter_that_is_named_like_a_column_is_itself(tmp_path: Path) -> None:
    problem = HpProblem()
    problem.add_hyperparameter((1, 9), "p:n")
    problem.add_hyperparameter((1, 9), "objective")

    assert problem.check_configuration({"p:n": 2, "objective": 3})
    assert (
        problem.check_configuration({"p:p:n": 2, "p:objective": 3, "objective": 0.5}, raise_if_not_valid=False) is False
    )


def test_a_whole_number_beyond_53_bits_stays_what_was_told(tmp_path: Path) -> None:
    problem = HpProblem()
    problem.add_hyperparameter((0, 2**60), "n")

    got = got_by_the_function(problem, [{"n": 2**60 - 1}], tmp_path)

    assert got == {"n": 2**60 - 1}


RANGES = [
    (0.001, 0.5, "log-uniform"),
    (3e-5, 7e-2, "log-uniform"),
    (1e-12, 1e-2, "log-uniform"),
    (0.1, 0.7),
    (-0.3, 0.9),
    (0.0, 2 / 3),
    (1 / 3, 2 / 3),
    (0.0, 2 * math.pi),
    (0.1 + 1e-15, 1.0),
    (1e15, 1e15 + 1.0),
    (1e5, 1e5 + 1e-9),
    (1, 10**18, "log-uniform"),
    (3, 7, "log-uniform"),
    (0, 2**53 + 1),
    (-(2**62), 2**62),
    {"mu": 0.5, "sigma": 10.0, "lower": 1 / 3, "upper": 2 / 3},
    {"mu": 0.0, "sigma": 1.0, "lower": 40.0, "upper": 41.0},
    {"mu": 0.0, "sigma": 1.0, "lower": -1e6, "upper": -1e5},
    {"mu": 0.0, "sigma": 1e-10, "lower": 0.5, "upper": 1.0},
    {"mu": 5, "sigma": 1e9, "lower": 0, "upper": 10},
    {"mu": 1000, "sigma": 1e-6, "lower": 0, "upper": 10},
]


def bounds_of(value: Any) -> tuple[Any, Any]:
    return (value["lower"], value["upper"]) if isinstance(value, dict) else value[:2]


@pytest.mark.parametrize("value", RANGES, ids=repr)
def test_a_proposed_bound_is_the_bound_and_nothing_lies_outside(value: Any, tmp_path: Path) -> None:
    low, high = bounds_of(value)
    problem = HpProblem(seed=1)
    problem.add_hyperparameter(value, "x")
    space = problem.numeric_space()

    at_ends = [c["x"] for c in space.decode(space.canonical(np.array([[0.0], [1.0], [1e-17], [1 - 2**-53]])))]
    drawn = [c["x"] for c in problem.sample(300)]

    assert at_ends[:2] == [low, high]
    assert all(low <= x <= high and type(x) is type(low) for x in at_ends + drawn)
    assert low <= problem.default_configuration["x"] <= high
    assert problem.check_configuration({"x": low}) and problem.check_configuration({"x": high})


def test_an_optimum_at_the_bound_is_proposed_to_the_last_digit(tmp_path: Path) -> None:
    problem = HpProblem()
    problem.add_hyperparameter((0.001, 0.5, "log-uniform"), "x")
    problem.add_hyperparameter((0.0, 2 / 3), "y")

    results = CBO(problem, lambda job: job["x"] + job["y"], random_state=1, log_dir=tmp_path).search(30)

    assert results["p:x"].max() == 0.5
    assert results["p:y"].max() == 2 / 3


@pytest.mark.parametrize(
    "value",
    [
        (1e-14, 1e-13),
        (1e-15, 1e-1, "log-uniform"),
        (1.5e-13, 1.0, "log-uniform"),
        (1.0, 1.0 + 1e-14),
        (0.0, 5e-324),
        (0.0, 1e308),
        (1e300, 1.7e308),
        (-1e308, 1e307),
        (0, 2**63 - 1),
        {"mu": 0.0, "sigma": 1e-300, "lower": -1.0, "upper": 1.0},
        {"mu": 1e300, "sigma": 1.0, "lower": 0.0, "upper": 1.0},
        {"mu": 0.0, "sigma": 1.0, "lower": -1e308, "upper": 1e307},
        {"mu": 0.5, "sigma": 1.6e-13, "lower": 0.0, "upper": 1.0},
    ],
    ids=repr,
)
def test_a_range_that_rounding_would_change_is_refused_with_what_to_do(value: Any) -> None:
    sentence = "is too wide or too narrow for ConfigSpace, .*; express it in another unit, or declare its exponent"
    with pytest.raises(ValueError, match=f"^HpProblem: hyperparameter 'x': the range .* {sentence}"):
        HpProblem().add_hyperparameter(value, "x")


@pytest.mark.parametrize(
    "hyperparameter",
    [
        CS.NormalFloatHyperparameter("x", mu=1e12, sigma=1e-10, lower=0.0, upper=1.0),
        CS.NormalFloatHyperparameter("x", mu=0.5, sigma=1e20, lower=0.0, upper=1.0),
        CS.NormalFloatHyperparameter("x", mu=-1e18, sigma=1.0, lower=0.0, upper=1.0),
    ],
)
def test_extreme_normals_of_configspace_give_numbers_within_the_bounds(hyperparameter: Any) -> None:
    problem = HpProblem(seed=1)
    problem.add_hyperparameter(hyperparameter)

    drawn = [c["x"] for c in problem.sample(300)]

    assert all(0.0 <= x <= 1.0 for x in drawn)
