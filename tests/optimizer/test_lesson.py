"""When hyperparameters are learned, and from which rows."""

import numpy as np
import pytest

from deephyper._draws import Draws
from deephyper.optimizer.context import Context
from deephyper.optimizer.lesson import Lesson, is_lesson_due, labelled, newest_anchor
from deephyper.optimizer.told import Told
from deephyper.space import Real, Space
from deephyper.surrogate import GAUSSIAN_PROCESS

SPACE = Space([Real("x", 0, 1), Real("y", 0, 1)])
CONTEXT = Context(SPACE, Draws(0), "model", GAUSSIAN_PROCESS)


def told(n):
    X = np.random.default_rng(0).random((n, 2))
    return Told(X, -np.square(X - 0.4).sum(axis=1, keepdims=True))


@pytest.mark.parametrize(
    ("n", "anchor"), [(3, 0), (9, 0), (10, 10), (19, 10), (47, 30), (99, 50), (100, 100), (450, 300), (1999, 1000)]
)
def test_anchors_are_one_two_three_five_of_every_decade(n, anchor):
    assert newest_anchor(n) == anchor


@pytest.mark.parametrize(
    ("last", "n", "is_due"),
    [
        (None, 3, True),
        (40, 41, True),
        (41, 41, False),
        (60, 61, False),
        (60, 62, True),
        (299, 300, True),
        (400, 407, False),
    ],
)
def test_lessons_are_due_after_every_row_and_later_more_rarely(last, n, is_due):
    lesson = None if last is None else Lesson((), None, last, is_of_values=True)

    assert is_lesson_due(CONTEXT, lesson, told(n)) is is_due


@pytest.mark.parametrize(("last", "n", "is_due"), [(48, 50, False), (48, 53, False), (48, 54, True), (160, 169, False)])
def test_where_lessons_are_saved_rows_have_to_grow_by_a_share_and_anchors_count_no_more(last, n, is_due):
    lesson = Lesson((None,), None, last, True)

    assert is_lesson_due(CONTEXT, lesson, told(n), growth=0.1) is is_due


def test_a_lesson_about_something_else_is_due_however_much_is_saved():
    assert is_lesson_due(CONTEXT, Lesson((None,), None, 48, False), told(49), growth=0.1)
    assert is_lesson_due(CONTEXT, None, told(49), growth=0.1)


def test_a_first_failure_makes_a_lesson_due():
    lesson = Lesson((), None, 60, is_of_values=True)
    everything = told(61)
    everything.Y[-1] = np.nan

    assert is_lesson_due(CONTEXT, lesson, everything)
    assert not is_lesson_due(Context(SPACE, Draws(0), "min", GAUSSIAN_PROCESS), lesson, everything)


def test_the_labels_of_many_rows_hold_the_best_and_some_of_the_others():
    everything = told(600)
    everything.Y[::3] = np.nan

    data = labelled(CONTEXT, everything)

    assert len(data.X) == 200 and set(data.y) == {-1.0, 1.0}
    assert everything.X[np.nanargmax(everything.Y)].tolist() in data.X.tolist()
