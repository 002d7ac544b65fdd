"""Where evaluations fail is found out, and failures that come by chance are taken for what they are."""

import numpy as np
import pytest

from deephyper.surrogate import Data, SuccessModel, condition, learn_labels

NUMERIC = np.zeros(2, int)


def model(X, succeeded):
    labels = np.where(succeeded, 1.0, -1.0)
    data = Data.of(X, labels, NUMERIC)
    return SuccessModel(condition(learn_labels(data), data), X[succeeded])


def by_chance(seed, n=80, rate=0.25):
    rng = np.random.default_rng(seed)
    X = rng.random((n, 2))
    return X, rng.random(n) >= rate


def test_success_is_likely_where_it_was_seen_and_unlikely_where_failures_were():
    X = np.random.default_rng(0).random((40, 2))

    success = model(X, X[:, 0] < 0.6)

    Z = np.random.default_rng(1).random((200, 2))
    probability = success.probability(Z)
    assert (probability[Z[:, 0] < 0.5] > 0.8).all()
    assert (probability[Z[:, 0] > 0.7] < 0.2).all()


def test_failures_by_chance_make_places_nearly_alike():
    def spread(seed):
        X, succeeded = by_chance(seed)
        return model(X, succeeded).probability(np.random.default_rng([seed, 1]).random((200, 2))).std()

    # Where failures follow a rule it is 0.4 and more; eighty labels by chance leave a few coincidences to learn.
    assert np.mean([spread(seed) for seed in range(5)]) < 0.12


@pytest.mark.parametrize("rate", [0.05, 0.2, 0.4])
def test_failures_by_chance_of_any_rate_leave_scores_as_they_are(rate):
    Z = np.random.default_rng(1).random((200, 2))

    shares = [model(*by_chance(seed, rate=rate)).share(Z) for seed in range(5)]

    assert np.mean(shares) > 0.98


def test_in_a_region_of_failures_little_of_a_score_is_left_and_beside_it_all():
    X = np.random.default_rng(0).random((60, 2))

    share = model(X, X[:, 0] < 0.6).share

    assert share(np.array([[0.85, 0.5], [0.95, 0.2]])).max() < 0.1
    assert share(np.array([[0.45, 0.5], [0.4, 0.3]])).min() == 1.0


def test_a_share_is_a_number_even_where_all_but_certainly_everything_fails():
    X = np.random.default_rng(0).random((60, 2))
    success = model(X, np.arange(60) < 1)

    for values in (success.share(X), *success.share_gradient(X)):
        assert np.isfinite(values).all()


def test_slopes_are_finite_differences():
    X = np.random.default_rng(0).random((30, 2))
    success, step = model(X, X.sum(axis=1) < 1.0), 1e-6
    Z = np.random.default_rng(1).random((40, 2))

    for with_slopes, plain in ((success.gradient, success.probability), (success.share_gradient, success.share)):
        values, slopes = with_slopes(Z)

        np.testing.assert_allclose(values, plain(Z))
        for j in range(2):
            moved = step * np.eye(2)[j]
            numeric = (plain(Z + moved) - plain(Z - moved)) / (2 * step)
            np.testing.assert_allclose(slopes[:, j], numeric, rtol=1e-4, atol=2e-5)


def test_where_a_share_is_whole_it_has_no_slope():
    X = np.random.default_rng(0).random((40, 2))
    success, Z = model(X, X[:, 0] < 0.6), np.random.default_rng(1).random((200, 2))

    share, slopes = success.share_gradient(Z)

    assert not slopes[share == 1.0].any()
    assert (np.abs(slopes[share < 1.0]).max(axis=1) > 0.0).all()
