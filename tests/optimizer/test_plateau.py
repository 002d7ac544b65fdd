"""While several rows share the best value, some suggestions are made as if these had not come back yet."""

import numpy as np
import pytest

from deephyper._draws import Draws
from deephyper.optimizer import BayesianOptimizer, Settings, propose
from deephyper.optimizer.model import told_model, without
from deephyper.optimizer.plateau import Plateau
from deephyper.optimizer.told import Told
from deephyper.space import Categorical, Real, Space
from deephyper.surrogate import SURROGATES
from searches_of_rows import run

SQUARE = Space([Real("x", 0, 1), Real("y", 0, 1)])
KINDS = Space([Categorical("kind", "ab"), Real("x", 0, 1), Real("y", 0, 1), Real("z", 0, 1)])


def half_flat(X):
    """0 where x is below one half; beyond, a slope that lies below."""
    return np.where(X[:, 0] < 0.5, 0.0, -3.0 + X[:, 0] - X[:, 1])


def plateau(values, X=None):
    X = SQUARE.sample(len(values), np.random.default_rng(0)) if X is None else X
    return Plateau.of(Told(X, np.array(values, float)[:, None]), Draws(0))


class TestWhatIsOne:
    def test_three_rows_that_share_the_best_value_are_one(self):
        assert plateau([1.0, 2.0, 2.0, 0.0, 2.0]).rows.tolist() == [False, True, True, False, True]
        assert not plateau([1.0, 2.0, 2.0, 0.0]).rows.any()

    def test_values_below_the_best_are_none(self):
        assert not plateau([1.0, 1.0, 1.0, 1.0, 2.0]).rows.any()

    def test_failures_belong_to_none(self):
        assert plateau([np.nan, 2.0, 2.0, 2.0, 1.0]).rows.tolist() == [False, True, True, True, False]

    def test_one_row_that_was_evaluated_again_is_none(self):
        assert not plateau([1.0, 2.0, 2.0, 2.0], np.array([[0.1, 0.2], *[[0.3, 0.4]] * 3])).rows.any()

    @pytest.mark.parametrize("values", [[], [np.nan] * 4, [3.0] * 5], ids=["nothing", "failures", "all equal"])
    def test_where_there_is_nothing_else_to_learn_from_there_is_none(self, values):
        assert not plateau(values).rows.any()


class TestTurns:
    def test_every_second_suggestion_leaves_it(self):
        there = plateau([2.0, 2.0, 2.0, 1.0])

        assert np.mean([there.is_left(number) for number in range(2_000)]) == pytest.approx(0.5, abs=0.04)

    def test_without_one_all_suggestions_are_made_as_usual(self):
        nowhere = plateau([2.0, 1.0, 0.0, -1.0])

        assert not any(nowhere.is_left(number) for number in range(100))
        assert nowhere.n_before_leaving(8, 50) == 50

    def test_a_block_ends_before_a_suggestion_that_leaves_it(self):
        there = plateau([2.0, 2.0, 2.0, 1.0])

        for number in range(30):
            n = there.n_before_leaving(number, 20)

            assert not any(there.is_left(number + k) for k in range(1, n))
            assert n == 20 or there.is_left(number + n)


class TestSearch:
    # Without the rule two of these three are on the plateau to the end.
    @pytest.mark.parametrize(
        "seed", [1, pytest.param(2, marks=pytest.mark.slow), pytest.param(4, marks=pytest.mark.slow)]
    )
    @pytest.mark.slow
    def test_what_is_better_beside_a_plateau_is_found(self, seed):
        def objective(X):
            """0 with the first choice; a slope with the second, whose typical value is -2 and whose end is 1."""
            return np.where(X[:, 0] == 0, 0.0, -5.0 + 2.0 * X[:, 1:].sum(axis=1))

        assert objective(run(BayesianOptimizer(Settings(KINDS, Draws(seed))), 30, objective)).max() > 0.9

    def test_a_search_on_one_is_restored_exactly(self):
        whole = run(BayesianOptimizer(Settings(SQUARE, Draws(1))), 16, half_flat)
        resumed = BayesianOptimizer(Settings(SQUARE, Draws(1)))
        resumed.restore(whole[:11], half_flat(whole[:11]), 11)

        assert Plateau.of(Told(whole[:11], half_flat(whole[:11])[:, None]), Draws(1)).rows.any()
        np.testing.assert_array_equal(run(resumed, 5, half_flat), whole[11:])

    def test_the_model_that_is_kept_knows_of_all_rows(self):
        X = SQUARE.sample(30, np.random.default_rng(1))
        optimizer = BayesianOptimizer(Settings(SQUARE, Draws(0)))
        optimizer.tell(X, half_flat(X))

        proposals = propose(optimizer.snapshot(), 12)

        assert len(proposals.model.seen) == 30 and len(proposals.rows) == 12


@pytest.mark.parametrize("surrogate", ["GP", pytest.param("ET", marks=pytest.mark.slow)])
def test_without_the_rows_of_a_plateau_the_others_decide_where_it_is_good(surrogate):
    X = SQUARE.sample(40, np.random.default_rng(1))
    told = Told(X, half_flat(X)[:, None])
    context = Settings(SQUARE, Draws(0), family=SURROGATES[surrogate]()).context(None)
    rows, low_end, high_end = told.is_best, np.array([[0.52, 0.9]]), np.array([[0.98, 0.1]])

    model = told_model(context, None, told)
    others = without(context, model, told, rows, X[:0])

    assert rows.any() and len(others.seen) == (~rows).sum()
    (belief,) = others.beliefs
    assert belief.predict(high_end).mean > belief.predict(low_end).mean
    # A row of the plateau is still a row that was evaluated.
    assert belief.predict(X[rows][:1]).std < others.settled[0].predict(X[rows][:1]).std
