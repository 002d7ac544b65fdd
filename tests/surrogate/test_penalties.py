"""A number that stands for a failure is told from values that repeat for other reasons."""

import numpy as np
import pytest
from scipy.special import ndtri

from deephyper.surrogate import has_penalty

BEST = np.array([0.4, 0.4, 0.4])


def rows(n=60, seed=0):
    return np.random.default_rng(seed).random((n, 3))


def bowl(X):
    return -np.square(X - BEST).sum(axis=1)


def found(y):
    return has_penalty(np.asarray(y, float)[:, None])


@pytest.mark.parametrize("penalty", [-1.0, -1e3, -1e6, -1e300, -np.finfo(float).max])
@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.9])
def test_a_value_that_comes_again_and_again_is_a_penalty(penalty, share):
    X = rows()
    fails = X[:, 0] < share

    assert found(np.where(fails, penalty, bowl(X))).tolist() == fails.tolist()


def test_it_may_lie_amid_the_values():
    X = rows()
    fails = X[:, 0] > 0.7

    assert found(np.where(fails, -0.4, bowl(X))).tolist() == fails.tolist()


def test_it_must_come_three_times():
    y = bowl(rows(20))

    assert not found(np.append(y, [-5.0, -5.0])).any()
    assert found(np.append(y, [-5.0, -5.0, -5.0])).sum() == 3


def test_it_must_come_more_than_twice_as_often_as_any_other_value():
    y = np.append(bowl(rows(20)), [-0.2, -0.2])

    assert not found(np.append(y, [-0.9] * 4)).any()
    assert found(np.append(y, [-0.9] * 5)).sum() == 5


def test_it_must_be_no_better_than_most_values():
    y = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]

    assert found([*y, 3.5, 3.5, 3.5]).sum() == 3
    assert not found([*y, 4.5, 4.5, 4.5]).any()


@pytest.mark.parametrize(
    "penalty",
    [
        pytest.param(lambda X, noise: -1e6 * (1.0 + 0.01 * noise), id="a percent of noise"),
        pytest.param(lambda X, noise: -1e300 * (1.0 + 0.1 * noise), id="next to the lowest number"),
        pytest.param(lambda X, noise: -100.0 - X[:, 0], id="the violation of a constraint"),
        pytest.param(lambda X, noise: np.where(noise < 0.5, -1e4, -1.5e4), id="two numbers"),
        pytest.param(lambda X, noise: -10.0 - 5.0 * noise, id="hardly far enough"),
        pytest.param(lambda X, noise: -20.0 + 3.0 * ndtri(noise), id="normal, as wide as the gap"),
    ],
)
@pytest.mark.parametrize("share", [0.1, 0.3, 0.8])
@pytest.mark.filterwarnings("error")
def test_values_far_below_all_others_are_penalties_though_they_vary(penalty, share):
    X, noise = rows(), np.random.default_rng(1).random(60)
    fails = X[:, 0] < share

    assert found(np.where(fails, penalty(X, noise), bowl(X))).tolist() == fails.tolist()


def test_these_must_be_three_below_at_least_six_different_others():
    others = [-0.1, -0.2, -0.3, -0.4, -0.5, -0.5]

    assert not found([*others, -0.6, -100.0, -101.0]).any()
    assert not found([*others, -100.0, -101.0, -102.0]).any()
    assert np.flatnonzero(found([*others, -0.6, -100.0, -101.0, -102.0])).tolist() == [7, 8, 9]


def test_the_gap_must_be_five_times_as_wide_as_all_others_and_wider_than_penalties_vary():
    others = list(np.linspace(0.0, 1.0, 6))

    assert found([*others, -5.1, -6.0, -7.0]).sum() == 3
    assert not found([*others, -4.9, -6.0, -7.0]).any()
    assert not found([*others, -5.1, -6.0, -12.0]).any()


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
def test_every_kind_of_failure_may_have_a_penalty_of_its_own(share):
    X, kinds = rows(), np.array([-1.2, -3.0, -50.0, -1e3])
    fails = X[:, 0] < share

    assert found(np.where(fails, kinds[np.arange(60) % 4], bowl(X))).tolist() == fails.tolist()


def test_of_such_penalties_one_may_have_come_once_so_far_and_one_must_have_come_three_times():
    others = [-0.1, -0.2, -0.3, -0.4]

    assert found([*others, -1.0, -1.0, -1.1, -1.1, -1.1, -1.2]).sum() == 6
    assert not found([*others, -1.0, -1.0, -1.1, -1.1, -1.1, -1.2, -1.3]).any()
    assert not found([*others, -1.0, -1.0, -1.1, -1.1, -1.2]).any()


