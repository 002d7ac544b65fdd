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
    assert source.leads.shape == (3, n_columns)
    np.testing.assert_array_equal(source.leads[0], rows[order[0]])
    assert np.corrcoef(source.guides[0].value(rows), values)[0, 1] > 0.5


def test_after_the_best_row_come_those_whose_neighbours_were_good_too() -> None:
    space = Space([Real(f"x{i}", 0.0, 1.0) for i in range(4)])
    rows = np.random.default_rng(0).random((80, 4))
    values = -np.square(rows - 0.3).sum(axis=1) + 0.05 * np.random.default_rng(1).standard_normal(80)
    # Two rows were good by luck where the objective is bad.
    lucky = np.array([[0.95, 0.95, 0.95, 0.95], [0.95, 0.95, 0.05, 0.95]])
    rows, values = np.concatenate((rows, lucky)), np.append(values, values.max() + np.array([0.1, 0.05]))
    order = np.argsort(-values)

    leads = source_of([EarlierRows(rows[order[:10]], rows[order], values[order])], 4, space, DRAWS).leads

    np.testing.assert_array_equal(leads[0], lucky[0])
    assert np.square(leads[1:] - 0.3).sum(axis=1).max() < 0.5
