"""How many objectives there are is found out once, and in one place."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import pytest

from deephyper.job import Objectives


@pytest.mark.parametrize(
    ("n", "columns"),
    [
        (None, ["objective"]),
        (1, ["objective"]),
        (2, ["objective_0", "objective_1"]),
        (3, [f"objective_{i}" for i in range(3)]),
    ],
)
def test_the_columns_follow_from_the_number(n: int | None, columns: list[str]) -> None:
    assert Objectives(n).columns == columns


@pytest.mark.parametrize(
    ("names", "n", "are_there"),
    [
        (["p:x", "objective", "job_id"], None, True),
        (["p:objective_1", "objective_1", "objective_0", "job_id"], 2, True),
        (["objective_0", "objective_1", "objective_2"], 3, True),
        (["p:x"], None, False),
        (["objective_0"], None, False),
        ([], None, False),
    ],
)
def test_the_columns_of_a_table_tell_the_number(names: list[str], n: int | None, are_there: bool) -> None:
    objectives = Objectives.of_columns(names)

    assert objectives == Objectives(n)
    assert objectives.are_in(names) is are_there


def test_the_first_success_tells_the_number_and_nothing_later_changes_it() -> None:
    unknown = Objectives()

    assert unknown.learned_from([]) is unknown
    assert unknown.learned_from([None, "F_x"]) is unknown
    assert unknown.learned_from(["F_x", 0.0, (1.0, 2.0)]) == Objectives(1)
    assert unknown.learned_from([(1.0, 2.0)]).learned_from([0.5]) == Objectives(2)


def test_only_the_right_number_is_accepted_and_every_failure() -> None:
    assert all(Objectives().accepts(objective) for objective in (0.5, (1.0, 2.0), "F_x"))
    assert [Objectives(2).accepts(objective) for objective in (0.5, (1.0, 2.0), (1.0,) * 3, "F_x")] == [
        False,
        True,
        False,
        True,
    ]
    assert [Objectives(1).accepts(objective) for objective in (0.0, (1.0, 2.0), "F_x")] == [True, False, True]


@pytest.mark.parametrize("n", [None, 1, 2, 3])
def test_cells_are_read_back_as_the_objective(n: int | None) -> None:
    objectives = Objectives(n)
    success: Any = tuple(float(i) for i in range(n)) if n and n > 1 else 0.5
    for objective in (success, "F_x", None):
        assert objectives.of_row({"p:x": 1} | objectives.cells(objective)) == objective


def test_a_row_that_lacks_one_of_several_values_has_no_objective() -> None:
    assert Objectives(2).of_row({"objective_0": 1.0, "objective_1": math.nan}) is None


@pytest.mark.parametrize("of", [dict, pd.DataFrame])
def test_columns_become_numbers_and_failures_nan(of: Any) -> None:
    table = of({"objective_0": [1, "F_x", math.nan], "objective_1": ["2.5", "F_x", None]})

    numbers = Objectives(2).numbers(table)

    assert repr(numbers) == "[[1.0, nan, nan], [2.5, nan, nan]]"
