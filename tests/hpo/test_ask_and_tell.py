"""Ask and tell: what is refused, in which words, and that nothing is kept of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from deephyper.hpo import CBO, HpProblem, RandomSearch, Search


@pytest.fixture
def problem() -> HpProblem:
    problem = HpProblem()
    problem.add_hyperparameter((0.0, 1.0), "x")
    problem.add_hyperparameter((0.0, 1.0), "y")
    return problem


A, B = {"x": 0.25, "y": 0.5}, {"x": 0.5, "y": 0.75}


@pytest.mark.parametrize(
    ("results", "number"),
    [
        ([A, 1.0], 0),
        ((A, 1.0), 0),
        ([(A, 1.0), B], 1),
        ([(A, 1.0), (B,)], 1),
        ([(A, 1.0), (B, 1.0, "more")], 1),
        ([(A, 1.0), None], 1),
        ([(A, 1.0), "xy"], 1),
        (A, 0),
        ("xy", 0),
    ],
)
def test_an_element_that_is_no_pair_is_named_in_one_sentence(
    kind: type[Search], problem: HpProblem, tmp_path: Path, results: Any, number: int
) -> None:
    search = kind(problem, random_state=1, log_dir=tmp_path)
    with pytest.raises(TypeError) as raised:
        search.tell(results)

    message = str(raised.value)
    assert message.startswith(f"{kind.__name__}.tell: results[{number}] must be a pair of a configuration and what")
    assert message.endswith("pass tell([(configuration, objective)]).")
    assert "\n" not in message
    assert len(search.history) == 0


@pytest.mark.parametrize("pair", [(1.0, A), ("x", 0.5)])
def test_a_pair_without_a_configuration_is_named_in_one_sentence(
    kind: type[Search], problem: HpProblem, tmp_path: Path, pair: Any
) -> None:
    search = kind(problem, random_state=1, log_dir=tmp_path)

    with pytest.raises(
        TypeError, match=r"tell: results\[1\]: a configuration must be a dictionary of parameters, got "
    ):
        search.tell([(A, 1.0), pair])
    assert len(search.history) == 0


def test_pairs_may_be_lists_and_come_from_a_generator(kind: type[Search], problem: HpProblem, tmp_path: Path) -> None:
    search = kind(problem, random_state=1, log_dir=tmp_path)
    search.tell([[A, 1.0]])  # type: ignore[list-item]
    search.tell(pair for pair in [(B, "F_x")])  # type: ignore[arg-type]

    assert search.history.objective.tolist() == [1.0, "F_x"]


@pytest.mark.parametrize(
    ("configuration", "words"),
    [
        ({"z": 1}, "unknown hyperparameter 'z'; known are 'x', 'y'"),
        ({}, "'x' is active and has no value"),
        ({"x": 0.5, "y": 2.0}, "'y' must be between 0.0 and 1.0"),
        ({"x": 0.5, "y": "high"}, "'y'"),
    ],
)
def test_a_bad_configuration_is_named_by_its_place_wherever_it_is_passed(
    problem: HpProblem, tmp_path: Path, configuration: Any, words: str
) -> None:
    with pytest.raises(ValueError) as as_initial:
        CBO(problem, log_dir=tmp_path, initial_points=[A, configuration])
    search = RandomSearch(problem, random_state=1, log_dir=tmp_path)
    with pytest.raises(ValueError) as as_told:
        search.tell([(A, 1.0), (configuration, 2.0)])
    with pytest.raises(ValueError) as as_checked:
        problem.check_configuration(configuration)

    assert str(as_initial.value).startswith("CBO: initial_points[1]")
    assert str(as_told.value).startswith("RandomSearch.tell: results[1]")
    assert str(as_checked.value).startswith("HpProblem")
    for error in (as_initial, as_told, as_checked):
        assert words in str(error.value)
    assert len(search.history) == 0


@pytest.mark.parametrize("configuration", [5, "x", None, [("x", 0.5)]])
def test_what_is_no_configuration_is_named_by_its_place(problem: HpProblem, tmp_path: Path, configuration: Any) -> None:
    with pytest.raises((TypeError, ValueError), match=r"^CBO: initial_points\[0\]"):
        CBO(problem, log_dir=tmp_path, initial_points=[configuration])
