"""Rows that are found together are legal, new and different, and each knows of those before it."""

import numpy as np
import pytest
from scipy.stats import kendalltau

from deephyper.acquisition import ACQUISITIONS, Aim, Effort, Landscape, block_of_new_rows, drawn_rows
from deephyper.space import Categorical, Integer, Real, Space, row_keys
from deephyper.surrogate import PLAIN, Data, Hyperparameters, condition, targets

EFFORT = Effort(400)
PLAUSIBLE = Hyperparameters(PLAIN, np.array([-0.7, -0.7, -0.7, 0.0, np.log(1e-5)]))


def mixed_space(legal=None):
    return Space([Real("x", 0, 1), Integer("n", 0, 30), Categorical("c", "abc")], legal=legal)


def landscape_on(space):
    X = space.sample(40, np.random.default_rng(0))
    y = targets(-np.square(X[:, 0] - 0.3) - np.square(X[:, 1] - 0.6) + 0.2 * (X[:, 2] == 1.0))
    return X, Landscape((condition(PLAUSIBLE, Data.of(X, y, space.n_choices)),), ACQUISITIONS["UCB"], Aim())


@pytest.mark.parametrize("seed", range(4))
def test_a_block_is_canonical_legal_new_and_different(seed):
    space = mixed_space(legal=lambda X: X[:, 0] + X[:, 1] < 0.8)
    X, landscape = landscape_on(space)

    rows = block_of_new_rows(landscape, np.full(8, 0.1), space, set(row_keys(X)), np.random.default_rng(seed), EFFORT)

    assert len(rows) == 8 == len(set(row_keys(rows)))
    np.testing.assert_array_equal(rows, space.canonical(rows))
    assert space.legal(rows).all() and not set(row_keys(rows)) & set(row_keys(X))


def test_every_row_is_about_the_best_one_for_its_kappa_given_those_before():
    space = mixed_space()
    X, landscape = landscape_on(space)
    kappas = np.array([0.1, 4.0, 4.0, 0.5])

    rows = block_of_new_rows(landscape, kappas, space, set(row_keys(X)), np.random.default_rng(1), EFFORT)

    others = space.sample(300, np.random.default_rng(2))
    for k, kappa in enumerate(kappas):
        score = Landscape((landscape.beliefs[0].with_pending(rows[:k]),), landscape.acquisition, Aim(kappa))
        assert score.value(rows[k : k + 1])[0] > np.quantile(score.value(others), 0.97)


def test_a_small_finite_space_is_given_out_to_its_last_row():
    space = Space([Integer("a", 0, 3), Integer("b", 0, 2), Categorical("c", "ab")])
    X = space.grid[::2]
    surrogate = condition(PLAUSIBLE, Data.of(X, targets(X[:, 0]), space.n_choices))
    landscape = Landscape((surrogate,), ACQUISITIONS["UCB"], Aim())

    rows = block_of_new_rows(landscape, np.ones(20), space, set(row_keys(X)), np.random.default_rng(0), EFFORT)

    assert sorted(row_keys(np.concatenate((rows, X)))) == sorted(row_keys(space.grid))


def test_drawn_rows_are_the_likelier_the_better():
    space = Space([Categorical("c", list(range(6)))])
    data = Data.of(np.array([[0.0]]), np.zeros(1), np.array([6]))
    surrogate = condition(Hyperparameters(PLAIN, np.array([0.0, 0.0, -9.0])), data)
    landscape = Landscape((surrogate,), lambda posterior, aim: type("S", (), {"value": np.arange(6.0)}), Aim())
    firsts = [drawn_rows(landscape, space, set(), np.random.default_rng(s), EFFORT, 1)[0, 0] for s in range(400)]

    counts = np.bincount(np.array(firsts, int), minlength=6)

    assert kendalltau(np.arange(6), counts).statistic > 0.85
    # The best one of scores 0 to 5 is drawn with probability 1 / (1 + e^-1 + ... + e^-5) = 0.63.
    assert counts[5] / 400 == pytest.approx(0.63, abs=0.08)
