"""Who is awaited, and what is known of them."""

from __future__ import annotations

import pytest

from deephyper.backend import Switchboard


def test_values_go_to_the_attempt_with_that_ticket() -> None:
    switchboard, first, second = Switchboard(), [], []  # type: ignore[var-annotated]
    tickets = switchboard.open(first), switchboard.open(second)
    switchboard.record(tickets[1], 1.0, 0.5)
    switchboard.channel(tickets[0]).record(2.0, 0.7)

    assert (first, second) == ([(2.0, 0.7)], [(1.0, 0.5)])


def test_late_words_of_a_closed_attempt_reach_nobody() -> None:
    switchboard, before, after = Switchboard(), [], []  # type: ignore[var-annotated]
    old = switchboard.open(before)
    switchboard.close(old)
    new = switchboard.open(after)
    switchboard.record(old, 1.0, 0.5)
    switchboard.begin(old, 3.0)
    switchboard.stop(old)

    assert (before, after) == ([], [])
    assert not switchboard.is_stopped(new)
    assert switchboard.close(new) is None


def test_whoever_was_told_to_stop_or_is_not_awaited_should_end() -> None:
    switchboard = Switchboard()
    told, closed, other = (switchboard.open([]) for _ in range(3))
    switchboard.stop(told)
    switchboard.close(closed)

    assert [switchboard.channel(ticket).stopped() for ticket in (told, closed, other, 99)] == [True, True, False, True]


def test_the_first_word_about_the_beginning_counts() -> None:
    switchboard = Switchboard()
    ticket = switchboard.open([])
    switchboard.begin(ticket, 3.0)
    switchboard.begin(ticket, 4.0)

    assert switchboard.close(ticket) == 3.0
    assert switchboard.close(ticket) is None


def test_a_decision_that_fails_costs_nobody_anything(caplog: pytest.LogCaptureFixture) -> None:
    def decide(ticket: int, budget: float, value: float) -> None:
        raise RuntimeError("in the decision")

    switchboard, observations = Switchboard(decide), []  # type: ignore[var-annotated]
    switchboard.record(switchboard.open(observations), 1.0, 0.5)

    assert observations == [(1.0, 0.5)]
    assert "in the decision" in caplog.text
