"""Whatever a run-function returns is an objective or a failure, and never an error of the search."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deephyper.job import Objective, Objectives, Outcome, is_failure, is_lost, number_of

anything = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary(), st.complex_numbers()),
    lambda inner: st.one_of(
        st.lists(inner), st.dictionaries(st.one_of(st.text(), st.integers()), inner), st.tuples(inner, inner)
    ),
)


@given(anything)
def test_everything_is_an_objective_or_a_failure(returned: Any) -> None:
    outcome = Outcome.parse(returned)

    if outcome.is_failure:
        assert str(outcome.objective).startswith("F")
    else:
        numbers = outcome.objective if isinstance(outcome.objective, tuple) else (outcome.objective,)
        assert all(type(number) is float and math.isfinite(number) for number in numbers)


@given(anything)
def test_everything_is_fine_as_metadata(metadata: Any) -> None:
    outcome = Outcome.parse({"objective": 1.0, "metadata": metadata})

    assert outcome.objective == 1.0
    assert all(isinstance(key, str) for key in outcome.metadata)


@pytest.mark.parametrize(
    "returned",
    [2, 2.0, np.int8(2), np.float32(2), np.array(2), np.array([2.0]), [2], (2.0,), Decimal(2), pd.Series([2])],
    ids=repr,
)
def test_one_number_of_every_kind_is_one_float(returned: Any) -> None:
    objective = Outcome.parse(returned).objective

    assert type(objective) is float
    assert objective == 2.0


@pytest.mark.parametrize("returned", [(1, 2.5), [1, 2.5], np.array([1, 2.5]), (np.int64(1), np.float64(2.5))], ids=repr)
def test_several_numbers_are_a_tuple_of_floats(returned: Any) -> None:
    assert Outcome.parse(returned).objective == (1.0, 2.5)


def test_zero_and_negative_numbers_are_objectives() -> None:
    assert Outcome.parse(0).objective == 0.0
    assert not Outcome.parse(-3).is_failure


@pytest.mark.parametrize(
    ("returned", "objective"),
    [
        (None, "F_none"),
        ({}, "F_none"),
        (math.nan, "F_nan"),
        ((1, math.nan), "F_nan"),
        (-math.inf, "F_infinite"),
        (np.float64("inf"), "F_infinite"),
        (10**400, "F_infinite"),
        ([1, -(10**400)], "F_infinite"),
        ("0.5", "F_not_a_number"),
        (["0.5", "1"], "F_not_a_number"),
        ("", "F_not_a_number"),
        (b"F", "F_not_a_number"),
        ([], "F_not_a_number"),
        ([[1, 2]], "F_not_a_number"),
        ((1, None), "F_not_a_number"),
        (1j, "F_not_a_number"),
        pytest.param(object(), "F_not_a_number", id="an object"),
        ("F", "F"),
        ("F_out_of_memory", "F_out_of_memory"),
        ({"objective": "F_x", "metadata": {}}, "F_x"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_what_is_no_finite_number_is_a_failure(returned: Any, objective: str) -> None:
    outcome = Outcome.parse(returned)

    assert outcome.objective == objective
    assert outcome.is_failure and is_failure(objective)
    assert not outcome.crashed


def test_metadata_come_from_the_mapping_and_from_its_other_keys() -> None:
    returned = {"objective": 1, "metadata": {"epochs": 3, 7: "seven"}, "loss": 0.5, "epochs": 4}

    outcome = Outcome.parse(returned)

    assert outcome.metadata == {"loss": 0.5, "epochs": 3, "7": "seven"}
    assert Outcome.parse({"output": 3, "metadata": {"a": 1}}) == Outcome(3.0, {"a": 1})
    assert Outcome.parse({"objective": 3, "metadata": None}) == Outcome(3.0)


@pytest.mark.parametrize("metadata", ["text", [1], 3, np.arange(3)], ids=repr)
def test_metadata_that_are_no_mapping_are_kept_under_that_name(metadata: Any) -> None:
    outcome = Outcome.parse({"objective": 1, "metadata": metadata})

    assert outcome.objective == 1.0
    assert outcome.metadata["metadata"] is metadata


@pytest.mark.parametrize(("returned", "n"), [((1, 2), 1), (1, 2), ((1, 2, 3), 2)])
def test_another_number_of_objectives_than_before_is_a_failure(returned: Any, n: int) -> None:
    assert Outcome.parse(returned, Objectives(n)).objective == "F_number_of_objectives"
    own = Objectives().learned_from([Outcome.parse(returned).objective])
    assert Outcome.parse(returned, own).objective != "F_number_of_objectives"


def test_a_failure_may_come_at_any_number_of_objectives() -> None:
    assert Outcome.parse("F_x", Objectives(3)).objective == "F_x"


@pytest.mark.parametrize("returned", [("F_a", "F_b"), ["F_a"], (0.5, "F_a"), {"objective": ("F_a", "F_a")}])
def test_a_failure_for_each_objective_is_one_failure_with_the_first_reason(returned: Any) -> None:
    outcome = Outcome.parse(returned)

    assert (outcome.objective, outcome.mistake, outcome.crashed) == ("F_a", "", False)


def test_only_exceptions_and_dead_workers_are_crashes() -> None:
    raised, died = Outcome.raised("ZeroDivisionError", "Traceback …"), Outcome.worker_died("killed")

    assert (raised.objective, died.objective) == ("F_ZeroDivisionError", "F_worker_died")
    assert raised.crashed and died.crashed and not Outcome.parse("F").crashed
    assert (raised.metadata, died.metadata) == ({"traceback": "Traceback …"}, {"traceback": "killed"})


@pytest.mark.parametrize(("objective", "expected"), [("F", True), (0.0, False), ((1.0, 2.0), False), (None, False)])
def test_a_failure_is_told_by_its_type(objective: Objective | None, expected: bool) -> None:
    assert is_failure(objective) is expected


def test_only_a_lost_worker_leaves_a_result_unknown() -> None:
    assert Outcome.worker_died("killed").is_lost and is_lost("F_worker_died")
    assert not any(is_lost(objective) for objective in ("F_timeout", 1.0, (1.0, 2.0), None))


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (0.5, 0.5),
        (3, 3.0),
        ("0.5", 0.5),
        ("F_x", None),
        ("Fnan", None),
        ("", None),
        (None, None),
        ((1.0, 2.0), None),
        (math.nan, None),
    ],
)
def test_a_cell_of_an_objective_is_a_number_or_nan(value: Any, number: float | None) -> None:
    found = number_of(value)

    assert type(found) is float
    assert math.isnan(found) if number is None else found == number
