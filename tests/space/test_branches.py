"""How many numbers there are to tune with each choice is read from the space alone."""

import numpy as np

from deephyper.hpo import HpProblem
from deephyper.space import Categorical, Integer, Ordinal, Real, Space
from deephyper.space.branches import branches_of, unconditional_branches


def tree():
    """`kind` a wakes x and the choice `sub`, whose choices u and v wake y and (z, w); b wakes n; all have s."""

    def active(X):
        kind, sub = X[:, 1], X[:, 3]
        is_a, on = kind == 0, np.ones(len(X), bool)
        return np.column_stack((on, on, is_a, is_a, is_a & (sub == 0), is_a & (sub == 1), is_a & (sub == 1), kind == 1))

    reals = {name: Real(name, 0, 1) for name in "sxyzw"}
    kind, sub = Categorical("kind", "abc"), Categorical("sub", "uv")
    columns = [reals["s"], kind, reals["x"], sub, reals["y"], reals["z"], reals["w"], Integer("n", 0, 9)]
    return Space(columns, active)


def test_every_choice_has_its_numbers_and_its_own_ones():
    branches = tree().branches

    assert branches.columns.tolist() == [1, 1, 1, 3, 3]
    assert branches.cells.tolist() == [0, 1, 2, 0, 1]
    # With a: s, x, and one or two of y, z, w; with b: s and n; with c: s alone.
    np.testing.assert_allclose(branches.n_numbers, [3.5, 2.0, 1.0, 3.0, 4.0], atol=0.1)
    assert branches.n_own.tolist() == [4.0, 1.0, 0.0, 1.0, 2.0]
    np.testing.assert_allclose(branches.awake, [1.0, 1.0, 1.0, 1 / 3, 1 / 3], atol=0.05)


def test_without_conditions_all_numbers_are_shared():
    space = Space([Categorical("c", range(5)), Real("x", 0, 1), Integer("n", 0, 9), Ordinal("o", "SML")])

    assert space.branches.n_numbers.tolist() == [3.0] * 5
    assert not space.branches.n_own.any()


def test_a_space_without_choices_has_no_branches():
    assert len(Space([Real("x", 0, 1)]).branches.cells) == 0


def test_a_choice_of_many_thousands_is_looked_at_with_few_rows():
    space = Space([Categorical("c", range(20_000)), Real("x", 0, 1)])

    assert space.branches.n_numbers.tolist() == [1.0] * 20_000


def test_a_users_own_function_draws_nothing():
    drawn = []

    def sampler(size):
        drawn.append(size)
        return [{"c": "a", "x": 0.5}] * size

    problem = HpProblem()
    problem.add_hyperparameter(["a", "b"], "c")
    problem.add_hyperparameter((0.0, 1.0), "x")
    problem.set_sampling_fn(sampler)

    assert len(problem.numeric_space().branches.cells) == 2 and not drawn


def test_where_everything_is_always_active_no_rows_are_needed():
    n_choices = np.array([0, 3, 0, 2])
    rows = np.random.default_rng(0).random((200, 4)) * np.maximum(n_choices, 1)

    looked_at = branches_of(np.floor(rows), n_choices, lambda X: np.ones(X.shape, bool))
    known = unconditional_branches(n_choices)

    for name in ("columns", "cells", "n_numbers", "n_own", "awake"):
        np.testing.assert_array_equal(getattr(known, name), getattr(looked_at, name))
