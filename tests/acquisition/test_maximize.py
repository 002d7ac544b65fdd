"""The maximizer finds the top of a landscape, never a known row, and nothing where nothing is left."""

from dataclasses import replace

import numpy as np
import pytest

from deephyper.acquisition import ACQUISITIONS, MAXIMIZERS, Aim, Landscape, best_new_rows
from deephyper.acquisition.maximize import ascent
from deephyper.space import Categorical, Integer, Real, Space, row_keys
from deephyper.surrogate import PLAIN, Data, Hyperparameters, SuccessModel, condition, targets

PLAUSIBLE = Hyperparameters(PLAIN, np.array([-0.7, -0.7, -0.7, 0.0, np.log(1e-5)]))


def best_new_row(landscape, space, known, rng, name="auto"):
    return best_new_rows(landscape, space, known, rng, MAXIMIZERS[name], MAXIMIZERS[name].usual)


def mixed_space(legal=None):
    return Space([Real("x", 0, 1), Integer("n", 0, 30), Categorical("c", "abc")], legal=legal)


def landscape_on(space, kappa=1.0):
    X = space.sample(40, np.random.default_rng(0))
    y = targets(-np.square(X[:, 0] - 0.3) - np.square(X[:, 1] - 0.6) + 0.2 * (X[:, 2] == 1.0))
    return X, Landscape((condition(PLAUSIBLE, Data.of(X, y, space.n_choices)),), ACQUISITIONS["UCB"], Aim(kappa))


@pytest.mark.parametrize("may_fail", [False, True])
def test_slope_of_the_landscape_is_its_finite_difference(may_fail):
    space, step = mixed_space(), 1e-6
    X, landscape = landscape_on(space)
    if may_fail:
        labels = np.where(X[:, 0] < 0.5, 1.0, -1.0)
        success = SuccessModel(condition(PLAUSIBLE, Data.of(X, labels, space.n_choices)), X[labels > 0.0])
        landscape = replace(landscape, success=success, worst=np.array([-2.0]))
    Z = space.sample(6, np.random.default_rng(1))

    value, slope = landscape.gradient(Z)

    np.testing.assert_allclose(value, landscape.value(Z))
    for j in range(2):
        moved = step * np.eye(3)[j]
        numeric = (landscape.value(Z + moved) - landscape.value(Z - moved)) / (2 * step)
        np.testing.assert_allclose(slope[:, j], numeric, rtol=1e-4, atol=1e-4)
    assert not slope[:, 2].any()


def test_what_surely_fails_is_worth_as_much_as_the_worst_value():
    space = mixed_space()
    X, landscape = landscape_on(space, kappa=2.0)
    labels = np.where(X[:, 0] < 0.5, 1.0, -1.0)
    success = SuccessModel(condition(PLAUSIBLE, Data.of(X, labels, space.n_choices)), X[labels > 0.0])
    spoiled = replace(landscape, success=success, worst=np.array([-2.0]))

    succeeds, fails = success.probability(X) > 0.97, success.probability(X) < 0.03
    np.testing.assert_allclose(spoiled.value(X[succeeds]), landscape.value(X[succeeds]), atol=0.15)
    np.testing.assert_allclose(spoiled.value(X[fails]), -2.0, atol=0.15)


def test_ascent_climbs_numeric_columns_alone():
    space = mixed_space()
    _, landscape = landscape_on(space)
    starts = space.sample(5, np.random.default_rng(2))

    top = ascent(landscape, space, starts)

    assert landscape.value(top).sum() > landscape.value(starts).sum()
    np.testing.assert_array_equal(top[:, 2], starts[:, 2])
    assert (top >= 0.0).all() and (top[:, :2] <= 1.0).all()


def test_the_best_row_beats_a_thousand_random_ones():
    space = mixed_space()
    X, landscape = landscape_on(space)

    row = best_new_row(landscape, space, set(row_keys(X)), np.random.default_rng(3))

    assert landscape.value(row)[0] >= landscape.value(space.sample(1000, np.random.default_rng(4))).max()


@pytest.mark.parametrize("seed", range(5))
def test_rows_are_canonical_legal_and_new(seed):
    space = mixed_space(legal=lambda X: X[:, 0] + X[:, 1] < 0.8)
    X, landscape = landscape_on(space, kappa=0.0)
    known = set(row_keys(X))

    for k in range(4):
        row = best_new_row(landscape, space, known, np.random.default_rng([seed, k]))

        np.testing.assert_array_equal(row, space.canonical(row))
        assert space.legal(row).all() and known.isdisjoint(row_keys(row))
        known.update(row_keys(row))


def test_the_best_remaining_row_of_a_small_space_is_exact_and_then_nothing_is_left():
    space = Space([Integer("a", 0, 3), Integer("b", 0, 2), Categorical("c", "ab")])
    X = space.grid[::5]
    surrogate = condition(PLAUSIBLE, Data.of(X, np.arange(float(len(X))), space.n_choices))
    landscape = Landscape((surrogate,), ACQUISITIONS["UCB"], Aim(1.0))
    known = set(row_keys(X))

    while len(row := best_new_row(landscape, space, known, np.random.default_rng(0))):
        rest = np.array([r for r in space.grid if row_keys(r[None])[0] not in known])
        assert landscape.value(row)[0] == pytest.approx(landscape.value(rest).max())
        known.update(row_keys(row))

    assert len(known) == 24


def test_a_space_without_legal_rows_gives_nothing():
    space = mixed_space(legal=lambda X: np.zeros(len(X), bool))
    _, landscape = landscape_on(mixed_space())

    assert best_new_row(landscape, space, set(), np.random.default_rng(0)).shape == (0, 3)
