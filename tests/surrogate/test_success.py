"""Where evaluations fail is found out, and failures that come by chance are taken for what they are."""

import numpy as np

from deephyper.surrogate import Data, SuccessModel, condition, learn_labels

NUMERIC = np.zeros(2, int)


def model(X, succeeded):
    labels = np.where(succeeded, 1.0, -1.0)
    data = Data.of(X, labels, NUMERIC)
    return SuccessModel(condition(learn_labels(data), data))


def test_success_is_likely_where_it_was_seen_and_unlikely_where_failures_were():
    X = np.random.default_rng(0).random((40, 2))

    success = model(X, X[:, 0] < 0.6)

    Z = np.random.default_rng(1).random((200, 2))
    probability = success.probability(Z)
    assert (probability[Z[:, 0] < 0.5] > 0.8).all()
    assert (probability[Z[:, 0] > 0.7] < 0.2).all()


def test_failures_by_chance_make_places_nearly_alike():
    def spread(seed):
        rng = np.random.default_rng(seed)
        X = rng.random((80, 2))
        return model(X, rng.random(80) < 0.75).probability(rng.random((200, 2))).std()

    # Where failures follow a rule it is 0.4 and more; eighty labels by chance leave a few coincidences to learn.
    assert np.mean([spread(seed) for seed in range(5)]) < 0.12


def test_slopes_are_finite_differences():
    X = np.random.default_rng(0).random((30, 2))
    success, Z, step = model(X, X.sum(axis=1) < 1.0), np.random.default_rng(1).random((6, 2)), 1e-6

    probability, slopes = success.gradient(Z)

    np.testing.assert_allclose(probability, success.probability(Z))
    for j in range(2):
        moved = step * np.eye(2)[j]
        numeric = (success.probability(Z + moved) - success.probability(Z - moved)) / (2 * step)
        np.testing.assert_allclose(slopes[:, j], numeric, rtol=1e-4, atol=1e-5)
