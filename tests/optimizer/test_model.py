"""The model depends on the evaluated rows alone, and grows between lessons."""

import numpy as np
import pytest

from deephyper._draws import Draws
from deephyper.optimizer.context import Context
from deephyper.optimizer.model import prior_beliefs, restored_model, told_model, with_lies, with_pending
from deephyper.optimizer.told import Told
from deephyper.space import Real, Space
from deephyper.surrogate import GAUSSIAN_PROCESS, Data, targets

SPACE = Space([Real("x", 0, 1), Real("y", 0, 1)])
CONTEXT = Context(SPACE, Draws(0), "model", GAUSSIAN_PROCESS)


def told(n):
    X = np.random.default_rng(0).random((n, 2))
    return Told(X, -np.square(X - 0.4).sum(axis=1, keepdims=True))


@pytest.mark.parametrize("n", [8, 10, 13, 31, *[pytest.param(n, marks=pytest.mark.slow) for n in (104, 117)]])
def test_a_model_is_rebuilt_from_the_newest_anchor_on(n):
    everything, model = told(n), None
    # What was learned before the newest anchor leaves no trace, so a chain that begins there serves as well.
    for n_rows in range(max(8, n - 18), n + 1):
        model = told_model(CONTEXT, model, everything.first(n_rows))

    rebuilt = restored_model(CONTEXT, everything, 8)

    assert rebuilt.lesson.n_rows == model.lesson.n_rows
    np.testing.assert_array_equal(rebuilt.lesson.learned[0].chosen.theta, model.lesson.learned[0].chosen.theta)
    np.testing.assert_array_equal(rebuilt.settled[0].inverse_factor, model.settled[0].inverse_factor)


def test_there_is_no_model_before_the_first_one():
    assert restored_model(CONTEXT, told(7), 8) is None


def test_between_lessons_the_model_grows_and_believes_what_a_new_one_would():
    before = told_model(CONTEXT, None, told(70))

    grown = told_model(CONTEXT, before, told(71))

    assert grown.lesson is before.lesson and len(grown.settled[0].rows) == 71
    Z = SPACE.sample(10, np.random.default_rng(2))
    data = Data.of(told(71).X, targets(told(71).Y[:, 0]), SPACE.n_choices)
    anew = GAUSSIAN_PROCESS.condition(before.lesson.learned[0], data)
    np.testing.assert_allclose(grown.settled[0].predict(Z).mean, anew.predict(Z).mean, atol=1e-5)
    np.testing.assert_allclose(grown.settled[0].predict(Z).std, anew.predict(Z).std, rtol=1e-3)


def test_pending_rows_are_appended_or_redone_with_the_same_belief():
    model, P = told_model(CONTEXT, None, told(20)), SPACE.sample(5, np.random.default_rng(1))

    appended = with_pending(with_pending(model, P[:3]), P)
    redone = with_pending(with_pending(model, P[3:]), P)

    np.testing.assert_array_equal(appended.pending, P)
    np.testing.assert_array_equal(redone.pending, P)
    Z = SPACE.sample(10, np.random.default_rng(2))
    np.testing.assert_allclose(appended.beliefs[0].predict(Z).std, redone.beliefs[0].predict(Z).std, rtol=1e-6)


def test_of_very_many_pending_rows_the_nearest_are_kept():
    model = told_model(CONTEXT, None, told(20))

    many = with_pending(model, SPACE.sample(500, np.random.default_rng(1)))

    assert len(many.pending) == 200


def test_a_model_of_many_rows_sees_some_of_them():
    everything = told(700)

    model = told_model(CONTEXT, None, everything)

    assert model.n_told == 700
    assert len(model.settled[0].rows) == 500
    assert everything.X[np.argmax(everything.Y)].tolist() in model.settled[0].rows.tolist()


def test_a_model_of_many_rows_does_not_grow_for_ever():
    model = told_model(CONTEXT, None, told(4000))

    later = told_model(CONTEXT, model, told(4062))
    anew = told_model(CONTEXT, later, told(4063))

    assert (len(later.settled[0].rows), len(anew.settled[0].rows)) == (562, 500)
    assert anew.lesson is model.lesson


@pytest.mark.parametrize("is_first", [True, False], ids=["a value becomes a penalty", "a penalty becomes a value"])
def test_a_model_that_has_grown_is_made_again_when_values_are_read_otherwise(is_first):
    one, other = told(70), told(71)
    spoiled = np.arange(71) % 10 == 5
    with_failures = Told(other.X, np.where(spoiled[:, None], np.nan, other.Y))
    before, after = (one, with_failures) if is_first else (with_failures.first(70), other)
    grown_from = told_model(CONTEXT, None, before)

    model = told_model(CONTEXT, grown_from, after)

    assert sorted(model.seen) == sorted(np.flatnonzero(after.succeeded))
    np.testing.assert_array_equal(model.settled[0].rows, after.X[model.seen])


def two_objectives(n):
    one = told(n)
    return Told(one.X, np.column_stack((one.Y, one.X[:, 1])))


def test_each_of_several_objectives_has_its_own_belief_about_the_same_rows():
    one, two = told_model(CONTEXT, None, told(14)), told_model(CONTEXT, None, two_objectives(14))
    Z, P = SPACE.sample(10, np.random.default_rng(2)), SPACE.sample(3, np.random.default_rng(3))

    grown = with_pending(told_model(CONTEXT, two, two_objectives(15)), P)

    np.testing.assert_array_equal(two.settled[0].predict(Z).mean, one.settled[0].predict(Z).mean)
    assert len(grown.settled) == len(grown.beliefs) == len(grown.lesson.learned) == 2
    assert np.corrcoef(grown.beliefs[1].predict(Z).mean, Z[:, 1])[0, 1] > 0.99
    assert grown.targets.shape == (15, 2) and grown.worst.shape == (2,)
    lied = with_lies(CONTEXT, two, two_objectives(14), P, np.array([0.0, 5.0]))
    before, after = (model.beliefs[1].predict(P).mean for model in (two, lied))
    assert (after > before + 1.0).all()


def test_of_many_rows_with_several_objectives_those_of_the_first_fronts_are_seen():
    everything = two_objectives(700)

    model = told_model(CONTEXT, None, everything)

    best = np.argsort(-everything.merit)[:250]
    assert len(model.seen) == 500
    assert set(best) <= set(model.seen)


def test_the_prior_model_has_the_noise_that_was_learned_and_counts_pending_rows():
    everything, P = told(20), SPACE.sample(3, np.random.default_rng(1))
    model = with_pending(told_model(CONTEXT, None, everything), P)

    (belief,) = prior_beliefs(CONTEXT, model, everything)

    assert belief.hyperparameters.noise == model.lesson.learned[0].chosen.noise
    assert (belief.predict(P).std < 0.1).all()
