"""Prepared rows are taken in order, and fall off when they know too little."""

import numpy as np

from deephyper.optimizer.shelf import Shelf, prepared_rows

ROWS = np.arange(4.0)[:, None]


def shelf():
    shelf = Shelf()
    shelf.put(prepared_rows(ROWS[:2], n_told=5), n_kept=0)
    shelf.put(prepared_rows(ROWS[2:], n_told=7), n_kept=2, n_before=2)
    return shelf


def test_rows_are_taken_in_order_until_none_is_left():
    rows = shelf()

    taken = [rows.take() for _ in range(5)]

    assert [(float(p.row[0]), p.n_told) for p in taken[:4]] == [(0.0, 5), (1.0, 5), (2.0, 7), (3.0, 7)]
    assert taken[4] is None and len(rows) == 0


def test_new_rows_come_before_those_that_stay_and_take_the_place_of_the_others():
    rows = shelf()

    rows.put(prepared_rows(ROWS[3:], n_told=8), n_kept=1)

    assert [float(row[0]) for row in rows.first(9)] == [3.0, 0.0]
    assert (rows.n_newest, len(rows)) == (1, 2)


def test_new_rows_come_behind_those_that_are_to_be_first():
    rows = shelf()

    rows.put(prepared_rows(ROWS[3:], n_told=8), n_kept=2, n_before=1)

    assert [float(row[0]) for row in rows.first(9)] == [0.0, 3.0, 1.0]


def test_rows_that_know_too_little_are_thrown_away_or_all_of_them():
    some, none = shelf(), shelf()

    some.drop(fewest_told=6)
    none.drop()

    assert (len(some), len(none)) == (2, 0)
