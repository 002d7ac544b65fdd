"""What dominates what, compared with the definition."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from deephyper.moo import hypervolume, pareto_mask

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
