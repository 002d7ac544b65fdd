"""The fit descends the loss that its table states, and finds noise where there is noise."""

import numpy as np
import pytest

from deephyper.surrogate import fit, targets
from deephyper.surrogate.hyperparameters import Loss, centre, spread

N_CHOICES = np.array([0, 0, 3])


def rows(n, seed=0):
    rng = np.random.default_rng(seed)
    return np.column_stack((rng.random(n), rng.random(n), rng.integers(0, 3, n).astype(float)))


def objective(X):
    return np.sin(5.0 * X[:, 0]) + X[:, 1] ** 2 + 0.5 * (X[:, 2] == 1.0)


def test_loss_is_the_one_of_the_table():
    X = rows(7)
    y, theta = targets(objective(X)), np.array([-0.3, 0.2, 0.5, 0.1, -2.0])
    difference = X[:, None, :] - X[None, :, :]
    difference[..., 2] = difference[..., 2] != 0.0
    t = np.sqrt(5.0 * np.sum((difference / np.exp(theta[:3])) ** 2, axis=2))
    K = np.exp(theta[3]) * (1 + t + t**2 / 3) * np.exp(-t) + (np.exp(theta[4]) + 1e-8) * np.eye(7)
    one = np.ones(7)
    mean = one @ np.linalg.solve(K, y) / (one @ np.linalg.solve(K, one) + 0.01)
    likelihood = 0.5 * (y - mean) @ np.linalg.solve(K, y - mean) + 0.5 * np.linalg.slogdet(K)[1]
    penalty = 0.005 * mean**2 + 0.5 * np.sum(((theta - centre(3)) / spread(3)) ** 2)

    loss, _ = Loss.of(X, y, N_CHOICES)(theta)

    assert loss == pytest.approx(likelihood + penalty, rel=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_gradient_of_the_loss_is_its_finite_difference(seed):
    X = rows(20, seed)
    loss = Loss.of(X, targets(objective(X)), N_CHOICES)
    theta, step = np.random.default_rng(seed).normal([0, 0, 0, 0, -4], 0.5), 1e-5

    _, gradient = loss(theta)

    numeric = [(loss(theta + step * e)[0] - loss(theta - step * e)[0]) / (2 * step) for e in np.eye(5)]
    np.testing.assert_allclose(gradient, numeric, rtol=1e-5, atol=1e-5)


def test_fit_lowers_the_loss_and_stays_in_bounds():
    X = rows(30)
    y = targets(objective(X))
    loss = Loss.of(X, y, N_CHOICES)

    theta = fit(X, y, N_CHOICES)

    assert loss(theta)[0] < loss(centre(3))[0]
    assert (np.exp(theta[:3]) >= 0.00499).all() and (np.exp(theta[:3]) <= 50.01).all()


def test_a_column_that_does_not_matter_gets_a_long_scale():
    X = np.random.default_rng(0).random((40, 2))

    theta = fit(X, targets(np.sin(6.0 * X[:, 0])), np.zeros(2, int))

    assert theta[1] > theta[0] + 1.0


def test_the_noisy_start_finds_noise():
    rng = np.random.default_rng(0)
    X = rng.random((60, 2))
    y = targets(np.sin(3.0 * X[:, 0]) + 0.1 * rng.standard_normal(60))

    theta = fit(X, y, np.zeros(2, int), start=centre(2), may_be_noisy=True)

    assert np.exp(theta[-1]) > 0.05
    assert np.exp(fit(X, y, np.zeros(2, int), start=centre(2))[-1]) < 1e-3


def test_told_twice_with_different_values_is_fitted_as_noise():
    X = np.repeat(rows(10), 2, axis=0)
    y = targets(np.random.default_rng(0).normal(size=20))

    theta = fit(X, y, N_CHOICES, may_be_noisy=True)

    assert np.exp(theta[-1]) > 0.1


def test_no_columns_are_fitted_too():
    theta = fit(np.empty((4, 0)), np.array([0.0, 1.0, -1.0, 0.5]), np.empty(0, int))

    assert theta.shape == (2,)
