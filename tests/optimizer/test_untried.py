"""Where choices are very many, one more is tried when that is expected to gain more than tuning the best one."""

from dataclasses import replace

import numpy as np
import pytest

from deephyper._draws import Draws
from deephyper.acquisition import ACQUISITIONS, Aim, Landscape
from deephyper.optimizer import BayesianOptimizer, Settings
from deephyper.optimizer.untried import is_comparing, n_before_next_comparison, promises_more
from deephyper.space import Categorical, Real, Space, row_keys
from deephyper.surrogate import PLAIN, SURROGATES, Data, condition, targets, usual
from searches_of_rows import run

N_CHOICES = 400
SPACE = Space([Categorical("c", range(N_CHOICES)), Real("x", 0, 1)])
WORTHS = np.random.default_rng(0).standard_normal(N_CHOICES)


def objective(X):
    return WORTHS[X[:, 0].astype(int)] - 4.0 * np.square(X[:, 1] - 0.3)


def tuning_only(X):
    return -np.square(X[:, 1] - 0.3)


def landscape_of(X, y, space=SPACE, noise=1e-6):
    data = Data.of(X, targets(y), space.n_choices)
    model = condition(usual(PLAIN, space.n_columns, np.log(noise)), data)
    return Landscape((model,), ACQUISITIONS["UCB"], Aim())


def tried_rows(n, places):
    return np.column_stack((np.arange(float(n)), np.resize(places, n)))


def test_two_suggestions_in_three_compare():
    comparing = [k for k in range(600) if is_comparing(SPACE, Draws(0), k)]

    assert 360 < len(comparing) < 440
    for number in (0, 50, 51, 300):
        following = next(k for k in comparing if k > number)
        assert n_before_next_comparison(SPACE, Draws(0), number, 100) == following - number
        assert n_before_next_comparison(SPACE, Draws(0), number, 1) == 1


def test_with_a_hundred_choices_none_compares():
    space = Space([Categorical("c", range(100)), Categorical("d", range(100)), Real("x", 0, 1)])

    assert not any(is_comparing(space, Draws(0), k) for k in range(50))
    assert n_before_next_comparison(space, Draws(0), 0, 8) == 8


def falling(X):
    """Choice 0 is the best one, the others follow, and all want x to be 0.3."""
    return 1.0 - 0.1 * X[:, 0] - 4.0 * np.square(X[:, 1] - 0.3)


@pytest.mark.parametrize(("seen", "is_tuned"), [([0.9, 0.8, 0.7], False), ([0.9, 0.5, 0.1, 0.28, 0.3, 0.32], True)])
def test_another_choice_promises_more_once_the_best_one_is_tuned(seen, is_tuned):
    tuning = np.column_stack((np.zeros(len(seen)), seen))
    X = np.concatenate((tried_rows(12, 0.85)[1:], tuning))

    assert promises_more(SPACE, landscape_of(X, falling(X)), X, Draws(0), 20) == is_tuned


def test_where_all_choices_were_tried_none_promises_anything():
    space = Space([Categorical("c", range(120)), Real("x", 0, 1)])
    X = tried_rows(120, 0.3)
    landscape = landscape_of(X, np.linspace(0.0, 1.0, 120), space)

    assert not promises_more(space, landscape, X, Draws(0), 200)


def test_open_rows_count_as_tried():
    space = Space([Categorical("c", range(120)), Real("x", 0, 1)])
    X = tried_rows(120, 0.3)
    landscape = landscape_of(X[:60], np.linspace(0.0, 1.0, 60), space)

    assert not promises_more(space, landscape, X, Draws(0), 200)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
def test_choices_are_tried_and_the_best_one_is_tuned(seed):
    X = run(BayesianOptimizer(Settings(SPACE, Draws(seed))), 60, objective)
    best = X[objective(X).argmax()]

    assert len(np.unique(X[:, 0])) > 25
    assert abs(best[1] - 0.3) < 0.05


@pytest.mark.slow
def test_where_choices_do_not_matter_tuning_goes_on():
    X = run(BayesianOptimizer(Settings(SPACE, Draws(0))), 40, tuning_only)

    assert tuning_only(X).max() > -1e-5


@pytest.mark.parametrize("batch", [3, 16])
def test_batches_repeat_and_hold_different_rows(batch):
    one, other = (run(BayesianOptimizer(Settings(SPACE, Draws(3))), 24, objective, batch=batch) for _ in range(2))

    np.testing.assert_array_equal(one, other)
    assert len(set(row_keys(one))) == len(one)


@pytest.mark.parametrize("n", [10, pytest.param(31, marks=pytest.mark.slow)])
def test_an_interrupted_search_goes_on_as_it_would_have(n):
    whole = run(BayesianOptimizer(Settings(SPACE, Draws(4))), n + 4, objective)
    resumed = BayesianOptimizer(Settings(SPACE, Draws(4)))
    resumed.restore(whole[:n], objective(whole[:n]), n)

    np.testing.assert_array_equal(run(resumed, 4, objective), whole[n:])


def test_a_conditional_choice_with_failures_and_another_surrogate_is_no_hindrance():
    def active(X):
        return np.column_stack((np.ones(len(X), bool), X[:, 0] == 0, np.ones(len(X), bool)))

    space = Space([Categorical("way", "ab"), Categorical("c", range(300)), Real("x", 0, 1)], active)
    settings = replace(Settings(space, Draws(0)), family=SURROGATES["ET"](n_estimators=10))

    X = run(BayesianOptimizer(settings), 16, lambda X: np.where(X[:, 1] % 2, np.nan, X[:, 2]))

    assert len(set(row_keys(X))) == 16
