"""A thin legal part is walked through: with few rows tried, and spread as the priors say."""

import numpy as np
import pytest
from scipy.stats import ks_2samp

from deephyper._draws import Draws
from deephyper.optimizer import BayesianOptimizer, Settings, propose
from deephyper.space import Categorical, Integer, Real, Space, Walkers, row_keys


class Counted:
    """A constraint that counts the rows it is asked about."""

    def __init__(self, legal):
        self.legal, self.n = legal, 0

    def __call__(self, X):
        self.n += len(X)
        return self.legal(X)

    def taken(self):
        n, self.n = self.n, 0
        return n


def band(X):
    """Two thin strips across each other, in one half of the choices: one row in 10,000."""
    return (np.abs(X[:, 0] - X[:, 1]) < 0.01) & (np.abs(X[:, 2] + X[:, 3] - 1.0) < 0.005) & (X[:, 4] < 2.0)


def corners(X):
    """Two boxes in opposite corners: one row in 10,000."""
    is_in_one, is_in_other = ((np.abs(X[:, :4] - centre) < 0.042).all(axis=1) for centre in (0.1, 0.9))
    return is_in_one | is_in_other


def space_of(legal):
    numbers = [Real("a", 0, 1), Real("b", 0, 1), Real("c", 1e-3, 1, log=True), Real("d", 0, 1)]
    return Space([*numbers, Categorical("e", "wxyz"), Integer("f", 1, 9)], legal=legal)


def by_force(legal, n, seed=0):
    """Legal rows as draws find them, many at a time."""
    rng, found = np.random.default_rng(seed), []
    while sum(map(len, found)) < n:
        found.append(space_of(legal).from_shares(rng.random((400_000, 6))))
        found[-1] = found[-1][legal(found[-1])]
    return np.concatenate(found)[:n]


@pytest.mark.parametrize("legal", [band, corners])
def test_asks_try_few_rows_and_find_legal_new_ones_everywhere(legal):
    counted = Counted(legal)
    space, asked, tried = space_of(counted), [], []
    # Doubt is nearly all that counts, so that suggestions go everywhere they can.
    optimizer = BayesianOptimizer(Settings(space, Draws(0)))

    for _ in range(20):
        row = optimizer.ask(1)
        tried.append(counted.taken())
        optimizer.tell(row, -np.square(row - 0.4).sum(axis=1))
        asked.append(row)

    rows = np.concatenate(asked)
    assert legal(rows).all() and len(set(row_keys(rows))) == 20
    # By force an ask tries 130,000 rows and more.
    assert tried[0] > 130_000
    assert max(tried[2:]) < 130_000 / 20


@pytest.mark.slow
@pytest.mark.parametrize("legal", [band, corners])
def test_walks_are_spread_as_draws_would_be(legal):
    drawn = by_force(legal, 600)
    space, rng = space_of(legal), np.random.default_rng(1)
    walkers = Walkers(np.empty((0, 6)))
    walking = space.walked_by(walkers)

    rows = [walking.sample(200, rng) for _ in range(40)][-10:]

    for walked in rows:
        assert legal(walked).all()
        np.testing.assert_array_equal(walked, space.canonical(walked))
    assert np.mean([len(set(row_keys(walked))) for walked in rows]) > 180
    for j in range(6):
        # Walkers are not independent of each other: at the few places they started from they were together.
        distance = ks_2samp(np.concatenate(rows)[:, j], drawn[:, j]).statistic
        assert distance < 0.15, j


def test_a_space_that_is_hit_often_enough_is_drawn_as_without_walkers():
    space = space_of(lambda X: X[:, 0] < 0.01)

    walking = space.walked_by(Walkers(np.empty((0, 6))))

    for seed in range(5):
        one, other = (s.sample(300, np.random.default_rng(seed)) for s in (space, walking))
        np.testing.assert_array_equal(one, other)


def test_a_proposal_is_a_function_of_its_snapshot_in_thin_spaces_too():
    optimizer = BayesianOptimizer(Settings(space_of(band), Draws(0)))
    for _ in range(10):
        row = optimizer.ask(1)
        optimizer.tell(row, -np.square(row - 0.4).sum(axis=1))
    snapshot = optimizer.snapshot()

    one, other = propose(snapshot, 3), propose(snapshot, 3)

    assert len(snapshot.feasible) >= 16
    np.testing.assert_array_equal(one.rows, other.rows)
    np.testing.assert_array_equal(one.feasible, other.feasible)


def test_other_priors_make_no_illegal_rows_of_what_was_known():
    optimizer = BayesianOptimizer(Settings(space_of(band), Draws(0)))
    for _ in range(4):
        optimizer.tell(row := optimizer.ask(1), row.sum(axis=1))

    optimizer.draw_from(space_of(band).drawn_near(row, 0.2, 3.0))

    assert band(optimizer.ask(6)).all()


def test_a_thin_finite_space_is_proposed_to_its_last_row():
    # Eight legal rows of 160,000, which are too many to write out.
    def legal(X):
        return (X[:, :3] == 0.0).all(axis=1) & (X[:, 3] < 8)

    space = Space([*(Categorical(name, list(range(20))) for name in "abcd")], legal=legal)
    optimizer, found = BayesianOptimizer(Settings(space, Draws(0), n_initial=3)), []

    for _ in range(8):
        found.append(optimizer.ask(1))
        optimizer.tell(found[-1], found[-1].sum(axis=1))

    assert len(set(row_keys(np.concatenate(found)))) == 8
