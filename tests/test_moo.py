"""What dominates what, compared with the definition."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import deephyper.moo
from deephyper.moo import hypervolume, merit, non_dominated_set, pareto_front, pareto_mask, pareto_ranks
from deephyper.skopt import moo as older

objectives = arrays(float, st.tuples(st.integers(1, 12), st.integers(1, 4)), elements=st.integers(-4, 4).map(float))


def is_dominated(row: np.ndarray, by: np.ndarray) -> bool:
    return bool((by >= row).all() and (by > row).any())


@given(objectives)
def test_the_pareto_set_is_what_no_other_row_dominates(Y: np.ndarray) -> None:
    mask = pareto_mask(Y)

    assert mask.dtype == bool
    assert mask.tolist() == [not any(is_dominated(row, other) for other in Y) for row in Y]


def test_equal_rows_are_all_in_the_pareto_set() -> None:
    assert pareto_mask([[1, 2], [2, 1], [2, 1], [1, 1]]).tolist() == [True, True, True, False]


def test_no_rows_have_no_pareto_set_and_no_volume() -> None:
    assert pareto_mask(np.empty((0, 2))).tolist() == []
    assert hypervolume([], [0.0, 0.0]) == 0.0


def test_hypervolume_is_the_area_of_the_stairs() -> None:
    assert hypervolume([[1, 3], [2, 2], [0, 0]], reference=np.zeros(2)) == pytest.approx(5.0)


def test_what_lies_below_the_reference_has_no_volume() -> None:
    assert hypervolume([[-1, 5]], reference=np.zeros(2)) == 0.0


@given(objectives)
def test_dominated_rows_add_no_volume(Y: np.ndarray) -> None:
    reference = np.full(Y.shape[1], -5.0)

    assert hypervolume(Y, reference) == pytest.approx(hypervolume(Y[pareto_mask(Y)], reference))


@given(objectives)
def test_merit_ranks_by_fronts_and_within_one_by_mean_ranks(Y: np.ndarray) -> None:
    merits = merit(Y)

    if Y.shape[1] == 1:
        np.testing.assert_array_equal(merits, Y[:, 0])
        return
    by_pandas = pd.DataFrame(Y).rank(pct=True).mean(axis=1).to_numpy()
    np.testing.assert_array_equal(merits, 0.5 * by_pandas - pareto_ranks(Y))
    for row, one in zip(Y, merits, strict=True):
        assert all(one < other for better, other in zip(Y, merits, strict=True) if is_dominated(row, better))


def test_a_failure_has_no_merit_and_changes_none() -> None:
    Y = np.array([[1.0, 2.0], [np.nan, 5.0], [2.0, 1.0], [0.0, 0.0]])

    merits = merit(Y)

    assert np.isnan(merits).tolist() == [False, True, False, False]
    np.testing.assert_array_equal(merits[[0, 2, 3]], merit(Y[[0, 2, 3]]))
    assert merit(np.full((2, 2), np.nan)).shape == (2,)


@given(objectives)
def test_the_non_dominated_set_is_the_pareto_set_with_equal_rows_once(Y: np.ndarray) -> None:
    mask, indices = non_dominated_set(Y), non_dominated_set(Y, return_mask=False)

    assert np.flatnonzero(mask).tolist() == indices.tolist()
    assert not (mask & ~pareto_mask(Y)).any()
    assert len(np.unique(Y[mask], axis=0)) == len(indices) == len(np.unique(Y[pareto_mask(Y)], axis=0))


@given(objectives)
def test_the_front_is_sorted_by_the_first_objective_and_then_the_next(Y: np.ndarray) -> None:
    front, indices = pareto_front(Y, sort=True, return_idx=True)

    assert [tuple(row) for row in front] == sorted(tuple(row) for row in pareto_front(Y))
    assert np.array_equal(Y[indices], front)


@given(objectives)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_at_the_older_home_lower_is_better(Y: np.ndarray) -> None:
    reference = np.full(Y.shape[1], 5.0)

    assert older.hypervolume(Y, reference) == hypervolume(-Y, -reference)
    assert np.array_equal(older.non_dominated_set(Y), non_dominated_set(-Y))
    assert np.array_equal(older.pareto_front(Y), -pareto_front(-Y))
    assert np.array_equal(older.pareto_front(Y, sort=True)[:, 0], np.sort(older.pareto_front(Y)[:, 0]))


@pytest.mark.parametrize("name", older.__all__)
def test_the_older_home_warns_of_the_new_one_and_of_the_other_sign(name: str) -> None:
    arguments = ([[1.0, 2.0], [2.0, 1.0]], [3.0, 3.0])
    with pytest.warns(DeprecationWarning, match=f"deephyper.moo.{name}, where higher is better") as warned:
        getattr(older, name)(*arguments[: 2 if name == "hypervolume" else 1])

    assert [warning.filename for warning in warned] == [__file__]
    assert name in deephyper.moo.__all__


def test_the_hypervolume_at_the_older_home_is_that_of_costs() -> None:
    with pytest.warns(DeprecationWarning, match="has moved"):
        assert older.hypervolume(np.array([[1.0, 2.0], [2.0, 1.0]]), [3.0, 3.0]) == 3.0
