"""Where draws are never legal, rows are found where constraints like to hold, and spread from there."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from deephyper._draws import Draws
from deephyper.optimizer import BayesianOptimizer, Settings
from deephyper.space import Categorical, Integer, Real, Space, Walkers, row_keys

Legal = Callable[[np.ndarray], np.ndarray]


def reals(n: int, low: float = 0.0, high: float = 1.0, log: bool = False) -> list[Real]:
    return [Real(f"x{i}", low, high, log=log) for i in range(n)]


def whole(X: np.ndarray, n_levels: int) -> np.ndarray:
    return np.floor(X * n_levels)


PROBLEMS: dict[str, tuple[list, Legal]] = {
    "a sum of 12 below one": (reals(12), lambda X: X.sum(axis=1) <= 1),
    "a sum of 30 below one": (reals(30), lambda X: X.sum(axis=1) <= 1),
    "a sum of 12 above eleven": (reals(12), lambda X: X.sum(axis=1) >= 11),
    "a sum of 8 that is one": (reals(8), lambda X: np.abs(X.sum(axis=1) - 1) < 0.001),
    "15 in ascending order": (reals(15), lambda X: (np.diff(X, axis=1) > 0).all(axis=1)),
    "15 in descending order": (reals(15), lambda X: (np.diff(X, axis=1) < 0).all(axis=1)),
    "10 nearly equal": (reals(10), lambda X: (np.abs(np.diff(X, axis=1)) < 0.02).all(axis=1)),
    "a large product": (reals(12), lambda X: X.prod(axis=1) > 0.5),
    "a thin shell": (reals(6), lambda X: np.abs(np.square(2 * X - 1).sum(axis=1) - 0.5) < 1e-3),
    "a small box on the diagonal": (reals(5), lambda X: (np.abs(X - 0.37) < 0.01).all(axis=1)),
    "ten whole numbers with a small sum": (
        [Integer(f"n{i}", 0, 99) for i in range(10)],
        lambda X: whole(X, 100).sum(axis=1) <= 30,
    ),
    "whole numbers with one sum": (
        [Integer(f"n{i}", 0, 100) for i in range(8)],
        lambda X: whole(X, 101).sum(axis=1) == 100,
    ),
    "all but one of the same choice": (
        [Categorical(f"c{i}", list("abcdefghij")) for i in range(7)],
        lambda X: (X != 3).sum(axis=1) <= 1,
    ),
    "choices and numbers": (
        [*reals(9), Categorical("c", ["a", "b"]), Integer("n", 1, 9)],
        lambda X: (X[:, :9].sum(axis=1) <= 0.5) & (X[:, 9] == 1),
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", PROBLEMS)
def test_legal_rows_are_found_and_the_search_goes_on(name: str) -> None:
    dimensions, legal = PROBLEMS[name]
    optimizer = BayesianOptimizer(Settings(Space(dimensions, legal=legal), Draws(0), n_initial=5))
    asked = []

    for _ in range(12):
        asked.append(optimizer.ask(1))
        optimizer.tell(asked[-1], -np.square(asked[-1] - 0.2).sum(axis=1))

    rows = np.concatenate(asked)
    assert legal(rows).all()
    assert len(rows) == len(set(row_keys(rows))) == 12


@pytest.mark.parametrize("name", PROBLEMS)
def test_draws_of_a_thin_space_are_legal_and_different(name: str) -> None:
    dimensions, legal = PROBLEMS[name]
    space = Space(dimensions, legal=legal).walked_by(Walkers(np.empty((0, len(dimensions)))))

    rows = space.sample(40, np.random.default_rng(0))

    assert len(rows) == 40 and legal(rows).all()
    assert len(set(row_keys(rows))) >= 20


def test_walks_reach_the_whole_simplex_as_its_volume_says() -> None:
    dimensions, legal = PROBLEMS["a sum of 12 below one"]
    space, rng = Space(dimensions, legal=legal).walked_by(Walkers(np.empty((0, 12)))), np.random.default_rng(0)
    space.sample(100, rng)

    rows = np.concatenate([space.sample(200, rng) for _ in range(20)])

    # Of a point that is spread evenly over the simplex, each coordinate has the mean 1/13, and the sum 12/13.
    assert np.abs(rows.mean(axis=0) - 1 / 13).max() < 0.02
    assert abs(rows.sum(axis=1).mean() - 12 / 13) < 0.02


def test_what_was_given_or_told_is_started_from() -> None:
    centre = np.array([0.9, 0.1, 0.63, 0.27, 0.48])

    def legal(X: np.ndarray) -> np.ndarray:
        return (np.abs(X - centre) < 0.002).all(axis=1)

    space = Space(reals(5), legal=legal)
    given = BayesianOptimizer(Settings(space, Draws(0), n_initial=3, initial_rows=centre[None]))
    told = BayesianOptimizer(Settings(space, Draws(0), n_initial=3))
    told.tell(centre[None], np.array([1.0]))

    for optimizer in (given, told):
        for _ in range(6):
            row = optimizer.ask(1)
            assert len(row) == 1 and legal(row).all()
            optimizer.tell(row, row.sum(axis=1))


def test_the_defaults_are_started_from_under_any_prior() -> None:
    centre = np.array([[0.9, 0.1, 0.63, 2.0]])

    def legal(X: np.ndarray) -> np.ndarray:
        return (np.abs(X[:, :3] - centre[0, :3]) < 0.002).all(axis=1) & (X[:, 3] == 2)

    dimensions = [*(Real(f"x{i}", 0, 1, quantile=np.square) for i in range(3)), Categorical("c", list("abcdefgh"))]
    space = Space(dimensions, legal=legal, starts=lambda: centre)

    rows = space.walked_by(Walkers(np.empty((0, 4)))).sample(30, np.random.default_rng(0))

    assert len(set(row_keys(rows))) > 20 and legal(rows).all()


def test_two_islands_are_both_found() -> None:
    def legal(X: np.ndarray) -> np.ndarray:
        return (np.abs(X - 0.12) < 0.03).all(axis=1) | (np.abs(X - 0.83) < 0.03).all(axis=1)

    space = Space(reals(6), legal=legal).walked_by(Walkers(np.empty((0, 6))))

    rows = space.sample(200, np.random.default_rng(0))

    assert 0.1 < (rows[:, 0] > 0.5).mean() < 0.9


def test_where_nothing_is_legal_nothing_is_found() -> None:
    space = Space(reals(4), legal=lambda X: X[:, 0] > 2).walked_by(Walkers(np.empty((0, 4))))

    assert space.sample(5, np.random.default_rng(0)).shape == (0, 4)


def test_a_single_legal_row_is_found_and_then_no_other() -> None:
    dimensions = [Categorical(f"c{i}", list("abcdefghij")) for i in range(7)]
    optimizer = BayesianOptimizer(Settings(Space(dimensions, legal=lambda X: (X == 3).all(axis=1)), Draws(0)))

    first, second = optimizer.ask(1), optimizer.ask(1)

    assert first.tolist() == [[3.0] * 7]
    assert not len(second)
