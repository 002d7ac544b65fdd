"""Distances and correlations agree with their definitions, pair by pair."""

import numpy as np

from deephyper.surrogate.kernels import (
    arranged,
    counterpart,
    features,
    matern52,
    matern52_and_slope,
    pair_differences,
    squared_distances,
)

N_CHOICES = np.array([0, 3, 0])
LENGTHS = np.array([0.5, 0.8, 2.0])


def rows(n, seed):
    rng = np.random.default_rng(seed)
    return np.column_stack((rng.random(n), rng.integers(0, 3, n), rng.random(n)))


def differences(a, b):
    return np.array([a[0] - b[0], float(a[1] != b[1]), a[2] - b[2]])


def test_distance_is_that_of_differences_over_lengths_with_one_for_another_choice():
    A, B = rows(5, 0), rows(4, 1)

    r2 = squared_distances(arranged(features(A, N_CHOICES, LENGTHS)), counterpart(features(B, N_CHOICES, LENGTHS)))

    expected = [[np.sum((differences(a, b) / LENGTHS) ** 2) for b in B] for a in A]
    np.testing.assert_allclose(r2, expected, atol=1e-14)


def test_pairs_hold_the_differences_of_every_column():
    X = rows(6, 2)

    pairs = pair_differences(X, N_CHOICES)

    assert pairs.sizes.shape == (3, 15)
    for sizes, squares, place in zip(pairs.sizes.T, pairs.squares.T, pairs.places, strict=True):
        i, j = divmod(int(place), 6)
        assert i > j
        np.testing.assert_allclose(sizes, np.abs(differences(X[i], X[j])))
        np.testing.assert_allclose(squares, differences(X[i], X[j]) ** 2)


def test_correlation_is_one_at_distance_zero_and_falls():
    r2 = np.linspace(0.0, 30.0, 200)

    correlation = matern52(r2.copy())

    assert correlation[0] == 1.0
    assert (np.diff(correlation) < 0.0).all()


def test_slope_of_the_correlation_is_its_finite_difference():
    r2, step = np.linspace(0.01, 20.0, 50), 1e-6

    correlation, slope = matern52_and_slope(r2)

    np.testing.assert_allclose(correlation, matern52(r2.copy()), rtol=1e-12)
    np.testing.assert_allclose(slope, (matern52(r2 + step) - matern52(r2 - step)) / (2 * step), atol=1e-8)
