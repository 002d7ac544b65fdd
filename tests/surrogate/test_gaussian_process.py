"""The process predicts what the formulas say, and pending rows change its doubt alone."""

import numpy as np
import pytest

from deephyper.surrogate import PLAIN, WITH_ADDITIVE, Data, Hyperparameters, condition, targets

KINDS = np.array([0, 0, 3])
THETA = np.array([-1.0, -0.3, 0.4, 0.2, np.log(1e-4)])
PRODUCT_ALONE = Hyperparameters(PLAIN, THETA)
BOTH_TERMS = Hyperparameters(WITH_ADDITIVE, np.array([-1.0, -0.3, 0.4, 0.2, -0.5, -1.5, -1.0, 0.3, np.log(1e-4)]))


def rows(n, seed):
    rng = np.random.default_rng(seed)
    return np.column_stack((rng.random(n), rng.random(n), rng.integers(0, 3, n).astype(float)))


def process(hyperparameters=BOTH_TERMS, n=25):
    X = rows(n, 0)
    y = targets(np.sin(5.0 * X[:, 0]) - X[:, 1] + 0.3 * X[:, 2])
    return X, y, condition(hyperparameters, Data.of(X, y, KINDS))


def matern52(t):
    return (1 + t + t**2 / 3) * np.exp(-t)


def covariance(hyperparameters, A, B):
    """The textbook formulas, pair by pair."""
    difference = np.abs(A[:, None, :] - B[None, :, :])
    difference[..., 2] = difference[..., 2] != 0.0
    theta = hyperparameters.theta
    t = np.sqrt(5.0 * np.sum((difference / np.exp(theta[:3])) ** 2, axis=2))
    total = np.exp(theta[3]) * matern52(t)
    if len(hyperparameters.terms) == 2:
        total += np.exp(theta[7]) / 3 * matern52(np.sqrt(5.0) * difference / np.exp(theta[4:7])).sum(axis=2)
    return total


@pytest.mark.parametrize("hyperparameters", [PRODUCT_ALONE, BOTH_TERMS], ids=["plain", "additive"])
def test_prediction_is_the_textbook_formula(hyperparameters):
    X, y, gp = process(hyperparameters)
    Z = rows(10, 1)
    K, k = covariance(hyperparameters, X, X) + (1e-4 + 1e-8) * np.eye(25), covariance(hyperparameters, X, Z)
    one = np.ones(25)
    m = one @ np.linalg.solve(K, y) / (one @ np.linalg.solve(K, one) + 0.01)

    posterior = gp.predict(Z)

    np.testing.assert_allclose(posterior.mean, m + k.T @ np.linalg.solve(K, y - m), rtol=1e-8)
    variance = covariance(hyperparameters, Z[:1], Z[:1])[0, 0] - np.sum(k * np.linalg.solve(K, k), axis=0)
    np.testing.assert_allclose(posterior.std**2, variance, rtol=1e-6)


def test_mean_at_told_rows_costs_nothing_and_is_right():
    X, _, gp = process()

    np.testing.assert_allclose(gp.told_mean, gp.predict(X).mean, atol=1e-9)


def test_it_tells_its_rows_and_the_mean_there_without_pending_ones():
    X, _, gp = process()

    fitted, mean = gp.with_pending(rows(3, 1)).fitted()

    np.testing.assert_array_equal(fitted, X)
    np.testing.assert_allclose(mean, gp.predict(X).mean, atol=1e-9)


