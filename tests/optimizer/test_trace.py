"""Suggestions take along what was done since the one before them, and where they come from."""

from __future__ import annotations

import numpy as np
import pytest

from deephyper._draws import Draws
from deephyper.optimizer import BayesianOptimizer, Settings, Step, Trace, propose
from deephyper.space import Real, Space


@pytest.fixture
def optimizer() -> BayesianOptimizer:
    return BayesianOptimizer(Settings(Space([Real("x", 0.0, 1.0), Real("y", 0.0, 1.0)]), Draws(0)))


def test_what_was_noted_is_taken_once() -> None:
    trace = Trace()
    trace.note("told", 3, 1)
    trace.note("drop")

    assert trace.take() == (Step("told", (3, 1)), Step("drop", ())) and trace.take() == ()


def test_the_first_suggestion_of_a_call_takes_the_steps_along(optimizer: BayesianOptimizer) -> None:
    first = optimizer.suggest(2)
    second = optimizer.suggest(1)

    assert [suggestion.origin for suggestion in (*first, *second)] == [
        (0, 0, 0, (Step("ask", (2,)),)),
        (1, 0, 1, ()),
        (2, 1, 0, (Step("ask", (1,)),)),
    ]


def test_a_preparation_is_noted_when_it_begins_and_when_it_is_taken_over(optimizer: BayesianOptimizer) -> None:
    optimizer.install(propose(optimizer.snapshot(), 3))
    later = optimizer.snapshot(1)
    taken = optimizer.take_ready(2)
    optimizer.install(propose(later, 2))
    taken += optimizer.take_ready(9)

    assert [suggestion.origin for suggestion in taken] == [
        (0, 0, 0, (Step("prepare", (0,)), Step("ready", (3,)), Step("prepare", (1,)))),
        (1, 0, 1, ()),
        # The second row of the later call; the first one came too late.
        (2, 1, 1, (Step("ready", (2,)),)),
    ]


def test_prepared_rows_that_are_thrown_away_are_noted(optimizer: BayesianOptimizer) -> None:
    optimizer.drop_ready()
    optimizer.install(propose(optimizer.snapshot(), 3))
    optimizer.drop_ready()
    (suggestion,) = optimizer.suggest(1)

    assert [step.verb for step in suggestion.steps] == ["prepare", "ready", "drop", "ask"]


def test_a_call_that_ended_early_says_after_how_many_steps(optimizer: BayesianOptimizer) -> None:
    answers = iter([True, False])
    optimizer.suggest(3, lambda: next(answers))
    optimizer.tell(np.zeros((1, 2)), np.zeros(1))
    (suggestion,) = optimizer.suggest(1)

    # Rows of the design are found together, so one step was enough for all three.
    assert suggestion.steps == (Step("ask", (1,)),)
    assert optimizer.suggest(3, lambda: False) == []
    assert optimizer.suggest(1)[0].steps == (Step("ask", (3,)), Step("cut", (2, 0)), Step("ask", (1,)))


def test_the_same_steps_give_the_same_suggestions(optimizer: BayesianOptimizer) -> None:
    other = BayesianOptimizer(Settings(Space([Real("x", 0.0, 1.0), Real("y", 0.0, 1.0)]), Draws(0)))
    for each in (optimizer, other):
        rows = each.ask(9)
        each.tell(rows, -np.square(rows - 0.3).sum(axis=1))
        each.install(propose(each.snapshot(), 4))
        each.take_ready(1)

    assert [s.row.tolist() for s in optimizer.take_ready(3)] == [s.row.tolist() for s in other.take_ready(3)]
