"""The genetic search keeps what is fit and only ever holds legal rows."""

import numpy as np

from deephyper.acquisition import ACQUISITIONS, MAXIMIZERS, Aim, Landscape, best_new_rows
from deephyper.acquisition.genetic import evolved
from deephyper.space import Categorical, Integer, Real, Space, row_keys
from deephyper.surrogate import PLAIN, Data, Hyperparameters, condition, targets

PLAUSIBLE = Hyperparameters(PLAIN, np.array([-0.7, -0.7, -0.7, 0.0, np.log(1e-5)]))


def setting(legal=None):
    space = Space([Real("x", 0, 1), Integer("n", 0, 30), Categorical("c", "abc")], legal=legal)
    X = space.sample(40, np.random.default_rng(0))
    y = targets(-np.square(X[:, 0] - 0.3) - np.square(X[:, 1] - 0.6) + 0.2 * (X[:, 2] == 1.0))
    return space, X, Landscape((condition(PLAUSIBLE, Data.of(X, y, space.n_choices)),), ACQUISITIONS["UCB"], Aim(1.0))


def test_generations_only_improve_and_stay_legal():
    space, _, landscape = setting(legal=lambda X: X[:, 0] < 0.25)
    first = space.sample(50, np.random.default_rng(1))

    rows = evolved(landscape, space, first, np.random.default_rng(2))

    assert landscape.value(rows).max() > landscape.value(first).max()
    assert space.legal(rows).all() and len(set(row_keys(rows))) == len(rows)
    np.testing.assert_array_equal(rows, space.canonical(rows))


def test_it_comes_close_to_the_climb():
    space, X, landscape = setting()
    best = {}
    for name in ("lbfgs", "mixedga", "sampling"):
        maximizer = MAXIMIZERS[name]
        row = best_new_rows(landscape, space, set(row_keys(X)), np.random.default_rng(3), maximizer, maximizer.usual)
        best[name] = landscape.value(row)[0]

    assert best["mixedga"] > best["lbfgs"] - 0.02
    assert best["sampling"] > best["lbfgs"] - 0.1


def test_nothing_legal_gives_nothing():
    space, _, landscape = setting()

    assert evolved(landscape, space, np.empty((0, 3)), np.random.default_rng(0)).shape == (0, 3)
