"""A landscape answers for its beliefs: nobody has to look at them."""

import numpy as np
import pytest

from deephyper.acquisition import ACQUISITIONS, Aim, Landscape, best_rows
from deephyper.space import Categorical, Integer, Real, Space
from deephyper.surrogate import PLAIN, Data, Hyperparameters, SuccessModel, condition, family_of, targets

PLAUSIBLE = Hyperparameters(PLAIN, np.array([-0.7, -0.7, -0.7, 0.0, np.log(1e-5)]))
SPACE = Space([Real("x", 0, 1), Integer("n", 0, 30), Categorical("c", "abc")])
X = SPACE.sample(40, np.random.default_rng(0))
Y = targets(-np.square(X[:, 0] - 0.3) - np.square(X[:, 1] - 0.6) + 0.2 * (X[:, 2] == 1.0))
Z = SPACE.sample(20, np.random.default_rng(1))


def belief(y=Y):
    return condition(PLAUSIBLE, Data.of(X, y, SPACE.n_choices))


def landscape(name="UCB", may_fail=False):
    success = SuccessModel(belief(np.where(X[:, 0] < 0.5, 1.0, -1.0)), X[X[:, 0] < 0.5]) if may_fail else None
    return Landscape((belief(),), ACQUISITIONS[name], Aim(1.0, best=0.5), success, np.array([-2.0]))


@pytest.mark.parametrize("may_fail", [False, True])
@pytest.mark.parametrize("name", ["UCB", "EI"])
def test_scores_of_fixed_rows_are_those_of_a_landscape_that_knows_the_pending_ones(name, may_fail):
    before = landscape(name, may_fail)
    outlook = before.at(Z)

    for place in (3, 8):
        outlook.count_on(place)

    pending = before.beliefs[0].with_pending(Z[[3, 8]])
    after = Landscape((pending,), before.acquisition, Aim(2.5, best=0.5), before.success, before.worst)
    np.testing.assert_allclose(outlook.value(2.5), after.value(Z), rtol=1e-5, atol=1e-6)


def test_every_row_can_have_its_own_kappa():
    kappas = np.linspace(0.0, 3.0, 20)

    values = landscape().under(kappas).value(Z)

    singly = [landscape().under(kappas[k : k + 1]).value(Z[k : k + 1])[0] for k in range(20)]
    np.testing.assert_allclose(values, singly)


def test_the_best_rows_have_the_highest_mean_or_lie_in_the_first_front():
    one, same = belief(), belief()

    np.testing.assert_array_equal(best_rows([one], 3), X[np.argsort(-one.told_mean, kind="stable")[:3]])
    np.testing.assert_array_equal(best_rows([one, same], 3), best_rows([one], 3))
    np.testing.assert_array_equal(landscape().best_rows(3), best_rows([one], 3))


def test_an_informed_aim_knows_the_best_mean_and_maxima_above_it():
    informed = landscape("MES").informed(Z, 16, np.random.default_rng(2))

    assert informed.aim.best == pytest.approx(belief().told_mean.max())
    assert informed.aim.maxima.shape == (16,) and (informed.aim.maxima > informed.aim.best).all()


def test_slopes_are_those_of_the_surrogate():
    forest = family_of("ET", {"n_estimators": 5}).condition(0, Data.of(X, Y, SPACE.n_choices))

    assert landscape().has_slopes
    assert not Landscape((forest,), ACQUISITIONS["UCB"], Aim()).has_slopes


def test_expected_merit_is_the_mean_of_a_single_objective():
    np.testing.assert_array_equal(landscape().expected_merit(Z), belief().predict(Z).mean)
