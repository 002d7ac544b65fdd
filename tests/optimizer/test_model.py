"""When hyperparameters are learned, and that they depend on the rows alone."""

import numpy as np
import pytest

from deephyper._draws import Draws
from deephyper.optimizer.model import Lesson, Told, is_lesson_due, newest_anchor, restored_model, told_model, with_pending
from deephyper.optimizer.threads import blas_threads
from deephyper.space import Real, Space
from deephyper.surrogate import GAUSSIAN_PROCESS, Data, targets

pytestmark = pytest.mark.usefixtures("single_thread")
SPACE, GP = Space([Real("x", 0, 1), Real("y", 0, 1)]), GAUSSIAN_PROCESS


@pytest.fixture
def single_thread():
    # What proposals do for themselves: small matrices on many threads are slow where the cores are busy.
    with blas_threads():
        yield


def told(n):
    X = np.random.default_rng(0).random((n, 2))
    return Told(X, -np.square(X - 0.4).sum(axis=1), SPACE, Draws(0))


@pytest.mark.parametrize(
    ("n", "anchor"), [(3, 0), (9, 0), (10, 10), (19, 10), (47, 30), (99, 50), (100, 100), (450, 300), (1999, 1000)]
)
def test_anchors_are_one_two_three_five_of_every_decade(n, anchor):
    assert newest_anchor(n) == anchor


@pytest.mark.parametrize(
    ("last", "n", "is_due"),
    [(None, 3, True), (40, 41, True), (41, 41, False), (60, 61, False), (60, 62, True), (299, 300, True), (400, 407, False)],
)
def test_lessons_are_due_at_every_row_and_later_rarer(last, n, is_due):
    lesson = None if last is None else Lesson(None, None, last, is_of_values=True)

    assert is_lesson_due(lesson, told(n)) is is_due


@pytest.mark.parametrize("n", [8, 10, 13, 31, 104, 117])
def test_a_model_is_rebuilt_from_the_newest_anchor_on(n):
    everything, model = told(n), None
    # What was learned before the newest anchor leaves no trace, so a chain that begins there serves as well.
    for n_rows in range(max(8, n - 18), n + 1):
        model = told_model(GP, model, everything.first(n_rows))

    rebuilt = restored_model(GP, everything, 8)

    assert rebuilt.lesson.n_rows == model.lesson.n_rows
    np.testing.assert_array_equal(rebuilt.lesson.learned.chosen.theta, model.lesson.learned.chosen.theta)
    np.testing.assert_array_equal(rebuilt.told.inverse_factor, model.told.inverse_factor)


def test_there_is_no_model_before_the_first_one():
    assert restored_model(GP, told(7), 8) is None


def test_between_lessons_the_model_grows_and_believes_what_a_new_one_would():
    before = told_model(GP, None, told(70))

    grown = told_model(GP, before, told(71))

    assert grown.lesson is before.lesson and len(grown.told.rows) == 71
    Z = SPACE.sample(10, np.random.default_rng(2))
    data = Data.of(told(71).X, targets(told(71).y), SPACE.n_choices)
    anew = GP.condition(before.lesson.learned, data)
    np.testing.assert_allclose(grown.told.predict(Z).mean, anew.predict(Z).mean, atol=1e-5)
    np.testing.assert_allclose(grown.told.predict(Z).std, anew.predict(Z).std, rtol=1e-3)


def test_pending_rows_are_appended_or_redone_with_the_same_belief():
    model, P = told_model(GP, None, told(20)), SPACE.sample(5, np.random.default_rng(1))

    appended = with_pending(with_pending(model, P[:3]), P)
    redone = with_pending(with_pending(model, P[3:]), P)

    np.testing.assert_array_equal(appended.pending, P)
    np.testing.assert_array_equal(redone.pending, P)
    Z = SPACE.sample(10, np.random.default_rng(2))
    np.testing.assert_allclose(appended.surrogate.predict(Z).std, redone.surrogate.predict(Z).std, rtol=1e-6)


def test_of_very_many_pending_rows_the_nearest_are_kept():
    model = told_model(GP, None, told(20))

    many = with_pending(model, SPACE.sample(500, np.random.default_rng(1)))

    assert len(many.pending) == 200


def test_a_model_of_many_rows_sees_some_of_them():
    everything = told(700)

    model = told_model(GP, None, everything)

    assert model.n_told == 700
    assert len(model.told.rows) == 500
    assert everything.X[np.argmax(everything.y)].tolist() in model.told.rows.tolist()


def test_a_model_of_many_rows_does_not_grow_for_ever():
    model = told_model(GP, None, told(4000))

    later = told_model(GP, model, told(4062))
    anew = told_model(GP, later, told(4063))

    assert (len(later.told.rows), len(anew.told.rows)) == (562, 500)
    assert anew.lesson is model.lesson
