"""Whoever writes what another library takes is told the line to write instead, and that line works."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import scipy.stats

from deephyper.hpo import HpProblem


@dataclass
class IntDistribution:
    """As Optuna has it."""

    low: int
    high: int
    log: bool = False
    step: int = 1


@dataclass
class CategoricalDistribution:
    """As Optuna has it."""

    choices: tuple[Any, ...]


def declared_by(line: str) -> HpProblem:
    problem = HpProblem()
    exec(line, {"problem": problem, "np": np})
    return problem


def kind_of(problem: HpProblem) -> str:
    (name,) = problem.hyperparameter_names
    return type(problem[name]).__name__.removesuffix("Hyperparameter")


@pytest.mark.parametrize(
    ("value", "line", "kind"),
    [
        ((10, 100, 10), "problem.add_hyperparameter(list(range(10, 101, 10)), 'n')", "Ordinal"),
        ((0.0, 1.0, 0.1), "problem.add_hyperparameter(np.linspace(0.0, 1.0, 11), 'n')", "Ordinal"),
        ((16, 32, 64), "problem.add_hyperparameter([16, 32, 64], 'n')", "Ordinal"),
        ((1, 2, 4, 8), "problem.add_hyperparameter([1, 2, 4, 8], 'n')", "Ordinal"),
        (("sgd", "adam"), "problem.add_hyperparameter(['sgd', 'adam'], 'n')", "Categorical"),
        (("a", "b", "c"), "problem.add_hyperparameter(['a', 'b', 'c'], 'n')", "Categorical"),
        ((True, False), "problem.add_hyperparameter([True, False], 'n')", "Categorical"),
        ({"b", "a"}, "problem.add_hyperparameter(['a', 'b'], 'n')", "Categorical"),
        (frozenset([3, 1, 2]), "problem.add_hyperparameter([1, 2, 3], 'n')", "Ordinal"),
        (range(1, 10), "problem.add_hyperparameter((1, 9), 'n')", "UniformInteger"),
        (range(10, 0, -1), "problem.add_hyperparameter((1, 10), 'n')", "UniformInteger"),
        ((9, 1), "problem.add_hyperparameter((1, 9), 'n')", "UniformInteger"),
        ((1.0, 0.5, "log-uniform"), "problem.add_hyperparameter((0.5, 1.0, 'log-uniform'), 'n')", "UniformFloat"),
        ((0, 9, "log-uniform"), "problem.add_hyperparameter((1, 9, 'log-uniform'), 'n')", "UniformInteger"),
        ((0.0, 1.0, "log-uniform"), "problem.add_hyperparameter((1e-06, 1.0, 'log-uniform'), 'n')", "UniformFloat"),
        ((-2, -1, "log-uniform"), "problem.add_hyperparameter((-2, -1), 'n')", "UniformInteger"),
        ((1, 9, "log"), "problem.add_hyperparameter((1, 9, 'log-uniform'), 'n')", "UniformInteger"),
        ({"low": 1, "high": 9}, "problem.add_hyperparameter((1, 9), 'n')", "UniformInteger"),
        (
            {"min": 1e-3, "max": 1.0, "log": True},
            "problem.add_hyperparameter((0.001, 1.0, 'log-uniform'), 'n')",
            "UniformFloat",
        ),
        (scipy.stats.uniform(0, 2), "problem.add_hyperparameter((0.0, 2.0), 'n')", "UniformFloat"),
        (
            scipy.stats.loguniform(1e-5, 1.0),
            "problem.add_hyperparameter((1e-05, 1.0, 'log-uniform'), 'n')",
            "UniformFloat",
        ),
        (scipy.stats.randint(1, 10), "problem.add_hyperparameter((1, 9), 'n')", "UniformInteger"),
        (IntDistribution(1, 9), "problem.add_hyperparameter((1, 9), 'n')", "UniformInteger"),
        (IntDistribution(1, 9, log=True), "problem.add_hyperparameter((1, 9, 'log-uniform'), 'n')", "UniformInteger"),
        (CategoricalDistribution(("a", "b")), "problem.add_hyperparameter(['a', 'b'], 'n')", "Categorical"),
    ],
    ids=lambda value: repr(sorted(value) if isinstance(value, set) else value)[:40],
)
def test_a_value_of_another_kind_is_answered_with_the_line_to_write(value: Any, line: str, kind: str) -> None:
    with pytest.raises((TypeError, ValueError), match="^HpProblem: hyperparameter 'n': ") as raised:
        HpProblem().add_hyperparameter(value, "n")

    sentence = str(raised.value)
    assert line in sentence and "\n" not in sentence
    assert kind_of(declared_by(line)) == kind


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("lr", (0, 1)), "problem.add_hyperparameter((0, 1), 'lr')"),
        (("lr", 0, 1), "problem.add_hyperparameter((0, 1), 'lr')"),
        ((0, 1, "lr"), "problem.add_hyperparameter((0, 1), 'lr')"),
        (("lr", ["a", "b"]), "problem.add_hyperparameter(['a', 'b'], 'lr')"),
        (("lr", 0.1), "problem.add_hyperparameter(0.1, 'lr')"),
        (((1, 9), 3), "problem.add_hyperparameter((1, 9), 'x')"),
        (((1, 9),), "problem.add_hyperparameter((1, 9), 'x')"),
        ((["a", "b"], b"n"), "problem.add_hyperparameter(['a', 'b'], 'x')"),
    ],
    ids=repr,
)
def test_arguments_in_another_order_or_without_a_name_are_answered_with_the_line(arguments: Any, line: str) -> None:
    with pytest.raises(
        (TypeError, ValueError), match="^HpProblem: a hyperparameter needs a name, a string that is not"
    ) as raised:
        HpProblem().add_hyperparameter(*arguments)

    assert line in str(raised.value)
    declared_by(line)


@pytest.mark.parametrize(
    ("option", "line"),
    [
        ({"step": 2}, "problem.add_hyperparameter(list(range(1, 10, 2)), 'n')"),
        ({"q": 0.5}, "problem.add_hyperparameter(np.linspace(1, 9, 17), 'n')"),
        ({"log": True}, "problem.add_hyperparameter((1, 9, 'log-uniform'), 'n')"),
        ({"prior": "log"}, "problem.add_hyperparameter((1, 9, 'log-uniform'), 'n')"),
        ({"default": 3}, "problem.add_hyperparameter((1, 9), 'n', default_value=3)"),
        ({"choices": ["a"]}, "problem.add_hyperparameter(['sgd', 'adam'], 'optimizer')"),
        ({"low": 3}, "problem.add_hyperparameter((1, 9), 'n')"),
    ],
    ids=repr,
)
def test_an_option_of_another_library_is_answered_with_the_line(option: Any, line: str) -> None:
    with pytest.raises(TypeError, match="unknown argument .*; accepted are 'value', 'name', 'default_value'") as raised:
        HpProblem().add_hyperparameter((1, 9), "n", **option)

    assert line in str(raised.value)
    declared_by(line)


GRID = {"C": [1, 10], "kernel": ["rbf", "linear"], "tol": (1e-3, 1e-1)}


@pytest.mark.parametrize(
    "declare",
    [
        lambda: HpProblem().add_hyperparameter(GRID, "grid"),
        lambda: HpProblem().add_hyperparameter({"C": scipy.stats.uniform(0, 1)}, "grid"),
        lambda: HpProblem().add_hyperparameters(GRID),  # type: ignore[arg-type]
        lambda: HpProblem(GRID),  # type: ignore[arg-type]
    ],
)
def test_a_dictionary_as_grid_searches_take_it_is_answered_with_the_loop(declare: Any) -> None:
    loop = "for name, value in grid.items(): problem.add_hyperparameter(value, name)"
    with pytest.raises(TypeError, match=re.escape(loop)):
        declare()

    problem = HpProblem()
    exec(loop, {"problem": problem, "grid": GRID})
    assert problem.hyperparameter_names == ["C", "kernel", "tol"]


def test_what_nobody_can_guess_gets_no_line() -> None:
    for value in (object(), None, (0, None), (1,), (), {"mu": 1}, b"x"):
        with pytest.raises((TypeError, ValueError)) as raised:
            HpProblem().add_hyperparameter(value, "n")
        assert "problem.add_hyperparameter" not in str(raised.value)


def test_a_long_value_is_cut_in_the_sentence() -> None:
    with pytest.raises(TypeError) as raised:
        HpProblem().add_hyperparameter(set(range(10_000)), "n")

    assert len(str(raised.value)) < 600
