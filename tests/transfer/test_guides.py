"""What earlier tasks say: as functions, weighed against this task's values, added to a surrogate's mean."""

import numpy as np
import pytest

from deephyper.acquisition import best_rows
from deephyper.space import Categorical, Real, Space
from deephyper.surrogate import PLAIN, Data, condition, usual
from deephyper.transfer import Guidance, Guided, source_model, standardized
from deephyper.transfer.weights import weights_of

SQUARE = Space([Real("x", 0, 1), Real("y", 0, 1)])
MIXED = Space([Real("x", 0, 1), Categorical("c", "abc"), Real("y", 0, 1)])
NUMERIC = np.zeros(2, np.intp)


def rng(seed=0):
    return np.random.default_rng(seed)


def bowl(X, centre=0.3):
    return -np.square(X - centre).sum(axis=1)


def guide_of(X, y, space=SQUARE):
    model = source_model(space, X, y)
    return standardized(model.mean, model.with_slopes, space, X[np.argsort(-y)[:4]], 12, rng())


class TestGuide:
    def test_it_has_mean_0_over_the_space_and_2_at_the_best_row(self):
        X = SQUARE.sample(40, rng(3))
        guide = guide_of(X, bowl(X))

        assert guide.value(X[np.argsort(-bowl(X))[:4]]).max() == pytest.approx(2.0)
        assert guide.value(SQUARE.sample(4_000, rng(1))).mean() == pytest.approx(0.0, abs=0.1)

    def test_what_is_flat_or_lower_at_good_rows_says_nothing(self):
        corner = np.array([[1.0, 1.0]])

        for slope in (0.0, -1.0):
            assert (
                standardized(lambda X, a=slope: a * X[:, 0], lambda X: (X[:, 0], X), SQUARE, corner, 12, rng()) is None
            )

    def test_slopes_are_finite_differences(self):
        X, step = MIXED.sample(8, rng(1)), 1e-6
        source = MIXED.sample(30, rng(2))
        guide = guide_of(source, bowl(source[:, [0, 2]]) + (source[:, 1] == 1), MIXED)

        value, slope = guide.gradient(X)

        np.testing.assert_allclose(value, guide.value(X))
        moved = step * np.eye(3)[0]
        np.testing.assert_allclose(
            slope[:, 0], (guide.value(X + moved) - guide.value(X - moved)) / (2 * step), rtol=1e-4, atol=1e-5
        )
        assert not slope[:, 1].any()


