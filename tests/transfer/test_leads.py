"""Which rows of earlier tasks are tried first."""

from __future__ import annotations

import numpy as np
import pytest

from deephyper._draws import Draws
from deephyper.space import Real, Space
from deephyper.transfer import EarlierRows, leads_of, source_of

DRAWS = Draws(0)
SQUARE = Space([Real("x", 0.0, 1.0), Real("y", 0.0, 1.0)])


def test_the_first_row_is_the_best_and_the_others_lie_apart() -> None:
    good = np.array([[0.5, 0.5], [0.51, 0.5], [0.5, 0.52], [0.9, 0.5], [0.2, 0.5]])

    rows = leads_of([good], SQUARE, DRAWS, 3)

    np.testing.assert_array_equal(rows, good[[0, 3, 4]])


def test_where_good_rows_crowd_the_nearest_serve_too() -> None:
    good = np.array([[0.5, 0.5], [0.51, 0.5], [0.5, 0.5], [0.5, 0.54]])

    rows = leads_of([good], SQUARE, DRAWS, 4)

    assert {tuple(row) for row in rows} == {(0.5, 0.5), (0.5, 0.54), (0.51, 0.5)}


def test_what_the_table_does_not_say_is_spread_evenly_over_the_range() -> None:
    good = np.column_stack([[0.1, 0.3, 0.5, 0.7], np.full(4, np.nan)])

    rows = leads_of([good], SQUARE, DRAWS, 4)

    assert sorted(rows[:, 1]) == pytest.approx([0.125, 0.375, 0.625, 0.875])


def test_several_tables_take_turns() -> None:
    goods = [np.array([[0.1, 0.1], [0.2, 0.2]]), np.array([[0.9, 0.9], [0.7, 0.7]])]

    rows = leads_of(goods, SQUARE, DRAWS, 3)

    np.testing.assert_array_equal(rows[:, 0], [0.1, 0.9, 0.2])


@pytest.mark.parametrize("n_columns", [2, 5])
def test_a_source_holds_leads_and_a_guide_for_each_task_that_says_something(n_columns: int) -> None:
    space = Space([Real(f"x{i}", 0.0, 1.0) for i in range(n_columns)])
    rows = np.random.default_rng(0).random((40, n_columns))
    values = -np.abs(rows - 0.3).sum(axis=1)
    order = np.argsort(-values)
    task = EarlierRows(rows[order[:10]], rows[order], values[order])

    source = source_of([task, task], 3, space, DRAWS)

    assert len(source.guides) == 2
    np.testing.assert_array_equal(source.leads, leads_of([task.good, task.good], space, DRAWS, 3))
    assert np.corrcoef(source.guides[0].value(rows), values)[0, 1] > 0.5
