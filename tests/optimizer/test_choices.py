"""A choice stays open until enough rows in a row have brought it nothing better, and gets its turns until then."""

import numpy as np
import pytest

from deephyper._draws import Draws
from deephyper.acquisition import ACQUISITIONS
from deephyper.optimizer import BayesianOptimizer, Settings, propose
from deephyper.optimizer.choices import n_before_next_turn, plan
from deephyper.optimizer.told import Told
from deephyper.space import Categorical, Real, Space, row_keys
from deephyper.surrogate import SURROGATES
from searches_of_rows import run

N_KINDS = 3


def active(X):
    return np.column_stack((np.ones(len(X), bool), *(X[:, 0] == k for k in range(N_KINDS) for _ in range(2))))


def branched(legal=None, sampler=None):
    """Three kinds, each with two numbers of its own: a choice is closed by five rows."""
    numbers = [Real(f"x{k}{i}", 0, 1) for k in range(N_KINDS) for i in range(2)]
    return Space([Categorical("kind", "abc"), *numbers], active, legal, sampler)


SPACE = branched()
NOTHING = SPACE.sample(0, np.random.default_rng(0))


def rows(kinds, seed=0, space=SPACE):
    X = space.sample(len(kinds), np.random.default_rng(seed))
    drawn = np.random.default_rng([seed, 1]).random(X.shape)
    drawn[:, 0] = kinds
    return space.canonical(drawn)


def told(kinds, values):
    return Told(rows(kinds), np.array(values, float)[:, None])


def first_plan(*args, space=SPACE, pending=NOTHING):
    return plan(space, told(*args), pending, Draws(0), 9, 1)


def kind_of_first(*args, pending=NOTHING):
    found = first_plan(*args, pending=pending)
    return None if found is None else found.branches[0].cell


def test_an_untried_choice_comes_first():
    assert kind_of_first([0, 0, 1, 1], [1.0, 2.0, 0.0, 0.5]) == 2


def test_then_the_one_that_has_just_improved():
    # Kind 1 has waited for one row, kind 2 for none.
    assert kind_of_first([0, 1, 1, 2, 2], [9.0, 1.0, 0.5, 0.0, 0.1]) == 2


@pytest.mark.parametrize(("n", "is_open"), [(4, True), (5, False)])
def test_a_choice_is_closed_by_as_many_rows_without_progress_as_it_has_numbers_and_own_ones_and_one(n, is_open):
    closed = [2] + [2] * 5
    kinds = [0, *closed, 1, *[1] * n]
    values = [9.0, 1.0, *[0.0] * 5, 1.0, *[0.0] * n]

    assert (first_plan(kinds, values) is not None) == is_open


def test_progress_opens_it_again():
    kinds = [0, 2, *[2] * 5, 1, *[1] * 5]
    values = [9.0, 1.0, *[0.0] * 5, 1.0, *[0.0] * 5]

    assert kind_of_first(kinds, values) is None
    assert kind_of_first([*kinds, 1], [*values, 2.0]) == 1


def test_the_choice_of_the_best_row_needs_no_turns():
    assert kind_of_first([0, 0, 0, 1, *[1] * 5, 2, *[2] * 5], [1, 2, 3, 1, *[0] * 5, 1, *[0] * 5]) is None


def test_failures_and_pending_rows_bring_nothing():
    kinds, values = [0, 1, *[1] * 5, 2, 2, 2], [9.0, 1.0, *[0.0] * 5, np.nan, np.nan, np.nan]
    values = [9.0, 1.0, *[0.0] * 5, np.nan, np.nan, np.nan]

    assert kind_of_first(kinds, values) == 2
    assert kind_of_first(kinds, values, pending=rows([2])) == 2
    assert kind_of_first(kinds, values, pending=rows([2, 2])) is None


def test_a_space_without_choices_and_too_few_values_have_no_plan():
    numbers = Space([Real("x", 0, 1)])
    some = Told(np.linspace(0, 1, 5)[:, None], np.arange(5.0)[:, None])

    assert plan(numbers, some, some.X[:0], Draws(0), 9, 1) is None
    assert first_plan([0, 1], [1.0, 2.0]) is None


def turns(*args, n=400):
    """Which of the first n suggestions are for an open choice."""
    plans = (plan(SPACE, told(*args), NOTHING, Draws(1), k, k) for k in range(n))
    return np.flatnonzero([found.is_turn for found in plans])


def test_one_suggestion_in_ten_is_a_turn_and_a_block_ends_before_it():
    args = [0] * 4, range(4)
    found = turns(*args)

    assert 25 < len(found) < 60
    for number in (0, 17, 200):
        following = found[found > number][0]
        now = plan(SPACE, told(*args), NOTHING, Draws(1), number, number)
        assert n_before_next_turn(now, Draws(1), number, number, 50) == min(following - number, 50)
        assert n_before_next_turn(now, Draws(1), number, number, 1) == 1


