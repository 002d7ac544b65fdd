"""The density is one: it integrates to 1, is high near good rows, and is sampled as it says."""

import numpy as np
import pytest

from deephyper.space import Categorical, Integer, Real, Space
from deephyper.transfer import density_of


def plain_space(legal=None):
    return Space([Real("x", 0, 1), Categorical("c", "abc"), Real("y", 0, 1)], legal=legal)


GOOD = np.array([[0.2, 1.0, np.nan], [0.25, 1.0, np.nan], [0.3, 2.0, np.nan]])


def test_mean_of_the_relative_density_over_uniform_rows_is_one():
    space = plain_space()
    X = space.sample(40_000, np.random.default_rng(0))

    density = np.exp(density_of(space, GOOD).log_density(X))

    # Three standard errors of the mean.
    assert density.mean() == pytest.approx(1.0, abs=3 * density.std() / 200)


def test_it_is_higher_near_good_rows_and_never_below_the_uniform_share():
    density = density_of(plain_space(), GOOD)

    near, far = density.log_density(np.array([[0.25, 1.0, 0.5], [0.95, 0.0, 0.5]]))

    assert near > 0.5 > 0.0 > far >= np.log(0.2)


def test_an_unknown_column_does_not_matter():
    density = density_of(plain_space(), GOOD)
    X = np.array([[0.25, 1.0, 0.1], [0.25, 1.0, 0.9]])

    first, second = density.log_density(X)
    _, slope = density.gradient(X)

    assert first == second
    assert not slope[:, 2].any()


def test_a_row_that_knows_nothing_is_uniform():
    space = plain_space()
    density = density_of(space, np.full((2, 3), np.nan))

    np.testing.assert_allclose(density.log_density(space.sample(5, np.random.default_rng(0))), 0.0, atol=1e-12)


def test_slopes_are_finite_differences_and_zero_for_categoricals():
    space, step = plain_space(), 1e-6
    density, X = density_of(space, GOOD), space.sample(10, np.random.default_rng(1))

    value, slope = density.gradient(X)

    np.testing.assert_allclose(value, density.log_density(X))
    moved = np.array([step, 0.0, 0.0])
    numeric = (density.log_density(X + moved) - density.log_density(X - moved)) / (2 * step)
    np.testing.assert_allclose(slope[:, 0], numeric, rtol=1e-5, atol=1e-6)
    assert not slope[:, 1].any()


def test_samples_are_legal_and_follow_the_density():
    space = plain_space(legal=lambda X: X[:, 2] < 0.5)
    rows = density_of(space, GOOD).sample(2000, np.random.default_rng(2))

    assert len(rows) > 1990
    assert space.legal(rows).all()
    np.testing.assert_array_equal(rows, space.canonical(rows))
    # 0.2 of them are uniform; the others sit at x in 0.25 +- 0.1 cut off at 0, and keep their choice with probability
    # 0.8.
    assert 0.5 < np.mean(np.abs(rows[:, 0] - 0.25) < 0.15) < 0.8
    assert 0.4 < np.mean(rows[:, 1] == 1.0) < 0.6


def test_the_stand_in_of_an_inactive_cell_says_nothing():
    def active(X):
        return np.column_stack([np.ones(len(X), bool), X[:, 0] == 1.0])

    space = Space([Categorical("c", "ab"), Integer("n", 0, 100)], active)
    density = density_of(space, np.array([[0.0, 0.5]]))

    low, middle = density.log_density(space.encode([{"c": "b", "n": 1}, {"c": "b", "n": 50}]))

    assert low == middle


def test_one_row_makes_a_density():
    density = density_of(plain_space(), np.array([[0.5, 0.0, 0.5]]))

    assert density.log_density(np.array([[0.5, 0.0, 0.5]]))[0] > 1.0
    assert len(density.sample(10, np.random.default_rng(0))) == 10