class TestSourceModel:
    def test_it_tells_good_rows_from_bad_ones(self):
        X = SQUARE.sample(40, rng())
        model = source_model(SQUARE, X, bowl(X))
        others = SQUARE.sample(200, rng(1))

        assert np.corrcoef(model.mean(others), bowl(others))[0, 1] > 0.9

    def test_columns_that_the_earlier_task_did_not_have_do_not_matter(self):
        X = SQUARE.sample(20, rng())
        X[:, 1] = np.nan
        model = source_model(SQUARE, X, -np.square(X[:, 0] - 0.3))

        assert model.mean(np.array([[0.3, 0.1], [0.3, 0.9]])).std() == 0.0
        assert not model.with_slopes(SQUARE.sample(5, rng(1)))[1][:, 1].any()

    def test_single_missing_cells_and_terrible_values_do_no_harm(self):
        X = MIXED.sample(40, rng())
        y = bowl(X[:, [0, 2]])
        y[3], X[5, 0], X[6, 1] = -1e300, np.nan, np.nan

        mean = source_model(MIXED, X, y).mean(np.array([[0.3, 0.0, 0.3], [0.9, 0.0, 0.9]]))

        assert np.isfinite(mean).all()
        assert mean[0] > mean[1] + 0.5

    def test_a_smooth_function_is_told_nearly_exactly_and_a_rough_one_smoothed(self):
        X, others = SQUARE.sample(40, rng()), SQUARE.sample(200, rng(1))
        rough = bowl(X) + 0.1 * rng(2).standard_normal(40)

        def error(y):
            scale = y.std()
            mean = source_model(SQUARE, X, y).mean(others)
            true = (bowl(others) - y.mean()) / scale
            return np.sqrt(np.square(mean - true).mean())

        assert error(bowl(X)) < 0.1
        assert error(rough) < 0.5

    @pytest.mark.parametrize("n", [1, 2, 5])
    def test_few_rows_or_equal_values_make_a_model(self, n):
        X = SQUARE.sample(n, rng())

        assert np.isfinite(source_model(SQUARE, X, np.ones(n)).mean(X)).all()

    def test_a_crowd_of_rows_counts_as_its_best_one(self):
        X, others = SQUARE.sample(25, rng()), SQUARE.sample(50, rng(1))
        y = bowl(X) + 0.2 * rng(2).standard_normal(25)
        best = X[np.argmax(y)]
        crowd = np.clip(best + rng(3).uniform(-0.02, 0.02, (60, 2)), 0.0, 1.0)

        crowded = source_model(SQUARE, np.concatenate((X, crowd)), np.append(y, y.max() - rng(4).random(60)))

        np.testing.assert_allclose(crowded.mean(others), source_model(SQUARE, X, y).mean(others), atol=1e-9)

    def test_a_single_lucky_row_is_smoothed_away(self):
        X = np.concatenate((SQUARE.sample(60, rng()), [[0.95, 0.95]]))
        y = bowl(X) + 0.1 * rng(2).standard_normal(61)
        y[-1] = y[:-1].max() + 0.1

        model = source_model(SQUARE, X, y)

        assert np.linalg.norm(X[np.argmax(model.smoothed)] - 0.3) < 0.3
        np.testing.assert_allclose(model.smoothed, model.mean(X))


class TestWeights:
    def weight(self, told, n=12, seed=0):
        source, X = SQUARE.sample(60, rng(10)), SQUARE.sample(n, rng(seed))
        G = guide_of(source, bowl(source)).value(X)[:, None]
        y = told(X)
        z = (y - y.mean()) / y.std()
        return float(weights_of(G, Data.of(X, z, NUMERIC), np.array([True]))[0])

    @pytest.mark.parametrize("seed", range(5))
    def test_what_agrees_is_heard_and_what_disagrees_is_not(self, seed):
        assert self.weight(bowl, seed=seed) > 0.5
        assert self.weight(lambda X: -bowl(X), seed=seed) == pytest.approx(0.0, abs=1e-9)

    def test_what_does_not_matter_weighs_little(self):
        weights = [self.weight(lambda X: np.sin(40 * X[:, 0] + 17 * X[:, 1]), n=30, seed=seed) for seed in range(9)]

        assert np.median(weights) < 0.7

    @pytest.mark.parametrize("n", [12, 20])
    def test_a_guide_without_which_values_are_predicted_better_is_dropped_altogether(self, n):
        weights = [self.weight(lambda X: bowl(X, 0.8), n=n, seed=seed) for seed in range(5)]

        np.testing.assert_allclose(weights, 0.0, atol=1e-6)

    def test_a_guide_that_need_not_help_keeps_what_least_squares_leave_it(self):
        source, X = SQUARE.sample(60, rng(10)), SQUARE.sample(12, rng(0))
        G, z = guide_of(source, bowl(source)).value(X)[:, None], bowl(X, 0.8)
        data = Data.of(X, (z - z.mean()) / z.std(), NUMERIC)

        weights = [float(weights_of(G, data, np.array([has_to_help]))[0]) for has_to_help in (True, False)]

        assert weights[0] == 0.0
        assert weights[1] > 0.0

    def test_of_a_good_guide_and_its_opposite_only_the_good_one_is_left(self):
        source, X = SQUARE.sample(60, rng(10)), SQUARE.sample(12, rng(1))
        right, wrong = guide_of(source, bowl(source)), guide_of(source, -bowl(source))
        z = bowl(X)
        z = (z - z.mean()) / z.std()

        weights = weights_of(
            np.column_stack([wrong.value(X), right.value(X)]), Data.of(X, z, NUMERIC), np.array([True, True])
        )

        assert weights[0] == 0.0
        assert weights[1] > 0.4

    def test_of_two_sources_the_right_one_is_heard(self):
        source, X = SQUARE.sample(60, rng(10)), SQUARE.sample(15, rng(1))
        right, wrong = guide_of(source, bowl(source)), guide_of(source, bowl(source, 0.9))
        z = bowl(X)
        z = (z - z.mean()) / z.std()

        weights = weights_of(
            np.column_stack([right.value(X), wrong.value(X)]), Data.of(X, z, NUMERIC), np.array([True, True])
        )

        assert weights[0] > 0.4
        assert weights[1] < 0.25


