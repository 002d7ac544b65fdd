"""The fit descends the loss that its table states, and finds noise where there is noise."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm

from deephyper.surrogate import PLAIN, WITH_ADDITIVE, Data, Learned, learn, targets, usual
from deephyper.surrogate.hyperparameters import Loss
from deephyper.surrogate.kernels import pair_differences

KINDS = np.array([0, 0, 3])


def rows(n, seed=0):
    rng = np.random.default_rng(seed)
    return np.column_stack((rng.random(n), rng.random(n), rng.integers(0, 3, n).astype(float)))


def objective(X):
    return np.sin(5.0 * X[:, 0]) + X[:, 1] ** 2 + 0.5 * (X[:, 2] == 1.0)


def loss_of(terms, X, y, variance=0.0):
    return Loss.of(terms, pair_differences(X, KINDS), Data(X, y, np.full(len(y), variance), KINDS))


def matern52(t):
    return (1 + t + t**2 / 3) * np.exp(-t)


@pytest.mark.parametrize("variance", [0.0, 0.3])
def test_loss_is_the_one_of_the_table(variance):
    X = rows(7)
    y, theta = targets(objective(X)), np.array([-0.3, 0.2, 0.5, 0.1, -1.0, -1.3, -0.4, -0.6, -2.0])
    difference = np.abs(X[:, None, :] - X[None, :, :])
    difference[..., 2] = difference[..., 2] != 0.0
    K = np.exp(theta[3]) * matern52(np.sqrt(5.0 * np.sum((difference / np.exp(theta[:3])) ** 2, axis=2)))
    K += np.exp(theta[7]) / 3 * matern52(np.sqrt(5.0) * difference / np.exp(theta[4:7])).sum(axis=2)
    K += (np.exp(theta[8]) + 1e-8 + variance) * np.eye(7)
    one = np.ones(7)
    mean = one @ np.linalg.solve(K, y) / (one @ np.linalg.solve(K, one) + 0.01)
    likelihood = 0.5 * (y - mean) @ np.linalg.solve(K, y - mean) + 0.5 * np.linalg.slogdet(K)[1]
    length = np.sqrt(2) - 3 + 0.5 * np.log(3)
    centre = np.array([length] * 3 + [0.0] + [np.log(0.3)] * 3 + [0.0])
    spread = np.array([np.sqrt(3)] * 3 + [3.0] + [1.0] * 3 + [3.0])
    noise = 0.97 * norm.pdf(theta[8], np.log(1e-5), 1.5) + 0.03 * norm.pdf(theta[8], np.log(0.1), 1.5)

    loss, _ = loss_of(WITH_ADDITIVE, X, y, variance)(theta)

    penalty = 0.005 * mean**2 + 0.5 * np.sum(((theta[:8] - centre) / spread) ** 2)
    # The density of the noise is known up to the constant of the normal distribution.
    penalty -= np.log(noise * np.sqrt(2 * np.pi))
    assert loss == pytest.approx(likelihood + penalty, rel=1e-9)


@pytest.mark.parametrize("terms", [PLAIN, WITH_ADDITIVE], ids=["plain", "additive"])
@pytest.mark.parametrize(("seed", "variance"), [(0, 0.0), (1, 0.0), (2, 0.0), (3, 0.2)])
def test_gradient_of_the_loss_is_its_finite_difference(seed, variance, terms):
    X = rows(20, seed)
    loss = loss_of(terms, X, targets(objective(X)), variance)
    theta, step = np.random.default_rng(seed).normal([0] * 4 * len(terms) + [-4], 0.5), 1e-5

    _, gradient = loss(theta)

    numeric = [(loss(theta + step * e)[0] - loss(theta - step * e)[0]) / (2 * step) for e in np.eye(len(theta))]
    np.testing.assert_allclose(gradient, numeric, rtol=1e-5, atol=1e-5)


def test_learning_lowers_the_loss_and_stays_in_bounds():
    X = rows(30)
    y = targets(objective(X))

    learned = learn(Data.of(X, y, KINDS))

    assert learned.plain.loss < loss_of(PLAIN, X, y)(usual(PLAIN, 3).theta)[0]
    assert learned.additive.loss < loss_of(WITH_ADDITIVE, X, y)(usual(WITH_ADDITIVE, 3).theta)[0]
    lengths = np.exp(learned.plain.theta[:3])
    assert (lengths >= 0.00499).all() and (lengths <= 50.01).all()


def test_a_column_that_does_not_matter_gets_a_long_scale():
    X = np.random.default_rng(0).random((40, 2))

    theta = learn(Data.of(X, targets(np.sin(6.0 * X[:, 0])), np.zeros(2, int))).plain.theta

    assert theta[1] > theta[0] + 1.0


def test_the_additive_term_is_chosen_where_columns_act_alone_and_not_where_they_act_together():
    X = np.random.default_rng(0).random((60, 3))
    waves, needle = np.sin(9.0 * X).sum(axis=1), np.exp(-20.0 * np.square(X - 0.5).sum(axis=1))

    apart, together = (learn(Data.of(X, targets(y), np.zeros(3, int))) for y in (waves, needle))

    assert apart.chosen is apart.additive
    assert apart.additive.loss < apart.plain.loss - 10.0
    assert together.additive.loss > apart.additive.loss


@pytest.mark.parametrize(
    ("n_columns", "loss", "is_additive"), [(5, 0.9, True), (5, 1.1, False), (20, 0.1, False), (20, -0.1, True)]
)
def test_the_additive_term_is_kept_within_a_margin_and_has_to_win_where_columns_are_many(n_columns, loss, is_additive):
    plain, additive = usual(PLAIN, n_columns), usual(WITH_ADDITIVE, n_columns)
    learned = Learned(replace(plain, loss=0.0), replace(additive, loss=loss), n_columns)

    assert (len(learned.chosen.terms) == 2) is is_additive


def test_the_noisy_start_finds_noise():
    rng = np.random.default_rng(0)
    X = rng.random((60, 2))
    y = targets(np.sin(3.0 * X[:, 0]) + 0.1 * rng.standard_normal(60))
    begin = Learned(usual(PLAIN, 2), usual(WITH_ADDITIVE, 2), 2)
    data = Data.of(X, y, np.zeros(2, int))

    found, other = (learn(data, begin, may_be_noisy) for may_be_noisy in (True, False))

    # Of noise with a standard deviation of 0.1 on a sine whose own is 0.3, a tenth of all variance is noise.
    assert 0.05 < found.plain.noise < 0.25
    assert found.plain.loss < other.plain.loss - 1.0


def test_told_twice_with_different_values_is_learned_as_noise():
    X = np.repeat(rows(10), 2, axis=0)
    y = targets(np.random.default_rng(0).normal(size=20))

    learned = learn(Data.of(X, y, KINDS), may_be_noisy=True)

    assert learned.chosen.noise > 0.1


def test_no_columns_are_learned_too():
    learned = learn(Data.of(np.empty((4, 0)), np.array([0.0, 1.0, -1.0, 0.5]), np.empty(0, int)))

    assert learned.plain.theta.shape == (2,)


def test_noise_that_is_stated_is_not_learned_again():
    rng = np.random.default_rng(0)
    X = rng.random((60, 2))
    y = targets(np.sin(3.0 * X[:, 0]) + 0.1 * rng.standard_normal(60))

    silent, stated = (learn(Data(X, y, np.full(60, v), np.zeros(2, int)), may_be_noisy=True) for v in (0.0, 0.1))

    assert silent.plain.noise > 0.05
    assert stated.plain.noise < 0.01
