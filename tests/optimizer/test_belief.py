"""What the model believes comes in the units of the objective, without noise, and changes no suggestion."""

import numpy as np
import pytest

from deephyper._draws import Draws
from deephyper.optimizer import BayesianOptimizer, Settings
from deephyper.space import Real, Space
from deephyper.surrogate import family_of

SQUARE = Space([Real("x", 0, 1), Real("y", 0, 1)])


def bowl(X):
    return 1000.0 - 500.0 * np.square(X - 0.4).sum(axis=1)


def searched(n, noise=0.0, **settings):
    """An optimizer after n asks and tells, and its rows."""
    optimizer, rows, rng = BayesianOptimizer(Settings(SQUARE, Draws(0), **settings)), [], np.random.default_rng(1)
    for _ in range(n):
        rows.append(optimizer.ask(1))
        optimizer.tell(rows[-1], bowl(rows[-1]) + noise * rng.standard_normal(1))
    return optimizer, np.concatenate(rows)


def nothing():
    return np.empty((0, 2)), np.empty(0)


class TestBelieved:
    def test_without_noise_it_is_what_was_observed(self):
        optimizer, rows = searched(20)

        belief = optimizer.believed(rows)

        np.testing.assert_allclose(belief.mean, bowl(rows), atol=2.0)
        assert (belief.std >= 0.0).all() and belief.std.max() < 5.0

    def test_it_holds_where_nothing_was_tried(self):
        optimizer, _ = searched(25)
        X = np.random.default_rng(0).random((50, 2))

        belief = optimizer.believed(X)

        assert (np.abs(belief.mean - bowl(X)) < 4.0 * belief.std + 1.0).mean() > 0.9

    def test_under_noise_it_is_closer_to_the_truth_than_what_was_observed(self):
        optimizer, rows = searched(40, noise=60.0)

        error = np.abs(optimizer.believed(rows).mean - bowl(rows)).mean()

        assert error < 0.5 * 60.0 * np.sqrt(2 / np.pi)

    def test_the_deviation_is_without_the_noise(self):
        optimizer, rows = searched(40, noise=60.0)

        assert optimizer.believed(rows).std.min() < 0.7 * 60.0

    def test_what_is_pending_changes_nothing(self):
        optimizer, rows = searched(15)
        before = optimizer.believed(rows)

        optimizer.ask(4)
        after = optimizer.believed(rows)

        np.testing.assert_array_equal(before.mean, after.mean)
        np.testing.assert_array_equal(before.std, after.std)

    def test_suggestions_stay_as_they_are(self):
        asked, silent = searched(12, n_initial=3)[0], searched(12, n_initial=3)[0]
        for optimizer in (asked, silent):
            for _ in range(3):
                rows = np.random.default_rng(optimizer.n_told).random((1, 2))
                if optimizer is asked:
                    optimizer.believed(rows)
                    optimizer.recommended(*nothing())
                optimizer.tell(rows, bowl(rows))

        np.testing.assert_array_equal(asked.ask(3), silent.ask(3))

    def test_there_is_none_before_three_values_that_differ(self):
        optimizer = BayesianOptimizer(Settings(SQUARE, Draws(0)))
        known = []
        for x, value in ((0.1, np.nan), (0.2, 1.0), (0.3, 1.0), (0.4, 1.0), (0.5, 2.0)):
            optimizer.tell(np.array([[x, x]]), np.array([value]))
            known.append(optimizer.has_beliefs)

        assert known == [False, False, False, False, True]

    def test_it_stays_finite_beside_terrible_values(self):
        optimizer, rows = searched(12)
        optimizer.tell(np.array([[0.9, 0.9], [0.95, 0.1]]), np.array([-1.7e308, -1e300]))

        belief = optimizer.believed(np.concatenate((rows, [[0.9, 0.9], [0.5, 0.99]])))

        assert np.isfinite(belief.mean).all() and np.isfinite(belief.std).all()

    @pytest.mark.parametrize("name", ["ET", "GBRT", "DUMMY"])
    def test_every_surrogate_has_one(self, name):
        optimizer, rows = searched(14, family=family_of(name, {}))

        belief = optimizer.believed(rows)

        assert np.isfinite(belief.mean).all() and (belief.std >= 0.0).all()
        assert (belief.mean <= 1000.0 + np.ptp(bowl(rows))).all()


class TestRecommended:
    def test_it_is_nothing_without_a_value(self):
        optimizer = BayesianOptimizer(Settings(SQUARE, Draws(0)))

        assert optimizer.recommended(*nothing()) is None
        assert optimizer.recommended(np.array([[0.5, 0.5]]), np.array([np.nan])) is None

    def test_it_is_the_best_observed_before_there_is_a_model(self):
        optimizer, rows = searched(5)

        found = optimizer.recommended(np.array([[0.9, 0.9]]), np.array([2000.0]))

        assert (found.place, found.value) == (5, 2000.0)
        assert optimizer.recommended(*nothing()).place == int(bowl(rows).argmax())

    def test_a_lucky_value_is_not_taken_at_its_word(self):
        optimizer, rows = searched(40, noise=60.0)

        found = optimizer.recommended(np.array([[0.95, 0.95]]), np.array([1010.0]))

        assert found.place < 40 and bowl(rows[found.place : found.place + 1]) > 980.0

    def test_a_failed_row_never_is(self):
        optimizer, _ = searched(15, failures="mean")

        found = optimizer.recommended(np.array([[0.4, 0.4]]), np.array([np.nan]))

        assert found.place < 15

    @pytest.mark.parametrize("name", ["ET", "DUMMY"])
    def test_every_surrogate_has_one(self, name):
        optimizer, rows = searched(14, family=family_of(name, {}))

        found = optimizer.recommended(*nothing())

        assert bowl(rows[found.place : found.place + 1]) >= np.median(bowl(rows))