class TestGuided:
    @pytest.fixture
    def guided(self):
        source, X = SQUARE.sample(60, rng(10)), SQUARE.sample(10, rng(1))
        guidance = Guidance((guide_of(source, bowl(source)), guide_of(source, bowl(source, 0.8))), np.array([0.5, 0.0]))
        z = bowl(X, 0.35)
        inner = condition(usual(PLAIN, 2), Data.of(X, z - guidance.value(X), NUMERIC))
        return Guided(inner, guidance, X), z

    def test_it_knows_told_rows_and_leans_on_the_source_elsewhere(self, guided):
        surrogate, z = guided

        np.testing.assert_allclose(surrogate.predict(surrogate.rows).mean, z, atol=1e-3)
        far = np.array([[0.999, 0.001]])
        difference = surrogate.predict(far).mean - surrogate.inner.predict(far).mean
        np.testing.assert_allclose(difference, surrogate.guidance.value(far))

    def test_its_slopes_are_finite_differences(self, guided):
        surrogate, _ = guided
        X, step = SQUARE.sample(6, rng(3)), 1e-6

        _, slopes = surrogate.gradient(X)

        for j in range(2):
            moved = step * np.eye(2)[j]
            numeric = (surrogate.predict(X + moved).mean - surrogate.predict(X - moved).mean) / (2 * step)
            np.testing.assert_allclose(slopes.mean[:, j], numeric, rtol=1e-3, atol=1e-4)

    def test_growing_by_told_rows_is_conditioning_on_all(self, guided):
        surrogate, z = guided
        new, probe = SQUARE.sample(3, rng(4)), SQUARE.sample(5, rng(5))
        y = np.concatenate((z, bowl(new, 0.35)))

        rows = np.concatenate((surrogate.rows, new))
        grown = surrogate.with_told(Data.of(rows, y, NUMERIC))
        unexplained = Data.of(rows, y - surrogate.guidance.value(rows), NUMERIC)
        whole = Guided(condition(usual(PLAIN, 2), unexplained), surrogate.guidance, rows)

        np.testing.assert_allclose(grown.predict(probe).mean, whole.predict(probe).mean, atol=1e-6)
        np.testing.assert_array_equal(best_rows([grown], 1), rows[[np.argmax(y)]])

    def test_pending_rows_shrink_doubt_and_leave_the_mean(self, guided):
        surrogate, _ = guided
        probe = SQUARE.sample(5, rng(5))
        beliefs = surrogate.at(probe)
        before = beliefs.posterior

        beliefs.count_on(2)
        pending = surrogate.with_pending(probe[2:3]).predict(probe)

        np.testing.assert_allclose(beliefs.posterior.mean, before.mean)
        np.testing.assert_allclose(pending.mean, before.mean)
        np.testing.assert_allclose(beliefs.posterior.std, pending.std, atol=1e-6)
        assert pending.std[2] < 0.1 * before.std[2]
