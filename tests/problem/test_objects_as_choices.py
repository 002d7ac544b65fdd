"""Functions and objects as choices keep their names in files, or are refused when they are declared."""

from __future__ import annotations

import functools
import math
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from deephyper.hpo import HpProblem, RandomSearch


def relu(x: float) -> float:
    return max(x, 0.0)


def tanh(x: float) -> float:
    return math.tanh(x)


class Plain:
    def method(self) -> None: ...

    @staticmethod
    def fixed() -> None: ...

    @classmethod
    def of_class(cls) -> None: ...


class Named:
    def __repr__(self) -> str:
        return "Named()"


@pytest.mark.parametrize(
    "choices",
    [
        [relu, tanh],
        [math.sin, math.cos, len],
        [np.tanh, np.exp, np.linalg.norm],
        [Plain, Named, OrderedDict],
        [Plain.method, Plain.fixed, Plain.of_class],
        [relu, lambda x: x],
        [Named(), "other"],
    ],
    ids=["functions", "built in", "numpy", "classes", "of a class", "one lambda", "an object with a name"],
)
def test_what_has_a_name_survives_a_restart(tmp_path: Path, choices: list[Any]) -> None:
    problem = HpProblem()
    problem.add_hyperparameter(choices, "f")
    problem.add_hyperparameter((0.0, 1.0), "x")
    seen = []
    RandomSearch(problem, random_state=1, log_dir=tmp_path).search(lambda job: seen.append(job["f"]) or 1.0, 9)

    again = RandomSearch(problem, random_state=1, log_dir=tmp_path, checkpoint_restart=True)

    assert [configuration["f"] for configuration in again.history.configurations] == seen
    assert " at 0x" not in (tmp_path / "results.csv").read_text()
    assert {id(f) for f in seen} <= {id(choice) for choice in choices}


def test_a_function_is_written_by_its_name(tmp_path: Path) -> None:
    problem = HpProblem()
    problem.add_hyperparameter([relu, tanh], "f")
    RandomSearch(problem, random_state=1, log_dir=tmp_path).search(lambda job: 1.0, 2)

    lines = (tmp_path / "results.csv").read_text().splitlines()[1:]

    assert sorted(line.split(",")[0].split(".")[-1] for line in lines) == ["relu", "tanh"]


@pytest.mark.parametrize(
    "choices",
    [
        [Plain(), "other"],
        [functools.partial(relu, 1.0), "other"],
        [Plain().method, "other"],
        [(1, Plain()), "other"],
        [{"layer": Plain()}, "other"],
        [object(), 3],
    ],
    ids=["an object", "partial", "a method of an object", "in a tuple", "in a dictionary", "object"],
)
def test_what_has_an_address_only_is_refused_when_it_is_declared(choices: list[Any]) -> None:
    with pytest.raises(ValueError, match=r"'f': .* in results\.csv, with an address .* or use names as choices"):
        HpProblem().add_hyperparameter(choices, "f")


def test_two_lambdas_have_one_name_and_are_refused() -> None:
    with pytest.raises(ValueError, match=r"would both be .*<lambda> in results\.csv; leave one out"):
        HpProblem().add_hyperparameter([lambda x: x, lambda x: -x], "f")


def test_a_text_that_looks_like_an_address_is_a_text() -> None:
    HpProblem().add_hyperparameter(["<object at 0x12>", "b"], "f")