def test_they_lie_below_at_least_four_others_of_which_only_the_best_repeats():
    penalties = [-1.0, -1.0, -1.0, -1.2, -1.2]

    assert found([-0.1, -0.2, -0.3, -0.4, *penalties]).sum() == 5
    assert found([-0.1, -0.1, -0.2, -0.3, -0.4, *penalties]).sum() == 5
    assert not found([-0.1, -0.2, -0.3, *penalties]).any()
    assert not found([-0.1, -0.2, -0.2, -0.3, -0.4, -0.5, -0.6, *penalties]).any()


def test_what_a_search_has_left_behind_for_good_is_no_penalty():
    refined = list(-np.geomspace(0.1, 1e-6, 12))

    assert not found([-3.0, -2.8, -0.2, -3.1, *refined]).any()
    assert found([-3.0, -2.8, -0.2, -3.1, *refined, -2.9]).sum() == 4


@pytest.mark.parametrize("factor", [1e-200, 1e200])
def test_the_unit_of_the_values_does_not_matter(factor):
    y = np.append(np.linspace(0.0, 1.0, 8), [-7.0, -8.0, -9.0])

    assert found(factor * y).tolist() == found(y).tolist() == [False] * 8 + [True] * 3


@pytest.mark.parametrize(
    "tail",
    [
        pytest.param(lambda rng: rng.standard_normal(99), id="normal"),
        pytest.param(lambda rng: -np.exp(rng.standard_normal(99)), id="log-normal"),
        pytest.param(lambda rng: -np.exp(3.0 * rng.standard_normal(99)), id="exploding"),
        pytest.param(lambda rng: -(np.square(rng.random((99, 4)) - 0.3).sum(axis=1) ** 2), id="a steep bowl"),
        pytest.param(lambda rng: -(rng.standard_cauchy(99) ** 2), id="Cauchy"),
    ],
)
def test_heavy_tails_of_ordinary_values_are_hardly_ever_taken_for_penalties(tail):
    draws = [tail(np.random.default_rng(seed)) for seed in range(50)]

    assert np.mean([found(y[:n]).any() for y in draws for n in range(9, 99, 6)]) < 0.025


def test_failures_are_no_penalties_and_do_not_count():
    y = np.array([np.nan] * 5 + [-9.0] * 3 + [0.1, 0.2, 0.3, 0.4])

    assert np.flatnonzero(found(y)).tolist() == [5, 6, 7]


def test_with_several_objectives_one_penalty_makes_a_failure():
    X = rows()
    Y = np.column_stack((bowl(X), X[:, 1]))
    Y[X[:, 0] < 0.2, 0] = -1.0
    Y[X[:, 0] > 0.9, 1] = -7.0

    assert has_penalty(Y).tolist() == ((X[:, 0] < 0.2) | (X[:, 0] > 0.9)).tolist()


@pytest.mark.parametrize(
    "objective",
    [
        pytest.param(lambda X: (bowl(X) > -0.05).astype(float), id="0 and 1"),
        pytest.param(lambda X: np.floor(4.0 * np.exp(4.0 * bowl(X))), id="four steps"),
        pytest.param(lambda X: np.round(30.0 * bowl(X)), id="whole numbers"),
        pytest.param(lambda X: np.round(150.0 * np.exp(bowl(X))) / 150.0, id="accuracies of 150 examples"),
        pytest.param(lambda X: np.minimum(bowl(X), -0.3), id="a plateau at the top"),
        pytest.param(lambda X: np.full(len(X), 2.0), id="always the same"),
        pytest.param(bowl, id="no value twice"),
    ],
)
def test_values_that_repeat_for_other_reasons_are_hardly_ever_taken_for_penalties(objective):
    taken = [found(objective(rows(n, seed))).any() for seed in range(10) for n in range(6, 100, 6)]

    # Of few whole numbers the same one may come three times by chance.
    assert np.mean(taken) < 0.02


def test_accuracies_of_a_search_that_has_converged_repeat_at_the_top():
    good = np.round(150 * (1.0 - 0.02 * np.random.default_rng(0).random(60))) / 150

    assert not found(np.concatenate((np.round(np.exp(bowl(rows(10))), 3), good))).any()


@pytest.mark.parametrize("y", [[], [1.0], [np.nan], [np.nan] * 9])
def test_nothing_is_no_penalty(y):
    assert not found(y).any()
