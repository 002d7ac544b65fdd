"""Surrogates that are fitted anew: what they believe, and what pending rows do to it."""

import numpy as np
import pytest
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF
from sklearn.linear_model import BayesianRidge

from deephyper.surrogate import SURROGATES, Data, family_of, settings_of

KINDS = np.array([0, 0, 3])
NAMES = [name for name in SURROGATES if name not in ("auto", "GP")]
LEARNERS = [name for name in NAMES if name != "DUMMY"]
# They learn in the same way as HGBRT, three times as slowly; smaller, they learn less.
SLOW = ("GBRT",)


def slow_ones_aside(names):
    return [pytest.param(name, marks=pytest.mark.slow) if name in SLOW else name for name in names]


def rows(n, seed):
    rng = np.random.default_rng(seed)
    return np.column_stack((rng.random(n), rng.random(n), rng.integers(0, 3, n).astype(float)))


def objective(X):
    return np.sin(5.0 * X[:, 0]) + X[:, 1] + 0.5 * (X[:, 2] == 1.0)


def surrogate_of(model, n=80, settings=None, noise=0.0):
    X = rows(n, 0)
    y = objective(X) + noise * np.random.default_rng(1).standard_normal(n)
    family = family_of(model, settings or {})
    return X, y, family.condition(7, Data.of(X, y, KINDS))


@pytest.mark.slow
@pytest.mark.parametrize(
    "model", [*slow_ones_aside(LEARNERS), GaussianProcessRegressor(RBF(0.5), alpha=1e-4), BayesianRidge()], ids=str
)
def test_they_learn_the_objective_and_give_positive_doubt(model):
    _, _, surrogate = surrogate_of(model)
    Z = rows(200, 2)

    posterior = surrogate.predict(Z)

    assert np.corrcoef(posterior.mean, objective(Z))[0, 1] > 0.6
    assert (posterior.std > 0.0).all() and posterior.std.shape == (200,)


def test_the_ignorant_one_finds_all_rows_alike():
    _, _, surrogate = surrogate_of("DUMMY")

    posterior = surrogate.predict(rows(10, 2))

    assert np.ptp(posterior.mean) == np.ptp(posterior.std) == 0.0


@pytest.mark.parametrize("name", ["ET", "RF", "TB", "RS"])
def test_variance_of_a_forest_is_that_of_its_leaves(name):
    settings = {"min_samples_leaf": 4, "n_estimators": 20}
    X, y, surrogate = surrogate_of(name, settings=settings, noise=0.3)
    Z = rows(30, 2)

    posterior = surrogate.predict(Z)

    # The same forest, asked tree by tree.
    from sklearn import ensemble

    from deephyper.surrogate.forest import FORESTS
    from deephyper.surrogate.regression import one_hot

    class_name, own = FORESTS[name]
    forest = getattr(ensemble, class_name)(**own, **settings, random_state=7).fit(one_hot(X, KINDS), y)
    trees = np.array([tree.predict(one_hot(Z, KINDS)) for tree in forest.estimators_])
    np.testing.assert_allclose(posterior.mean, trees.mean(axis=0))
    np.testing.assert_allclose(posterior.std, np.maximum(trees.std(axis=0), 1e-6))
    assert posterior.noise_std is not None and 0.1 < np.median(posterior.noise_std) < 0.6
    np.testing.assert_allclose(posterior.total_std**2, posterior.std**2 + posterior.noise_std**2)


@pytest.mark.slow
@pytest.mark.parametrize("name", slow_ones_aside(NAMES))
def test_pending_rows_shrink_doubt_around_them_and_leave_the_mean(name):
    _, _, surrogate = surrogate_of(name)
    P, Z = rows(3, 3), rows(50, 4)

    before, after, there = (
        surrogate.predict(Z),
        surrogate.with_pending(P).predict(Z),
        surrogate.with_pending(P).predict(P),
    )

    np.testing.assert_array_equal(after.mean, before.mean)
    assert (after.std <= before.std).all() and (after.std < before.std).any()
    assert (there.std <= 1e-6).all()


def test_counting_on_rows_one_by_one_equals_adding_them_as_pending():
    _, _, surrogate = surrogate_of("ET")
    Z = rows(30, 4)
    beliefs = surrogate.at(Z)

    for place in (3, 7):
        beliefs.count_on(place)

    np.testing.assert_allclose(beliefs.posterior.std, surrogate.with_pending(Z[[3, 7]]).predict(Z).std)


def test_further_rows_are_learned():
    X, y, surrogate = surrogate_of("ET")
    P = rows(20, 5)

    grown = surrogate.with_told(Data.of(np.concatenate((X, P)), np.concatenate((y, np.full(20, 9.0))), KINDS))

    assert len(grown.X) == 100
    fitted, mean = grown.fitted()
    np.testing.assert_array_equal(fitted[np.argmax(mean)], P[np.argmax(grown.predict(P).mean)])


def test_a_seed_fixes_a_forest():
    X, y, surrogate = surrogate_of("ET")
    other = family_of("ET", {}).condition(8, Data.of(X, y, KINDS))
    same = family_of("ET", {}).condition(7, Data.of(X, y, KINDS))
    Z = rows(10, 2)

    np.testing.assert_array_equal(surrogate.predict(Z).mean, same.predict(Z).mean)
    assert (surrogate.predict(Z).mean != other.predict(Z).mean).any()


def test_settings_are_those_of_scikit_learn_without_the_seed():
    assert "n_estimators" in settings_of("ET") and "learning_rate" in settings_of("HGBRT")
    assert "random_state" not in settings_of("RF")
    assert settings_of("GP") == ["max_rows"] and settings_of("DUMMY") == []
