"""What is drawn from a density lies near good rows, mostly."""

import numpy as np
import pytest

from deephyper.space import Categorical, Integer, Real, Space
from deephyper.transfer import density_of


def plain_space(legal=None):
    return Space([Real("x", 0, 1), Categorical("c", "abc"), Real("y", 0, 1)], legal=legal)


GOOD = np.array([[0.2, 1.0, np.nan], [0.25, 1.0, np.nan], [0.3, 2.0, np.nan]])


def test_samples_are_legal_and_follow_the_density():
    space = plain_space(legal=lambda X: X[:, 2] < 0.5)
    rows = density_of(space, GOOD).sample(2000, np.random.default_rng(2))

    assert len(rows) > 1990
    assert space.legal(rows).all()
    np.testing.assert_array_equal(rows, space.canonical(rows))
    # 0.2 of them are uniform; the others sit at x in 0.25 +- 0.1 cut off at 0, and keep their choice with probability 0.8.
    assert 0.5 < np.mean(np.abs(rows[:, 0] - 0.25) < 0.15) < 0.8
    assert 0.4 < np.mean(rows[:, 1] == 1.0) < 0.6


def test_an_unknown_column_and_the_stand_in_of_an_inactive_cell_are_drawn_from_the_prior():
    def active(X):
        return np.column_stack([np.ones(len(X), bool), X[:, 0] == 1.0])

    space = Space([Categorical("c", "ab"), Integer("n", 0, 100)], active)
    rows = density_of(space, np.array([[0.0, 0.5]])).sample(4_000, np.random.default_rng(0))

    # A fifth is drawn from the prior, and of the rest 0.3 are any choice: half of either is "b", whose n is any.
    is_b = rows[:, 0] == 1.0
    assert np.mean(is_b) == pytest.approx(0.5 * (0.2 + 0.8 * 0.3), abs=0.03)
    assert rows[is_b, 1].std() == pytest.approx(np.sqrt(1 / 12), rel=0.1)


def test_one_row_makes_a_density():
    rows = density_of(plain_space(), np.array([[0.5, 0.0, 0.5]])).sample(10, np.random.default_rng(0))

    assert len(rows) == 10
