"""Candidates are canonical, legal, and as new as they claim to be."""

import numpy as np
import pytest

from deephyper.acquisition.candidates import any_new, around, first_new, neighbours, reflected
from deephyper.space import Categorical, Constant, Integer, Real, Space, row_keys


def conditional_space():
    """`kind` a wakes `shape`, whose choice 1 wakes `depth`."""

    def active(X):
        is_awake = X[:, 0] == 0
        return np.column_stack([np.ones(len(X), bool), is_awake, is_awake & (X[:, 1] == 1), np.ones(len(X), bool)])

    dimensions = [Categorical("kind", "ab"), Categorical("shape", [1, 2, 3]), Integer("depth", 1, 9), Real("x", 0, 1)]
    return Space(dimensions, active, legal=lambda X: X[:, 3] < 0.8)


def test_children_are_canonical_and_legal():
    space, rng = conditional_space(), np.random.default_rng(0)

    rows = around(space, space.sample(6, rng), 400, rng)

    assert len(rows) > 200
    np.testing.assert_array_equal(rows, space.canonical(rows))
    assert space.legal(rows).all()


def test_a_child_that_wakes_up_takes_any_value():
    space, rng = conditional_space(), np.random.default_rng(1)
    asleep = space.canonical(np.array([[1.0, 0.0, 0.5, 0.3]]))

    rows = around(space, asleep, 2000, rng)
    awake = rows[space.active(rows)[:, 1]]

    assert set(awake[:, 1]) == {0.0, 1.0, 2.0}
    assert len(set(awake[space.active(awake)[:, 2], 2])) > 5


def test_better_parents_have_more_children():
    space, rng = Space([Real("x", 0, 1), Real("y", 0, 1)]), np.random.default_rng(2)
    parents = np.array([[0.1, 0.1], [0.9, 0.9]])

    rows = around(space, parents, 1000, rng)
    is_of_best = np.abs(rows - parents[0]).max(axis=1) < np.abs(rows - parents[1]).max(axis=1)

    assert is_of_best.mean() > 0.55


def test_a_step_reaches_another_integer():
    space, rng = Space([Integer("n", 0, 1000)]), np.random.default_rng(3)
    parent = space.encode([{"n": 500}])

    rows = around(space, parent, 200, rng)

    assert (rows != parent).all()


def test_reflection_keeps_the_unit_interval():
    np.testing.assert_allclose(reflected(np.array([-0.25, 1.25, 0.5, 2.5, -1.75])), [0.25, 0.75, 0.5, 0.5, 0.25])


def test_neighbours_are_one_change_away_and_only_where_active():
    space, rng = conditional_space(), np.random.default_rng(4)
    row = space.canonical(np.array([[1.0, 0.0, 0.5, 0.3]]))[0]

    rows = neighbours(space, row, row[None], rng)

    # The other kind is the only change: shape and depth are asleep, x is a continuum.
    assert len(rows) == 1 and rows[0, 0] == 0.0 and rows[0, 3] == row[3]


def test_a_continuum_has_no_neighbours():
    row = np.array([0.5])

    assert neighbours(Space([Real("x", 0, 1)]), row, row[None], np.random.default_rng(0)).shape == (0, 1)


@pytest.mark.parametrize("n_choices", [2, 10, 100])
def test_all_changes_to_a_hundred_choices_are_neighbours(n_choices):
    space, row = Space([Categorical("c", range(n_choices))]), np.array([1.0])

    rows = neighbours(space, row, row[None], np.random.default_rng(0))

    assert sorted(rows[:, 0]) == [k for k in range(n_choices) if k != 1]


def test_of_very_many_choices_those_of_good_rows_and_some_others_are_neighbours():
    space = Space([Categorical("c", range(5_000)), Real("x", 0, 1)])
    good = np.array([[7.0, 0.1], [8.0, 0.2], [7.0, 0.3], [9.0, 0.5]])

    rows = neighbours(space, good[1], good, np.random.default_rng(0))

    assert {7.0, 9.0} <= set(rows[:, 0]) and 8.0 not in rows[:, 0]
    assert len(set(rows[:, 0])) == len(rows) == pytest.approx(50, abs=5)
    assert (rows[:, 1] == 0.2).all()


def test_a_row_of_very_many_choosing_columns_has_some_neighbours_in_each():
    space = Space([Categorical(f"c{j}", range(50)) for j in range(300)])
    row = np.zeros(300)

    rows = neighbours(space, row, row[None], np.random.default_rng(0))

    changes = (rows != row).sum(axis=0)
    assert ((rows != row).sum(axis=1) == 1).all()
    assert changes.min() >= 4 and len(rows) < 2_000


def test_first_new_skips_known_rows_and_repeats():
    rows = np.array([[0.1], [0.2], [0.1], [0.3], [0.3], [0.4]])

    new = first_new(rows, set(row_keys(rows[1:2])), 2)

    np.testing.assert_array_equal(new, [[0.1], [0.3]])


@pytest.mark.parametrize(
    "space", [Space([]), Space([Constant("c", 1)]), Space([Categorical("c", "abc"), Integer("n", 1, 2)])]
)
def test_a_finite_space_is_drawn_to_its_last_row(space):
    known, n = set(), 0

    while len(row := any_new(space, known, np.random.default_rng(0))):
        assert known.isdisjoint(row_keys(row))
        known.update(row_keys(row))
        n += 1

    assert n == space.n_combinations


def test_nothing_comes_back_when_nothing_is_legal():
    space = Space([Real("x", 0, 1)], legal=lambda X: np.zeros(len(X), bool))

    assert any_new(space, set(), np.random.default_rng(0)).shape == (0, 1)
