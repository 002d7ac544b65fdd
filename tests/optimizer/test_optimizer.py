"""Asking and telling: every proposal is legal and new, and a seed fixes them all."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deephyper._draws import Draws
from deephyper.acquisition import Fixed
from deephyper.optimizer import BayesianOptimizer, Settings, propose
from deephyper.space import Categorical, Constant, Integer, Ordinal, Real, Space, row_keys
from searches_of_rows import run

SQUARE = Space([Real("x", 0, 1), Real("y", 0, 1)])


def bowl(X):
    return -np.square(X - 0.4).sum(axis=1)


def conditional_space(legal=None):
    def active(X):
        is_awake = X[:, 0] == 0
        return np.column_stack([np.ones(len(X), bool), is_awake, is_awake & (X[:, 1] == 1), np.ones(len(X), bool)])

    dimensions = [Categorical("kind", "ab"), Categorical("shape", [1, 2, 3]), Integer("depth", 1, 9), Real("x", 0, 1)]
    return Space(dimensions, active, legal)


class TestAsk:
    def test_the_optimum_of_a_bowl_is_found(self):
        rows = run(BayesianOptimizer(Settings(SQUARE, Draws(0))), 25, bowl)

        assert bowl(rows).max() > -1e-4

    def test_initial_rows_come_first_and_count(self):
        first = np.array([[0.1, 0.2], [0.3, 0.4]])

        rows = run(BayesianOptimizer(Settings(SQUARE, Draws(0), n_initial=4, initial_rows=first)), 5, bowl)

        np.testing.assert_array_equal(rows[:2], first)

    def test_the_design_fills_the_space(self):
        rows = BayesianOptimizer(Settings(SQUARE, Draws(0))).ask(8)

        # Eight points of a scrambled Sobol sequence have one in every eighth of each axis.
        for column in rows.T:
            assert sorted(np.floor(8 * column)) == list(range(8))

    def test_the_design_goes_on_until_three_values_are_told(self):
        one, other = (BayesianOptimizer(Settings(SQUARE, Draws(0), n_initial=n)) for n in (2, 12))

        np.testing.assert_array_equal(one.ask(12), other.ask(12))

    def test_pending_rows_are_known_and_never_repeated(self):
        optimizer = BayesianOptimizer(Settings(SQUARE, Draws(0)))
        run(optimizer, 10, bowl)

        rows = np.concatenate([optimizer.ask(8) for _ in range(4)])

        assert len(set(row_keys(rows))) == 32 == optimizer.n_pending
        # Ignorance is not piled up in one place.
        assert np.ptp(rows, axis=0).min() > 0.3

    @pytest.mark.parametrize("asks", [[1] * 6, [6]], ids=["one by one", "at once"])
    def test_the_model_knows_of_open_rows_so_that_doubt_drives_the_next_ones_away(self, asks):
        # Doubt is all that counts here: where an open row left it as it is, the next one would go to the very same
        # place.
        optimizer = BayesianOptimizer(Settings(SQUARE, Draws(0), schedule=Fixed(1000.0, 0.0)))
        run(optimizer, 12, bowl)

        rows = np.concatenate([optimizer.ask(n) for n in asks])

        distances = np.abs(rows[:, None] - rows[None, :]).max(axis=2)[np.triu_indices(6, k=1)]
        assert distances.min() > 0.05

    def test_a_constant_kappa_is_obeyed(self):
        greedy, curious = (
            BayesianOptimizer(Settings(SQUARE, Draws(0), schedule=Fixed(kappa, 0.0))) for kappa in (0.0, 100.0)
        )
        for optimizer in (greedy, curious):
            run(optimizer, 12, bowl)
        best = greedy.snapshot().told.X[np.argmax(greedy.snapshot().told.Y)]

        assert np.abs(greedy.ask(1) - best).max() < 0.1
        assert np.abs(curious.ask(1) - best).max() > 0.2


class TestEverySpace:
    @pytest.mark.parametrize("seed", range(3))
    def test_conditional_proposals_are_canonical_legal_and_new(self, seed):
        space = conditional_space(legal=lambda X: X[:, 3] < 0.7)

        rows = run(BayesianOptimizer(Settings(space, Draws(seed))), 20, lambda X: X[:, 3] - X[:, 2])

        np.testing.assert_array_equal(rows, space.canonical(rows))
        assert space.legal(rows).all()
        assert len(set(row_keys(rows))) == 20

    @settings(max_examples=15)
    @given(
        st.lists(
            st.sampled_from(
                [
                    Real("r", 0, 1),
                    Integer("i", 0, 5),
                    Categorical("c", "abc"),
                    Ordinal("o", [1, 2, 4]),
                    Constant("k", 0),
                ]
            ),
            max_size=4,
        ),
        st.integers(0, 99),
    )
    def test_generated_spaces_are_searched_without_repeats(self, dimensions, seed):
        space = Space(dimensions)
        optimizer = BayesianOptimizer(Settings(space, Draws(seed), n_initial=4))

        asked = []
        for _ in range(4):
            rows = optimizer.ask(3)
            optimizer.tell(rows[:2], rows[:2].sum(axis=1))
            asked.append(rows)
        asked = np.concatenate(asked)

        assert len(set(row_keys(asked))) == len(asked) == min(12, space.n_combinations)

    @pytest.mark.parametrize(
        ("dimensions", "n"),
        [
            ([], 1),
            ([Constant("k", 0)], 1),
            ([Categorical("c", "abc"), Ordinal("o", [1, 2, 4]), Integer("i", 1, 2)], 18),
        ],
    )
    def test_a_finite_space_is_exhausted_exactly(self, dimensions, n):
        optimizer = BayesianOptimizer(Settings(Space(dimensions), Draws(0), n_initial=5))

        found = [optimizer.ask(4) for _ in range(3)]
        for rows in found:
            optimizer.tell(rows, rows.sum(axis=1))
        found += [optimizer.ask(4) for _ in range(3)]

        assert sum(map(len, found)) == n
        assert len(optimizer.ask(1)) == 0

    def test_a_forgotten_row_can_be_proposed_again(self):
        optimizer = BayesianOptimizer(Settings(Space([Categorical("c", "abc")]), Draws(0)))
        rows = optimizer.ask(3)

        optimizer.forget(rows[1:2])

        np.testing.assert_array_equal(optimizer.ask(3), rows[1:2])

    @pytest.mark.parametrize(
        "values", [[1.0] * 12, [np.nan] * 12, [1e300, -1e300] * 6, [np.nan, 1.0] * 6, [1e-320, 0.0] * 6], ids=str
    )
    def test_odd_values_do_no_harm(self, values):
        optimizer = BayesianOptimizer(Settings(SQUARE, Draws(0)))

        for value in values:
            row = optimizer.ask(1)
            optimizer.tell(row, np.array([value]))

        assert optimizer.n_told == 12
        assert np.isfinite(optimizer.ask(2)).all()

    def test_rows_told_twice_with_different_values_do_no_harm(self):
        optimizer, X = (
            BayesianOptimizer(Settings(SQUARE, Draws(0), n_initial=1)),
            np.random.default_rng(0).random((6, 2)),
        )

        for k in range(5):
            optimizer.tell(X, bowl(X) + k)

        assert len(optimizer.ask(3)) == 3


class TestFailures:
    def failing(self, X, where):
        return np.where(where(X), np.nan, bowl(X))

    def test_they_are_avoided_and_the_best_beside_them_is_found(self):
        rows = run(
            BayesianOptimizer(Settings(SQUARE, Draws(0))), 40, lambda X: self.failing(X, lambda X: X[:, 0] > 0.45)
        )

        assert bowl(rows[rows[:, 0] <= 0.45]).max() > -1e-4
        assert (rows[20:, 0] > 0.45).mean() < 0.2

    def test_those_that_come_by_chance_cost_little(self):
        rng = np.random.default_rng(5)

        rows = run(
            BayesianOptimizer(Settings(SQUARE, Draws(0))),
            40,
            lambda X: self.failing(X, lambda X: rng.random(len(X)) < 0.3),
        )

        assert bowl(rows).max() > -1e-6

    def test_four_that_happen_to_lie_on_the_optimum_do_not_keep_the_search_away(self):
        n_failed = 0

        def objective(X):
            nonlocal n_failed
            fails = bowl(X)[0] > -0.01 and n_failed < 4
            n_failed += fails
            return np.full(1, np.nan) if fails else bowl(X)

        rows = run(BayesianOptimizer(Settings(SQUARE, Draws(0))), 40, objective)

        assert n_failed == 4
        assert bowl(rows).max() > -1e-6

    def test_they_do_not_change_what_is_believed_of_the_values(self):
        with_failures, without = (BayesianOptimizer(Settings(SQUARE, Draws(0), n_initial=3)) for _ in range(2))
        X = np.random.default_rng(0).random((12, 2)) * 0.5
        with_failures.tell(np.full((3, 2), 0.9) - np.arange(3)[:, None] * 0.1, np.full(3, np.nan))
        for optimizer in (with_failures, without):
            optimizer.tell(X, bowl(X))
            optimizer.ask(3)
            optimizer.ask(1)

        beliefs = [optimizer.snapshot().model.settled[0].predict(X).mean for optimizer in (with_failures, without)]
        np.testing.assert_allclose(*beliefs, atol=0.01)

    def test_where_nearly_all_fails_the_search_goes_to_what_succeeded(self):
        optimizer = BayesianOptimizer(Settings(SQUARE, Draws(0)))
        optimizer.restore(SQUARE.sample(11, np.random.default_rng(1)), np.array([np.nan] * 10 + [1.0]), 11)
        (success,) = optimizer.snapshot().told.X[10:]

        rows = optimizer.ask(3)

        assert np.abs(rows - success).max(axis=1).min() < 0.15

    def test_a_search_without_any_success_goes_on_filling_the_space(self):
        rows = run(BayesianOptimizer(Settings(SQUARE, Draws(0))), 16, lambda X: np.full(len(X), np.nan))

        assert sorted(np.floor(16 * rows[:, 0])) == list(range(16))

    @pytest.mark.parametrize(
        "n", [9, 12, pytest.param(24, marks=pytest.mark.slow), pytest.param(61, marks=pytest.mark.slow)]
    )
    def test_a_search_with_failures_is_restored_exactly(self, n):
        def objective(X):
            return self.failing(X, lambda X: X[:, 1] > 0.6)

        whole = run(BayesianOptimizer(Settings(SQUARE, Draws(3))), n + 3, objective)
        resumed = BayesianOptimizer(Settings(SQUARE, Draws(3)))
        resumed.restore(whole[:n], objective(whole[:n]), n)

        np.testing.assert_array_equal(run(resumed, 3, objective), whole[n:])


class TestPlateaus:
    def needle(self, X):
        return np.maximum(bowl(X), -0.02)

    def test_while_all_values_are_equal_the_design_goes_on(self):
        rows = run(BayesianOptimizer(Settings(SQUARE, Draws(0))), 32, lambda X: np.full(len(X), 2.0))

        for column in rows.T:
            assert sorted(np.floor(32 * column)) == list(range(32))

    def test_the_model_chooses_as_soon_as_one_value_differs(self):
        optimizer = BayesianOptimizer(Settings(SQUARE, Draws(0)))
        rows = run(optimizer, 14, lambda X: np.full(len(X), 2.0))

        optimizer.tell(rows[-1:] + 0.01, np.array([3.0]))
        optimizer.ask(1)

        assert optimizer.snapshot().model is not None

    def test_equal_values_beside_failures_still_teach_where_evaluations_succeed(self):
        optimizer = BayesianOptimizer(Settings(SQUARE, Draws(0)))

        rows = run(optimizer, 30, lambda X: np.where(X[:, 0] > 0.5, np.nan, 1.0))

        assert optimizer.snapshot().model.success is not None
        assert (rows[12:, 0] > 0.5).mean() < 0.45

    def test_a_plateau_that_covers_nearly_everything_is_left(self):
        rows = [run(BayesianOptimizer(Settings(SQUARE, Draws(seed))), 40, self.needle) for seed in range(3)]

        # The bowl stands out of the plateau on 6 % of the square.
        assert sum(bowl(X).max() > -1e-4 for X in rows) == 3

    @pytest.mark.parametrize("n", [10, 13, 17])
    def test_a_search_that_began_on_a_plateau_is_restored_exactly(self, n):
        def objective(X):
            return np.maximum(bowl(X), -0.01)

        whole = run(BayesianOptimizer(Settings(SQUARE, Draws(5))), n + 3, objective)
        resumed = BayesianOptimizer(Settings(SQUARE, Draws(5)))
        resumed.restore(whole[:n], objective(whole[:n]), n)

        np.testing.assert_array_equal(run(resumed, 3, objective), whole[n:])


class TestPenalties:
    def penalised(self, X, penalty):
        return np.where(X[:, 0] > 0.45, penalty, bowl(X))

    @pytest.mark.parametrize("penalty", [-1.0, -1e6, -np.finfo(float).max])
    @pytest.mark.filterwarnings("error")
    def test_a_number_told_in_place_of_a_failure_is_read_as_one(self, penalty):
        rows = run(BayesianOptimizer(Settings(SQUARE, Draws(0))), 40, lambda X: self.penalised(X, penalty))

        assert bowl(rows[rows[:, 0] <= 0.45]).max() > -1e-6
        assert (rows[20:, 0] > 0.45).mean() < 0.2

    def test_a_penalty_and_a_failure_lead_to_the_same_suggestions(self):
        X = SQUARE.sample(24, np.random.default_rng(1))
        told = [np.where(X[:, 0] > 0.7, value, bowl(X)) for value in (-3.0, np.nan)]

        asked = []
        for y in told:
            optimizer = BayesianOptimizer(Settings(SQUARE, Draws(0)))
            optimizer.tell(X, y)
            asked.append(optimizer.ask(3))

        np.testing.assert_array_equal(*asked)

    def test_what_was_told_stays_as_it_was(self):
        optimizer = BayesianOptimizer(Settings(SQUARE, Draws(0)))
        X = SQUARE.sample(12, np.random.default_rng(1))

        optimizer.tell(X, self.penalised(X, -1.0))
        optimizer.ask(1)

        np.testing.assert_array_equal(optimizer.snapshot().told.Y[:, 0], self.penalised(X, -1.0))

    @pytest.mark.parametrize("failures", ["min", "mean", "ignore"])
    def test_where_failures_are_not_modelled_a_penalty_is_a_value(self, failures):
        X = SQUARE.sample(24, np.random.default_rng(1))
        y = np.where(X[:, 0] > 0.7, -3.0, bowl(X))
        optimizer = BayesianOptimizer(Settings(SQUARE, Draws(0), failures=failures))
        optimizer.tell(X, y)

        optimizer.ask(1)

        model = optimizer.snapshot().model
        assert model.succeeded.all() and len(model.seen) == 24

    @pytest.mark.parametrize(
        "n", [9, 12, pytest.param(24, marks=pytest.mark.slow), pytest.param(61, marks=pytest.mark.slow)]
    )
    def test_a_search_with_penalties_is_restored_exactly(self, n):
        def objective(X):
            return self.penalised(X, -1.0)

        whole = run(BayesianOptimizer(Settings(SQUARE, Draws(3))), n + 3, objective)
        resumed = BayesianOptimizer(Settings(SQUARE, Draws(3)))
        resumed.restore(whole[:n], objective(whole[:n]), n)

        np.testing.assert_array_equal(run(resumed, 3, objective), whole[n:])

    @pytest.mark.parametrize("n", [14, pytest.param(24, marks=pytest.mark.slow)])
    def test_a_search_with_penalties_that_vary_is_restored_exactly(self, n):
        def objective(X):
            return np.where(X[:, 0] > 0.45, -1e3 - 100.0 * X[:, 1], bowl(X))

        whole = run(BayesianOptimizer(Settings(SQUARE, Draws(3))), n + 3, objective)
        resumed = BayesianOptimizer(Settings(SQUARE, Draws(3)))
        resumed.restore(whole[:n], objective(whole[:n]), n)

        np.testing.assert_array_equal(run(resumed, 3, objective), whole[n:])


class TestTell:
    def test_counts_follow_asks_and_tells(self):
        optimizer = BayesianOptimizer(Settings(SQUARE, Draws(0)))

        rows = optimizer.ask(4)
        optimizer.tell(rows[:2], bowl(rows[:2]))
        optimizer.forget(rows[2:3])

        assert (optimizer.n_asked, optimizer.n_told, optimizer.n_pending) == (4, 2, 1)

    def test_rows_that_were_never_asked_teach_too_and_are_not_proposed(self):
        optimizer = BayesianOptimizer(Settings(Space([Categorical("c", "abc")]), Draws(0)))

        optimizer.tell(np.array([[0.0]]), np.array([1.0]))

        assert set(optimizer.ask(3)[:, 0]) == {1.0, 2.0}

    def test_rows_that_were_never_asked_stand_in_for_initial_suggestions(self):
        optimizer = BayesianOptimizer(Settings(SQUARE, Draws(0)))
        X = SQUARE.sample(12, np.random.default_rng(0))

        optimizer.tell(X, bowl(X))
        optimizer.ask(1)

        assert optimizer.snapshot().model is not None


class TestReproducibility:
    def test_a_seed_fixes_every_proposal(self):
        one, same, other = (run(BayesianOptimizer(Settings(SQUARE, Draws(seed))), 14, bowl) for seed in (1, 1, 2))

        np.testing.assert_array_equal(one, same)
        assert (one != other).any()

    @pytest.mark.parametrize("n", [5, 9, pytest.param(23, marks=pytest.mark.slow)])
    def test_a_restored_search_goes_on_like_the_uninterrupted_one(self, n):
        whole = run(BayesianOptimizer(Settings(SQUARE, Draws(0))), n + 4, bowl)

        resumed = BayesianOptimizer(Settings(SQUARE, Draws(0)))
        resumed.restore(whole[:n], bowl(whole[:n]), n)

        np.testing.assert_array_equal(run(resumed, 4, bowl), whole[n:])

    def test_asking_one_by_one_equals_asking_at_once(self):
        one, other = (BayesianOptimizer(Settings(SQUARE, Draws(0))) for _ in range(2))
        for optimizer in (one, other):
            run(optimizer, 10, bowl)

        # Appending pending rows one by one rounds otherwise than all at once.
        np.testing.assert_allclose(np.concatenate([one.ask(1) for _ in range(3)]), other.ask(3), atol=1e-6)


class TestManyOpenRows:
    def test_one_model_serves_several_asks_where_very_many_rows_are_open(self):
        optimizer = BayesianOptimizer(Settings(SQUARE, Draws(0)))
        run(optimizer, 10, bowl)
        optimizer.ask(200)
        optimizer.ask(1)
        before = optimizer.snapshot().model

        open_rows = optimizer.snapshot().pending
        for row in open_rows[:3]:
            optimizer.tell(row[None], bowl(row[None]))
            optimizer.ask(1)

        # A row in 64 may be missed, so that three results are one too many to miss.
        models = [before, optimizer.snapshot().model]
        assert [model.n_told for model in models] == [10, 13]
        assert optimizer.n_pending == 201

    def test_no_row_is_handed_out_twice(self):
        optimizer, asked = BayesianOptimizer(Settings(SQUARE, Draws(1))), []
        asked.append(optimizer.ask(300))
        for k in range(40):
            optimizer.tell(asked[0][k : k + 1], bowl(asked[0][k : k + 1]))
            asked.append(optimizer.ask(1))

        rows = np.concatenate(asked)
        assert len(set(row_keys(rows))) == len(rows) == 340

    def test_a_batch_shares_its_candidates_and_its_rows_know_of_each_other(self):
        optimizer = BayesianOptimizer(Settings(SQUARE, Draws(0)))
        run(optimizer, 12, bowl)

        rows = optimizer.ask(40)

        assert len(set(row_keys(rows))) == 40
        # Doubt that shrinks around each of them drives the later ones away.
        assert np.ptp(rows, axis=0).min() > 0.5


class TestPrepared:
    def prepared(self, n=3):
        optimizer = BayesianOptimizer(Settings(SQUARE, Draws(0)))
        run(optimizer, 10, bowl)
        proposals = propose(optimizer.snapshot(), n)
        return optimizer, proposals

    def test_propose_is_pure(self):
        optimizer, proposals = self.prepared()

        again = propose(optimizer.snapshot(), 3)

        np.testing.assert_array_equal(again.rows, proposals.rows)
        assert (optimizer.n_asked, optimizer.n_pending, optimizer.n_ready) == (10, 0, 0)

    def test_a_snapshot_does_not_see_later_tells(self):
        optimizer, proposals = self.prepared()
        snapshot = optimizer.snapshot()

        optimizer.tell(np.array([[0.5, 0.5]]), np.array([3.0]))
        optimizer.ask(2)

        np.testing.assert_array_equal(propose(snapshot, 3).rows, proposals.rows)

    def test_installed_rows_are_handed_out_and_become_pending(self):
        optimizer, proposals = self.prepared()

        optimizer.install(proposals)
        taken = optimizer.take_ready(2)

        np.testing.assert_array_equal([suggestion.row for suggestion in taken], proposals.rows[:2])
        assert [(s.number, s.n_told, s.was_prepared) for s in taken] == [(10, 10, True), (11, 10, True)]
        assert (optimizer.n_ready, optimizer.n_pending, optimizer.n_asked) == (1, 2, 12)

    def test_ready_rows_survive_a_tell(self):
        optimizer, proposals = self.prepared()
        optimizer.install(proposals)

        optimizer.tell(np.array([[0.5, 0.5]]), np.array([0.0]))

        np.testing.assert_array_equal([suggestion.row for suggestion in optimizer.take_ready(3)], proposals.rows)

    def test_a_ready_row_that_became_known_is_skipped(self):
        optimizer, proposals = self.prepared()
        optimizer.install(proposals)

        optimizer.tell(proposals.rows[:1], np.array([0.0]))

        np.testing.assert_array_equal([suggestion.row for suggestion in optimizer.take_ready(3)], proposals.rows[1:])

    def test_rows_whose_number_was_handed_out_meanwhile_are_not_kept(self):
        optimizer, proposals = self.prepared()

        optimizer.ask(1)
        optimizer.install(proposals)

        np.testing.assert_array_equal([suggestion.row for suggestion in optimizer.take_ready(3)], proposals.rows[1:])

    def test_proposals_may_count_on_ready_rows_that_will_be_used_up(self):
        optimizer, proposals = self.prepared()
        optimizer.install(proposals)

        later = propose(optimizer.snapshot(n_kept=2), 2)
        optimizer.install(later)
        taken = [suggestion.row for suggestion in optimizer.take_ready(9)]

        assert later.first == 12
        # Those that know more come first.
        np.testing.assert_array_equal(taken, [*later.rows, *proposals.rows[:2]])
        assert len({row.tobytes() for row in taken}) == 4

    def test_a_row_that_may_not_return_is_never_proposed_again(self):
        space = Space([Ordinal("a", [1, 2, 3])])
        optimizer = BayesianOptimizer(Settings(space, Draws(0)))
        row = optimizer.ask(1)

        optimizer.forget(row, may_return=False)

        assert row[0, 0] not in optimizer.ask(5)[:, 0]

    def test_an_older_model_does_not_replace_a_newer_one(self):
        optimizer, proposals = self.prepared()
        optimizer.tell(optimizer.ask(1), np.array([0.0]))
        optimizer.ask(1)

        optimizer.install(proposals)

        assert optimizer.snapshot().model.n_told == 11

    def test_a_suggestion_that_was_not_prepared_says_so_and_has_its_number(self):
        optimizer, _ = self.prepared()

        suggestions = optimizer.suggest(2)

        assert [(s.number, s.n_told, s.was_prepared) for s in suggestions] == [(10, 10, False), (11, 10, False)]

    def test_ask_is_fresh_and_drops_ready_rows(self):
        optimizer, proposals = self.prepared()
        optimizer.install(proposals)
        optimizer.tell(np.array([[0.5, 0.5]]), np.array([3.0]))

        row = optimizer.ask(1)

        assert optimizer.n_ready == 0
        assert (row != proposals.rows[0]).any()