@pytest.mark.parametrize("last", [2.02, np.nan, 0.0])
def test_it_is_every_second_one_once_the_best_value_hardly_rises_any_more(last):
    values = [0.0] * 4 + [2.0, 2.01, *[1.0] * 4, last]

    assert 150 < len(turns([0] * 11, values)) < 230
    assert 25 < len(turns([0] * 11, [*values[:-1], 3.0])) < 60


# Whole searches.


def deceptive(X):
    """Kind 2 is the worst one at a typical place, and the best one at its top."""
    kind = X[:, 0].astype(int)
    own = np.stack([X[np.arange(len(X)), 1 + 2 * kind + i] for i in range(2)], axis=1)
    near = np.exp(-np.square((own - [0.25, 0.7]) / 0.25).sum(axis=1))
    return np.where(kind == 2, near, 0.4 + 0.1 * kind + 0.2 * near)


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.slow
def test_the_best_choice_is_found_although_it_looks_bad(seed):
    X = run(BayesianOptimizer(Settings(SPACE, Draws(seed))), 60, deceptive)

    assert deceptive(X).max() > 0.99


@pytest.mark.parametrize("batch", [4, 16])
def test_batches_repeat_and_hold_different_new_rows(batch):
    one, other = (run(BayesianOptimizer(Settings(SPACE, Draws(3))), 32, deceptive, batch=batch) for _ in range(2))

    np.testing.assert_array_equal(one, other)
    assert len(set(row_keys(one))) == len(one)


def test_rows_asked_together_are_spread_over_the_open_choices():
    optimizer = BayesianOptimizer(Settings(SPACE, Draws(0)))
    X = rows([0] * 8)
    optimizer.tell(X, np.arange(8.0))

    kinds = optimizer.ask(48)[:, 0]

    assert (kinds == 1).sum() >= 2 and (kinds == 2).sum() >= 2


@pytest.mark.parametrize("n", [9, 13, pytest.param(33, marks=pytest.mark.slow)])
def test_an_interrupted_search_goes_on_as_it_would_have(n):
    whole = run(BayesianOptimizer(Settings(SPACE, Draws(4))), n + 4, deceptive)
    resumed = BayesianOptimizer(Settings(SPACE, Draws(4)))
    resumed.restore(whole[:n], deceptive(whole[:n]), n)

    np.testing.assert_array_equal(run(resumed, 4, deceptive), whole[n:])


@pytest.mark.parametrize("name", ["ET", "GBRT"])
def test_other_surrogates_have_turns_as_well(name):
    X = run(BayesianOptimizer(Settings(SPACE, Draws(0), family=SURROGATES[name]())), 14, deceptive)

    assert len(set(row_keys(X))) == 14


@pytest.mark.parametrize("name", ["EI", "PI", "MES"])
def test_other_acquisitions_have_turns_as_well(name):
    X = run(BayesianOptimizer(Settings(SPACE, Draws(0), acquisitions=(ACQUISITIONS[name],))), 18, deceptive)

    assert len(set(row_keys(X))) == 18


def test_what_is_forbidden_is_never_suggested():
    def legal(X):
        return (X[:, 0] != 1) | (X[:, 3] < 0.3)

    X = run(BayesianOptimizer(Settings(branched(legal), Draws(0))), 30, deceptive)

    assert legal(X).all()


def test_a_choice_that_is_always_illegal_holds_nothing_up():
    def objective(X):
        return 10.0 * (X[:, 0] == 0) + deceptive(X)

    X = run(BayesianOptimizer(Settings(branched(lambda X: X[:, 0] != 2), Draws(0))), 48, objective)

    assert set(X[:, 0]) == {0.0, 1.0}
    assert (X[8:, 0] == 1).sum() >= 2


def test_a_small_space_is_suggested_to_its_last_row():
    space = Space([Categorical("a", "xyz"), Categorical("b", "uvw")])

    X = run(BayesianOptimizer(Settings(space, Draws(0), n_initial=4)), 9, lambda X: X.sum(axis=1))

    assert len(set(row_keys(X))) == 9
    assert not len(BayesianOptimizer.ask(finished(space, X), 1))


def finished(space, X):
    optimizer = BayesianOptimizer(Settings(space, Draws(0)))
    optimizer.tell(X, X.sum(axis=1))
    return optimizer


def test_a_proposal_is_a_function_of_its_snapshot():
    optimizer = BayesianOptimizer(Settings(SPACE, Draws(0)))
    run(optimizer, 12, deceptive)
    snapshot = optimizer.snapshot()

    np.testing.assert_array_equal(propose(snapshot, 5).rows, propose(snapshot, 5).rows)
