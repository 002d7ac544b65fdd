"""The first points are spread evenly, and are the same points however they are asked for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deephyper.space import DESIGNS, sobol


def points(index: int, n: int, n_columns: int = 3, seed: int = 0) -> np.ndarray:
    return sobol(index, n, n_columns, np.random.default_rng(seed))


@given(st.lists(st.integers(0, 9), min_size=1, max_size=6))
def test_pieces_of_a_sequence_make_the_whole(sizes: list[int]) -> None:
    starts = np.cumsum([0, *sizes])

    pieces = np.concatenate([points(int(start), size) for start, size in zip(starts, sizes, strict=False)])

    np.testing.assert_array_equal(pieces, points(0, sum(sizes)))


@pytest.mark.parametrize("n", [1, 2, 8, 64])
def test_every_column_has_one_point_in_each_of_n_strips(n: int) -> None:
    rows = points(0, n)

    assert rows.shape == (n, 3)
    assert (rows >= 0).all() and (rows < 1).all()
    for column in rows.T:
        assert sorted((column * n).astype(int)) == list(range(n))


def test_another_seed_gives_other_points() -> None:
    assert not np.array_equal(points(0, 4, seed=0), points(0, 4, seed=1))


def test_no_columns_and_no_points_are_allowed() -> None:
    assert points(5, 4, n_columns=0).shape == (4, 0)
    assert points(0, 0).shape == points(7, 0).shape == (0, 3)


def design(name: str, n: int, n_columns: int = 3, seed: int = 0, beyond: int = 0) -> np.ndarray:
    """The points of a design of n, and some behind it, asked for in two pieces."""
    n_first = n // 2
    pieces = [(0, n_first), (n_first, n + beyond - n_first)]
    return np.concatenate([DESIGNS[name](*piece, n, n_columns, np.random.default_rng(seed)) for piece in pieces])


@pytest.mark.parametrize("n_columns", [0, 1, 3, 40])
@pytest.mark.parametrize("name", DESIGNS)
def test_designs_give_shares_and_go_on_behind_their_end(name: str, n_columns: int) -> None:
    rows = design(name, 9, n_columns, beyond=4)

    assert rows.shape == (13, n_columns)
    assert (rows >= 0).all() and (rows < 1).all()
    if n_columns:
        assert len(np.unique(rows, axis=0)) == 13


@pytest.mark.parametrize("name", DESIGNS)
def test_a_seed_fixes_a_design(name: str) -> None:
    np.testing.assert_array_equal(design(name, 8), design(name, 8))
    assert not np.array_equal(design(name, 8), design(name, 8, seed=1))


@pytest.mark.parametrize(("name", "columns"), [("lhs", [0, 1, 2]), ("hammersly", [0])])
def test_columns_of_designs_have_one_point_in_each_strip(name: str, columns: list[int]) -> None:
    rows = design(name, 10)

    for column in columns:
        assert sorted(np.floor(rows[:, column] * 10)) == list(range(10))


def test_a_grid_has_the_middle_of_every_box_once() -> None:
    rows = design("grid", 9, n_columns=2)

    assert sorted(map(tuple, np.round(rows * 3 - 0.5))) == [(i, j) for i in range(3) for j in range(3)]