@pytest.mark.parametrize("hyperparameters", [PRODUCT_ALONE, BOTH_TERMS], ids=["plain", "additive"])
@pytest.mark.parametrize("n_pending", [0, 4])
def test_slopes_are_finite_differences_and_zero_for_categoricals(hyperparameters, n_pending):
    _, _, gp = process(hyperparameters)
    gp, Z, step = gp.with_pending(rows(n_pending, 2)), rows(8, 3), 1e-5

    posterior, slopes = gp.gradient(Z)

    np.testing.assert_allclose(posterior.mean, gp.predict(Z).mean)
    np.testing.assert_allclose(posterior.std, gp.predict(Z).std)
    for j in range(2):
        up, down = gp.predict(Z + step * np.eye(3)[j]), gp.predict(Z - step * np.eye(3)[j])
        np.testing.assert_allclose(slopes.mean[:, j], (up.mean - down.mean) / (2 * step), rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(slopes.std[:, j], (up.std - down.std) / (2 * step), rtol=1e-4, atol=1e-5)
    assert not slopes.mean[:, 2].any() and not slopes.std[:, 2].any()


def test_pending_rows_shrink_std_and_leave_mean():
    _, _, gp = process()
    P, Z = rows(5, 4), rows(50, 5)

    before, after, there = gp.predict(Z), gp.with_pending(P).predict(Z), gp.with_pending(P).predict(P)

    np.testing.assert_allclose(after.mean, before.mean, rtol=1e-12)
    assert (after.std <= before.std + 1e-9).all()
    assert (there.std < 0.1 * gp.predict(P).std.max()).all()


def test_growing_by_pending_rows_equals_factoring_all_rows():
    X, y, gp = process()
    P, Z = rows(6, 6), rows(20, 7)
    everything = condition(BOTH_TERMS, Data.of(np.concatenate((X, P)), np.concatenate((y, np.zeros(6))), KINDS))

    one_by_one = gp
    for row in P:
        one_by_one = one_by_one.with_pending(row[None])

    for grown in (gp.with_pending(P), one_by_one):
        np.testing.assert_allclose(grown.inverse_factor, everything.inverse_factor, atol=1e-7)
        np.testing.assert_allclose(grown.predict(Z).std, everything.predict(Z).std, rtol=1e-6)


def test_growing_by_told_rows_equals_conditioning_on_all_rows():
    X, _, gp = process()
    P, Z = rows(6, 6), rows(20, 7)
    z = targets(np.arange(31.0))
    data = Data.of(np.concatenate((X, P)), z, KINDS)

    grown, everything = gp.with_told(data), condition(BOTH_TERMS, data)

    np.testing.assert_allclose(grown.predict(Z).mean, everything.predict(Z).mean, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(grown.predict(Z).std, everything.predict(Z).std, rtol=1e-6)
    np.testing.assert_allclose(grown.told_mean, everything.told_mean, rtol=1e-7, atol=1e-9)


def test_no_further_rows_only_bring_new_targets():
    X, y, gp = process()

    renewed = gp.with_told(Data.of(X, -y, KINDS))

    np.testing.assert_allclose(renewed.predict(X).mean, -gp.predict(X).mean, atol=1e-9)


def test_counting_on_rows_one_by_one_equals_adding_them_as_pending():
    _, _, gp = process()
    Z = rows(30, 9)
    beliefs = gp.at(Z)

    for place in (3, 7, 11):
        beliefs.count_on(place)

    expected = gp.with_pending(Z[[3, 7, 11]]).predict(Z)
    np.testing.assert_allclose(beliefs.posterior.mean, expected.mean)
    np.testing.assert_allclose(beliefs.posterior.std, expected.std, rtol=1e-5, atol=1e-7)


def test_pending_rows_that_are_told_already_are_harmless():
    X, _, gp = process()

    posterior = gp.with_pending(np.repeat(X[:3], 3, axis=0)).predict(rows(20, 8))

    assert np.isfinite(posterior.std).all()


def test_a_singular_covariance_gets_more_jitter():
    X = np.repeat(rows(2, 0), 30, axis=0)
    # Length scales of 50 and hardly any noise: all rows look the same.
    alike = Hyperparameters(PLAIN, np.array([np.log(50.0)] * 3 + [np.log(50.0), np.log(1e-300)]))

    posterior = condition(alike, Data.of(X, np.arange(60.0), KINDS)).predict(rows(5, 1))

    assert np.isfinite(posterior.mean).all() and np.isfinite(posterior.std).all()


def test_numeric_columns_alone_and_no_columns_at_all_work():
    X = np.random.default_rng(0).random((5, 1))
    numeric = condition(
        Hyperparameters(WITH_ADDITIVE, np.array([0.0] * 4 + [-5.0])), Data.of(X, X[:, 0], np.zeros(1, int))
    )
    empty = Data.of(np.empty((4, 0)), np.arange(4.0), np.empty(0, int))
    nothing = condition(Hyperparameters(PLAIN, np.array([0.0, -5.0])), empty)

    assert numeric.predict(X).mean.shape == (5,)
    assert nothing.predict(np.empty((2, 0))).std.shape == (2,)


class TestStatedVariance:
    """What is known of the noise of single values beforehand."""

    VARIANCE = np.where(np.arange(25) % 3 == 0, 0.5, 0.0)

    def data(self, n=25):
        X, y, _ = process()
        return Data(X[:n], y[:n], self.VARIANCE[:n], KINDS)

    @pytest.mark.parametrize("hyperparameters", [PRODUCT_ALONE, BOTH_TERMS], ids=["plain", "additive"])
    def test_it_stands_on_the_diagonal_of_the_textbook_formula(self, hyperparameters):
        data, Z, one = self.data(), rows(10, 1), np.ones(25)
        K = covariance(hyperparameters, data.X, data.X) + np.diag(1e-4 + 1e-8 + data.variance)
        k = covariance(hyperparameters, data.X, Z)
        m = one @ np.linalg.solve(K, data.y) / (one @ np.linalg.solve(K, one) + 0.01)

        gp = condition(hyperparameters, data)

        posterior = gp.predict(Z)
        np.testing.assert_allclose(posterior.mean, m + k.T @ np.linalg.solve(K, data.y - m), rtol=1e-8)
        variance = covariance(hyperparameters, Z[:1], Z[:1])[0, 0] - np.sum(k * np.linalg.solve(K, k), axis=0)
        np.testing.assert_allclose(posterior.std**2, variance, rtol=1e-6)
        np.testing.assert_allclose(gp.told_mean, gp.predict(data.X).mean, atol=1e-9)

    def test_the_belief_is_wider_at_these_rows_and_never_narrower(self):
        data, (_, _, exact) = self.data(), process()

        noisy = condition(BOTH_TERMS, data)

        before, after = exact.predict(data.X).std, noisy.predict(data.X).std
        is_noisy = data.variance > 0.0
        assert (after >= before - 1e-9).all()
        assert (after[is_noisy] > 10.0 * before[is_noisy]).all()
        np.testing.assert_allclose(after[~is_noisy], before[~is_noisy], rtol=0.02)

    def test_growing_by_noisy_rows_equals_conditioning_on_all_rows(self):
        data, Z = self.data(), rows(20, 7)

        grown, everything = condition(BOTH_TERMS, self.data(19)).with_told(data), condition(BOTH_TERMS, data)

        np.testing.assert_allclose(grown.predict(Z).mean, everything.predict(Z).mean, rtol=1e-7, atol=1e-9)
        np.testing.assert_allclose(grown.predict(Z).std, everything.predict(Z).std, rtol=1e-6)
        np.testing.assert_allclose(grown.told_mean, everything.told_mean, rtol=1e-7, atol=1e-9)

    def test_none_changes_no_digit(self):
        data, (X, y, gp) = self.data(), process()

        none = condition(BOTH_TERMS, Data(X, y, np.zeros(25), KINDS))

        np.testing.assert_array_equal(none.inverse_factor, gp.inverse_factor)
        assert (condition(BOTH_TERMS, data).inverse_factor != gp.inverse_factor).any()


@pytest.mark.parametrize("term", WITH_ADDITIVE, ids=["product", "additive"])
@pytest.mark.parametrize("kinds", [[0, 0, 0], [0, 3, 0], [0, 3, 200]])
def test_rows_are_seen_in_the_same_way_from_any_fixed_rows(term, kinds):
    kinds = np.array(kinds)
    theta = np.linspace(-1.0, 0.5, len(kinds) + 1)
    rng = np.random.default_rng(0)
    X, some, others = (np.where(kinds, np.floor(rng.random((n, 3)) * kinds), rng.random((n, 3))) for n in (9, 4, 5))
    view = term.kernel(theta, kinds, some).view(X)
    kernel = term.kernel(theta, kinds, others)

    assert np.array_equal(kernel.seen(view), kernel.between(X))
