"""What a sampling function gives is used as far as it can be a configuration."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import ConfigSpace as CS
import numpy as np
import pandas as pd
import pytest

from deephyper.hpo import CBO, HpProblem, RandomSearch

RNG = np.random.default_rng(0)


def problem_with(sampling: Callable[[int], Any]) -> HpProblem:
    problem = HpProblem(seed=1)
    problem.add_hyperparameter((0.0, 1.0), "x")
    problem.add_hyperparameter((1, 9), "n")
    kind = problem.add_hyperparameter(["a", "b"], "kind")
    flag = problem.add_hyperparameter([True, False], "flag")
    problem.add_condition(CS.EqualsCondition(flag, kind, "a"))
    problem.set_sampling_fn(sampling)
    return problem


def good() -> dict[str, Any]:
    return {"x": RNG.random(), "n": int(RNG.integers(1, 10)), "kind": "b"}


@pytest.mark.parametrize(
    "bad",
    [
        {"x": 7.0},
        {"x": -0.1},
        {"x": float("inf")},
        {"x": float("nan")},
        {"x": None},
        {"x": "0.5"},
        {"x": True},
        {"n": 2.5},
        {"n": "3"},
        {"n": 10},
        {"kind": "c"},
        {"kind": None},
        {"kind": 3},
        {"kind": ["a"]},
        {"kind": "a", "flag": 1},
        {"kind": "a"},
        {"kind": "a", "flag": None},
    ],
    ids=repr,
)
@pytest.mark.parametrize("search", [CBO, RandomSearch])
def test_what_cannot_be_a_configuration_is_left_out(bad: dict[str, Any], search: Any, tmp_path: Path) -> None:
    def sampling(size: int) -> list[dict[str, Any]]:
        return [{**good(), **bad} if i % 2 else good() for i in range(size)]

    problem = problem_with(sampling)

    asked = search(problem, random_state=1, log_dir=tmp_path).ask(12)

    assert len(asked) == 12
    assert len(problem.sample(30)) == 30
    assert all(problem.check_configuration(c) for c in [*asked, *problem.sample(5)])


def test_a_missing_value_is_left_out() -> None:
    found = problem_with(lambda size: [{"x": 0.5, "kind": "b"}, *(good() for _ in range(size))]).sample(10)

    assert len(found) == 10


def test_values_become_the_declared_types_and_inactive_ones_do_not_matter() -> None:
    given = {"x": np.float32(0.5), "n": 3.0, "kind": np.str_("b"), "flag": np.True_}

    assert problem_with(lambda size: [given]).sample(1) == [{"x": 0.5, "n": 3, "kind": "b"}]
    for value in problem_with(lambda size: [{**given, "kind": "a"}]).sample(1)[0].values():
        assert type(value) in (float, int, str, bool)


def table(size: int) -> pd.DataFrame:
    return pd.DataFrame([good() if i % 2 else {**good(), "kind": "a", "flag": True} for i in range(size)])


def endless(size: int) -> Iterator[dict[str, Any]]:
    return (good() for _ in count())


@pytest.mark.parametrize(
    "sampling",
    [
        table,
        endless,
        lambda size: (good() for _ in range(size)),
        lambda size: tuple(good() for _ in range(size)),
        lambda size: [pd.Series(good()) for _ in range(size)],
        lambda size: [good() for _ in range(3 * size)],
        lambda size: [good()],
        lambda size: [good()] if size == 1 else [good()] * 2 + [good() for _ in range(size // 2)],
    ],
)
def test_any_kind_and_number_of_configurations_is_used(sampling: Any, tmp_path: Path) -> None:
    problem = problem_with(sampling)

    asked = CBO(problem, random_state=1, log_dir=tmp_path).ask(4)

    assert len(asked) == 4
    assert 1 <= len(problem.sample(4)) <= 4


@pytest.mark.parametrize(
    ("sampling", "sentence"),
    [
        (lambda size: [{**good(), "n": 99} for _ in range(size)], "'n' must be between 1 and 9, got 99"),
        (lambda size: [{"x": 0.5}] * size, "hyperparameter 'n' is active and has no value"),
    ],
)
def test_where_nothing_can_be_used_the_reason_is_said(sampling: Any, sentence: str, tmp_path: Path) -> None:
    problem = problem_with(sampling)

    with pytest.raises(ValueError, match=f"^HpProblem: sampling function: .*{sentence}.* None of .* could be used"):
        RandomSearch(problem, log_dir=tmp_path).ask(1)


def test_an_error_of_the_function_itself_goes_through() -> None:
    def sampling(size: int) -> Any:
        raise RuntimeError("no entropy")

    with pytest.raises(RuntimeError, match="no entropy") as raised:
        problem_with(sampling).sample(3)

    assert raised.value.__notes__ == ["(while the sampling function was asked for 3 configurations)"]
