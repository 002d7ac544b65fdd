"""The plan of the first suggestions is a function of what is given to it."""

import numpy as np
import pytest

from deephyper._draws import Draws
from deephyper.optimizer import Settings
from deephyper.optimizer.opening import Opening, Turn
from deephyper.optimizer.told import Told
from deephyper.space import Real, Space, row_keys
from deephyper.transfer import Source

SPACE = Space([Real("x", 0, 1)], legal=lambda X: X[:, 0] < 0.95)
NOTHING = np.empty((0, 1))
LEADS = np.array([[0.3], [0.4], [0.35], [0.2]])


def plan(n, source=None, n_volunteered=0, value=lambda row: -row, told=True, **settings):
    """Whose turn each of n suggestions is, when every one comes back at once, or none does."""
    settings = Settings(SPACE, Draws(0), **settings)
    opening = Opening(settings, settings.context(source), n_volunteered)
    rows, steps = np.empty((0, 1)), []
    for number in range(n):
        known = set(row_keys(rows))
        values = np.array([[value(row[0])] for row in rows]).reshape(-1, 1)
        back, pending = (Told(rows, values), NOTHING) if told else (Told(NOTHING, NOTHING), rows)
        steps.append(opening.step(number, 99, back, pending, known.__contains__))
        row = np.array([[0.6 + 0.01 * number]]) if steps[-1].row is None else steps[-1].row
        rows = np.concatenate((rows, row))
    return steps


def letters(steps):
    return "".join({Turn.GIVEN: "g", Turn.LEAD: "l", Turn.DESIGN: "d", Turn.MODEL: "m"}[step.turn] for step in steps)


def test_the_design_makes_the_first_suggestions():
    steps = plan(6, n_initial=4)

    assert letters(steps) == "ddddmm"
    assert [(step.place, step.n) for step in steps[:4]] == [(0, 99), (1, 99), (2, 99), (3, 1)]


def test_given_rows_come_first_and_count_unless_they_are_illegal():
    given = np.array([[0.1], [0.99], [0.2]])

    steps = plan(5, initial_rows=given, n_initial=4)

    assert letters(steps) == "ggddm"
    assert [step.row[0, 0] for step in steps[:2]] == [0.1, 0.2]


def test_the_design_goes_on_while_nothing_has_come_back():
    assert letters(plan(12, n_initial=3, told=False)) == "d" * 12


def test_the_design_goes_on_while_all_values_are_equal():
    assert letters(plan(12, n_initial=3, value=lambda row: 1.0)) == "d" * 12
    assert letters(plan(12, n_initial=3, value=lambda row: float(row >= 0.65))) == "d" * 6 + "m" * 6


def test_rows_that_nobody_asked_for_stand_in_for_the_design():
    assert letters(plan(6, n_initial=5, n_volunteered=2)) == "dddmmm"


@pytest.mark.parametrize(("sign", "expected"), [(1.0, "lldlldddm"), (-1.0, "lldddddd")])
def test_leads_take_turns_with_controls_until_two_of_these_beat_them(sign, expected):
    steps = plan(len(expected), Source((), LEADS), value=lambda x: -sign * abs(x - 0.3))

    assert letters(steps) == expected
    # Rows of the design come one at a time among leads, and are numbered without these.
    assert [(s.place, s.n, s.n_points) for s in steps if s.turn is Turn.DESIGN][:2] == [
        (0, 1, 6),
        (1, 1, 4 if sign > 0 else 6),
    ]
